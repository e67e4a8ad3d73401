"""A check as Markdown for a pull request: a summary of a step, or a comment that a program can find again."""

from __future__ import annotations

from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from cascade.analysis.check import Standing
from cascade.report.check import notes, tables
from cascade.report.tables import markdown_text, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cascade.analysis.check import Check, Judged
    from cascade.report.tables import Table

Edge = tuple[str, str]
"""A cause and its effect."""
MARKER: Final = "<!-- cascade:check -->"
"""By which a program finds its comment again."""
MOST_ROWS: Final = 10
"""Rows of the table that is not folded."""
MOST_BYTES: Final = 60_000
"""Size that is never exceeded; GitHub takes comments of 65,536 characters."""
LONGEST: Final = 300
"""Characters of a cell."""
MOST_EDGES: Final = 59
"""Edges of a graph that can be read."""
LONGEST_LABEL: Final = 40
SIGNS: Final = {Standing.FAILS: "❌ fails", Standing.BELOW: "⚠️ below", Standing.KNOWN: "known"}
JOINER: Final = "\N{ZERO WIDTH SPACE}"
"""Keeps a name from being a mention, and a number from being a link."""


def summary(check: Check) -> str:
    """Write the verdict, the worst findings, and the rest folded, as far as there is room."""
    verdict = "✅" if check.is_passed else "❌"
    head = f"## {verdict} {cell(check.file)} {cell(check.headline)}"
    rows = [row(check, each) for each in check.judged]
    parts = [MARKER, head, *table(("", "severity", "rule", "where", "what"), rows[:MOST_ROWS])]
    parts += graph(*drawn(check))
    more = [*table(("", "severity", "rule", "where", "what"), rows[MOST_ROWS:])] if rows[MOST_ROWS:] else []
    folds = [(f"{len(rows) - MOST_ROWS:,} more findings", more)] if more else []
    folds += [(each.title, [*as_markdown(each)]) for each in tables(check) if each.rows]
    text = "\n\n".join([*parts, *map(cell, notes(check))]) + "\n"
    for name, body in folds:
        text += fitting(title(name), body, MOST_BYTES - len(text.encode()))
    return text


def row(check: Check, judged: Judged) -> tuple[str, ...]:
    """Write a finding as cells."""
    found = judged.finding
    where = f"{check.file}:{found.line}" if found.line else found.subject
    what = f"{found.message}; {found.remedy}"
    return tuple(map(cell, (SIGNS[judged.standing], found.severity, found.rule, where, what)))


def cell(text: str) -> str:
    """Write a text so that it is nothing but text: no markup, link, mention, formula or end of a cell."""
    cut = text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
    return unlinked(markdown_text(cut.replace("&", "&amp;"))).replace("$", "\\$")


def unlinked(text: str) -> str:
    """Write a text so that nobody is mentioned in it, and nothing linked."""
    return text.replace("@", f"@{JOINER}").replace("#", f"#{JOINER}").replace("://", f":{JOINER}//")


def title(text: str) -> str:
    """Write a text that stands among tags, where Markdown means nothing."""
    return unlinked(escape(printable(text), quote=False))


def table(heads: Iterable[str], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Yield a table, if it has any rows."""
    lines = [f"| {' | '.join(cells)} |" for cells in rows]
    names = [*heads]
    if lines:
        yield "\n".join([f"| {' | '.join(names)} |", f"| {' | '.join('---' for _ in names)} |", *lines])


def as_markdown(found: Table) -> Iterator[str]:
    """Yield a table of the report."""
    return table(map(cell, found.heads), [tuple(map(cell, cells)) for cells in found.rows])


def fitting(head: str, body: Iterable[str], room: int) -> str:
    """Fold a table, with as many rows as there is room for."""
    lines = [line for part in body for line in part.split("\n")]
    fold = "<details><summary>{}</summary>\n\n{}\n\n</details>\n\n"
    left = room - len(fold.encode()) - len(head.encode()) - 100
    kept = []
    for line in lines:
        left -= len(line.encode()) + 1
        if left < 0:
            break
        kept.append(line)
    if len(kept) <= 2:  # noqa: PLR2004 - head and rule alone
        return ""
    cut = f"\n\n{len(lines) - len(kept):,} more have no room here." if len(kept) < len(lines) else ""
    return "\n" + fold.format(head, "\n".join(kept) + cut)


def drawn(check: Check) -> tuple[str, list[Edge]]:
    """Give what is drawn, and its title: what the change lets failures take down, or else the worst failure."""
    tolls = check.introduced.impacts_introduced if check.introduced else ()
    if edges := [(toll.fails, name) for toll in tolls for name in toll.takes]:
        return "What failures take down since this change", edges
    if check.worst is None:
        return "", []
    paths = (part.path for part in check.worst.fallen)
    edges = list(dict.fromkeys(edge for path in paths for edge in pairwise(path)))
    return f"What the loss of {check.worst.failed[0]} takes down", edges


def graph(head: str, edges: Sequence[Edge]) -> Iterator[str]:
    """Yield a graph of Mermaid from causes to effects, where it can be read."""
    from cascade.graph.export import entities  # noqa: PLC0415 - networkx only when there is a graph

    if not 0 < len(edges) <= MOST_EDGES:
        return
    number = {name: f"n{place}" for place, name in enumerate(dict.fromkeys(name for edge in edges for name in edge))}
    nodes = [f'  {number[name]}["{entities(name[:LONGEST_LABEL])}"]' for name in number]
    arrows = [f"  {number[cause]} --> {number[effect]}" for cause, effect in edges]
    yield f"<details><summary>{title(head)}</summary>"
    yield "\n".join(["```mermaid", "flowchart LR", *nodes, *arrows, "```"])
    yield "</details>"
