"""Values of Open-PSA expressions: numbers, parameters, arithmetic, and the usual models of components."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cascade.loading.xml import Element

MISSION_H: Final = 8760.0
"""Mission time of a system where the model says nothing else [h]."""


def quotient(one: float, *others: float) -> float:
    """Divide a number by others, one after the other."""
    return one / math.prod(others)


def exponential(rate: float, time: float) -> float:
    """Chance to have failed by a time, at a constant rate."""
    return -math.expm1(-rate * time)


def repairable(at_demand: float, rate: float, repair: float, time: float) -> float:
    """Chance to be down at a time, failing and being repaired at constant rates (GLM)."""
    both = rate + repair
    settled = rate / both
    return settled + (at_demand - settled) * math.exp(-both * time)


def weibull(scale: float, shape: float, start: float, time: float) -> float:
    """Chance to have failed by a time, by a Weibull law."""
    return -math.expm1(-((max(time - start, 0.0) / scale) ** shape))


def midpoint(low: float, high: float) -> float:
    """Mean of a uniform law."""
    return (low + high) / 2.0


def first(mean: float, *_: float) -> float:
    """Mean of a law whose first parameter it is."""
    return mean


FUNCTIONS: Final[dict[str, Callable[..., float]]] = {
    "neg": lambda value: -value,
    "add": lambda *values: math.fsum(values),
    "sub": lambda value, *others: value - math.fsum(others),
    "mul": lambda *values: math.prod(values),
    "div": quotient,
    "pow": math.pow,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "min": min,
    "max": max,
    "exponential": exponential,
    "GLM": repairable,
    "Weibull": weibull,
    "uniform-deviate": midpoint,
    "normal-deviate": first,
    "lognormal-deviate": first,
}
"""What an expression with arguments gives; of a random number its mean."""


class Expressions:
    """Works out values; what is wrong is told once."""

    def __init__(self, parameters: Mapping[str, Element], complain: Callable[[Element, str], None]) -> None:
        self.parameters = parameters
        self.complain = complain
        self.under_way: list[str] = []

    def value(self, element: Element) -> float:
        """Give the value of an expression, nan where it has none."""
        if element.tag in {"float", "int", "bool"}:
            return self.number(element)
        if element.tag == "parameter":
            return self.parameter(element)
        if element.tag == "system-mission-time":
            return MISSION_H
        function = FUNCTIONS.get(element.tag)
        if function is None:
            self.complain(element, f"<{element.tag}> is no expression that is supported")
            return math.nan
        arguments = [self.value(child) for child in element.children]
        try:
            return float(function(*arguments))
        except (TypeError, ValueError, ArithmeticError):
            self.complain(element, f"<{element.tag}> cannot be worked out for {arguments}")
            return math.nan

    def number(self, element: Element) -> float:
        """Read a number."""
        text = element.attributes.get("value", "")
        try:
            return float({"true": "1", "false": "0"}.get(text, text))
        except ValueError:
            self.complain(element, f"expected a number as value, got '{text}'")
            return math.nan

    def parameter(self, element: Element) -> float:
        """Give the value of a parameter."""
        name = element.attributes.get("name", "")
        definition = self.parameters.get(name)
        if definition is None or name in self.under_way or not definition.children:
            circle = " stands in a circle" if name in self.under_way else " is not defined"
            self.complain(element, f"parameter '{name}'{circle}")
            return math.nan
        self.under_way.append(name)
        value = self.value([child for child in definition.children if child.tag != "label"][-1])
        self.under_way.pop()
        return value
