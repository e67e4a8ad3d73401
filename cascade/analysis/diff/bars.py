"""Whether a change does what it must not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cascade.analysis.bars import ChangeBar
from cascade.errors import CascadeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cascade.analysis.diff import Diff
    from cascade.analysis.diff.tolls import Toll

NEED_RUNS: Final = frozenset({ChangeBar.WORSE, ChangeBar.UNMET_EXPECTATION})
"""What structure alone cannot tell."""


def is_missed(diff: Diff, bar: ChangeBar) -> bool:
    """Tell whether a change does what a bar forbids.

    Raises
    ------
    CascadeError
        When that needs runs, and nothing was played.
    """
    if bar in NEED_RUNS and diff.played is None and not diff.is_empty:
        raise CascadeError(f"whether '{bar}' is so cannot be told by structure alone")
    return MISSED[bar](diff)


def hits(tolls: Iterable[Toll]) -> bool:
    """Tell whether failures take anything down that was there before."""
    return any(toll.takes for toll in tolls)


MISSED: Final[dict[ChangeBar, Callable[[Diff], bool]]] = {
    ChangeBar.NEW_SINGLE_POINT: lambda diff: hits(diff.single_points_introduced),
    ChangeBar.NEW_IMPACT: lambda diff: hits(diff.impacts_introduced),
    ChangeBar.NEW_PAIR: lambda diff: bool(diff.cut_sets_introduced),
    ChangeBar.FALSE_REDUNDANCY: lambda diff: bool(diff.false_redundancies_introduced),
    ChangeBar.NEW_FINDING: lambda diff: bool(diff.findings_introduced),
    ChangeBar.UNMET_EXPECTATION: lambda diff: bool(diff.expectations_broken),
    ChangeBar.UNMET_OBJECTIVE: lambda diff: bool(diff.objectives_broken),
    ChangeBar.WORSE: lambda diff: bool(diff.worse) or diff.rest.is_worse,
}
