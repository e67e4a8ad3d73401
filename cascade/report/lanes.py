"""What a timeline shows and where: lanes, marks, curves and ticks, before anything is drawn."""

from __future__ import annotations

import itertools
import math
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.analysis.blast_radius import BlastRadius
from cascade.analysis.impact import last_fall, path_to
from cascade.analysis.replay import Replay
from cascade.analysis.sentences import about, brief
from cascade.analysis.windows import length_within, windows
from cascade.report.moments import events_of, moment_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cascade.analysis.replay import Comparison
    from cascade.analysis.windows import Window
    from cascade.engine.run import Run

HOUR_S: Final = 3600.0
MOST_LANES: Final = 150
"""Lanes that fit a picture; the first to fall are drawn."""
MOST_CURVES: Final = 6
MOST_TICKS: Final = 13
LINE: Final = 92
"""Characters of an event's text that fit half of the figure."""
CLOSE: Final = 0.025
"""Share of the width in which two marks would touch."""
TICK_STEPS_S: Final = (10, 30, 60, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800)


@dataclass(frozen=True, slots=True)
class Lane:
    """One part of the topology on a timeline."""

    name: str
    is_entry_point: bool
    windows: tuple[Window, ...]
    observed: tuple[Comparison, ...]
    begins_s: float
    """First moment, observed or simulated [s]; inf for what stays up."""
    steps: int
    """Steps from the fault to it: tells apart what falls at the same moment."""
    outage: str
    """How long it was hit, in words."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What happened at one moment, under a number."""

    number: int
    time_s: float
    level: int
    """Row in which its number stands, so that no two touch."""
    when: str
    what: str

    @property
    def text(self) -> str:
        """When and what."""
        return f"{self.when}  {self.what}"


@dataclass(frozen=True, slots=True)
class Curve:
    """The waiting work of one part, as a share of its peak."""

    name: str
    share: NDArray[np.float64]
    label: str


def run_of(result: Run | BlastRadius | Replay) -> Run:
    """Give the run behind a result."""
    return result.run if isinstance(result, (BlastRadius, Replay)) else result


def make_lanes(result: Run | BlastRadius | Replay) -> list[Lane]:
    """Give a lane for each part that is hit or was observed, in the order in which they fall."""
    run = run_of(result)
    observed: dict[str, list[Comparison]] = {}
    for row in result.rows if isinstance(result, Replay) else ():
        observed.setdefault(row.service, []).append(row)
    parts = [name for name in run.names if name in observed or run.is_hit(name).any()]
    lanes = [make_lane(run, name, observed.get(name, [])) for name in parts]
    return sorted(lanes, key=lambda lane: (lane.begins_s, lane.steps))


def make_lane(run: Run, name: str, observed: Sequence[Comparison]) -> Lane:
    """Give the lane of one part."""
    found = windows(run, name)
    service = run.topology.services.get(name)
    lasts_s = length_within(found, 0.0, float(run.times_s[-1]))
    still = "+" if found and math.isinf(found[-1].end_s) else ""
    return Lane(
        name=name,
        is_entry_point=service is not None and service.is_entry_point,
        windows=found,
        observed=tuple(observed),
        begins_s=beginning(run, found, observed),
        steps=len(path_to(run, name, found[0].start_s)) if found else 0,
        outage=about(lasts_s) + still if lasts_s else "never",
    )


def beginning(run: Run, found: Sequence[Window], observed: Sequence[Comparison]) -> float:
    """Give the first moment of a lane, observed or simulated [s]; inf for what stays up."""
    seen_s = [row.start.observed_s for row in observed if row.start.observed_s is not None and not row.never]
    if found:
        fall = last_fall(run, found[0].name, found[0].start_s)
        seen_s.append(fall.time_s if fall else found[0].start_s)
    return min(seen_s, default=math.inf)


def make_marks(run: Run, width_s: float) -> list[Mark]:
    """Number what happens, moments that are the same to the eye together, in rows that keep numbers apart."""
    marks: list[Mark] = []
    free_s: list[float] = []
    known = [(time_s, text) for time_s, text in events_of(run) if math.isfinite(time_s)]
    for number, (moment, group) in enumerate(itertools.groupby(known, key=lambda pair: moment_text(run, pair[0])), 1):
        pairs = list(group)
        time_s = pairs[0][0]
        level = next((row for row, until_s in enumerate(free_s) if time_s >= until_s), len(free_s))
        free_s[level : level + 1] = [time_s + CLOSE * width_s]
        notes = "; ".join(dict.fromkeys(text for _, text in pairs))
        marks.append(Mark(number, time_s, level, moment, notes))
    return marks


def mark_lines(marks: Sequence[Mark]) -> list[tuple[str, str]]:
    """Write the marks in lines that fit half of the figure: the number, or nothing where one goes on."""
    return [
        ("" if index else str(mark.number), line)
        for mark in marks
        for index, line in enumerate(textwrap.wrap(mark.text, LINE, subsequent_indent="  "))
    ]


def make_curves(run: Run, most: int = MOST_CURVES) -> list[Curve]:
    """Give the largest backlogs: the oldest work, then the fleets that lost most units."""
    ranked = []
    for name in run.names:
        waiting, age_s = run.of(name, "backlog_count"), float(run.of(name, "backlog_age_s").max())
        fleet = run.topology.fleets.get(name)
        peak = float(waiting.max())
        grown = peak >= 1.0 and peak > 2.0 * float(waiting[0])
        if grown and fleet is not None:
            ranked.append((0.0, peak / fleet.size, name, f"{brief(peak)} units out"))
        elif grown and age_s > run.topology.objective_of(name).backlog_age_s:
            ranked.append((age_s, 0.0, name, f"{brief(peak)} waiting, oldest {about(age_s)}"))
    best = sorted(ranked, reverse=True)[:most]
    return [Curve(name, run.of(name, "backlog_count") / run.of(name, "backlog_count").max(), text)
            for _, _, name, text in best]  # fmt: skip


def last_moment(run: Run, lanes: Sequence[Lane]) -> float:
    """Give the time until which there is something to see [s]."""
    ends_s = [window.end_s for lane in lanes for window in lane.windows]
    ends_s += [row.end.observed_s for lane in lanes for row in lane.observed if row.end.observed_s is not None]
    ends_s += [time_s for time_s in run.event_times_s if math.isfinite(time_s)]
    return min(max(ends_s, default=run.scenario.duration_s) * 1.04, run.scenario.duration_s)


def ticks(run: Run, until_s: float) -> tuple[list[float], list[str]]:
    """Give round times of the clock [s] and how they are written; the day where it begins."""
    step_s = next((step for step in TICK_STEPS_S if until_s / step <= MOST_TICKS), TICK_STEPS_S[-1])
    start = run.moment(0.0)
    offset_s = 0.0 if start is None else (start.hour * HOUR_S + start.minute * 60.0 + start.second) % step_s
    times_s = [time for time in np.arange(-offset_s, until_s + 1e-6, step_s).tolist() if time >= 0.0]
    if start is None:
        return times_s, [about(time_s) for time_s in times_s]
    labels, day = [], None
    for time_s in times_s:
        moment = run.moment(time_s)
        assert moment is not None
        labels.append(f"{moment:%H:%M}" if moment.date() == day else f"{moment:%H:%M}\n{moment:%a %d %b %Y}")
        day = moment.date()
    return times_s, labels


def loss_in(run: Run, name: str) -> NDArray[np.float64]:
    """Share of the requests (of the units) lost while a part is hit, NaN while it is not (T,)."""
    lost = 1.0 - run.of(name, "success_fraction")
    lost = np.where(run.of(name, "in_service_fraction") <= 0.0, 1.0, lost)
    return np.where(run.is_hit(name), lost, math.nan)


def shortened(name: str, most: int = 34) -> str:
    """Cut the middle out of a name that is too long for its place; no markup in it is read as mathematics."""
    return unmarked(name if len(name) <= most else f"{name[: most - 12]}...{name[-9:]}")


def unmarked(text: str) -> str:
    """Keep markup in a text from being read as mathematics."""
    return text.replace("$", r"\$")
