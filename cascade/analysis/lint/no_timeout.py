"""Calls that may wait for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cascade.analysis.lint.finding import Finding, Rule, Severity
from cascade.model.suppression import RuleId

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascade.analysis.lint.subject import Subject


def no_timeout(subject: Subject) -> Iterator[Finding]:
    """A call whose answer is waited for has no timeout.

    A callee that hangs is worse than one that is down: the caller waits, and so does its own caller. Where the
    caller has a limited number of workers, each of them is held by a call that never ends, until none is left
    for requests that do not need the callee at all.

    Fires for each hard or soft call without `timeout`, which is also the default of plain HTTP and gRPC clients:
    high where the workers of the caller are limited (`concurrency`), else medium. Cascade invents no timeout: it
    simulates such a call as one that waits.

    Remedy: a timeout a little above the slowest answer that is still of use (the 99.9th percentile, say), and
    below the time that the caller's own callers have.

    Source: M. T. Nygard, Release It!, 2nd edition (2018), chapter 5, pattern Timeouts.
    """
    for call in subject.calls:
        if call.is_awaited and call.policy.timeout_s is None:
            limit = subject.services[call.caller].concurrency
            held = f", and holds one of its {limit.max:,} workers per replica meanwhile" if limit else ""
            yield Finding(
                rule=RuleId.NO_TIMEOUT,
                severity=Severity.HIGH if limit else Severity.MEDIUM,
                subject=call.name,
                message=f"{call.caller} waits for {call.callee} without a timeout{held}",
                remedy="set a timeout",
                path=call.path,
            )


RULE: Final = Rule(RuleId.NO_TIMEOUT, (Severity.HIGH, Severity.MEDIUM), no_timeout)
