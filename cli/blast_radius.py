"""The command ``blast-radius``."""

from __future__ import annotations

from typing import Annotated

import typer

from cascade.report.formats import Format
from cascade_cli.options import FileArgument, OutputOption, read, seconds
from cascade_cli.results import (
    ExitZeroOption,
    FormatOption,
    PlotOption,
    QuietOption,
    ScenarioOption,
    deliver,
    draw,
    end,
    progress_bar,
)

NodesArgument = Annotated[
    list[str] | None, typer.Argument(metavar="NODE", help="What fails: services, groups, fleets or domains.")
]


ForOption = Annotated[float, typer.Option("--for", parser=seconds, metavar="DURATION", help="How long it fails.")]


def blast_radius(
    file: FileArgument,
    nodes: NodesArgument = None,
    lasts_s: ForOption = "30m",  # type: ignore[assignment] # typer parses it
    scenario: ScenarioOption = None,
    form: FormatOption = Format.TEXT,
    output: OutputOption = None,
    plot: PlotOption = None,
    exit_zero: ExitZeroOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say what is hit when NODEs fail (or a scenario is played): when, why, how hard, and when each is back.

    The exit code is 1 when an expectation of the scenario (`expect` in FILE) is not met.
    """
    import cascade  # noqa: PLC0415 - so that --help is quick

    topology = read(file)
    with progress_bar("simulating", quiet=quiet) as progress:
        blast = cascade.blast_radius(topology, nodes or (), lasts_s=lasts_s, scenario=scenario, progress=progress)
    draw(blast, plot)
    deliver(blast, form, output)
    end(blast.run, exit_zero=exit_zero)
