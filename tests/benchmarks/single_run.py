"""Where the time of one long run goes; prints Markdown.

``python -m tests.benchmarks.single_run [SERVICES]``: an hour in steps of one second of the graph of ``test_speed.py``,
with one service in a hundred at a third of its capacity for a minute from 600 s on. CPU time, the least of three runs.
"""

from __future__ import annotations

import sys
from functools import partial
from time import process_time
from typing import TYPE_CHECKING, Any, Final

import numpy as np

import cascade
from cascade import Clock, Scenario, Topology
from cascade.compiled import compile_passes
from cascade.engine import blame, loop
from cascade.engine import record as recording
from cascade.engine import simulate as simulating
from cascade.engine.clock import ticks
from cascade.engine.compile import compile_topology, special_calls
from cascade.engine.flows import OFFERED
from cascade.engine.plan import edge_times, make_plan, touched_nodes
from tests.benchmarks.plain import compile_engine, copy_state
from tests.benchmarks.test_speed import random_graph

if TYPE_CHECKING:
    from collections.abc import Callable

HOUR_S: Final = 3600.0
STEP_S: Final = 1.0
FAULT_AT_S: Final = 600.0
TIMES: Final = 3


def hour_of(services: int) -> tuple[Topology, Scenario]:
    """Give the graph and its hour."""
    topology = random_graph(services)
    events = tuple(event.model_copy(update={"at": FAULT_AT_S}) for event in topology.scenarios["fault"].events)
    return topology, Scenario(duration_s=HOUR_S, events=events)


class Stopwatch:
    """The least CPU time of each part of the work [s]."""

    def __init__(self) -> None:
        self.spent_s: dict[str, float] = {}

    def time(self, name: str, work: Callable[[], Any]) -> Any:
        """Do some work and note how long it took."""
        begin = process_time()
        result = work()
        took_s = process_time() - begin
        self.spent_s[name] = min(self.spent_s.get(name, took_s), took_s)
        return result


def time_parts(watch: Stopwatch, engine: Any, topology: Topology, scenario: Scenario) -> None:
    """Time a whole run, its parts, and its steps alone: as they are, and with everything awake."""
    run = watch.time("the whole call", lambda: cascade.simulate(topology, scenario, clock=Clock(step_s=STEP_S)))
    compiled = watch.time("compile the topology", lambda: compile_topology(topology))
    system, samples = compiled.system, simulating.default_samples(compiled)
    plan = watch.time("make the plan", lambda: make_plan(topology, scenario, compiled))
    special = special_calls(system, [])
    state, at_rest, is_settled = watch.time(
        "come to rest", lambda: simulating.bring_to_rest(system, special, STEP_S)
    )  # fmt: skip
    laid = ticks(scenario.duration_s, edge_times(plan), step_s=STEP_S, samples=samples)
    for name, is_full in (("steps alone", False), ("steps alone, all awake", True)):
        tables = (system, copy_state(state), plan.copy(), touched_nodes(plan), special, at_rest.copy(), laid.times_s)
        watch.time(name, partial(engine, *tables, 0, laid.times_s.size - 1, is_full))
    falls = blame.no_falls(system, at_rest[:, OFFERED].copy())
    record = watch.time("make room for the record", lambda: recording.empty_record(samples, len(compiled.nodes), 0))
    state.awake[:], state.in_doubt[:] = True, True
    watch.time("steps, falls and record", lambda: loop.run_steps(
        system, state, plan, touched_nodes(plan), special, laid.times_s, laid.sample_ends, at_rest, record, falls, 0,
        samples,
    ))  # fmt: skip
    played = simulating.Played(state, record, falls, plan, is_settled, laid)
    again = watch.time("put names to it", lambda: simulating.make_run(
        topology, scenario, "hour", compiled, played, STEP_S, np.nan,
    ))  # fmt: skip
    assert all(np.array_equal(again.series[name], series) for name, series in run.series.items())


def main(services: int) -> None:
    """Print one row for each part."""
    compile_passes()
    engine = compile_engine()
    time_parts(Stopwatch(), engine, *hour_of(100))
    topology, scenario = hour_of(services)
    watch = Stopwatch()
    for _ in range(TIMES):
        time_parts(watch, engine, topology, scenario)
    print(f"| {services:,} services, {HOUR_S / STEP_S:,.0f} steps | CPU [s] |")
    print("|---|---:|")
    for name, took_s in watch.spent_s.items():
        print(f"| {name} | {took_s:.3f} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
