"""Traces that somebody broke: cut off, or with other values where some were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cascade.errors import TopologyError
from cascade.importers import json_stream
from cascade.importers.draft import Draft
from cascade.importers.format import Format, Options
from cascade.importers.formats import jaeger, otlp, trace_csv, zipkin
from cascade.importers.json_stream import JsonStream
from cascade.importers.sources import Document

REAL = Path(__file__).parent.parent / "realworld"
FILES: tuple[tuple[Format, str], ...] = (
    (jaeger.FORMAT, "jaeger-trace/jaeger-ui-tracegraph-testTrace.json"),
    (otlp.FORMAT, "otlp-trace/jaeger-example_trace.json"),
    (otlp.FORMAT, "otlp-trace/opentelemetry-proto-trace.json"),
    (zipkin.FORMAT, "zipkin/messaging.json"),
    (zipkin.FORMAT, "zipkin/yelp.json"),
)
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["", "0", "1e999", "SPAN_KIND_CLIENT", "\ud800", [], {}, [[]], {"a": 1}, [None], -1]),
)
slow = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def outcome(form: Format, content: bytes) -> None:
    """Read it; nothing but the error that it may end in comes out."""
    found = Document("trace", content=content)
    try:
        form.recognises(found)
        form.reads([found], Draft(), Options())
    except TopologyError as error:
        said = str(error)
    else:
        said = "a draft"
    assert len(said.splitlines()) == 1


def places(value: Any) -> list[tuple[Any, Any]]:
    """List every (container, key) of a JSON value."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        entries = one.items() if isinstance(one, dict) else enumerate(one) if isinstance(one, list) else ()
        for key, child in entries:
            found.append((one, key))
            waiting.append(child)
    return found


@slow
@given(data=st.data())
def test_other_values_end_in_a_draft_or_in_one_line(data: st.DataObject) -> None:
    form, file = data.draw(st.sampled_from(FILES))
    value = json.loads((REAL / file).read_text())
    for _ in range(data.draw(st.integers(1, 6))):
        holder, key = data.draw(st.sampled_from(places(value)))
        holder[key] = data.draw(ODD)

    outcome(form, json.dumps(value).encode())


@slow
@given(data=st.data())
def test_files_cut_off_end_in_a_draft_or_in_one_line(data: st.DataObject) -> None:
    form, file = data.draw(st.sampled_from(FILES))
    content = (REAL / file).read_bytes()
    start = data.draw(st.integers(0, 20))
    end = data.draw(st.integers(start, len(content)))

    outcome(form, content[start:end] + data.draw(st.binary(max_size=5)))


@slow
@given(
    rows=st.lists(st.lists(st.text(max_size=8), max_size=10), max_size=20),
    header=st.sampled_from(
        ["TraceID,SpanID,ParentID,PodName,StartTimeUnixNano,EndTimeUnixNano", "trace;id;parent;app"]
    ),
)
def test_tables_of_anything_end_in_a_draft_or_in_one_line(rows: list[list[str]], header: str) -> None:
    body = "\n".join(",".join(row) for row in rows)

    outcome(trace_csv.FORMAT, f"{header}\n{body}".encode(errors="surrogatepass"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
    max_leaves=30,
)


def taken(stream: JsonStream) -> Any:
    """Read the value at the cursor by its parts."""
    sign = stream.peek()
    if sign == "{":
        return {key: taken(stream) for key in stream.members()}
    return [taken(stream) for _ in stream.items()] if sign == "[" else stream.value()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(JSON, max_size=4), indent=st.sampled_from([None, 1]), chunk=st.integers(1, 40))
def test_reading_by_parts_gives_what_reading_as_a_whole_gives(
    values: list[Any], indent: int | None, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_stream, "CHUNK", chunk)
    text = "\n".join(json.dumps(value, indent=indent, ensure_ascii=False) for value in values)

    with JsonStream(Document("x", content=text.encode())) as stream:
        assert [taken(stream) for _ in stream.documents()] == values


@pytest.mark.parametrize("chunk", [1, 7, 10_000])
def test_a_break_is_told_at_its_line_and_column_however_it_is_read(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "CHUNK", chunk)
    text = '[{"a": 1},\n {"a": [1, 2}]}]'

    with JsonStream(Document("x", content=text.encode())) as stream, pytest.raises(TopologyError) as caught:
        taken(stream)

    assert str(caught.value) == "x:2:13: not JSON: expected ',' or ']'"


def test_a_single_endless_value_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "MAX_PIECE", 2**20)

    with JsonStream(Document("x", content=b'["' + b"x" * 2**22)) as stream, pytest.raises(TopologyError) as caught:
        stream.value()

    assert "a single value of more than" in str(caught.value)


def test_deep_chains_and_wide_traces_take_no_recursion_and_little_time() -> None:
    count = 20_000
    found = [
        {"traceId": "ab", "id": f"{place:x}", "parentId": f"{place - 1:x}", "kind": "CLIENT" if place % 2 else "SERVER",
         "localEndpoint": {"serviceName": f"s{place // 2 % 7}"}, "timestamp": 10**15 + place, "duration": 5}
        for place in range(1, count)
    ]  # fmt: skip

    outcome(zipkin.FORMAT, json.dumps(found).encode())
