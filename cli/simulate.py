"""The command ``simulate``."""

from __future__ import annotations

from typing import Annotated

import typer

from cascade.report.formats import Format
from cascade_cli.options import FileArgument, OutputOption, read
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

FailOption = Annotated[
    list[str] | None, typer.Option("--fail", metavar="NODE@START+DURATION", help="Let something fail; repeatable.")
]
SamplesOption = Annotated[int | None, typer.Option("--samples", min=1, help="Samples of the run to keep.")]


def simulate(
    file: FileArgument,
    scenario: ScenarioOption = None,
    fail: FailOption = None,
    samples: SamplesOption = None,
    form: FormatOption = Format.TEXT,
    output: OutputOption = None,
    plot: PlotOption = None,
    exit_zero: ExitZeroOption = False,
    quiet: QuietOption = False,
) -> None:
    """Play a scenario, failures like db@10m+30m added, and tell it over time.

    The exit code is 1 when an expectation of the scenario (`expect` in FILE) is not met.
    """
    import cascade  # noqa: PLC0415 - so that --help is quick
    from cascade.analysis.failures import parse_failure, scenario_with  # noqa: PLC0415 - as above

    topology = read(file)
    played = scenario_with(topology, [parse_failure(text) for text in fail], scenario) if fail else scenario
    with progress_bar("simulating", quiet=quiet) as progress:
        run = cascade.simulate(topology, played, clock=cascade.Clock(samples=samples), progress=progress)
    draw(run, plot)
    deliver(run, form, output)
    end(run, exit_zero=exit_zero)
