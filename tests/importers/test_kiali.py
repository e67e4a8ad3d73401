"""Graphs of Kiali: users are no part, bytes are no requests, and a waypoint makes no calls of its own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cascade.importers.draft import Draft, Kind
from cascade.importers.formats.kiali import FORMAT
from tests.importers.graph_like import expected, facts, pairs, real, refusal, text


def is_topology(row: dict[str, str]) -> bool:
    """Tell whether a row is a call between two parts: traffic of users, or to nowhere, and to oneself is none."""
    return row["caller"] != row["callee"] and "unknown" not in (row["caller"], row["callee"])


def graph(nodes: list[dict[str, Any]], edges: list[dict[str, Any]]) -> Draft:
    elements = {"nodes": [{"data": node} for node in nodes], "edges": [{"data": edge} for edge in edges]}
    return text(FORMAT, json.dumps({"graphType": "workload", "elements": elements}))


def test_the_service_graph_gives_the_calls_with_their_rates_and_failures() -> None:
    draft = real(FORMAT, "kiali/service_graph.json")

    rows = [row for row in expected("kiali-service_graph") if is_topology(row)]

    assert {pair: (edge.calls, edge.errors) for pair, edge in draft.edges.items()} == {
        (row["caller"], row["callee"]): (float(row["rate_rps"] or 0), float(row["error_rps"] or 0)) for row in rows
    }


def test_users_are_demand_and_what_is_not_known_is_no_part() -> None:
    draft = real(FORMAT, "kiali/service_graph.json")

    assert "unknown" not in draft.components
    assert facts(draft, "productpage") == {"entry_point": True, "demand": "50/s"}
    assert facts(draft, "ingressgateway-unknown") == {"entry_point": True, "demand": "100/s"}
    assert draft.components["ingressgateway-unknown"].facts["demand"].is_assumed
    assert facts(draft, "tcp") == {"entry_point": True}
    assert draft.unresolved == [("reviews", "unknown")]
    assert [(caller, callee) for caller, callee, _ in draft.left_out] == [("reviews",) * 2, ("productpage",) * 2]


def test_a_workload_graph_keeps_versions_apart_and_knows_services_of_one_workload() -> None:
    draft = real(FORMAT, "kiali/workload_graph.json")

    assert {("productpage-v1", f"reviews-v{version}") for version in (1, 2, 3)} <= pairs(draft)
    assert draft.components["details-v1"].aliases == {"details"}
    assert draft.components["reviews-v2"].aliases == set()
    assert draft.edges["reviews-v2", "ratings-v1"].errors == 10.0


def test_a_waypoint_is_needed_and_calls_nobody() -> None:
    draft = real(FORMAT, "kiali/ambient_graph.json")

    assert {pair: edge.kind for pair, edge in draft.edges.items()} == {
        ("productpage-v1", "details-v1"): Kind.SYNC,
        ("productpage-v1", "reviews-v1"): Kind.SYNC,
        ("productpage-v1", "waypoint"): Kind.INFRA,
    }
    assert {(caller, callee) for caller, callee, _ in draft.left_out} == {
        ("waypoint", "details-v1"),
        ("waypoint", "reviews-v1"),
    }


def test_calls_through_a_waypoint_are_seen_by_the_hosts_that_were_asked_for() -> None:
    draft = graph(
        [
            {"id": "1", "nodeType": "workload", "workload": "web"},
            {"id": "2", "nodeType": "workload", "workload": "waypoint", "isWaypoint": True},
            {"id": "3", "nodeType": "workload", "workload": "cart-v1", "destServices": [{"name": "cart"}]},
            {"id": "4", "nodeType": "workload", "workload": "mail-v1", "destServices": [{"name": "mail"}]},
        ],
        [{"source": "1", "target": "2", "traffic": {"responses": {"-": {"hosts": {"cart.shop.svc:80": "100"}}}}}],
    )

    assert pairs(draft) == {("web", "waypoint"), ("web", "cart-v1")}


def test_boxes_operations_and_apps_of_two_namespaces_are_told_apart() -> None:
    draft = graph(
        [
            {"id": "0", "nodeType": "box", "isBox": "app", "app": "web"},
            {"id": "1", "nodeType": "app", "app": "web", "version": "v1", "namespace": "a"},
            {"id": "2", "nodeType": "aggregate", "aggregateValue": "GET /", "namespace": "b"},
            {"id": "3", "nodeType": "app", "app": "db", "namespace": "b"},
            {"id": "4", "nodeType": "app", "app": "db", "namespace": "c"},
        ],
        [
            {"source": "1", "target": "2", "traffic": {"rates": {"http": "3"}}, "responseTime": "25"},
            {"source": "2", "target": "3"},
            {"source": "1", "target": "4", "traffic": None},
            {"source": "1", "target": "gone"},
        ],
    )

    assert {pair: edge.calls for pair, edge in draft.edges.items()} == {("web", "db.b"): 3.0, ("web", "db.c"): 0.0}
    assert facts(draft, "db.b") == {"latency": "25ms"}
    assert "file: 1 edges between nodes that are not there were passed over." in draft.notes


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (
            '{"elements": []}',
            'file:1:2: expected a graph of Kiali: {"graphType": ..., "elements": {"nodes": [...], "edges": [...]}}',
        ),
        (
            '{"elements": {"nodes": [{"data": {"infraType": "cluster"}}], "edges": []}}',
            "file:1:15: no node of a traffic graph in it; ask for /kiali/api/namespaces/graph",
        ),
        ("{", "file:1:2: not JSON: expecting property name enclosed in double quotes"),
    ],
)
def test_what_is_no_graph_is_refused_in_one_line(content: str, line: str) -> None:
    assert refusal(FORMAT, content) == line
