"""How fast the engine is, against its budgets (``make bench``)."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest

import cascade
from cascade import Clock, Dependency, Event, Scenario, Service, Topology
from cascade.behaviours.demand import Demand
from cascade.behaviours.retry import Backoff, Retry
from cascade.compiled import compile_passes
from cascade.engine import blame, flows, loop
from cascade.engine import record as recording
from cascade.engine.compile import compile_topology, special_calls
from cascade.engine.plan import make_plan, touched_nodes
from cascade.engine.state import initial_state
from cascade.model.service import Concurrency
from tests.reference.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Callable

    from cascade.engine.compile import Compiled

TIERS: Final = 5
CALLS: Final = 5
RETRY: Final = Retry(max_attempts=4, backoff=Backoff(initial_s=0.1))
MOST_NS: Final = 15.0
"""Budget of one dependency in one step on one core."""
LEAST_RATIO: Final = 300.0
"""How much faster than event by event."""


def random_graph(services: int) -> Topology:
    """Make tiers of services, each calling five of the next tier with four attempts in all.

    Time-outs are so close to the service times that some attempts always fail: no retry is idle.
    """
    draw = random.Random(services)  # noqa: S311 - nothing here is a secret
    names = [[f"s{tier}-{index}" for index in range(services // TIERS)] for tier in range(TIERS)]
    demand = Demand(rate_rps=100.0)
    parts: dict[str, Service] = {}
    for tier, row in enumerate(names):
        for name in row:
            below = draw.sample(names[tier + 1], CALLS) if tier + 1 < TIERS else []
            calls = tuple(Dependency(to=callee, per_request=0.2, timeout_s=0.5, retry=RETRY) for callee in below)
            workers = Concurrency(max=draw.randint(60, 90))
            parts[name] = Service(demand=None if tier else demand, concurrency=workers, service_time_s=0.1, calls=calls)
    return Topology.model_construct(services=parts)


def stepper(topology: Topology, compiled: Compiled) -> Callable[[int], float]:
    """Give a function that steps the system so many times and says how long that took [s]."""
    system = compiled.system
    plan = make_plan(topology, Scenario(), compiled)
    state = initial_state(system)
    nodes = len(compiled.nodes)
    room = np.zeros((nodes, flows.FLOWS))
    falls = blame.no_falls(system, np.zeros(nodes))
    record = recording.empty_record(1, nodes, 0)

    def run(steps: int) -> float:
        times, ends = 0.1 * np.arange(steps + 1), np.array([steps])
        start = time.perf_counter()
        loop.run_steps(
            system, state, plan, touched_nodes(plan), special_calls(system, []), times, ends, room, record, falls, 0, 1
        )
        return time.perf_counter() - start

    return run


@pytest.mark.parametrize("services", [100, 10_000, 100_000])
def test_a_dependency_step_costs_at_most_its_budget(services: int) -> None:
    compile_passes()
    topology = random_graph(services)
    compiled = compile_topology(topology)
    calls: Any = compiled.system.calls
    steps = max(4_000_000 // calls.size, 10)
    run = stepper(topology, compiled)
    run(steps)
    cost_ns = min(run(steps) for _ in range(5)) / steps / calls.size * 1e9
    print(f"\n{services} services, {calls.size} dependencies: {cost_ns:.1f} ns per dependency and step")
    assert cost_ns <= MOST_NS


def retry_storm() -> Topology:
    """Make three tiers at 100 requests/s that never recover from five bad seconds."""
    calls = {
        "web": (Dependency(to="api", timeout_s=1.0, retry=RETRY),),
        "api": (Dependency(to="db", timeout_s=1.0, retry=RETRY),),
        "db": (),
    }
    return Topology(
        services={
            "web": Service(demand=Demand(rate_rps=100.0), calls=calls["web"]),
            "api": Service(concurrency=Concurrency(max=60), service_time_s=0.02, calls=calls["api"]),
            "db": Service(concurrency=Concurrency(max=10), service_time_s=0.08),
        },
        scenarios={
            "storm": Scenario(
                duration_s=3600.0, events=(Event(at=60.0, degrade="db", capacity_fraction=0.3, lasts_s=5.0),)
            )
        },
    )


def test_an_hour_of_a_retry_storm_is_much_faster_than_event_by_event() -> None:
    topology = retry_storm()
    cascade.simulate(topology, clock=Clock(samples=720))
    fluid_s = min(_seconds(lambda: cascade.simulate(topology, clock=Clock(samples=720))) for _ in range(5))
    events = Simulator(topology, topology.scenarios["storm"], seed=1, window_s=5.0)
    events_s = _seconds(events.measure)
    print(f"\nan hour: {fluid_s * 1e3:.1f} ms, event by event {events_s:.1f} s: {events_s / fluid_s:.0f} times faster")
    assert events_s >= LEAST_RATIO * fluid_s


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
