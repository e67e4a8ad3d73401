"""A plain graph becomes a topology."""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain
from typing import Any, Final

import networkx as nx
import numpy as np

from cascade.errors import CascadeError
from cascade.graph.plain import PlainServices
from cascade.logic.gates import Gates
from cascade.model import Group, Needs, Service, Topology

NAME: Final = re.compile(r"[^\s>]{1,200}")
"""What a part may be called."""


def from_networkx(graph: nx.DiGraph[Any]) -> Topology:
    """Make a topology from a graph with edges from caller to callee.

    Every edge is a hard dependency, unless its attribute ``needs`` says ``soft``, ``async``, ``startup``
    or ``control``. A node with the attribute ``needs``, a number, is a group of its successors of which so
    many must be up; each other node is a service. Entry points are the nodes with a true attribute
    ``entry_point``, and where no node has that, those that nobody calls. Names are the texts of the nodes;
    an edge from a node to itself says nothing and is passed over.

    Raises
    ------
    CascadeError
        When the graph is no plain directed graph, or its nodes cannot be told apart by their texts.

    Examples
    --------
    >>> import networkx as nx
    >>> topology = from_networkx(nx.DiGraph([("web", "app"), ("app", "db")]))
    >>> sorted(topology.services), [call.to for call in topology.services["app"].calls]
    (['app', 'db', 'web'], ['db'])
    """
    if not graph.is_directed() or graph.is_multigraph():
        raise CascadeError("expected a networkx.DiGraph with edges from caller to callee")
    said = {node: attributes for node, attributes in graph.nodes(data=True) if attributes}
    quorums = {node: attributes["needs"] for node, attributes in said.items() if "needs" in attributes}
    groups = list(quorums)
    if not nx.is_directed_acyclic_graph(graph.subgraph(groups)):
        raise CascadeError("expected groups that do not contain themselves")
    order = [node for node in graph if node not in quorums] + groups
    names = checked_names(order)
    gates = gates_of(graph, order, quorums)
    marked = [bool(said.get(node, {}).get("entry_point")) for node in order[: len(order) - len(groups)]]
    is_called = np.bincount(gates.inputs, minlength=len(order))[: len(marked)] > 0
    services = PlainServices(gates, names, np.array(marked, np.bool_) if any(marked) else ~is_called)
    name, made = graph.name or "graph", {names[index]: group_of(services, index) for index in services.groups}
    kinds = kinds_of(graph, quorums)
    if kinds:
        return Topology(name=name, services=with_kinds(services, kinds), groups=made)
    fields: dict[str, Any] = {"name": name, "services": services, "groups": made}
    return Topology.model_construct(**fields)  # pydantic would make and copy all of it


def kinds_of(graph: nx.DiGraph[Any], quorums: dict[Any, Any]) -> dict[tuple[str, str], Needs]:
    """Give the dependencies that are not simply hard."""
    marked = {
        (caller, callee): attributes["needs"]
        for caller, callees in graph.adjacency()
        for callee, attributes in callees.items()
        if attributes and attributes.get("needs") not in {None, "hard"}
    }
    try:
        return {
            (str(caller), str(callee)): Needs(needs)
            for (caller, callee), needs in marked.items()
            if caller not in quorums
        }
    except ValueError as error:
        raise CascadeError(f"expected one of {', '.join(Needs)}, got {str(error).split(' is ')[0]}") from None


def checked_names(nodes: list[Any]) -> tuple[str, ...]:
    """Give the names of nodes, which a topology file could hold."""
    names = tuple(map(str, nodes))
    if unfit := next((name for name in names if not NAME.fullmatch(name)), None):
        raise CascadeError(f"expected names of 1 to 200 characters without blanks and '>', got {unfit!r}")
    if len(set(names)) < len(names):
        doubled = next(name for name, count in Counter(names).items() if count > 1)
        raise CascadeError(f"expected nodes with different texts, got '{doubled}' twice")
    return names


def gates_of(graph: nx.DiGraph[Any], order: list[Any], quorums: dict[Any, Any]) -> Gates:
    """Give the gates of a graph: an OR over what a service calls, a threshold over the members of a group."""
    place = {node: index for index, node in enumerate(order)}
    adjacency = dict(graph.adjacency())
    callees = [list(adjacency[node]) for node in order]
    for loop in nx.nodes_with_selfloops(graph):
        callees[place[loop]].remove(loop)
    counts = np.fromiter(map(len, callees), np.int64, len(order))
    first = np.zeros(len(order) + 1, np.int64)
    np.cumsum(counts, out=first[1:])
    least = np.ones(len(order), np.int32)
    for node, quorum in quorums.items():
        most = int(counts[place[node]])
        if not isinstance(quorum, int) or not 1 <= quorum <= most:
            raise CascadeError(f"group '{node}': expected needs from 1 to {most}, got {quorum!r}")
        least[place[node]] = most - quorum + 1
    return Gates(
        first=first,
        inputs=np.fromiter(map(place.__getitem__, chain.from_iterable(callees)), np.int32, int(first[-1])),
        least=least,
        fails=np.arange(len(order)) < len(order) - len(quorums),
    )


def group_of(services: PlainServices, index: int) -> Group:
    """Make one group."""
    members = services.callees(index)
    needs = len(members) - int(services.gates.least[index]) + 1
    return Group(members=tuple(services.nodes[member] for member in members), needs=needs)


def with_kinds(services: PlainServices, kinds: dict[tuple[str, str], Needs]) -> dict[str, Service]:
    """Make all services, with what each dependency does to its caller."""
    return {
        name: service.changed(
            calls=tuple(call.changed(needs=kinds.get((name, call.to), Needs.HARD)) for call in service.calls)
        )
        for name, service in services.items()
    }
