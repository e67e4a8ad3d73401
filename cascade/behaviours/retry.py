r"""Retries: what a caller does with an attempt that failed (theory page, section *Calls*)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from cascade.behaviours.part import Part
from cascade.compiled import compiled
from cascade.units import Fraction, MayVary, Rps, Seconds

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
    multiplier: Annotated[float, Field(ge=1.0, le=100.0), MayVary()] = 2.0
    """Growth of the wait from one attempt to the next."""
    max_s: Seconds = 20.0
    """Longest wait."""
    jitter: Literal["none", "equal", "full"] = "none"
    """``full`` waits a uniform share of the back-off, ``equal`` between half and all of it."""

    def waits_s(self, count: int) -> tuple[float, ...]:
        """Mean wait before attempts 2 .. count + 1 [s]."""
        initial_s, multiplier, max_s, mean = self.initial_s, self.multiplier, self.max_s, MEAN_JITTER[self.jitter]
        return tuple([min(initial_s * multiplier**k, max_s) * mean for k in range(count)])


class Budget(Part):
    """Retries that may be made: a share of the first attempts plus a floor."""

    ratio_fraction: Fraction = 0.2
    """Retries allowed per first attempt."""
    min_per_second_rps: Rps = 10.0
    """Retries that are always allowed."""


class Retry(Part):
    """Repeat a failed or timed-out call."""

    max_attempts: Annotated[int, Field(ge=1, le=MAX_CLASSES), MayVary()] | Literal["unlimited"] = 3
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
SHORTEST_S = 1e-9
"""Shortest time from one attempt to the next [s]."""
NOTHING = 1e-12
"""Waiting calls that are let go at once."""


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
    r"""Advance the attempt classes of a call; give attempts sent, successes, calls given up [1/s], Eq. (22).

    .. math:: \dot R_k = x_{k-1} (1 - p) - x_k, \qquad x_k = R_k / \theta_k

    with the wait :math:`\theta_k` until the failure is known plus the back-off, implicit in time.
    The last class gives up, or waits again when the retries are endless.
    A call over the retry budget is given up at once.
    """
    if policy[ENDLESS] > 0.0:
        return again_and_again(waiting, slot, policy, begun_rps, ok, fail_s, dt)
    last = slot + int(policy[CLASSES]) - 1
    share = within_budget(waiting, slot, last, policy, begun_rps, fail_s) if policy[RATIO] >= 0.0 else 1.0
    sent, flow, gave_up, bad = begun_rps, begun_rps, 0.0, 1.0 - ok
    for place in range(slot, last):
        lag = max(fail_s + policy[WAIT_S + place - slot], SHORTEST_S)
        stock = waiting[place] + flow * bad * dt
        if stock <= NOTHING:
            lag = 0.0
        leaving = stock * (1.0 / (lag + dt))
        waiting[place] = leaving * lag
        flow = leaving * share
        gave_up += leaving - flow
        sent += flow
    return sent, sent * ok, gave_up + flow * bad


@compiled
def is_quiet(waiting: NDArray[np.float64], slot: int, last: int, ok: float) -> bool:
    """Whether no attempt fails and no call waits for another one."""
    if ok < 1.0:
        return False
    for place in range(slot, last):  # noqa: SIM110 - Numba compiles loops, not generators
        if waiting[place] > 0.0:
            return False
    return True


@compiled
def again_and_again(
    waiting: NDArray[np.float64],
    slot: int,
    policy: NDArray[np.float64],
    begun_rps: float,
    ok: float,
    fail_s: float,
    dt: float,
) -> tuple[float, float, float]:
    r"""Advance a call that is repeated until it succeeds: :math:`\dot R = x_1 q - p R / \theta`, Eq. (23)."""
    lag = fail_s + policy[WAIT_S] + 1e-9
    brought = waiting[slot] + begun_rps * (1.0 - ok) * dt
    after = brought * lag / (lag + ok * dt)
    waiting[slot] = after
    return begun_rps + after / lag, begun_rps * ok + after / lag * ok, 0.0


@compiled
def within_budget(
    waiting: NDArray[np.float64],
    slot: int,
    last: int,
    policy: NDArray[np.float64],
    begun_rps: float,
    fail_s: float,
) -> float:
    """Share of the retries that are due that the budget allows."""
    due_rps = 0.0
    for place in range(slot, last):
        due_rps += waiting[place] / max(fail_s + policy[WAIT_S + place - slot], SHORTEST_S)
    allowed = policy[RATIO] * begun_rps + policy[FLOOR_RPS]
    return min(1.0, allowed / due_rps) if due_rps > 0.0 else 1.0


@compiled
def delays(ok: float, fail_s: float, policy: NDArray[np.float64]) -> tuple[float, float, float, float, float]:
    r"""Give success, chance, mean [s] and mean square [s^2] of a delay by retries, mean time to failure [s]; Eq. (24).

    Attempt k is reached with probability :math:`q^{k-1}`, :math:`q = 1 - p`, after k - 1 failures
    and back-offs. Chance and moments are those of calls that succeed.
    """
    if policy[ENDLESS] > 0.0:
        if ok <= 0.0:
            return 0.0, 0.0, 0.0, 0.0, 0.0
        lag = (fail_s + policy[WAIT_S]) / ok
        return 1.0, 1.0 - ok, (1.0 - ok) * lag, (1.0 - ok) * (2.0 - ok) * lag * lag, 0.0
    reach, delay_s, late, first, second = 1.0, 0.0, 0.0, 0.0, 0.0
    for k in range(int(policy[CLASSES]) - 1):
        reach *= 1.0 - ok
        delay_s += fail_s + policy[WAIT_S + k]
        late += reach * ok
        first += reach * ok * delay_s
        second += reach * ok * delay_s * delay_s
    success = ok + late
    if success <= 0.0:
        return 0.0, 0.0, 0.0, 0.0, delay_s + fail_s
    return success, late / success, first / success, second / success, delay_s + fail_s
