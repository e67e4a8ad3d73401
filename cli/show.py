"""The command ``show``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from cascade.report.formats import Format
from cascade_cli.options import FileArgument, OutputOption, read, write
from cascade_cli.results import deliver


class ShowFormat(StrEnum):
    """How a topology is shown: as a report, as a topology file, or as a graph in another program's language."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"
    DOT = "dot"
    MERMAID = "mermaid"
    GRAPHML = "graphml"
    NODE_LINK = "node-link"
    EDGES = "edges"
    YAML = "yaml"


ShowFormatOption = Annotated[ShowFormat, typer.Option("--format", help="How the topology is written.")]


def show(file: FileArgument, form: ShowFormatOption = ShowFormat.TEXT, output: OutputOption = None) -> None:
    """Say what is in FILE: sizes, layers, cycles, entry points, groups, domains, scenarios."""
    topology = read(file)
    if form is ShowFormat.YAML:
        from cascade.loading.write import written  # noqa: PLC0415 - so that --help is quick

        write(written(topology), output)
        return
    from cascade.graph.export import DRAWINGS  # noqa: PLC0415 - as above
    from cascade.graph.layers import shape_of  # noqa: PLC0415 - as above

    if form in DRAWINGS:
        write(DRAWINGS[form](topology.graph), output)
    else:
        deliver(shape_of(topology), Format(form), output)
