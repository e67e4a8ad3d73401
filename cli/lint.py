"""The command ``lint``."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from cascade.report.formats import Format
from cascade_cli.options import FileArgument, OutputOption, read_with_text, write
from cascade_cli.results import FormatOption, deliver


def day(text: str) -> dt.date:
    """Read a day."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"expected a day, like 2027-01-31, got '{text}'") from None


BarOption = Annotated[
    list[str] | None,
    typer.Option("--fail-on", metavar="high|medium|low|RULE", help="What makes the exit code 1; repeatable; high."),
]
ZeroOption = Annotated[bool, typer.Option("--exit-zero", help="Exit code 0 whatever is found.")]
DayOption = Annotated[
    dt.date | None, typer.Option("--today", parser=day, metavar="DAY", help="Day for which suppressions count; today.")
]


def lint(
    file: FileArgument,
    form: FormatOption = Format.TEXT,
    fail_on: BarOption = None,
    exit_zero: ZeroOption = False,
    today: DayOption = None,
    output: OutputOption = None,
) -> None:
    """Say what is wrong with the timeouts, retries, fallbacks and promises of FILE before anything fails.

    The exit code is 1 when a finding meets --fail-on: a severity, which stands for the worse ones too, or a rule.
    """
    import cascade  # noqa: PLC0415 - so that --help is quick
    from cascade.analysis.bars import read_bars  # noqa: PLC0415 - as above
    from cascade.analysis.lint.rules import RULES  # noqa: PLC0415 - as above
    from cascade.loading.source import file_label  # noqa: PLC0415 - as above
    from cascade.report.lint import lint_text  # noqa: PLC0415 - as above

    bars = read_bars(fail_on or ["high"], [rule.name for rule in RULES])
    topology, text = read_with_text(file)
    findings = cascade.lint(topology, text=text, file=file_label(file), today=today)
    if form is Format.TEXT:
        write(lint_text(findings), output)
    else:
        deliver(findings, form, output)
    if any(map(bars.meets, findings)) and not exit_zero:
        raise typer.Exit(1)
