"""What is said of files that were checked."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cascade.loading.check import Check, Checks
from cascade.report.document import Row, document, rows
from cascade.report.tables import Block, Table
from cascade.report.text import blocks

if TYPE_CHECKING:
    from collections.abc import Iterator


@blocks.register(Checks)
def _(checks: Checks) -> list[Block]:
    kinds = dict.fromkeys(kind for file in checks.files for kind in file.sizes)
    cells = [(file.file, verdict(file), *(str(file.sizes.get(kind, "")) for kind in kinds)) for file in checks.files]
    return [Table("", ("file", "verdict", *(f">{kind.replace('_', ' ')}" for kind in kinds)), tuple(cells))]


def verdict(file: Check) -> str:
    """Say in a word whether a file is well-formed."""
    count = len(file.problems)
    return f"{count} problem{'s' if count > 1 else ''}" if count else "ok"


@document.register(Checks)
def _(checks: Checks) -> dict[str, Any]:
    return {"schema": "cascade/validate/v1", "files": [asdict(file) for file in checks.files]}


@rows.register(Checks)
def _(checks: Checks) -> Iterator[Row]:
    for file in checks.files:
        for problem in file.problems:
            yield asdict(problem)
