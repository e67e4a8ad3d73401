"""Steps and samples: when the system is stepped and when a run looks at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cascade.errors import ScenarioError
from cascade.units import format_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cascade.engine.system import Floats, Ints

TOLERANCE = 0.01
"""Error that the automatic step aims at: half of the promised two per cent."""
FIRST_STEPS = 1500
"""Steps of the first try."""
MOST_STEPS = 3_000_000
"""Steps after which the automatic step settles for the error it has."""
MOST_GIVEN_STEPS = 20_000_000
"""Steps of a run whose step is given: their times fit into memory."""


@dataclass(frozen=True, slots=True)
class Clock:
    """How finely a run is stepped and sampled."""

    step_s: float | None = None
    """Time step [s]; found automatically by default."""
    samples: int | None = None
    """Samples kept of the run; by size of the topology by default."""


@dataclass(frozen=True)
class Ticks:
    """Boundaries of the steps, and of the samples among them."""

    times_s: Floats
    """(K + 1,) step k goes from ``times_s[k]`` to ``times_s[k + 1]``."""
    sample_ends: Ints
    """(T,) index into ``times_s`` of the end of each sample."""


def ticks(duration_s: float, edges_s: Sequence[float], *, step_s: float, samples: int) -> Ticks:
    """Lay steps of at most ``step_s`` such that every abrupt change and every sample falls on a boundary."""
    if duration_s > MOST_GIVEN_STEPS * step_s:
        raise ScenarioError(
            f"a step of {step_s:.3g} s is too short to follow {format_seconds(duration_s)}: expected "
            f"{MOST_GIVEN_STEPS:,} steps at most, of {duration_s / MOST_GIVEN_STEPS:.3g} s or more"
        )
    grid = np.linspace(0.0, duration_s, samples + 1)
    inner = [edge for edge in edges_s if 0.0 < edge < duration_s]
    marks = np.unique(np.concatenate([grid, np.array(inner, float)]))
    marks = marks[np.concatenate([[True], np.diff(marks) > 1e-9 * max(duration_s, 1.0)])]
    lengths = np.diff(marks)
    counts = np.maximum(np.ceil(lengths / step_s - 1e-9), 1).astype(np.int64)
    starts = np.repeat(marks[:-1], counts)
    steps = np.repeat(lengths / counts, counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    times = np.append(starts + within * steps, marks[-1])
    ends = np.searchsorted(times, grid[1:] - 1e-9 * max(duration_s, 1.0))
    return Ticks(times, ends.astype(np.int64))
