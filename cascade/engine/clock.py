"""Steps and samples: when the system is stepped and when a run looks at it."""

from __future__ import annotations

import math
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
AFTER_A_CHANGE_S = 0.001
"""Length of the first step behind an abrupt change [s]: for all of it callers still see what was before the change."""
GROWTH = 1.3
"""Factor from that step to the next and so on, until they are as long as all others."""
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
    """Longest time step [s]; found automatically by default."""
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
    """Lay steps of at most ``step_s``, short behind every abrupt change; these and samples fall on boundaries."""
    if duration_s > MOST_GIVEN_STEPS * step_s:
        raise ScenarioError(
            f"a step of {step_s:.3g} s is too short to follow {format_seconds(duration_s)}: expected "
            f"{MOST_GIVEN_STEPS:,} steps at most, of {duration_s / MOST_GIVEN_STEPS:.3g} s or more"
        )
    grid = np.linspace(0.0, duration_s, samples + 1)
    edges = np.unique(np.array([edge for edge in edges_s if 0.0 <= edge < duration_s], float))
    marks = np.unique(np.concatenate([grid, edges, short_steps(edges, duration_s, step_s)]))
    marks = marks[np.concatenate([[True], np.diff(marks) > 1e-9 * max(duration_s, 1.0)])]
    lengths = np.diff(marks)
    counts = np.maximum(np.ceil(lengths / step_s - 1e-9), 1).astype(np.int64)
    starts = np.repeat(marks[:-1], counts)
    steps = np.repeat(lengths / counts, counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    times = np.append(starts + within * steps, marks[-1])
    ends = np.searchsorted(times, grid[1:] - 1e-9 * max(duration_s, 1.0))
    return Ticks(times, ends.astype(np.int64))


def short_steps(edges_s: Floats, duration_s: float, step_s: float) -> Floats:
    """Give the ends of the steps that begin short behind each abrupt change, as far as the next one."""
    count = max(math.ceil(math.log(step_s / AFTER_A_CHANGE_S) / math.log(GROWTH)), 0)
    ends_s = np.add.outer(edges_s, np.cumsum(AFTER_A_CHANGE_S * GROWTH ** np.arange(float(count))))
    within: Floats = ends_s[ends_s < np.append(edges_s[1:], duration_s)[:, None]]
    return within
