"""A result as one text: for people, for programs, for spreadsheets, for pull requests."""

from __future__ import annotations

import csv
import io
import json
import math
from typing import TYPE_CHECKING, Any, Final

from cascade.analysis.diff import Diff
from cascade.report import checks, diff_document, imports, lint, montecarlo, shapes, structure, sweep  # noqa: F401 - they teach the functions below their results
from cascade.report.diff_markdown import diff_markdown
from cascade.report.document import document
from cascade.report.formats import Format
from cascade.report.tables import as_markdown, as_text
from cascade.report.text import blocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from cascade.report.sheet import Sheet

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings that a spreadsheet would take for a formula."""


def export(result: object, form: Format) -> str:
    """Write a result in a format, ending with a line break."""
    return WRITERS[form](result)


def json_text(content: Any) -> str:
    """Write a document as JSON."""
    return json.dumps(finite(content), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def finite(value: Any) -> Any:
    """Give a document in which what is not a number, or has no bound, is null."""
    if isinstance(value, dict):
        return {key: finite(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def csv_text(content: Sheet) -> str:
    """Write a sheet as CSV with a head line; texts that a spreadsheet would run are made harmless."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(map(harmless, content.heads))
    writer.writerows([harmless(finite(value)) for value in row] for row in content.rows)
    return out.getvalue()


def markdown_of(result: object) -> str:
    """Write a result as Markdown, as a comment on a pull request where it is made for one."""
    return diff_markdown(result) if isinstance(result, Diff) else as_markdown(blocks(result))


def csv_of(result: object) -> str:
    """Write a result as CSV."""
    from cascade.report.sheet import sheet  # noqa: PLC0415 - what is not used costs nothing

    return csv_text(sheet(result))


def harmless(value: Any) -> Any:
    """Give a cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


WRITERS: Final[dict[Format, Callable[[object], str]]] = {
    Format.TEXT: lambda result: as_text(blocks(result)),
    Format.JSON: lambda result: json_text(document(result)),
    Format.CSV: csv_of,
    Format.MARKDOWN: markdown_of,
}
