"""Dependencies of Jaeger and Zipkin: who called whom how often."""

from __future__ import annotations

import time

import pytest

from cascade.importers.draft import Evidence
from cascade.importers.formats.dependencies import FORMAT
from tests.importers.graph_like import expected, pairs, real, refusal, text


def test_a_small_answer_of_jaeger_gives_its_calls_with_their_counts() -> None:
    draft = real(FORMAT, "jaeger-dependencies/jaeger-ui-small.json")

    counts = {(row["caller"], row["callee"]): float(row["calls"]) for row in expected("jaeger-ui-small.dependencies")}

    assert {pair: edge.calls for pair, edge in draft.edges.items()} == counts
    assert {origin.evidence for edge in draft.edges.values() for origin in edge.origins} == {Evidence.GRAPH}


def test_a_production_graph_is_read_in_a_blink() -> None:
    start = time.process_time()
    draft = real(FORMAT, "jaeger-dependencies/jaeger-ui-large.json")

    assert time.process_time() - start < 0.3
    assert (len(draft.components), len(draft.edges)) == (1238, 4271)


@pytest.mark.parametrize("wrapped", ['{"data": %s, "total": 0, "errors": null}', '{"links": %s, "startTs": 1}', "%s"])
def test_the_list_may_stand_in_an_envelope(wrapped: str) -> None:
    draft = text(FORMAT, wrapped % '[{"parent": "web", "child": "db", "callCount": 5, "errorCount": 2}]')

    assert [(edge.calls, edge.errors) for edge in draft.edges.values()] == [(5.0, 2.0)]


def test_counts_add_up_and_calls_to_itself_are_told_and_left_out() -> None:
    links = (
        '{"parent": "a b", "child": "c", "callCount": "3"}, {"parent": "a b", "child": "c", "callCount": 4},'
        '{"parent": "c", "child": "c", "callCount": 9}, {"parent": "c"}, null, {"parent": "c", "child": ["x"]}'
    )
    draft = text(FORMAT, f"[{links}]")

    assert {pair: edge.calls for pair, edge in draft.edges.items()} == {("a-b", "c"): 7.0}
    assert draft.left_out == [("c", "c", "calls itself")]
    assert "file: 3 entries without 'parent' or 'child' were passed over." in draft.notes


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", "file:1:1: empty; expected JSON"),
        ('[{"parent": "a"', "file:1:16: not JSON: expecting ',' delimiter"),
        ("[1, 2]", 'file:1:1: expected a list of {"parent": ..., "child": ..., "callCount": ...}'),
        ('{"errors": [{"msg": "x"}]}', "file:1:2: the answer of the tracing system is an error; ask it again"),
        (
            '[[{"traceId": "1", "id": "2"}]]',
            ("file:1:4: looks like spans; import them as traces, or ask for /api/dependencies"
             " (Zipkin: /api/v2/dependencies)"),
        ),
        ("[" * 100_000, "file:1:1: nested too deep; expected at most 200 levels"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused_in_one_line(content: str, line: str) -> None:
    assert refusal(FORMAT, content) == line


def test_an_empty_answer_says_what_to_do() -> None:
    draft = text(FORMAT, '{"data": []}')

    assert not pairs(draft)
    assert "file: the list is empty; ask for a longer time (lookback)." in draft.notes
