"""All rules of the lint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cascade.analysis.lint import (
    fallback_shares_path,
    no_timeout,
    objective_too_high,
    retry_amplification,
    retry_without_budget,
    self_supporting_group,
    slowness_not_retried,
    startup_cycle,
    suppressions,
    timeout_inversion,
)
from cascade.analysis.lint.finding import Severity
from cascade.errors import CascadeError
from cascade.units import closest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cascade.analysis.lint.finding import Finding, Findings, Rule

RULES: Final[tuple[Rule, ...]] = (
    retry_amplification.RULE,
    timeout_inversion.RULE,
    no_timeout.RULE,
    retry_without_budget.RULE,
    slowness_not_retried.RULE,
    startup_cycle.RULE,
    fallback_shares_path.RULE,
    objective_too_high.RULE,
    self_supporting_group.RULE,
    *suppressions.RULES,
)
"""In the order in which they are documented; findings of one severity come in this order, too."""


def rule_of(name: str) -> Rule:
    """Give the rule of a name, however it is spelt in capitals.

    Raises
    ------
    CascadeError
        When there is none.

    Examples
    --------
    >>> print(rule_of("no-timeout").name)
    NO-TIMEOUT
    """
    known = {str(rule.name): rule for rule in RULES}
    if name.upper() not in known:
        hint = closest(name.upper(), known) or f", expected one of {', '.join(known)}"
        raise CascadeError(f"no rule '{name}'{hint}")
    return known[name.upper()]


def meeting(findings: Findings, bars: Iterable[str]) -> tuple[Finding, ...]:
    """Give the findings that meet a bar: at or above a severity, or of a rule.

    Raises
    ------
    CascadeError
        When a bar is neither.
    """
    least, rules = read_bars(bars)
    return tuple(each for each in findings if each.severity.rank <= least or each.rule in rules)


def read_bars(bars: Iterable[str]) -> tuple[int, set[str]]:
    """Give the rank of the mildest severity among some bars, -1 without any, and the names of the rules."""
    severities = {severity.value: severity.rank for severity in Severity}
    known = {*severities, *(str(rule.name) for rule in RULES)}
    least, rules = -1, set()
    for bar in bars:
        if bar.lower() in severities:
            least = max(least, severities[bar.lower()])
        elif bar.upper() in known:
            rules.add(bar.upper())
        else:
            hint = closest(bar.lower(), severities) or closest(bar.upper(), known)
            raise CascadeError(f"no severity or rule '{bar}'{hint or ', expected high, medium, low or a rule'}")
    return least, rules
