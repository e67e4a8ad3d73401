"""What a simulation gives: arrays over time with the names and inputs that made them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from cascade.model import Scenario, Topology

SERIES: Final = {
    "offered_rps": "requests and work items that arrive [1/s], mean over the sample",
    "goodput_rps": "requests answered well [1/s], mean over the sample",
    "failed_rps": "requests finished with an error [1/s], mean over the sample",
    "refused_rps": "requests turned away at once: down, throttled, queue full [1/s], mean over the sample",
    "dropped_rps": "work lost while waiting: expired, purged, lost in a crash [1/s], mean over the sample",
    "success_fraction": "share of the requests offered now that will succeed, at the end of the sample",
    "backlog_count": "requests or work items waiting, at the end of the sample; for a fleet, units out of service",
    "in_work_count": "requests being worked on or waiting for callees, at the end of the sample",
    "backlog_age_s": "age of the oldest waiting work [s], at the end of the sample",
    "sojourn_s": "mean time in the service of a request that arrives now [s], at the end of the sample",
    "capacity_rps": "requests it could do [1/s], at the end of the sample",
    "in_service_fraction": "share of a fleet's units in service, of a service's capacity that is up",
}
"""The series of a run, each an array (T, N), with meaning and unit."""


class Mechanism(IntEnum):
    """How a service was pushed out of its objective; the value is the engine's code."""

    FAULT = 0
    DEGRADED = 1
    THROTTLED = 2
    QUEUE_FULL = 3
    BACKLOG = 4
    CRASHED = 5
    CAPACITY_LOST = 6
    CALLEE_FAILS = 7
    CALLEE_REFUSES = 8
    CALLEE_LATE = 9
    STALE_ANSWER = 10
    UNITS_LOST = 11
    QUORUM_LOST = 12
    OVERLOADED = 13


@dataclass(frozen=True, slots=True)
class Fall:
    """The moment a service leaves its objective, and why."""

    name: str
    time_s: float
    mechanism: Mechanism
    cause: str | None
    """The callee, fleet or domain it came through; none when it is the service's own."""


@dataclass(frozen=True, repr=False)
class Run:
    """One scenario played on one topology.

    ``run.series["offered_rps"]`` and the other :data:`SERIES` are arrays (T, N) over
    ``times_s`` (T,) [s since the scenario's start] and ``names`` (N,): services, groups and fleets.
    """

    topology: Topology
    scenario: Scenario
    scenario_name: str
    names: tuple[str, ...]
    times_s: NDArray[np.float64]
    series: dict[str, NDArray[np.float64]]
    falls: tuple[Fall, ...]
    usual_rps: tuple[float, ...]
    """Load of each name at rest, before the first event (N,) [1/s]."""
    event_times_s: tuple[float, ...]
    """When each event of the scenario took effect (T_events,); inf for those that never could."""
    breakers_opened_s: dict[str, float]
    """When the circuit breaker of each call (``caller -> callee``) first opened [s]; inf for those that never did."""
    step_s: float
    """Time step [s]."""
    step_error_fraction: float
    """Estimated error of the step: largest mean deviation over the services, relative to the peak."""
    is_settled_at_start: bool
    """Whether the topology has a steady state before the first event."""
    version: str

    def __repr__(self) -> str:
        """Say what was played; the arrays are too large to show."""
        return f"<Run of {self.scenario_name!r} on {self.topology.name!r}: {self.hit.any(axis=0).sum()} parts hit>"

    def column(self, name: str) -> int:
        """Index of a service, group or fleet in the arrays."""
        return self._columns[name]

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.names)}

    def of(self, name: str, series: str) -> NDArray[np.float64]:
        """One series of one service (T,)."""
        return self.series[series][:, self.column(name)]

    @cached_property
    def falls_of(self) -> dict[str, list[Fall]]:
        """The falls of each name, in the order of time."""
        found: dict[str, list[Fall]] = {}
        for fall in self.falls:
            found.setdefault(fall.name, []).append(fall)
        return found

    def moment(self, time_s: float) -> dt.datetime | None:
        """Wall-clock time of a time of the run, if the scenario has a start."""
        start = self.scenario.start
        return None if start is None else start + dt.timedelta(seconds=float(time_s))

    def is_hit(self, name: str) -> NDArray[np.bool_]:
        """Whether a service is outside its objective, per sample (T,)."""
        return self.hit[:, self.column(name)]

    @cached_property
    def hit(self) -> NDArray[np.bool_]:
        """Whether each service is outside its objective, per sample (T, N).

        A service that nobody asks for anything is not hit, unless it is down itself.
        """
        from cascade.engine.objectives import hit  # noqa: PLC0415 - objectives read the run

        return hit(self)

    @property
    def frame(self) -> pd.DataFrame:
        """Long form: one row per time and service, one column per series, units in the names."""
        from cascade.report.frames import long_frame  # noqa: PLC0415 - pandas only when asked for

        return long_frame(self)

    def wide(self, series: str) -> pd.DataFrame:
        """Wide form of one series: time [s] down, services across."""
        from cascade.report.frames import wide_frame  # noqa: PLC0415 - pandas only when asked for

        return wide_frame(self, series)

    def _repr_html_(self) -> str:
        from cascade.report.html import as_notebook  # noqa: PLC0415 - how it looks in a notebook

        return as_notebook(self)
