"""The command ``check``: exit codes, files, baselines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

import pytest

from cascade.analysis import promises
from cascade.engine.simulate import simulate
from cascade.report.formats import CheckFormat
from cascade_cli import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from cascade.engine.run import Run
    from cascade.model import Topology

ROOT: Final = Path(__file__).parents[2]
SHOP: Final = """services:
  web: {demand: 10/s, calls: [{to: db, timeout: 1s}, {to: log, needs: soft}]}
  db:
  log:
scenarios:
  outage: {duration: 20m, events: [{at: 5m, fail: db, for: 5m}], expect: {stays_up: [web]}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str], str]:
    def write(text: str, name: str = "shop.yaml") -> str:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


@pytest.mark.parametrize("form", CheckFormat)
@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), 1),
        (("--exit-zero",), 0),
        (("--fail-on", "NO-TIMEOUT"), 1),
        (("--fail-on", "STARTUP-CYCLE"), 0),
        (("--fail-on", "spof>0"), 1),
        (("--fail-on", "spof>1"), 0),
        (("--fail-on", "blast-radius>50%"), 0),
        (("--fail-on", "blast-radius>=50%", "--fail-on", "STARTUP-CYCLE"), 1),
        (("--fail-on", "availability<99.9%"), 1),
        (("--fail-on", "nonsense"), 2),
        (("--also", "result.pdf"), 2),
        (("--baseline", "missing.json"), 2),
        (("--against", "missing.yaml"), 2),
        (("--fail-on", "new-finding"), 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_the_exit_code_is_the_same_in_every_format(
    options: tuple[str, ...],
    code: int,
    form: CheckFormat,
    file: Callable[[str], str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["check", file(SHOP), "--format", form, *options]) == code

    out, err = capsys.readouterr()
    assert bool(out) == (code < 2)
    assert err.count("\n") == (code == 2)


def test_the_verdict_comes_first_and_then_what_fails(
    file: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = file(SHOP)
    message = (
        "expected of outage: web stays up; found: web leaves its objective: is refused by db (at 5m); "
        "change the settings until it holds, or expect less"
    )

    assert run(["check", path]) == 1

    assert capsys.readouterr().out.splitlines()[:4] == [
        f"{path}: fails: 1 finding meets high; 1 below it",
        f"{path}:6:86: UNMET-EXPECTATION (high): {message}",
        "below the bar:",
        f"{path}:2:54: NO-TIMEOUT (medium): web waits for log without a timeout; set a timeout",
    ]


def test_one_run_writes_many_files(
    file: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    played: list[str] = []

    def noted(topology: Topology, scenario: str, **options: Any) -> Run:
        played.append(scenario)
        return simulate(topology, scenario, **options)

    monkeypatch.setattr(promises, "simulate", noted)
    names = ("a.sarif", "a.xml", "a.md", "a.json", "a.csv", "a.txt")
    also = [argument for name in names for argument in ("--also", str(tmp_path / name))]

    assert run(["check", file(SHOP), "--format", "github", *also]) == 1

    out = capsys.readouterr().out
    assert out.startswith("::error file=")
    assert json.loads((tmp_path / "a.sarif").read_text(encoding="utf-8"))["version"] == "2.1.0"
    assert ET.fromstring((tmp_path / "a.xml").read_text(encoding="utf-8")).get("failures") == "1"  # noqa: S314
    assert (tmp_path / "a.md").read_text(encoding="utf-8").startswith("<!-- cascade:check -->")
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["is_passed"] is False
    assert {path.name for path in tmp_path.iterdir()} == {"shop.yaml", *names}
    assert played == ["outage"]


def test_what_was_written_as_known_passes_until_there_is_more(
    file: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = str(tmp_path / "known.json")
    bars = ("--fail-on", "low", "--fail-on", "spof>0")

    assert run(["check", file(SHOP), *bars, "--write-baseline", known]) == 0
    assert run(["check", file("\n" + SHOP), *bars, "--baseline", known]) == 0
    more = SHOP.replace("  db:\n", "  db: {calls: [{to: disk, timeout: 1s}]}\n  disk:\n")
    capsys.readouterr()
    assert run(["check", file(more), *bars, "--baseline", known]) == 1

    lines = capsys.readouterr().out.splitlines()
    assert "SINGLE-POINT (high): disk alone" in lines[1]
    assert lines[0].endswith("fails: 1 finding meets low or spof>0; 3 known")

    fewer = SHOP.replace("{to: log, needs: soft}", "{to: log, needs: soft, timeout: 1s}")
    assert run(["check", file(fewer), *bars, "--baseline", known]) == 0
    assert "1 finding of the baseline is resolved: NO-TIMEOUT of web -> log; write it again." in capsys.readouterr().out


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        f'{{"schema": {"1" * 5000}}}',
        "[" * 100_000,
        '{"schema": "cascade/lint/v1", "findings": []}',
        '{"schema": "cascade/baseline/v1"}',
    ],
)
def test_a_file_that_is_no_baseline_is_one_line(
    content: str, file: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    known = file(content, "known.json")

    assert run(["check", file(SHOP), "--baseline", known]) == 2

    assert capsys.readouterr() == (
        "",
        f"{known}: expected a baseline (cascade/baseline/v1); write it with cascade check --write-baseline {known}\n",
    )


def test_a_file_is_not_compared_with_itself_through_one_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "-", "--against", "-"]) == 2
    assert capsys.readouterr() == ("", "expected two files, got standard input twice\n")


def test_only_what_the_base_does_not_have_can_fail(
    file: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    base = file(SHOP, "base.yaml")
    change = SHOP.replace("{to: db, timeout: 1s}", "{to: db}")

    assert run(["check", file("\n" + SHOP), "--against", base, "--fail-on", "new-finding"]) == 0
    assert run(["check", file(change), "--against", base, "--fail-on", "new-finding", "--format", "json"]) == 1

    document = json.loads(capsys.readouterr().out.partition("\n{")[2].join(["{", ""]))
    assert [each["subject"] for each in document["findings"] if each["standing"] == "fails"] == ["web -> db"]


@pytest.mark.parametrize("form", [form for form in CheckFormat if form not in {CheckFormat.SARIF, CheckFormat.CSV}])
def test_a_file_that_says_nothing_of_calls_does_not_look_safe(
    form: CheckFormat, file: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    text = "imported: {sources: [compose docker-compose.yaml], describes_calls: false}\nservices: {web: , db: }\n"

    assert run(["check", file(text), "--format", form]) == 0

    assert "does not describe calls" in capsys.readouterr().out
