"""What programs and people may rely on, held for every command: documents, tables, files, exit codes."""

from __future__ import annotations

import csv
import importlib
import inspect
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import jsonschema
import pytest

from cascade.report.formats import Format
from cascade.report.schemas import DOCUMENTS, document_schema
from cascade_cli import COMMANDS, python_name, run

ROOT: Final = Path(__file__).parents[2]
TOPOLOGIES: Final = {
    name: ROOT / "topologies" / f"{name}.yaml" for name in ("shop", "retry-storm", "aws-us-east-1-2025-10-20")
}
OBSERVED: Final = ("aws-us-east-1-2025-10-20",)
"""Topologies of outages that happened; the others cannot be replayed."""


def parameters(command: str) -> set[str]:
    """Names of what a command can be given."""
    name = python_name(command)
    return {*inspect.signature(getattr(importlib.import_module(f"cascade_cli.{name}"), name)).parameters}


REPORTS: Final = [command for command in COMMANDS if "form" in parameters(command)]
"""Commands that answer with a result."""
PLAYS: Final = [command for command in COMMANDS if "scenario" in parameters(command)]
"""Commands that play a scenario."""
QUESTIONS: Final = [
    (command, name) for command in REPORTS for name in TOPOLOGIES if command != "replay" or name in OBSERVED
]


BEFORE_THE_FILE: Final = {"import": ("auto",), "diff": (str(ROOT / "topologies" / "three-tiers.yaml"),)}
"""Arguments that a command wants first."""
SHORTLY: Final = {
    "simulate": ("--samples", "50"),
    "lint": ("--exit-zero",),
    "check": ("--exit-zero",),
    "report": ("--output", "-"),
}
"""Options that make an answer shorter, its exit code 0 or standard output its place, and the answer no different."""
CALLS: Final = {"report": "blast_radius"}
"""What a command calls of the library, where that is not called like the command."""


@pytest.fixture(params=QUESTIONS, ids=" ".join)
def question(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Give a command and a topology file that it can answer about."""
    command, name = request.param
    return command, *BEFORE_THE_FILE.get(command, ()), str(TOPOLOGIES[name]), *SHORTLY.get(command, ())


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that succeeds and says nothing on standard error, and give what it writes."""
    assert run([*arguments]) == 0

    out, err = capsys.readouterr()
    assert err == ""
    assert out.endswith("\n")
    return out


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that cannot be done, and give the one line that says why."""
    assert run([*arguments]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.endswith("\n")
    return err.strip()


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def test_every_report_is_published() -> None:
    assert [*DOCUMENTS] == REPORTS


@pytest.mark.parametrize("command", DOCUMENTS)
def test_published_schemas_are_schemas(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    schema = json.loads(answer(capsys, "schema", command))

    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["properties"]["schema"]["const"] == f"cascade/{command}/v1"
    assert schema["description"]


def test_documents_are_as_published(question: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(answer(capsys, *question, "--format", "json"), parse_constant=refuse)

    validator = jsonschema.Draft202012Validator(document_schema(question[0]))
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)] == []


def test_tables_for_spreadsheets_have_one_width(question: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    heads, *rows = csv.reader(io.StringIO(answer(capsys, *question, "--format", "csv")))

    assert len({*heads}) == len(heads)
    assert {len(row) for row in rows} <= {len(heads)}


def test_tables_in_markdown_have_one_width_each(question: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    blocks = answer(capsys, *question, "--format", "markdown").split("\n\n")

    tables = [block.splitlines() for block in blocks if block.startswith("|")]
    assert tables
    for heads, rule, *rows in tables:
        width = cells(heads)
        assert set(rule) <= set("| -:")
        assert {cells(rule), *map(cells, rows)} == {width}


def cells(line: str) -> int:
    """Cells of a line of a Markdown table."""
    assert line.startswith("| ")
    assert line.endswith(" |")
    return line.replace(r"\|", "").count("|") - 1


@pytest.mark.parametrize("form", Format)
def test_files_hold_what_is_shown(
    question: tuple[str, ...], form: Format, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "answer"
    file.write_text("of yesterday", encoding="utf-8")
    shown = answer(capsys, *question, "--format", form)

    assert run([*question, "--format", form, "-o", str(file)]) == 0

    assert capsys.readouterr() == ("", "")
    assert file.read_bytes() == shown.encode()
    assert "\x1b" not in shown
    assert [*tmp_path.iterdir()] == [file]


@pytest.mark.parametrize("command", PLAYS)
def test_a_command_that_fails_leaves_the_file_of_yesterday(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "answer"
    file.write_text("of yesterday", encoding="utf-8")

    refusal(capsys, command, str(TOPOLOGIES["shop"]), "--scenario", "nothing-like-it", "-o", str(file))

    assert file.read_text(encoding="utf-8") == "of yesterday"
    assert [*tmp_path.iterdir()] == [file]


def test_standard_input_is_a_file(
    question: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = next(argument for argument in question if argument.endswith(".yaml"))
    expected = answer(capsys, *question, "--format", "json")
    for name in (file, Path(file).name):  # some answers name the file
        expected = expected.replace(name, "<stdin>")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(Path(file).read_bytes())))
    arguments = ["-" if argument == file else argument for argument in question]

    assert answer(capsys, *arguments, "--format", "json") == expected


@pytest.mark.parametrize("command", PLAYS)
def test_a_scenario_that_is_not_there_is_one_line(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    line = refusal(capsys, command, str(TOPOLOGIES["aws-us-east-1-2025-10-20"]), "--scenario", "outege")

    assert line.endswith("did you mean 'outage'?")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("blast-radius", "shop", "databse-1"), "did you mean 'database-1'?"),
        (("simulate", "shop", "--fail", "databse-1@10m"), "did you mean 'database-1'?"),
        (("schema", "blast-radios"), "did you mean 'blast-radius'?"),
        (("replay", "shop"), "nothing to compare with"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_a_name_that_is_not_there_is_one_line(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert words in refusal(capsys, *(str(TOPOLOGIES.get(argument, argument)) for argument in arguments))


@pytest.mark.parametrize("command", [name for name in REPORTS if name != "validate"])
def test_a_file_with_problems_is_as_many_lines(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("services:\n  web: {calls: [dbb], replicas: many}\n  db:\n", encoding="utf-8")

    assert run([command, *BEFORE_THE_FILE.get(command, ()), str(file)]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert [line.removeprefix(f"{file}:").split(": ")[0] for line in err.splitlines()] == ["2:17", "2:33"]


@pytest.mark.parametrize("command", PLAYS)
def test_an_interrupt_while_it_simulates_is_no_traceback(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"cascade.{CALLS.get(command, command.replace('-', '_'))}", interrupted)

    assert run([command, str(TOPOLOGIES["aws-us-east-1-2025-10-20"])]) == 130
    assert capsys.readouterr() == ("", "")


def test_an_interrupt_that_a_library_loses_is_no_traceback() -> None:
    lost = """
import contextlib, signal, cascade_cli

def run(arguments):
    with contextlib.suppress(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    raise RuntimeError("nothing was compiled")

cascade_cli.run = run
cascade_cli.main()
"""
    done = subprocess.run([sys.executable, "-c", lost], check=False, capture_output=True, text=True, cwd=ROOT)

    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize("command", [name for name in COMMANDS if "quiet" in parameters(name)])
def test_quiet_is_quiet_on_a_terminal(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)

    file = str(TOPOLOGIES["aws-us-east-1-2025-10-20"])

    answer(capsys, command, *BEFORE_THE_FILE.get(command, ()), file, "--quiet", *SHORTLY.get(command, ()))


@pytest.mark.parametrize("no_colour", ["", "1"])
def test_a_terminal_gets_the_same_text_with_heads_that_stand_out(
    no_colour: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    question = ("show", str(TOPOLOGIES["shop"]))
    plain = answer(capsys, *question)
    monkeypatch.setenv("NO_COLOR", no_colour)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)

    shown = answer(capsys, *question)

    assert re.sub("\x1b\\[[0-9]*m", "", shown) == plain
    assert ("\x1b[1m" in shown) == (not no_colour)


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")
@pytest.mark.parametrize(
    ("stream", "code", "words"),
    [(">/dev/full", 2, "standard output: cannot be written: no space left"), (">&-", 0, "")],
)
def test_standard_output_that_is_full_or_closed_is_no_traceback(stream: str, code: int, words: str) -> None:
    command = f"{sys.executable} -c 'from cascade_cli import main; main()' schema {stream}"
    done = subprocess.run(["/bin/sh", "-c", command], check=False, capture_output=True, text=True, cwd=ROOT)

    assert done.returncode == code
    assert done.stderr.startswith(words)
    assert done.stderr.count("\n") == bool(words)
