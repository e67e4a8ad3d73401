"""What a change to a topology does, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from cascade.analysis.diff.play import LEAST_SHARE, Verdict
from cascade.analysis.sentences import about
from cascade.analysis.sweep_sentences import amount, short
from cascade.wording import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cascade.analysis.diff import Diff
    from cascade.analysis.diff.play import Paired, Played
    from cascade.analysis.diff.rest import Rest
    from cascade.analysis.diff.structure import SharedFailure
    from cascade.analysis.diff.tolls import Toll

MOST_TOLD: Final = 2
"""Clauses of one kind in a headline."""
MOST_LOOSE: Final = 6
"""Runs named that cannot be compared."""
LOOSE_SHARE: Final = 0.1
"""Of what users lose, or of a minute: noise beyond this leaves nothing to be said."""


def headline(diff: Diff) -> str:
    """Say in one sentence what got worse, and what was mended."""
    if diff.is_empty:
        return "No difference."
    clauses = [*worse(diff), *mended(diff)]
    if clauses:
        return f"{'; '.join(clauses)}."
    nothing = "no part is taken down by other failures than before"
    if diff.played is not None and diff.played.pairs:
        nothing = "nothing gets noticeably worse or better"
    return f"{counted(len(diff.changes), 'change')}, and {nothing}."


def worse(diff: Diff) -> Iterator[str]:
    """Yield what got worse for parts that were there before."""
    yield from of_points(diff.single_points_introduced, "now takes down")
    yield from of_impacts(others(diff.impacts_introduced, diff.single_points_introduced), "now takes down")
    yield from of_groups(diff.false_redundancies_introduced)
    yield from of_expectations(diff)
    yield from of_objectives(diff)
    yield from of_rest(diff.rest, is_worse=True)
    yield from of_runs(diff.worse, "worse", "more", "later")


def mended(diff: Diff) -> Iterator[str]:
    """Yield what got better for parts that are still there."""
    yield from of_points(diff.single_points_resolved, "no longer takes down")
    yield from of_impacts(others(diff.impacts_resolved, diff.single_points_resolved), "no longer takes down")
    yield from of_rest(diff.rest, is_worse=False)
    yield from of_runs(diff.better, "better", "less", "earlier")


def others(impacts: Sequence[Toll], points: Sequence[Toll]) -> Sequence[Toll]:
    """Give what takes parts down that were there before, but for what takes entry points down and is told as such."""
    told = {toll.fails for toll in points if toll.takes}
    return [toll for toll in impacts if toll.takes and toll.fails not in told]


def of_points(tolls: Sequence[Toll], verb: str) -> Iterator[str]:
    """Yield what takes entry points down alone, what takes most first."""
    found = by_taken(tolls)
    for taken, fails in found[:MOST_TOLD]:
        what = listed(taken, 1) if len(taken) == 1 else counted(len(taken), "entry point")
        yield f"{listed(fails, 2)} {alone(fails, verb)} {what}"
    if more := [name for _, fails in found[MOST_TOLD:] for name in fails]:
        yield f"{len(more):,} more {alone(more, verb)} others"


def by_taken(tolls: Sequence[Toll]) -> list[tuple[tuple[str, ...], list[str]]]:
    """Put together what takes the same parts down that were there before, what takes most first."""
    found: dict[tuple[str, ...], list[str]] = {}
    for toll in tolls:
        if toll.takes:
            found.setdefault(toll.takes, []).append(toll.fails)
    return sorted(found.items(), key=lambda item: -len(item[0]))


def alone(fails: Sequence[str], verb: str) -> str:
    """Put a verb to what fails, each for itself."""
    return f"{'alone' if len(fails) == 1 else 'each alone'} {agreeing(fails, verb)}"


def agreeing(fails: Sequence[str], verb: str) -> str:
    """Give a verb the number of what fails."""
    return verb if len(fails) == 1 else verb.replace("takes", "take")


def of_impacts(tolls: Sequence[Toll], verb: str) -> Iterator[str]:
    """Yield what takes other parts down: what takes most, and how many more there are."""
    for taken, fails in (found := by_taken(tolls))[:1]:
        which = taken[0] if len(taken) == 1 else counted(len(taken), "part")
        more = [name for _, names in found[1:] for name in names]
        rest = f", and {counted(len(more), 'more failure')} {agreeing(more, verb)} other parts" if more else ""
        yield f"{listed(fails, 2)} {agreeing(fails, verb)} {which}{rest}"


def of_groups(groups: Sequence[SharedFailure]) -> Iterator[str]:
    """Yield the groups that are not as redundant as they look."""
    for group in groups[:MOST_TOLD]:
        yield f"{group.group} does not survive the loss of {listed(group.causes, 2)}"


def of_expectations(diff: Diff) -> Iterator[str]:
    """Yield the scenarios that do not come to what is expected of them."""
    names = dict.fromkeys(each.scenario for each in diff.expectations_broken)
    if names:
        yield f"{listed(names, 2)} {'fails' if len(names) == 1 else 'fail'} what is expected"


def of_objectives(diff: Diff) -> Iterator[str]:
    """Yield the entry points that can no longer keep what they promise."""
    names = [each.name for each in diff.objectives_broken]
    if names:
        yield f"{listed(names, 2)} can no longer keep what {'it promises' if len(names) == 1 else 'they promise'}"


def of_rest(rest: Rest, *, is_worse: bool) -> Iterator[str]:
    """Yield what users lose while nothing fails."""
    for change in [each for each in rest.changes if each.is_worse is is_worse][:MOST_TOLD]:
        old, new = f"{change.old_lost_fraction:.1%}", f"{change.new_lost_fraction:.1%}"
        yield f"{change.name} loses {new} of its requests while nothing fails, {old} before"
    if rest.was_settled is not rest.is_settled and rest.was_settled is is_worse:
        yield f"the topology {'no longer' if is_worse else 'now'} comes to rest by itself"


def of_runs(pairs: Sequence[Paired], get: str, more: str, later: str) -> Iterator[str]:
    """Yield by how much a failure or scenario costs users more or less, or is over later or earlier."""
    if not pairs:
        return
    first = pairs[0]
    others = f"{counted(len(pairs) - 1, 'other')} {'is' if len(pairs[1:]) == 1 else 'are'}"
    rest = f" ({others} {get}, too)" if len(pairs) > 1 else ""
    what = f"{first.case.name} failing" if first.case.kind == "failure" else str(first.case)
    if first.is_by_loss:
        yield f"{what} costs users {amount(abs(first.difference_minutes))} {more}{rest}"
    elif math.isinf(first.old.back_s) or math.isinf(first.new.back_s):
        yield f"{what} is {'over at last' if math.isinf(first.old.back_s) else 'never over'}{rest}"
    else:
        yield f"{what} is over {about(abs(first.new.back_s - first.old.back_s))} {later}{rest}"


def of_played(played: Played) -> Iterator[str]:
    """Say how both were played, and of how many no difference can be told."""
    drawn = f", with the same {played.samples:,} samples (seed {played.seed})" if played.samples else ""
    if played.pairs:
        also = " and the samples" if played.samples else ""
        yield (
            f"Each failure lasts {about(played.lasts_s)} and is followed for {about(played.horizon_s)}, from rest, "
            f"with the same step on both sides{drawn}. A difference counts where it is larger than its noise (what "
            f"the step{also} may make of it) and than {LEAST_SHARE:.0%} of what users lose. Only parts that both "
            "have are looked at."
        )
    same = played.with_verdict(Verdict.SAME)
    if close := [pair for pair in same if not is_loose(pair)]:
        noise = max(pair.noise_minutes for pair in close)
        yield (
            f"{counted(len(close), 'run')} on both sides without a difference that counts "
            f"(noise ±{short(noise)} user-minutes at most)."
        )
    if loose := [pair for pair in same if is_loose(pair)]:
        names = listed([f"{pair.case} (±{short(pair.noise_minutes)})" for pair in loose], MOST_LOOSE)
        yield f"Too uncertain to be compared, for little decides what they come to: {names}."
    if played.unchanged_count:
        yield f"Not played, for nothing was changed that could matter: {played.unchanged_count:,}."


def is_loose(pair: Paired) -> bool:
    """Tell whether the noise of a difference is so large that nothing is known of it."""
    return pair.noise_minutes > max(LOOSE_SHARE * max(pair.old.impact_minutes, pair.new.impact_minutes), LOOSE_SHARE)
