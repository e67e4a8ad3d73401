"""When a service was hit: its samples outside the objective, as windows of time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cascade.engine.run import Run

MERGE_GAP_S: Final = 600.0
"""A service that is back for less than this has not come back [s]."""


@dataclass(frozen=True, slots=True)
class Window:
    """A time in which a service was hit."""

    name: str
    start_s: float
    end_s: float
    """inf when it is still hit at the end of the run."""

    @property
    def lasts_s(self) -> float:
        """Its length [s]."""
        return self.end_s - self.start_s


def windows(run: Run, name: str, *, merge_gap_s: float = MERGE_GAP_S) -> tuple[Window, ...]:
    """Give the windows in which a service, group or fleet was hit, in the order of time.

    Edges have the resolution of the samples. Windows with less than ``merge_gap_s`` between them
    are one: a service that is back for a few minutes has not come back.
    """
    hit = run.is_hit(name)
    steps = np.flatnonzero(np.diff(np.concatenate([[False], hit, [False]]).astype(np.int8)))
    times_s = np.append(run.times_s, math.inf)
    edges = times_s[steps].reshape(-1, 2)
    return merged((Window(name, float(start_s), float(end_s)) for start_s, end_s in edges), merge_gap_s)


def merged(parts: Iterable[Window], merge_gap_s: float) -> tuple[Window, ...]:
    """Join windows of one name, in the order of time, that lie closer together than the gap."""
    whole: list[Window] = []
    for window in parts:
        if whole and window.start_s - whole[-1].end_s < merge_gap_s:
            whole[-1] = Window(window.name, whole[-1].start_s, window.end_s)
        else:
            whole.append(window)
    return tuple(whole)


def length_within(parts: Iterable[Window], start_s: float, end_s: float) -> float:
    """Time that some windows take up between two moments [s]."""
    return sum(max(min(part.end_s, end_s) - max(part.start_s, start_s), 0.0) for part in parts)
