"""Findings of the lint that are known, and left as they are for a reason."""

from __future__ import annotations

import datetime as dt
import re
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema, field_validator
from pydantic_core import PydanticCustomError

from cascade.behaviours.part import Part

_DAY: Final = r"\d{4}-\d\d-\d\d"


class RuleId(StrEnum):
    """The rules whose findings can be hidden; ``cascade explain RULE`` says what each is about."""

    RETRY_AMPLIFICATION = "RETRY-AMPLIFICATION"
    TIMEOUT_INVERSION = "TIMEOUT-INVERSION"
    NO_TIMEOUT = "NO-TIMEOUT"
    RETRY_WITHOUT_BUDGET = "RETRY-WITHOUT-BUDGET"
    SLOWNESS_NOT_RETRIED = "SLOWNESS-NOT-RETRIED"
    STARTUP_CYCLE = "STARTUP-CYCLE"
    FALLBACK_SHARES_PATH = "FALLBACK-SHARES-PATH"
    OBJECTIVE_TOO_HIGH = "OBJECTIVE-TOO-HIGH"
    SELF_SUPPORTING_GROUP = "SELF-SUPPORTING-GROUP"
    UNMET_EXPECTATION = "UNMET-EXPECTATION"
    UNMET_OBJECTIVE = "UNMET-OBJECTIVE"
    BLAST_RADIUS = "BLAST-RADIUS"
    SINGLE_POINT = "SINGLE-POINT"
    AVAILABILITY = "AVAILABILITY"
    AMPLIFICATION = "AMPLIFICATION"
    NEW_SINGLE_POINT = "NEW-SINGLE-POINT"
    NEW_IMPACT = "NEW-IMPACT"


def _day(value: object) -> dt.date:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    if isinstance(value, str) and re.fullmatch(_DAY, value.strip()):
        try:
            return dt.date.fromisoformat(value.strip())
        except ValueError:
            pass
    what = "a day, like 2027-01-31"
    raise PydanticCustomError("moment_day", "expected {what}, got '{got}'", {"what": what, "got": str(value)[:64]})


Day = Annotated[
    dt.date,
    PlainValidator(_day),
    PlainSerializer(dt.date.isoformat, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": f"^{_DAY}$", "examples": ["2027-01-31"]}),
]
"""A day of the calendar."""


class Suppression(Part):
    """A finding of ``cascade lint`` or ``cascade check`` that is known and accepted."""

    rule: RuleId
    """Whose findings are hidden."""
    at: str | None = None
    """Only those about this service, group or call (``caller -> callee``); all of the rule by default."""
    reason: Annotated[str, Field(min_length=1)]
    """Why it may stay as it is."""
    until: Day | None = None
    """Last day on which it is hidden; for good by default."""

    @field_validator("at")
    @classmethod
    def _evenly_spaced(cls, value: str | None) -> str | None:
        return " -> ".join(name.strip() for name in value.split("->")) if value is not None else None
