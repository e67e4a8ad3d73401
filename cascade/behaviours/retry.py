r"""Retries: what a caller does with an attempt that failed (theory page, section *Calls*)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cascade.behaviours.part import Part
from cascade.units import Fraction, Rps, Seconds

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
