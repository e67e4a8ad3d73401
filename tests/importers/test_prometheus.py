"""Saved answers of Prometheus: rates, errors and latencies of service graphs, Istio and Linkerd."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cascade.importers.draft import Draft, Kind
from cascade.importers.formats.prometheus import FORMAT
from cascade.importers.sources import documents
from tests.importers.graph_like import REAL, drafted, facts, pairs, refusal, texts

Series = tuple[dict[str, str], str]

WEB_DB = {"client": "web", "server": "db", "connection_type": "database"}
USER_WEB = {"client": "user", "server": "web", "connection_type": "virtual_node"}


def vector(*series: Series, **more: Any) -> str:
    result = [{"metric": labels, "value": [1.7e9, value]} for labels, value in series]
    return json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}, **more})


def matrix(labels: dict[str, str], *values: str) -> str:
    samples = [[60 * place, value] for place, value in enumerate(values)]
    return json.dumps({"data": {"resultType": "matrix", "result": [{"metric": labels, "values": samples}]}})


def measured(**answers: str) -> Draft:
    return texts(FORMAT, {f"{name}.json": answer for name, answer in answers.items()})


def counts(draft: Draft) -> dict[tuple[str, str], tuple[float, float]]:
    return {pair: (edge.calls, edge.errors) for pair, edge in draft.edges.items()}


def test_rates_errors_and_latencies_come_together_from_several_answers() -> None:
    draft = measured(
        rate=vector((USER_WEB, "10"), (WEB_DB, "20")),
        failed=vector((WEB_DB, "2"), (USER_WEB, "NaN")),
        p99=vector((WEB_DB, "0.5")),
        p50=vector((WEB_DB, "0.0125"), (USER_WEB, "+Inf")),
    )

    assert counts(draft) == {("web", "db"): (20.0, 2.0)}
    assert facts(draft, "web") == {"entry_point": True, "demand": "10/s"}
    assert facts(draft, "db") == {"latency": "12.5ms"}
    assert draft.components["db"].is_store
    assert draft.edges["web", "db"].kind is Kind.STORE
    assert "failed.json: read as errors (by the name of the file)." in draft.notes
    assert "Counts of calls are rates per second." in draft.notes


def test_a_service_called_user_is_a_service_where_others_call_it() -> None:
    draft = measured(rate=vector(({"client": "web", "server": "user"}, "4"), ({"client": "user", "server": "db"}, "5")))

    assert pairs(draft) == {("web", "user"), ("user", "db")}


def test_istio_reports_the_same_requests_twice_and_counts_failures_by_code() -> None:
    names = {"source_workload": "istio-ingressgateway", "destination_workload": "cart-v1"}
    codes = {"200": "7", "404": "1", "503": "2", "0": "0.5"}
    seen = [
        ({**names, "reporter": reporter, "response_code": code, "destination_service_name": "cart"}, rate)
        for reporter in ("destination", "source")
        for code, rate in codes.items()
        if (reporter, code) != ("destination", "0")
    ]
    outside = {"reporter": "destination", "source_workload": "unknown", "destination_workload": "cart-v1"}
    external = {"source_workload": "cart-v1", "destination_workload": "unknown"}
    draft = measured(
        a=vector(
            *seen,
            ({**outside, "response_code": "200"}, "3"),
            ({**external, "destination_service_name": "www.example.com"}, "1"),
            ({**external, "destination_service_name": "PassthroughCluster"}, "1"),
        )
    )

    assert counts(draft) == {
        ("istio-ingressgateway", "cart-v1"): (10.5, 2.5),
        ("cart-v1", "www.example.com"): (1.0, 0.0),
    }
    assert facts(draft, "cart-v1") == {"entry_point": True, "demand": "3/s"}
    assert facts(draft, "istio-ingressgateway") == {"entry_point": True, "demand": "10.5/s"}
    assert draft.components["cart-v1"].aliases == {"cart"}
    assert draft.unresolved == [("cart-v1", "PassthroughCluster")]


def test_linkerd_names_the_callee_in_labels_that_begin_with_dst() -> None:
    labels = {"namespace": "emojivoto", "deployment": "web", "dst_deployment": "voting", "dst_namespace": "emojivoto"}
    inbound = {"deployment": "web", "direction": "inbound"}
    draft = measured(
        responses=vector(
            ({**labels, "classification": "success"}, "3"),
            ({**labels, "classification": "failure"}, "1"),
            (inbound, "4"),
        ),
        latency=vector(*(({**labels, "le": bound}, rate) for bound, rate in (("10", "1"), ("20", "3"), ("+Inf", "3")))),
    )

    assert counts(draft) == {("web", "voting"): (4.0, 1.0)}
    assert facts(draft, "voting") == {"latency": "12.5ms"}
    assert "responses.json: 1 series without caller and callee were passed over." in draft.notes


def test_equal_names_of_two_namespaces_are_two_parts() -> None:
    labels = {"source_workload": "web", "destination_workload": "db", "destination_workload_namespace": "a"}
    draft = measured(a=vector((labels, "1"), ({**labels, "destination_workload_namespace": "b"}, "2")))

    assert counts(draft) == {("web", "db.a"): (1.0, 0.0), ("web", "db.b"): (2.0, 0.0)}


def test_over_a_time_rates_are_averaged_and_counters_become_rates() -> None:
    labels = {"client": "a", "server": "b"}
    counter = {"__name__": "traces_service_graph_request_total", **labels}

    assert counts(measured(a=matrix(labels, "1", "NaN", "3"))) == {("a", "b"): (2.0, 0.0)}
    assert counts(measured(a=matrix(counter, "0", "60", "30", "90"))) == {("a", "b"): (2.0 / 3.0, 0.0)}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("sum by (client, server) (rate(traces_service_graph_request_total[1h]))", (8.0, 0.0, None)),
        ("sum by (client, server) (rate(traces_service_graph_request_failed_total[1h]))", (0.0, 0.0, None)),
        ('sum(rate(istio_requests_total{response_code=~"5.."}[1h]))', (0.0, 0.0, None)),
        ("histogram_quantile(0.5, rate(traces_service_graph_request_server_seconds_bucket[1h]))", (0.0, 0.0, "8s")),
        ("histogram_quantile(0.95, rate(istio_request_duration_milliseconds_bucket[1h]))", (0.0, 0.0, "8ms")),
        ("rate(x_seconds_sum[1h]) / rate(x_seconds_count[1h])", (0.0, 0.0, "8s")),
        ("rate(istio_request_duration_milliseconds_count[1h])", (8.0, 0.0, None)),
    ],
)
def test_a_query_that_was_kept_tells_what_the_numbers_are(query: str, found: tuple[float, float, str | None]) -> None:
    draft = measured(latency_failed=vector(({"client": "a", "server": "b"}, "8"), query=query))

    edge = draft.edges["a", "b"]
    assert (edge.calls, edge.errors, facts(draft, "b").get("latency")) == found


def test_an_error_share_is_of_the_calls() -> None:
    query = "rate(traces_service_graph_request_failed_total[1h]) / rate(traces_service_graph_request_total[1h])"
    labels = {"client": "a", "server": "b"}
    draft = measured(share=vector((labels, "0.25"), query=query), rate=vector((labels, "8")))

    assert counts(draft) == {("a", "b"): (8.0, 2.0)}


def test_empty_and_warned_answers_are_told() -> None:
    draft = drafted(FORMAT, documents([REAL / "prometheus" / "jaeger-warning_response.json"]))

    assert not draft.components
    assert [note.split(": ")[1] for note in draft.notes] == [
        "Prometheus warned that the answer may not be complete.",
        "the answer is empty; is the metric collected, and the time right?",
    ]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", "file:1:1: empty; expected JSON"),
        ('{"status": "error", "error": "x"}', "file:1:2: Prometheus answered with an error; ask again"),
        ('{"data": 5}', 'file:1:1: expected an answer of /api/v1/query: {"data": {"result": [...]}}'),
        (
            vector(({"service_name": "email"}, "1")),
            (
                "file:1:68: no series names a caller and a callee; expected labels client and server, source_workload"
                " and destination_workload, or deployment and dst_deployment"
            ),
        ),
    ],
)
def test_what_says_nothing_of_calls_is_refused_in_one_line(content: str, line: str) -> None:
    assert refusal(FORMAT, content) == line
