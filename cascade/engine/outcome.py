"""What one of many runs came to; all else about it is forgotten while it runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

HIT: Final = np.dtype(
    [
        ("part", "i4"),
        ("fell_s", "f4"),
        ("back_s", "f4"),
        ("outage_s", "f4"),
        ("worst_fraction", "f4"),
        ("peak_backlog_count", "f4"),
    ]
)
"""A part that was outside its objective: its place in the names of a run, when it first fell and when it came back for
good (inf when it did not) [s], for how long it was out in all [s], the largest share of its requests that was lost, and
the most that ever waited, if more than usual."""

ENTRY: Final = np.dtype([("lost_s", "f8"), ("fell_s", "f8"), ("back_s", "f8")])
"""What users of an entry point saw: the share of their requests that was lost, summed over time [s], and when it was
outside its objective for the first and the last time [s]: nan when it never was, inf when it did not come back."""


class Ending(IntEnum):
    """How a run ended."""

    RECOVERED = 0
    """Everything is back within its objective."""
    STUCK = 1
    """Something is not, and never will be: nothing changes any more."""
    UNFINISHED = 2
    """Something is not, and the time that was asked for is over."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one run came to.

    Times are seconds from the start of the scenario. Equal runs have equal bits, see :meth:`bits`.
    """

    impact_minutes: float
    """Weighted user-minutes: share of the requests lost, over time, weighted and summed over entry points [min]."""
    violated_count: int
    """Parts that were outside their objective at some time."""
    violated_minutes: float
    """Time outside their objectives, summed over all parts [min]."""
    depth_count: int
    """Length of the longest chain of causes, from the fault to a part that fell: 0 for the fault alone."""
    peak_backlog_count: float
    """Most requests that ever waited in one place, if more than usual, or units out of service beyond the usual."""
    peak_backlog_part: int
    """Where that was, -1 when nothing waited."""
    ending: Ending
    ended_s: float
    """When the last part came back, or when the run was over [s]."""
    step_s: float
    step_error_fraction: float
    """What the results would change by with smaller steps; nan when the step was given."""
    entries: NDArray[Any]
    """(P,) :data:`ENTRY`, in the order of :func:`~cascade.engine.stage.entry_points`."""
    hits: NDArray[Any]
    """(H,) :data:`HIT`, in the order of the names."""

    def with_error(self, step_error_fraction: float) -> Outcome:
        """Give the same outcome with what is known of the error of its step."""
        return replace(self, step_error_fraction=step_error_fraction)

    @property
    def is_recovered(self) -> bool:
        """Whether everything came back."""
        return self.ending is Ending.RECOVERED

    @property
    def numbers(self) -> tuple[float, ...]:
        """Give all that is not an array, in the order of the fields."""
        return (
            self.impact_minutes, self.violated_count, self.violated_minutes, self.depth_count, self.peak_backlog_count,
            self.peak_backlog_part, int(self.ending), self.ended_s, self.step_s, self.step_error_fraction,
        )  # fmt: skip

    @property
    def bits(self) -> bytes:
        """Give the whole outcome as bytes, the same for the same outcome."""
        return np.array(self.numbers, np.float64).tobytes() + self.entries.tobytes() + self.hits.tobytes()
