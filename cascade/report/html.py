"""How results show themselves in a notebook."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from cascade.report import imports, montecarlo, structure, sweep  # noqa: F401 - they teach the function below their results
from cascade.report.tables import Block, as_html
from cascade.report.text import blocks

MOST_ROWS: Final = 200
"""Rows of a table that a notebook can bear."""


def as_notebook(result: object) -> str:
    """Give a result as a fragment of HTML; all names in it are escaped."""
    return as_html(map(shortened, blocks(result)))


def shortened(block: Block) -> Block:
    """Give the first rows of a long table, and say so in its title."""
    if isinstance(block, str) or len(block.rows) <= MOST_ROWS:
        return block
    title = f"{block.title}: the first {MOST_ROWS} of {len(block.rows)}"
    return replace(block, title=title, rows=block.rows[:MOST_ROWS])
