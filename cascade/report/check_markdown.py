"""A check as Markdown for a pull request: a summary of a step, or a comment that a program can find again."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from cascade.analysis.check import Standing
from cascade.report.check import notes, tables
from cascade.report.comment import MOST_EDGES, MOST_ROWS, Fold, cell, comment, picture, sentence, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cascade.analysis.check import Check, Judged

Edge = tuple[str, str]
"""A cause and its effect."""
MARKER: Final = "<!-- cascade:check -->"
"""By which a program finds its comment again."""
HEADS: Final = ("", "severity", "rule", "where", "what")
SIGNS: Final = {Standing.FAILS: "❌ fails", Standing.BELOW: "⚠️ below", Standing.KNOWN: "known"}


def check_markdown(check: Check) -> str:
    """Write the verdict, the worst findings, and the rest folded, as far as there is room."""
    return comment(MARKER, parts(check))


def parts(check: Check) -> Iterator[str | Fold]:
    """Yield what there is to say, what matters most first."""
    yield f"## {'✅' if check.is_passed else '❌'} {cell(check.file)} {cell(check.headline)}"
    rows = [row(check, each) for each in check.judged]
    if rows:
        yield table(HEADS, rows[:MOST_ROWS])
    head, edges = drawn(check)
    if 0 < len(edges) <= MOST_EDGES:
        yield Fold(head, [picture({name: '["{}"]' for edge in edges for name in edge}, edges)])
    yield from map(sentence, notes(check))
    if more := rows[MOST_ROWS:]:
        yield Fold(f"{len(more):,} more findings", [table(HEADS, more)])
    for each in tables(check):
        if each.rows:
            yield Fold(each.title, [table(each.heads, each.rows)])


def row(check: Check, judged: Judged) -> tuple[str, ...]:
    """Write a finding as cells."""
    found = judged.finding
    where = f"{check.file}:{found.line}" if found.line else found.subject
    return SIGNS[judged.standing], found.severity, found.rule, where, f"{found.message}; {found.remedy}"


def drawn(check: Check) -> tuple[str, Sequence[Edge]]:
    """Give what is drawn, and its title: what the change lets failures take down, or else the worst failure."""
    tolls = check.introduced.impacts_introduced if check.introduced else ()
    if edges := [(toll.fails, name) for toll in tolls for name in toll.takes]:
        return "What failures take down since this change", edges
    if check.worst is None:
        return "", []
    paths = (part.path for part in check.worst.fallen)
    edges = list(dict.fromkeys(edge for path in paths for edge in pairwise(path)))
    return f"What the loss of {check.worst.failed[0]} takes down", edges
