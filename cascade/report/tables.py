"""Tables of text: the one form that plain text, Markdown and notebooks are made from."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

WIDTH: Final = 112
"""Columns of text that a sentence may fill."""
CELL_WIDTH: Final = 64
"""Columns of text that a cell may fill."""
_MARKDOWN: Final = re.compile(r"([\\`*_\[\]<>|#~])")


@dataclass(frozen=True, slots=True)
class Table:
    """Cells of text under a title; columns whose head begins with ``>`` are set flush right."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Table | str
"""A part of a report: a table or a paragraph."""


def as_text(blocks: Iterable[Block]) -> str:
    """Write a report for a terminal, in plain characters."""
    parts = (textwrap.fill(printable(b), WIDTH) if isinstance(b, str) else table_text(b) for b in blocks)
    return "\n\n".join(parts) + "\n"


def table_text(table: Table) -> str:
    """Write a table in aligned columns."""
    heads = [head.removeprefix(">") for head in table.heads]
    rows = [[shortened(printable(cell)) for cell in row] for row in table.rows]
    widths = [max(map(columns_of, column)) for column in zip(heads, *rows, strict=True)]
    flush = [head.startswith(">") for head in table.heads]
    lines = [aligned(heads, widths, flush), aligned(["-" * width for width in widths], widths, flush)]
    lines += [aligned(row, widths, flush) for row in rows]
    return "\n".join([table.title, "", *lines] if table.title else lines)


def aligned(cells: Sequence[str], widths: Sequence[int], flush: Sequence[bool]) -> str:
    """Set one line of a table."""
    gaps = [" " * (width - columns_of(cell)) for cell, width in zip(cells, widths, strict=True)]
    filled = [gap + cell if right else cell + gap for cell, gap, right in zip(cells, gaps, flush, strict=True)]
    return "  ".join(filled).rstrip()


def printable(text: str) -> str:
    """Take out of a text what could move the cursor or colour a terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def shortened(text: str) -> str:
    """Cut the middle out of a cell that is too long for a line."""
    return text if len(text) <= CELL_WIDTH else f"{text[: CELL_WIDTH - 12]}...{text[-9:]}"


def columns_of(text: str) -> int:
    """Columns that a text takes on a terminal: wide letters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def as_markdown(blocks: Iterable[Block]) -> str:
    """Write a report as Markdown."""
    return "\n\n".join(markdown_text(b) if isinstance(b, str) else table_markdown(b) for b in blocks) + "\n"


def table_markdown(table: Table) -> str:
    """Write a table as Markdown, indentation kept."""
    heads = [markdown_text(head.removeprefix(">")) for head in table.heads]
    rules = ["---:" if head.startswith(">") else "---" for head in table.heads]
    rows = [[indented(cell, markdown_text) for cell in row] for row in table.rows]
    lines = [f"| {' | '.join(cells)} |" for cells in (heads, rules, *rows)]
    return "\n".join([f"### {markdown_text(table.title)}", "", *lines] if table.title else lines)


def markdown_text(text: str) -> str:
    """Escape what Markdown would read as more than text."""
    return _MARKDOWN.sub(r"\\\1", printable(text))


def as_html(blocks: Iterable[Block]) -> str:
    """Write a report as a fragment of HTML, without scripts or styles of its own."""
    return "\n".join(f"<p>{escape(b)}</p>" if isinstance(b, str) else table_html(b) for b in blocks)


def table_html(table: Table) -> str:
    """Write a table as HTML, indentation kept."""
    styles = [' style="text-align:right"' if head.startswith(">") else "" for head in table.heads]
    heads = "".join(
        f"<th{style}>{escape(head.removeprefix('>'))}</th>" for head, style in zip(table.heads, styles, strict=True)
    )
    rows = "".join(
        "<tr>" + "".join(f"<td{s}>{indented(cell, escape)}</td>" for cell, s in zip(row, styles, strict=True)) + "</tr>"
        for row in table.rows
    )
    caption = f"<caption>{escape(table.title)}</caption>"
    return f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def indented(cell: str, escaped: Callable[[str], str]) -> str:
    """Escape a cell, its leading blanks kept."""
    inner = cell.lstrip(" ")
    return "&nbsp;" * (len(cell) - len(inner)) + escaped(inner)
