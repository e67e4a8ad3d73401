"""Traces of all formats: the edges of real files, and each rule on a trace made for it."""

from __future__ import annotations

import base64
import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from cascade.errors import TopologyError
from cascade.importers.draft import Draft, Kind
from cascade.importers.format import Format, Options
from cascade.importers.formats import jaeger, otlp, trace_csv, zipkin
from cascade.importers.sources import Document, documents
from cascade.importers.spans import model as spans

REAL = Path(__file__).parent.parent / "realworld"
FORMATS = (jaeger.FORMAT, otlp.FORMAT, zipkin.FORMAT, trace_csv.FORMAT)
VERSION_1 = REAL / "zipkin" / "train-ticket-zipkin-v1-case1.json"
START_NS = 1_700_000_000 * 10**9
MS = 10**6


def read(form: Format, *sources: Any) -> Draft:
    draft = Draft()
    found = [document(one) for one in sources]
    form.reads(found, draft, Options())
    return draft


def document(source: Any) -> Document:
    if isinstance(source, Path):
        return documents([source])[0]
    content = source if isinstance(source, bytes) else json.dumps(source).encode()
    return Document("trace.json", content=content)


def pairs(draft: Draft) -> set[tuple[str, str]]:
    return set(draft.edges)


def span(  # noqa: PLR0913 - what a span has
    own: str,
    parent: str,
    kind: int,
    at: tuple[int, int],
    attributes: dict[str, str] | None = None,
    *,
    trace: str = "1",
    failed: bool = False,
) -> dict[str, Any]:
    """Make an OTLP span; ``at`` is its start and end in ms."""
    return {
        "traceId": trace.rjust(32, "0"),
        "spanId": own.rjust(16, "a"),
        "parentSpanId": parent and parent.rjust(16, "a"),
        "name": own,
        "kind": kind,
        "startTimeUnixNano": str(START_NS + at[0] * MS),
        "endTimeUnixNano": str(START_NS + at[1] * MS),
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in (attributes or {}).items()],
        "status": {"code": 2} if failed else {},
    }


def traced(**services: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": name}}]},
                "scopeSpans": [{"spans": found}],
            }
            for name, found in services.items()
        ]
    }


SERVER, CLIENT, PRODUCER, CONSUMER = 2, 3, 4, 5


@pytest.mark.parametrize(
    ("expected", "form", "file"),
    [
        ("zipkin-yelp.csv", zipkin.FORMAT, "zipkin/yelp.json"),
        ("zipkin-messaging.csv", zipkin.FORMAT, "zipkin/messaging.json"),
        ("bookinfo.tempo-trace.csv", otlp.FORMAT, "tempo/kiali-tempo-api-traces-bookinfo.json"),
    ],
)
def test_finds_the_expected_edges_and_no_others(expected: str, form: Format, file: str) -> None:
    with (REAL / "expected" / expected).open() as stream:
        rows = list(csv.DictReader(stream))
    wanted = {
        (row["callee"], row["caller"]) if "data-flow" in row["evidence"] else (row["caller"], row["callee"])
        for row in rows
    }

    draft = read(form, REAL / file)

    assert pairs(draft) == wanted
    counts = {(row["caller"], row["callee"]): float(row["calls"]) for row in rows if "calls" in row}
    found = {pair: edge.calls for pair, edge in draft.edges.items() if pair in counts}
    assert found == {pair: counts[pair] for pair in found}


def test_a_table_of_pods_gives_services_and_calls() -> None:
    draft = read(trace_csv.FORMAT, REAL / "trace-csv" / "nezha-train-ticket-2023-01-29_10_20_trace.csv")

    assert (len(draft.components), len(draft.edges)) == (18, 23)
    assert "ts-order-service" in draft.components
    assert draft.edges["ts-seat-service", "ts-config-service"].facts["after"].value == ["ts-order-other-service"]


def test_references_may_follow_from_and_spans_of_one_service_are_no_calls() -> None:
    draft = read(jaeger.FORMAT, REAL / "jaeger-trace" / "jaeger-ui-tracegraph-testTrace.json")

    assert pairs(draft) == {("service1", "service2")}


@pytest.mark.parametrize(
    "file", [file for file in sorted(REAL.rglob("*")) if file.is_file() and file.suffix in {".json", ".csv", ".yaml"}]
)
def test_each_real_file_is_recognised_by_its_own_format_only(file: Path) -> None:
    of = {
        "jaeger-trace": "jaeger", "otlp-trace": "otlp", "tempo": "otlp", "zipkin": "zipkin", "trace-csv": "trace-csv",
    }  # fmt: skip
    folder = file.relative_to(REAL).parts[0]
    wanted = [of[folder]] if folder in of and "fault_list" not in file.name else []

    found = [form.name for form in FORMATS if form.recognises(documents([file])[0])]

    assert found == wanted


@pytest.mark.parametrize("start", range(0, 600, 7))
def test_a_head_cut_off_anywhere_is_looked_at_without_complaint(start: int) -> None:
    for folder in ("jaeger-trace", "otlp-trace", "tempo", "zipkin", "trace-csv"):
        for file in (REAL / folder).iterdir():
            head = Document("x", content=file.read_bytes()[start : start + 300])
            assert sum(form.recognises(head) for form in FORMATS) <= 1


def test_ids_in_base64_and_in_hex_mean_the_same_spans() -> None:
    hexed = json.loads((REAL / "otlp-trace" / "jaeger-example_trace.json").read_text())
    packed = json.loads(json.dumps(hexed))
    for resource in packed["resourceSpans"]:
        for found in resource["scopeSpans"][0]["spans"]:
            for key in ("traceId", "spanId"):
                found[key] = base64.b64encode(bytes.fromhex(found[key])).decode()

    draft = read(otlp.FORMAT, hexed, packed)

    assert "passed over: 5 spans that came before, which count once" in draft.notes


def envelopes() -> dict[str, Any]:
    plain = traced(
        a=[span("1", "", SERVER, (0, 9)), span("2", "1", CLIENT, (1, 8))], b=[span("3", "2", SERVER, (2, 7))]
    )
    old = json.loads(json.dumps(plain).replace("scopeSpans", "instrumentationLibrarySpans"))
    named = json.loads(json.dumps(plain))
    for resource in named["resourceSpans"]:
        for found in resource["scopeSpans"][0]["spans"]:
            found["kind"] = ["", "", "SPAN_KIND_SERVER", "SPAN_KIND_CLIENT"][found["kind"]]
            found["startTimeUnixNano"] = int(found["startTimeUnixNano"])
    turned = {"resourceSpans": [dict(reversed(one.items())) for one in plain["resourceSpans"]]}
    lines = b"\n".join(json.dumps({"resourceSpans": [one]}).encode() for one in plain["resourceSpans"])
    return {
        "plain": plain, "batches": {"batches": plain["resourceSpans"]}, "result": {"result": plain},
        "trace": {"trace": plain, "metrics": {}}, "old": old, "named": named, "turned": turned,
        "list": [plain], "lines": lines, "packed": gzip.compress(lines), "bom": b"\xef\xbb\xbf" + lines,
    }  # fmt: skip


@pytest.mark.parametrize("name", envelopes())
def test_otlp_comes_in_many_envelopes(name: str) -> None:
    source = envelopes()[name]

    assert otlp.FORMAT.recognises(document(source))
    assert pairs(read(otlp.FORMAT, source)) == {("a", "b")}


def test_a_trace_may_stand_in_several_files() -> None:
    whole = traced(a=[span("1", "", CLIENT, (0, 9))], b=[span("3", "1", SERVER, (2, 7))])
    parts = [{"resourceSpans": [one]} for one in whole["resourceSpans"]]

    assert pairs(read(otlp.FORMAT, *parts)) == {("a", "b")}


def test_spans_put_aside_come_together_again(monkeypatch: pytest.MonkeyPatch) -> None:
    file = REAL / "trace-csv" / "nezha-train-ticket-2023-01-29_10_20_trace.csv"
    held = read(trace_csv.FORMAT, file)
    monkeypatch.setattr(spans, "HELD", 50)

    put_aside = read(trace_csv.FORMAT, file)

    assert {pair: edge.calls for pair, edge in put_aside.edges.items()} == {
        pair: edge.calls for pair, edge in held.edges.items()
    }
    assert list(put_aside.components) == list(held.components)
    assert put_aside.notes == held.notes


def test_calls_per_request_are_those_of_the_callers_requests() -> None:
    shop = [span("1", "", SERVER, (0, 90)), span("2", "", SERVER, (0, 90))]
    shop += [span(f"c{place}", "1", CLIENT, (place * 10, place * 10 + 5)) for place in range(3)]
    cart = [span(f"s{place}", f"c{place}", SERVER, (place * 10 + 1, place * 10 + 4)) for place in range(3)]

    draft = read(otlp.FORMAT, traced(shop=shop, cart=cart))

    fact = draft.edges["shop", "cart"].facts["per_request"]
    assert (fact.value, fact.why) == (1.5, "3 calls in 2 requests of shop")


def test_own_time_is_what_calls_do_not_cover() -> None:
    draft = read(
        otlp.FORMAT,
        traced(
            a=[
                span("1", "", SERVER, (0, 100)),
                span("2", "1", CLIENT, (10, 40)),
                span("3", "1", CLIENT, (30, 60)),
                span("4", "1", CLIENT, (70, 300)),
            ],
            b=[span("5", "2", SERVER, (15, 35)), span("6", "3", SERVER, (31, 59))],
        ),
    )

    assert draft.components["a"].facts["service_time"].value == "20ms"
    assert draft.components["b"].facts["service_time"].value == "24ms"
    assert not draft.components["b"].facts["service_time"].is_assumed


def calling(*times: tuple[int, int]) -> Draft:
    shop = [span("1", "", SERVER, (0, 1000))]
    shop += [span(f"c{place}", "1", CLIENT, at, {"server.address": f"to{place}"}) for place, at in enumerate(times)]
    return read(otlp.FORMAT, traced(shop=shop))


def test_calls_one_after_the_other_wait_for_the_one_before() -> None:
    draft = calling((10, 20), (30, 40), (40, 50))

    assert [draft.edges["shop", f"to{place}"].facts.get("after") for place in range(1)] == [None]
    assert draft.edges["shop", "to1"].facts["after"].value == ["to0"]
    assert draft.edges["shop", "to2"].facts["after"].value == ["to1"]
    assert draft.edges["shop", "to2"].facts["after"].is_assumed


def test_calls_at_the_same_time_are_noted_and_wait_for_nothing() -> None:
    draft = calling((10, 20), (15, 40))

    assert not any("after" in edge.facts for edge in draft.edges.values())
    assert "calls are made at the same time by shop (to0, to1)" in draft.notes


def test_an_answer_that_says_the_caller_was_wrong_is_no_error() -> None:
    draft = read(
        otlp.FORMAT,
        traced(
            shop=[
                span("1", "", SERVER, (0, 9)),
                span("2", "1", CLIENT, (1, 2), {"peer.service": "a", "http.status_code": "404"}, failed=True),
            ]
        ),
    )
    assert draft.edges["shop", "a"].errors == 0.0


def test_errors_are_counted_on_whichever_side_says_so() -> None:
    draft = read(
        otlp.FORMAT,
        traced(
            a=[
                span("1", "", SERVER, (0, 9)),
                span("2", "1", CLIENT, (1, 4), failed=True),
                span("3", "1", CLIENT, (5, 8)),
            ],
            b=[span("4", "2", SERVER, (2, 3)), span("5", "3", SERVER, (6, 7))],
        ),
    )
    assert (draft.edges["a", "b"].calls, draft.edges["a", "b"].errors) == (2.0, 1.0)


@pytest.mark.parametrize(
    ("attributes", "name", "kind"),
    [
        ({"db.system": "redis", "server.address": "redis-cart"}, "redis-cart", Kind.STORE),
        ({"db.system": "mysql", "db.name": "orders", "net.peer.name": "10.0.0.7"}, "mysql-orders", Kind.STORE),
        ({"db.system.name": "mysql", "db.connection_string": "mysql://me:secret@db1:3306/x"}, "db1", Kind.STORE),
        ({"peer.service": "billing", "server.address": "10.0.0.9"}, "billing", Kind.SYNC),
        ({"peer.service": "ledger", "db.statement": "select secret"}, "ledger", Kind.STORE),
        ({"url.full": "https://me:secret@api.example.com:8443/v1?token=secret"}, "api.example.com", Kind.SYNC),
        ({"upstream_cluster": "outbound|27017||mongodb.shop.svc"}, "mongodb.shop.svc", Kind.STORE),
    ],
)  # fmt: skip
def test_what_makes_no_spans_is_named_by_its_callers(attributes: dict[str, str], name: str, kind: Kind) -> None:
    draft = read(otlp.FORMAT, traced(shop=[span("1", "", SERVER, (0, 9)), span("2", "1", CLIENT, (1, 2), attributes)]))

    assert {(edge.callee, edge.kind) for edge in draft.edges.values()} == {(name, kind)}
    assert draft.components[name].is_store == (kind is Kind.STORE)
    assert draft.components[name].facts["service_time"].is_assumed
    assert "secret" not in repr(draft)


def test_calls_without_any_name_are_told() -> None:
    draft = read(otlp.FORMAT, traced(shop=[span("1", "", SERVER, (0, 9)), span("2", "1", CLIENT, (1, 2))]))

    assert not draft.edges
    assert any("1 call without a name" in note and "shop" in note for note in draft.notes)


def test_an_address_that_answered_once_is_known_where_the_answer_is_missing() -> None:
    draft = read(
        otlp.FORMAT,
        traced(
            a=[
                span("1", "", SERVER, (0, 9)),
                span("2", "1", CLIENT, (1, 4), {"server.address": "10.1.1.1", "server.port": "80"}),
            ],
            b=[span("3", "2", SERVER, (2, 3))],
            c=[
                span("4", "", SERVER, (0, 9)),
                span("5", "4", CLIENT, (1, 4), {"server.address": "10.1.1.1", "server.port": "80"}),
            ],
        ),
    )
    assert pairs(draft) == {("a", "b"), ("c", "b")}


def test_a_consumer_depends_on_the_broker_and_not_the_broker_on_it() -> None:
    draft = read(
        otlp.FORMAT,
        traced(
            checkout=[
                span("1", "", SERVER, (0, 9)),
                span("2", "1", PRODUCER, (1, 2), {"messaging.system": "kafka", "server.address": "kafka-1"}),
            ],
            accounting=[span("3", "2", CONSUMER, (5, 9), {"messaging.system": "kafka"})],
        ),
    )
    kinds = {pair: edge.kind for pair, edge in draft.edges.items()}
    assert kinds == {("checkout", "kafka-1"): Kind.PRODUCE, ("accounting", "kafka-1"): Kind.CONSUME}
    assert draft.components["kafka-1"].is_store


def test_a_message_through_a_nameless_broker_is_left_with_the_consumer() -> None:
    draft = read(
        otlp.FORMAT,
        traced(
            a=[span("1", "", SERVER, (0, 9)), span("2", "1", PRODUCER, (1, 2))], b=[span("3", "2", CONSUMER, (5, 9))]
        ),
    )
    assert {pair: edge.kind for pair, edge in draft.edges.items()} == {("a", "b"): Kind.PRODUCE}


def test_services_of_one_name_are_told_apart_by_their_namespace() -> None:
    found = traced(web=[span("1", "", CLIENT, (0, 9))], db=[span("2", "1", SERVER, (1, 8))])
    other = traced(db=[span("3", "1", SERVER, (2, 3))])
    for source, namespace in ((found, "one"), (other, "two")):
        for resource in source["resourceSpans"]:
            resource["resource"]["attributes"].append({"key": "service.namespace", "value": {"stringValue": namespace}})

    assert pairs(read(otlp.FORMAT, found, other)) == {("web", "db.one"), ("web", "db.two")}


def test_rates_need_a_window_and_are_said_to_be_lower_bounds() -> None:
    web = [
        span(f"{place:02}", "", SERVER, (place * 3000, place * 3000 + 5), trace=str(place)) for place in range(1, 22)
    ]

    long, short = read(otlp.FORMAT, traced(web=web)), read(otlp.FORMAT, traced(web=web[:9]))

    demand = long.components["web"].facts["demand"]
    assert (demand.value, demand.is_assumed) == ("0.35/s", True)
    assert any("lower bounds" in note for note in long.notes)
    assert "demand" not in short.components["web"].facts
    assert short.components["web"].facts["entry_point"].value
    assert any(note.startswith("no request rates") for note in short.notes)


def test_criticality_weighs_entry_points_only() -> None:
    source = traced(web=[span("1", "", SERVER, (0, 9))], db=[span("2", "1", SERVER, (1, 8))])
    for resource in source["resourceSpans"]:
        resource["resource"]["attributes"].append({"key": "service.criticality", "value": {"stringValue": "critical"}})

    draft = read(otlp.FORMAT, source)

    weight = draft.components["web"].facts["weight"]
    assert (weight.value, weight.is_assumed, weight.why) == (4, True, "service.criticality is critical")
    assert "weight" not in draft.components["db"].facts


def test_spans_without_kind_are_calls_where_the_service_changes_and_stores_stay_invisible() -> None:
    trace = {
        "traceID": "1f",
        "spans": [
            {"traceID": "1f", "spanID": "a", "operationName": "/compose", "references": None, "processID": "p1",
             "startTime": 1, "duration": 90},
            {"traceID": "1f", "spanID": "b", "operationName": "compose_client", "processID": "p1", "startTime": 10,
             "references": [{"refType": "CHILD_OF", "traceID": "1f", "spanID": "a"}], "duration": 50},
            {"traceID": "1f", "spanID": "c", "operationName": "compose_server", "processID": "p2", "startTime": 20,
             "references": [{"refType": "CHILD_OF", "traceID": "1f", "spanID": "b"}], "duration": 30},
            {"traceID": "1f", "spanID": "d", "operationName": "mongo_insert_client", "processID": "p2", "startTime": 21,
             "references": [{"refType": "CHILD_OF", "traceID": "1f", "spanID": "c"}], "duration": 9},
            {"traceID": "1f", "spanID": "e", "operationName": "lost", "processID": "p2", "startTime": 21,
             "references": [{"refType": "CHILD_OF", "traceID": "2f", "spanID": "c"}], "duration": 9},
        ],
        "processes": {"p1": {"serviceName": "nginx"}, "p2": {"serviceName": "compose"}},
    }  # fmt: skip
    draft = read(jaeger.FORMAT, {"data": [trace], "errors": None})

    assert pairs(draft) == {("nginx", "compose")}
    assert draft.components["nginx"].facts["service_time"].value == "0.04ms"
    assert any("stores and brokers stay invisible" in note for note in draft.notes)
    assert any("1 references to other traces" in note for note in draft.notes)
    assert pairs(read(jaeger.FORMAT, [trace])) == pairs(read(jaeger.FORMAT, trace)) == pairs(draft)


@pytest.mark.parametrize(
    ("form", "content", "message"),
    [
        (zipkin.FORMAT, VERSION_1.read_bytes(), "Zipkin v1; export spans of version 2: /api/v2/traces"),
        (otlp.FORMAT, b'{"traces": [{"traceID": "1", "rootServiceName": "a"}]}', "Tempo's search; fetch each trace"),
        (otlp.FORMAT, b'{"resourceSpans": []}', "trace.json: no spans in it; expected OTLP traces"),
        (otlp.FORMAT, b'{"resourceSpans": [\n{"resource": ', "json:2:14: not JSON: expected a value"),
        (otlp.FORMAT, b'{"resourceSpans": [}', "trace.json:1:20: not JSON"),
        (otlp.FORMAT, b'{"resourceSpans": [\xff]}', "trace.json:1:1: expected UTF-8 text"),
        (otlp.FORMAT, b"", "no spans in it"),
        (jaeger.FORMAT, b'{"data": null, "errors": [{"code": 404}]}', "save what /api/traces?service=... answers"),
        (jaeger.FORMAT, b'{"data": ' + b"[" * 100_000, "nested too deep"),
        (trace_csv.FORMAT, b"TraceID,SpanID\n1,2\n", "no column for the parent and service of a span"),
        (trace_csv.FORMAT, b'TraceID,SpanID,ParentID,Pod\n1,2,,"' + b"x" * 200_000, "not a table: field larger"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_one_line(form: Format, content: bytes, message: str) -> None:
    with pytest.raises(TopologyError) as caught:
        read(form, content)

    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_circles_and_spans_that_are_their_own_parents_end() -> None:
    found = [span("1", "2", SERVER, (0, 9)), span("2", "1", SERVER, (0, 9)), span("3", "3", CLIENT, (0, 9))]

    draft = read(otlp.FORMAT, traced(a=found[:1], b=found[1:]))

    assert pairs(draft) <= {("a", "b"), ("b", "a")}


def test_the_same_files_give_the_same_draft() -> None:
    files = sorted((REAL / "zipkin").glob("m*.json"))

    assert repr(read(zipkin.FORMAT, *files)) == repr(read(zipkin.FORMAT, *files))
