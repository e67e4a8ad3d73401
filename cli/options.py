"""What the commands share: the topology file that they read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cascade.model import Topology

FileArgument = Annotated[str, typer.Argument(metavar="FILE", help="Topology file; - is standard input.")]
FilesArgument = Annotated[list[str], typer.Argument(metavar="FILE...", help="Topology files; - is standard input.")]


def read(file: str) -> Topology:
    """Read the topology that a command is about."""
    return read_with_text(file)[0]


def read_with_text(file: str) -> tuple[Topology, str]:
    """Read a topology together with its text, whose comments say where its numbers are from."""
    from cascade.loading.read import loads  # noqa: PLC0415 - so that --help is quick
    from cascade.loading.source import file_label, read_text  # noqa: PLC0415 - as above

    text = read_text(file)
    return loads(text, file=file_label(file)), text
