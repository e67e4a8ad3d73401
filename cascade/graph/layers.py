"""The shape of a topology: what stands above what, and where calls go in circles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import networkx as nx

    from cascade.model import Topology


@dataclass(frozen=True, slots=True)
class Shape:
    """What a topology looks like from afar."""

    topology: Topology
    graph: nx.DiGraph[str]
    layers: tuple[tuple[str, ...], ...]
    """Whoever is called stands below all its callers, unless both are in a cycle."""
    cycles: tuple[tuple[str, ...], ...]
    """Sets of nodes that all need each other, the largest first."""
    entry_points: tuple[str, ...]
    """Where requests come in from outside."""


def shape_of(topology: Topology) -> Shape:
    """Find the layers, the cycles and the entry points of a topology.

    Examples
    --------
    >>> import cascade
    >>> shape_of(cascade.loads("services: {web: {calls: [app]}, app: {calls: [db]}, db: {calls: [app]}}")).layers
    (('web',), ('app', 'db'))
    """
    import networkx as nx  # noqa: PLC0415 - what is not used costs nothing

    graph = topology.graph
    place = {name: number for number, name in enumerate(graph)}
    components: nx.DiGraph[int] = nx.condensation(graph)
    members: dict[int, list[str]] = {
        number: sorted(names, key=place.__getitem__) for number, names in components.nodes(data="members")
    }
    layers = [
        sorted((name for component in layer for name in members[component]), key=place.__getitem__)
        for layer in nx.topological_generations(components)
    ]
    cycles = sorted(
        (names for names in members.values() if len(names) > 1), key=lambda names: (-len(names), place[names[0]])
    )
    entry_points = [name for name, service in topology.services.items() if service.is_entry_point]
    return Shape(topology, graph, tuple(map(tuple, layers)), tuple(map(tuple, cycles)), tuple(entry_points))


def circles(names: Iterable[str], edges: Iterable[tuple[str, str]]) -> tuple[tuple[str, ...], ...]:
    """Give names in sets that all need each other, callers before callees; most sets are of one.

    Examples
    --------
    >>> circles(["db", "app", "web"], [("web", "app"), ("app", "db"), ("db", "app")])
    (('web',), ('db', 'app'))
    """
    import networkx as nx  # noqa: PLC0415 - what is not used costs nothing

    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from(edges)
    place = {name: number for number, name in enumerate(graph)}
    components: nx.DiGraph[int] = nx.condensation(graph)
    members = components.nodes(data="members")
    return tuple(tuple(sorted(members[number], key=place.__getitem__)) for number in nx.topological_sort(components))
