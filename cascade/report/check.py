"""What is said of a check: to people, to programs, and to spreadsheets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cascade.analysis.check import Check, Standing
from cascade.analysis.lint.finding import place_of
from cascade.report.check_schema import JudgedDocument
from cascade.report.document import document, expectation_values
from cascade.report.lint import finding_values, hidden_table, hidden_values
from cascade.report.sheet import Sheet, sheet
from cascade.report.tables import Block, Table, printable
from cascade.report.text import blocks
from cascade.wording import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascade.analysis.check import Judged
    from cascade.analysis.lint.finding import Finding
    from cascade.report.check_schema import CheckDocument

HEADS: Final = ("", "severity", "rule", "where", "what", "remedy")
"""Columns of the table of findings."""


@blocks.register(Check)
def _(check: Check) -> list[Block]:
    rows = tuple(
        (
            each.standing.value,
            each.finding.severity.value,
            each.finding.rule,
            where(check, each.finding),
            each.finding.message,
            each.finding.remedy,
        )
        for each in check.judged
    )
    found: list[Block] = [f"{check.headline.capitalize()}."]
    found += [Table("", HEADS, rows)] if rows else []
    found += [table for table in tables(check) if table.rows]
    return [*found, *notes(check)]


def where(check: Check, finding: Finding) -> str:
    """Write the place of a finding, or what it is about."""
    return f"{check.file}:{finding.line}" if finding.line else finding.subject


def tables(check: Check) -> Iterator[Table]:
    """Yield what was expected, measured, and left as it is."""
    held = ((each.scenario, each.expectation) for each in check.expectations)
    rows = ((scenario, each.verdict, each.expected, each.found) for scenario, each in held)
    yield Table("What is expected of scenarios", ("scenario", "", "expected", "found"), tuple(rows))
    yield Table("Measures", ("measure", "comes to"), tuple((each.name, each.told) for each in check.measures))
    yield hidden_table(check.hidden)


def notes(check: Check) -> Iterator[str]:
    """Yield what else is to be said."""
    if check.resolved:
        what = (
            f"{counted(len(check.resolved), 'finding')} of the baseline {'is' if len(check.resolved) == 1 else 'are'}"
        )
        yield f"{what} resolved: {listed(map(str, check.resolved), 3)}; write it again."
    yield from check.caveats


def check_text(check: Check) -> str:
    """Write the verdict, one line per finding that is not known, and what was measured."""
    lines = [f"{check.file}: {check.headline}"]
    for standing, head in ((Standing.FAILS, []), (Standing.BELOW, ["below the bar:"])):
        found = [f"{check.file}{place_of(finding)}: {finding}" for finding in check.of(standing)]
        lines += [*head, *found] if found else []
    lines += ["measures:", *(f"{each.name}: {each.told}" for each in check.measures), *notes(check)]
    return "".join(f"{printable(line)}\n" for line in lines)


@document.register(Check)
def _(check: Check) -> CheckDocument:
    return {
        "schema": "cascade/check/v1",
        "is_passed": check.is_passed,
        "headline": check.headline,
        "file": check.file,
        "fail_on": list(check.bars.texts),
        "findings": [judged_values(each) for each in check.judged],
        "hidden": [hidden_values(each) for each in check.hidden],
        "expectations": [
            {"scenario": each.scenario, **expectation_values(each.expectation)} for each in check.expectations
        ],
        "objectives": [
            {
                "name": each.name,
                "success_fraction": each.success_fraction,
                "availability_fraction": each.availability,
                "is_kept": each.is_kept,
            }
            for each in check.promised
        ],
        "measures": [{"name": each.name, "value": each.value, "told": each.told} for each in check.measures],
        "resolved": [
            {"rule": each.rule, "subject": each.subject, "fingerprint": each.fingerprint} for each in check.resolved
        ],
        "caveats": list(check.caveats),
    }


def judged_values(judged: Judged) -> JudgedDocument:
    """Give one finding with what becomes of it."""
    return {**finding_values(judged.finding), "standing": judged.standing.value, "is_new": judged.is_new}


@sheet.register(Check)
def _(check: Check) -> Sheet:
    rows = [(check.file, *judged_values(each).values()) for each in check.judged]
    return Sheet(("file", *JudgedDocument.__annotations__), rows)
