"""The command ``diff``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cascade.errors import CascadeError
from cascade.report.formats import Format
from cascade_cli.blast_radius import ForOption
from cascade_cli.options import (
    Engine,
    EngineOption,
    OutputOption,
    SchedulerOption,
    WorkersOption,
    not_twice,
    read,
)
from cascade_cli.progress import study_progress
from cascade_cli.results import FormatOption, QuietOption, deliver
from cascade_cli.sweep import HorizonOption

OldArgument = Annotated[
    str, typer.Argument(metavar="OLD", help="Topology file before the change; - is standard input.")
]
NewArgument = Annotated[str, typer.Argument(metavar="NEW", help="Topology file after it; - is standard input.")]
BarOption = Annotated[
    list[str] | None,
    typer.Option("--fail-on", metavar="BAR", help="What makes the exit code 1; repeatable; nothing by default."),
]
StructureOption = Annotated[bool, typer.Option("--structure-only", help="Play nothing: quick for large topologies.")]
SamplesOption = Annotated[
    int | None,
    typer.Option("--samples", min=0, help="Draws of uncertain numbers, the same on both sides; 32; 0 is the medians."),
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Another seed gives other samples.")]


def diff(
    old: OldArgument,
    new: NewArgument,
    fail_on: BarOption = None,
    structure_only: StructureOption = False,
    lasts_s: ForOption = "30m",  # type: ignore[assignment] # typer parses it
    horizon_s: HorizonOption = None,
    samples: SamplesOption = None,
    seed: SeedOption = 1,
    form: FormatOption = Format.TEXT,
    output: OutputOption = None,
    engine: EngineOption = Engine.LOCAL,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    quiet: QuietOption = False,
) -> None:
    """Say what the change from OLD to NEW makes worse, and what it mends, by name.

    Every service, fleet and domain fails, and every scenario is played, on both sides alike; a difference that may be
    noise is none. With git, "git show main:shop.yaml | cascade diff - shop.yaml" compares a file with that of a branch.

    A bar is new-single-point, new-impact, new-pair, false-redundancy, new-finding, unmet-expectation, unmet-objective
    or worse.
    """
    import cascade  # noqa: PLC0415 - so that --help is quick
    from cascade.analysis.bars import read_change_bar  # noqa: PLC0415 - as above
    from cascade.analysis.diff.bars import NEED_RUNS  # noqa: PLC0415 - as above
    from cascade.studies.home import default_path  # noqa: PLC0415 - as above

    not_twice(old, new)
    bars = [read_change_bar(bar) for bar in fail_on or ()]
    if structure_only and (unknown := NEED_RUNS.intersection(bars)):
        raise CascadeError(f"--fail-on {min(unknown)} needs runs: expected no --structure-only with it")
    before, after = read(old), read(new)
    with study_progress("simulating", quiet=quiet) as progress:
        found = cascade.diff(
            before,
            after,
            structure_only=structure_only,
            lasts_s=lasts_s,
            horizon_s=horizon_s,
            samples=samples,
            seed=seed,
            store=default_path,
            engine=engine.value,
            workers=workers,
            scheduler=scheduler,
            progress=progress,
        )
    deliver(found, form, output)
    if missed := found.fails(*bars):
        sys.stderr.write(f"fails on {', '.join(missed)}\n")
        raise typer.Exit(1)
