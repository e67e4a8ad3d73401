"""Tables of calls: headers of many names, no header, counts, rates, users, and what is no table."""

from __future__ import annotations

import pytest

from cascade.importers.draft import Draft, Kind
from cascade.importers.formats.edge_list import FORMAT
from cascade.importers.sources import Document
from tests.importers.graph_like import REAL, facts, pairs, refusal, text


def known(content: str) -> bool:
    return FORMAT.recognises(Document("file", content=content.encode()))


def counts(draft: Draft) -> dict[tuple[str, str], tuple[float, float]]:
    return {pair: (edge.calls, edge.errors) for pair, edge in draft.edges.items()}


@pytest.mark.parametrize("header", ["caller,callee", "Source;Target", "from\tto", "parent|child", "um,dm", "src, dst"])
def test_the_header_and_the_delimiter_are_told_by_the_first_line(header: str) -> None:
    delimiter = next(sign for sign in ",;\t|" if sign in header)
    content = f"# by hand\n{header}\nweb{delimiter}cart\n\ncart{delimiter}db\n"

    draft = text(FORMAT, content)

    assert known(content)
    assert pairs(draft) == {("web", "cart"), ("cart", "db")}
    assert [origin.line for edge in draft.edges.values() for origin in edge.origins] == [3, 5]


def test_without_a_header_the_first_two_columns_count() -> None:
    assert known("web,cart,3\ncart,db,4\n")
    assert pairs(text(FORMAT, "web,cart,3\ncart,db,4\n")) == {("web", "cart"), ("cart", "db")}
    assert pairs(text(FORMAT, "Service A,Service B,How often\ncart,db,4\n")) == {("cart", "db")}


def test_counts_errors_and_latencies_add_up() -> None:
    draft = text(FORMAT, "caller,callee,calls,errors,p50_ms\na,b,10,1,20\na,b,30,5,40\nb,b,1,,\n")

    assert counts(draft) == {("a", "b"): (40.0, 6.0)}
    assert facts(draft, "b") == {"latency": "35ms"}
    assert draft.left_out == [("b", "b", "calls itself")]


def test_rates_are_demand_where_nobody_calls() -> None:
    draft = text(FORMAT, "from,to,rps,kind,needs\n,web,12.5,,\nweb,cache,3/s,cache,soft\n")

    assert facts(draft, "web") == {"entry_point": True, "demand": "12.5/s"}
    edge = draft.edges["web", "cache"]
    assert (edge.calls, edge.kind, edge.facts["needs"].value) == (3.0, Kind.STORE, "soft")
    assert draft.components["cache"].is_store


def test_traces_of_alibaba_are_counted_row_by_row() -> None:
    rows = ["1,t,0,USER,http,m1,x,-3", "1,t,0.1,m1,mc,m2,x,1", "1,t,0.2,m1,mc,m2,x,3", "1,t,0.3,(?),rpc,m2,x,3"]
    draft = text(FORMAT, "\n".join(["timestamp,traceid,rpcid,um,rpctype,dm,interface,rt", *rows]))

    assert counts(draft) == {("m1", "m2"): (2.0, 0.0)}
    assert facts(draft, "m1") == {"entry_point": True, "latency": "3ms"}
    assert facts(draft, "m2") == {"latency": "2ms"}
    assert "file: 1 rows without a pair were passed over, the first in line 5." in draft.notes


def test_a_latency_without_a_unit_is_not_guessed() -> None:
    draft = text(FORMAT, "caller,callee,latency\na,b,12\n")

    assert facts(draft, "b") == {}
    assert draft.notes == ["file: not all of column 'latency' was understood (write its unit: latency_ms, or 12ms)."]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", "file:1:1: empty; expected a table with a column for callers and one for callees"),
        ("one\ntwo\n", "file:1:1: expected two columns or more, for callers and callees, between , ; | or tabs"),
        (b"a,b\n\xff\xfe\n", "file:1:1: expected UTF-8 text"),
        ('a,"' + "x" * 200_000, "file:1:1: no table: field larger than field limit (131072)"),
        ("x" * 2**21, "file:1:1: the line is too long for a table"),
        (
            "upstream,downstream\na,b\n",
            "file:1:1: 'upstream' and 'downstream' can mean either; call the columns 'caller' and 'callee'",
        ),
        ("TraceID,SpanID,ParentID\n1,2,3\n", "file:1:1: looks like a table of spans; import it as traces (trace-csv)"),
    ],
)
def test_what_is_no_table_is_refused_in_one_line(content: str | bytes, line: str) -> None:
    assert refusal(FORMAT, content) == line


def test_no_other_file_is_taken_for_a_table() -> None:
    others = [path for path in REAL.rglob("*") if path.is_file() and path.parent.name != "expected"]

    assert [path for path in others if FORMAT.recognises(Document(path.name, path))] == []
