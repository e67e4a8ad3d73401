"""What takes requests or work items."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, field_validator

from cascade.behaviours.contention import Contention
from cascade.behaviours.demand import Demand
from cascade.behaviours.part import Part
from cascade.behaviours.recovery import Recovery
from cascade.behaviours.reliability import Reliability
from cascade.laws import is_law
from cascade.model.dependency import Dependency
from cascade.units import Fraction, MayVary, Rps, Seconds


class Objective(Part):
    """What users were promised; a service counts as *hit* while it is outside of it."""

    success_fraction: Fraction = 0.95
    """Least share of requests that succeed."""
    backlog_age_s: Seconds = 300.0
    """Oldest work that may wait."""


class Concurrency(Part):
    """Workers, each held by one request until it is answered, and the waiting room before them."""

    max: Annotated[int, Field(ge=1, le=10**7), MayVary()]
    """Requests in work at once, per replica."""
    queue: Annotated[int, Field(ge=0, le=10**9), MayVary()] | None = None
    """Requests that may wait, per replica; beyond that they are refused. Unlimited by default."""


class Service(Part):
    """A service; every key has a default, so a bare name is enough."""

    description: str = ""
    """One sentence for the reader."""
    demand: Demand | None = None
    """Requests from outside the topology; what makes a service an entry point."""
    weight: Annotated[float, Field(ge=0.0, le=1e6), MayVary()] = 1.0
    """How much its users count, relative to those of other entry points."""
    slo: Objective | None = None
    """Its own objective instead of the topology's."""
    replicas: Annotated[int, Field(ge=1, le=10**6), MayVary()] = 1
    """Copies that share the load."""
    concurrency: Concurrency | None = None
    """Limit on the requests in work, held by slow calls too; unlimited by default."""
    capacity_rps: Rps | None = None
    """Most requests it can do per second, per replica, however long each takes."""
    queue: Annotated[int, Field(ge=0, le=10**9), MayVary()] | None = None
    """With ``capacity``: work that may wait, per replica. Unlimited by default."""
    service_time_s: Seconds = 0.0
    """Mean time of its own work on one request, calls not included."""
    work_deadline_s: Seconds | None = None
    """Work that has waited longer is thrown away unserved; by default everything is done."""
    rate_limit_rps: Rps | None = None
    """Requests admitted per second in all; the others get an error at once."""
    durable: bool = False
    """Keeps its waiting work, and takes more, while it is down (a message queue)."""
    contention: Contention | None = None
    """Service time that grows with concurrency."""
    recovery: Recovery = Recovery()
    """How it comes back."""
    reliability: Reliability | None = None
    """How often it fails by itself; for probabilities, not for simulations."""
    zones: tuple[str, ...] = ()
    """Failure domains over which its replicas are spread evenly."""
    calls: tuple[Dependency, ...] = ()
    """What it depends on."""

    @field_validator("demand", mode="before")
    @classmethod
    def _rate_alone(cls, value: Any) -> Any:
        return {"rate": value} if isinstance(value, str) or is_law(value) else value

    @field_validator("calls", mode="before")
    @classmethod
    def _name_alone(cls, value: Any) -> Any:
        if not isinstance(value, (list, tuple)):
            return value
        return tuple({"to": call} if isinstance(call, str) else call for call in value)

    @property
    def is_entry_point(self) -> bool:
        """Whether users outside the topology call it."""
        return self.demand is not None
