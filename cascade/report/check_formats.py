"""A check in each of its formats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cascade.errors import CascadeError
from cascade.report.annotations import github_annotations
from cascade.report.check import check_text
from cascade.report.check_markdown import check_markdown
from cascade.report.export import export
from cascade.report.formats import CheckFormat, Format
from cascade.report.junit import junit
from cascade.report.sarif import sarif

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cascade.analysis.check import Check

WRITERS: Final[dict[CheckFormat, Callable[[Check], str]]] = {
    CheckFormat.TEXT: check_text,
    CheckFormat.MARKDOWN: check_markdown,
    CheckFormat.GITHUB: github_annotations,
    CheckFormat.SARIF: sarif,
    CheckFormat.JUNIT: junit,
    CheckFormat.JSON: lambda check: export(check, Format.JSON),
    CheckFormat.CSV: lambda check: export(check, Format.CSV),
}
ENDINGS: Final = {
    ".txt": CheckFormat.TEXT,
    ".md": CheckFormat.MARKDOWN,
    ".sarif": CheckFormat.SARIF,
    ".xml": CheckFormat.JUNIT,
    ".json": CheckFormat.JSON,
    ".csv": CheckFormat.CSV,
}
"""What the ending of a file says of its format."""


def format_of(path: Path) -> CheckFormat:
    """Give the format that the ending of a file stands for.

    Raises
    ------
    CascadeError
        When it stands for none.

    Examples
    --------
    >>> from pathlib import Path
    >>> print(format_of(Path("build/check.sarif")))
    sarif
    """
    if path.suffix.lower() not in ENDINGS:
        raise CascadeError(f"{path}: expected a name that ends in {', '.join(ENDINGS)}")
    return ENDINGS[path.suffix.lower()]
