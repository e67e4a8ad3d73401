"""The command ``check``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cascade.report.formats import CheckFormat
from cascade_cli.lint import DayOption, ZeroOption
from cascade_cli.options import FileArgument, OutputOption, not_twice, read, read_with_text, write
from cascade_cli.results import QuietOption, progress_bar

CheckFormatOption = Annotated[CheckFormat, typer.Option("--format", help="How the result is written.")]
BarOption = Annotated[
    list[str] | None,
    typer.Option("--fail-on", metavar="BAR", help="What fails; repeatable; high, and with it unmet expectations."),
]
BaseOption = Annotated[
    str | None, typer.Option("--against", metavar="BASE", help="Topology file as it was before the change.")
]
BaselineOption = Annotated[
    Path | None, typer.Option("--baseline", dir_okay=False, help="File of known findings, which do not fail.")
]
WriteOption = Annotated[
    Path | None,
    typer.Option("--write-baseline", dir_okay=False, help="Write all findings to this file as known, and succeed."),
]
AlsoOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--also", metavar="FILE", help="Write it to this file, too: .sarif, .xml (JUnit), .md, .json, .csv, .txt."
    ),
]


def check(
    file: FileArgument,
    fail_on: BarOption = None,
    against: BaseOption = None,
    baseline: BaselineOption = None,
    write_baseline: WriteOption = None,
    form: CheckFormatOption = CheckFormat.TEXT,
    output: OutputOption = None,
    also: AlsoOption = None,
    exit_zero: ZeroOption = False,
    today: DayOption = None,
    quiet: QuietOption = False,
) -> None:
    """Say whether FILE is good enough to merge: its lint, expectations, objectives and measures against a bar.

    A bar is a severity, which stands for the worse ones too, a rule, or a measure compared with a number: spof>0,
    blast-radius>40%, availability<99.9%, amplification>3. With --against there are more: new-single-point,
    new-impact and new-finding. The exit code is 1 when anything meets one of them, in every format.
    """
    import cascade  # noqa: PLC0415 - so that --help is quick
    from cascade.analysis.baseline import baseline_text  # noqa: PLC0415 - as above
    from cascade.analysis.check import DEFAULT_BARS, bars_of  # noqa: PLC0415 - as above
    from cascade.loading.source import file_label  # noqa: PLC0415 - as above
    from cascade.report.check_formats import WRITERS, format_of  # noqa: PLC0415 - as above

    bars = fail_on or DEFAULT_BARS
    bars_of(bars, has_base=against is not None)
    not_twice(file, against)
    outputs = [(form, output), *((format_of(path), path) for path in also or ())]
    topology, text = read_with_text(file)
    with progress_bar("simulating", quiet=quiet) as progress:
        found = cascade.check(
            topology,
            fail_on=bars,
            base=None if against is None else read(against),
            baseline=() if baseline is None else cascade.read_baseline(baseline),
            text=text,
            file=file_label(file),
            today=today,
            progress=progress,
        )
    if write_baseline is not None:
        write(baseline_text(judged.finding for judged in found.judged), write_baseline)
        found = found.accepted()
    for each, path in outputs:
        write(WRITERS[each](found), path)
    if not found.is_passed and not exit_zero:
        raise typer.Exit(1)
