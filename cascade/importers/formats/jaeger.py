"""Traces as Jaeger's query service and its UI give them: ``/api/traces``, a list of traces, one trace, or spans."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from cascade.importers.format import CAPACITY, RATES, SOFTNESS, TIMEOUTS, Format, Options
from cascade.importers.spans.attributes import WANTED, is_true, kept, meaning_of, nanoseconds_of
from cascade.importers.spans.model import MAX_TRACE, NOBODY, Span
from cascade.importers.spans.reading import read_json, read_spans, short_id
from cascade.importers.values import list_of, mapping_of, name_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cascade.importers.draft import Draft
    from cascade.importers.json_stream import JsonStream
    from cascade.importers.sources import Document
    from cascade.importers.spans.model import Spans

DEEPEST: Final = 4
"""Envelopes within envelopes."""
MICRO_NS: Final = 1000
STATED: Final = frozenset({
    "traceID", "processes", "spanID", "operationName", "references", "parentSpanID", "startTime", "duration", "tags",
    "process", "processID",
})  # fmt: skip
"""Keys of a trace, or of a span that stands alone, that are looked at."""
SIDES: Final = ("client", "server")
"""Ends of the names of spans that say what they are, where no ``span.kind`` does."""
_SIGNS: Final = tuple(
    re.compile(rf'"(?:{keys})"\s*:') for keys in ("traceID", "spans|spanID", "operationName|processes|processID")
)
_OTHERS: Final = re.compile(r'"(?:resourceSpans|batches|resultType|spanSets|callCount)"\s*:')


def recognises(document: Document) -> bool:
    """Tell traces from Jaeger's dependencies and from the answers of Tempo and Prometheus."""
    head = document.head
    is_json = head.lstrip()[:1] in {"{", "["}
    return is_json and all(sign.search(head) for sign in _SIGNS) and not _OTHERS.search(head)


def reads(documents: Sequence[Document], draft: Draft, _options: Options) -> None:
    """Put what the traces of some documents tell into a draft."""
    read_spans(documents, draft, read_document, "traces; save what /api/traces?service=... answers")


def read_document(document: Document, spans: Spans) -> int:
    """Read all traces of a document; gives the pieces that were not what they should be."""
    return read_json(document, spans, read_any, DEEPEST)


def read_any(stream: JsonStream, spans: Spans, depth: int) -> None:
    """Read a list of traces, or an object that holds one or is one."""
    if depth and stream.peek() == "[":
        for _ in stream.items():
            read_any(stream, spans, depth - 1)
    elif depth and stream.peek() == "{":
        Trace(spans).read(stream, depth)
    else:
        stream.value()


class Trace:
    """A trace while it is read: its processes often come behind its spans."""

    def __init__(self, spans: Spans) -> None:
        self.spans = spans
        self.waiting: list[tuple[Span, str]] = []
        """Spans with the key of their process."""
        self.stated: dict[str, Any] = {}
        """What else stands beside them."""

    def read(self, stream: JsonStream, depth: int) -> None:
        """Read the object at the cursor, and take its spans."""
        for key in stream.members():
            if key in {"data", "_source"}:
                read_any(stream, self.spans, depth - 1)
            elif key == "spans":
                for _ in stream.items():
                    if len(self.waiting) < MAX_TRACE:
                        self.read_span(stream.value())
                    else:
                        self.spans.seen["beyond"] += 1
            elif key in STATED:
                self.stated[key] = stream.value()
        if "spanID" in self.stated and "operationName" in self.stated:
            self.read_span(self.stated)
        self.take()

    def read_span(self, found: object) -> None:
        """Read a span."""
        values = mapping_of(found)
        own, trace = short_id(values.get("spanID")), short_id(values.get("traceID"))
        if not own:
            self.spans.seen["odd"] += 1
            return
        tags = {**tags_of(values.get("tags")), **tags_of(mapping_of(values.get("process")).get("tags"))}
        start_ns = nanoseconds_of(values.get("startTime"), MICRO_NS)
        length_ns = nanoseconds_of(values.get("duration"), MICRO_NS)
        says_error = is_true(tags.get("error")) or str(tags.get("otel.status_code")).upper() == "ERROR"
        role, is_error, peer = meaning_of(side_of(values, tags, self.spans), tags, says_error=says_error)
        service = self.service(values.get("process")) if "process" in values else NOBODY
        span = Span(
            trace,
            own,
            parent_of(values, trace, self.spans),
            service,
            role,
            start_ns,
            start_ns + length_ns,
            is_error,
            self.spans.peer(peer),
            len(self.spans.files) - 1,
        )
        self.waiting.append((span, str(values.get("processID"))))

    def service(self, process: object) -> int:
        """Give the service of a process."""
        values = mapping_of(process)
        tags = tags_of(values.get("tags"))
        number = self.spans.service(name_of(values.get("serviceName")), name_of(tags.get("service.namespace")))
        self.spans.weigh(number, tags.get("service.criticality"))
        return number

    def take(self) -> None:
        """Give the spans their services, and put them to those of other traces."""
        processes = {key: self.service(value) for key, value in mapping_of(self.stated.get("processes")).items()}
        trace = short_id(self.stated.get("traceID"))
        for span, process in self.waiting:
            service = span.service if span.service != NOBODY else processes.get(process, NOBODY)
            self.spans.add(span._replace(service=service, trace=span.trace or trace))


def tags_of(found: object) -> dict[str, Any]:
    """Give the tags of a span or process that are looked at."""
    return {
        tag["key"]: kept(tag["key"], tag.get("value"))
        for tag in list_of(found)
        if isinstance(tag, dict) and isinstance(tag.get("key"), str) and tag["key"] in WANTED
    }


def side_of(values: Mapping[str, Any], tags: Mapping[str, Any], spans: Spans) -> str:
    """Tell which side of a call a span is; by its name where no tag says so."""
    if "span.kind" in tags:
        return str(tags["span.kind"])
    spans.seen["kindless"] += 1
    name = values.get("operationName")
    return next((side for side in SIDES if name.endswith(f"_{side}")), "") if isinstance(name, str) else ""


def parent_of(values: Mapping[str, Any], trace: str, spans: Spans) -> str:
    """Give the span that a span is a child of, or else the one that it follows from; only of the same trace."""
    found = [one for one in list_of(values.get("references")) if isinstance(one, dict)]
    inside = [one for one in found if short_id(one.get("traceID")) in {trace, ""}]
    spans.seen["elsewhere"] += len(found) - len(inside)
    inside.sort(key=lambda one: one.get("refType") != "CHILD_OF")
    named = (short_id(one.get("spanID")) for one in inside)
    return next(filter(None, named), short_id(values.get("parentSpanID")))


FORMAT = Format(
    name="jaeger",
    title="Jaeger traces",
    describes_calls=True,
    cannot_know=(RATES, CAPACITY, TIMEOUTS, SOFTNESS),
    recognises=recognises,
    reads=reads,
)
