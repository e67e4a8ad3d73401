"""The command ``montecarlo``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from cascade.report.formats import Format
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
from cascade_cli.spof import quantity


class Sensitivity(StrEnum):
    """Where the influences are taken from."""

    GIVEN = "given"
    SOBOL = "sobol"
    NONE = "none"


SamplesOption = Annotated[
    int, typer.Option("--samples", "-n", min=1, help="Runs; rounded up to a power of two in each of 8 sets of points.")
]
ScenarioOption = Annotated[
    str | None, typer.Option("--scenario", "-s", help="What happens; else parts fail as their reliability says.")
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Another one gives other samples.")]
HorizonOption = Annotated[
    float, typer.Option("--horizon", parser=seconds, metavar="DURATION", help="Followed so long after the last repair.")
]
RepairOption = Annotated[
    float | None,
    typer.Option("--mttr", parser=seconds, metavar="DURATION", help="Of parts that state only an availability."),
]
SensitivityOption = Annotated[
    Sensitivity, typer.Option("--sensitivity", help="What drives it: from these samples, or by many more runs.")
]
UntilOption = Annotated[
    float | None,
    typer.Option("--until", parser=quantity("parse_share"), metavar="SHARE", help="Doubled until the error is less."),
]
SampleOption = Annotated[
    int | None, typer.Option("--sample", min=0, metavar="NUMBER", help="Replay this one alone, and tell all of it.")
]


def montecarlo(
    file: FileArgument,
    samples: SamplesOption = 1024,
    scenario: ScenarioOption = None,
    seed: SeedOption = 1,
    horizon_s: HorizonOption = "2h",  # type: ignore[assignment] # typer parses it
    mttr_s: RepairOption = None,
    sensitivity: SensitivityOption = Sensitivity.GIVEN,
    until: UntilOption = None,
    sample: SampleOption = None,
    step_s: StepOption = None,
    form: FormatOption = Format.TEXT,
    output: OutputOption = None,
    plot: PlotOption = None,
    store: StoreOption = None,
    engine: EngineOption = Engine.LOCAL,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    quiet: QuietOption = False,
) -> None:
    """Draw what is uncertain and what fails, and say how much is lost, how often, and what drives it.

    Numbers of the file may be distributions, and parts fail as their reliability says, or a scenario is played.
    Finished runs are kept in the store, so that the same question is answered at once and a stopped one goes on.
    """
    import cascade  # noqa: PLC0415 - so that --help is quick
    from cascade.studies.home import default_path  # noqa: PLC0415 - as above

    topology = read(file)
    clock = None if step_s is None else cascade.Clock(step_s=step_s)
    if sample is not None:
        study = cascade.montecarlo_study(
            topology, samples=samples, seed=seed, scenario=scenario, follow_s=horizon_s, mttr_s=mttr_s, clock=clock
        )
        replayed = cascade.replay_sample(study, sample)
        draw(replayed.blast, plot)
        deliver(replayed, form, output)
        return
    with study_progress("sampling", quiet=quiet) as progress:
        found = cascade.montecarlo(
            topology,
            samples=samples,
            seed=seed,
            scenario=scenario,
            follow_s=horizon_s,
            mttr_s=mttr_s,
            clock=clock,
            sensitivity=sensitivity.value,
            until=until,
            store=store or default_path,
            engine=engine.value,
            workers=workers,
            scheduler=scheduler,
            progress=progress,
        )
    draw(found, plot, "plot_montecarlo")
    deliver(found, form, output)
