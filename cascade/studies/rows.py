"""Outcomes as rows of a store: numbers in columns of their own, arrays packed small."""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cascade.engine.outcome import ENTRY, HIT, Ending, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

Row = tuple[Any, ...]
"""Number of the run, its label, the numbers of its outcome, its entries and its hits."""

COLUMNS: Final = {
    "impact_minutes": "f8",
    "violated_count": "i8",
    "violated_minutes": "f8",
    "depth_count": "i8",
    "peak_backlog_count": "f8",
    "peak_backlog_part": "i8",
    "ending": "i8",
    "ended_s": "f8",
    "step_s": "f8",
    "step_error_fraction": "f8",
}
"""Numbers of an outcome, in the order of :attr:`~cascade.engine.outcome.Outcome.numbers`."""
NUMBERS: Final = np.dtype([("run", "i8"), *COLUMNS.items()])
"""One run in a table of numbers."""
LEVEL: Final = 1
"""Of compression: more takes longer than it saves."""


def row_of(number: int, label: str, outcome: Outcome) -> Row:
    """Give the row of an outcome.

    A row has no minus zero and no nan but the usual one (SQLite keeps neither), so that what is read back has the same
    bits as what was put in, see :func:`outcome_of`.
    """
    numbers = [kept(getattr(outcome, name), kind) for name, kind in COLUMNS.items()]
    return (number, label, *numbers, packed(outcome.entries, ENTRY), packed(outcome.hits, HIT))


def kept(value: float, kind: str) -> float | None:
    """Give a number as SQLite keeps it: whole numbers as such, nan as null."""
    if kind == "i8":
        return int(value)
    return None if math.isnan(value) else float(value) + 0.0


def outcome_of(numbers: Iterable[Any], entries: bytes, hits: bytes) -> Outcome:
    """Give the outcome of a row."""
    values: dict[str, Any] = dict(
        zip(COLUMNS, (math.nan if value is None else value for value in numbers), strict=True)
    )
    values["ending"] = Ending(values["ending"])
    return Outcome(**values, entries=unpacked(entries, ENTRY), hits=unpacked(hits, HIT))


def packed(array: NDArray[Any], kind: np.dtype[Any]) -> bytes:
    """Pack an array: little-endian, first bytes of all its entries first, then the second ones, then zlib.

    Bytes of the same place are alike, so this takes half of what packing the entries one after the other would.
    """
    little = np.ascontiguousarray(array, kind.newbyteorder("<"))
    octets = np.frombuffer(little.tobytes(), np.uint8).reshape(-1, kind.itemsize)
    return zlib.compress(octets.T.tobytes(), LEVEL)


def unpacked(blob: bytes, kind: np.dtype[Any]) -> NDArray[Any]:
    """Give back what was packed."""
    octets = np.frombuffer(zlib.decompress(blob), np.uint8).reshape(kind.itemsize, -1)
    return np.frombuffer(octets.T.tobytes(), kind.newbyteorder("<")).astype(kind)
