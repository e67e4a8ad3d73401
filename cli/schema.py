"""The command ``schema``."""

from __future__ import annotations

from typing import Annotated

import typer

from cascade_cli.options import OutputOption, write

DocumentArgument = Annotated[str | None, typer.Argument(metavar="COMMAND", help="Of what this command writes as JSON.")]


def schema(command: DocumentArgument = None, output: OutputOption = None) -> None:
    """Print the JSON Schema of topology files, for editors and checkers, or of what a command writes."""
    if command is None:
        from cascade.loading.schema import schema_text  # noqa: PLC0415 - so that --help is quick

        write(schema_text(), output)
    else:
        from cascade.report.schemas import document_schema_text  # noqa: PLC0415 - as above

        write(document_schema_text(command), output)
