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
    from cascade.engine.system import Floats
    from cascade.engine.table import Table
    from cascade.engine.watch import Watched
    from cascade.model import Scenario, Topology

AT_ONCE: Final = 2_000_000
"""Nodes stepped before the engine lets go, so that somebody can interrupt it."""
LEAST_SHARE: Final = 1e-3
"""Share of the time played below which a change of what was lost does not count."""

SEEN: Final = ("fell_s", "back_s", "outage_s", "worst_fraction", "peak_backlog_count", "depth")
"""What is remembered of each part; all but the last are in :data:`~cascade.engine.outcome.HIT`."""


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
            return self._play(scenario, self.step_s)
        step_s = scenario.duration_s / FIRST_STEPS
        played = self._play(scenario, step_s)
        while True:
            step_s /= 4.0
            finer = self._play(scenario, step_s)
            # first order: the finer run is about a third of the difference away from the limit
            error = self._deviation(played, finer, scenario.duration_s) / 3.0
            if error < TOLERANCE or scenario.duration_s / (step_s / 4.0) > MOST_STEPS:
                return finer.with_error(error)
            played = finer

    def _play(self, scenario: Scenario, step_s: float) -> Outcome:
        setting = self._setting_at(start_of_day(scenario))
        plan = make_plan(self.topology, scenario, setting.compiled)
        special = special_calls(setting.system, switched_calls(plan))
        times_s = ticks(scenario.duration_s, edge_times(plan), step_s=step_s, samples=1).times_s
        now = setting.at_rest(special, step_s)
        now.calm[1] = math.inf if self.is_full else now.calm[1]
        run: Any = loop.run_fully if self.is_full else loop.run_watched
        system = setting.system if self.is_full else setting.playing
        touched, at_once, k = touched_nodes(plan), max(AT_ONCE // max(setting.system.nodes.size, 1), 1), 0
        while k < times_s.size - 1:
            k = run(
                system, now.state, plan, touched, special, times_s, now.flows, now.falls, now.watched, now.memory,
                now.calm, at_once, k,
            )  # fmt: skip
        is_over = now.calm[0] < times_s[-1] and times_s[-1] - now.calm[0] >= now.calm[1]
        is_hit = watch.close(now.watched, times_s[-1])
        ending = (Ending.STUCK if is_over else Ending.UNFINISHED) if is_hit else Ending.RECOVERED
        return outcome_of(now.watched, setting, self.weights, ending, times_s[-1], step_s)

    def _deviation(self, coarse: Outcome, fine: Outcome, duration_s: float) -> float:
        """Largest change of impact, of time outside objectives and of the peak backlog, relative to these.

        Impact and time are compared with a thousandth of the time played where they are smaller, a backlog with ten
        seconds of the usual load.
        """
        assert self._setting is not None, "something has been played"
        longest = max(coarse, fine, key=lambda outcome: outcome.peak_backlog_count).peak_backlog_part
        least, usual = LEAST_SHARE * duration_s / 60.0, max(10.0 * self._setting[1].usual_rps(longest), 1.0)
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


def outcome_of(
    watched: Table[Watched], setting: Setting, weights: Floats, ending: Ending, end_s: float, step_s: float
) -> Outcome:
    """Sum up what was seen of a run, with the parts in the order of their names."""
    seen = {name: column(watched, name)[setting.parts] for name in SEEN}
    fell = np.flatnonzero(seen["fell_s"] < math.inf)
    hits = np.empty(fell.size, HIT)
    hits["part"] = fell
    for name in SEEN[:5]:
        hits[name] = seen[name][fell]
    users = np.empty(setting.entries.size, ENTRY)
    users["lost_s"] = column(watched, "lost_s")[setting.entries]
    has_fallen = column(watched, "fell_s")[setting.entries] < math.inf
    for name in ("fell_s", "back_s"):
        users[name] = np.where(has_fallen, column(watched, name)[setting.entries], math.nan)
    backlogs = seen["peak_backlog_count"]
    longest = int(np.argmax(backlogs)) if backlogs.size and backlogs.max() > 0.0 else -1
    return Outcome(
        impact_minutes=float(weights @ users["lost_s"]) / 60.0,
        violated_count=fell.size,
        violated_minutes=float(seen["outage_s"][fell].sum()) / 60.0,
        depth_count=int(seen["depth"][fell].max(initial=0)),
        peak_backlog_count=float(backlogs[longest]) if longest >= 0 else 0.0,
        peak_backlog_part=longest,
        ending=ending,
        ended_s=float(min(seen["back_s"][fell].max(initial=0.0), end_s)),
        step_s=step_s,
        step_error_fraction=math.nan,
        entries=users,
        hits=hits,
    )


def names(topology: Topology) -> tuple[str, ...]:
    """Give the parts that outcomes are about, in the order of their places."""
    return (*topology.services, *topology.groups, *topology.fleets)


def entry_points(topology: Topology) -> tuple[str, ...]:
    """Give the services that users call, in the order of the entries of an outcome."""
    return tuple(name for name, service in topology.services.items() if service.is_entry_point)
