"""The ranking of failures by what they cost or take with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from cascade.analysis.sentences import about
from cascade.analysis.sweep import Sweep
from cascade.analysis.sweep_sentences import short, what_fails
from cascade.engine.outcome import Ending
from cascade.report.lanes import shortened
from cascade.report.style import BAND, HIT, INK, own_axes, rows_that_fit, set_title, sizes, tidy, told
from cascade.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from cascade.analysis.contingencies import Contingencies

MOST_BARS: Final = 25
FEWEST: Final = 4
"""Bars for which there is always room, so that one is not as high as the figure."""
BAR_IN: Final = 0.24
LONGEST: Final = 0.68
"""Share of the width that the longest bar takes; the rest is for what is written beside it."""


@dataclass(frozen=True)
class Look:
    """How bars look, and what that says."""

    colour: Any
    hatch: str
    words: str


@dataclass(frozen=True)
class Bar:
    """One failure in the ranking."""

    label: str
    length: float
    note: str
    look: Look


ENDINGS: Final = {
    Ending.RECOVERED: Look(HIT(0.0), "", "comes back"),
    Ending.UNFINISHED: Look(HIT(0.5), "///", "not over in time"),
    Ending.STUCK: Look(HIT(1.0), "xxx", "never comes back"),
}
"""By how a failure ends."""
USERS: Final = (Look(HIT(0.0), "", "users keep all they call"), Look(HIT(0.7), "", "takes an entry point down"))
"""By whether users lose an entry point."""


def plot_ranking(result: Sweep | Contingencies, *, axes: Axes | None = None) -> Axes:
    """Rank failures, the worst first; gives the axes.

    Those of a sweep by the user-minutes that they cost, and by whether it all comes back; those that go by structure
    alone by the services that are down with them.
    """
    every = bars_of_sweep(result) if isinstance(result, Sweep) else bars_of_structure(result)
    is_own, count = axes is None, max(min(len(every), MOST_BARS), FEWEST)
    axes = axes or own_axes(8.0, 1.4 + BAR_IN * count)
    shown = every[: MOST_BARS if is_own else rows_that_fit(axes, MOST_BARS)]
    more = f"; the worst {len(shown)} of {len(every)}" if len(shown) < len(every) else ""
    if isinstance(result, Sweep):
        question = "Which failure costs most?"
        topic = f"{result.topology.name}: {what_fails(result)} for {about(result.study.lasts_s)}"
        axes.set_xlabel("lost by users [user-minutes]")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
    else:
        question, topic = "Which failure takes most with it?", "by structure alone"
        axes.set_xlabel("other services that are down with it")
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    if shown:
        draw_bars(axes, shown)
    tidy(axes)
    set_title(axes, question, topic + more)
    return axes if shown else told(axes, "no failure takes anything with it")


def bars_of_sweep(sweep: Sweep) -> list[Bar]:
    """Give a bar for each failure that costs users anything."""
    rows = [(place, sweep.columns.rows[place]) for place in sweep.ranking.tolist()]
    return [
        Bar(sweep.labels[place], float(row["impact_minutes"]), short(row["impact_minutes"]), ENDINGS[row["ending"]])
        for place, row in rows
        if short(row["impact_minutes"]) != "0"
    ]


def bars_of_structure(found: Contingencies) -> list[Bar]:
    """Give a bar for each failure that takes anything with it."""
    bars = []
    for place in found.ranking.tolist():
        down, users = int(found.affected_count[place]), int(found.entry_points_lost_count[place])
        note = f"{down:,}" + (f", {counted(users, 'entry point')}" if users else "")
        bars.append(Bar(found.names[place], down, note, USERS[users > 0]))
    return [bar for bar in bars if bar.length]


def draw_bars(axes: Axes, shown: Sequence[Bar]) -> None:
    """Draw bars with names and numbers, and explain their looks where there are several."""
    size = sizes(axes)
    for row, bar in enumerate(shown):
        edge = BAND if bar.look.hatch else INK
        axes.barh(row, bar.length, 0.74, color=bar.look.colour, hatch=bar.look.hatch, edgecolor=edge, linewidth=0.5)
        axes.text(bar.length, row, f" {bar.note}", va="center_baseline", fontsize=size.note, color=INK)
    axes.set_yticks(range(len(shown)), [shortened(bar.label, size.name_letters) for bar in shown], fontsize=size.tick)
    axes.set_ylim(max(len(shown), FEWEST) - 0.4, -0.6)
    axes.set_xlim(0.0, max(bar.length for bar in shown) / LONGEST)
    looks = [look for look in (*ENDINGS.values(), *USERS) if any(bar.look is look for bar in shown)]
    if len(looks) > 1:
        patches = [Patch(facecolor=look.colour, hatch=look.hatch, edgecolor=BAND, label=look.words) for look in looks]
        axes.legend(handles=patches, **size.legend, loc="lower right")
