"""The layered graph that structural questions are timed on."""

from __future__ import annotations

import random
from itertools import count
from typing import TYPE_CHECKING, Any

import networkx as nx

if TYPE_CHECKING:
    from collections.abc import Iterator

LAYERS = 10
DEGREE = 5


def edges(size: int) -> Iterator[tuple[int, int]]:
    """Yield calls: each service needs five different ones of the next two layers."""
    draw = random.Random(1)
    bounds = [layer * size // LAYERS for layer in range(LAYERS + 1)]
    for layer in range(LAYERS - 1):
        below = range(bounds[layer + 1], bounds[min(layer + 3, LAYERS)])
        for caller in range(bounds[layer], bounds[layer + 1]):
            yield from ((caller, callee) for callee in draw.sample(below, min(DEGREE, len(below))))


def graph(size: int, *, groups: bool = False, cycles: bool = False, shared: float = 0.1) -> nx.DiGraph[Any]:
    """Give the graph; with groups a share needs 2 of its first 3 callees, with cycles 3 % of the edges go back."""
    draw = random.Random(2)
    calls: dict[int, list[int]] = {caller: [] for caller in range(size)}
    for caller, callee in edges(size):
        calls[caller].append(callee)
    found: nx.DiGraph[Any] = nx.DiGraph()
    found.add_nodes_from(range(size))
    names = count(size)
    for caller, callees in calls.items():
        if groups and len(callees) >= 3 and draw.random() < shared:
            name = next(names)
            found.add_node(name, needs=2)
            found.add_edges_from((name, callee) for callee in callees[:3])
            callees = [name, *callees[3:]]  # noqa: PLW2901 - what is called instead
        found.add_edges_from((caller, callee) for callee in callees)
    if cycles:
        forth = [(caller, callee) for caller, callee in found.edges if caller < size and callee < size]
        found.add_edges_from((callee, caller) for caller, callee in draw.sample(forth, len(forth) * 3 // 100))
    return found
