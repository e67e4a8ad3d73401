"""The command ``report``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cascade.errors import CascadeError
from cascade_cli.blast_radius import ForOption, NodesArgument
from cascade_cli.options import FileArgument, StoreOption, WorkersOption, read_with_text, show, write
from cascade_cli.progress import study_progress
from cascade_cli.results import ExitZeroOption, QuietOption, ScenarioOption, end, progress_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cascade.analysis.blast_radius import BlastRadius
    from cascade.analysis.sweep import Sweep

RankingOption = Annotated[bool, typer.Option("--ranking", help="Every single failure; so, too, without any scenario.")]
PageOption = Annotated[Path, typer.Option("--output", "-o", help="Where the page goes; - is standard output.")]


def report(
    file: FileArgument,
    nodes: NodesArgument = None,
    lasts_s: ForOption = "30m",  # type: ignore[assignment] # typer parses it
    scenario: ScenarioOption = None,
    ranking: RankingOption = False,
    output: PageOption = Path("report.html"),
    store: StoreOption = None,
    workers: WorkersOption = None,
    exit_zero: ExitZeroOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write one page for a browser about a scenario, about NODEs that fail, or about every single failure.

    It holds the answer, the map over time, timelines, rankings and the evidence, and asks nobody for anything. The
    exit code is 1 when an expectation of the scenario (`expect` in FILE) is not met.
    """
    import cascade  # noqa: PLC0415 - so that --help is quick
    from cascade.report.tables import as_text  # noqa: PLC0415 - as above
    from cascade.studies.home import default_path  # noqa: PLC0415 - as above

    if ranking and (nodes or scenario is not None):
        raise CascadeError("expected --ranking, names of what fails or a scenario, got more than one of them")
    topology, text = read_with_text(file)
    result: BlastRadius | Sweep
    if ranking or not (nodes or scenario is not None or topology.scenarios):
        with study_progress("simulating", quiet=quiet) as note:
            result = cascade.sweep(
                topology, lasts_s=lasts_s, store=store or default_path, workers=workers, progress=note
            )
    else:
        with progress_bar("simulating", quiet=quiet) as progress:
            result = cascade.blast_radius(topology, nodes or (), lasts_s=lasts_s, scenario=scenario, progress=progress)
    again = command(file, nodes or (), lasts_s=lasts_s, scenario=scenario, ranking=ranking)
    write(cascade.report_page(result, text=text, command=again), output)
    if not quiet and str(output) != "-":
        show(as_text([f"{output}: {result.headline}"]))
    if isinstance(result, cascade.BlastRadius):
        end(result.run, exit_zero=exit_zero)


def command(file: str, nodes: Sequence[str], *, lasts_s: float, scenario: str | None, ranking: bool) -> str:
    """Write the command line that makes a page again, wherever its file is."""
    from cascade.units import format_seconds  # noqa: PLC0415 - so that --help is quick

    words = ["cascade", "report", Path(file).name if Path(file).is_absolute() else file, *nodes]
    words += ["--scenario", scenario] if scenario is not None else []
    words += ["--ranking"] if ranking else []
    words += ["--for", format_seconds(lasts_s)] if nodes or ranking else []
    return shlex.join(words)
