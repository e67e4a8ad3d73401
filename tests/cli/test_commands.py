"""What holds for every command: help, exit codes, one line per problem, and files written in one step."""

from __future__ import annotations

import importlib
import inspect
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

import cascade_cli
from cascade.graph.export import DRAWINGS
from cascade.report.formats import Format
from cascade_cli import COMMANDS, python_name, run
from cascade_cli.show import ShowFormat

ROOT: Final = Path(__file__).parents[2]
SHOP: Final = str(ROOT / "topologies" / "shop.yaml")
START: Final = [sys.executable, "-c", "from cascade_cli import main; main()"]
QUICK: Final = (["validate", SHOP], ["show", SHOP], ["schema"])
"""Command lines that simulate nothing."""


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start the command line as a process of its own."""
    return subprocess.Popen(
        [*START, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def test_every_file_is_a_command_or_shared() -> None:
    files = {path.stem for path in Path(cascade_cli.__file__).parent.glob("*.py")}

    assert files - {python_name(name) for name in COMMANDS} == {"__init__", "options", "progress", "results"}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_is_the_docstring(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    name = python_name(command)
    docstring = inspect.getdoc(getattr(importlib.import_module(f"cascade_cli.{name}"), name)) or ""

    assert run([command, "--help"]) == 0

    assert docstring.endswith(".")
    assert " ".join(docstring.split()) in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_option_is_one_line(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "--nonsense"]) == 2

    out, err = capsys.readouterr()
    assert not out
    assert re.fullmatch(r"cascade: .*--nonsense.*; see cascade --help\n", err)


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in {"schema", "explain"}])
def test_a_missing_file_is_one_line(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = {"import": ["auto"], "diff": [str(ROOT / "topologies" / "shop.yaml")]}.get(command, [])

    assert run([command, *before, "missing.yaml"]) == 2

    assert capsys.readouterr().err == "missing.yaml: no such file or directory\n"


def test_no_command_is_a_call_for_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0

    out = capsys.readouterr().out
    assert [command for command in COMMANDS if command not in out] == []


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0

    assert capsys.readouterr().out.startswith("cascade ")


@pytest.mark.parametrize("arguments", QUICK, ids=lambda arguments: arguments[0])
def test_a_file_holds_what_the_terminal_shows(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "result"
    path.write_text("old", encoding="utf-8")

    assert run([*arguments, "-o", str(path)]) == 0
    assert capsys.readouterr().out == ""

    assert run(arguments) == 0
    assert capsys.readouterr().out == path.read_text(encoding="utf-8")
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "-o", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"{tmp_path}: cannot be written: is a directory\n"

    assert run(["schema", "-o", str(tmp_path / "missing" / "file")]) == 2
    assert capsys.readouterr().err == f"{tmp_path}/missing/file: cannot be written: no such file or directory\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", QUICK, ids=lambda arguments: arguments[0])
def test_a_reader_that_goes_away_is_no_error(arguments: list[str]) -> None:
    with start(*arguments) as process:
        assert process.stdout
        process.stdout.close()
        process.wait(timeout=60)

        assert process.stderr
        assert (process.returncode, process.stderr.read()) == (0, "")


class Interrupted(io.BytesIO):
    """Standard input at which somebody presses Ctrl-C."""

    def read(self, _size: int | None = -1, /) -> bytes:
        raise KeyboardInterrupt


def test_an_interrupt_is_no_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(Interrupted()))

    assert run(["validate", "-"]) == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("command", ["validate", "show"])
def test_standard_input_is_a_file(command: str) -> None:
    with start(command, "-") as process:
        out, err = process.communicate("services: {shop: }", timeout=60)

    assert (process.returncode, err) == (0, "")
    assert "1" in out


def test_output_for_a_pipe_is_plain() -> None:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [*START, "show", "-"],
        check=True,
        input=b'services: {"caf\xc3\xa9": }',
        capture_output=True,
        cwd=ROOT,
        env=environment,
    )

    assert b"\x1b" not in done.stdout
    assert b"caf\\xe9" in done.stdout


def test_show_knows_every_format() -> None:
    assert {*ShowFormat} == {*Format, *DRAWINGS, "yaml"}


@pytest.mark.parametrize("form", ShowFormat)
def test_show_speaks_every_format(form: ShowFormat, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", SHOP, "--format", form]) == 0

    assert "database-3" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["validate", SHOP], ["show", SHOP]], ids=lambda arguments: arguments[0])
def test_documents_name_their_schema(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*arguments, "--format", "json"]) == 0

    assert json.loads(capsys.readouterr().out)["schema"] == f"cascade/{arguments[0]}/v1"
