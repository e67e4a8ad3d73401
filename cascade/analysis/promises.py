"""What a topology file promises, held against what its model says: expectations of scenarios, and objectives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cascade.analysis.expectations import expectations
from cascade.analysis.lint.finding import Finding, Rule, Severity
from cascade.analysis.lint.objective_too_high import LITTLE, percent
from cascade.analysis.measures import weightiest
from cascade.analysis.sentences import about
from cascade.engine.simulate import simulate
from cascade.model.suppression import RuleId

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cascade.analysis.checked import Checked
    from cascade.analysis.expectations import Expectation
    from cascade.analysis.lint.finding import Path


@dataclass(frozen=True, slots=True)
class Expected:
    """One expectation of a scenario, and what it came to."""

    scenario: str
    expectation: Expectation

    @property
    def subject(self) -> str:
        """What a finding about it is about: ``storm.recovers_within``, ``storm.stays_up.web``."""
        return ".".join((self.scenario, *self.keys))

    @property
    def path(self) -> Path:
        """Where it stands in a topology file."""
        return ("scenarios", self.scenario, "expect", *self.keys)

    @property
    def keys(self) -> tuple[str, ...]:
        """Its key; of what stays up, also the part."""
        part = self.expectation.part if self.expectation.key == "stays_up" else None
        return (self.expectation.key, part) if part else (self.expectation.key,)


@dataclass(frozen=True, slots=True)
class Promised:
    """An objective, and what is stated of the parts allows."""

    name: str
    success_fraction: float
    """The least share of requests that must succeed."""
    availability: float
    """Share of the time that it is up, parts that state no reliability taken as never down."""

    @property
    def is_kept(self) -> bool:
        """Whether the objective can be met."""
        return self.availability + LITTLE >= self.success_fraction


def play(subject: Checked, progress: Callable[[float], None] | None = None) -> tuple[Expected, ...]:
    """Simulate every scenario that expects something, and hold it against that."""
    topology = subject.topology
    names = [name for name, scenario in topology.scenarios.items() if scenario.expect]
    found: list[Expected] = []
    for place, name in enumerate(names):
        run = simulate(topology, name, progress=part_of(progress, place, len(names)))
        found += [Expected(name, expectation) for expectation in expectations(run)]
    return tuple(found)


def part_of(progress: Callable[[float], None] | None, place: int, count: int) -> Callable[[float], None] | None:
    """Give what is told the progress of one run among several."""
    return (lambda share: progress((place + share) / count)) if progress else None


def promised(subject: Checked) -> tuple[Promised, ...]:
    """Give the objectives that the file states, where what is stated of reliability says something about them."""
    found = subject.unavailability
    return tuple(
        Promised(name, share, 1.0 - found[name].value) for name, share in subject.objectives.items() if name in found
    )


def unmet_expectation(expected: Iterable[Expected]) -> Iterator[Finding]:
    """A scenario does not come to what it must come to.

    Every scenario with `expect` is simulated; what its keys mean is on the theory page, section Expectations.

    Fires, with high severity, for each key of `expect` that is not met, and each part of `stays_up`.

    Remedy: change the settings until the scenario holds, or expect what the system can do.
    """
    for each in expected:
        found = each.expectation
        if not found.is_met:
            when = "" if found.time_s is None else f" (at {about(found.time_s)})"
            message = f"expected of {each.scenario}: {found.expected}; found: {found.found}{when}"
            remedy = "change the settings until it holds, or expect less"
            yield Finding(RuleId.UNMET_EXPECTATION, Severity.HIGH, each.subject, message, remedy, each.path)


def unmet_objective(subject: Checked, promises: Iterable[Promised]) -> Iterator[Finding]:
    """A service promises more than the stated reliabilities allow, its own included.

    What is down answers no request, so the share of requests that succeed is no higher than the availability. It is
    computed as for `cascade spof`; parts that state no reliability count as never down.

    Fires, with high severity, for each service with an objective (`slo: {success: ...}`), and for entry points by
    that of the topology, where the file states any reliability. OBJECTIVE-TOO-HIGH leaves the service's own
    failures out.

    Remedy: promise less, or make what weighs most more reliable (`cascade spof` ranks it).
    """
    for each in promises:
        if not each.is_kept:
            has_own = subject.services[each.name].slo is not None
            message = (
                f"{each.name} promises {percent(each.success_fraction)}, but what is stated of it and of what it "
                f"needs allows {percent(each.availability)}"
            )
            path = ("services", each.name, "slo") if has_own else ("services", each.name)
            remedy = f"promise less, or {weightiest(subject, each.name)}"
            yield Finding(RuleId.UNMET_OBJECTIVE, Severity.HIGH, each.name, message, remedy, path)


RULES: Final = (
    Rule(RuleId.UNMET_EXPECTATION, (Severity.HIGH,), unmet_expectation),
    Rule(RuleId.UNMET_OBJECTIVE, (Severity.HIGH,), unmet_objective),
)
