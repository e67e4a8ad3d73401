"""Retries that nothing limits, where most requests pass."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Final

from cascade.analysis.lint.finding import Finding, Rule, Severity
from cascade.model.suppression import RuleId

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascade.analysis.lint.subject import Call, Subject

MANY: Final = 3.0
"""Attempts from which a retry policy needs a budget."""
HOT_FRACTION: Final = 0.5
"""Calls per request of users from which a callee is on a hot path."""


def retry_without_budget(subject: Subject) -> Iterator[Finding]:
    """A call on a hot path makes three attempts or more, and no budget limits its retries.

    Retries help against the loss of single requests. When the callee as a whole is in trouble they only add to
    it: three attempts are three times the load, just when there is least capacity. A retry budget lets the first
    through and stops the second: retries are at most a share, 20 % say, of the first attempts.

    Fires, with medium severity, for each call with at least 3 attempts and without `retry.budget` whose callee is
    on a hot path: at least half as many calls reach it as users make requests (counted along `per_request`, never
    round in a cycle), or at least two services retry it like this. Asynchronous calls count when they give up at
    last; redelivery without end is another thing, and takes no budget.

    Remedy: `retry: {budget: {ratio: 20%}}`, or two attempts.

    Source: Google, Site Reliability Engineering (2016), chapters 21 and 22, on retry budgets; Envoy, circuit
    breakers, `retry_budget`; Linkerd, retry budgets.
    """
    eager = [call for call in subject.calls if is_eager(call)]
    if not eager:
        return
    traffic = calls_per_request(subject)
    callers = Counter(call.callee for call in eager)
    for call in eager:
        reaching = traffic.get(call.callee, 0.0)
        if reaching >= HOT_FRACTION or callers[call.callee] > 1:
            yield told(call, reaching, callers[call.callee])


def is_eager(call: Call) -> bool:
    """Whether a call is retried often, and by nothing held back."""
    retry = call.policy.retry
    if retry is None or not call.policy.is_call or call.attempts < MANY:
        return False
    return retry.budget is None and (call.is_awaited or math.isfinite(call.attempts))


def calls_per_request(subject: Subject) -> dict[str, float]:
    """Give how many calls reach each part per request of users, retries not counted."""
    demand = {name: service.demand.rate_rps for name, service in subject.services.items() if service.demand is not None}
    total = sum(demand.values())
    if total <= 0.0:
        return {}
    found = {name: rate / total for name, rate in demand.items()}
    for step in subject.ways.steps():
        if subject.ways.is_onward(step):
            found[step.target] = found.get(step.target, 0.0) + found.get(step.source, 0.0) * step.share_fraction
    return found


def told(call: Call, reaching: float, callers: int) -> Finding:
    """Say why the path is hot."""
    assert call.policy.retry is not None, "it is retried"
    reasons = []
    if reaching >= HOT_FRACTION:
        calls = "call" if reaching == 1.0 else "calls"
        reasons.append(f"gets {reaching:.2g} {calls} per request of users")
    if callers > 1:
        reasons.append(f"is retried like this by {callers} services")
    return Finding(
        rule=RuleId.RETRY_WITHOUT_BUDGET,
        severity=Severity.MEDIUM,
        subject=call.name,
        message=(
            f"{call.caller} makes {call.policy.retry.max_attempts} attempts without a budget on {call.callee}, "
            f"which {' and '.join(reasons)}"
        ),
        remedy="give the retries a budget, like 20%, or make 2 attempts"
        if math.isfinite(call.attempts)
        else "end the attempts, and give the retries a budget, like 20%",
        path=(*call.path, "retry"),
    )


RULE: Final = Rule(RuleId.RETRY_WITHOUT_BUDGET, (Severity.MEDIUM,), retry_without_budget)
