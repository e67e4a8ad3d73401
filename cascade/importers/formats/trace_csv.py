"""Traces as a table: a row for each span with its ids, its service or pod, and its times."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cascade.importers.format import CAPACITY, RATES, SOFTNESS, TIMEOUTS, Format, Options
from cascade.importers.spans.attributes import far_end, has_failed, nanoseconds_of, role_of
from cascade.importers.spans.model import Span
from cascade.importers.spans.reading import read_spans, short_id
from cascade.importers.values import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cascade.importers.draft import Draft
    from cascade.importers.sources import Document
    from cascade.importers.spans.model import Spans

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "trace": ("traceid", "trace"),
    "span": ("spanid", "span", "id"),
    "parent": ("parentid", "parentspanid", "parentspan", "parent"),
    "service": (
        "servicename", "service", "processservicename", "podname", "pod", "cmdbid", "containername", "application",
    ),
    "kind": ("spankind", "kind"),
    "start": (
        "starttimeunixnano", "startnano", "startns", "starttimeus", "startus", "starttimems", "startms", "starttime",
        "startedat", "start", "timestamp", "time",
    ),
    "end": ("endtimeunixnano", "endnano", "endns", "endtimeus", "endus", "endtimems", "endms", "endtime", "end"),
    "duration": ("durationnano", "durationns", "durationus", "durationms", "duration", "elapsed", "elapsedtime"),
    "error": ("error", "iserror", "otelstatuscode", "statuscode", "status", "spanstatus"),
    "peer": ("peerservice", "peer", "remoteservice", "remoteservicename"),
}  # fmt: skip
"""By what they hold: names of columns in small letters, without signs; the first that is there counts."""
NEEDED: Final = ("trace", "span", "parent", "service")
DELIMITERS: Final = (",", ";", "\t", "|")
LONGEST_LINE: Final = 2**20
NO_PARENT: Final = frozenset({"", "root", "none", "null", "nan", "-1", "-", "0"})
MICRO: Final = 1e6
SECOND_NS: Final = 10**9
UNITS: Final = (("nano", 1), ("ns", 1), ("us", 10**3), ("ms", 10**6))
"""Nanoseconds in the unit that the name of a column ends with."""
SIZES: Final = ((1e17, 1), (1e14, 10**3), (1e11, 10**6))
"""Nanoseconds in the unit of times since 1970 that are above a number."""
FAILED: Final = frozenset({"error", "true", "failed", "failure", "status_code_error"})
_NOT_LETTER: Final = re.compile(r"[^a-z0-9]+")
_POD: Final = re.compile(r"-[2456789bcdf-hj-np-tv-xz]{6,10}-[2456789bcdf-hj-np-tv-xz]{5}$")


def recognises(document: Document) -> bool:
    """Tell a table of spans by its header."""
    header = document.head.split("\n", 1)[0]
    return all(column in places_of(cells_of(header)) for column in NEEDED)


def reads(documents: Sequence[Document], draft: Draft, _options: Options) -> None:
    """Put what the traces of some documents tell into a draft."""
    read_spans(documents, draft, read_document, "a row for each span")


def read_document(document: Document, spans: Spans) -> int:
    """Read all spans of a table; gives the rows that were none."""
    rows = rows_of(document)
    _, header = next(rows, (1, []))
    places = places_of(header)
    if missing := [column for column in NEEDED if column not in places]:
        raise document.error(
            f"no column for the {' and '.join(missing)} of a span; expected a header that names it", 1, 1
        )
    units = {what: unit_of(simple(header[place])) for what, place in places.items()}
    odd = 0
    for _, row in rows:
        values = {what: row[place].strip() for what, place in places.items() if place < len(row)}
        if short_id(values.get("span")) and short_id(values.get("trace")):
            spans.add(span_of(values, units, spans))
        else:
            odd += bool(row)
    return odd


def rows_of(document: Document) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a table with the line in which each ends, the header first."""
    header = document.head.split("\n", 1)[0]
    with document.stream() as stream:
        reader = csv.reader(lines_of(stream, document), delimiter=delimiter_of(header))
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise document.error(f"not a table: {error}", reader.line_num, 1) from None
            yield reader.line_num, row


def lines_of(stream: Any, document: Document) -> Iterator[str]:
    """Yield lines of text of bounded length."""
    number = 0
    while line := stream.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE:
            raise document.error(
                f"a line of more than {LONGEST_LINE // 2**20} MB; expected a row for each span", number, 1
            )
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise document.error("expected UTF-8 text", number, error.start + 1) from None


def delimiter_of(header: str) -> str:
    """Give the sign between the columns."""
    return max(DELIMITERS, key=header.count)


def cells_of(header: str) -> list[str]:
    """Give the names of the columns of a header, which may be cut off."""
    return next(csv.reader([header.replace("\0", "")], delimiter=delimiter_of(header)), [])


def simple(name: str) -> str:
    """Give the name of a column in small letters without signs."""
    return _NOT_LETTER.sub("", name.lower())


def places_of(header: Sequence[str]) -> dict[str, int]:
    """Find the columns."""
    names = [simple(cell) for cell in header]
    found = {what: next((name for name in known if name in names), None) for what, known in COLUMNS.items()}
    return {what: names.index(name) for what, name in found.items() if name is not None}


def unit_of(name: str) -> int:
    """Give the nanoseconds in the unit of a column, 0 where its name does not tell."""
    return next((unit_ns for ending, unit_ns in UNITS if name.endswith(ending) and name != "status"), 0)


def span_of(values: Mapping[str, str], units: Mapping[str, int], spans: Spans) -> Span:
    """Read a row."""
    role = role_of(values.get("kind"), {})
    if "kind" not in values:
        spans.seen["kindless"] += 1
    start_ns, unit_ns = time_of(values.get("start", ""), units.get("start", 0))
    end_ns, _ = time_of(values.get("end", ""), units.get("end", 0))
    if not end_ns and start_ns:
        end_ns = start_ns + nanoseconds_of(values.get("duration"), units.get("duration") or unit_ns)
    error = values.get("error", "").lower()
    attributes = {"http.status_code": error, "peer.service": values.get("peer")}
    parent = values.get("parent", "")
    return Span(
        short_id(values["trace"]),
        short_id(values["span"]),
        "" if parent.lower() in NO_PARENT else short_id(parent),
        spans.service(service_of(values.get("service", ""))),
        role,
        start_ns,
        end_ns,
        has_failed(attributes, says_error=error in FAILED),
        spans.peer(far_end(role, attributes)),
        len(spans.files) - 1,
    )


def service_of(name: str) -> str | None:
    """Give the service of a pod: its name without the hashes of its ReplicaSet and its own.

    Examples
    --------
    >>> service_of("ts-order-service-579f59597d-wc2lz"), service_of("cart-service"), service_of("")
    ('ts-order-service', 'cart-service', None)
    """
    return name_of(_POD.sub("", name))


def time_of(text: str, unit_ns: int) -> tuple[int, int]:
    """Give a time since 1970 in nanoseconds, 0 where there is none, and the nanoseconds in the unit of it.

    Examples
    --------
    >>> time_of("1674987573082", 0), time_of("2023-01-29T10:19:33+00:00", 0), time_of("?", 0)
    ((1674987573082000000, 1000000), (1674987573000000000, 1000000000), (0, 1000000000))
    """
    if not text.replace(".", "", 1).isdecimal():
        return stamp_of(text), SECOND_NS
    unit_ns = unit_ns or next((unit for size, unit in SIZES if float(text) > size), SECOND_NS)
    return nanoseconds_of(text, unit_ns), unit_ns


def stamp_of(text: str) -> int:
    """Give the time of a date in nanoseconds since 1970, 0 where it is none."""
    try:
        found = datetime.fromisoformat(text)
        stamp_s = (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return 0
    return max(int(stamp_s * MICRO) * 1000, 0)


FORMAT = Format(
    name="trace-csv",
    title="tables of spans",
    describes_calls=True,
    cannot_know=(RATES, CAPACITY, TIMEOUTS, SOFTNESS),
    recognises=recognises,
    reads=reads,
)
