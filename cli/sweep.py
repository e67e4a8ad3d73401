"""The command ``sweep``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from cascade.report.formats import Format
from cascade_cli.blast_radius import ForOption
from cascade_cli.options import (
    Engine,
    EngineOption,
    FileArgument,
    OutputOption,
    SchedulerOption,
    StepOption,
    StoreOption,
    WorkersOption,
    read,
    seconds,
)
from cascade_cli.progress import study_progress
from cascade_cli.results import FormatOption, PlotOption, QuietOption, deliver, draw


class Pairs(StrEnum):
    """Which pairs are simulated."""

    SCREENED = "screened"
    ALL = "all"


class Which(StrEnum):
    """Which table is shown."""

    CONTINGENCIES = "contingencies"
    PARTS = "parts"
    ENTRIES = "entries"


OrderOption = Annotated[
    int, typer.Option("--order", min=1, max=2, help="Failures at once, at most: 2 is pairs as well.")
]
PairsOption = Annotated[Pairs, typer.Option("--pairs", help="Those that weaken the same redundancy, or all.")]
HorizonOption = Annotated[
    float | None,
    typer.Option(
        "--horizon", parser=seconds, metavar="DURATION", help="How long each run is followed; 2h after repair."
    ),
]
TopOption = Annotated[int, typer.Option("--top", min=1, help="Rows of each table in text and Markdown.")]
TableOption = Annotated[
    Which | None, typer.Option("--table", help="One table alone; of CSV the contingencies, JSON always has all.")
]


def sweep(
    file: FileArgument,
    order: OrderOption = 1,
    pairs: PairsOption = Pairs.SCREENED,
    lasts_s: ForOption = "30m",  # type: ignore[assignment] # typer parses it
    horizon_s: HorizonOption = None,
    step_s: StepOption = None,
    top: TopOption = 20,
    table: TableOption = None,
    form: FormatOption = Format.TEXT,
    output: OutputOption = None,
    plot: PlotOption = None,
    store: StoreOption = None,
    engine: EngineOption = Engine.LOCAL,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    quiet: QuietOption = False,
) -> None:
    """Let every service, fleet and domain fail, each in a run of its own, and rank what that does to users.

    Finished runs are kept in the store, so that the same question is answered at once and a stopped one goes on.
    """
    import cascade  # noqa: PLC0415 - so that --help is quick
    from cascade.report.sweep import View  # noqa: PLC0415 - as above
    from cascade.studies.home import default_path  # noqa: PLC0415 - as above

    topology = read(file)
    with study_progress("simulating", quiet=quiet) as progress:
        found = cascade.sweep(
            topology,
            order=order,
            pairs=pairs.value,
            lasts_s=lasts_s,
            horizon_s=horizon_s,
            clock=None if step_s is None else cascade.Clock(step_s=step_s),
            store=store or default_path,
            engine=engine.value,
            workers=workers,
            scheduler=scheduler,
            progress=progress,
        )
    draw(found, plot, "plot_sweep")
    deliver(View(found, None if table is None else table.value, top), form, output)
