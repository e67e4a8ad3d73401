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
from cascade.errors import CascadeError
from cascade.units import closest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cascade.analysis.lint.finding import Rule

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


def rule_of(name: str, rules: Iterable[Rule] = RULES) -> Rule:
    """Give the rule of a name, however it is spelt in capitals; of the lint, or of some others.

    Raises
    ------
    CascadeError
        When there is none.

    Examples
    --------
    >>> print(rule_of("no-timeout").name)
    NO-TIMEOUT
    """
    known = {str(rule.name): rule for rule in rules}
    if name.upper() not in known:
        hint = closest(name.upper(), known) or f", expected one of {', '.join(known)}"
        raise CascadeError(f"no rule '{name}'{hint}")
    return known[name.upper()]
