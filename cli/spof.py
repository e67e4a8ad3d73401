"""The command ``spof``."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cascade.errors import CascadeError
from cascade.report.formats import Format
from cascade_cli.options import FileArgument, OutputOption, write
from cascade_cli.results import PlotOption, deliver, draw

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


class SpofFormat(StrEnum):
    """How the answer is written: as a report, or as a fault tree for other programs."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"
    OPEN_PSA = "open-psa"


SpofFormatOption = Annotated[
    SpofFormat, typer.Option("--format", help="How it is written; open-psa is the first target's fault tree.")
]
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
    form: SpofFormatOption = SpofFormat.TEXT,
    output: OutputOption = None,
    plot: PlotOption = None,
) -> None:
    """Say what can take users down, alone or together, by structure alone, and how likely it is.

    FILE may also be a fault tree in the Open-PSA format (XML); options about topologies mean nothing then.
    """
    import cascade  # noqa: PLC0415 - so that --help is quick
    from cascade.loading.source import file_label, read_text  # noqa: PLC0415 - as above

    text, label = read_text(file), file_label(file)
    if text.lstrip().startswith("<"):
        if plot is not None or form is SpofFormat.OPEN_PSA:
            raise CascadeError(f"{label}: expected a topology for --plot and for --format open-psa, got a fault tree")
        tree = cascade.loads_open_psa(text, file=label, top=target[0] if target else None)
        deliver(cascade.solve_fault_tree(tree, order=order or None), Format(form), output)
        return
    topology = cascade.loads(text, file=label)
    verdict = cascade.Verdict.RESTART if restart else cascade.Verdict.SERVE
    found = cascade.spof(
        topology,
        target or (),
        order=order or None,
        question=cascade.Question(math.inf if after is None else after, loss, verdict),
        assumed_unavailability=unavailability,
    )
    draw(found, plot, "plot_spof")
    if form is SpofFormat.OPEN_PSA:
        if not found.targets:
            raise CascadeError(f"{label}: no entry point to write a fault tree of; name a --target")
        write(cascade.open_psa(found.targets[0].tree), output)
    else:
        deliver(found, Format(form), output)
