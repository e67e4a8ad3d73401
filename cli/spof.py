"""The command ``spof``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import typer

from cascade.report.formats import Format
from cascade_cli.options import FileArgument, OutputOption, read
from cascade_cli.results import FormatOption, PlotOption, deliver, draw

if TYPE_CHECKING:
    from collections.abc import Callable


def quantity(parse: str) -> Callable[[str], float]:
    """Make the reader of an option that carries its unit."""

    def value(text: str) -> float:
        from cascade import units  # noqa: PLC0415 - so that --help is quick

        try:
            return float(getattr(units, parse)(text))
        except ValueError as error:
            raise typer.BadParameter(f"expected {error}, got '{text}'") from None

    return value


def highest_order(text: str) -> int:
    """Read the largest order of cut sets; 0 stands for all."""
    if text == "all":
        return 0
    if not text.isdecimal() or not 1 <= int(text) <= MOST_ORDER:
        raise typer.BadParameter(f"expected a number from 1 to {MOST_ORDER}, or 'all', got '{text}'")
    return int(text)


MOST_ORDER = 20
"""Largest order that can be asked for by number."""

TargetOption = Annotated[
    list[str] | None, typer.Option("--target", "-t", metavar="NAME", help="What must not go down; the entry points.")
]
OrderOption = Annotated[
    int, typer.Option("--order", parser=highest_order, metavar="K|all", help="Failures at once, at most.")
]
AfterOption = Annotated[
    float | None,
    typer.Option(
        "--after", parser=quantity("parse_seconds"), metavar="DURATION", help="So long after the failure; for good."
    ),
]
LossOption = Annotated[
    float,
    typer.Option("--loss", parser=quantity("parse_share"), metavar="SHARE", help="Down is who loses this to a callee."),
]
RestartOption = Annotated[bool, typer.Option("--restart", help="What is needed to start counts as needed.")]
UnavailabilityOption = Annotated[
    float | None,
    typer.Option(
        "--unavailability", parser=quantity("parse_share"), metavar="SHARE", help="Of parts that state no reliability."
    ),
]


def spof(
    file: FileArgument,
    target: TargetOption = None,
    order: OrderOption = "2",  # type: ignore[assignment] # typer parses it
    after: AfterOption = None,
    loss: LossOption = "100%",  # type: ignore[assignment] # as above
    restart: RestartOption = False,
    unavailability: UnavailabilityOption = None,
    form: FormatOption = Format.TEXT,
    output: OutputOption = None,
    plot: PlotOption = None,
) -> None:
    """Say what can take users down, alone or together, by structure alone, and how likely it is."""
    import cascade  # noqa: PLC0415 - so that --help is quick

    verdict = cascade.Verdict.RESTART if restart else cascade.Verdict.SERVE
    found = cascade.spof(
        read(file),
        target or (),
        order=order or None,
        question=cascade.Question(after_s=math.inf if after is None else after, loss_fraction=loss, verdict=verdict),
        assumed_unavailability=unavailability,
    )
    draw(found, plot, "plot_spof")
    deliver(found, form, output)
