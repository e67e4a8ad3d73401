"""The difference between two topologies as a comment on a pull request: the verdict, what is worse, the rest folded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cascade.analysis.diff import sentences as say
from cascade.analysis.diff.play import Verdict
from cascade.graph.plain import PlainServices
from cascade.report import diff as tables
from cascade.report.tables import Table, markdown_text, printable, table_markdown
from cascade.wording import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascade.analysis.diff import Diff

MARKER: Final = "<!-- cascade:diff -->"
"""By which a bot finds the comment that it wrote before."""
MOST_ROWS: Final = 10
"""Rows of a table in a comment."""
MOST_NAMED: Final = 30
"""Names of rows that are left out."""
MOST_EDGES: Final = 60
"""Calls in a picture that can still be read."""
SAFE: Final = re.compile(r"[^A-Za-z0-9._/ -]")
"""What a picture could take for more than a name."""


def diff_markdown(diff: Diff) -> str:
    """Write a difference for a pull request, beginning with the marker."""
    found = [MARKER, f"**{quiet(diff.headline)}**"]
    if not diff.is_empty:
        found += [*worse(diff), *picture(diff), *folded("What was mended, or cannot be compared", better(diff))]
        found += folded(f"What was changed: {counted(len(diff.changes), 'line')}", [tables.changes_table(diff)])
        said = [*(say.of_played(diff.played) if diff.played else ()), *tables.of_left_out(diff), *diff.caveats]
        found += map(quiet, said)
    return "\n\n".join(found) + "\n"


def worse(diff: Diff) -> Iterator[str]:
    """Yield the tables of what is new, or worse."""
    for table in (
        of_kind(tables.points_table(diff), "new"),
        of_kind(tables.impacts_table(diff), "new"),
        of_kind(tables.redundancies_table(diff), "new"),
        of_kind(tables.pairs_table(diff), "new"),
        of_kind(tables.rest_table(diff), "worse"),
        tables.runs_table(diff, Verdict.WORSE),
        of_kind(tables.expectations_table(diff), "broken"),
        tables.availabilities_table(diff),
        of_kind(tables.findings_table(diff), "new"),
    ):
        yield from table_with_rest(table)


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


def of_kind(table: Table, *kinds: str) -> Table:
    """Give the rows of a table that begin with one of some words."""
    return Table(table.title, table.heads, tuple(row for row in table.rows if row[0] in kinds))


def table_with_rest(table: Table) -> Iterator[str]:
    """Yield the first rows of a table, and the names of the others; nothing for an empty one."""
    if not table.rows:
        return
    shown, rest = table.rows[:MOST_ROWS], table.rows[MOST_ROWS:]
    yield unmentioned(table_markdown(Table(table.title, table.heads, shown)))
    if rest:
        names = dict.fromkeys(row[1] for row in rest)
        yield quiet(f"and {len(rest):,} more: {listed(names, MOST_NAMED)}")


def folded(summary: str, parts: Iterator[Table] | list[Table]) -> list[str]:
    """Fold some tables away; nothing where all are empty."""
    inner = [text for table in parts for text in table_with_rest(table)]
    return [f"<details><summary>{quiet(summary)}</summary>", *inner, "</details>"] if inner else []


def quiet(text: str) -> str:
    """Escape a text, and let no name in it call upon a person."""
    return unmentioned(markdown_text(text))


def unmentioned(text: str) -> str:
    """Part each at sign from the name behind it, so that nobody is notified."""
    return text.replace("@", "@<!-- -->")


def picture(diff: Diff) -> list[str]:
    """Draw the calls among the parts that something new takes down; nothing where they are too many to be read."""
    fails = {toll.fails for toll in diff.impacts_introduced}
    falls = {name for toll in diff.impacts_introduced for name in (*toll.takes, *toll.takes_only_here)}
    if not falls or isinstance(diff.new.services, PlainServices):
        return []
    names = fails | falls
    edges = [edge for edge in edges_of(diff) if set(edge) <= names]
    if not 0 < len(edges) < MOST_EDGES:
        return []
    place = {name: f"n{index}" for index, name in enumerate(sorted(names))}
    shapes = [f"  {place[name]}{node(name, fails=name in fails, falls=name in falls)}" for name in sorted(names)]
    lines = [f"  {place[caller]} --> {place[callee]}" for caller, callee in edges]
    return ["\n".join(["```mermaid", "graph LR", *shapes, *lines, "```"])]


def edges_of(diff: Diff) -> Iterator[tuple[str, str]]:
    """Yield who needs whom in the new topology: calls, members of groups, and what stands in a domain."""
    for name, service in diff.new.services.items():
        yield from ((name, call.to) for call in service.calls)
    for name, group in diff.new.groups.items():
        yield from ((name, member) for member in group.members)
    for domain, members in diff.new.all_domains.items():
        yield from ((member, domain) for member in members)


def node(name: str, *, fails: bool, falls: bool) -> str:
    """Draw a part: what falls alone has corners, what takes others down none, and each says so."""
    words = " and ".join(["takes others down"] * fails + ["falls"] * falls)
    label = f'"{mermaid_text(name)}<br/>{words}"'
    return f"([{label}])" if fails else f"[{label}]"


def mermaid_text(name: str) -> str:
    """Write a name so that a picture shows it as it is.

    Examples
    --------
    >>> mermaid_text('web"<b>')
    'web#34;#60;b#62;'
    """
    return SAFE.sub(lambda sign: f"#{ord(sign[0])};", printable(name))
