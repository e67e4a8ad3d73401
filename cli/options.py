"""What the commands share: the topology file that they read, and the file that they write."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cascade.errors import CascadeError

if TYPE_CHECKING:
    from cascade.model import Topology

FileArgument = Annotated[str, typer.Argument(metavar="FILE", help="Topology file; - is standard input.")]
FilesArgument = Annotated[list[str], typer.Argument(metavar="FILE", help="Topology files; - is standard input.")]
OutputOption = Annotated[Path | None, typer.Option("--output", "-o", help="Write it to this file.")]


class Engine(StrEnum):
    """Where the runs of a study are played."""

    LOCAL = "local"
    DASK = "dask"


EngineOption = Annotated[Engine, typer.Option("--engine", help="Where it runs: on this machine, or on a Dask cluster.")]
WorkersOption = Annotated[int | None, typer.Option("--workers", min=1, help="Processes; one for each processor.")]
SchedulerOption = Annotated[
    str | None, typer.Option("--scheduler", metavar="ADDRESS", help="Dask scheduler, like tcp://10.0.0.1:8786.")
]
StoreOption = Annotated[
    Path | None, typer.Option("--store", dir_okay=False, help="Keeps finished runs; a file in the user's cache.")
]


def seconds(text: str) -> float:
    """Read a duration."""
    from cascade.units import MAX_SECONDS, parse_seconds  # noqa: PLC0415 - so that --help is quick

    try:
        time_s = parse_seconds(text)
    except ValueError as error:
        raise typer.BadParameter(f"expected {error}, got '{text}'") from None
    if time_s > MAX_SECONDS:
        raise typer.BadParameter(f"expected 100000d or less, got '{text}'")
    return time_s


StepOption = Annotated[
    float | None, typer.Option("--step", parser=seconds, metavar="DURATION", help="Length of a step; found by itself.")
]


def not_twice(one: str, other: str | None) -> None:
    """Refuse to read two files from one pipe."""
    if one == other == "-":
        raise CascadeError("expected two files, got standard input twice")


def read(file: str) -> Topology:
    """Read the topology that a command is about."""
    return read_with_text(file)[0]


def read_with_text(file: str) -> tuple[Topology, str]:
    """Read a topology together with its text, whose comments say where its numbers are from."""
    from cascade.loading.read import loads  # noqa: PLC0415 - so that --help is quick
    from cascade.loading.source import file_label, read_text  # noqa: PLC0415 - as above

    text = read_text(file)
    return loads(text, file=file_label(file)), text


def write(text: str, output: Path | None) -> None:
    """Write a result to standard output, or to a file that is never seen half written."""
    if output is None or str(output) == "-":
        show(text)
        return
    target = output.resolve()
    try:
        if target.exists() and not target.is_file():  # a pipe or a device
            target.write_text(text, encoding="utf-8")
        else:
            replace(target, text)
    except OSError as error:
        raise CascadeError(f"{output}: cannot be written: {(error.strerror or str(error)).lower()}") from None


def show(text: str) -> None:
    """Write to standard output; a reader that has gone away, as ``head`` does, is no error."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise CascadeError(f"standard output: cannot be written: {(error.strerror or str(error)).lower()}") from None


def replace(target: Path, text: str) -> None:
    """Put a text in the place of a file in one step."""
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
