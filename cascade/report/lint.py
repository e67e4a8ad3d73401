"""What is said of the findings of the lint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cascade.analysis.lint.finding import Findings
from cascade.report.document import document
from cascade.report.lint_schema import FindingDocument
from cascade.report.sheet import Sheet, sheet
from cascade.report.tables import Block, Table, printable
from cascade.report.text import blocks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cascade.analysis.lint.finding import Finding, Hidden
    from cascade.report.lint_schema import HiddenDocument, LintDocument

HEADS: Final = ("severity", "rule", "where", "what", "remedy")
"""Columns of a table of findings."""


@blocks.register(Findings)
def _(findings: Findings) -> list[Block]:
    rows = tuple(
        (each.severity.value, each.rule, where(findings, each), each.message, each.remedy) for each in findings
    )
    found: list[Block] = [f"{findings.headline.capitalize()}.", Table("", HEADS, rows)]
    if findings.hidden:
        found.append(hidden_table(findings.hidden))
    return [*found, *findings.caveats]


def where(findings: Findings, finding: Finding) -> str:
    """Write the place of a finding, or what it is about."""
    return f"{findings.file}:{finding.line}" if finding.line else finding.subject


def hidden_table(hidden: Iterable[Hidden]) -> Table:
    """Give what the file itself says to leave."""
    return Table("Left as it is by the file", ("rule", "about", "reason", "until"), tuple(map(hidden_row, hidden)))


def hidden_row(hidden: Hidden) -> tuple[str, ...]:
    """Write what is left, for which reason, and until when."""
    by = hidden.suppression
    return hidden.finding.rule, hidden.finding.subject, " ".join(by.reason.split()), str(by.until or "for good")


def lint_text(findings: Findings) -> str:
    """Write one line per finding, and a last one that counts them."""
    lines = [*findings.lines, f"{findings.file}: {findings.headline}", *findings.caveats]
    return "".join(f"{printable(line)}\n" for line in lines)


@document.register(Findings)
def _(findings: Findings) -> LintDocument:
    return {
        "schema": "cascade/lint/v1",
        "headline": findings.headline,
        "file": findings.file,
        "findings": [finding_values(each) for each in findings],
        "hidden": [hidden_values(each) for each in findings.hidden],
        "caveats": list(findings.caveats),
    }


def finding_values(finding: Finding) -> FindingDocument:
    """Give one finding."""
    return {
        "rule": str(finding.rule),
        "severity": finding.severity.value,
        "subject": finding.subject,
        "line": finding.line,
        "column": finding.column,
        "message": finding.message,
        "remedy": finding.remedy,
        "fingerprint": finding.fingerprint,
    }


def hidden_values(hidden: Hidden) -> HiddenDocument:
    """Give one finding that is left as it is, and why."""
    until = hidden.suppression.until
    return {
        "finding": finding_values(hidden.finding),
        "reason": hidden.suppression.reason,
        "until": until.isoformat() if until else None,
    }


@sheet.register(Findings)
def _(findings: Findings) -> Sheet:
    rows = [(findings.file, *finding_values(each).values()) for each in findings]
    return Sheet(("file", *FindingDocument.__annotations__), rows)
