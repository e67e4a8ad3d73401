"""Traces as Zipkin's API answers them: spans of version 2, a list of them or a list of traces."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from cascade.importers.format import CAPACITY, RATES, SOFTNESS, TIMEOUTS, Format, Options
from cascade.importers.spans.attributes import far_end, has_failed, nanoseconds_of, role_of
from cascade.importers.spans.model import Role, Span
from cascade.importers.spans.reading import read_json, read_spans, short_id
from cascade.importers.values import list_of, mapping_of, name_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cascade.importers.draft import Draft
    from cascade.importers.json_stream import JsonStream
    from cascade.importers.sources import Document
    from cascade.importers.spans.model import Spans

DEEPEST: Final = 3
MICRO_NS: Final = 1000
TRACE_DIGITS: Final = 16
"""Digits of a trace id that all parts of a system keep, also those that know short ids only."""
_SIGNS: Final = (re.compile(r'"traceId"\s*:'), re.compile(r'"id"\s*:'))
_ENDPOINTS: Final = re.compile(r'"(?:localEndpoint|remoteEndpoint|endpoint|kind|timestamp|annotations)"\s*:')
_OTHERS: Final = re.compile(r'"(?:spanId|spanID|traceID|resourceSpans|batches|startTimeUnixNano)"\s*:')


def recognises(document: Document) -> bool:
    """Tell Zipkin spans by their keys; those of version 1 are known in order to refuse them."""
    head = document.head
    is_json = head.lstrip()[:1] in {"{", "["}
    has_signs = is_json and all(sign.search(head) for sign in _SIGNS) and bool(_ENDPOINTS.search(head))
    return has_signs and not _OTHERS.search(head)


def reads(documents: Sequence[Document], draft: Draft, _options: Options) -> None:
    """Put what the traces of some documents tell into a draft."""
    read_spans(documents, draft, read_document, "Zipkin spans; save what /api/v2/traces?limit=... answers")


def read_document(document: Document, spans: Spans) -> int:
    """Read all traces of a document; gives the pieces that were not what they should be."""
    return read_json(document, spans, read_any, DEEPEST)


def read_any(stream: JsonStream, spans: Spans, depth: int) -> None:
    """Read a span, or a list of what holds spans."""
    if depth and stream.peek() == "[":
        for _ in stream.items():
            read_any(stream, spans, depth - 1)
        return
    values = mapping_of(stream.value())
    is_version_1 = "binaryAnnotations" in values or any(
        isinstance(one, dict) and "endpoint" in one for one in list_of(values.get("annotations"))
    )
    if is_version_1:
        raise stream.error("looks like Zipkin v1; export spans of version 2: /api/v2/traces")
    span = span_of(values, spans)
    if span is None:
        spans.seen["odd"] += 1
    else:
        spans.add(span)


def span_of(values: Mapping[str, Any], spans: Spans) -> Span | None:
    """Read a span; None where it has no id."""
    own, trace = short_id(values.get("id")), short_id(values.get("traceId"))[-TRACE_DIGITS:]
    if not own or not trace:
        return None
    tags = mapping_of(values.get("tags"))
    local = name_of(mapping_of(values.get("localEndpoint")).get("serviceName"))
    remote = mapping_of(values.get("remoteEndpoint"))
    given = name_of(remote.get("serviceName"))
    role = side_of(values.get("kind"), tags, is_call=bool(local and given))
    start_ns = nanoseconds_of(values.get("timestamp"), MICRO_NS)
    end_ns = start_ns + nanoseconds_of(values.get("duration"), MICRO_NS)
    says_error = "error" in tags and tags["error"] not in {"false", "False"}
    peer = spans.peer(far_end(role, {**address_of(remote), **tags}, given))
    is_error = has_failed(tags, says_error=says_error)
    parent = short_id(values.get("parentId"))
    return Span(trace, own, parent, spans.service(local), role, start_ns, end_ns, is_error, peer, len(spans.files) - 1)


def side_of(kind: object, tags: Mapping[str, Any], *, is_call: bool) -> Role:
    """Tell which side of a call a span is; one without a kind is a part of another, unless it names both ends."""
    role = role_of(kind, tags)
    if role is not Role.UNKNOWN:
        return role
    return Role.CLIENT if is_call else Role.PART


def address_of(endpoint: Mapping[str, Any]) -> dict[str, Any]:
    """Give the address of an endpoint as attributes do."""
    host = name_of(endpoint.get("ipv4")) or name_of(endpoint.get("ipv6"))
    return {"net.peer.name": host, "net.peer.port": endpoint.get("port")} if host else {}


FORMAT = Format(
    name="zipkin",
    title="Zipkin traces",
    describes_calls=True,
    cannot_know=(RATES, CAPACITY, TIMEOUTS, SOFTNESS),
    recognises=recognises,
    reads=reads,
)
