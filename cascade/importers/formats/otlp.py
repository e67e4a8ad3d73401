"""Traces as OTLP writes them in JSON: files of the collector, Tempo's and Jaeger's newer answers, JSON lines."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any, Final

from cascade.importers.format import CAPACITY, RATES, SOFTNESS, TIMEOUTS, Format, Options
from cascade.importers.spans.attributes import WANTED, kept, meaning_of, nanoseconds_of
from cascade.importers.spans.model import NOBODY, Span
from cascade.importers.spans.reading import read_json, read_spans, short_id
from cascade.importers.values import list_of, mapping_of, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cascade.importers.draft import Draft
    from cascade.importers.json_stream import JsonStream
    from cascade.importers.sources import Document
    from cascade.importers.spans.model import Spans

DEEPEST: Final = 5
"""Envelopes within envelopes."""
RESOURCES: Final = frozenset({"resourceSpans", "resource_spans", "batches"})
SCOPES: Final = frozenset({
    "scopeSpans", "scope_spans", "instrumentationLibrarySpans", "instrumentation_library_spans",
})  # fmt: skip
ENVELOPES: Final = frozenset({"result", "trace", "traces", "data"})
KINDS: Final = ("", "internal", "server", "client", "producer", "consumer")
"""By the number that stands for them."""
FAILED: Final = frozenset({"2", "STATUS_CODE_ERROR", "ERROR"})
BASE64_LENGTHS: Final = frozenset({11, 12, 22, 24})
"""Of ids of 8 and of 16 bytes, with and without padding; as hex they have 16 and 32 signs."""
_RESOURCES: Final = re.compile(r'"resource_?[sS]pans"\s*:\s*(?:\[|null)')
_BATCHES: Final = re.compile(r'"batches"\s*:\s*\[')
_SCOPES: Final = re.compile(rf'"(?:{"|".join(sorted(SCOPES))})"\s*:')
_SEARCH: Final = re.compile(r'"rootServiceName"\s*:')


def recognises(document: Document) -> bool:
    """Tell OTLP by the lists that its spans are in; answers of Tempo's search are known in order to refuse them."""
    head = document.head
    if head.lstrip()[:1] not in {"{", "["}:
        return False
    is_search = '"traces"' in head and bool(_SEARCH.search(head))
    return bool(_RESOURCES.search(head)) or bool(_BATCHES.search(head) and _SCOPES.search(head)) or is_search


def reads(documents: Sequence[Document], draft: Draft, _options: Options) -> None:
    """Put what the traces of some documents tell into a draft."""
    for document in documents:
        if _SEARCH.search(document.head) and not _SCOPES.search(document.head):
            raise document.error("looks like an answer of Tempo's search; fetch each trace: /api/traces/<traceID>")
    read_spans(documents, draft, read_document, "OTLP traces with 'resourceSpans' or 'batches'")


def read_document(document: Document, spans: Spans) -> int:
    """Read all traces of a document; gives the pieces that were not what they should be."""
    return read_json(document, spans, read_envelope, DEEPEST)


def read_envelope(stream: JsonStream, spans: Spans, depth: int) -> None:
    """Read what is around the spans, whatever it is called."""
    if depth and stream.peek() == "[":
        for _ in stream.items():
            read_envelope(stream, spans, depth - 1)
    elif depth and stream.peek() == "{":
        for key in stream.members():
            if key in RESOURCES:
                for _ in stream.items():
                    read_resource(stream, spans)
            elif key in ENVELOPES:
                read_envelope(stream, spans, depth - 1)
    else:
        stream.value()


def read_resource(stream: JsonStream, spans: Spans) -> None:
    """Read the spans of a service; those that stand before its name wait for it."""
    service: int | None = None
    waiting: list[Span] = []
    for key in stream.members():
        if key == "resource":
            service = service_of(stream.value(), spans)
        elif key in SCOPES:
            for span in scope_spans(stream, spans):
                if service is None:
                    waiting.append(span)
                else:
                    spans.add(span._replace(service=service))
    for span in waiting:
        spans.add(span if service is None else span._replace(service=service))


def scope_spans(stream: JsonStream, spans: Spans) -> Iterator[Span]:
    """Yield the spans of some libraries."""
    for _ in stream.items():
        for key in stream.members():
            if key != "spans":
                continue
            for _ in stream.items():
                span = span_of(mapping_of(stream.value()), spans)
                if span is None:
                    spans.seen["odd"] += 1
                else:
                    yield span


def service_of(resource: object, spans: Spans) -> int:
    """Give the service that a resource names."""
    values = attributes_of(mapping_of(resource).get("attributes"))
    number = spans.service(name_of(values.get("service.name")), name_of(values.get("service.namespace")))
    spans.weigh(number, values.get("service.criticality"))
    return number


def span_of(values: Mapping[str, Any], spans: Spans) -> Span | None:
    """Read a span; None where it has no id."""
    own, trace = id_of(either(values, "spanId", "span_id")), id_of(either(values, "traceId", "trace_id"))
    if not own or not trace:
        return None
    start_ns = nanoseconds_of(either(values, "startTimeUnixNano", "start_time_unix_nano"), 1)
    end_ns = nanoseconds_of(either(values, "endTimeUnixNano", "end_time_unix_nano"), 1)
    says_error = str(mapping_of(values.get("status")).get("code")).upper() in FAILED
    parent = id_of(either(values, "parentSpanId", "parent_span_id"))
    attributes = attributes_of(values.get("attributes"))
    role, is_error, peer = meaning_of(kind_word(values.get("kind")), attributes, says_error=says_error)
    number = spans.peer(peer)
    return Span(trace, own, parent, NOBODY, role, start_ns, end_ns, is_error, number, len(spans.files) - 1)


def either(values: Mapping[str, Any], name: str, other: str) -> Any:
    """Give a value under its name, or under the spelling of other writers."""
    found = values.get(name)
    return values.get(other) if found is None else found


def kind_word(kind: object) -> str:
    """Give the word for a kind, which may be a number.

    Examples
    --------
    >>> kind_word(2), kind_word("SPAN_KIND_CLIENT"), kind_word("3"), kind_word(None)
    ('server', 'SPAN_KIND_CLIENT', 'client', '')
    """
    if isinstance(kind, str) and not kind.isdigit():
        return kind
    number = int(kind) if isinstance(kind, (int, str)) and str(kind) in {"0", "1", "2", "3", "4", "5"} else 0
    return KINDS[number]


def id_of(value: object) -> str:
    """Give an id as hex, whether it is written so or as base64, which its length tells; empty for none.

    Examples
    --------
    >>> id_of("EEE19B7EC3C1B174"), id_of("7uGbfsPBsXQ="), id_of("")
    ('eee19b7ec3c1b174', 'eee19b7ec3c1b174', '')
    """
    if isinstance(value, str) and len(value) in BASE64_LENGTHS:
        try:
            plain = value.rstrip("=").replace("-", "+").replace("_", "/")
            return short_id(base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True).hex())
        except (binascii.Error, ValueError):
            return short_id(value)
    return short_id(value)


def attributes_of(found: object) -> dict[str, Any]:
    """Give the attributes that are looked at."""
    return {
        one["key"]: kept(one["key"], plain_value(one.get("value")))
        for one in list_of(found)
        if isinstance(one, dict) and isinstance(one.get("key"), str) and one["key"] in WANTED
    }


def plain_value(value: object) -> Any:
    """Take a value out of the object that says its type."""
    if isinstance(value, dict):
        return next((one for one in value.values() if isinstance(one, (str, int, float))), None)
    return value


FORMAT = Format(
    name="otlp",
    title="OpenTelemetry traces",
    describes_calls=True,
    cannot_know=(RATES, CAPACITY, TIMEOUTS, SOFTNESS),
    recognises=recognises,
    reads=reads,
)
