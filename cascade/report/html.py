"""How results show themselves in a notebook."""

from __future__ import annotations

from cascade.report.tables import as_html
from cascade.report.text import blocks


def as_notebook(result: object) -> str:
    """Give a result as a fragment of HTML; all names in it are escaped."""
    return as_html(blocks(result))
