"""Who called whom how often, as Jaeger and Zipkin answer: ``/api/dependencies`` and ``/api/v2/dependencies``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from cascade.importers.draft import Evidence, Kind, Origin
from cascade.importers.format import CAPACITY, LATENCY, RATES, SOFTNESS, TIMEOUTS, Format
from cascade.importers.values import json_values, name_of, number_of, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cascade.importers.draft import Draft
    from cascade.importers.format import Options
    from cascade.importers.sources import Document

WRAPPERS: Final = ("data", "dependencies", "links")
"""Keys under which the list stands, where it does not stand alone."""
_PARENT: Final = re.compile(r'"parent"\s*:\s*"')
_CHILD: Final = re.compile(r'"child"\s*:\s*"')
_SPANS: Final = re.compile(r'"(traceId|traceID|spanID|parentId)"\s*:')


def recognises(document: Document) -> bool:
    """Tell by the keys ``parent`` and ``child``, which no span has."""
    head = document.head
    return head.lstrip()[:1] in {"[", "{"} and bool(_PARENT.search(head)) and bool(_CHILD.search(head))


def reads(documents: Sequence[Document], draft: Draft, _options: Options) -> None:
    """Read who called whom, with counts of calls and errors."""
    for document in documents:
        links = [link for value in json_values(document) for link in links_of(value, document)]
        read_links(links, document, draft)
    draft.note("The counts are of the calls in the kept traces, over a time that the answer does not name.")


def links_of(value: Any, document: Document) -> Iterator[Any]:
    """Yield the entries of an answer.

    Raises
    ------
    TopologyError
        When it is no answer of this kind.
    """
    if isinstance(value, dict):
        found = next((value[key] for key in WRAPPERS if isinstance(value.get(key), list)), None)
        if found is None:
            raise document.error(*what_instead(value, document))
        value = found
    if not isinstance(value, list):
        raise document.error(*what_instead(value, document))
    if value and not any(isinstance(link, dict) and {"parent", "child"} & link.keys() for link in value):
        raise document.error(*what_instead(value, document))
    yield from value


def what_instead(value: Any, document: Document) -> tuple[str, int, int]:
    """Say what a file seems to be that is no answer of this kind, and where."""
    if isinstance(value, dict) and value.get("errors"):
        return "the answer of the tracing system is an error; ask it again", *place_of(document, '"errors"')
    spans = _SPANS.search(document.head)
    if spans:
        what = "looks like spans; import them as traces, or ask for /api/dependencies (Zipkin: /api/v2/dependencies)"
        return what, *place_of(document, spans[0])
    return 'expected a list of {"parent": ..., "child": ..., "callCount": ...}', 1, 1


def read_links(links: list[Any], document: Document, draft: Draft) -> None:
    """Put the entries of one document into the draft."""
    origin = Origin(Evidence.GRAPH, document.label, 0, "dependencies")
    passed_over = 0
    for link in links:
        entry = link if isinstance(link, dict) else {}
        caller, callee = name_of(entry.get("parent")), name_of(entry.get("child"))
        if caller is None or callee is None:
            passed_over += 1
        elif caller == callee:
            draft.component(caller)
            draft.left_out.append((caller, callee, "calls itself"))
        else:
            edge = draft.edge(caller, callee, Kind.SYNC, origin)
            calls = number_of(entry.get("callCount", entry.get("call_count"))) or 0.0
            edge.calls += calls
            edge.errors += min(number_of(entry.get("errorCount", entry.get("error_count"))) or 0.0, calls)
    if passed_over:
        draft.note(f"{document.label}: {passed_over} entries without 'parent' or 'child' were passed over.")
    if not links:
        draft.note(f"{document.label}: the list is empty; ask for a longer time (lookback).")


FORMAT: Final = Format(
    name="dependencies",
    title="dependencies of Jaeger or Zipkin",
    describes_calls=True,
    cannot_know=(RATES, LATENCY, CAPACITY, TIMEOUTS, SOFTNESS),
    recognises=recognises,
    reads=reads,
)
