"""What pydantic finds wrong, as problems with a place and a remedy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from cascade.behaviours.demand import Demand
from cascade.errors import Problem
from cascade.loading.fields import annotation_at, is_choice, keys_of, part_of
from cascade.loading.source import one_line
from cascade.model import Dependency, Domain, Topology
from cascade.model.expectation import BacklogBelow, BreakerOpensWithin, PeakAmplification, RecoversWithin
from cascade.units import closest

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from cascade.behaviours.part import Part
    from cascade.loading.nodes import Node

Path = Sequence[str | int]
"""Keys and positions, outermost first."""

KEY: Final = "[key]"
"""The step that pydantic adds to the path of a key that is wrong itself."""
INCONSISTENT: Final = "inconsistent"
"""The type of the error that carries all references that do not hold together."""
MAX_MESSAGE: Final = 600
"""Longest message; names in it may be of any length."""
_SHOWN: Final = 64

_EXPECTED: Final = {
    "string": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "dict": "a mapping",
    "model": "a mapping",
    "tuple": "a list",
    "list": "a list",
}
"""What the errors of a type whose name begins like this expect."""
SHORT_FORMS: Final[dict[type[Part] | None, str]] = {
    Demand: "a rate with its unit, like 1200/s, or a mapping",
    Dependency: "a name or a mapping",
    Domain: "a list of names or a mapping",
    RecoversWithin: "a duration or a mapping",
    BreakerOpensWithin: "a duration or a mapping",
    PeakAmplification: "a number or a mapping",
    BacklogBelow: "a number or a mapping",
}
"""What may stand for a part in place of a mapping."""
_BOUNDS: Final = {
    "greater_than_equal": ("ge", "a number of at least {}"),
    "greater_than": ("gt", "a number above {}"),
    "less_than_equal": ("le", "a number of at most {}"),
    "less_than": ("lt", "a number below {}"),
    "too_short": ("min_length", "at least {} entry"),
}


def is_inconsistent(error: ValidationError) -> bool:
    """Tell whether single places are right, and only what refers to what is wrong."""
    return [detail["type"] for detail in error.errors(include_url=False)] == [INCONSISTENT]


def problems_of(error: ValidationError, root: Node, file: str) -> Iterator[Problem]:
    """Yield a problem for everything that the model refuses."""
    for path, message, at_key in refusals(error):
        yield placed(root, path, message, file, at_key=at_key)


def refusals(error: ValidationError) -> Iterator[tuple[Path, str, bool]]:
    """Yield where something is refused, why, and whether it is for its key."""
    if is_inconsistent(error):
        for path, message in error.errors()[0]["ctx"]["problems"]:
            yield path, message, is_name(path)
        return
    for path, details in groupby(error.errors(include_url=False), key=lambda detail: without_choice(detail["loc"])):
        first, *others = details
        message = message_of(first, [expectation(other) for other in others])
        yield path, message, path[-1:] == (KEY,) or first["type"] == "extra_forbidden"


def without_choice(path: Path) -> Path:
    """Give a path without the step that says which of several types was tried."""
    return path[:-1] if is_choice(annotation_at(Topology, path[:-1])) else path


def placed(root: Node, path: Path, message: str, file: str, *, at_key: bool) -> Problem:
    """Make the problem of what stands under a path, or of its key; a short form lacks some of the steps."""
    node = root
    for step in path:
        node = node.below(step) or node
    line, column = (node.key_line, node.key_column) if at_key and node.key_line else (node.line, node.column)
    told = message if len(message) <= MAX_MESSAGE else f"{message[:MAX_MESSAGE]}..."
    return Problem(file, line, column, one_line(told))


def is_name(path: Path) -> bool:
    """Tell whether a path leads to a named part itself: what is wrong there is its name."""
    return len(path) == 2  # noqa: PLR2004 - the kind and the name


def message_of(detail: ErrorDetails, others: Sequence[str] = ()) -> str:
    """Say what was expected, others perhaps also, and what came instead."""
    kind, path, context = detail["type"], detail["loc"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        return unknown_key(path)
    if kind == "missing":
        return f"missing key '{path[-1]}'"
    if kind == "value_error":
        return str(context["error"])
    if kind.startswith(("quantity", "moment", "time")):
        return detail["msg"]
    expected = " or ".join([expectation(detail), *others])
    return f"expected {expected}, got {shown(detail['input'])}{similar(detail)}"


def unknown_key(path: Path) -> str:
    """Name a key that means nothing where it stands, and what was perhaps meant."""
    part = part_of(annotation_at(Topology, path[:-1]))
    known = list(keys_of(part)) if part else []
    key = str(path[-1])
    return f"unknown key '{key[:_SHOWN]}'" + (closest(key, known) or f", expected one of {', '.join(known)}")


def expectation(detail: ErrorDetails) -> str:
    """Say what pydantic expected, in the words of a topology."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _BOUNDS:
        name, text = _BOUNDS[kind]
        return text.format(f"{context[name]:.12g}")
    if kind in {"enum", "literal_error"}:
        return str(context["expected"])
    if kind == "string_pattern_mismatch" and (words := words_of(context["pattern"])):
        return " or ".join(f"'{word}'" for word in words)
    if detail["loc"][-1:] == (KEY,):
        return "a name of 1 to 200 characters without spaces and '>'"
    if kind == "model_type" and (short := SHORT_FORMS.get(part_of(annotation_at(Topology, detail["loc"])))):
        return short
    return _EXPECTED.get(kind.split("_", maxsplit=1)[0]) or detail["msg"].removeprefix("Input should be ")


def similar(detail: ErrorDetails) -> str:
    """Give the word that was perhaps meant, where only some words are allowed."""
    context = detail.get("ctx", {})
    words = words_of(context["pattern"]) if "pattern" in context else str(context.get("expected", "")).split("'")[1::2]
    return closest(str(detail["input"]), words)


def words_of(pattern: str) -> list[str]:
    """Give the words that a pattern like ``^(high|low)$`` allows."""
    inner = pattern.removeprefix("^(").removesuffix(")$")
    return inner.split("|") if inner.replace("|", "").isalpha() else []


def shown(value: Any) -> str:
    """Write a value shortly."""
    if value is None:
        return "nothing"
    if isinstance(value, (dict, list, tuple)):
        return "a mapping" if isinstance(value, dict) else "a list" if value else "an empty list"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"'{text if len(text) <= _SHOWN else text[:_SHOWN] + '...'}'"
