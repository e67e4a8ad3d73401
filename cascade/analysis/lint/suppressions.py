"""Findings that the topology file itself says to leave, for a reason, and until when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cascade.analysis.lint.finding import Finding, Hidden, Rule, Severity
from cascade.units import closest

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from cascade.analysis.lint.subject import Subject
    from cascade.model import Suppression

EXPIRED: Final = "SUPPRESSION-EXPIRED"
UNUSED: Final = "SUPPRESSION-UNUSED"


def suppression_expired(_subject: Subject) -> tuple[Finding, ...]:
    """The day until which a finding was to be left has passed.

    The finding counts again. Either what it is about is still not put right, or it has become clear that it may
    stay, and the suppression wants a new day or none.

    Fires, with low severity, for each entry of `ignore` whose `until` lies before today and that would hide
    something. `--today 2027-01-31` lints as on that day.

    Remedy: put it right, or give the suppression another day.
    """
    return ()


def suppression_unused(_subject: Subject) -> tuple[Finding, ...]:
    """A suppression hides nothing.

    What it was for has been put right, or renamed. Left in place it would hide the same thing when it comes back.

    Fires, as information, for each entry of `ignore` that matches no finding.

    Remedy: take it out, or mend the name in `at`.
    """
    return ()


def split(
    found: Sequence[Finding], suppressions: Sequence[Suppression], rules: Collection[str], today: dt.date
) -> tuple[list[Finding], list[Hidden]]:
    """Tell what is hidden from what is not, and add what is to be said of the suppressions of these rules."""
    hidden, left = [], []
    placed = {place: each for place, each in enumerate(suppressions) if each.rule in rules}
    valid = [each for each in placed.values() if not is_over(each, today)]
    for finding in found:
        by = next((each for each in valid if matches(each, finding)), None)
        if by is None:
            left.append(finding)
        else:
            hidden.append(Hidden(finding, by))
    return [*left, *about(found, placed, today)], hidden


def is_over(suppression: Suppression, today: dt.date) -> bool:
    """Whether its last day has passed."""
    return suppression.until is not None and suppression.until < today


def matches(suppression: Suppression, finding: Finding) -> bool:
    """Whether a suppression is about a finding."""
    return suppression.rule == finding.rule and suppression.at in {None, finding.subject}


def about(found: Sequence[Finding], placed: Mapping[int, Suppression], today: dt.date) -> Iterator[Finding]:
    """Yield what is to be said of suppressions, by their places: that they hide nothing, or no longer do."""
    for place, each in placed.items():
        count = sum(matches(each, finding) for finding in found)
        where = f" at {each.at}" if each.at else ""
        what = f"{each.rule}{where}"
        if not count:
            subjects = {finding.subject for finding in found if finding.rule == each.rule}
            hint = closest(each.at, subjects) if each.at else ""
            message = f"the suppression of {what} hides nothing{hint.rstrip('?')}"
            yield Finding(UNUSED, Severity.INFO, what, message, "take it out", ("ignore", place))
        elif is_over(each, today):
            message = f"the suppression of {what} was until {each.until}: {each.reason}"
            remedy = "put it right, or give it another day"
            yield Finding(EXPIRED, Severity.LOW, what, message, remedy, ("ignore", place))


RULES: Final = (
    Rule(EXPIRED, (Severity.LOW,), suppression_expired),
    Rule(UNUSED, (Severity.INFO,), suppression_unused),
)
