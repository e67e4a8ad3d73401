"""How well a simulated outage follows the one that happened."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cascade.analysis.windows import Window, windows
from cascade.engine.simulate import simulate
from cascade.errors import ScenarioError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cascade.engine.clock import Clock
    from cascade.engine.run import Run
    from cascade.model import Event, Observed, Scenario, Topology

NEAR_S: Final = 900.0
"""Largest error of an edge that counts as found [s]; windows this close together are one match."""
GIVEN_S: Final = 120.0
"""An edge this close to an event of the scenario is given away by the input [s]."""
FALSE_S: Final = 300.0
"""Shorter windows are no claim that a service was hit [s]."""


@dataclass(frozen=True, slots=True)
class Edge:
    """The beginning or the end of an observed window, beside the simulated one; times [s]."""

    observed_s: float | None
    """None when the source does not state it."""
    simulated_s: float | None
    """None when nothing was simulated there; inf when it is not over at the end of the run."""
    is_assumed: bool
    is_given: bool
    """Whether an event of the scenario gives it away."""

    @property
    def is_scored(self) -> bool:
        """Whether the source states it."""
        return self.observed_s is not None and not self.is_assumed

    @property
    def is_predicted(self) -> bool:
        """Whether it says something about the model: stated by the source, not given by the input."""
        return self.is_scored and not self.is_given

    @property
    def error_s(self) -> float | None:
        """Simulated minus observed [s]; inf when there is nothing simulated, none when not observed."""
        if self.observed_s is None:
            return None
        return math.inf if self.simulated_s is None else self.simulated_s - self.observed_s

    @property
    def is_near(self) -> bool:
        """Whether it was found to within 15 minutes."""
        return self.error_s is not None and abs(self.error_s) <= NEAR_S

    @property
    def basis(self) -> str:
        """Why it counts or does not: predicted, given, assumed or not stated."""
        if self.observed_s is None:
            return "not stated"
        return "assumed" if self.is_assumed else "given" if self.is_given else "predicted"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One observed window, or one thing that was not hit, beside what was simulated."""

    name: str
    service: str
    start: Edge
    end: Edge
    never: bool
    """Whether it says that the service was *not* hit."""
    simulated: tuple[Window, ...]
    """The simulated windows that belong to it."""
    note: str

    @property
    def is_missed(self) -> bool:
        """Whether the source states both edges and nothing was simulated there."""
        return not self.never and self.start.is_scored and self.end.is_scored and not self.simulated


@dataclass(frozen=True, repr=False)
class Replay:
    """A simulated outage beside the one that happened."""

    run: Run
    rows: tuple[Comparison, ...]
    false_windows: tuple[Window, ...]
    """Simulated windows of observed services that nobody observed."""
    free_parameters: int | None
    """Parameters that were neither published nor derived; none when not counted."""

    def __repr__(self) -> str:
        """Say the score."""
        score = ", ".join(f"{key}={value}" for key, value in self.summary.items())
        return f"<Replay of {self.run.scenario_name!r} on {self.run.topology.name!r}: {score}>"

    @property
    def edges(self) -> tuple[Edge, ...]:
        """The edges that the source states."""
        return tuple(edge for row in self.rows if not row.never for edge in (row.start, row.end) if edge.is_scored)

    @property
    def summary(self) -> dict[str, Any]:
        """The score: counts, and errors [s] of the predicted edges."""
        predicted = [edge for edge in self.edges if edge.is_predicted]
        errors_s = [abs(edge.error_s) for edge in predicted if edge.error_s is not None]
        return {
            "edges": len(self.edges),
            "edges_given": len(self.edges) - len(predicted),
            "edges_predicted": len(predicted),
            "predicted_within_15min": sum(edge.is_near for edge in predicted),
            "median_abs_error_s": float(np.median(errors_s)) if errors_s else None,
            "max_abs_error_s": max(errors_s) if errors_s else None,
            "missed_windows": sum(row.is_missed for row in self.rows),
            "false_windows": len(self.false_windows),
            "free_parameters": self.free_parameters,
        }

    def _repr_html_(self) -> str:
        from cascade.report.html import as_notebook  # noqa: PLC0415 - how it looks in a notebook

        return as_notebook(self)


def replay(
    topology: Topology,
    scenario: Scenario | str | None = None,
    *,
    free_parameters: int | None = None,
    clock: Clock | None = None,
    progress: Callable[[float], None] | None = None,
) -> Replay:
    """Play a scenario and score it against the observed windows of the topology.

    Only edges that the source states are scored. Those close to an event of the scenario are
    given away by the input and counted apart: the others are what the model predicts.

    Raises
    ------
    ScenarioError
        When nothing was observed, or the scenario has no start to compare moments with.
    """
    if not topology.observed:
        msg = f"nothing to compare with: {topology.name} has no observed windows"
        raise ScenarioError(msg)
    run = simulate(topology, scenario, clock=clock, progress=progress)
    if run.scenario.start is None:
        msg = f"a replay compares moments, and the scenario '{run.scenario_name}' has no start"
        raise ScenarioError(msg)
    return scored(run, free_parameters=free_parameters)


def scored(run: Run, *, free_parameters: int | None = None) -> Replay:
    """Score a run of a scenario with a start against the observed windows of its topology."""
    topology = run.topology
    simulated = {observed.service: windows(run, observed.service) for observed in topology.observed}
    given_s = moments_given(run.scenario)
    rows = tuple(compare(run, observed, simulated[observed.service], given_s) for observed in topology.observed)
    return Replay(run, rows, find_false(rows, simulated), free_parameters)


def moments_given(scenario: Scenario) -> list[float]:
    """Times at which the events of a scenario begin, are done, and are undone [s]."""
    return [time_s for event in scenario.events for time_s in moments_of(event, scenario.seconds(event.at))]


def moments_of(event: Event, at_s: float) -> list[float]:
    """Times at which an event begins, is done, and is undone [s]."""
    lasts_s = event.lasts_s or 0.0
    times_s = [at_s, at_s + event.over_s, at_s + lasts_s]
    if event.period_s and event.down_s:
        flaps_s = at_s + np.arange(0.0, lasts_s, event.period_s)
        times_s += [*flaps_s.tolist(), *(flaps_s + event.down_s).tolist()]
    return times_s


def compare(run: Run, observed: Observed, simulated: Sequence[Window], given_s: Sequence[float]) -> Comparison:
    """Put the simulated windows of a service beside an observed one."""
    scenario = run.scenario
    start_s = None if observed.start is None else scenario.seconds(observed.start)
    end_s = None if observed.end is None else scenario.seconds(observed.end)
    margin_s = 0.0 if observed.never else NEAR_S
    earliest_s = -math.inf if start_s is None else start_s - margin_s
    latest_s = math.inf if end_s is None else end_s + margin_s
    found = tuple(window for window in simulated if window.start_s <= latest_s and window.end_s >= earliest_s)

    def edge(which: str, time_s: float | None, simulated_s: float | None) -> Edge:
        is_given = time_s is not None and any(abs(time_s - given) <= GIVEN_S for given in given_s)
        return Edge(time_s, simulated_s, which in observed.assumed, is_given)

    return Comparison(
        name=observed.name,
        service=observed.service,
        start=edge("start", start_s, found[0].start_s if found else None),
        end=edge("end", end_s, found[-1].end_s if found else None),
        never=observed.never,
        simulated=found,
        note=observed.note,
    )


def find_false(rows: Sequence[Comparison], simulated: dict[str, tuple[Window, ...]]) -> tuple[Window, ...]:
    """Give the simulated windows that belong to no observed one, or to what was not hit."""
    false: dict[Window, None] = {}
    for service, all_windows in simulated.items():
        own = [row for row in rows if row.service == service]
        denied = {window for row in own if row.never for window in row.simulated}
        matched = {window for row in own if not row.never for window in row.simulated}
        has_observed = any(not row.never for row in own)
        for window in all_windows:
            is_claim = has_observed and window not in matched and window.lasts_s > FALSE_S
            if window in denied or is_claim:
                false[window] = None
    return tuple(false)
