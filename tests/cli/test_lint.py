"""The commands ``lint`` and ``explain``: what fails a build, and what a rule is about."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from cascade.analysis.check import RULES
from cascade.report.formats import Format
from cascade_cli import run

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT: Final = Path(__file__).parents[2]
STORM: Final = """services:
  web:
    concurrency: {max: 8}
    calls: [{to: app, timeout: 1s, retry: {max_attempts: 4}}]
  app: {calls: [{to: db, timeout: 100ms, retry: {max_attempts: 4, budget: {ratio: 20%}}}, {to: log, needs: soft}]}
  db:
  log:
ignore:
  - {rule: NO-TIMEOUT, at: app -> log, reason: local socket, until: 2026-06-30}
"""


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str], str]:
    def write(text: str) -> str:
        path = tmp_path / "storm.yaml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def test_each_finding_is_one_line_with_its_place(
    file: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = file(STORM)

    assert run(["lint", path, "--today", "2026-06-30"]) == 0

    line, last = capsys.readouterr().out.splitlines()
    assert line == (
        f"{path}:4:43: RETRY-AMPLIFICATION (medium): one request becomes 4.8 attempts on db when it fails or is slow: "
        "web -(4)-> app -(4, budget)-> db; "
        "retry at one level only, with fewer attempts, or give calls whose attempts are limited a retry budget"
    )
    assert last == f"{path}: 1 finding: 1 medium; 1 hidden"


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), 0),
        (("--fail-on", "high"), 0),
        (("--fail-on", "medium"), 1),
        (("--fail-on", "low"), 1),
        (("--fail-on", "RETRY-AMPLIFICATION"), 1),
        (("--fail-on", "retry-amplification"), 1),
        (("--fail-on", "NO-TIMEOUT"), 0),
        (("--fail-on", "high", "--fail-on", "RETRY-AMPLIFICATION"), 1),
        (("--fail-on", "low", "--exit-zero"), 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_the_exit_code_is_that_of_the_bar_in_every_format(
    options: tuple[str, ...], code: int, form: Format, file: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = file(STORM)

    assert run(["lint", path, "--today", "2026-06-30", "--format", form, *options]) == code

    out, err = capsys.readouterr()
    assert "RETRY-AMPLIFICATION" in out
    assert err == ""


def test_high_findings_fail_by_default_also_when_written_to_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    storm = str(ROOT / "topologies/retry-storm.yaml")

    assert run(["lint", storm, "-o", str(tmp_path / "findings")]) == 1

    assert capsys.readouterr() == ("", "")
    assert "RETRY-AMPLIFICATION (high)" in (tmp_path / "findings").read_text(encoding="utf-8")


def test_a_suppression_ends_on_its_day(file: Callable[[str], str], capsys: pytest.CaptureFixture[str]) -> None:
    path = file(STORM)

    assert run(["lint", path, "--today", "2026-07-01", "--format", "json", "--fail-on", "SUPPRESSION-EXPIRED"]) == 1

    document = json.loads(capsys.readouterr().out)
    assert document["hidden"] == []
    assert [finding["rule"] for finding in document["findings"]] == [
        "RETRY-AMPLIFICATION",
        "NO-TIMEOUT",
        "SUPPRESSION-EXPIRED",
    ]


def test_programs_get_what_is_hidden_and_why(file: Callable[[str], str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lint", file(STORM), "--today", "2026-06-30", "--format", "json"]) == 0

    [hidden] = json.loads(capsys.readouterr().out)["hidden"]
    assert hidden["finding"]["subject"] == "app -> log"
    assert (hidden["finding"]["line"], hidden["reason"], hidden["until"]) == (5, "local socket", "2026-06-30")


def test_a_spreadsheet_gets_one_row_per_finding(file: Callable[[str], str], capsys: pytest.CaptureFixture[str]) -> None:
    path = file(STORM)

    assert run(["lint", path, "--today", "2026-06-30", "--format", "csv"]) == 0

    [row] = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (row["file"], row["rule"], row["severity"], row["subject"]) == (path, "RETRY-AMPLIFICATION", "medium", "db")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--fail-on", "hihg"), "no severity or rule 'hihg', did you mean 'high'?"),
        (("--fail-on", "NO-TIMOUT"), "no severity or rule 'NO-TIMOUT', did you mean 'NO-TIMEOUT'?"),
        (("--today", "tomorrow"), "expected a day, like 2027-01-31, got 'tomorrow'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_a_bar_or_day_that_does_not_exist_is_one_line(
    options: tuple[str, ...], words: str, file: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["lint", file(STORM), *options]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert err.count("\n") == 1


def test_a_file_that_says_nothing_of_calls_does_not_look_safe(
    file: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    text = "imported: {sources: [compose docker-compose.yaml], describes_calls: false}\nservices: {web: , db: }\n"

    assert run(["lint", file(text)]) == 0

    assert "does not describe calls" in capsys.readouterr().out


def test_control_characters_in_names_do_not_reach_the_terminal(
    file: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    text = 'services: {web: {calls: ["d\\eb"]}, "d\\eb": }\n'

    assert run(["lint", file(text)]) == 0

    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_is_explained_as_on_its_page(rule: object, capsys: pytest.CaptureFixture[str]) -> None:
    name = str(getattr(rule, "name", ""))

    assert run(["explain", name.lower()]) == 0

    head, text = capsys.readouterr().out.rstrip().split("\n\n", 1)
    page = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
    assert head.startswith(f"{name} (")
    assert f"## {name}\n\nSeverity: {head[len(name) + 2 : -1]}.\n\n{text}\n" in page


def test_without_a_rule_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [str(rule.name) for rule in RULES]


def test_a_rule_that_does_not_exist_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "NO-TIMOUT"]) == 2

    assert capsys.readouterr() == ("", "no rule 'NO-TIMOUT', did you mean 'NO-TIMEOUT'?\n")
