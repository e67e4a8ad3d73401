"""Plain graphs become topologies that mean the same."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

import cascade
from cascade.analysis.failure_logic import failure_logic
from cascade.errors import CascadeError
from cascade.model import Topology


def tangled() -> nx.DiGraph[int]:
    """Give a graph with a cycle, a loop and a group."""
    graph = nx.DiGraph([(0, 1), (1, 2), (2, 1), (0, 9), (9, 3), (9, 4), (9, 5), (3, 3), (2, 6)])
    graph.nodes[9]["needs"] = 2
    return graph


def test_counts_go_by_the_nodes_of_the_graph() -> None:
    graph = nx.DiGraph([("c", "b"), ("b", "a"), ("d", "a")])

    found = cascade.contingencies(cascade.from_networkx(graph))

    assert found.names == ("c", "b", "a", "d")
    assert found.affected_count.tolist() == [len(nx.ancestors(graph, node)) for node in graph]
    assert found.hit_count.tolist() == [len(nx.descendants(graph, node)) for node in graph]


def test_a_plain_graph_is_the_topology_written_out() -> None:
    plain = cascade.from_networkx(tangled())
    written = Topology(services={**plain.services}, groups=plain.groups)

    one, other = cascade.contingencies(plain), cascade.contingencies(written)

    assert one.names == other.names
    assert np.array_equal(one.affected_count, other.affected_count)
    assert np.array_equal(one.entry_points_lost_count, other.entry_points_lost_count)
    assert np.array_equal(one.hit_count, other.hit_count)
    assert one.worst == other.worst
    assert plain.groups["9"].needs == 2
    assert [call.to for call in plain.services["3"].calls] == []
    assert len(plain.services) == 7


def test_who_nobody_calls_is_an_entry_point_unless_others_are_marked() -> None:
    graph = tangled()
    assert [name for name, service in cascade.from_networkx(graph).services.items() if service.is_entry_point] == ["0"]

    graph.nodes[2]["entry_point"] = True

    assert [name for name, service in cascade.from_networkx(graph).services.items() if service.is_entry_point] == ["2"]


def test_what_an_edge_is_needed_for_counts() -> None:
    graph = nx.DiGraph([("a", "b"), ("a", "c")])
    graph.edges["a", "c"]["needs"] = "async"

    found = cascade.contingencies(cascade.from_networkx(graph))

    assert dict(zip(found.names, found.affected_count.tolist(), strict=True)) == {"a": 0, "b": 1, "c": 0}


def test_the_graph_of_a_topology_comes_back() -> None:
    shop = cascade.from_networkx(nx.DiGraph([("web", "db")]))

    assert list(cascade.from_networkx(shop.graph).services) == ["web", "db"]
    assert failure_logic(shop).nodes == ("web", "db")


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (nx.Graph([(1, 2)]), "expected a networkx.DiGraph"),
        (nx.MultiDiGraph([(1, 2)]), "expected a networkx.DiGraph"),
        (nx.DiGraph([("a b", "c")]), "without blanks and '>', got 'a b'"),
        (nx.DiGraph([(1, "1")]), "got '1' twice"),
    ],
)
def test_what_cannot_be_a_topology_is_refused(graph: nx.DiGraph[object], message: str) -> None:
    with pytest.raises(CascadeError, match=message):
        cascade.from_networkx(graph)


def test_groups_must_make_sense() -> None:
    graph = tangled()
    graph.nodes[9]["needs"] = 4
    with pytest.raises(CascadeError, match="group '9': expected needs from 1 to 3, got 4"):
        cascade.from_networkx(graph)

    graph.nodes[9]["needs"] = 1
    graph.nodes[2]["needs"] = 1
    graph.add_edges_from([(9, 2), (2, 9)])
    with pytest.raises(CascadeError, match="do not contain themselves"):
        cascade.from_networkx(graph)
