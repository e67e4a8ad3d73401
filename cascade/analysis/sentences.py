"""What a result says in words: for a manager in one line, for an engineer in one per service."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from cascade.engine.run import Mechanism
from cascade.units import format_seconds
from cascade.wording import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cascade.analysis.blast_radius import BlastRadius
    from cascade.analysis.impact import Impact

OWN: Final = {
    Mechanism.FAULT: "fails itself",
    Mechanism.DEGRADED: "answers with errors of its own",
    Mechanism.THROTTLED: "is throttled below what is asked of it",
    Mechanism.QUEUE_FULL: "its queue is full",
    Mechanism.BACKLOG: "falls behind: its backlog is too old",
    Mechanism.CRASHED: "goes down",
    Mechanism.CAPACITY_LOST: "loses capacity",
    Mechanism.CALLEE_FAILS: "what it calls fails",
    Mechanism.CALLEE_REFUSES: "is refused by what it calls",
    Mechanism.CALLEE_LATE: "waits too long for answers",
    Mechanism.STALE_ANSWER: "works with a stale answer",
    Mechanism.UNITS_LOST: "loses its units",
    Mechanism.QUORUM_LOST: "too few members are left",
    Mechanism.OVERLOADED: "more arrives than it can do",
}
"""What a mechanism does when it is the service's own."""

THROUGH: Final = {
    Mechanism.FAULT: "fails with {cause}",
    Mechanism.QUEUE_FULL: "its queue is full: {cause} holds its workers",
    Mechanism.BACKLOG: "falls behind: {cause} holds it up",
    Mechanism.CRASHED: "goes down without {cause}",
    Mechanism.CAPACITY_LOST: "loses the capacity that {cause} gives it",
    Mechanism.CALLEE_FAILS: "needs {cause}, which fails",
    Mechanism.CALLEE_REFUSES: "is refused by {cause}",
    Mechanism.CALLEE_LATE: "waits too long for {cause}",
    Mechanism.STALE_ANSWER: "works with a stale answer of {cause}",
    Mechanism.UNITS_LOST: "loses the units that {cause} should keep",
    Mechanism.QUORUM_LOST: "too few members are left without {cause}",
    Mechanism.OVERLOADED: "more arrives than it can do, most of it from {cause}",
}
"""What a mechanism does when it comes through something else."""


def reason(mechanism: Mechanism | None, cause: str | None) -> str:
    """Say why a service fell.

    Examples
    --------
    >>> reason(Mechanism.CALLEE_LATE, "db")
    'waits too long for db'
    """
    if mechanism is None:
        return "fell at the very beginning"
    if cause is not None and mechanism in THROUGH:
        return THROUGH[mechanism].format(cause=cause)
    return OWN[mechanism]


def about(seconds: float) -> str:
    """Write a duration as a person would say it: to the second up to ten minutes, then to the minute.

    Examples
    --------
    >>> about(9432.1)
    '2h37m'
    """
    if not math.isfinite(seconds):
        return format_seconds(seconds)
    size = abs(seconds)
    grain_s = 1.0 if size < 600.0 else 60.0 if size < 2 * 86400.0 else 3600.0  # noqa: PLR2004 - ten minutes, two days
    return format_seconds(seconds if size < 1.0 else round(seconds / grain_s) * grain_s)


def count(number: float) -> str:
    """Write a number of things with three digits that count.

    Examples
    --------
    >>> count(1234567), count(1234), count(3.2)
    ('1.23 million', '1,230', '3')
    """
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if number >= size:
            return f"{number / size:.3g} {word}"
    digits = 3 - len(f"{number:.0f}")
    return f"{round(number, min(digits, 0)):,.0f}"


def brief(number: float) -> str:
    """Write a number of things in a few characters, for a table.

    Examples
    --------
    >>> brief(1234567), brief(12345), brief(42)
    ('1.23M', '12.3k', '42')
    """
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g}{letter}"
    return f"{number:.0f}"


def headline(blast: BlastRadius) -> str:
    """Say in one sentence what a fault does."""
    own = set(blast.trigger)
    others = [name for name in blast.run.topology.services if name not in own]
    hit = [impact for impact in blast.impacts if impact.kind == "service" and impact.name not in own]
    fault, other = fault_of(blast), "other " if own else ""
    if not hit:
        return f"{fault} takes no {other}service down."
    noun = "service" if len(others) == 1 else "services"
    parts = [f"{fault} takes down {len(hit):,} of {len(others):,} {other}{noun} {how_long(hit)}"]
    outlasting = [impact for impact in hit if impact in blast.outlasting]
    if outlasting:
        longest = max(outlasting, key=lambda impact: impact.outlasts_s or 0.0)
        verb = "stays" if len(outlasting) == 1 else "stay"
        stay = f"{len(outlasting)} of them {verb} down after the repair"
        parts.append(f"{stay}, longest {longest.name} (+{about(longest.outlasts_s or 0.0)})")
    if blast.requests_lost >= 1.0:
        parts.append(f"{count(blast.requests_lost)} requests of users lost")
    return "; ".join(parts) + "."


def fault_of(blast: BlastRadius) -> str:
    """Say what fails and for how long; where nothing does, as in a surge, name the scenario."""
    if not blast.trigger:
        return f"The scenario {blast.run.scenario_name}"
    if blast.repaired_s is None:
        return f"{listed(blast.trigger)} failing for good"
    return f"{listed(blast.trigger)} failing for {about(blast.repaired_s - blast.trigger_start_s)}"


def how_long(hit: Sequence[Impact]) -> str:
    """Say for how long some services are hit, and whether that is the end of it."""
    longest = f"for up to {about(max(impact.outage_s for impact in hit))}"
    staying = sum(impact.returns_s is None for impact in hit)
    return longest + (f", {staying} of them to the end of the run" if staying else "")
