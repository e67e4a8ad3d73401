"""Tables of calls: one row for each pair of caller and callee, or one for each call."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from itertools import chain
from typing import IO, TYPE_CHECKING, Final

from cascade.importers.columns import KINDS, NEEDS, Columns, columns_of, is_header, is_number
from cascade.importers.draft import Evidence, Kind, Origin
from cascade.importers.format import CAPACITY, RATES, SOFTNESS, TIMEOUTS, Format
from cascade.importers.sources import HEAD
from cascade.importers.values import name_of, number_of, rate_text, seconds_text
from cascade.units import parse_rate, parse_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cascade.importers.draft import Draft, Edge
    from cascade.importers.format import Options
    from cascade.importers.sources import Document

DELIMITERS: Final = ",;\t|"
LOOKED_AT: Final = 50
"""Rows that are looked at to tell whether a text is such a table."""
MOST_EDGES: Final = 500_000
"""Most pairs of caller and callee that are kept."""
LONGEST_LINE: Final = 2**20
"""Most characters in a line."""
USER: Final = "USER"
"""In a column ``um`` it stands for traffic from outside."""
NOBODY: Final = frozenset({"", "UNKNOWN", "(?)", "UNAVAILABLE", "NAN"})
"""What the columns ``um`` and ``dm`` hold where a name was lost."""
_PLAIN: Final = re.compile(r"[\w.:/@-]{1,200}")


ALIBABA: Final = "rt"
"""Latency in the traces of Alibaba, whose sign tells the side that measured it."""


@dataclass(slots=True)
class Row:
    """All rows of one caller and callee together."""

    line: int
    kind: Kind
    needs: str = ""
    rows: int = 0
    calls: float = 0.0
    errors: float = 0.0
    seconds: float = 0.0
    """Latencies, each times the calls that it is of."""
    timed: float = 0.0
    """Calls with a latency."""


@dataclass(slots=True)
class Table:
    """What was read of one document."""

    pairs: dict[tuple[str, str], Row] = field(default_factory=dict)
    passed_over: int = 0
    first_passed: int = 0
    unclear: set[str] = field(default_factory=set)
    """Columns of which some values were not understood."""


def recognises(document: Document) -> bool:
    """Tell by a header of known names, or by rows of two names and perhaps a number."""
    whole = document.head.splitlines()
    ended = whole[:-1] if len(whole) > 1 and len(document.head) >= HEAD // 4 else whole  # it may end within a line
    lines = [line for line in ended[:LOOKED_AT] if line.strip() and line[0] != "#"]
    if not lines:
        return False
    delimiter = delimiter_of(lines[0])
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter)]
    except csv.Error:
        return False
    return bool(rows) and (is_header(rows[0]) or is_bare(rows))


def is_bare(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether rows without a header are surely calls."""
    return len(rows) > 1 and all(
        len(row) == len(rows[0])
        and len(row) in {2, 3}
        and all(_PLAIN.fullmatch(cell) and not is_number(cell) for cell in row[:2])
        and all(map(is_number, row[2:]))
        for row in rows
    )


def delimiter_of(line: str) -> str:
    """Give the sign that splits a line into the most columns; a comma where none does."""
    return max(DELIMITERS, key=line.count)


def reads(documents: Sequence[Document], draft: Draft, _options: Options) -> None:
    """Read the pairs, with counts, errors and latencies where there are columns for them."""
    for document in documents:
        rows = rows_of(document)
        first = next(rows, None)
        if first is None:
            raise document.error("empty; expected a table with a column for callers and one for callees", 1, 1)
        columns, rest = columns_of(first, rows, document)
        if not columns.header and len(first[1]) > 2:  # noqa: PLR2004 - caller and callee
            draft.note(f"{document.label}: only the first two columns were read, as there is no header.")
        put(read_table(rest, columns, document), columns, document, draft)


class Lines:
    """The lines of a text but comments, none of them endless, with the number of the last one."""

    def __init__(self, stream: IO[bytes], document: Document) -> None:
        self.text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        self.document = document
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        """Yield them."""
        while line := self.text.readline(LONGEST_LINE):
            self.number += 1
            if len(line) == LONGEST_LINE:
                raise self.document.error("the line is too long for a table", self.number, 1)
            if line[0] != "#":
                yield line


def rows_of(document: Document) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not empty, each with the number of its last line.

    Raises
    ------
    TopologyError
        When it is no text, or a cell never ends.
    """
    with document.stream() as stream:
        lines = Lines(stream, document)
        try:
            first = next((line for line in lines if line.strip()), "")
            for row in csv.reader(chain((first,), lines), delimiter=delimiter_of(first)):
                if any(cell.strip() for cell in row):
                    yield lines.number, row
        except UnicodeDecodeError:
            raise document.error("expected UTF-8 text", lines.number + 1, 1) from None
        except csv.Error as error:
            raise document.error(f"no table: {error}", lines.number, 1) from None


def read_table(rows: Iterator[tuple[int, list[str]]], columns: Columns, document: Document) -> Table:
    """Add up the rows of each caller and callee."""
    table = Table()
    for line, row in rows:
        pair = ends_of(row, columns)
        if pair is None:
            pass_over(table, line)
            continue
        found = table.pairs.get(pair)
        if found is None:
            if len(table.pairs) >= MOST_EDGES:
                raise document.error(f"too many pairs; expected at most {MOST_EDGES:,}", line, 1)
            found = table.pairs[pair] = Row(line, kind_of(row, columns), needs_of(row, columns))
        add(found, row, columns, table)
    return table


def ends_of(row: Sequence[str], columns: Columns) -> tuple[str, str] | None:
    """Give caller and callee of a row; the caller is empty where users call, and there is none where one was lost."""
    if len(row) <= max(columns.caller, columns.callee):
        return None
    caller, callee = row[columns.caller].strip(), row[columns.callee].strip()
    if columns.has_users:
        if {caller.upper(), callee.upper()} & NOBODY:
            return None
        caller = "" if caller.upper() == USER else caller
    return (caller, callee) if callee else None


def pass_over(table: Table, line: int) -> None:
    """Count a row that names no pair."""
    table.passed_over += 1
    table.first_passed = table.first_passed or line


def kind_of(row: Sequence[str], columns: Columns) -> Kind:
    """Give what a call is for."""
    return KINDS.get(columns.text(row, "kind").lower(), Kind.SYNC)


def needs_of(row: Sequence[str], columns: Columns) -> str:
    """Give what the failure of the callee does to the caller, where the table says it."""
    found = columns.text(row, "needs").lower()
    return found if found in NEEDS else ""


def add(found: Row, row: Sequence[str], columns: Columns, table: Table) -> None:
    """Add one row to those of the same pair."""
    found.rows += 1
    calls = value_of(row, columns, "calls", table)
    calls = value_of(row, columns, "rate", table) if calls is None else calls
    if calls is None and columns.is_of_calls:
        calls = 1.0
    found.calls += calls or 0.0
    found.errors += value_of(row, columns, "errors", table) or 0.0
    seconds = value_of(row, columns, "latency", table)
    if seconds is not None:
        found.seconds += seconds * (calls or 1.0)
        found.timed += calls or 1.0


def value_of(row: Sequence[str], columns: Columns, what: str, table: Table) -> float | None:
    """Give the number in a column, in calls, calls per second or seconds."""
    text = columns.text(row, what).strip()
    if not text:
        return None
    found = number_of(text.removeprefix("-") if what == "latency" and columns.name(what) == ALIBABA else text)
    if found is not None and columns.scale(what):
        return found * columns.scale(what)
    try:
        if what == "latency":
            return parse_seconds(text[:64])
        if what == "rate":
            return parse_rate(text[:64])
    except ValueError:
        pass
    table.unclear.add(what)
    return None


def put(table: Table, columns: Columns, document: Document, draft: Draft) -> None:
    """Put what was read into the draft."""
    for (caller, callee), row in table.pairs.items():
        to = name_of(callee)
        by = name_of(caller)
        if to is None:
            pass_over(table, row.line)
        elif by is None:
            put_users(to, row, columns, draft)
        elif by == to:
            draft.component(to)
            draft.left_out.append((by, to, "calls itself"))
        else:
            put_edge(draft.edge(by, to, row.kind, origin_of(document, row, columns)), row, draft)
    put_latencies(table, columns, draft)
    tell(table, columns, document, draft)


def origin_of(document: Document, row: Row, columns: Columns) -> Origin:
    """Say where a call is known from."""
    what = f"{row.rows:,} rows" if row.rows > 1 else f"columns {columns.caller_name} and {columns.callee_name}"
    return Origin(Evidence.GRAPH, document.label, row.line, what)


def put_edge(edge: Edge, row: Row, draft: Draft) -> None:
    """Put counts and needs to a call."""
    edge.calls += row.calls
    edge.errors += min(row.errors, row.calls)
    if row.needs:
        edge.know("needs", row.needs, "column needs")
    if row.kind is Kind.STORE:
        draft.component(edge.callee).is_store = True


def put_users(callee: str, row: Row, columns: Columns, draft: Draft) -> None:
    """Put traffic from outside to the part that it comes in at."""
    part = draft.component(callee)
    part.know("entry_point", True, "rows without a caller")  # noqa: FBT003 - a value
    if columns.is_of_rates and row.calls:
        part.know("demand", rate_text(row.calls), "rows without a caller")


def put_latencies(table: Table, columns: Columns, draft: Draft) -> None:
    """Put to each callee the mean of the latencies of its calls."""
    sums: dict[str, tuple[float, float]] = {}
    for (_, callee), row in table.pairs.items():
        name = name_of(callee)
        if row.timed and name is not None:
            seconds, timed = sums.get(name, (0.0, 0.0))
            sums[name] = seconds + row.seconds, timed + row.timed
    for name, (seconds, timed) in sums.items():
        draft.component(name).know("latency", seconds_text(seconds / timed), f"mean of {columns.name('latency')}")


def tell(table: Table, columns: Columns, document: Document, draft: Draft) -> None:
    """Tell what was passed over, and what the numbers are."""
    if table.passed_over:
        first = f", the first in line {table.first_passed}"
        draft.note(f"{document.label}: {table.passed_over:,} rows without a pair were passed over{first}.")
    for what in sorted(table.unclear):
        hint = " (write its unit: latency_ms, or 12ms)" if what == "latency" else ""
        draft.note(f"{document.label}: not all of column '{columns.name(what)}' was understood{hint}.")
    if columns.is_of_rates:
        draft.note(f"{document.label}: counts of calls are rates per second.")
    elif columns.is_of_calls:
        draft.note(f"{document.label}: each row is counted as one call.")


FORMAT: Final = Format(
    name="edge-list",
    title="tables of calls (CSV)",
    describes_calls=True,
    cannot_know=(RATES, CAPACITY, TIMEOUTS, SOFTNESS),
    recognises=recognises,
    reads=reads,
)
