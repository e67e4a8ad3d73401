"""The static answer is where the stepped engine ends, and where it is after a time."""

from __future__ import annotations

import random
from typing import Any

import networkx as nx
import numpy as np
import pytest

import cascade
from cascade.analysis.failure_logic import failure_logic
from cascade.behaviours.cache import Cache
from cascade.behaviours.demand import Demand
from cascade.behaviours.fallback import Fallback
from cascade.behaviours.health_check import HealthCheck
from cascade.behaviours.lease import Lease
from cascade.behaviours.restoration import Restoration
from cascade.logic import fixpoint
from cascade.model import Dependency, Domain, Event, Fleet, Group, Needs, Scenario, Service, Topology

FAILS_S = 10.0
STEP_S = 0.5
AFTER_S = 11.0
"""Not within a few steps before any sum of the lives of caches and leases, 5, 10 and 20 s."""
KINDS = [*[Needs.HARD] * 5, Needs.SOFT, Needs.ASYNC, Needs.CONTROL, Needs.STARTUP]


def other_than(draw: random.Random, names: list[str], *left_out: str) -> str:
    return draw.choice([name for name in names if name not in left_out])


def some_call(draw: random.Random, name: str, to: str, names: list[str], callees: list[str]) -> Dependency:
    """Draw a dependency that fails wholly or not at all."""
    needs, more = draw.choice(KINDS), dict[str, Any]()
    if needs is Needs.SOFT:
        more["degradation_fraction"] = draw.choice([0.0, 1.0])
    if needs in {Needs.HARD, Needs.SOFT}:
        more["per_request"] = draw.choice([1.0, 1.0, 2.0])
        if draw.random() < 0.25:
            holder = draw.choice([None, other_than(draw, names, name)])
            more["cache"] = Cache(ttl_s=draw.choice([5.0, 20.0]), held_in=holder)
        if draw.random() < 0.2:
            instead = draw.choice([None, other_than(draw, callees, name)])
            more["fallback"] = Fallback(to=instead, covers_fraction=draw.choice([1.0, 0.0]))
    return Dependency(to=to, needs=needs, **more)


def some_fleet(draw: random.Random, names: list[str]) -> Fleet:
    """Draw units that are lost with those who keep them."""
    service = draw.choice(names)
    capacity, success = draw.choice([((service,), ()), ((), (service,))])
    check = HealthCheck(through=draw.choice(names), removal_s=5.0)
    return Fleet(
        size=100,
        sets_capacity_of=capacity,
        sets_success_of=success,
        lease=Lease(ttl_s=10.0, renewed_by=draw.choice(names)) if draw.random() < 0.5 else None,
        restored_by=Restoration(to=draw.choice(names)) if draw.random() < 0.5 else None,
        health_check=check if draw.random() < 0.3 else None,
    )


def some_topology(draw: random.Random) -> Topology:
    """Draw services with cycles, groups, domains, zones and fleets."""
    names = [f"s{index}" for index in range(draw.randint(4, 8))]
    groups = {}
    for index in range(draw.randint(0, 2)):
        members = draw.sample(names, draw.randint(1, 3))
        groups[f"g{index}"] = Group(members=tuple(members), needs=draw.randint(1, len(members)))
    callees = [*names, *groups]
    services = {}
    for name in names:
        others = draw.sample([other for other in callees if other != name], draw.randint(0, 3))
        services[name] = Service(
            demand=Demand(rate_rps=1.0),
            calls=tuple(some_call(draw, name, to, names, callees) for to in others),
            zones=tuple(draw.sample(["za", "zb", "zc"], draw.choice([0, 0, 1, 2, 3]))),
        )
    shares = {name: draw.choice([1.0, 0.5]) for name in draw.sample(names, 2)}
    return Topology(
        services=services,
        groups=groups,
        domains={"d": Domain(members=shares)} if draw.random() < 0.5 else {},
        fleets={"f": some_fleet(draw, names)} if draw.random() < 0.4 else {},
    )


def fades_around_a_group(topology: Topology) -> bool:
    """Whether a group depends on itself while a member loses its answers bit by bit (theory, limits)."""
    cycles = nx.strongly_connected_components(topology.graph)
    is_around = any(len(cycle) > 1 and cycle & topology.groups.keys() for cycle in cycles)
    calls = (call for service in topology.services.values() for call in service.calls)
    return is_around and bool(topology.fleets or any(call.cache for call in calls))


def drawn(block: int, count: int) -> list[tuple[Topology, list[str]]]:
    """Draw topologies with what fails in them."""
    found = []
    for number in range(count):
        draw = random.Random(1000 * block + number)
        topology = some_topology(draw)
        candidates = [*topology.services, *topology.all_domains]
        if not fades_around_a_group(topology):
            found.append((topology, draw.sample(candidates, draw.randint(1, 3))))
    return found


def played(topology: Topology, failed: list[str], lasts_s: float) -> set[str]:
    """Give the services that have no success left so long after a failure for good."""
    events = tuple(Event(fail=name, at=FAILS_S) for name in failed)
    scenario = Scenario(duration_s=FAILS_S + lasts_s, events=events)
    run = cascade.simulate(topology, scenario, clock=cascade.Clock(step_s=STEP_S))
    assert run.series["success_fraction"].max() <= 1.0 + 1e-9
    return {name for name in topology.services if run.of(name, "success_fraction")[-1] <= 1e-6}


def foretold(topology: Topology, failed: list[str], question: cascade.Question) -> set[str]:
    """Give the services that are down by structure."""
    logic = failure_logic(topology, question)
    marks = np.zeros(logic.gates.size, np.bool_)
    marks[[logic.event_of[name] for name in failed]] = True
    down = fixpoint.down(logic.gates, marks)
    return {name for name in topology.services if down[logic.node_of[name]]}


@pytest.mark.parametrize("block", range(8))
def test_who_ends_at_zero_is_the_fixed_point(block: int) -> None:
    seen = 0
    for topology, failed in drawn(block, 60):
        down = foretold(topology, failed, cascade.Question())

        assert played(topology, failed, 1500.0) == down
        seen += len(down - set(failed))

    assert seen > 30


def test_who_is_at_zero_after_a_time_is_the_fixed_point_after_it() -> None:
    seen = 0
    for topology, failed in drawn(100, 400):
        if any(fleet.health_check for fleet in topology.fleets.values()):
            continue  # units that leave one by one are never gone at a moment
        down = foretold(topology, failed, cascade.Question(after_s=AFTER_S))

        assert played(topology, failed, AFTER_S + 6 * STEP_S) == down
        seen += len(foretold(topology, failed, cascade.Question()) - down)

    assert seen > 5
