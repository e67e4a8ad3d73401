"""A run, cut into frames: which part changes its state when, and nothing about those that do not."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

from cascade.analysis.sentences import brief
from cascade.engine.plan import members
from cascade.report.drawing.states import ALL_FRACTION, State, states_of_part
from cascade.report.lanes import last_moment, make_lanes, make_marks
from cascade.report.moments import moment_text
from cascade.units import format_seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from cascade.analysis.sweep import Sweep
    from cascade.engine.run import Run

    Floats = NDArray[np.float64]
    States = NDArray[np.int8]
    Number = TypeVar("Number", np.int8, np.float64)

WORKS, HIT, DOWN, BACK = map(int, State)
MOST_FRAMES: Final = 480
STEPS_S: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400, 604800)
"""Lengths of a frame that give round times [s]."""
NOTED_FRACTION: Final = 0.1
"""How much more or less work waits when it is noted again."""


@dataclass(frozen=True, slots=True)
class Film:
    """What one run does to the parts, frame by frame; parts go by their numbers."""

    label: str
    start: int
    """The frame in which most is hit."""
    changes: Mapping[int, Sequence[int]]
    """For each part that changes: a frame, the state from then on, the next frame, and so on."""
    events: Sequence[tuple[int, str]] = ()
    """What happens from outside, by frame."""
    waiting: Mapping[int, Sequence[int | str]] = field(default_factory=dict)
    """For each part with a backlog: a frame, how much waits from then on, the next frame, and so on."""

    def states(self, frame: int) -> dict[int, int]:
        """Give the state that each part that ever changes has in a frame."""
        return {part: state_at(listed, frame) for part, listed in self.changes.items()}

    @property
    def document(self) -> dict[str, Any]:
        """Give it as the script of the page reads it."""
        return {
            "label": self.label,
            "start": self.start,
            "changes": {str(part): list(listed) for part, listed in self.changes.items()},
            "events": [list(event) for event in self.events],
            "waiting": {str(part): list(listed) for part, listed in self.waiting.items()},
        }


def state_at(listed: Sequence[int], frame: int) -> int:
    """Give the state in a frame.

    Examples
    --------
    >>> state_at([4, HIT, 9, BACK], 5)
    1
    """
    return next((state for at, state in zip(listed[-2::-2], listed[::-2], strict=True) if at <= frame), WORKS)


def frame_times(end_s: float) -> Floats:
    """Give the times of the frames from the start to an end [s]: round ones, and the end itself.

    Examples
    --------
    >>> frame_times(7000.0)[[0, 1, -1]].tolist()
    [0.0, 15.0, 7000.0]
    """
    step_s = next((step for step in STEPS_S if end_s / step <= MOST_FRAMES), end_s / MOST_FRAMES)
    return np.minimum(np.arange(np.ceil(end_s / step_s) + 1.0) * step_s, end_s)


def end_of(run: Run) -> float:
    """Give the time until which a run has something to show [s]."""
    return last_moment(run, make_lanes(run))


def film_of_run(run: Run, times_s: Floats) -> Film:
    """Cut a run into frames."""
    changes, start = cut(in_frames(states_of(run), run.times_s, times_s))
    events = [(frame_with(times_s, mark.time_s), mark.text) for mark in make_marks(run, run.scenario.duration_s)]
    return Film(run.scenario_name, start, changes, events, waiting_of(run, times_s, changes))


def states_of(run: Run) -> States:
    """Give the state of each part, per sample (T, N); whether it was hit before makes none here."""
    states = np.zeros(run.hit.shape, np.int8)
    for column in np.flatnonzero(run.hit.any(axis=0)).tolist():
        found = states_of_part(run, run.names[column])
        states[:, column] = np.where(found == BACK, WORKS, found)
    return states


def in_frames(values: NDArray[Number], samples_s: Floats, times_s: Floats) -> NDArray[Number]:
    """Give the worst that samples (T, N) say of each part from a frame until the next (F, N)."""
    begins: list[int] = np.minimum(np.searchsorted(samples_s, times_s, side="right"), len(samples_s) - 1).tolist()
    return np.array([values[one : max(other, one + 1)].max(axis=0) for one, other in pairwise([*begins, begins[-1]])])


def cut(states: States) -> tuple[dict[int, list[int]], int]:
    """Give the changes of each part, and the frame in which most is hit, from states (F, N)."""
    was_hit = np.maximum.accumulate(states, axis=0) > WORKS
    told = np.where((states == WORKS) & was_hit, BACK, states)
    changed = np.diff(told, axis=0, prepend=WORKS) != 0
    columns = np.flatnonzero(changed.any(axis=0)).tolist()
    changes = {
        column: [number for frame in np.flatnonzero(changed[:, column]).tolist()
                 for number in (frame, int(told[frame, column]))]
        for column in columns
    }  # fmt: skip
    return changes, int(states.sum(axis=1, dtype=np.int64).argmax())


def frame_with(times_s: Floats, time_s: float) -> int:
    """Give the frame in which something happens: the last one that does not begin later."""
    return max(int(np.searchsorted(times_s, time_s + 1e-6, side="right")) - 1, 0)


def frame_of(times_s: Floats, time_s: float) -> int:
    """Give the first frame that is not before a time."""
    return min(int(np.searchsorted(times_s, time_s - 1e-6)), len(times_s) - 1)


def waiting_of(run: Run, times_s: Floats, changes: Mapping[int, Sequence[int]]) -> dict[int, list[int | str]]:
    """Note about how much work waits at most, frame by frame, at the parts that are hit."""
    columns = list(changes)
    most = in_frames(run.series["backlog_count"][:, columns], run.times_s, times_s)
    found = {column: noted(counts.tolist()) for column, counts in zip(columns, most.T, strict=True)}
    return {column: notes for column, notes in found.items() if notes}


def noted(counts: Iterable[float]) -> list[int | str]:
    """Give where a count becomes another to the eye, and how it is written there; nothing for less than one.

    Examples
    --------
    >>> noted([0.0, 1234.0, 1250.0, 2000.0, 0.2])
    [1, '1.2k', 3, '2k', 4, '']
    """
    notes: list[int | str] = []
    last = 0.0
    for frame, count in enumerate(counts):
        now = count if count >= 1.0 else 0.0
        if abs(now - last) > NOTED_FRACTION * min(now, last):
            notes += [frame, brief(float(f"{now:.2g}")) if now else ""]
            last = now
    return notes


def films_of_sweep(sweep: Sweep, times_s: Floats) -> list[Film]:
    """Give a film of each of the worst contingencies."""
    films = []
    for index in sweep.ranking.tolist():
        if index in sweep.leading:
            states = np.zeros((len(times_s), len(sweep.names)), np.int8)
            failed = whole(sweep, index)
            for hit in sweep.leading[index]:
                until = frame_of(times_s, hit["back_s"]) if np.isfinite(hit["back_s"]) else len(times_s)
                during = slice(int(np.searchsorted(times_s, hit["fell_s"], side="right")) - 1, until)
                is_down = hit["worst_fraction"] >= ALL_FRACTION or sweep.names[hit["part"]] in failed
                states[during, hit["part"]] = DOWN if is_down else HIT
            changes, start = cut(states)
            films.append(Film(sweep.labels[index], start, changes))
    return films


def whole(sweep: Sweep, index: int) -> set[str]:
    """Name all that a contingency lets fail as a whole: it is down, whether anybody asks it for anything or not."""
    targets = sweep.study.contingencies[index]
    return {name for target in targets for name, share in members(sweep.topology, target) if share >= 1.0}


def end_of_sweep(sweep: Sweep) -> float:
    """Give the time until which the worst contingencies have something to show [s]."""
    ends_s = [hit["back_s"] for hits in sweep.leading.values() for hit in hits if np.isfinite(hit["back_s"])]
    open_s = [sweep.study.horizon_s for hits in sweep.leading.values() if not np.isfinite(hits["back_s"]).all()]
    return float(min(max([sweep.study.lasts_s, *ends_s, *open_s]) * 1.04, sweep.study.horizon_s))


def moments_of_run(run: Run, times_s: Floats) -> list[str]:
    """Write the time of each frame: as the clock says where there is one."""
    if run.scenario.start is None:
        return moments_since(times_s)
    return [moment_text(run, time_s) for time_s in times_s.tolist()]


def moments_since(times_s: Floats) -> list[str]:
    """Write the time of each frame, from the start on.

    Examples
    --------
    >>> moments_since(frame_times(7000.0))[49]
    '+12m15s'
    """
    return [f"+{format_seconds(round(time_s, 1))}" for time_s in times_s.tolist()]
