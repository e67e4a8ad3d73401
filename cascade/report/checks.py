"""What is said of files that were checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cascade.loading.check import Checks
from cascade.report.document import document
from cascade.report.tables import Block, Table
from cascade.report.text import blocks

if TYPE_CHECKING:
    from cascade.errors import Problem
    from cascade.loading.check import Check
    from cascade.report.schemas import CheckedFile, FoundProblem, ValidateDocument


@blocks.register(Checks)
def _(checks: Checks) -> list[Block]:
    cells = [tuple(str(file).rsplit(": ", maxsplit=1)) for file in checks.files]
    return [Table("", ("file", "verdict"), tuple(cells))]


@document.register(Checks)
def _(checks: Checks) -> ValidateDocument:
    return {"schema": "cascade/validate/v1", "files": [checked(file) for file in checks.files]}


def checked(file: Check) -> CheckedFile:
    """Give what was found in one file."""
    return {"file": file.file, "problems": [found(problem) for problem in file.problems], "sizes": file.sizes}


def found(problem: Problem) -> FoundProblem:
    """Give one problem with its place."""
    return {"file": problem.file, "line": problem.line, "column": problem.column, "message": problem.message}
