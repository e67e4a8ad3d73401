"""Static lint of policies: what is wrong with retries, timeouts, fallbacks and promises, before anything fails."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

from cascade.analysis.caveats import caveats
from cascade.analysis.lint import suppressions
from cascade.analysis.lint.finding import Finding, Findings
from cascade.analysis.lint.rules import RULES
from cascade.analysis.lint.subject import Subject

if TYPE_CHECKING:
    from cascade.model import Topology

__all__ = ["Finding", "Findings", "lint"]


def lint(
    topology: Topology, *, text: str | None = None, file: str = "<text>", today: dt.date | None = None
) -> Findings:
    """Find what is wrong with the policies of a topology, by their numbers alone, before anything fails.

    Parameters
    ----------
    topology : Topology
    text : str, optional
        The YAML that it was read from: findings then have their line and column.
    file : str, optional
        What messages call that text.
    today : datetime.date, optional
        Day for which suppressions count; that of the clock (UTC) by default.

    Examples
    --------
    >>> import cascade
    >>> text = "services: {web: {calls: [db]}, db: }"
    >>> [found] = cascade.lint(cascade.loads(text), text=text)
    >>> print(found)
    NO-TIMEOUT (medium): web waits for db without a timeout; set a timeout
    >>> found.line, found.column
    (1, 26)
    """
    subject = Subject(topology, text or "", file)
    found = [finding for rule in RULES for finding in rule.find(subject)]
    day = today or dt.datetime.now(tz=dt.UTC).date()
    left, hidden = suppressions.split(found, topology.ignore, day)
    left.sort(key=lambda each: each.severity.rank)
    return Findings(
        findings=tuple(with_place(each, subject) for each in left),
        hidden=tuple(replace(each, finding=with_place(each.finding, subject)) for each in hidden),
        file=file if text is not None else topology.name,
        caveats=caveats(topology),
    )


def with_place(finding: Finding, subject: Subject) -> Finding:
    """Give a finding with its place in the text; one about a named part stands at its name."""
    is_part = finding.path[:1] != ("ignore",) and len(finding.path) == 2  # noqa: PLR2004 - the kind and the name
    line, column = subject.place_of(finding.path, at_key=is_part)
    return replace(finding, line=line, column=column)
