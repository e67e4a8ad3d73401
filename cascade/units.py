"""The number types: each knows its unit, its range and how it is written in YAML.

Inside Cascade a duration is a float in seconds, a rate a float per second and a share a float
from 0 to 1. In a topology file the unit is part of the value (``250ms``, ``1200/s``, ``80%``), so
that no reader has to guess it: a bare number for a quantity with a unit is an error. Python code
that builds a topology by hand uses the field names, which carry the unit (``timeout_s=0.25``), and
gives plain numbers.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable
from typing import Annotated, Any, Final, Self

from pydantic import PlainSerializer, PlainValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

SUFFIXES: Final = ("_s", "_rps", "_fraction", "_count")
"""Field-name endings that carry a unit; the YAML key is the field name without it."""

_NUMBER: Final = r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_DURATION_PART: Final = re.compile(rf"({_NUMBER})(ms|us|s|m|h|d)")
_SECONDS: Final = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_RATE: Final = re.compile(rf"({_NUMBER})/(s|m|min|h|d)")
_PER: Final = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_SHARE: Final = re.compile(rf"({_NUMBER})(%?)")
_MAX_TEXT: Final = 64

MAX_SECONDS: Final = 8.64e9
"""Longest duration, 100 000 days: everything that is computed from it stays finite."""
MAX_RPS: Final = 1e15
"""Highest rate, for the same reason."""


class Uncertain(float):
    """A quantity given as a distribution: behaves as its mean, remembers ``low`` and ``high``.

    A single run uses the mean; ensembles draw from the distribution.
    """

    low: float
    high: float

    def __new__(cls, low: float, high: float) -> Self:
        """Make the uniform quantity between the two bounds."""
        quantity = super().__new__(cls, (low + high) / 2)
        quantity.low, quantity.high = low, high
        return quantity


def parse_seconds(text: str) -> float:
    """Turn ``250ms``, ``1.5s``, ``1h30m`` into seconds.

    Examples
    --------
    >>> parse_seconds("1h30m")
    5400.0
    """
    parts = _DURATION_PART.findall(text)
    if not parts or "".join(n + u for n, u in parts) != text:
        raise ValueError("a duration with its unit, like 250ms, 1.5s, 20m or 1h30m")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def parse_rate(text: str) -> float:
    """Turn ``1200/s``, ``90/min`` into a rate per second.

    Examples
    --------
    >>> parse_rate("90/min")
    1.5
    """
    match = _RATE.fullmatch(text)
    if not match:
        raise ValueError("a rate with its unit, like 1200/s, 90/min or 10/h")
    return float(match[1]) / _PER[match[2]]


def parse_limit(text: str) -> float:
    """Turn ``30/s`` or ``unlimited`` into a rate per second."""
    if text == "unlimited":
        return math.inf
    try:
        return parse_rate(text)
    except ValueError:
        raise ValueError("a rate with its unit, like 30/s, or 'unlimited'") from None


def parse_share(text: str) -> float:
    """Turn ``80%`` or ``0.8`` into a share from 0 to 1.

    Examples
    --------
    >>> parse_share("80%")
    0.8
    """
    match = _SHARE.fullmatch(text)
    value = float(match[1]) / (100.0 if match[2] else 1.0) if match else math.nan
    if not 0.0 <= value <= 1.0:
        raise ValueError("a share between 0% and 100%, like 80% or 0.8")
    return value


def closest(name: str, known: Iterable[str]) -> str:
    """Give ``, did you mean 'x'?`` for the most similar known name, or nothing."""
    match = difflib.get_close_matches(name[:_MAX_TEXT], list(known), n=1, cutoff=0.6)
    return f", did you mean '{match[0]}'?" if match else ""


def _quantity(parse: Callable[[str], float], low: float, high: float, bounds: str) -> Any:
    """Make the pydantic validator of a quantity from its text parser and its range."""

    def validate(value: object, info: ValidationInfo) -> float:
        if isinstance(value, dict) and value.keys() == {"uniform"}:
            pair = value["uniform"]
            if isinstance(pair, list) and len(pair) == 2:  # noqa: PLR2004 - low and high
                ends = sorted(validate(end, info) for end in pair)
                return Uncertain(*ends)
        number: float
        from_yaml = bool(info.context and info.context.get("text_only"))
        if isinstance(value, str):
            try:
                number = parse(value.strip()[:_MAX_TEXT])
            except ValueError as error:
                raise _expected(str(error), value) from None
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            if from_yaml and parse is not parse_share:
                hint = _expectation(parse)
                raise _expected(f"{hint}; a bare number leaves the unit to guess", value)
            number = value if isinstance(value, Uncertain) else float(value)
        else:
            raise _expected(_expectation(parse), value)
        if not low <= number <= high or math.isnan(number):
            raise _expected(bounds, value)
        return number

    return validate


def _expectation(parse: Callable[[str], float]) -> str:
    try:
        parse("?")
    except ValueError as error:
        return str(error)
    raise AssertionError(parse)


def _expected(what: str, got: object) -> PydanticCustomError:
    text = str(got)
    shown = text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + "..."
    return PydanticCustomError("quantity", "expected {what}, got '{got}'", {"what": what, "got": shown})


def _text(pattern: str, example: str) -> dict[str, Any]:
    uniform = {"type": "array", "items": {"type": ["string", "number"]}, "minItems": 2, "maxItems": 2}
    return {
        "anyOf": [
            {"type": "string", "pattern": pattern, "examples": [example]},
            {
                "type": "object",
                "properties": {"uniform": uniform},
                "required": ["uniform"],
                "additionalProperties": False,
            },
        ],
    }


_SHARE_SCHEMA: Final = {
    "anyOf": [
        *_text(rf"^{_NUMBER}%?$", "80%")["anyOf"],
        {"type": "number", "minimum": 0, "maximum": 1},
    ],
}
_DURATION_SCHEMA: Final = _text(rf"^({_NUMBER}(us|ms|s|m|h|d))+$", "250ms")
_LIMIT_SCHEMA: Final = _text(rf"^({_NUMBER}/(s|m|min|h|d)|unlimited)$", "30/s")
_RATE_SCHEMA: Final = _text(rf"^{_NUMBER}/(s|m|min|h|d)$", "1200/s")


def format_seconds(seconds: float) -> str:
    """Write a duration the way the YAML reads it, rounded to what a person can use.

    Examples
    --------
    >>> format_seconds(5400)
    '1h30m'
    """
    if not math.isfinite(seconds):
        return "never"
    sign, rest = ("-", -seconds) if seconds < 0 else ("", seconds)
    if rest < 1:
        return f"{sign}{rest * 1000:.0f}ms" if rest else "0s"
    if rest < 60:  # noqa: PLR2004 - a minute
        return f"{sign}{rest:.3g}s"
    whole = round(rest)
    parts = [(whole // 86400, "d"), (whole // 3600 % 24, "h"), (whole // 60 % 60, "m"), (whole % 60, "s")]
    return sign + "".join(f"{count}{unit}" for count, unit in parts if count)


def _exact_seconds(value: float) -> str:
    return f"{value:.12g}s"


Seconds = Annotated[
    float,
    PlainValidator(_quantity(parse_seconds, 0.0, MAX_SECONDS, "a duration from 0s to 100000d")),
    PlainSerializer(_exact_seconds, when_used="json"),
    WithJsonSchema(_DURATION_SCHEMA),
]
"""A duration [s], written ``250ms``, ``1h30m``."""

Rps = Annotated[
    float,
    PlainValidator(_quantity(parse_rate, 0.0, MAX_RPS, "a rate from 0/s to 1e15/s")),
    PlainSerializer(lambda value: f"{value:.12g}/s", when_used="json"),
    WithJsonSchema(_RATE_SCHEMA),
]
"""A rate [1/s], written ``1200/s``, ``90/min``."""

Limit = Annotated[
    float,
    PlainValidator(_quantity(parse_limit, 0.0, math.inf, "a rate of at least 0/s")),
    PlainSerializer(lambda value: f"{value:.12g}/s" if math.isfinite(value) else "unlimited", when_used="json"),
    WithJsonSchema(_LIMIT_SCHEMA),
]
"""A rate [1/s] or none at all, written ``30/s`` or ``unlimited``."""

Fraction = Annotated[
    float,
    PlainValidator(_quantity(parse_share, 0.0, 1.0, "a share between 0% and 100%")),
    PlainSerializer(lambda value: f"{value * 100:.12g}%", when_used="json"),
    WithJsonSchema(_SHARE_SCHEMA),
]
"""A share from 0 to 1, written ``80%`` or ``0.8``."""
