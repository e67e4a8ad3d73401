"""What a sweep says in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.analysis.pairs import pair_count
from cascade.analysis.sentences import about, count
from cascade.engine.outcome import Ending
from cascade.wording import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from cascade.analysis.sweep import Sweep

NOTICED_MINUTES: Final = 1e-3
"""Impact that counts as one [user-minutes]."""
MOST_NAMED: Final = 6


def headline(sweep: Sweep) -> str:
    """Say in one sentence how many contingencies hit users, how many are not over, and which is worst."""
    if not sweep.labels:
        return f"Nothing to simulate: {sweep.topology.name} has no services."
    worst = int(sweep.ranking[0])
    row = sweep.columns.rows[worst]
    cost = f"costs {amount(float(row['impact_minutes']))} and " if row["impact_minutes"] >= NOTICED_MINUTES else ""
    others = counted(int(row["affected_count"]), "other part")
    found = ", ".join(filter(None, (users(sweep), endings(sweep))))
    return (
        f"{what_fails(sweep)} for {about(sweep.study.lasts_s)}: {found}; "
        f"the worst, {sweep.labels[worst]}, {cost}hits {others}."
    )


def what_fails(sweep: Sweep) -> str:
    """Count what fails: single failures, and pairs."""
    pairs = sum(len(each) > 1 for each in sweep.study.contingencies)
    single = counted(len(sweep.labels) - pairs, "single failure")
    return (
        f"{single} and {counted(pairs, 'pair')}, each"
        if pairs
        else f"{single}{', each' if len(sweep.labels) > 1 else ''}"
    )


def users(sweep: Sweep) -> str:
    """Say how many contingencies users notice."""
    if not sweep.entry_points:
        return "no service has demand from outside, so there are no users to hit"
    hit = int(np.count_nonzero(is_noticed(sweep)))
    if hit == 0:
        return "users notice none of them"
    return f"{hit:,} hit{'s' if hit == 1 else ''} users"


def is_noticed(sweep: Sweep) -> NDArray[np.bool_]:
    """Whether users lose something, or are outside what they were promised (N,)."""
    return (sweep.columns.rows["impact_minutes"] >= NOTICED_MINUTES) | (sweep.entry_points_hit_count > 0)


def endings(sweep: Sweep) -> str:
    """Say how many contingencies are not over."""
    stuck, left = (
        int(np.count_nonzero(sweep.columns.rows["ending"] == how)) for how in (Ending.STUCK, Ending.UNFINISHED)
    )
    parts = [f"{stuck:,} never recover{'s' if stuck == 1 else ''}"] if stuck else []
    if left:
        do = "does" if left == 1 else "do"
        parts.append(f"{left:,} {do} not recover within {about(sweep.study.horizon_s)}")
    return " and ".join(parts)


def amount(minutes: float) -> str:
    """Write an impact.

    Examples
    --------
    >>> amount(31.25), amount(0.52)
    ('31.2 user-minutes', '0.52 user-minutes')
    """
    return f"{short(minutes)} user-minute{'' if minutes == 1.0 else 's'}"


def short(minutes: float) -> str:
    """Write minutes with three digits that count, and none behind a hundredth.

    Examples
    --------
    >>> short(31.25), short(1234.5), short(0.0012), short(0.0)
    ('31.2', '1,230', '<0.01', '0')
    """
    if minutes >= 100.0:  # noqa: PLR2004 - three digits
        return count(minutes)
    if 0.0 < minutes < 0.01:  # noqa: PLR2004 - as above
        return "<0.01" if minutes >= NOTICED_MINUTES else "0"
    return f"{minutes:.3g}" if minutes >= 1.0 else f"{round(minutes, 2):g}"


def meaning(sweep: Sweep) -> str:
    """Say what was simulated, and what the numbers mean."""
    return (
        f"Each is a run of its own, from rest, followed for {about(sweep.study.horizon_s)}. A user-minute is a minute "
        "in which an entry point of weight 1 loses all its requests; a part is hit while it is outside its objective."
    )


def of_endings(sweep: Sweep) -> Iterator[str]:
    """Name what does not come back."""
    stuck = named(sweep, sweep.columns.rows["ending"] == Ending.STUCK)
    if stuck:
        yield f"Stuck, though what failed is repaired, until somebody intervenes: {listed(stuck, MOST_NAMED)}."
    left = named(sweep, sweep.columns.rows["ending"] == Ending.UNFINISHED)
    if left:
        yield f"Not over after {about(sweep.study.horizon_s)}: {listed(left, MOST_NAMED)}."


def of_structure(sweep: Sweep) -> Iterator[str]:
    """Name the contingencies of which structure alone says something else."""
    if not sweep.entry_points:
        return
    found, noticed = sweep.columns, is_noticed(sweep)
    if unseen := named(sweep, noticed & (found.static_lost_count == 0)):
        names = listed(unseen, MOST_NAMED)
        yield f"Structure alone leaves every entry point up, but users are hit: {names}."
    if borne := named(sweep, ~noticed & (found.static_lost_count > 0)):
        names, lasts = listed(borne, MOST_NAMED), about(sweep.study.lasts_s)
        yield f"Failing for good these take users down by structure, in {lasts} they do not: {names}."


def of_pairs(sweep: Sweep) -> Iterator[str]:
    """Say which pairs were simulated, and how many are worse than their two alone."""
    simulated = np.array([len(each) > 1 for each in sweep.study.contingencies], np.bool_)
    if not sweep.study.contingencies or not (simulated.any() or sweep.study.order > 1):
        return
    every, some = pair_count(sweep.topology), int(simulated.sum())
    which = (
        "all pairs" if some == every else f"{some:,} of {counted(every, 'pair')}, those that weaken the same redundancy"
    )
    worse = int(np.count_nonzero(sweep.excess_minutes > NOTICED_MINUTES))
    cost = "costs" if worse == 1 else "cost"
    yield f"Simulated: {which}; {worse:,} {cost} users more than the two failures do one by one."


def named(sweep: Sweep, wanted: NDArray[np.bool_]) -> Sequence[str]:
    """Give the contingencies for which something holds, the worst first."""
    return [sweep.labels[index] for index in sweep.ranking.tolist() if wanted[index]]
