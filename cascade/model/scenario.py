"""What happens from outside, and what really happened."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, ClassVar

from pydantic import Field, PlainSerializer, PlainValidator, ValidationInfo, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from cascade.behaviours.part import Part
from cascade.laws import is_law
from cascade.model.expectation import Expect
from cascade.units import (
    DURATION,
    QUANTITY_LAW,
    Fraction,
    Limit,
    MayVary,
    Seconds,
    Uncertain,
    parse_seconds,
    seconds_text,
)

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")


def _moment(value: object) -> dt.datetime:
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value
    if isinstance(value, str) and _MOMENT.fullmatch(value.strip()):
        try:
            return dt.datetime.fromisoformat(value.strip())
        except ValueError:
            pass
    what = "a moment with its UTC offset, like 2025-10-20T02:25:00-07:00"
    raise PydanticCustomError("moment", "expected {what}, got '{got}'", {"what": what, "got": str(value)[:64]})


def _time(value: object, info: ValidationInfo) -> float | dt.datetime:
    if isinstance(value, dt.datetime):
        return _moment(value)
    if is_law(value) or isinstance(value, Uncertain):
        number: float = DURATION(value, info)
        return number
    if isinstance(value, str):
        if _MOMENT.fullmatch(value.strip()):
            return _moment(value)
        try:
            return parse_seconds(value.strip()[:64])
        except ValueError:
            pass
    elif isinstance(value, (int, float)) and not (info.context and info.context.get("text_only")):
        return float(value)
    what = "a time since the start, like 10m, or a moment, like 2025-10-20T02:25:00-07:00"
    raise PydanticCustomError("time", "expected {what}, got '{got}'", {"what": what, "got": str(value)[:64]})


def _time_text(value: float | dt.datetime) -> Any:
    return value.isoformat() if isinstance(value, dt.datetime) else seconds_text(value)


Moment = Annotated[dt.datetime, PlainValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
"""A point in time with its UTC offset."""

Time = Annotated[
    float | dt.datetime,
    PlainValidator(_time),
    PlainSerializer(_time_text, when_used="json"),
    WithJsonSchema({"anyOf": [QUANTITY_LAW, {"type": "string", "examples": ["10m", "2025-10-20T02:25:00-07:00"]}]}),
]
"""Seconds since the scenario's start, or a moment."""


class Event(Part):
    """One thing that happens; exactly one of the action keys says what, and to whom."""

    ACTIONS: ClassVar = (
        "fail", "restore", "degrade", "surge", "throttle", "purge", "lose", "switch_off", "switch_on", "flap",
    )  # fmt: skip

    at: Time
    """When."""
    fail: str | None = None
    """Takes a service, group, fleet or domain down."""
    restore: str | None = None
    """Brings it back, wholly, also from a ``manual`` stop."""
    degrade: str | None = None
    """Worsens a service: see ``capacity``, ``errors``, ``latency``, ``delay``."""
    surge: str | None = None
    """Multiplies the demand of an entry point by ``factor``."""
    throttle: str | None = None
    """Limits the requests that a service admits to ``rate``; ``rate: unlimited`` lifts it."""
    purge: str | None = None
    """Throws the waiting work of a service away."""
    lose: str | None = None
    """Takes ``share`` of a fleet's units out."""
    switch_off: str | None = None
    """Disables a dependency (``caller -> callee``) or a fleet's health check (its name)."""
    switch_on: str | None = None
    """Enables it again."""
    flap: str | None = None
    """Fails for ``down`` out of every ``period``."""

    lasts_s: Seconds | None = Field(default=None, alias="for")
    """Undoes the action after this time."""
    capacity_fraction: Fraction = 1.0
    """degrade: share of the capacity that is left."""
    errors_fraction: Fraction = 0.0
    """degrade: share of the requests that fail."""
    latency: Annotated[float, Field(gt=0.0, le=1e6), MayVary()] = 1.0
    """degrade: factor on the service time."""
    delay_s: Seconds = 0.0
    """degrade: time that is added to each answer, always the same."""
    delayed_fraction: Fraction = 1.0
    """degrade: share of the requests that ``delay`` meets."""
    factor: Annotated[float, Field(ge=0.0, le=1e6), MayVary()] = 1.0
    """surge: factor on the demand."""
    rate_rps: Limit | None = None
    """throttle: requests admitted per second."""
    share_fraction: Fraction = 1.0
    """fail, lose: share of the capacity or of the units that goes."""
    over_s: Seconds = 0.0
    """Spreads the change evenly over this time."""
    period_s: Seconds | None = None
    """flap: time from one failure to the next."""
    down_s: Seconds | None = None
    """flap: time it is down in each period."""
    needs: str | None = None
    """An operator's action waits until this service (their tooling) works."""
    note: str = ""
    """Text for reports and figures."""
    trigger: bool = False
    """Marks the fault that the scenario is about; the first failure by default."""

    @property
    def action(self) -> str:
        """The key that says what happens."""
        return next(key for key in self.ACTIONS if getattr(self, key) is not None)

    @property
    def target(self) -> str:
        """To whom it happens."""
        return str(getattr(self, self.action))

    @model_validator(mode="after")
    def _one_action(self) -> Event:
        given = [key for key in self.ACTIONS if getattr(self, key) is not None]
        if len(given) != 1:
            what = "no action" if not given else f"{' and '.join(given)} at once"
            msg = f"{what}; expected exactly one of {', '.join(self.ACTIONS)}"
            raise ValueError(msg)
        if given == ["throttle"] and self.rate_rps is None:
            msg = "throttle needs rate"
            raise ValueError(msg)
        if given == ["flap"] and not (self.period_s and self.down_s and self.lasts_s):
            msg = "flap needs period, down and for"
            raise ValueError(msg)
        return self


class Scenario(Part):
    """A named list of events."""

    description: str = ""
    """What it is about."""
    start: Moment | None = None
    """Wall-clock time of its beginning; events may then be given as moments."""
    duration_s: Seconds = 3600.0
    """How long it is followed."""
    events: tuple[Event, ...] = ()
    """What happens."""
    expect: Expect | None = None
    """What it must come to; ``simulate`` and ``blast-radius`` say whether it does."""

    def seconds(self, time: float | dt.datetime) -> float:
        """Seconds from the scenario's start to a time."""
        if isinstance(time, dt.datetime):
            assert self.start is not None, "checked when the topology was made"
            return (time - self.start).total_seconds()
        return time

    def without(self, *targets: str) -> Scenario:
        """Give the scenario without the events on some targets."""
        kept = tuple(event for event in self.events if event.target not in targets)
        return self.changed(events=kept)  # type: ignore[no-any-return]


class Observed(Part):
    """A window in which a component really was hit, to score a replay against."""

    name: str
    """How the source calls the window."""
    service: str
    """Service or fleet that stands for it."""
    start: Moment | None = None
    """First moment; none when the source does not state it."""
    end: Moment | None = None
    """Last moment; none when the source does not state it."""
    assumed: tuple[Annotated[str, Field(pattern="^(start|end)$")], ...] = ()
    """Edges that the source calls assumed: shown, not scored."""
    never: bool = False
    """A negative control: what was *not* hit."""
    note: str = ""
    """Where the facts need a word."""
