"""What a change must not do: the bars that a comparison is held against."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from cascade.errors import CascadeError
from cascade.wording import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cascade.analysis.diff import Diff
    from cascade.analysis.diff.tolls import Toll


class Bar(StrEnum):
    """What counts as too much; each is about parts that were there before."""

    NEW_SINGLE_POINT = "new-single-point"
    """Something takes an entry point down alone that did not."""
    NEW_IMPACT = "new-impact"
    """Something takes any part down alone that did not."""
    NEW_PAIR = "new-pair"
    """Two failures together take an entry point down that did not."""
    FALSE_REDUNDANCY = "false-redundancy"
    """A redundant group does not survive a single failure that it survived."""
    WORSE = "worse"
    """A failure or scenario costs users more, or is over later, beyond the noise; or something is lost without one."""
    EXPECTATION = "expectation"
    """A scenario does not come to what is expected of it, and did."""
    OBJECTIVE = "objective"
    """An entry point cannot keep the availability that it promises, and could."""
    FINDING = "finding"
    """The lint finds something that it did not."""


NEED_RUNS: Final = frozenset({Bar.WORSE, Bar.EXPECTATION})
"""What structure alone cannot tell."""


def read_bar(name: str) -> Bar:
    """Give a bar by its name.

    Raises
    ------
    CascadeError
        When there is no such bar.
    """
    if name not in {*Bar}:
        raise CascadeError(f"there is no '{name}' to fail on; there are {listed([*Bar], len(Bar))}")
    return Bar(name)


def is_missed(diff: Diff, bar: Bar) -> bool:
    """Tell whether a change does what it must not.

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


MISSED: Final[dict[Bar, Callable[[Diff], bool]]] = {
    Bar.NEW_SINGLE_POINT: lambda diff: hits(diff.single_points_introduced),
    Bar.NEW_IMPACT: lambda diff: hits(diff.impacts_introduced),
    Bar.NEW_PAIR: lambda diff: bool(diff.cut_sets_introduced),
    Bar.FALSE_REDUNDANCY: lambda diff: bool(diff.false_redundancies_introduced),
    Bar.WORSE: lambda diff: bool(diff.worse) or diff.rest.is_worse,
    Bar.EXPECTATION: lambda diff: bool(diff.expectations_broken),
    Bar.OBJECTIVE: lambda diff: any(each.is_met is False and each.was_met is not False for each in diff.availabilities),
    Bar.FINDING: lambda diff: bool(diff.findings_introduced),
}
