"""A check as annotations of GitHub: lines that its runner shows at the lines of the file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from cascade.analysis.check import Standing
from cascade.analysis.lint.finding import Severity
from cascade.report.check import notes
from cascade.report.tables import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cascade.analysis.check import Check, Judged

DATA: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
"""What may not stand in a message as it is."""
PROPERTY: Final = DATA | str.maketrans({":": "%3A", ",": "%2C"})
"""What may not stand in a property as it is."""
OLD_COMMAND: Final = "##["
"""What begins a command of GitHub anywhere in a line, in the way that it was written once and still is read."""
MARKS: Final = {"error": "error", "warning": "warning", "note": "notice"}
"""How levels are called there."""


def github_annotations(check: Check) -> str:
    """Write one annotation per finding, the worst first, and the verdict as a line of the log.

    GitHub shows ten errors, ten warnings and ten notices of a step.
    """
    order = [*MARKS]
    ranked = sorted(check.judged, key=lambda each: order.index(level_of(each)))
    verdict = [f"cascade check {check.file}: {check.headline}", *notes(check)]
    return "".join(f"{line}\n" for line in [*(annotation(check, each) for each in ranked), *map(harmless, verdict)])


def harmless(line: str) -> str:
    """Write a line of the log in which no name is a command."""
    return printable(line).replace(OLD_COMMAND, "## [")


def annotation(check: Check, judged: Judged) -> str:
    """Write the annotation of one finding."""
    found = judged.finding
    place = {"file": relative(check.file), "line": str(found.line), "col": str(found.column)} if found.line else {}
    properties = {**place, "title": f"{found.rule} ({found.severity})"}
    listing = ",".join(f"{key}={escaped(value, PROPERTY)}" for key, value in properties.items())
    message = escaped(f"{found.message}; {found.remedy}", DATA)
    return f"::{MARKS[level_of(judged)]} {listing}::{message}"


def escaped(text: str, signs: Mapping[int, str]) -> str:
    """Write a text so that it ends nowhere too early, and moves no cursor."""
    return printable(text.translate(signs))


def level_of(judged: Judged) -> str:
    """Say how loud a finding is: what fails is an error, what does not a warning or a note."""
    if judged.standing is Standing.FAILS:
        return "error"
    is_grave = judged.finding.severity in {Severity.HIGH, Severity.MEDIUM}
    return "warning" if is_grave and judged.standing is Standing.BELOW else "note"


def relative(file: str) -> str:
    """Give the path of a file from here, with forward slashes, as GitHub knows it; others as they are."""
    path = Path(file)
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return path.as_posix()
