"""The topology as a graph, and its layers."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cascade
from cascade.graph.layers import shape_of
from cascade.model import Topology

EVERYTHING: Final = """
services:
  web:
    demand: 5/s
    weight: 3
    calls:
      - {to: app, needs: soft, cache: {held_in: store}, fallback: {to: spare}}
      - {to: pair, needs: async}
  app: {calls: [web]}
  a:
  b:
  store:
  spare:
groups:
  pair: {members: [a, b]}
fleets:
  hosts:
    size: 10
    sets_capacity_of: [app]
    sets_success_of: [a]
    lease: {ttl: 1h, renewed_by: store}
    health_check: {through: spare}
    restored_by: {to: b}
"""


@pytest.fixture
def topology() -> Topology:
    """A topology with a relation of every kind."""
    return cascade.loads(EVERYTHING)


def test_edges_lead_from_whoever_needs_to_whoever_is_needed(topology: Topology) -> None:
    needs = {(caller, callee): edge["needs"] for caller, callee, edge in topology.graph.edges(data=True)}

    assert needs == {
        ("web", "app"): "soft",
        ("web", "pair"): "async",
        ("web", "store"): "cache",
        ("web", "spare"): "fallback",
        ("app", "web"): "hard",
        ("pair", "a"): "member",
        ("pair", "b"): "member",
        ("app", "hosts"): "capacity",
        ("a", "hosts"): "success",
        ("hosts", "store"): "lease",
        ("hosts", "spare"): "health_check",
        ("hosts", "b"): "restoration",
    }


def test_edges_say_what_is_known_of_calls() -> None:
    call = (
        "{to: db, needs: soft, degradation: 10%, per_request: 3, timeout: 250ms, retry: {max_attempts: unlimited},"
        " circuit_breaker: {}, evidence: [trace, env], confidence: 80%}"
    )
    graph = cascade.loads(f"services: {{web: {{calls: [{call}, app]}}, db: , app: }}").graph

    assert graph.edges["web", "app"] == {"needs": "hard", "per_request": 1.0}
    assert graph.edges["web", "db"] == {
        "needs": "soft",
        "per_request": 3.0,
        "timeout_s": 0.25,
        "attempts": "unlimited",
        "degradation_fraction": 0.1,
        "circuit_breaker": True,
        "evidence": "trace env",
        "confidence": 0.8,
    }


def test_nodes_say_what_they_are(topology: Topology) -> None:
    nodes = topology.graph.nodes

    assert nodes["web"] == {"kind": "service", "weight": 3.0, "entry_point": True}
    assert [nodes[name]["kind"] for name in ("pair", "hosts")] == ["group", "fleet"]


def test_a_cycle_shares_a_layer(topology: Topology) -> None:
    shape = shape_of(topology)

    assert shape.layers[0] == ("web", "app")
    assert shape.cycles == (("web", "app"),)
    assert shape.entry_points == ("web",)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda pair: pair[0] != pair[1]), unique=True))
def test_callees_stand_below_callers_unless_in_a_cycle(calls: list[tuple[int, int]]) -> None:
    services = {f"s{i}": {"calls": [f"s{callee}" for caller, callee in calls if caller == i]} for i in range(10)}
    shape = shape_of(Topology.model_validate({"services": services}))
    layer = {name: number for number, names in enumerate(shape.layers) for name in names}
    cycle = {name: number for number, names in enumerate(shape.cycles) for name in names}

    assert sorted(layer) == sorted(services)
    for caller, callee in shape.graph.edges:
        together = caller in cycle and cycle[caller] == cycle.get(callee)
        assert layer[caller] == layer[callee] if together else layer[caller] < layer[callee]
