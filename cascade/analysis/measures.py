"""What a check can compare with a number: how much one failure takes down, and how likely users notice."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cascade.analysis.lint.finding import Finding, Rule, Severity
from cascade.analysis.lint.objective_too_high import percent
from cascade.analysis.lint.retry_amplification import ErrorClass, number, place_of, worst_ways, written
from cascade.model.suppression import RuleId
from cascade.wording import counted, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cascade.analysis.bars import Limit
    from cascade.analysis.checked import Checked
    from cascade.analysis.lint.finding import Path
    from cascade.analysis.lint.retry_amplification import Worst

MOST_NAMED: Final = 4
"""Names that a sentence holds."""
NOBODY: Final = "no service has demand from outside, so nobody knows what users call"
MAKE_REDUNDANT: Final = "give it a second that fails apart from it, or let callers do without it"


@dataclass(frozen=True)
class Measured:
    """What a measure comes to."""

    name: str
    """As a bar calls it."""
    value: float | None
    """The worst, or the count; none when it cannot be told."""
    told: str
    """In words."""
    ranked: tuple[tuple[float, Finding], ...] = ()
    """What it comes to where, as findings, the worst first."""

    def __iter__(self) -> Iterator[Finding]:
        """Yield what there is to say of it."""
        return (finding for _, finding in self.ranked)

    def beyond(self, limits: Iterable[Limit]) -> Iterator[Finding]:
        """Yield what is beyond some limits; what cannot be told is beyond every one."""
        mine = [limit for limit in limits if limit.measure == self.name]
        for value, finding in self.ranked:
            if mine and (self.value is None or any(limit.is_passed(value) for limit in mine)):
                yield finding


@dataclass(frozen=True, slots=True)
class Measure(Rule):
    """Something that can be compared with a number."""

    find: Callable[..., Measured]
    """Measures it; its docstring is the text of the rule."""
    key: str
    """As a bar calls it."""
    is_share: bool
    """Whether it is a share, written with %, or a plain number."""


def blast_radius(subject: Checked) -> Measured:
    """One failure takes down more of the other services than is wanted.

    The share is that of all services but the failing one: 1 of 4 others is 25%. Every service, fleet and failure
    domain fails alone, for good, and what is then down for good counts: by structure, without a simulation. Groups
    bear what they are made to bear; caches and fallbacks count only as far as they last.

    Fires, with high severity, where `--fail-on blast-radius>40%` asks for it, for each part that takes more with it.

    Remedy: give the part a second one that fails apart from it, or let its callers do without it.
    """
    found, services = subject.contingencies, subject.services
    others = [len(services) - (name in services) for name in found.names]
    shares = {
        name: (count / total, count, total)
        for name, count, total in zip(found.names, found.affected_count.tolist(), others, strict=True)
        if count
    }
    ranked = tuple(
        (share, blast_radius_of(subject, name, share, count, total))
        for name, (share, count, total) in sorted(shares.items(), key=lambda item: -item[1][0])
    )
    told = ranked[0][1].message if ranked else "no failure takes another service down"
    return Measured("blast-radius", ranked[0][0] if ranked else 0.0, told, ranked)


def blast_radius_of(subject: Checked, name: str, share: float, count: int, total: int) -> Finding:
    """Say what one failure takes down."""
    message = f"{name} alone takes down {count:,} of {counted(total, 'other service')} ({share * 100.0:.3g}%)"
    return measured(RuleId.BLAST_RADIUS, name, message, MAKE_REDUNDANT, subject.path_of_part(name))


def single_points(subject: Checked) -> Measured:
    """A part takes users down alone.

    It is a single point of failure when its loss for good takes down an entry point (a service with `demand`)
    other than itself: by structure, without a simulation. Services, fleets and failure domains count.

    Fires, with high severity, for each of them where their number is beyond what `--fail-on spof>0` bears.

    Remedy: give the part a second one that fails apart from it, or let its callers do without it.
    """
    if not subject.entry_points:
        return untold(subject, "spof", RuleId.SINGLE_POINT, NOBODY, "give those that users call a demand")
    found = subject.contingencies
    lost = dict(zip(found.names, found.entry_points_lost_count.tolist(), strict=True))
    names = [name for index in found.ranking if lost[name := found.names[index]] > (name in subject.entry_points)]
    ranked = tuple((float(len(names)), single_point_of(subject, name)) for name in names)
    what = "is a single point of failure" if len(names) == 1 else "are single points of failure"
    told = f"{counted(len(names), 'part')} {what}: {listed(names)}" if names else "no part takes users down alone"
    return Measured("spof", float(len(names)), told, ranked)


def single_point_of(subject: Checked, name: str) -> Finding:
    """Say what users lose with a part."""
    message = f"{name} alone takes down {listed(subject.lost_with(name), MOST_NAMED)}, which users call"
    return measured(RuleId.SINGLE_POINT, name, message, MAKE_REDUNDANT, subject.path_of_part(name))


def availability(subject: Checked) -> Measured:
    """An entry point is up for less of the time than is wanted.

    What is stated (`reliability`) of it and of all that it needs allows no more, common causes and redundancy taken
    into account; exact, or sampled where that is out of reach. Parts that state nothing count as never down, so
    that the truth is no better.

    Fires, with high severity, for each entry point below what `--fail-on availability<99.9%` asks for; and once when
    the file states no reliability at all, for then nobody knows.

    Remedy: make what weighs most in it more reliable (`cascade spof` ranks it), or redundant.
    """
    if not subject.entry_points:
        return untold(subject, "availability", RuleId.AVAILABILITY, NOBODY, "give those that users call a demand")
    if not subject.unavailability:
        remedy = "state it in the file (reliability: {availability: 99.9%})"
        return untold(subject, "availability", RuleId.AVAILABILITY, "no part states its reliability", remedy)
    ups = {name: 1.0 - found.value for name, found in subject.unavailability.items() if name in subject.entry_points}
    ranked = tuple((ups[name], availability_of(subject, name)) for name in sorted(ups, key=ups.__getitem__))
    return Measured("availability", ranked[0][0], ranked[0][1].message, ranked)


def availability_of(subject: Checked, name: str) -> Finding:
    """Say how much of the time an entry point is up."""
    found = subject.unavailability[name]
    at_best = "at best " if subject.spof and subject.spof.probabilities.unstated else ""
    sampled = "" if found.method == "exact" else f" (sampled, ± {found.error:.1g})"
    message = f"{name} is up {at_best}{percent(1.0 - found.value)} of the time{sampled}"
    return measured(RuleId.AVAILABILITY, name, message, weightiest(subject, name), subject.path_of_part(name))


def weightiest(subject: Checked, name: str) -> str:
    """Say what would help an availability most."""
    targets = subject.spof.targets if subject.spof else ()
    weights = [weight.name for target in targets if target.name == name for weight in target.weights]
    return f"make {listed(weights[:3], last='or')} more reliable" if weights else "make what it needs more reliable"


def amplification(subject: Checked) -> Measured:
    """One request of users becomes more attempts on a service than is wanted.

    Retries multiply along a chain of calls; the worst way to each callee counts, as for RETRY-AMPLIFICATION.

    Fires, with high severity, for each callee that gets more than `--fail-on amplification>3` bears.

    Remedy: retry at one level only, with fewer attempts, or give the retries a budget.
    """
    ways = [(kind, worst_ways(subject, kind)) for kind in ErrorClass]
    names = dict.fromkeys(name for _, found in ways for name in found)
    worst = {name: max((found[name] for _, found in ways if name in found), key=lambda w: w.attempts) for name in names}
    ranked = tuple(
        (
            way.attempts,
            measured(
                RuleId.AMPLIFICATION,
                name,
                f"one request becomes {attempts_of(way)} on {name}: {written(way)}",
                "retry at one level only, with fewer attempts, or give the retries a budget",
                place_of(way),
            ),
        )
        for name, way in sorted(worst.items(), key=lambda item: -item[1].attempts)
    )
    told = ranked[0][1].message if ranked else "no attempts multiply"
    return Measured("amplification", ranked[0][0] if ranked else 1.0, told, ranked)


def attempts_of(way: Worst) -> str:
    """Write how many attempts come together."""
    return "attempts without end" if math.isinf(way.attempts) else f"{number(way.attempts)} attempts"


def measured(rule: RuleId, subject: str, message: str, remedy: str, path: Path) -> Finding:
    """Make the finding of a measure."""
    return Finding(rule, Severity.HIGH, subject, message, remedy, path)


def untold(subject: Checked, key: str, rule: RuleId, why: str, remedy: str) -> Measured:
    """Say that a measure cannot be told, which is no reason to let anything pass."""
    finding = measured(rule, subject.topology.name, f"{key} cannot be told: {why}", remedy, ("services",))
    return Measured(key, None, f"cannot be told: {why}", ((math.nan, finding),))


HIGH: Final = (Severity.HIGH,)
MEASURES: Final = (
    Measure(RuleId.BLAST_RADIUS, HIGH, blast_radius, "blast-radius", is_share=True),
    Measure(RuleId.SINGLE_POINT, HIGH, single_points, "spof", is_share=False),
    Measure(RuleId.AVAILABILITY, HIGH, availability, "availability", is_share=True),
    Measure(RuleId.AMPLIFICATION, HIGH, amplification, "amplification", is_share=False),
)
"""All measures."""
