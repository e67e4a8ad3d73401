"""What the commands that answer with a result share: format, file, figure and progress."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cascade.errors import CascadeError
from cascade.report.formats import Format
from cascade_cli.options import write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cascade.engine.run import Run

PICTURES = (".png", ".svg", ".pdf")
"""Endings of pictures."""


def drawable(path: Path | None) -> Path | None:
    """Refuse a picture of a kind that nobody can draw, before anything is played."""
    if path is not None and path.suffix.lower() not in PICTURES:
        raise CascadeError(f"{path}: expected a picture that ends in {', '.join(PICTURES[:-1])} or {PICTURES[-1]}")
    return path


FormatOption = Annotated[Format, typer.Option("--format", help="How the result is written.")]
PlotOption = Annotated[
    Path | None, typer.Option("--plot", help="Draw it: a .png, .svg or .pdf.", dir_okay=False, callback=drawable)
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")]
ExitZeroOption = Annotated[bool, typer.Option("--exit-zero", help="Exit code 0 also when an expectation is not met.")]
ScenarioOption = Annotated[str | None, typer.Option("--scenario", "-s", help="What happens; the file's first.")]


def deliver(result: object, form: Format, output: Path | None) -> None:
    """Write a result to the terminal or to a file."""
    from cascade.report.export import export  # noqa: PLC0415 - what is not used costs nothing

    text = export(result, form)
    if form is Format.TEXT and output is None and sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        show_styled(text)
    else:
        write(text, output)


def end(run: Run, *, exit_zero: bool) -> None:
    """End with exit code 1 when an expectation of the scenario is not met, unless that is not wanted."""
    from cascade.analysis.expectations import expectations  # noqa: PLC0415 - as above

    if not exit_zero and not all(expectation.is_met for expectation in expectations(run)):
        raise typer.Exit(1)


def show_styled(text: str) -> None:
    """Show a report on a terminal: the heads of tables bold, their rules faint."""
    from rich.console import Console  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    styled = Text(text, end="")
    styled.highlight_regex(r"(?m)^.+\n(?=-+(  -+)*$)", "bold")
    styled.highlight_regex(r"(?m)^-+(  -+)*$", "dim")
    Console(highlight=False, soft_wrap=True).print(styled, end="")


def draw(result: Any, path: Path | None, figure: str = "plot_timeline") -> None:
    """Draw a result by one of the library's figures, if a picture is asked for."""
    if path is None:
        return
    os.environ.setdefault("MPLBACKEND", "Agg")  # a file needs no window
    import cascade  # noqa: PLC0415 - as above
    from cascade.report.figures import save_figure  # noqa: PLC0415 - as above

    with writing(path):
        save_figure(getattr(cascade, figure)(result), path)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say in one line why a file cannot be written."""
    try:
        yield
    except OSError as error:
        raise CascadeError(f"{path}: cannot be written: {(error.strerror or str(error)).lower()}") from None


@contextmanager
def progress_bar(task: str, *, quiet: bool) -> Iterator[Callable[[float], None] | None]:
    """Show how far something is, and how long is left, while somebody watches."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415 - as above
    from rich.progress import Progress  # noqa: PLC0415 - as above

    with Progress(console=Console(stderr=True), transient=True) as bar:
        number = bar.add_task(task, total=1.0)
        yield lambda share: bar.update(number, completed=share)
