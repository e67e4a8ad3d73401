"""How fast the engine is, against its budgets (``make bench``)."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Final

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
from cascade.engine.simulate import bring_to_rest
from cascade.model.service import Concurrency
from tests.reference.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Callable

TIERS: Final = 5
CALLS: Final = 5
RETRY: Final = Retry(max_attempts=4, backoff=Backoff(initial_s=0.1))
SLICES: Final = 10
MOST_NS: Final = 15.0
"""Budget of one dependency in one step on one core."""
LEAST_RATIO: Final = 300.0
"""How much faster than event by event."""


def random_graph(services: int) -> Topology:
    """Make tiers of services; each calls, and is called by, five others, with four attempts in all.

    In the scenario one service in a hundred is cut to a third of its capacity for a minute, so that its
    callers time out and try again.
    """
    draw = random.Random(services)
    names = [[f"s{tier}-{index}" for index in range(services // TIERS)] for tier in range(TIERS)]
    demand = Demand(rate_rps=100.0)
    parts: dict[str, Service] = {}
    for tier, row in enumerate(names):
        columns = [draw.sample(names[tier + 1], len(row)) for _ in range(CALLS)] if tier + 1 < TIERS else []
        for place, name in enumerate(row):
            below = sorted({column[place] for column in columns})
            calls = tuple(Dependency(to=callee, per_request=0.2, timeout_s=2.0, retry=RETRY) for callee in below)
            workers = Concurrency(max=draw.randint(35, 45) * (TIERS - tier))
            parts[name] = Service(demand=None if tier else demand, concurrency=workers, service_time_s=0.1, calls=calls)
    hit = draw.sample(sorted(parts), max(services // 100, 1))
    events = tuple(Event(at=60.0, degrade=name, capacity_fraction=1 / 3, lasts_s=60.0) for name in hit)
    return Topology.model_construct(services=parts, scenarios={"fault": Scenario(duration_s=300.0, events=events)})


def cost_ns(topology: Topology, step_s: float) -> tuple[float, float]:
    """Time of one dependency in one step [ns]: over the whole scenario, and in its worst tenth."""
    compiled = compile_topology(topology)
    system, scenario = compiled.system, topology.scenarios["fault"]
    plan = make_plan(topology, scenario, compiled)
    touched, special = touched_nodes(plan), special_calls(system, [])
    state, at_rest, _ = bring_to_rest(system, special, step_s)
    record = recording.empty_record(SLICES, len(compiled.nodes), 0)
    falls = blame.no_falls(system, at_rest[:, flows.OFFERED].copy())
    times = np.arange(round(scenario.duration_s / step_s) + 1, dtype=np.float64) * step_s
    ends = np.linspace(0, times.size - 1, SLICES + 1)[1:].astype(np.int64)
    spent = []
    for index in range(SLICES):
        start = time.process_time()
        loop.run_steps(
            system, state, plan, touched, special, times, ends, at_rest, record, falls, index, index + 1
        )  # fmt: skip
        spent.append((time.process_time() - start) / (times.size / SLICES) / system.calls.size * 1e9)
    return sum(spent) / SLICES, max(spent)


@pytest.mark.parametrize("services", [100, 10_000, 100_000])
def test_a_dependency_step_costs_at_most_its_budget(services: int) -> None:
    compile_passes()
    topology = random_graph(services)
    step_s = 0.05 if services < 1000 else 0.5
    cost, worst = min(cost_ns(topology, step_s) for _ in range(1 if services > 10_000 else 5))
    print(f"\n{services} services: {cost:.1f} ns per dependency and step, {worst:.1f} ns in the worst tenth")
    assert cost <= MOST_NS


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
