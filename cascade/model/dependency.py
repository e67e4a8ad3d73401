"""What a service calls, and what the callee's failure does to it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from cascade.behaviours.cache import Cache
from cascade.behaviours.circuit_breaker import CircuitBreaker
from cascade.behaviours.fallback import Fallback
from cascade.behaviours.part import Part
from cascade.behaviours.retry import Retry
from cascade.units import Fraction, MayVary, Seconds


class Needs(StrEnum):
    """What the callee's failure does to the caller."""

    HARD = "hard"
    """The caller's request fails with it."""
    SOFT = "soft"
    """The caller loses ``degradation`` of its request's worth, and still waits for the answer."""
    ASYNC = "async"
    """The caller leaves work in the callee's queue and does not wait."""
    STARTUP = "startup"
    """Needed only to come back after a full stop."""
    CONTROL = "control"
    """Needed only to be changed, not to serve."""


class Dependency(Part):
    """One ``caller -> callee`` relation; calls go forth, failure comes back."""

    to: str
    """The callee: a service or a group."""
    needs: Needs = Needs.HARD
    """What the callee's failure does to the caller."""
    per_request: Annotated[float, Field(ge=0.0, le=1e6), MayVary()] = 1.0
    """Mean calls per request of the caller; below 1 only that share of its requests needs it."""
    degradation_fraction: Fraction = 0.0
    """Share of a request's worth that is lost when a *soft* dependency fails."""
    timeout_s: Seconds | None = None
    """Longest wait for one attempt; none by default, as in plain HTTP and gRPC clients."""
    retry: Retry | None = None
    """Retry policy; none by default."""
    circuit_breaker: CircuitBreaker | None = None
    """Stops calling a callee that keeps failing."""
    cache: Cache | None = None
    """Answers kept by the caller."""
    fallback: Fallback | None = None
    """What is done instead when the call has failed for good."""
    priority: str = Field(default="high", pattern="^(high|low)$")
    """``low`` calls are shed first when the callee cannot take all."""
    after: tuple[str, ...] = ()
    """Callees that must have answered before this call is made."""
    evidence: tuple[str, ...] = ()
    """How the call is known, as an importer found it: ``trace``, ``env``, ``depends_on``, ... Changes no result."""
    confidence_fraction: Fraction = 1.0
    """How sure it is that the call is made at all. Changes no result, but reports say when it is low."""

    @property
    def is_call(self) -> bool:
        """Whether requests travel over it (start-up and control-plane needs carry none)."""
        return self.needs in (Needs.HARD, Needs.SOFT, Needs.ASYNC)
