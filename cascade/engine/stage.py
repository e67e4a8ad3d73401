"""A topology made ready for many scenarios, one after the other."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cascade.compiled import compile_passes
from cascade.engine import loop, watch
from cascade.engine.clock import FIRST_STEPS, MOST_STEPS, TOLERANCE, Clock, ticks
from cascade.engine.compile import special_calls
from cascade.engine.outcome import ENTRY, HIT, Ending, Outcome
from cascade.engine.plan import edge_times, make_plan, switched_calls, touched_nodes
from cascade.engine.setting import Setting
from cascade.engine.simulate import start_of_day
from cascade.engine.table import column

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cascade.engine.system import Ints
    from cascade.engine.table import Table
    from cascade.engine.watch import Watched
    from cascade.model import Scenario, Topology

AT_ONCE: Final = 2_000_000
"""Nodes stepped before the engine lets go, so that somebody can interrupt it."""
LEAST_SHARE: Final = 1e-3
"""Share of the time played below which a change of what was lost does not count."""


class Stage:
    """A topology at rest, on which scenarios are played; each starts from the same rest.

    What a run comes to does not depend on what was played before it, nor on where it is played. A stage is for one
    thread at a time.

    Parameters
    ----------
    topology : Topology
    clock : Clock, optional
        With a step [s], that one is taken; else it is quartered, for each scenario, until the results change by less
        than :data:`~cascade.engine.clock.TOLERANCE`.
    is_full : bool
        Step every part in every step, instead of those that something reaches: slow, to compare with.

    Examples
    --------
    >>> import cascade
    >>> stage = Stage(cascade.loads("services: {web: {demand: 10/s, calls: [db]}, db: }"))
    >>> down = cascade.Scenario(duration_s=600.0, events=[cascade.Event(at=0.0, fail="db", lasts_s=60.0)])
    >>> round(stage.play(down).impact_minutes, 2)
    1.0
    """

    def __init__(self, topology: Topology, *, clock: Clock | None = None, is_full: bool = False) -> None:
        compile_passes()
        self.topology = topology
        self.step_s = (clock or Clock()).step_s
        self.is_full = is_full
        self.weights = np.array([topology.services[name].weight for name in entry_points(topology)], float)
        self._setting: tuple[float, Setting] | None = None

    def play(self, scenario: Scenario) -> Outcome:
        """Play a scenario until its end, or until nothing changes any more."""
        if self.step_s is not None:
            return self._play(scenario, self.step_s, math.nan)
        step_s = scenario.duration_s / FIRST_STEPS
        played = self._play(scenario, step_s, math.nan)
        while True:
            step_s /= 4.0
            finer = self._play(scenario, step_s, math.nan)
            # first order: the finer run is about a third of the difference away from the limit
            error = self._deviation(played, finer, scenario.duration_s) / 3.0
            if error < TOLERANCE or scenario.duration_s / (step_s / 4.0) > MOST_STEPS:
                return finer.with_error(error)
            played = finer

    def _play(self, scenario: Scenario, step_s: float, error: float) -> Outcome:
        setting = self._setting_at(start_of_day(scenario))
        system = setting.system
        plan = make_plan(self.topology, scenario, setting.compiled)
        special = special_calls(system, switched_calls(plan))
        times_s = ticks(scenario.duration_s, edge_times(plan), step_s=step_s, samples=1).times_s
        now = setting.at_rest(special, step_s)
        now.calm[1] = math.inf if self.is_full else now.calm[1]
        run: Any = loop.run_fully if self.is_full else loop.run_watched
        touched, at_once, k = touched_nodes(plan), max(AT_ONCE // max(system.nodes.size, 1), 1), 0
        while k < times_s.size - 1:
            k = run(
                system, now.state, plan, touched, special, times_s, now.flows, now.falls, now.watched, now.memory,
                now.calm, at_once, k,
            )  # fmt: skip
        is_over = now.calm[0] < times_s[-1] and times_s[-1] - now.calm[0] >= now.calm[1]
        is_hit = watch.close(now.watched, times_s[-1])
        ending = (Ending.STUCK if is_over else Ending.UNFINISHED) if is_hit else Ending.RECOVERED
        parts, entries = setting.parts, setting.entries
        return outcome_of(now.watched, parts, entries, self.weights, ending, times_s[-1], step_s, error)

    def _deviation(self, coarse: Outcome, fine: Outcome, duration_s: float) -> float:
        """Largest change of impact, of time outside objectives and of the peak backlog, relative to these.

        Impact and time are compared with a thousandth of the time played where they are smaller, a backlog with ten
        seconds of the usual load.
        """
        assert self._setting is not None, "something has been played"
        usual_rps = self._setting[1].usual_rps
        least, usual = LEAST_SHARE * duration_s / 60.0, float(max(10.0 * usual_rps[fine.peak_backlog_part], 1.0))
        changes = (
            (coarse.impact_minutes, fine.impact_minutes, least),
            (coarse.violated_minutes, fine.violated_minutes, least),
            (coarse.peak_backlog_count, fine.peak_backlog_count, usual),
        )
        return max(abs(one - other) / max(other, floor) for one, other, floor in changes)

    def _setting_at(self, start_of_day_s: float) -> Setting:
        if self._setting is None or self._setting[0] != start_of_day_s:
            self._setting = start_of_day_s, Setting(self.topology, start_of_day_s)
        return self._setting[1]


def outcome_of(  # noqa: PLR0913 - all that an outcome is made of
    watched: Table[Watched], parts: Ints, entries: Ints, weights: NDArray[np.float64], ending: Ending, end_s: float,
    step_s: float, error: float,
) -> Outcome:  # fmt: skip
    """Sum up what was seen of a run, with the parts in the order of their names."""
    fell_s = column(watched, "fell_s")[parts]
    which = np.flatnonzero(fell_s < math.inf)
    rows = column(watched, "outage_s"), column(watched, "back_s"), column(watched, "backlog_count")
    hits = np.empty(which.size, HIT)
    struck = parts[which]
    hits["part"], hits["fell_s"] = which, fell_s[which]
    hits["outage_s"], hits["back_s"] = rows[0][struck], rows[1][struck]
    hits["worst_fraction"], hits["peak_backlog_count"] = column(watched, "worst")[struck], rows[2][struck]
    users = np.empty(entries.size, ENTRY)
    users["lost_s"] = column(watched, "lost_s")[entries]
    has_fallen = column(watched, "fell_s")[entries] < math.inf
    users["fell_s"] = np.where(has_fallen, column(watched, "fell_s")[entries], math.nan)
    users["back_s"] = np.where(has_fallen, column(watched, "back_s")[entries], math.nan)
    backlogs = rows[2][parts]
    longest = int(np.argmax(backlogs)) if backlogs.size else 0
    peak = float(backlogs[longest]) if backlogs.size else 0.0
    return Outcome(
        impact_minutes=float(weights @ users["lost_s"]) / 60.0,
        violated_count=which.size,
        violated_minutes=float(rows[0][struck].sum()) / 60.0,
        depth_count=int(column(watched, "depth")[struck].max(initial=0)),
        peak_backlog_count=peak,
        peak_backlog_part=longest if peak > 0.0 else -1,
        ending=ending,
        ended_s=float(min(rows[1][struck].max(initial=0.0), end_s)),
        step_s=step_s,
        step_error_fraction=error,
        entries=users,
        hits=hits,
    )


def names(topology: Topology) -> tuple[str, ...]:
    """Give the parts that outcomes are about, in the order of their places."""
    return (*topology.services, *topology.groups, *topology.fleets)


def entry_points(topology: Topology) -> tuple[str, ...]:
    """Give the services that users call, in the order of the entries of an outcome."""
    return tuple(name for name, service in topology.services.items() if service.is_entry_point)
