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
    return [Table("", ("file", "verdict"), tuple(cells)), *map(assumptions_table, filter(is_open, checks.files))]


def is_open(file: Check) -> bool:
    """Whether a file assumes something, or leaves it open."""
    return bool(file.assumptions)


def assumptions_table(file: Check) -> Table:
    """List what a file assumes or leaves open."""
    rows = tuple((str(a.line), a.what, a.kind, a.why) for a in file.assumptions)
    return Table(f"Assumed or missing in {file.file}", (">line", "what", "is", "why"), rows)


@document.register(Checks)
def _(checks: Checks) -> ValidateDocument:
    return {"schema": "cascade/validate/v1", "files": [checked(file) for file in checks.files]}


def checked(file: Check) -> CheckedFile:
    """Give what was found in one file."""
    return {
        "file": file.file,
        "problems": [found(problem) for problem in file.problems],
        "sizes": file.sizes,
        "assumptions": [{"line": a.line, "what": a.what, "kind": a.kind, "why": a.why} for a in file.assumptions],
    }


def found(problem: Problem) -> FoundProblem:
    """Give one problem with its place."""
    return {"file": problem.file, "line": problem.line, "column": problem.column, "message": problem.message}
