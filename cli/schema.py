"""The command ``schema``."""

from __future__ import annotations

from cascade_cli.options import OutputOption, write


def schema(output: OutputOption = None) -> None:
    """Print the JSON Schema of topology files, for editors and checkers."""
    from cascade.loading.schema import schema_text  # noqa: PLC0415 - so that --help is quick

    write(schema_text(), output)
