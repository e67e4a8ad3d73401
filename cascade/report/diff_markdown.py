"""The difference between two topologies as a comment on a pull request: the verdict, what is worse, the rest folded."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from cascade.analysis.diff import sentences as say
from cascade.analysis.diff.play import Verdict
from cascade.graph.plain import PlainServices
from cascade.report import diff as tables
from cascade.report.comment import MOST_EDGES, MOST_ROWS, Fold, cell, comment, picture, sentence, table
from cascade.report.tables import Table
from cascade.wording import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cascade.analysis.diff import Diff

MARKER: Final = "<!-- cascade:diff -->"
"""By which a bot finds the comment that it wrote before."""
MOST_NAMED: Final = 30
"""Names of rows that are left out."""


def diff_markdown(diff: Diff) -> str:
    """Write a difference for a pull request, beginning with the marker."""
    return comment(MARKER, parts(diff))


def parts(diff: Diff) -> Iterator[str | Fold]:
    """Yield what there is to say, what matters most first."""
    yield f"**{sentence(diff.headline)}**"
    if diff.is_empty:
        return
    yield from written(worse(diff))
    yield from drawn(diff)
    yield Fold("What was mended, or cannot be compared", [*written(better(diff))])
    yield Fold(f"What was changed: {counted(len(diff.changes), 'line')}", [*written([tables.changes_table(diff)])])
    yield from map(sentence, say.of_played(diff.played) if diff.played else ())
    yield from map(sentence, (*tables.of_left_out(diff), *diff.caveats))


def worse(diff: Diff) -> Iterator[Table]:
    """Yield the tables of what is new, or worse."""
    yield of_kind(tables.points_table(diff), "new")
    yield of_kind(tables.impacts_table(diff), "new")
    yield of_kind(tables.redundancies_table(diff), "new")
    yield of_kind(tables.pairs_table(diff), "new")
    yield of_kind(tables.rest_table(diff), "worse")
    yield tables.runs_table(diff, Verdict.WORSE)
    yield of_kind(tables.expectations_table(diff), "broken")
    yield tables.availabilities_table(diff)
    yield of_kind(tables.findings_table(diff), "new")


def better(diff: Diff) -> Iterator[Table]:
    """Yield the tables of what is gone, or better."""
    yield of_kind(tables.points_table(diff), "gone")
    yield of_kind(tables.impacts_table(diff), "gone")
    yield of_kind(tables.redundancies_table(diff), "gone")
    yield of_kind(tables.pairs_table(diff), "gone")
    yield of_kind(tables.rest_table(diff), "better")
    yield tables.runs_table(diff, Verdict.BETTER, Verdict.OTHER)
    yield of_kind(tables.expectations_table(diff), "kept")
    yield of_kind(tables.findings_table(diff), "gone")


def of_kind(found: Table, kind: str) -> Table:
    """Give the rows of a table that begin with a word."""
    return Table(found.title, found.heads, tuple(row for row in found.rows if row[0] == kind))


def written(found: Iterable[Table]) -> Iterator[str]:
    """Yield the first rows of each table that has any, and the names of the others."""
    for each in found:
        if each.rows:
            yield f"### {cell(each.title)}\n\n{table(each.heads, each.rows[:MOST_ROWS])}"
        if rest := each.rows[MOST_ROWS:]:
            yield sentence(f"and {len(rest):,} more: {listed(dict.fromkeys(row[1] for row in rest), MOST_NAMED)}")


def drawn(diff: Diff) -> Iterator[str]:
    """Draw the calls among the parts that something new takes down; nothing where they are too many to be read."""
    fails = {toll.fails for toll in diff.impacts_introduced}
    falls = {name for toll in diff.impacts_introduced for name in (*toll.takes, *toll.takes_only_here)}
    if not falls or isinstance(diff.new.services, PlainServices):
        return
    names = fails | falls
    edges = list(islice((edge for edge in edges_of(diff) if set(edge) <= names), MOST_EDGES + 1))
    if 0 < len(edges) <= MOST_EDGES:
        yield picture({name: shape(fails=name in fails, falls=name in falls) for name in sorted(names)}, edges)


def edges_of(diff: Diff) -> Iterator[tuple[str, str]]:
    """Yield who needs whom in the new topology: calls, members of groups, and what stands in a domain."""
    for name, service in diff.new.services.items():
        yield from ((name, call.to) for call in service.calls)
    for name, group in diff.new.groups.items():
        yield from ((name, member) for member in group.members)
    for domain, members in diff.new.all_domains.items():
        yield from ((member, domain) for member in members)


def shape(*, fails: bool, falls: bool) -> str:
    """Give the shape of a part: what falls alone has corners, what takes others down none, and each says so."""
    words = " and ".join(["takes others down"] * fails + ["falls"] * falls)
    return f'(["{{}}<br/>{words}"])' if fails else f'["{{}}<br/>{words}"]'
