"""The topology as a graph: an edge from each caller to each callee, failure comes back along it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import networkx as nx

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascade.model import Dependency, Fleet, Topology

    Edge = tuple[str, str, str]


def build_graph(topology: Topology) -> nx.DiGraph[str]:
    """Give services, groups and fleets as nodes, and who needs whom as edges.

    Nodes carry ``kind`` (service, group or fleet), ``weight`` and ``entry_point``; edges carry ``needs``:
    that of a dependency, ``member``, ``cache``, ``fallback``, ``capacity``, ``success``, ``lease``,
    ``health_check`` or ``restoration``. Those of a dependency carry ``per_request`` and what else is known of
    it: ``timeout_s``, ``attempts``, ``degradation_fraction``, ``circuit_breaker``, ``evidence``, ``confidence``.

    Examples
    --------
    >>> import cascade
    >>> graph = cascade.loads("services: {web: {calls: [db]}, db: }").graph
    >>> list(graph.edges(data="needs"))
    [('web', 'db', 'hard')]
    """
    graph: nx.DiGraph[str] = nx.DiGraph(name=topology.name)
    for name, service in topology.services.items():
        graph.add_node(name, kind="service", weight=service.weight, entry_point=service.is_entry_point)
    for kind, names in (("group", topology.groups), ("fleet", topology.fleets)):
        graph.add_nodes_from(names, kind=kind, weight=1.0, entry_point=False)
    for name, service in topology.services.items():
        for call in service.calls:
            graph.add_edge(name, call.to, **attributes_of(call))
    for group, members in topology.groups.items():
        graph.add_edges_from(((group, member) for member in members.members), needs="member")
    for caller, callee, needs in indirect_edges(topology):
        if not graph.has_edge(caller, callee):
            graph.add_edge(caller, callee, needs=needs)
    return graph


def attributes_of(call: Dependency) -> dict[str, Any]:
    """Give what is known of a call as single values, which every language of graphs can hold."""
    found: dict[str, Any] = {"needs": call.needs.value, "per_request": float(call.per_request)}
    if call.timeout_s is not None:
        found["timeout_s"] = float(call.timeout_s)
    if call.retry:
        found["attempts"] = call.retry.max_attempts
    if call.degradation_fraction:
        found["degradation_fraction"] = float(call.degradation_fraction)
    if call.circuit_breaker:
        found["circuit_breaker"] = True
    if call.evidence:
        found |= {"evidence": " ".join(call.evidence), "confidence": float(call.confidence_fraction)}
    return found


def indirect_edges(topology: Topology) -> Iterator[Edge]:
    """Yield who needs whom without a call of its own."""
    for name, service in topology.services.items():
        for call in service.calls:
            if call.cache and call.cache.held_in:
                yield name, call.cache.held_in, "cache"
            if call.fallback and call.fallback.to:
                yield name, call.fallback.to, "fallback"
    for name, fleet in topology.fleets.items():
        yield from fleet_edges(name, fleet)


def fleet_edges(name: str, fleet: Fleet) -> Iterator[Edge]:
    """Yield who needs a fleet, and whom it needs itself."""
    for service in fleet.sets_capacity_of:
        yield service, name, "capacity"
    for service in fleet.sets_success_of:
        yield service, name, "success"
    if fleet.lease:
        yield name, fleet.lease.renewed_by, "lease"
    if fleet.health_check:
        yield name, fleet.health_check.through, "health_check"
    if fleet.restored_by:
        yield name, fleet.restored_by.to, "restoration"
