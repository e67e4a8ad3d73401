"""What the readers of all trace formats share: from documents over spans to a draft."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cascade.importers.json_stream import JsonStream
from cascade.importers.spans import draft as drafts
from cascade.importers.spans.model import Spans

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cascade.importers.draft import Draft
    from cascade.importers.sources import Document

LONGEST_ID: Final = 64


def read_spans(
    documents: Sequence[Document], draft: Draft, reader: Callable[[Document, Spans], int], expected: str
) -> None:
    """Read the spans of some documents together, since a trace may stand in several, and draw the conclusions.

    Raises
    ------
    TopologyError
        When a document cannot be read, or none holds a span.
    """
    spans = Spans()
    for document in documents:
        spans.begin(document.label)
        spans.seen["odd"] += reader(document, spans)
    if documents and not spans.seen["spans"]:
        raise documents[0].error(f"no spans in it; expected {expected}")
    drafts.put(spans, draft)


def read_json(
    document: Document, spans: Spans, read_any: Callable[[JsonStream, Spans, int], None], deepest: int
) -> int:
    """Read all values of a JSON document piece by piece; gives the pieces that were not what they should be."""
    with JsonStream(document) as stream:
        for _ in stream.documents():
            read_any(stream, spans, deepest)
    return stream.odd


def short_id(value: object) -> str:
    """Give an id in small letters without leading zeros, since tools write them with and without; empty for none.

    Examples
    --------
    >>> short_id("00AF"), short_id("0000000000000000"), short_id(None)
    ('af', '', '')
    """
    if isinstance(value, bool) or not isinstance(value, (str, int)) or not value:
        return ""
    return str(value)[:LONGEST_ID].strip().lower().lstrip("0")
