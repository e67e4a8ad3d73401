"""What a run did to one service, group or fleet."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from cascade.analysis.sentences import reason
from cascade.analysis.windows import Window, length_within, windows
from cascade.engine.run import Mechanism

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cascade.engine.run import Fall, Run

Kind = Literal["service", "group", "fleet"]


@dataclass(frozen=True, slots=True)
class Impact:
    """What happened to one service, group or fleet; times in seconds since the scenario's start."""

    name: str
    kind: Kind
    is_entry_point: bool
    falls_s: float
    """When it first leaves its objective."""
    returns_s: float | None
    """When it is back for good; none when not within the run."""
    mechanism: Mechanism | None
    cause: str | None
    """What it fell through; none when it fell by itself."""
    path: tuple[str, ...]
    """From the fault to it, each one the reason of the next."""
    depth_fraction: float
    """Largest share of its requests (of its units, for a fleet) that was lost at a time."""
    windows: tuple[Window, ...]
    outage_s: float
    """Time outside its objective, within the run."""
    outlasts_s: float | None
    """The part of it after the repair of the fault; none when that is never repaired."""
    requests_lost: float
    """Failed, refused and dropped, beyond what is usual before the first event."""
    peak_backlog_count: float
    """Most requests waiting; for a fleet, most units out of service."""
    peak_backlog_age_s: float

    @property
    def why(self) -> str:
        """The reason in words."""
        return reason(self.mechanism, self.cause)


def impact_of(run: Run, name: str, first_event_s: float, repaired_s: float | None) -> Impact | None:
    """Give what a run did to one of its parts from the first event on; none if it was never hit."""
    found = tuple(window for window in windows(run, name) if window.end_s > first_event_s)
    if not found:
        return None
    fall = last_fall(run, name, found[0].start_s)
    last_s, end_s = found[-1].end_s, float(run.times_s[-1])
    service = run.topology.services.get(name)
    return Impact(
        name=name,
        kind=kind_of(run, name),
        is_entry_point=service is not None and service.is_entry_point,
        falls_s=fall.time_s if fall else found[0].start_s,
        returns_s=last_s if math.isfinite(last_s) else None,
        mechanism=fall.mechanism if fall else None,
        cause=fall.cause if fall else None,
        path=path_to(run, name, found[0].start_s),
        depth_fraction=depth(run, name),
        windows=found,
        outage_s=length_within(found, first_event_s, end_s),
        outlasts_s=None if repaired_s is None else length_within(found, repaired_s, end_s),
        requests_lost=requests_lost(run, name, first_event_s),
        peak_backlog_count=float(run.of(name, "backlog_count").max()),
        peak_backlog_age_s=float(run.of(name, "backlog_age_s").max()),
    )


def with_common_cause(impact: Impact, struck: Mapping[str, str]) -> Impact:
    """Let a path that begins with a part that failed with others begin with what took them down together."""
    shared = struck.get(impact.path[0])
    if shared is None:
        return impact
    is_struck = len(impact.path) == 1 and impact.mechanism is Mechanism.FAULT
    return replace(impact, path=(shared, *impact.path), cause=shared if is_struck else impact.cause)


def kind_of(run: Run, name: str) -> Kind:
    """Say what a name stands for."""
    if name in run.topology.services:
        return "service"
    return "group" if name in run.topology.groups else "fleet"


def last_fall(run: Run, name: str, time_s: float) -> Fall | None:
    """Give the last fall of a service at or before a time."""
    return next((fall for fall in reversed(run.falls_of.get(name, ())) if fall.time_s <= time_s), None)


def path_to(run: Run, name: str, time_s: float) -> tuple[str, ...]:
    """Follow the causes of a fall back to where it all began."""
    path = {name: None}
    fall = last_fall(run, name, time_s)
    while fall is not None and fall.cause is not None and fall.cause not in path:
        path[fall.cause] = None
        fall = last_fall(run, fall.cause, fall.time_s)
    return tuple(reversed(path))


def depth(run: Run, name: str) -> float:
    """Largest share of the requests that was lost at a time while the service was hit; all while it was down."""
    hit = run.is_hit(name)
    is_up = run.of(name, "in_service_fraction") > 0.0
    return 1.0 - float(np.where(is_up, run.of(name, "success_fraction"), 0.0)[hit].min(initial=1.0))


def requests_lost(run: Run, name: str, first_event_s: float) -> float:
    """Requests that failed, were refused or dropped, beyond the rate before the first event."""
    lost_rps = sum(run.of(name, series) for series in ("failed_rps", "refused_rps", "dropped_rps"))
    assert not isinstance(lost_rps, int)
    before = run.times_s <= first_event_s
    usual_rps = float(lost_rps[before].mean()) if before.any() else 0.0
    lengths_s = np.diff(run.times_s, prepend=0.0)
    return max(float(((lost_rps - usual_rps) * lengths_s)[~before].sum()), 0.0)
