"""The command ``validate``."""

from __future__ import annotations

from typing import Annotated

import typer

from cascade.report.formats import Format
from cascade_cli.options import FilesArgument, OutputOption, write
from cascade_cli.results import FormatOption, deliver

AssumptionsOption = Annotated[bool, typer.Option("--assumptions", help="List what is assumed or missing, too.")]


def validate(
    files: FilesArgument,
    assumptions: AssumptionsOption = False,
    form: FormatOption = Format.TEXT,
    output: OutputOption = None,
) -> None:
    """Say every problem of every FILE, each with its line and column, or how large it is and what it assumes."""
    from cascade.errors import TopologyError  # noqa: PLC0415 - so that --help is quick
    from cascade.loading.check import check  # noqa: PLC0415 - as above

    checks = check(files)
    if form is Format.TEXT and not assumptions:
        write("".join(f"{file}\n" for file in checks.files), output)
    else:
        deliver(checks, form, output)
    if checks.problems:
        raise TopologyError(checks.problems)
