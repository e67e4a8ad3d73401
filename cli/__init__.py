"""The ``cascade`` command; each subcommand is one file and mirrors one call of the library."""

from __future__ import annotations

import importlib
import keyword
import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Final, TextIO

import typer

from cascade.errors import CascadeError

COMMANDS: Final = (
    "import",
    "validate",
    "show",
    "simulate",
    "blast-radius",
    "replay",
    "spof",
    "sweep",
    "montecarlo",
    "report",
    "lint",
    "check",
    "diff",
    "explain",
    "schema",
)
"""In the order of the help; each is the function of that name in the file of that name, see :func:`python_name`."""

BAD_INPUT: Final = 2
"""Exit code when the input or the way of calling is wrong."""

INTERRUPTED: Final = 130
"""Exit code when somebody presses Ctrl-C."""

EXIT_CODES: Final = (
    "Exit codes: 0 done, 1 a finding meets --fail-on or an expectation of the scenario is not met, "
    "2 bad input or usage, 130 interrupted."
)
"""What they mean, below the help."""


def main() -> None:
    """Run the command line and end the process with its exit code."""
    sys.stdout, sys.stderr = sys.stdout or nowhere(), sys.stderr or nowhere()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr] # what the terminal cannot show
    interrupts = note_interrupts()
    try:
        code = run(sys.argv[1:])
    except Exception:
        if not interrupts:
            raise
        code = INTERRUPTED
    sys.exit(code)


def nowhere() -> TextIO:
    """Stand in for a stream that was closed before the process began."""
    return Path(os.devnull).open("w", encoding="utf-8")


def note_interrupts() -> list[int]:
    """Collect interrupts from now on: the compiler's callbacks lose them, and it then fails in its own way."""
    interrupts: list[int] = []

    def interrupt(number: int, _frame: object) -> None:
        interrupts.append(number)
        raise KeyboardInterrupt

    def tell(lost: sys.UnraisableHookArgs) -> None:
        if lost.exc_type is not KeyboardInterrupt:
            sys.__unraisablehook__(lost)

    signal.signal(signal.SIGINT, interrupt)
    sys.unraisablehook = tell
    return interrupts


def run(arguments: list[str]) -> int:
    """Run the command line and give its exit code; what the user can put right is one line per problem."""
    try:
        code = application()(arguments or ["--help"], prog_name="cascade", standalone_mode=False)
    except CascadeError as error:
        sys.stderr.write(f"{error}\n")
        return BAD_INPUT
    except typer.TyperException as error:  # how the command was called
        sys.stderr.write(f"cascade: {error.format_message().rstrip('.')}; see cascade --help\n")
        return BAD_INPUT
    except typer.Abort:
        return INTERRUPTED
    return code if isinstance(code, int) else 0


def application() -> typer.Typer:
    """Make the application of all commands; what a command needs is imported when it runs."""
    app = typer.Typer(
        name="cascade",
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"max_content_width": 120},
    )
    app.callback(epilog=EXIT_CODES)(cascade)
    for name in COMMANDS:
        function = python_name(name)
        app.command(name)(getattr(importlib.import_module(f"cascade_cli.{function}"), function))
    return app


def python_name(command: str) -> str:
    """Give the name of a command's file and function.

    Examples
    --------
    >>> python_name("blast-radius"), python_name("import")
    ('blast_radius', 'import_')
    """
    name = command.replace("-", "_")
    return f"{name}_" if keyword.iskeyword(name) else name


def print_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it
    """Print the version and end, if that is wanted."""
    if wanted:
        from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - so that --help is quick

        try:
            typer.echo(f"cascade {version('cascade-blast-radius')}")
        except PackageNotFoundError:
            typer.echo("cascade 0, not installed")
        raise typer.Exit


def cascade(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Say what happens when a part of a system fails: who is hit, when, why, and when each is back."""
