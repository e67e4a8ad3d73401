"""A topology from a file or a text, YAML or JSON; a large one that was read before comes from the cache."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cascade.loading import cache
from cascade.loading.source import file_label, is_json_name, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cascade.model import Topology


def load(path: str | Path) -> Topology:
    """Read a topology file; ``-`` is standard input.

    Raises
    ------
    TopologyError
        With every problem of the file, sorted by line.

    Examples
    --------
    >>> load("topologies/missing.yaml")
    Traceback (most recent call last):
    cascade.errors.TopologyError: topologies/missing.yaml: no such file or directory
    """
    return loads(read_text(path), file=file_label(path))


def loads(text: str, *, file: str = "<text>") -> Topology:
    """Read a topology from YAML or JSON text; ``file`` is what messages call it.

    Raises
    ------
    TopologyError
        With every problem of the text, sorted by line.

    Examples
    --------
    >>> loads("services: {web: {calls: [db]}, db: }").services["web"].calls[0].to
    'db'
    """
    with without_collector():
        entry = cache.entry_of(text, is_json=is_json_name(file))
        if entry and (known := cache.kept(entry)):
            return known
        from cascade.loading.anew import topology_in  # noqa: PLC0415 - what is known needs no parser

        topology = topology_in(text, file)
        if entry:
            cache.keep(entry, topology)
    return topology


@contextmanager
def without_collector() -> Iterator[None]:
    """Let nobody look for garbage meanwhile: there is none, and looking takes longer than reading."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
