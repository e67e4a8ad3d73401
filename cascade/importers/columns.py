"""The columns of a table of calls: which holds what."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Final

from cascade.importers.draft import Kind
from cascade.importers.values import number_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cascade.importers.sources import Document

    Rows = Iterator[tuple[int, list[str]]]

PAIRS: Final = (
    ("caller", "callee"), ("source", "target"), ("source", "destination"), ("src", "dst"), ("from", "to"),
    ("parent", "child"), ("um", "dm"), ("client", "server"), ("caller_service", "callee_service"),
    ("source_workload", "destination_workload"), ("source_app", "destination_app"), ("consumer", "provider"),
)  # fmt: skip
"""Names of the columns of callers and callees; the first pair that is there counts."""
UNCLEAR_PAIR: Final = ("upstream", "downstream")
"""Words that mean opposite things to different people."""
COLUMNS: Final[dict[str, dict[str, float]]] = {
    "calls": dict.fromkeys(("calls", "call_count", "callcount", "count", "requests", "request_count"), 1.0),
    "rate": dict.fromkeys(("rate", "rps", "qps", "rate_rps", "requests_per_second", "calls_per_second"), 1.0),
    "errors": dict.fromkeys(("errors", "error_count", "errorcount", "failures", "failed", "error_rps"), 1.0),
    "latency": {
        "latency": 0.0, "duration": 0.0, "response_time": 0.0, "rt": 1e-3,
        **{f"{name}_{unit}": scale
           for name in ("latency", "duration", "response_time", "p50", "mean", "latency_p50", "latency_mean")
           for unit, scale in (("s", 1.0), ("seconds", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9))},
    },
    "kind": dict.fromkeys(("kind", "rpctype", "type", "protocol"), 0.0),
    "needs": {"needs": 0.0},
}  # fmt: skip
"""By what they hold: names of columns, each with what its numbers are multiplied by; 0 where a unit must be written."""
KINDS: Final[dict[str, Kind]] = {
    "db": Kind.STORE, "mc": Kind.STORE, "cache": Kind.STORE, "database": Kind.STORE, "redis": Kind.STORE,
    "mq": Kind.PRODUCE, "async": Kind.PRODUCE, **{kind.value: kind for kind in Kind},
}  # fmt: skip
"""What the words of a column ``kind`` or ``rpctype`` mean; all others are calls that wait for an answer."""
NEEDS: Final = frozenset({"hard", "soft", "async", "startup", "control"})
SPAN_KEYS: Final = frozenset({"spanid", "span_id", "parentid", "parent_id", "parentspanid", "parent_span_id"})
_NOT_WORD: Final = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Columns:
    """Where things stand in a row."""

    caller: int
    callee: int
    header: tuple[str, ...] = ()
    """Names of all columns, simplified; empty where the table has no header."""
    places: dict[str, int] = field(default_factory=dict)
    """By what they hold."""

    def text(self, row: Sequence[str], what: str) -> str:
        """Give a cell, empty where there is none."""
        place = self.places.get(what)
        return row[place].strip() if place is not None and place < len(row) else ""

    def name(self, what: str) -> str:
        """Give the name of a column as messages call it."""
        place = self.places.get(what)
        return what if place is None else self.header[place]

    def scale(self, what: str) -> float:
        """Give what the numbers of a column are multiplied by; 0 where they have no unit."""
        place = self.places.get(what)
        return 0.0 if place is None else COLUMNS[what][self.header[place]]

    @property
    def caller_name(self) -> str:
        """What the column of callers is called."""
        return self.header[self.caller] if self.header else "1"

    @property
    def callee_name(self) -> str:
        """What the column of callees is called."""
        return self.header[self.callee] if self.header else "2"

    @property
    def has_users(self) -> bool:
        """Whether callers may stand for users, as in the traces of Alibaba."""
        return self.caller_name == "um"

    @property
    def is_of_rates(self) -> bool:
        """Whether calls are given per second."""
        return "rate" in self.places and "calls" not in self.places

    @property
    def is_of_calls(self) -> bool:
        """Whether each row is one call of a trace."""
        return "calls" not in self.places and "rate" not in self.places and bool({"traceid", "rpcid"} & {*self.header})


def simple(name: str) -> str:
    """Give the name of a column in small letters with ``_`` between words.

    Examples
    --------
    >>> simple(" Call Count"), simple("Latency (ms)")
    ('call_count', 'latency_ms')
    """
    return _NOT_WORD.sub("_", name.strip().lower()).strip("_")


def pair_of(names: Sequence[str]) -> tuple[str, str] | None:
    """Give the names of the columns of callers and callees, where a header has them."""
    return next((pair for pair in PAIRS if pair[0] in names and pair[1] in names), None)


def is_header(row: Sequence[str]) -> bool:
    """Tell whether a row names the columns of such a table, and not those of a table of spans."""
    names = [simple(cell) for cell in row]
    return pair_of(names) is not None and not SPAN_KEYS & {*names}


def is_number(cell: str) -> bool:
    """Tell whether a cell holds a number."""
    return number_of(cell.strip()) is not None


def columns_of(first: tuple[int, list[str]], rows: Rows, document: Document) -> tuple[Columns, Rows]:
    """Find the columns by the first row; give them with the rows that hold calls.

    Raises
    ------
    TopologyError
        When there is no telling which columns hold callers and callees.
    """
    line, cells = first
    names = tuple(simple(cell) for cell in cells)
    if pair := pair_of(names):
        return Columns(names.index(pair[0]), names.index(pair[1]), names, places_of(names)), rows
    if {*UNCLEAR_PAIR} <= {*names}:
        message = "'upstream' and 'downstream' can mean either; call the columns 'caller' and 'callee'"
        raise document.error(message, line, 1)
    if SPAN_KEYS & {*names}:
        raise document.error("looks like a table of spans; import it as traces (trace-csv)", line, 1)
    if len(cells) < 2:  # noqa: PLR2004 - caller and callee
        raise document.error("expected two columns or more, for callers and callees, between , ; | or tabs", line, 1)
    second = next(rows, None)
    later = () if second is None else (second,)
    if second and any(is_number(cell) and not is_number(head) for head, cell in zip(cells, second[1], strict=False)):
        return Columns(0, 1), chain(later, rows)
    return Columns(0, 1), chain((first,), later, rows)


def places_of(names: Sequence[str]) -> dict[str, int]:
    """Find the columns beside those of callers and callees."""
    found = {what: next((name for name in names if name in known), None) for what, known in COLUMNS.items()}
    return {what: names.index(name) for what, name in found.items() if name is not None}
