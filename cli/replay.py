"""The command ``replay``."""

from __future__ import annotations

from cascade.report.formats import Format
from cascade_cli.options import FileArgument, OutputOption, read_with_text
from cascade_cli.results import (
    FormatOption,
    PlotOption,
    QuietOption,
    ScenarioOption,
    deliver,
    draw,
    progress_bar,
)


def replay(
    file: FileArgument,
    scenario: ScenarioOption = None,
    form: FormatOption = Format.TEXT,
    output: OutputOption = None,
    plot: PlotOption = None,
    quiet: QuietOption = False,
) -> None:
    """Play an outage and score it against the windows that were observed."""
    import cascade  # noqa: PLC0415 - so that --help is quick
    from cascade.loading.provenance import free_parameters  # noqa: PLC0415 - as above

    topology, text = read_with_text(file)
    with progress_bar("simulating", quiet=quiet) as progress:
        result = cascade.replay(topology, scenario, free_parameters=free_parameters(text), progress=progress)
    draw(result, plot)
    deliver(result, form, output)
