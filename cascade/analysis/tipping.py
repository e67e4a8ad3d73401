"""Whether a system that is down after a fault gets better by itself, and where that tips."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from cascade.analysis.blast_radius import FAULTS, undoes
from cascade.engine.outcome import Ending
from cascade.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from cascade.engine.outcome import Outcome
    from cascade.model import Event, Scenario, Topology

    Floats = NDArray[np.float64]

BETTER_FRACTION: Final = 0.01
"""Share of the losses by which they have to go down to count as getting better."""
GROWN: Final = 1e-6
"""Share by which the most that ever waited has to grow to count as growing."""


@dataclass(frozen=True, eq=False)
class Boundary:
    """Between which two values of y a system tips, for each x; nan where it does not."""

    low: NDArray[np.float64]
    """(X,)"""
    high: NDArray[np.float64]
    """(X,)"""
    is_back_below: NDArray[np.bool_]
    """(X,) Whether it comes back at the lower value, and not at the higher one; else it is the other way round."""

    @classmethod
    def of_grid(cls, y_values: Floats, phase: NDArray[np.int8]) -> Self:
        """Find the first two neighbours in each column of which one comes back and the other one does not."""
        is_back = phase == 0
        tips = is_back[:, 1:] != is_back[:, :-1]
        first, some = (tips.argmax(axis=1), tips.any(axis=1)) if tips.shape[1] else (0, np.zeros(len(phase), bool))
        first = np.broadcast_to(first, len(phase))
        low, high = y_values[first], y_values[np.minimum(first + 1, y_values.size - 1)]
        below = is_back[np.arange(len(phase)), first]
        return cls(np.where(some, low, math.nan), np.where(some, high, math.nan), below)


def judged(outcome: Outcome, over_s: float, duration_s: float, until: Callable[[float], Outcome]) -> Outcome:
    """Say whether a run that is not over is stuck: ever more waits, and users lose as much as before.

    The time after the last change from outside is cut into thirds, and the last two are compared.
    """
    if outcome.ending is not Ending.UNFINISHED or not np.isinf(outcome.entries["back_s"]).any():
        return outcome
    rest_s = duration_s - over_s
    if rest_s <= 0.0:
        return outcome
    first, second = (until(over_s + rest_s * share) for share in (1.0 / 3.0, 2.0 / 3.0))
    before, after = second.impact_minutes - first.impact_minutes, outcome.impact_minutes - second.impact_minutes
    is_no_better = after >= before * (1.0 - BETTER_FRACTION)
    has_grown = outcome.peak_backlog_count > second.peak_backlog_count * (1.0 + GROWN)
    return replace(outcome, ending=Ending.STUCK) if is_no_better and has_grown else outcome


def lasting_faults(topology: Topology, name: str) -> float:
    """Give when the last fault of a scenario is over [s].

    Raises
    ------
    StudyError
        When one never is, or not within the scenario.
    """
    scenario = topology.scenarios[name]
    faults = [event for event in scenario.events if event.action in (*FAULTS, "surge")]
    endless = next((event for event in faults if not math.isfinite(end_s(topology, scenario, event))), None)
    if endless is not None:
        raise StudyError(
            f"{topology.name}, {name}: '{endless.action} {endless.target}' never ends, so that nothing can come back; "
            "expected a fault with an end, like for: 1m"
        )
    return max((end_s(topology, scenario, event) for event in faults), default=0.0)


def end_s(topology: Topology, scenario: Scenario, event: Event) -> float:
    """Give when an event is undone [s], inf if never; what a fleet loses comes back by its own means."""
    at_s = scenario.seconds(event.at)
    if event.lasts_s is not None:
        return at_s + event.lasts_s
    fleet = topology.fleets.get(event.target)
    if event.action == "lose" or (fleet is not None and fleet.restored_by is not None):
        return at_s
    later = [other for other in scenario.events if scenario.seconds(other.at) > at_s and undoes(topology, other, event)]
    return min((scenario.seconds(other.at) for other in later), default=math.inf)


def last_change_s(topology: Topology, scenario: Scenario) -> float:
    """Give when the last thing from outside happens or ends [s]."""
    ends_s = [end_s(topology, scenario, event) for event in scenario.events if event.action in (*FAULTS, "surge")]
    ends_s += [scenario.seconds(event.at) + (event.lasts_s or 0.0) + event.over_s for event in scenario.events]
    return max((each for each in ends_s if math.isfinite(each)), default=0.0)
