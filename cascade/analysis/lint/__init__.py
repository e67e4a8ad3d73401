"""Static lint of policies: what is wrong with retries, timeouts, fallbacks and promises, before anything fails."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

from cascade.analysis.caveats import caveats
from cascade.analysis.lint import suppressions
from cascade.analysis.lint.finding import Finding, Findings, Hidden
from cascade.analysis.lint.rules import RULES
from cascade.analysis.lint.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cascade.analysis.lint.finding import Path, Rule
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
    found, hidden = linted(subject, today or dt.datetime.now(tz=dt.UTC).date())
    return Findings(found, hidden, file if text is not None else topology.name, caveats(topology))


def linted(subject: Subject, day: dt.date) -> tuple[tuple[Finding, ...], tuple[Hidden, ...]]:
    """Apply the rules of the lint: what they find, the worst first, and what the file says to leave."""
    return settled(subject, [finding for rule in RULES for finding in rule.find(subject)], RULES, day)


def settled(
    subject: Subject, found: Sequence[Finding], rules: Iterable[Rule], day: dt.date
) -> tuple[tuple[Finding, ...], tuple[Hidden, ...]]:
    """Give what some rules found its places, the worst first, and tell it from what the file says to leave."""
    left, hidden = suppressions.split(found, subject.topology.ignore, {rule.name for rule in rules}, day)
    left.sort(key=lambda each: each.severity.rank)
    return (
        tuple(with_place(each, subject) for each in left),
        tuple(replace(each, finding=with_place(each.finding, subject)) for each in hidden),
    )


def with_place(finding: Finding, subject: Subject) -> Finding:
    """Give a finding with its place in the text; one about a named part, or an expectation, stands at its name."""
    line, column = subject.place_of(finding.path, at_key=is_named(finding.path))
    return replace(finding, line=line, column=column)


def is_named(path: Path) -> bool:
    """Whether a path ends with a name: that of a part, or the key of an expectation."""
    is_part = path[:1] != ("ignore",) and len(path) == 2  # noqa: PLR2004 - the kind and the name
    return is_part or (path[:1] == ("scenarios",) and path[2:-1] == ("expect",))
