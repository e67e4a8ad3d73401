"""Where requests must come in, so that everything that is called can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


def entries_of(edges: Iterable[tuple[str, str]], known: Collection[str], preferred: Collection[str] = ()) -> list[str]:
    """Give callers from which, together with those that are known, every call can be reached.

    Those are the callers that nobody calls and, of a circle that nothing outside it calls, one that is preferred,
    else the one with the most callees.

    Examples
    --------
    >>> entries_of([("web", "db"), ("a", "b"), ("b", "a"), ("b", "db")], known=())
    ['web', 'b']
    """
    graph: nx.DiGraph[str] = nx.DiGraph(edges)
    place = {name: index for index, name in enumerate(graph)}
    circles: nx.DiGraph[int] = nx.condensation(graph)
    members_of: dict[int, set[str]] = nx.get_node_attributes(circles, "members")
    found = []
    for circle, members in members_of.items():
        if circles.in_degree(circle) == 0 and members.isdisjoint(known):
            found.append(min(members, key=lambda name: (name not in preferred, -graph.out_degree(name), place[name])))
    return sorted(found, key=place.__getitem__)


def back_edges(edges: Iterable[tuple[str, str]], starts: Iterable[str]) -> set[tuple[str, str]]:
    """Give the edges that lead back to where a walk from some starts has come through; without them there is no circle.

    Examples
    --------
    >>> back_edges([("web", "api"), ("api", "web"), ("api", "db")], ["web"])
    {('api', 'web')}
    """
    graph: nx.DiGraph[str] = nx.DiGraph(edges)
    seen: set[str] = set()
    found = set()
    for start in [*starts, *graph]:
        if start not in graph or start in seen:
            continue
        path = {start}
        seen.add(start)
        stack = [(start, iter(graph.successors(start)))]
        while stack:
            node, rest = stack[-1]
            for other in rest:
                if other in path:
                    found.add((node, other))
                elif other not in seen:
                    seen.add(other)
                    path.add(other)
                    stack.append((other, iter(graph.successors(other))))
                    break
            else:
                stack.pop()
                path.discard(node)
    return found
