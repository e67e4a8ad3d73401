"""What a result of many runs, or of structure alone, comes to as bars."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from cascade.analysis import montecarlo_sentences, sweep_sentences
from cascade.analysis.montecarlo import LEAST_MINUTES
from cascade.analysis.sentences import about
from cascade.engine.outcome import Ending
from cascade.report.drawing.bars import Bar, Bars
from cascade.report.structure import is_single_point
from cascade.wording import counted

if TYPE_CHECKING:
    from cascade.analysis.contingencies import Contingencies
    from cascade.analysis.montecarlo import MonteCarlo
    from cascade.analysis.sweep import Sweep

MOST_BARS: Final = 15
SMALLEST: Final = 1e5
"""How many times smaller than the largest loss the smallest ones are that get a bar of their own."""
FEW_DECADES: Final = 3
"""Powers of ten that losses span up to which each is cut into three."""


def of_sweep(sweep: Sweep) -> Bars:
    """Rank the failures that were simulated by what they cost."""
    costs = sweep.columns.rows["impact_minutes"]
    places = [place for place in sweep.ranking.tolist() if costs[place] >= sweep_sentences.NOTICED_MINUTES]
    shown = places[:MOST_BARS]
    question = f"Which failure of {about(sweep.study.lasts_s)} costs users most?"
    left_out = f"Shown are the worst {len(shown)} of {len(places):,} that cost users anything."
    rows = [swept(sweep, place) for place in shown]
    return Bars(question, "user-minutes lost", rows, left_out if len(shown) < len(places) else "")


def swept(sweep: Sweep, place: int) -> Bar:
    """Give the bar of one failure: darkest where something does not come back."""
    row = sweep.columns.rows[place]
    cost = float(row["impact_minutes"])
    is_over = Ending(int(row["ending"])) is Ending.RECOVERED
    others = int(row["affected_count"])
    said = sweep_sentences.short(cost) + (f", hits {counted(others, 'other part')}" if others else "")
    return Bar(sweep.labels[place], cost, said if is_over else f"{said}, not over", 2 if is_over else 4)


def of_contingencies(found: Contingencies) -> Bars:
    """Rank the single points of failure by what goes down with them."""
    every = [index for index in found.ranking.tolist() if is_single_point(found, index)]
    shown = every[:MOST_BARS]
    rows = [
        Bar(
            found.names[index],
            float(found.affected_count[index]),
            f"{found.affected_count[index]:,}, {counted(int(found.entry_points_lost_count[index]), 'entry point')}",
        )
        for index in shown
    ]
    left_out = f"Shown are the worst {len(shown)} of {len(every):,} single points of failure."
    question = "Which single failure takes most with it?"
    return Bars(question, "other services that are down with it", rows, left_out if len(shown) < len(every) else "")


def of_montecarlo(found: MonteCarlo) -> Bars:
    """Give the shares of the incidents by how much they cost."""
    what = "incident" if found.is_of_incidents else "sample"
    losses = found.impact_minutes
    rows = [Bar("nothing", found.harmless_fraction, montecarlo_sentences.share(found.harmless_fraction), 0)]
    harmful = losses[losses > LEAST_MINUTES]
    edges = edges_of(float(harmful.min()), float(harmful.max())) if harmful.size else []
    for low, high in pairwise([0.0, *edges]):
        part = found.share((losses > max(low, LEAST_MINUTES)) & (losses <= high))
        rows.append(
            Bar(f"{low:,g} to {high:,g}" if low else f"up to {high:,g}", part, montecarlo_sentences.share(part))
        )
    return Bars(f"How much does one {what} cost?", f"share of the {what}s that cost so many user-minutes", rows)


def edges_of(low: float, high: float) -> list[float]:
    """Give round numbers between which losses are; what is very small beside the largest is not told apart.

    Examples
    --------
    >>> edges_of(3.0, 12.0)
    [5.0, 10.0, 20.0]
    >>> edges_of(1e-9, 120.0)
    [0.01, 0.1, 1.0, 10.0, 100.0, 1000.0]
    """
    low = max(low, high / SMALLEST)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if len(decades) <= FEW_DECADES + 1 else (1,)
    edges = [float(f"{step}e{power}") for power in decades for step in steps]
    first, last = bisect_right(edges, low), bisect_left(edges, high)
    return edges[first : last + 1]
