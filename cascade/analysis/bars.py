"""What makes a lint, a check or a diff fail: a severity, a rule, a measure past a number, or what a change does."""

from __future__ import annotations

import math
import operator
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from cascade.analysis.lint.finding import Severity
from cascade.errors import CascadeError
from cascade.units import closest, parse_share
from cascade.wording import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cascade.analysis.lint.finding import Finding

OPERATORS: Final[dict[str, Callable[[float, float], bool]]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
COMPARISON: Final = re.compile(r"\s*([\w-]+)\s*(<=|>=|<|>)(?!=)\s*(.*?)\s*")
LIKE: Final = "like blast-radius>40%"


class ChangeBar(StrEnum):
    """What a change must not do; each is about parts that were there before."""

    NEW_SINGLE_POINT = "new-single-point"
    """Something takes an entry point down alone that did not."""
    NEW_IMPACT = "new-impact"
    """Something takes any part down alone that did not."""
    NEW_PAIR = "new-pair"
    """Two failures together take an entry point down that did not."""
    FALSE_REDUNDANCY = "false-redundancy"
    """A redundant group does not survive a single failure, and did, or was not there."""
    NEW_FINDING = "new-finding"
    """Something is found that was not."""
    UNMET_EXPECTATION = "unmet-expectation"
    """A scenario does not come to what is expected of it, and did."""
    UNMET_OBJECTIVE = "unmet-objective"
    """An entry point cannot keep the availability that it promises, and could."""
    WORSE = "worse"
    """A failure or scenario costs users more, or is over later, beyond the noise; or something is lost without one."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A measure compared with a number."""

    text: str
    """As people write it: ``blast-radius>40%``."""
    measure: str
    sign: str
    bound: float

    def is_passed(self, value: float) -> bool:
        """Whether a value is beyond it."""
        return OPERATORS[self.sign](value, self.bound)


@dataclass(frozen=True, slots=True)
class Bars:
    """Everything that makes a build fail."""

    texts: tuple[str, ...]
    """As they were given."""
    least: int
    """Rank of the mildest severity that fails; -1 when none does."""
    rules: frozenset[str]
    """Rules of which every finding fails."""
    limits: tuple[Limit, ...] = ()
    does_new_fail: bool = False
    """Whether every finding fails that the base does not have."""

    def __str__(self) -> str:
        """Write them as they were given."""
        return listed(self.texts, len(self.texts), last="or")

    def meets(self, finding: Finding, *, is_new: bool = False) -> bool:
        """Whether a finding is at or above one of them."""
        return finding.severity.rank <= self.least or finding.rule in self.rules or (self.does_new_fail and is_new)


def read_bars(texts: Iterable[str], rules: Iterable[str], measures: Mapping[str, bool] | None = None) -> Bars:
    """Read what makes a build fail.

    Parameters
    ----------
    texts : iterable of str
        Each a severity, which stands for the worse ones too, a rule, or a comparison of a measure with a number.
    rules : iterable of str
        Names of the rules that are known.
    measures : mapping of str to bool, optional
        Measures that are known, and whether each is a share; without any, nothing is compared.

    Raises
    ------
    CascadeError
        When a text is nothing of these.

    Examples
    --------
    >>> read_bars(["medium", "blast-radius > 40%"], [], {"blast-radius": True}).limits
    (Limit(text='blast-radius>40%', measure='blast-radius', sign='>', bound=0.4),)
    """
    given = tuple(text.strip() for text in texts)
    known = {rule.upper() for rule in rules}
    severities = {severity.value: severity.rank for severity in Severity}
    words = [text for text in given if not is_comparison(text)]
    named = {text.upper() for text in words} & known
    for text in words:
        if text.lower() not in severities and text.upper() not in known and not is_of_base(text, measures):
            raise unknown(text, severities, known, measures)
    return Bars(
        texts=given,
        least=max((severities[text.lower()] for text in words if text.lower() in severities), default=-1),
        rules=frozenset(named),
        limits=tuple(limit_of(text, measures or {}) for text in given if is_comparison(text)),
        does_new_fail=any(is_of_base(text, measures) for text in words),
    )


def is_comparison(text: str) -> bool:
    """Whether a text is meant to compare something."""
    return bool(re.search("[<>=]", text))


def is_of_base(text: str, measures: Mapping[str, bool] | None) -> bool:
    """Whether a text asks for what a base does not have; where nothing is measured nothing is compared with a base."""
    return measures is not None and text.lower() == ChangeBar.NEW_FINDING


def limit_of(text: str, measures: Mapping[str, bool]) -> Limit:
    """Read the comparison of a measure with a number."""
    found = COMPARISON.fullmatch(text)
    if not found or not measures:
        what = f"a measure, one of {', '.join(OPERATORS)}, and a number, {LIKE}" if measures else "a severity or a rule"
        raise CascadeError(f"expected {what}, got '{text}'")
    name, sign, number = found[1].lower(), found[2], found[3]
    if name not in measures:
        hint = closest(name, measures) or f", expected one of {', '.join(measures)}"
        raise CascadeError(f"no measure '{found[1]}'{hint}")
    bound = number_of(number, is_share=measures[name])
    if not math.isfinite(bound):
        what = "a share, like 40%" if measures[name] else "a number, like 0"
        raise CascadeError(f"expected {what}, got '{number}' in '{text}'")
    return Limit(f"{name}{sign}{number}", name, sign, bound)


def number_of(text: str, *, is_share: bool) -> float:
    """Read a share or a number; nan where it is none."""
    try:
        return parse_share(text) if is_share else float(text.replace(",", ""))
    except ValueError:
        return math.nan


def unknown(
    text: str, severities: Iterable[str], rules: Iterable[str], measures: Mapping[str, bool] | None
) -> CascadeError:
    """Say that a text means nothing, and what was perhaps meant."""
    if measures and text.lower() in measures:
        return CascadeError(f"expected '{text}' compared with a number, {LIKE}")
    if measures and text.lower() in {*ChangeBar}:
        return CascadeError(f"'{text}' is nothing that a check finds; cascade diff does")
    compared = [*measures, ChangeBar.NEW_FINDING] if measures else []
    hint = closest(text.lower(), [*severities, *compared]) or closest(text.upper(), rules)
    if measures:
        known = f"high, medium, low, a rule, {ChangeBar.NEW_FINDING}, or {', '.join(measures)} compared with a number"
        return CascadeError(f"no severity, rule or measure '{text}'{hint or f', expected {known}'}")
    return CascadeError(f"no severity or rule '{text}'{hint or ', expected high, medium, low or a rule'}")


def read_change_bar(text: str) -> ChangeBar:
    """Read what a change must not do.

    Raises
    ------
    CascadeError
        When there is no such bar.

    Examples
    --------
    >>> print(read_change_bar("New-Impact"))
    new-impact
    """
    name = text.strip().lower()
    if name not in {*ChangeBar}:
        hint = closest(name, ChangeBar) or f", expected one of {', '.join(ChangeBar)}"
        raise CascadeError(f"no bar '{text}' for a change{hint}")
    return ChangeBar(name)
