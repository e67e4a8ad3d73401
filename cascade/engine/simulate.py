"""Play a scenario on a topology."""

from __future__ import annotations

import importlib.metadata
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cascade.compiled import compile_passes
from cascade.engine import blame, flows, loop
from cascade.engine import record as recording
from cascade.engine.clock import FIRST_STEPS, MOST_STEPS, TOLERANCE, Clock, Ticks, ticks
from cascade.engine.compile import Compiled, compile_topology, special_calls
from cascade.engine.parts import calls_with
from cascade.engine.plan import edge_times, make_plan, switched_calls, touched_nodes
from cascade.engine.run import SERIES, Fall, Mechanism, Run
from cascade.engine.state import State, initial_state
from cascade.engine.table import column
from cascade.errors import ScenarioError
from cascade.model import Scenario, Topology
from cascade.units import closest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cascade.engine.blame import Falls
    from cascade.engine.events import Change
    from cascade.engine.record import Record
    from cascade.engine.system import Floats, Ints, System
    from cascade.engine.table import Table

    Progress = Callable[[float], None]

MOST_VALUES = 12_000_000
"""Numbers that a run may keep; decides the samples of a large topology."""
MOST_SAMPLES = 2400
SETTLING_STEPS = ((0.1, 600), (1.0, 300), (30.0, 2000), (600.0, 2000))
"""Steps [s] with which a system is brought to rest, in turn, and how many."""
BACK_TO_THE_STEP = (60.0, 6.0, 0.6)
"""Steps [s] that lead from the last of these to those of the run, whose rest is not exactly the same."""
MOST_AT_LAST = 4000
"""Steps as long as those of the run that follow."""
AT_REST = 1e-9
"""Change in a step that is none."""
AT_REST_AT_LAST = 1e-10
"""The same for steps as long as those of the run, of which many follow."""


@dataclass(frozen=True)
class Played:
    """The raw outcome of stepping once through a scenario."""

    state: State
    record: Record
    falls: Falls
    plan: Table[Change]
    is_settled: bool
    ticks: Ticks


def simulate(
    topology: Topology,
    scenario: Scenario | str | None = None,
    *,
    clock: Clock | None = None,
    progress: Progress | None = None,
) -> Run:
    """Play a scenario (by name, as an object, or the topology's first) and give the run.

    With an automatic step, the step is quartered until the run changes by less than
    :data:`~cascade.engine.clock.TOLERANCE`; ``run.step_error_fraction`` states what is left.

    Parameters
    ----------
    topology : Topology
    scenario : Scenario or str, optional
    clock : Clock, optional
        Step [s] and number of samples.
    progress : callable, optional
        Called with the share of the work done, from 0 to 1.

    Raises
    ------
    ScenarioError
        When there is no such scenario.

    Examples
    --------
    >>> import cascade
    >>> shop = cascade.loads("services: {web: {demand: 10/s, calls: [db]}, db: }")
    >>> run = cascade.simulate(shop, cascade.Scenario(duration_s=60.0))
    >>> float(run.of("db", "offered_rps")[-1])
    10.0
    """
    compile_passes()
    name, scenario = find_scenario(topology, scenario)
    compiled = compile_topology(topology, start_of_day_s=start_of_day(scenario))
    clock = clock or Clock()
    report = progress or (lambda _share: None)
    samples = clock.samples or default_samples(compiled)
    if clock.step_s is not None:
        played, error = play(topology, scenario, compiled, clock.step_s, samples, report), math.nan
        step_s = clock.step_s
    else:
        played, step_s, error = play_until_converged(topology, scenario, compiled, samples, report)
    return make_run(topology, scenario, name, compiled, played, step_s, error)


def find_scenario(topology: Topology, scenario: Scenario | str | None) -> tuple[str, Scenario]:
    """Give the name and the scenario that is meant."""
    if isinstance(scenario, Scenario):
        name = next((key for key, known in topology.scenarios.items() if known is scenario), "scenario")
        return name, scenario
    if scenario is None:
        return next(iter(topology.scenarios.items()), ("nothing happens", Scenario()))
    if scenario not in topology.scenarios:
        msg = f"no scenario '{scenario}' in {topology.name}{closest(scenario, topology.scenarios)}"
        raise ScenarioError(msg)
    return scenario, topology.scenarios[scenario]


def start_of_day(scenario: Scenario) -> float:
    """Local time of day at which the scenario starts [s]."""
    start = scenario.start
    return 0.0 if start is None else start.hour * 3600.0 + start.minute * 60.0 + start.second


def default_samples(compiled: Compiled) -> int:
    """Samples that keep a run's memory within bounds."""
    width = (flows.FLOWS + recording.LEVELS) * max(len(compiled.nodes), 1)
    return int(min(max(MOST_VALUES // width, 20), MOST_SAMPLES))


def play(
    topology: Topology, scenario: Scenario, compiled: Compiled, step_s: float, samples: int, progress: Progress,
    *, keeps_ledger: bool = False,
) -> Played:  # fmt: skip
    """Bring the system to rest and step it once through the scenario."""
    system = compiled.system
    plan = make_plan(topology, scenario, compiled)
    special = special_calls(system, switched_calls(plan))
    laid = ticks(scenario.duration_s, edge_times(plan), step_s=step_s, samples=samples)
    state, at_rest, is_settled = bring_to_rest(system, special, step_s, keeps_ledger=keeps_ledger)
    state.ledger[:] = 0.0
    column(state.breakers, "opened_s")[:] = math.inf
    state.awake[:], state.in_doubt[:] = True, True
    column(state.nodes, "at_rest")[:] = False
    falls = blame.no_falls(system, at_rest[:, flows.OFFERED].copy())
    record = recording.empty_record(samples, len(compiled.nodes), len(compiled.fleets))
    chunk = max(samples // 50, 1)
    for first in range(0, samples, chunk):
        last = min(first + chunk, samples)
        loop.run_steps(
            system, state, plan, touched_nodes(plan), special, laid.times_s, laid.sample_ends, at_rest, record,
            falls, first, last,
        )  # fmt: skip
        progress(last / samples)
    return Played(state, record, falls, plan, is_settled, laid)


def bring_to_rest(
    system: System, special: Ints, step_s: float, *, keeps_ledger: bool = False
) -> tuple[State, Floats, bool]:
    """Give the state before the first event, its flows, and whether it is at rest.

    A system that does not come to rest starts empty.
    """
    found = rest_for_steps(system, special, find_rest(system, special, keeps_ledger=keeps_ledger), step_s)
    if found is None:
        return initial_state(system, keeps_ledger=keeps_ledger), np.zeros((system.nodes.size, flows.FLOWS)), False
    return *found, True


def find_rest(system: System, special: Ints, *, keeps_ledger: bool = False) -> tuple[State, Floats] | None:
    """Give the state in which the system stays with long steps, and its flows; none when it does not come to rest.

    Small steps come first, for a jolt could push a system into a collapse that lasts; then large
    ones, for fleets can take days.
    """
    rest = None
    state, at_rest = initial_state(system, keeps_ledger=keeps_ledger), np.zeros((system.nodes.size, flows.FLOWS))
    before = room_to_remember(system)
    for settling_s, most in SETTLING_STEPS:
        if loop.settle(system, state, special, at_rest, before, settling_s, most, AT_REST):
            rest = State._make(table.copy() for table in state), at_rest.copy()
        elif rest is not None:
            break
    return rest


def rest_for_steps(
    system: System, special: Ints, rest: tuple[State, Floats] | None, step_s: float
) -> tuple[State, Floats] | None:
    """Lead a state of rest, in place, to that of shorter steps, which is not exactly the same."""
    if rest is None:
        return None
    before = room_to_remember(system)
    for finer_s in (*(length for length in BACK_TO_THE_STEP if length > step_s), step_s):
        loop.settle(system, rest[0], special, rest[1], before, finer_s, MOST_AT_LAST, AT_REST_AT_LAST)
    return None if loop.has_tripped(system, rest[0]) else rest


def room_to_remember(system: System) -> Floats:
    """Make room for what a step is compared with, see :func:`~cascade.engine.loop.settle`."""
    return np.zeros((system.nodes.size + system.fleets.size + system.breakers.size, 5))


def play_until_converged(
    topology: Topology, scenario: Scenario, compiled: Compiled, samples: int, progress: Progress
) -> tuple[Played, float, float]:
    """Quarter the step until the run no longer changes; give the run, its step [s] and the error left."""
    step_s = scenario.duration_s / FIRST_STEPS
    played = play(topology, scenario, compiled, step_s, samples, progress)
    while True:
        finer_s = step_s / 4.0
        finer = play(topology, scenario, compiled, finer_s, samples, progress)
        error = deviation(played.record, finer.record)
        played, step_s = finer, finer_s
        # first order: the finer run is about a third of the difference away from the limit
        if error / 3.0 < TOLERANCE or scenario.duration_s / (step_s / 4.0) > MOST_STEPS:
            return played, step_s, error / 3.0


def deviation(coarse: Record, fine: Record) -> float:
    """Largest mean difference of load, goodput and backlog over the nodes, relative to the peak.

    A backlog is compared with a second of the peak load where it never grows to that.
    """
    load = fine.flows[:, :, flows.OFFERED].max(axis=0, initial=1e-3)
    worst = 0.0
    for one, other in (
        (coarse.flows[:, :, flows.OFFERED], fine.flows[:, :, flows.OFFERED]),
        (coarse.flows[:, :, flows.GOODPUT], fine.flows[:, :, flows.GOODPUT]),
        (coarse.levels[:, :, recording.BACKLOG], fine.levels[:, :, recording.BACKLOG]),
    ):
        peak = np.maximum(other.max(axis=0), load)
        worst = max(worst, float((np.abs(one - other).mean(axis=0) / peak).max(initial=0.0)))
    return worst


def make_run(
    topology: Topology, scenario: Scenario, name: str, compiled: Compiled, played: Played, step_s: float, error: float
) -> Run:
    """Put names to the arrays, in the order in which the topology lists its parts."""
    names = (*topology.services, *topology.groups, *topology.fleets)
    nodes = [compiled.node_of[part] for part in names if part in compiled.node_of]
    fleets = [compiled.fleets.index(part) for part in topology.fleets]
    return Run(
        topology=topology,
        scenario=scenario,
        scenario_name=name,
        names=names,
        times_s=played.ticks.times_s[played.ticks.sample_ends],
        series=make_series(topology, played.record, nodes, fleets),
        falls=name_falls(compiled, played.falls),
        usual_rps=(*(float(played.falls.usual_rps[node]) for node in nodes), *[0.0] * len(fleets)),
        event_times_s=event_times(scenario, played.plan),
        breakers_opened_s=breaker_times(topology, played.state),
        step_s=step_s,
        step_error_fraction=error,
        is_settled_at_start=bool(played.is_settled),
        version=version(),
    )


def breaker_times(topology: Topology, state: State) -> dict[str, float]:
    """Give when the breaker of each call first opened [s]; inf for those that never did."""
    calls = [f"{name} -> {call.to}" for name, call, _ in calls_with(topology, "circuit_breaker")]
    return dict(zip(calls, column(state.breakers, "opened_s").tolist(), strict=True))


def make_series(topology: Topology, record: Record, nodes: list[int], fleets: list[int]) -> dict[str, Floats]:
    """Give each series (T, N) over services, groups and fleets."""
    rates = {"offered_rps": flows.OFFERED, "goodput_rps": flows.GOODPUT, "failed_rps": flows.FAILED,
             "refused_rps": flows.REFUSED, "dropped_rps": flows.DROPPED}  # fmt: skip
    levels = {"success_fraction": recording.SUCCESS, "backlog_count": recording.BACKLOG,
              "in_work_count": recording.IN_WORK, "backlog_age_s": recording.AGE, "sojourn_s": recording.SOJOURN,
              "capacity_rps": recording.CAPACITY, "in_service_fraction": recording.IN_SERVICE}  # fmt: skip
    share = np.minimum(record.fleets[:, fleets], 1.0)
    nothing = np.zeros_like(share)
    sizes = np.array([fleet.size for fleet in topology.fleets.values()], float)
    of_fleets = {"success_fraction": share, "in_service_fraction": share, "backlog_count": (1.0 - share) * sizes}
    series = {key: of_nodes(record.flows, nodes, place) for key, place in rates.items()}
    series |= {key: of_nodes(record.levels, nodes, place) for key, place in levels.items()}
    if fleets:
        series = {key: np.hstack([values, of_fleets.get(key, nothing)]) for key, values in series.items()}
    assert series.keys() == SERIES.keys()
    return series


def of_nodes(samples: Floats, nodes: list[int], place: int) -> Floats:
    """Give one column of samples (T, N) for some nodes."""
    return np.take(samples[:, :, place], nodes, axis=1)


def name_falls(compiled: Compiled, falls: Falls) -> tuple[Fall, ...]:
    """Put names to the falls."""
    names = (*compiled.nodes, *compiled.fleets)
    return tuple(
        Fall(
            name=names[falls.who[k]],
            time_s=float(falls.time_s[k]),
            mechanism=Mechanism(int(falls.mechanism[k])),
            cause=names[falls.cause[k]] if falls.cause[k] >= 0 else None,
        )
        for k in range(int(falls.noted[0]))
    )


def event_times(scenario: Scenario, plan: Table[Change]) -> tuple[float, ...]:
    """When each event took effect [s]; inf when it never did."""
    times = [math.inf] * len(scenario.events)
    for index, started_s in zip(column(plan, "event"), column(plan, "started_s"), strict=True):
        times[index] = min(times[index], float(started_s))
    return tuple(times)


def version() -> str:
    """Version of Cascade."""
    try:
        return importlib.metadata.version("cascade-blast-radius")
    except importlib.metadata.PackageNotFoundError:
        return "0"
