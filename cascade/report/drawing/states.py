"""What state each part of a run is in, as a word, over time and at its worst."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.analysis.blast_radius import BlastRadius
from cascade.analysis.impact import Impact, impact_of
from cascade.report.lanes import loss_in, run_of
from cascade.report.moments import moment_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cascade.analysis.replay import Replay
    from cascade.engine.run import Run

ALL_FRACTION: Final = 0.995
"""Share of its requests that a part has lost when it is down and not only hit."""


class State(IntEnum):
    """How a part does at one moment; the name in small letters is the word and the class in a drawing."""

    WORKS = 0
    HIT = 1
    """Part of its requests is lost, or late."""
    DOWN = 2
    """All of them are lost."""
    BACK = 3
    """It works again."""

    @property
    def word(self) -> str:
        """The state in a word."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Worst:
    """The worst that a part went through."""

    state: State
    when: str
    """From when to when it was hit, as the clock says; empty for what works all the time."""

    @property
    def text(self) -> str:
        """State and time in words."""
        return f"{self.state.word} {self.when}".rstrip()


def states_of(run: Run) -> NDArray[np.int8]:
    """Give the state of each part at each time of a run (T, N)."""
    return np.stack([states_of_part(run, name) for name in run.names], axis=1)


def states_of_part(run: Run, name: str) -> NDArray[np.int8]:
    """Give the state of one part at each time of a run (T,)."""
    hit, loss = run.is_hit(name), np.nan_to_num(loss_in(run, name))
    was_hit = np.maximum.accumulate(hit)
    found = np.where(was_hit, State.BACK, State.WORKS)
    return np.where(hit, np.where(loss >= ALL_FRACTION, State.DOWN, State.HIT), found).astype(np.int8)


def impacts_of(result: Run | BlastRadius | Replay) -> dict[str, Impact]:
    """Give what happened to everything that was hit, by name, in the order in which it fell."""
    if isinstance(result, BlastRadius):
        return {impact.name: impact for impact in result.impacts}
    run = run_of(result)
    names = [name for name in run.names if run.is_hit(name).any()]
    found = [impact for name in names if (impact := impact_of(run, name, 0.0, None)) is not None]
    return {impact.name: impact for impact in sorted(found, key=lambda impact: impact.falls_s)}


def worst_before(run: Run, name: str) -> Worst:
    """Give the worst of a part that was hit before anything happened."""
    is_down = (states_of_part(run, name) == State.DOWN).any()
    return Worst(State.DOWN if is_down else State.HIT, "before it began")


def worst_of(run: Run, impact: Impact | None) -> Worst:
    """Give the worst that a part went through, and when."""
    if impact is None:
        return Worst(State.WORKS, "")
    state = State.DOWN if impact.depth_fraction >= ALL_FRACTION else State.HIT
    start = moment_text(run, impact.falls_s)
    if impact.returns_s is None:
        return Worst(state, f"from {start} on")
    end = moment_text(run, impact.returns_s)
    day, _, clock = end.rpartition(" ")
    return Worst(state, f"{start} to {clock if day and start.startswith(day) else end}")
