"""The command ``diff``: what a pull request is told."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cascade_cli import run

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
FILE = ROOT / "topologies" / "shop.yaml"
SHOP = FILE.read_text("utf-8")
FORMATS = ("text", "json", "csv", "markdown")


@pytest.fixture
def topology(tmp_path: Path) -> Callable[[str], str]:
    """Write a topology file, and give its path."""

    def write(text: str) -> str:
        path = tmp_path / f"{len([*tmp_path.iterdir()])}.yaml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert run(["diff", *arguments]) == code
    return capsys.readouterr().out


def test_identical_files_say_nothing(topology: Callable[[str], str], capsys: pytest.CaptureFixture[str]) -> None:
    other = topology(f"# Another comment\n{SHOP}")

    assert told(capsys, str(FILE), other, "--fail-on", "new-finding") == "No difference.\n"
    assert told(capsys, str(FILE), other, "--format", "markdown") == "<!-- cascade:diff -->\n\n**No difference.**\n"
    document = json.loads(told(capsys, str(FILE), other, "--format", "json"))
    assert (document["is_empty"], document["changes"], document["played"]) == (True, [], None)


@pytest.mark.parametrize("form", FORMATS)
def test_the_exit_code_is_that_of_the_bars_in_every_format(
    form: str, topology: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    both = str(FILE), topology(SHOP.replace("needs: 2", "needs: 3")), "--structure-only", "--format", form

    told(capsys, *both)
    told(capsys, *both, "--fail-on", "new-finding", "--fail-on", "new-pair")
    told(capsys, *both, "--fail-on", "new-finding", "--fail-on", "new-impact", code=1)


def test_a_bar_that_structure_cannot_tell_is_never_cleared_in_silence(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["diff", str(FILE), str(FILE), "--structure-only", "--fail-on", "new-finding"]

    assert run([*arguments, "--fail-on", "worse"]) == 2
    assert capsys.readouterr().err == "--fail-on worse needs runs: expected no --structure-only with it\n"


def test_the_reason_for_exit_code_1_is_on_standard_error(
    topology: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["diff", str(FILE), topology(SHOP.replace("needs: 2", "needs: 3")), "--structure-only"]

    assert run([*arguments, "--fail-on", "new-single-point", "--fail-on", "new-finding"]) == 1
    assert capsys.readouterr().err == "fails on new-single-point\n"


def test_a_bar_that_means_nothing_is_refused_before_anything_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["diff", "missing.yaml", "missing.yaml", "--fail-on", "worst"]) == 2
    assert capsys.readouterr() == ("", "no bar 'worst' for a change, did you mean 'worse'?\n")


def test_the_old_file_may_come_through_a_pipe(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(SHOP.replace("2s", "3s").encode())))

    assert "checkout -> payments: timeout 3s -> 2s" in told(capsys, "-", str(FILE), "--structure-only")
    assert run(["diff", "-", "-"]) == 2
    assert capsys.readouterr().err == "expected two files, got standard input twice\n"


def test_a_part_that_is_gone_and_still_needed_is_told_as_by_validate(
    topology: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    broken = topology(SHOP.replace("  payments: {concurrency: {max: 40}, service_time: 300ms}\n", ""))

    assert run(["diff", str(FILE), broken]) == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert f"{broken}:18:14: unknown service or group 'payments'\n" in found.err


def test_nothing_is_played_where_only_structure_is_asked_for(
    topology: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    both = str(FILE), topology(SHOP.replace("timeout: 2s", "timeout: 3s")), "--format", "json"

    assert json.loads(told(capsys, *both, "--structure-only"))["played"] is None
    assert len(json.loads(told(capsys, *both, "--workers", "1"))["played"]["runs"]) == 13


def test_hostile_names_do_nothing_to_a_comment(
    topology: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    name = '<img/src=x|onerror=alert(1)`"]:::@team'
    old = {"services": {"web": {"demand": "1/s"}, name: {}}}
    new = {"services": {"web": {"demand": "1/s", "calls": [name]}, name: {}}}
    text = told(
        capsys, topology(json.dumps(old)), topology(json.dumps(new)), "--structure-only", "--format", "markdown"
    )

    assert "<img" not in text.replace(r"\<img", "")
    assert not re.search(r"@\w", text)
    assert not re.search(r"(?<!\\)`(?!``)", text.replace("```", ""))
    [picture] = re.findall(r"```mermaid\n(.*?)```", text, re.DOTALL)
    assert '"#60;img/src#61;x#124;onerror#61;alert#40;1#41;#96;#34;#93;:::#64;team<br/>' in picture
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert tables
    assert all(len({line.replace(r"\|", "").count("|") for line in table}) == 1 for table in tables)


def test_names_in_a_comment_are_no_links_and_no_formulas(
    topology: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["http://evil.example", "www.evil.example", "#1", "$x$", "&lt;b&gt;"]
    old = {"services": {"web": {"demand": "1/s"}, **{name: {} for name in names}}}
    new = {"services": {"web": {"demand": "1/s", "calls": names}, **{name: {} for name in names}}}
    both = topology(json.dumps(old)), topology(json.dumps(new))
    text = re.sub(
        r"```mermaid\n.*?```", "", told(capsys, *both, "--structure-only", "--format", "markdown"), flags=re.DOTALL
    )

    assert not re.search(r"http://|www\.|#\d|(?<!\\)\$|&lt;", text)


def test_comments_have_room_whatever_the_names(
    topology: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"{'&@$|' * 45}{number:04d}" for number in range(400)]
    old = {"services": {"web": {"demand": "1/s"}, **{name: {} for name in names}}}
    new = {"services": {"web": {"demand": "1/s", "calls": names}, **{name: {} for name in names}}}
    both = topology(json.dumps(old)), topology(json.dumps(new))
    text = told(capsys, *both, "--structure-only", "--format", "markdown")

    assert len(text.encode()) < 65_536
    assert text.count("<details>") == text.count("</details>")


def test_comments_are_short_whatever_was_changed(
    topology: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"service-{number:04d}" for number in range(900)]
    old = {"services": {"web": {"demand": "1/s"}, **{name: {} for name in names}}}
    new = {"services": {"web": {"demand": "1/s", "calls": names}, **{name: {} for name in names}}}
    text = told(
        capsys, topology(json.dumps(old)), topology(json.dumps(new)), "--structure-only", "--format", "markdown"
    )

    assert len(text) < 65_536 / 4
    assert "```mermaid" not in text
    assert "and 890 more: service-0010, service-0011," in text
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert tables
    assert max(map(len, tables)) == 12
