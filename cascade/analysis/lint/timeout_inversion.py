"""Timeouts that are longer further down."""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import TYPE_CHECKING, Final

from cascade.analysis.lint.finding import Finding, Rule, Severity
from cascade.model.suppression import RuleId
from cascade.units import format_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascade.analysis.lint.subject import Call, Subject

EQUAL: Final = 1.0 + 1e-9
"""Two times that differ by less are the same."""


def timeout_inversion(subject: Subject) -> Iterator[Finding]:
    """A service waits longer for its callee than its own caller waits for it.

    The caller has given up, and the callee goes on working, holding a worker and a connection, for an answer
    that nobody will read. Each retry of the caller adds one more of these.

    Fires for a call whose whole time (attempts times timeout, plus the mean waits between them) exceeds the time
    that some caller of its own caller has: high where it exceeds the whole time of that call, retries included;
    medium where it exceeds one attempt of it, which is given up while the callee goes on. Named is the caller
    that waits least. Asynchronous callers do not wait and set no limit. A call without any timeout is a matter of
    NO-TIMEOUT. Several calls of the callee, one after the other, are not added up.

    Remedy: let the whole time of a call be shorter than one attempt of the call above it, or pass the deadline
    on with the request.

    Source: the Bookinfo sample of Istio (reviews waits 10 s for ratings, productpage 2 x 3 s for reviews), task
    Fault Injection of its documentation; Google, Site Reliability Engineering (2016), chapter 22, on deadlines.
    """
    for name in subject.services:
        callers = sorted(subject.callers_of.get(name, ()), key=lambda call: call.name)
        above = [call for call in callers if is_bounded(call)]
        by_whole = sorted(above, key=whole_s)
        by_attempt = sorted(above, key=attempt_s)
        for call in filter(is_bounded, subject.calls_from[name]):
            time_s = call.whole_s / EQUAL
            if shorter := bisect_left(by_whole, time_s, key=whole_s):
                yield told(call, by_whole[0], shorter - 1, Severity.HIGH)
            elif shorter := bisect_left(by_attempt, time_s, key=attempt_s):
                yield told(call, by_attempt[0], shorter - 1, Severity.MEDIUM)


def is_bounded(call: Call) -> bool:
    """Whether the caller waits for the answer, and each attempt ends."""
    return call.is_awaited and call.policy.timeout_s is not None


def whole_s(call: Call) -> float:
    """Give the time of a call with all its attempts [s]."""
    return call.whole_s


def attempt_s(call: Call) -> float:
    """Give the time of one attempt [s]."""
    assert call.policy.timeout_s is not None, "only bounded calls are compared"
    return call.policy.timeout_s


def told(call: Call, above: Call, more: int, severity: Severity) -> Finding:
    """Say how long each of two waits."""
    is_whole = severity is Severity.HIGH
    has = f"waits at most {spent(above)} for" if is_whole else f"gives {one(above)} to each attempt on"
    others = "" if not more else f", as do {more} more" if more > 1 else ", as does 1 more"
    return Finding(
        rule=RuleId.TIMEOUT_INVERSION,
        severity=severity,
        subject=call.name,
        message=f"{call.caller} tries {call.callee} for {spent(call)}, but {above.caller} {has} {call.caller}{others}",
        remedy=f"give {call.name} less than {one(above)} in all, or {above.name} more",
        path=(*call.path, "timeout"),
    )


def one(call: Call) -> str:
    """Write the time of one attempt."""
    return format_seconds(call.policy.timeout_s or 0.0)


def spent(call: Call) -> str:
    """Write the whole time of a call, and what it is made of.

    Examples
    --------
    >>> from cascade.analysis.lint.subject import Call
    >>> from cascade.model import Dependency
    >>> spent(Call("web", 0, Dependency(to="db", timeout_s=3.0, retry={"max_attempts": 2})))
    '6.05s (2 x 3s and the wait between)'
    """
    if math.isinf(call.whole_s):
        return f"ever, {one(call)} at a time"
    count = round(call.attempts)
    if count == 1:
        return format_seconds(call.whole_s)
    waits = call.whole_s > count * (call.policy.timeout_s or 0.0)
    between = (" and the wait between" if count == 2 else " and the waits between") if waits else ""  # noqa: PLR2004 - one wait
    return f"{format_seconds(call.whole_s)} ({count} x {one(call)}{between})"


RULE: Final = Rule(RuleId.TIMEOUT_INVERSION, (Severity.HIGH, Severity.MEDIUM), timeout_inversion)
