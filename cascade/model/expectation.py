"""What a scenario must come to, for the settings of a system to be called good."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import (
    Field,
    PlainSerializer,
    PlainValidator,
    TypeAdapter,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import PydanticCustomError

from cascade.behaviours.part import Part
from cascade.units import DURATION, Seconds, Uncertain, seconds_text

_PLAIN_DURATION: Final = TypeAdapter(Seconds).json_schema()["anyOf"][0]


def _plain_seconds(value: object, info: ValidationInfo) -> float:
    if isinstance(value, (dict, Uncertain)):
        what = "a duration with its unit, like 10m"
        raise PydanticCustomError("quantity", "expected {what}, got a distribution", {"what": what})
    number: float = DURATION(value, info)
    return number


PlainSeconds = Annotated[
    float,
    PlainValidator(_plain_seconds),
    PlainSerializer(seconds_text, when_used="json"),
    WithJsonSchema(_PLAIN_DURATION),
]
"""A duration [s] that is no distribution: what is promised is one number."""
Amount = Annotated[float, Field(ge=0.0, le=1e18)]
"""How many of something."""


def is_number(value: object) -> bool:
    """Tell whether a bound stands alone, as a plain number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


class RecoversWithin(Part):
    """A bound on the time from the repair of the fault until all is well again."""

    within_s: PlainSeconds
    """From the last repair of what the scenario is about."""
    of: tuple[str, ...] = ()
    """Services, groups or fleets that must be back for good by then; all entry points by default."""


class PeakAmplification(Part):
    """A bound on what retries, failover and surges make of the load."""

    below: Annotated[float, Field(gt=0.0, le=1e9)]
    """Highest load, as a multiple of the load before the first event."""
    at: str | None = None
    """A service; each of them by default."""


class BreakerOpensWithin(Part):
    """A bound on the time until a circuit breaker opens."""

    within_s: PlainSeconds
    """From the first event."""
    call: str | None = None
    """Whose breaker, as ``caller -> callee``; that of any call by default."""


class BacklogBelow(Part):
    """A bound on the work that waits."""

    count: Amount
    """Requests or work items; of a fleet, units out of service."""
    at: str | None = None
    """A service or fleet; each service by default."""


class Expect(Part):
    """What a scenario must come to; each key is one expectation, met or not."""

    recovers_within: RecoversWithin | None = None
    """All is well again in time; a duration alone is about all entry points."""
    stays_up: tuple[str, ...] = ()
    """Services, groups and fleets that never leave their objective."""
    loses_at_most_count: Amount | None = None
    """Requests that users may lose, at all entry points together."""
    peak_amplification: PeakAmplification | None = None
    """The load never multiplies by as much; a number alone is about every service."""
    breaker_opens_within: BreakerOpensWithin | None = None
    """A circuit breaker opens in time; a duration alone is about that of any call."""
    backlog_below: BacklogBelow | None = None
    """Less than this ever waits; a number alone is about every service."""

    @field_validator("recovers_within", "breaker_opens_within", mode="before")
    @classmethod
    def _duration_alone(cls, value: Any) -> Any:
        return {"within": value} if isinstance(value, str) or is_number(value) else value

    @field_validator("peak_amplification", mode="before")
    @classmethod
    def _factor_alone(cls, value: Any) -> Any:
        return {"below": value} if is_number(value) else value

    @field_validator("backlog_below", mode="before")
    @classmethod
    def _count_alone(cls, value: Any) -> Any:
        return {"count": value} if is_number(value) else value
