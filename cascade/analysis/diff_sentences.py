"""What a change to a topology does, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cascade.wording import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cascade.analysis.diff import Diff
    from cascade.analysis.diff_structure import SharedFailure
    from cascade.analysis.diff_tolls import Toll

MOST_TOLD: Final = 2
"""Clauses of one kind in a headline."""


def headline(diff: Diff) -> str:
    """Say in one sentence what got worse, and what was mended."""
    if diff.is_empty:
        return "No difference."
    clauses = [*worse(diff), *mended(diff)]
    if not clauses:
        return f"{counted(len(diff.changes), 'change')}, and no part is taken down by other failures than before."
    return f"{'; '.join(clauses)}."


def worse(diff: Diff) -> Iterator[str]:
    """Yield what got worse for parts that were there before."""
    yield from of_points(diff.single_points_introduced, "now takes down")
    named = {toll.fails for toll in diff.single_points_introduced if toll.takes}
    others = [toll for toll in diff.impacts_introduced if toll.takes and toll.fails not in named]
    yield from of_impacts(others, "now takes down")
    yield from of_groups(diff.false_redundancies_introduced)


def mended(diff: Diff) -> Iterator[str]:
    """Yield what got better for parts that are still there."""
    yield from of_points(diff.single_points_resolved, "no longer takes down")
    named = {toll.fails for toll in diff.single_points_resolved if toll.takes}
    others = [toll for toll in diff.impacts_resolved if toll.takes and toll.fails not in named]
    yield from of_impacts(others, "no longer takes down")


def of_points(tolls: Sequence[Toll], verb: str) -> Iterator[str]:
    """Yield what takes entry points down alone: what takes the same ones together, what takes most first."""
    by_taken: dict[tuple[str, ...], list[str]] = {}
    for toll in tolls:
        if toll.takes:
            by_taken.setdefault(toll.takes, []).append(toll.fails)
    found = sorted(by_taken.items(), key=lambda item: -len(item[0]))
    for taken, fails in found[:MOST_TOLD]:
        what = listed(taken, 1) if len(taken) == 1 else counted(len(taken), "entry point")
        yield f"{listed(fails, 2)} {alone(fails, verb)} {what}"
    if len(found) > MOST_TOLD:
        more = [name for _, fails in found[MOST_TOLD:] for name in fails]
        yield f"{len(more):,} more {alone(more, verb)} others"


def alone(fails: Sequence[str], verb: str) -> str:
    """Put a verb to what fails."""
    return f"alone {verb}" if len(fails) == 1 else f"each alone {verb.replace('takes', 'take')}"


def of_impacts(tolls: Sequence[Toll], verb: str) -> Iterator[str]:
    """Yield what takes other parts down, what takes most."""
    if not tolls:
        return
    most = max(tolls, key=lambda toll: len(toll.takes))
    which = most.takes[0] if len(most.takes) == 1 else counted(len(most.takes), "part")
    more = f" (and {len(tolls) - 1:,} more failures others)" if len(tolls) > 1 else ""
    yield f"{most.fails} {verb} {which}{more}"


def of_groups(groups: Sequence[SharedFailure]) -> Iterator[str]:
    """Yield the groups that are not as redundant as they look."""
    for group in groups[:MOST_TOLD]:
        yield f"{group.group} does not survive the loss of {listed(group.causes, 2)}"
