"""Topologies from the files that people have; each format is one file in :mod:`cascade.importers.formats`.

``read`` takes files of any format; a function named after a format takes files of that one::

    imported = importers.compose("compose.yaml")
    imported.topology, imported.text, imported.report
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from cascade.importers.format import Options

if TYPE_CHECKING:
    from collections.abc import Callable

    from cascade.importers.reading import Imported, read

__all__ = ["Imported", "Options", "read"]


def __getattr__(name: str) -> Any:
    """Give ``read``, or the importer of a format, when it is first used."""
    if name not in {"FORMATS", "formats", "reading"}:
        reading = importlib.import_module("cascade.importers.reading")  # when needed, so that looking is cheap
        if name in __all__:
            return getattr(reading, name)
        if name in reading.FORMATS:
            return importer_of(name, reading.read)
    msg = f"module 'cascade.importers' has no attribute '{name}'"
    raise AttributeError(msg)


def importer_of(name: str, read: Callable[..., Imported]) -> Callable[..., Imported]:
    """Make the function that imports files of one format."""

    def importer(*paths: Any, options: Options | None = None) -> Imported:
        return read(paths, name.replace("_", "-"), options=options)

    importer.__name__ = importer.__qualname__ = name
    importer.__doc__ = f"Import {name} files: paths, folders or binary streams; see ``cascade.importers.read``."
    return importer


def __dir__() -> list[str]:
    """List the public names."""
    from cascade.importers.reading import FORMATS  # noqa: PLC0415 - as above

    return [*__all__, *FORMATS]
