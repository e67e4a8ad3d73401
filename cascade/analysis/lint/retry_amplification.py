"""Attempts that multiply from caller to caller."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from cascade.analysis.lint.finding import Finding, Rule, Severity
from cascade.model import Needs
from cascade.model.suppression import RuleId

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cascade.analysis.lint.finding import Path
    from cascade.analysis.lint.subject import Call, Subject
    from cascade.analysis.lint.ways import Step

BEARABLE: Final = 4.0
"""Attempts per request up to which nothing is said."""
HIGH: Final = 10.0
"""Attempts per request above which a finding is of high severity."""
FIRST_SHOWN: Final = 5
"""Steps at the beginning of a long way that are written out."""
LAST_SHOWN: Final = 4
"""Steps at its end that are."""


class ErrorClass(StrEnum):
    """How a callee fails; not every way of failing is retried everywhere."""

    ERROR = "fails"
    """It refuses, or answers with an error."""
    SLOWNESS = "is slow"
    """Its answer comes too late, if at all."""


@dataclass(frozen=True, slots=True)
class Worst:
    """The way to a part on which most attempts come together."""

    attempts: float
    """Attempts on the part per request at the beginning of the way."""
    count: int = 0
    """Steps, from where attempts begin to multiply."""
    first: tuple[Step, ...] = ()
    """The first of them, as many as are written out."""
    last: Step | None = None
    """The last of them; none where the way begins."""
    before: Worst | None = None
    """The way to where the last step begins."""
    most: tuple[float, Step] | None = None
    """The step on which attempts multiply most, the last of several, and by how much."""

    def and_then(self, step: Step, times: float) -> Worst:
        """Give the way that goes one step further."""
        return Worst(
            attempts=self.attempts * times,
            count=self.count + 1,
            first=self.first if len(self.first) == FIRST_SHOWN else (*self.first, step),
            last=step,
            before=self,
            most=(times, step) if self.most is None or times >= self.most[0] else self.most,
        )

    def end(self, count: int) -> list[Step]:
        """Give the last steps."""
        found: list[Step] = []
        way: Worst | None = self
        while way is not None and way.last is not None and len(found) < count:
            found.append(way.last)
            way = way.before
        return found[::-1]


NO_WAY: Final = Worst(1.0)
"""Where nothing multiplies yet."""


def retry_amplification(subject: Subject) -> Iterator[Finding]:
    """Retries multiply along a chain of calls: three attempts at each of three callers are 27.

    When the last service of a chain fails, its caller tries again; when that gives up, its own caller tries
    all of it again, and so on. The load on what is already in trouble grows with the product of the attempts,
    and it stays down though the first cause is gone.

    Fires for the worst way to each callee on which more than 4 attempts come from one request: high above 10,
    else medium. Two classes of errors are told apart. Where the callee *fails* every attempt counts, and a
    failure passes through hard calls only (and soft ones that lose everything), not through a call with a
    fallback. Where it *is slow*, attempts count only at calls with a timeout, because without one an attempt
    never ends; and slowness passes also through soft calls and fallbacks without an end, because the caller
    waits there, too. At the beginning of a way soft and asynchronous calls count: their attempts are load.
    A call with a retry budget counts as 1 + its ratio (its floor `min_per_second` is not looked at); unlimited
    redelivery of asynchronous work as 1, for it has one attempt under way at a time. A way never goes round in a
    cycle. Circuit breakers are not counted: they open only when the storm is there. Nor is it that a caller whose
    attempts have timed out fails, for its own callers, like any other.

    Remedy: retry at one level only, best at the one next to the callee; fewer attempts elsewhere; a retry budget
    on every call that keeps its retries.

    Source: Google, Site Reliability Engineering (2016), chapter 22, Addressing Cascading Failures, on retries;
    M. Brooker, Timeouts, retries, and backoff with jitter, Amazon Builders' Library.
    """
    ways = {kind: worst_ways(subject, kind) for kind in ErrorClass}
    for name in (*subject.services, *subject.topology.groups):
        by_kind = {kind: found[name] for kind, found in ways.items() if name in found}
        if by_kind:
            worst = max(by_kind, key=lambda kind: by_kind[kind].attempts)
            if by_kind[worst].attempts > BEARABLE:
                yield told(name, worst, by_kind)


def worst_ways(subject: Subject, kind: ErrorClass) -> dict[str, Worst]:
    """Give the worst way to each part on whose last step attempts multiply."""
    way_to: dict[str, Worst] = {}
    ending: dict[str, Worst] = {}
    for step in subject.ways.steps():
        times = factor(step.call, kind)
        before = way_to.get(step.source, NO_WAY) if passes_on(step.call, kind) else NO_WAY
        is_onward = subject.ways.is_onward(step)
        way = (before if is_onward else NO_WAY).and_then(step, times)
        if is_onward and way.attempts > way_to.get(step.target, NO_WAY).attempts:
            way_to[step.target] = way
        if times > 1.0 and way.attempts > ending.get(step.target, NO_WAY).attempts:
            ending[step.target] = way
    return ending


def factor(call: Call | None, kind: ErrorClass) -> float:
    """Give the attempts that become of one."""
    if call is None or call.policy.retry is None:
        return 1.0
    if kind is ErrorClass.SLOWNESS and call.policy.timeout_s is None:
        return 1.0
    if math.isinf(call.attempts):
        return call.attempts if call.is_awaited else 1.0
    budget = call.policy.retry.budget
    return min(call.attempts, 1.0 + budget.ratio_fraction) if budget else call.attempts


def passes_on(call: Call | None, kind: ErrorClass) -> bool:
    """Whether the caller fails, or is late, with the callee."""
    if call is None:
        return True
    policy = call.policy
    if policy.needs is Needs.ASYNC:
        return False
    if kind is ErrorClass.SLOWNESS and math.isinf(call.whole_s):
        return True
    is_lost = policy.needs is Needs.HARD or policy.degradation_fraction >= 1.0
    return is_lost and policy.fallback is None and not math.isinf(call.attempts)


def told(name: str, worst: ErrorClass, by_kind: Mapping[ErrorClass, Worst]) -> Finding:
    """Say what comes together at a callee."""
    way = by_kind[worst]
    also = "".join(
        f" or {kind}" if other.attempts == way.attempts else f", {number(other.attempts)} when it {kind}"
        for kind, other in by_kind.items()
        if kind is not worst
    )
    times = "attempts without end" if math.isinf(way.attempts) else f"{number(way.attempts)} attempts"
    return Finding(
        rule=RuleId.RETRY_AMPLIFICATION,
        severity=Severity.HIGH if way.attempts > HIGH else Severity.MEDIUM,
        subject=name,
        message=f"one request becomes {times} on {name} when it {worst}{also}: {written(way)}",
        remedy="retry at one level only, with fewer attempts, or give calls whose attempts are limited a retry budget",
        path=place_of(way),
    )


def number(attempts: float) -> str:
    """Write a number of attempts.

    Examples
    --------
    >>> number(27.0), number(3.6), number(3.0**10)
    ('27', '3.6', '59,049')
    """
    if math.isinf(attempts):
        return "without end"
    if attempts >= 1e9:  # noqa: PLR2004 - more digits say nothing
        return f"{attempts:.1e}"
    return f"{attempts:.3g}" if attempts < 1000.0 else f"{attempts:,.0f}"  # noqa: PLR2004 - as people write them


def written(way: Worst) -> str:
    """Write a way with the attempts at each call: ``web -3-> app -3-> db``."""
    left_out = way.count - FIRST_SHOWN - LAST_SHOWN
    if left_out <= 0:
        return chain(way.end(way.count))
    return f"{chain(way.first)} ... {left_out:,} more ... {chain(way.end(LAST_SHOWN))}"


def chain(steps: Sequence[Step]) -> str:
    """Write some steps one after the other."""
    return steps[0].source + "".join(f" {arrow(step.call)} {step.target}" for step in steps)


def arrow(call: Call | None) -> str:
    """Write one step, with its attempts and with what the callee's failure does unless that is simply hard."""
    if call is None or call.policy.retry is None:
        return "->"
    attempts = str(call.policy.retry.max_attempts)
    kind = "" if call.policy.needs is Needs.HARD else f", {call.policy.needs}"
    budget = ", budget" if call.policy.retry.budget else ""
    return f"-({attempts}{kind}{budget})->"


def place_of(way: Worst) -> Path:
    """Give the place of the retries of a way that multiply most."""
    assert way.most is not None, "a way of a finding has steps"
    call = way.most[1].call
    assert call is not None, "no attempts multiply on the way to a member"
    return (*call.path, "retry")


RULE: Final = Rule(RuleId.RETRY_AMPLIFICATION, (Severity.HIGH, Severity.MEDIUM), retry_amplification)
