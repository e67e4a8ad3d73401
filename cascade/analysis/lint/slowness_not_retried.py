"""Retries that never begin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cascade.analysis.lint.finding import Finding, Rule, Severity
from cascade.model.suppression import RuleId

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascade.analysis.lint.subject import Call, Subject

NEVER: Final = "slowness is never retried"
"""What importers write behind a timeout that is that of all attempts together."""


def slowness_not_retried(subject: Subject) -> Iterator[Finding]:
    """A call is retried when it fails, but its attempts have no timeout, so that slowness is never retried.

    An attempt on a replica that hangs does not end, and the next attempt, which might have met a healthy one,
    is never made. The retry policy looks like protection, and protects from errors only.

    Fires, with medium severity, for each hard or soft call with more than one attempt and without `timeout`. In
    Cascade `timeout` is that of one attempt. Envoy and Istio state it as `per_try_timeout` (`perTryTimeout`);
    where that is not set it equals the timeout of the whole call, and a try that has used that up is not
    repeated. Importers say so in the comment behind the `timeout` that they write ("slowness is never retried"),
    and such a comment fires the rule, too.

    Remedy: a timeout of one attempt, so short that all attempts fit into the time that the caller has.

    Source: Envoy, HTTP route components, retry policy, `per_try_timeout`; Istio, VirtualService, `HTTPRetry`.
    """
    for call in subject.calls:
        if call.is_awaited and call.attempts > 1.0:
            if call.policy.timeout_s is None:
                yield told(call, "one that hangs never ends", "set a timeout, which is that of one attempt")
            elif NEVER in subject.text and NEVER in subject.comment_at((*call.path, "timeout")):
                yield told(call, "one that hangs takes the time of all", "set the timeout of one attempt, too")


def told(call: Call, why: str, remedy: str) -> Finding:
    """Say why slowness is not retried."""
    assert call.policy.retry is not None, "there is more than one attempt"
    attempts = call.policy.retry.max_attempts
    return Finding(
        rule=RuleId.SLOWNESS_NOT_RETRIED,
        severity=Severity.MEDIUM,
        subject=call.name,
        message=f"{call.caller} makes {attempts} attempts on {call.callee}, but {why}",
        remedy=remedy,
        path=(*call.path, "retry"),
    )


RULE: Final = Rule(RuleId.SLOWNESS_NOT_RETRIED, (Severity.MEDIUM,), slowness_not_retried)
