r"""Retries: what a caller does with an attempt that failed (theory page, section *Calls*)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from cascade.behaviours.part import Part
from cascade.compiled import compiled
from cascade.units import Fraction, Rps, Seconds

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_CLASSES = 10
"""Attempts that are told apart; a policy with more is refused (``unlimited`` is not)."""

MEAN_JITTER = {"none": 1.0, "equal": 0.75, "full": 0.5}
"""Mean share of the nominal back-off that is waited, by kind of jitter."""


class Backoff(Part):
    """Wait between attempts: ``initial * multiplier**(k-1)``, at most ``max``, then jittered."""

    initial_s: Seconds = 0.05
    """Wait before the second attempt."""
    multiplier: Annotated[float, Field(ge=1.0, le=100.0)] = 2.0
    """Growth of the wait from one attempt to the next."""
    max_s: Seconds = 20.0
    """Longest wait."""
    jitter: Literal["none", "equal", "full"] = "none"
    """``full`` waits a uniform share of the back-off, ``equal`` between half and all of it."""

    def waits_s(self, count: int) -> tuple[float, ...]:
        """Mean wait before attempts 2 .. count + 1 [s]."""
        nominal = (self.initial_s * self.multiplier**k for k in range(count))
        return tuple(min(wait, self.max_s) * MEAN_JITTER[self.jitter] for wait in nominal)


class Budget(Part):
    """Retries that may be made: a share of the first attempts plus a floor."""

    ratio_fraction: Fraction = 0.2
    """Retries allowed per first attempt."""
    min_per_second_rps: Rps = 10.0
    """Retries that are always allowed."""


class Retry(Part):
    """Repeat a failed or timed-out call."""

    max_attempts: Annotated[int, Field(ge=1, le=MAX_CLASSES)] | Literal["unlimited"] = 3
    """Attempts in all, the first one included; ``unlimited`` for work that is redelivered."""
    backoff: Backoff = Backoff()
    """Wait between attempts."""
    budget: Budget | None = None
    """Limit on the retries of all callers together; none by default."""

    @property
    def is_endless(self) -> bool:
        """Whether the call is repeated until it succeeds."""
        return self.max_attempts == "unlimited"

    @property
    def classes(self) -> int:
        """Attempt classes to track: one per attempt, two when endless (first, all later ones)."""
        return 2 if self.max_attempts == "unlimited" else self.max_attempts

    @model_validator(mode="after")
    def _budget_is_for_finite_retries(self) -> Retry:
        if self.is_endless and self.budget is not None:
            msg = "a retry budget needs a finite max_attempts: unlimited retries never give up"
            raise ValueError(msg)
        return self


# Columns of a call policy.
TIMEOUT_S, CLASSES, ENDLESS, RATIO, FLOOR_RPS, NEED, LOW, WAIT_S = range(8)
POLICY_WIDTH = WAIT_S + MAX_CLASSES - 1
HARD, SOFT, ASYNC = 0.0, 1.0, 2.0


@compiled
def attempts(
    waiting: NDArray[np.float64],
    slot: int,
    policy: NDArray[np.float64],
    begun_rps: float,
    ok: float,
    fail_s: float,
    dt: float,
) -> tuple[float, float, float]:
    r"""Advance the attempt classes of a call; give attempts sent, successes, calls given up [1/s].

    .. math:: \dot R_k = x_{k-1} (1 - p) - x_k, \qquad x_k = R_k / \theta_k

    with the wait :math:`\theta_k` until the failure is known plus the back-off; exact for constant
    inflow over the step. The last class gives up, or waits again when the retries are endless.
    A call over the retry budget is given up at once.
    """
    count = int(policy[CLASSES])
    due_rps = 0.0
    share = 1.0
    if policy[RATIO] >= 0.0:
        for k in range(count - 1):
            due_rps += waiting[slot + k] / (fail_s + policy[WAIT_S + k] + dt)
        allowed = policy[RATIO] * begun_rps + policy[FLOOR_RPS]
        share = min(1.0, allowed / due_rps) if due_rps > 0.0 else 1.0
    sent = begun_rps
    flow = begun_rps
    gave_up = 0.0
    for k in range(count - 1):
        failed = flow * (1.0 - ok)
        lag = fail_s + policy[WAIT_S + k]
        stock = waiting[slot + k]
        if policy[ENDLESS] > 0.0:
            # what fails again comes back to the same place: net loss only through success
            rate = 1.0 / max(lag, 1e-9)
            keep = math.exp(-rate * ok * dt)
            if rate * ok * dt > 1e-9:
                after = stock * keep + failed / (rate * ok) * (1.0 - keep)
            else:
                after = stock * keep + failed * dt
            flow = (stock + failed * dt - after) / dt / max(ok, 1e-300) if ok > 1e-12 else stock * rate
            waiting[slot + k] = after
            flow = max(flow, 0.0)
            return sent + flow, begun_rps * ok + max((stock - after) / dt + failed, 0.0), 0.0
        keep = math.exp(-dt / lag) if lag > 0.0 else 0.0
        after = stock * keep + failed * lag * (1.0 - keep)
        leaving = max((stock - after) / dt + failed, 0.0)
        waiting[slot + k] = after
        flow = leaving * share
        gave_up += leaving - flow
        sent += flow
    gave_up += flow * (1.0 - ok)
    return sent, sent * ok, gave_up


@compiled
def duration(
    ok: float, fail_s: float, answer_s: float, variance: float, policy: NDArray[np.float64]
) -> tuple[float, float, float, float]:
    r"""Give the mean [s] and variance [s^2] of a call that succeeds, the mean of one that fails, success.

    Attempt k is reached with probability :math:`q^{k-1}`, :math:`q = 1 - p`, after k - 1 failures
    and back-offs.
    """
    count = int(policy[CLASSES])
    if policy[ENDLESS] > 0.0:
        extra = (1.0 - ok) / max(ok, 1e-9) * (fail_s + policy[WAIT_S])
        return answer_s + extra, variance + extra * extra, 0.0, 1.0 if ok > 0.0 else 0.0
    reach, before, first, second = 1.0, 0.0, 0.0, 0.0
    for k in range(count):
        end = before + answer_s
        first += reach * ok * end
        second += reach * ok * (end * end + variance)
        reach *= 1.0 - ok
        before += fail_s
        if k < count - 1:
            before += policy[WAIT_S + k]
    success = 1.0 - reach
    if success <= 0.0:
        return answer_s, variance, before, 0.0
    mean = first / success
    return mean, max(second / success - mean * mean, 0.0), before, success
