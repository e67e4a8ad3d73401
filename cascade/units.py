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
from functools import lru_cache
from typing import Annotated, Any, Final, Self

from pydantic import (
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError, core_schema

from cascade.laws import NAMED, SHAPES, SHARED, Law, OutsideError, given_of, read_law

SUFFIXES: Final = ("_s", "_rps", "_fraction", "_count")
"""Field-name endings that carry a unit; the YAML key is the field name without it."""

_NUMBER: Final = r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_DURATION_PART: Final = re.compile(rf"({_NUMBER})(ms|us|s|m|h|d)")
_SECONDS: Final = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_RATE: Final = re.compile(rf"({_NUMBER})/(s|m|min|h|d)")
_PER: Final = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_SHARE: Final = re.compile(rf"({_NUMBER})(%?)")
_MAX_TEXT: Final = 64
WORDS: Final = 1024
"""Texts of each kind of which the number is remembered: most come again and again."""

MAX_SECONDS: Final = 8.64e9
"""Longest duration, 100 000 days: everything that is computed from it stays finite."""
MAX_RPS: Final = 1e15
"""Highest rate, for the same reason."""


class Uncertain(float):
    """A number given as a distribution: the median for whoever plays once; ensembles draw from its law.

    Equal to itself and to numbers of the same law, and to no plain number.
    """

    law: Law

    def __new__(cls, law: Law) -> Self:
        """Make the number that stands for a law."""
        number = super().__new__(cls, law.median)
        number.law = law
        return number

    def __getnewargs__(self) -> tuple[Law]:  # type: ignore[override] # made from the law, not from a number
        return (self.law,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Uncertain) and self.law == other.law

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = float.__hash__
    __str__ = float.__repr__

    def __repr__(self) -> str:
        return f"Uncertain({self.law!r})"


class UncertainCount(int):
    """A whole number given as a distribution, likewise."""

    law: Law

    def __new__(cls, law: Law) -> Self:
        """Make the number that stands for a law."""
        number = super().__new__(cls, round(law.median))
        number.law = law
        return number

    def __getnewargs__(self) -> tuple[Law]:  # type: ignore[override] # made from the law, not from a number
        return (self.law,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UncertainCount) and self.law == other.law

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = int.__hash__
    __str__ = int.__repr__

    def __repr__(self) -> str:
        return f"UncertainCount({self.law!r})"


@lru_cache(WORDS)
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


@lru_cache(WORDS)
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


@lru_cache(WORDS)
def parse_limit(text: str) -> float:
    """Turn ``30/s`` or ``unlimited`` into a rate per second."""
    if text == "unlimited":
        return math.inf
    try:
        return parse_rate(text)
    except ValueError:
        raise ValueError("a rate with its unit, like 30/s, or 'unlimited'") from None


@lru_cache(WORDS)
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

    def read(value: object, *, from_yaml: bool) -> float:
        if isinstance(value, str):
            return parse(value.strip()[:_MAX_TEXT])
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise ValueError(_expectation(parse))  # noqa: TRY004 - pydantic is told below
        if from_yaml and parse is not parse_share:
            raise ValueError(f"{_expectation(parse)}; a bare number leaves the unit to guess")
        return value if isinstance(value, Uncertain) else float(value)

    def validate(value: object, info: ValidationInfo) -> float:
        from_yaml = bool(info.context and info.context.get("text_only"))
        try:
            if isinstance(value, dict):
                return Uncertain(read_law(value, lambda given: read(given, from_yaml=from_yaml), low, high))
            number = read(value, from_yaml=from_yaml)
        except OutsideError:
            raise _expected(bounds, value) from None
        except ValueError as error:
            raise _expected(str(error), value) from None
        if not low <= number <= high or math.isnan(number):
            raise _expected(bounds, value)
        return number

    return validate


class MayVary:
    """Lets a plain number of the model be a distribution as well; the range of the number holds for its law."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Wrap the check of the number."""
        inner: Any = handler(source)
        low, high = float(inner.get("ge", inner.get("gt", -math.inf))), float(inner.get("le", math.inf))
        bounds = f"a distribution {'above' if 'gt' in inner else 'from'} {low:g} to {high:g}"
        if "gt" in inner:
            low = math.nextafter(low, math.inf)
        is_whole = inner["type"] == "int"
        kind = UncertainCount if is_whole else Uncertain

        def validate(value: object, check: core_schema.ValidatorFunctionWrapHandler) -> Any:
            if isinstance(value, kind):
                return value
            if not isinstance(value, dict):
                return check(value)
            try:
                return kind(read_law(value, _plain_number(is_whole=is_whole), low, high, is_whole=is_whole))
            except OutsideError:
                raise _expected(bounds, value) from None
            except ValueError as error:
                raise _expected(str(error), value) from None

        text = core_schema.plain_serializer_function_ser_schema(_plain_text, when_used="json")
        return core_schema.no_info_wrap_validator_function(validate, inner, serialization=text)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Allow a distribution besides."""
        return {"anyOf": [*_DISTRIBUTION["anyOf"], handler(schema)]}


def _plain_number(*, is_whole: bool) -> Callable[[object], float]:
    def read(value: object) -> float:
        wanted = int if is_whole else (int, float)
        if not isinstance(value, wanted) or isinstance(value, bool) or not math.isfinite(value):
            raise ValueError("whole numbers" if is_whole else "numbers")
        return float(value)

    return read


def _plain_text(value: Any) -> Any:
    """Give a plain number, or the mapping of its law, for JSON."""
    if isinstance(value, (Uncertain, UncertainCount)):
        return given_of(value.law, round if value.law.is_whole else float)
    return value


def _expectation(parse: Callable[[str], float]) -> str:
    try:
        parse("?")
    except ValueError as error:
        return str(error)
    raise AssertionError(parse)


def _expected(what: str, got: object) -> PydanticCustomError:
    text = str(got).replace("'", "") if isinstance(got, dict) else str(got)
    shown = text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + "..."
    return PydanticCustomError("quantity", "expected {what}, got '{got}'", {"what": what, "got": shown})


def _law_schema(number: dict[str, Any]) -> dict[str, Any]:
    """Give the JSON Schema of a distribution of numbers that are written in some way."""

    def numbers(kind: str) -> dict[str, Any]:
        names = SHAPES[kind]
        if kind in NAMED:
            properties = dict.fromkeys(names, number)
            return {"type": "object", "properties": properties, "required": [*names], "additionalProperties": False}
        if kind == "exponential":
            return number
        size = {"minItems": len(names), "maxItems": len(names)} if names else {"minItems": 1}
        return {"type": "array", "items": number, **size}

    return {
        "type": "object",
        "properties": {**{kind: numbers(kind) for kind in SHAPES}, SHARED: {"type": "string", "minLength": 1}},
        "oneOf": [{"required": [kind]} for kind in SHAPES],
        "additionalProperties": False,
    }


_DISTRIBUTION: Final = {"anyOf": [_law_schema({"type": "number"})]}
QUANTITY_LAW: Final = _law_schema({"type": ["string", "number"]})
"""JSON Schema of a distribution of durations, as of any other quantity that carries its unit."""


def _text(pattern: str, example: str) -> dict[str, Any]:
    return {"anyOf": [{"type": "string", "pattern": pattern, "examples": [example]}, QUANTITY_LAW]}


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


def _writer(write: Callable[[float], str]) -> Callable[[float], Any]:
    """Make what writes a quantity, or its distribution, for JSON."""

    def text(value: float) -> Any:
        return given_of(value.law, write) if isinstance(value, Uncertain) else write(value)

    return text


DURATION: Final = _quantity(parse_seconds, 0.0, MAX_SECONDS, "a duration from 0s to 100000d")
"""Checks a duration."""
seconds_text: Final = _writer(lambda value: f"{value:.12g}s")
"""Writes one for JSON."""

Seconds = Annotated[
    float,
    PlainValidator(DURATION),
    PlainSerializer(seconds_text, when_used="json"),
    WithJsonSchema(_DURATION_SCHEMA),
]
"""A duration [s], written ``250ms``, ``1h30m``."""

Rps = Annotated[
    float,
    PlainValidator(_quantity(parse_rate, 0.0, MAX_RPS, "a rate from 0/s to 1e15/s")),
    PlainSerializer(_writer(lambda value: f"{value:.12g}/s"), when_used="json"),
    WithJsonSchema(_RATE_SCHEMA),
]
"""A rate [1/s], written ``1200/s``, ``90/min``."""

Limit = Annotated[
    float,
    PlainValidator(_quantity(parse_limit, 0.0, math.inf, "a rate of at least 0/s")),
    PlainSerializer(
        _writer(lambda value: f"{value:.12g}/s" if math.isfinite(value) else "unlimited"), when_used="json"
    ),
    WithJsonSchema(_LIMIT_SCHEMA),
]
"""A rate [1/s] or none at all, written ``30/s`` or ``unlimited``."""

Fraction = Annotated[
    float,
    PlainValidator(_quantity(parse_share, 0.0, 1.0, "a share between 0% and 100%")),
    PlainSerializer(_writer(lambda value: f"{value * 100:.12g}%"), when_used="json"),
    WithJsonSchema(_SHARE_SCHEMA),
]
"""A share from 0 to 1, written ``80%`` or ``0.8``."""

Distribution = Annotated[Any, WithJsonSchema(_DISTRIBUTION)]
"""A distribution of plain numbers, as the schema knows it."""

QuantityDistribution = Annotated[Any, WithJsonSchema({"anyOf": [QUANTITY_LAW]})]
"""A distribution of numbers that carry their unit."""
