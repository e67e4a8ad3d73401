"""What an answer rests on: where the numbers of the file are from, what it assumes, what the lint says of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cascade.analysis.lint import lint
from cascade.loading import provenance
from cascade.loading.assumptions import assumptions
from cascade.report.page.cells import Cell, Grid, amount, heads
from cascade.report.page.rankings import most
from cascade.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascade.model import Topology
    from cascade.report.page.cells import Index

MOST_ROWS: Final = 150
"""Rows of a table of things to look up."""
MOST_FINDINGS: Final = 60
"""Findings, and calls, that are listed: the worst."""
MEANINGS: Final = {
    "published": "stated by a source",
    "derived": "worked out from what sources state",
    "assumed": "chosen by whoever wrote the file",
    "untagged": "nothing says where it is from",
}
ANY_DAY: Final = dt.date.min
"""Day for which suppressions count: a page has no clock, so that the same file gives the same page."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an answer rests on."""

    counts: Grid | None
    """Numbers of the file by where they are from; none without its text."""
    assumed: Grid | None
    calls: Grid | None
    """Calls that somebody found, with what speaks for them."""
    sources: tuple[str, ...]
    """What was imported."""
    findings: Grid | None
    findings_headline: str

    @property
    def grids(self) -> tuple[Grid, ...]:
        """What there is of it in tables."""
        return tuple(grid for grid in (self.counts, self.assumed, self.calls, self.findings) if grid)


def evidence_of(topology: Topology, text: str, index: Index) -> Evidence:
    """Gather what an answer about a topology rests on."""
    found = lint(topology, text=text or None, today=ANY_DAY)
    severities = [*dict.fromkeys(finding.severity for finding in found)]
    rows = tuple(
        (
            amount(finding.severity, finding.severity.rank),
            Cell(finding.rule),
            Cell(f"{finding.message}; {finding.remedy}"),
            amount(str(finding.line) if finding.line else "", finding.line),
        )
        for finding in found.findings[:MOST_FINDINGS]
    )
    title = f"What the lint finds{most(len(rows), len(found))}"
    return Evidence(
        counts=counts_grid(text) if text else None,
        assumed=assumed_grid(text) if text else None,
        calls=calls_grid(topology, index),
        sources=topology.imported.sources if topology.imported else (),
        findings=Grid("findings", title, heads("Severity", "Rule", "What", ">Line"), rows) if severities else None,
        findings_headline=found.headline,
    )


def counts_grid(text: str) -> Grid | None:
    """Count the numbers of a file by where they are from."""
    counts = provenance.count(text)
    total = sum(counts.values())
    if not total:
        return None
    rows = tuple(
        (Cell(kind), Cell(MEANINGS[kind]), amount(f"{count:,}", count), amount(f"{count / total:.0%}", count))
        for kind, count in counts.items()
    )
    titles = heads("Numbers", "Meaning", ">Count", ">Share")
    return Grid("numbers", "Where the numbers of the file are from", titles, rows)


def assumed_grid(text: str) -> Grid | None:
    """List what a file assumes, and what it leaves open."""
    found = assumptions(text)
    rows = tuple(
        (amount(str(each.line), each.line), Cell(each.what), Cell(each.kind), Cell(each.why))
        for each in found[:MOST_ROWS]
    )
    title = f"What the file assumes or leaves open{most(len(rows), len(found))}"
    return Grid("assumptions", title, heads(">Line", "What", "Is", "Why"), rows) if rows else None


def calls_grid(topology: Topology, index: Index) -> Grid | None:
    """List the calls that are less than sure, or that somebody found, the least sure first."""
    found = sorted(calls_with_evidence(topology), key=lambda each: each[2])
    rows = tuple(
        (index.cell(caller), index.cell(callee), amount(f"{sure:.0%}", sure), Cell(known))
        for caller, callee, sure, known in found[:MOST_FINDINGS]
    )
    title = f"How sure the calls are, the least sure first{most(len(rows), len(found))}"
    return Grid("calls", title, heads("Caller", "Callee", ">Sure", "Known from"), rows) if rows else None


def calls_with_evidence(topology: Topology) -> Iterator[tuple[str, str, float, str]]:
    """Yield calls with how sure they are and what they are known from."""
    for name, service in topology.services.items():
        for call in service.calls:
            if call.evidence or call.confidence_fraction < 1.0:
                yield name, call.to, float(call.confidence_fraction), listed(call.evidence, 6)
