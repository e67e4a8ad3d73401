"""What a change lets failures take down that stood before: by name, so that nothing makes up for it elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cascade.analysis.lint.finding import Finding, Rule, Severity
from cascade.analysis.measures import MAKE_REDUNDANT, MOST_NAMED
from cascade.model.suppression import RuleId
from cascade.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cascade.analysis.checked import Checked
    from cascade.analysis.diff.tolls import Toll


def new_single_point(subject: Checked, tolls: Iterable[Toll]) -> Iterator[Finding]:
    """A part takes an entry point down alone that it did not take down before the change.

    What the change mends elsewhere does not make up for it: parts are compared by name, not by how many there are. Only
    entry points count that there were before. By structure, without a simulation.

    Fires, with high severity, where there is something to compare with (`--against BASE`), for each such part.

    Remedy: give the part a second one that fails apart from it, or let its callers do without it.
    """
    for toll in tolls:
        if toll.takes:
            message = f"{toll.fails} alone now takes down {listed(toll.takes, MOST_NAMED)}, and did not before"
            place = subject.path_of_part(toll.fails)
            rule, high = RuleId.NEW_SINGLE_POINT, Severity.HIGH
            yield Finding(rule, high, toll.fails, message, MAKE_REDUNDANT, place, taken=toll.takes)


def new_impact(subject: Checked, tolls: Iterable[Toll]) -> Iterator[Finding]:
    """A failure takes something down that it did not take down before the change.

    As NEW-SINGLE-POINT, but of all parts, whether users call them or not.

    Fires, with medium severity, where there is something to compare with (`--against BASE`), for each part whose loss
    takes down others that there were before.

    Remedy: let the new callers do without the part: a cache, a fallback, a soft call.
    """
    for toll in tolls:
        if toll.takes:
            message = f"the loss of {toll.fails} now takes down {listed(toll.takes, MOST_NAMED)}, and did not before"
            remedy = "let callers do without it: a cache, a fallback, a soft call"
            path = subject.path_of_part(toll.fails)
            yield Finding(RuleId.NEW_IMPACT, Severity.MEDIUM, toll.fails, message, remedy, path, taken=toll.takes)


RULES: Final = (
    Rule(RuleId.NEW_SINGLE_POINT, (Severity.HIGH,), new_single_point),
    Rule(RuleId.NEW_IMPACT, (Severity.MEDIUM,), new_impact),
)
