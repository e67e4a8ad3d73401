"""What is said of an import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cascade.importers.findings import Found, Report, sentences
from cascade.report.document import document
from cascade.report.tables import Block, Table
from cascade.report.text import blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cascade.report.import_schema import FoundCallDocument, ImportDocument

MOST_ROWS: Final = 40
"""Rows of a table that a person reads."""
MOST_NOTES: Final = 20


@blocks.register(Report)
def _(report: Report) -> list[Block]:
    found: list[Block] = [" ".join(sentences(report))]
    found += [f"Note: {note}" for note in report.notes[:MOST_NOTES]]
    found += [table for table in tables(report) if table.rows]
    return found


def tables(report: Report) -> list[Table]:
    """Give what people act on: disagreements, loose ends, and the calls with what speaks for them."""
    return [
        table_of(
            "Sources disagree",
            ("caller", "callee", "in", "not in"),
            [(d.caller, d.callee, ", ".join(d.found_in), ", ".join(d.missing_in)) for d in report.disagreements],
        ),
        table_of("Perhaps one part (--alias A=B)", ("name", "also called"), report.suggestions),
        table_of("Refer to something that is not in the sources", ("who", "to what"), report.unresolved),
        table_of("No calls, though they look like some", ("caller", "callee", "why"), report.left_out),
        table_of("Calls", ("caller", "callee", "for", ">confidence", "known from"), list(map(row, report.edges))),
        table_of("Connected to nothing", ("service",), [(name,) for name in report.unconnected]),
    ]


def table_of(title: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Table:
    """Make a table of the first rows, and say how many there are."""
    most = f": the first {MOST_ROWS} of {len(rows):,}" if len(rows) > MOST_ROWS else ""
    return Table(f"{title}{most}", heads, tuple(rows[:MOST_ROWS]))


def row(edge: Found) -> tuple[str, ...]:
    """Write one call as cells."""
    known = edge.origins[0] + (f" and {len(edge.origins) - 1} more" if len(edge.origins) > 1 else "")
    return (edge.caller, edge.callee, edge.kind, f"{edge.confidence:.0%}{'' if edge.is_taken else ', left out'}", known)


@document.register(Report)
def _(report: Report) -> ImportDocument:
    return {
        "schema": "cascade/import/v1",
        "headline": report.headline,
        "sources": list(report.sources),
        "services": report.services,
        "describes_calls": report.describes_calls,
        "cannot_know": list(report.cannot_know),
        "assumed": report.assumed,
        "edges": [edge_values(edge) for edge in report.edges if edge.is_taken],
        "weak_edges": [edge_values(edge) for edge in report.edges if not edge.is_taken],
        "without_caller": list(report.without_caller),
        "unconnected": list(report.unconnected),
        "disagreements": [
            {"caller": d.caller, "callee": d.callee, "found_in": list(d.found_in), "missing_in": list(d.missing_in)}
            for d in report.disagreements
        ],
        "suggestions": [{"name": name, "also_called": other} for name, other in report.suggestions],
        "unresolved": [{"name": name, "refers_to": what} for name, what in report.unresolved],
        "left_out": [{"caller": a, "callee": b, "why": why} for a, b, why in report.left_out],
        "notes": list(report.notes),
    }


def edge_values(edge: Found) -> FoundCallDocument:
    """Give one call as documents hold it."""
    return {
        "caller": edge.caller,
        "callee": edge.callee,
        "kind": edge.kind,
        "evidence": list(edge.evidence),
        "origins": list(edge.origins),
        "confidence": edge.confidence,
        "calls": edge.calls if edge.calls > 0.0 else None,
        "errors": edge.errors if edge.calls > 0.0 else None,
    }
