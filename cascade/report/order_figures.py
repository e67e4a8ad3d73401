"""The order of a cascade: who falls when, through whom, and in which wave."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from cascade.analysis.sentences import about
from cascade.report.lanes import shortened, unmarked
from cascade.report.moments import setting
from cascade.report.style import (
    BAND,
    FAINT,
    HIT,
    INK,
    LETTER,
    MARKERS,
    POINTS,
    legend_below,
    own_axes,
    rows_that_fit,
    set_title,
    sizes,
    tidy,
    told,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from matplotlib.axes import Axes

    from cascade.analysis.blast_radius import BlastRadius, Impact

MOST_ROWS: Final = 40
MOST_WAVES: Final = len(MARKERS)
"""Waves that are told apart; later ones look like the last of these."""
ROW_IN: Final = 0.22
SKEWED: Final = 12.0
"""How much later than half of them the last one falls, from which on short times are drawn wider."""
WHY: Final = 60
"""Letters of what is written beside a mark."""
NAMES: Final = 0.3
"""Share of the width that the names take."""
MOST_WRITING: Final = 0.6
"""Share of the axes that is left for writing."""
MARKS_S: Final = (0.0, 1.0, 10.0, 60.0, 600.0, 3600.0, 6 * 3600.0, 86400.0, 7 * 86400.0)
"""Times that such an axis names [s]."""


def plot_cascade_order(blast: BlastRadius, *, axes: Axes | None = None) -> Axes:
    """Draw the order in which parts fall: one row each, from the fall of what took it down to its own; gives the axes.

    The row counts the parts that are hit by then; the mark says how many steps a part is from the fault.
    """
    is_own, count = axes is None, max(min(len(blast.impacts), MOST_ROWS), 4)
    axes = axes or own_axes(9.0, 1.4 + ROW_IN * count)
    shown = blast.impacts[: MOST_ROWS if is_own else rows_that_fit(axes, MOST_ROWS)]
    more = f"; the first {len(shown)} of {len(blast.impacts)}" if len(shown) < len(blast.impacts) else ""
    question, topic = "Who falls when, and in which wave?", setting(blast.run) + more
    if not shown:
        set_title(axes, question, topic)
        return told(axes, "nothing leaves its objective")
    after_s = [max(impact.falls_s - blast.trigger_start_s, 0.0) for impact in shown]
    draw_ways(axes, shown, after_s)
    draw_falls(axes, shown, after_s)
    scale_times(axes, shown, after_s)
    name_rows(axes, shown)
    tidy(axes)
    axes.tick_params(axis="y", length=0)
    legend_below(axes, waves(axes, shown), ncols=MOST_WAVES + 1, handletextpad=0.1, columnspacing=0.7, handlelength=1.4)
    set_title(axes, question, topic)
    return axes


def draw_ways(axes: Axes, shown: Sequence[Impact], after_s: Sequence[float]) -> None:
    """Draw from each part to those that it takes down: down from its fall, then across to theirs."""
    row_of = {impact.name: row for row, impact in enumerate(shown)}
    for row, impact in enumerate(shown):
        above = row_of.get(impact.path[-2]) if len(impact.path) > 1 else None
        if above is not None and above < row:
            axes.plot(
                [after_s[above], after_s[above], after_s[row]], [above, row, row], color=FAINT, linewidth=0.9, zorder=1
            )
    for row in range(0, len(shown), 2):
        axes.axhspan(row - 0.5, row + 0.5, color=BAND, zorder=0, linewidth=0)


def draw_falls(axes: Axes, shown: Sequence[Impact], after_s: Sequence[float]) -> None:
    """Mark the falls by their wave, and write when and, where there is room, why."""
    size = sizes(axes)
    for row, (impact, time_s) in enumerate(zip(shown, after_s, strict=True)):
        axes.plot([time_s], [row], **look(wave_of(impact)), markersize=0.72 * size.tick, zorder=3)
        axes.annotate(
            words(impact, time_s, is_wide=size.is_wide), (time_s, row), xytext=(0.62 * size.tick, 0.0),
            textcoords="offset points", va="center_baseline", fontsize=size.note, color=INK, zorder=4,
        ).set_in_layout(False)  # fmt: skip


def words(impact: Impact, time_s: float, *, is_wide: bool) -> str:
    """Say when a part falls, and why where there is room."""
    if not is_wide:
        return about(time_s)
    return unmarked(textwrap.shorten(f"{about(time_s)}, {impact.why}", WHY, placeholder=" ..."))


def wave_of(impact: Impact) -> int:
    """Give how many steps a part is from the fault."""
    return len(impact.path) - 1


def look(wave: int) -> dict[str, Any]:
    """Give the mark of a wave: dark near the fault, light far from it."""
    step = min(wave, MOST_WAVES - 1)
    return {
        "marker": MARKERS[step], "color": HIT(1.0 - step / (MOST_WAVES - 1)), "markeredgecolor": INK,
        "markeredgewidth": 0.6, "linestyle": "",
    }  # fmt: skip


def waves(axes: Axes, shown: Sequence[Impact]) -> list[Line2D]:
    """Explain the marks."""
    steps = {min(wave_of(impact), MOST_WAVES - 1) for impact in shown}
    last = max(map(wave_of, shown))
    head = Line2D([], [], linestyle="", label="steps from the fault:")
    return [head] + [
        Line2D([], [], **look(step), markersize=0.72 * sizes(axes).tick,
               label=f"{step}{'+' if last > step == MOST_WAVES - 1 else ''}")
        for step in sorted(steps)
    ]  # fmt: skip


def scale_times(axes: Axes, shown: Sequence[Impact], after_s: Sequence[float]) -> None:
    """Choose the scale of time: short ones are drawn wider where most falls are early and the last is late."""
    size, last_s = sizes(axes), max(after_s) or 1.0
    letters = max(
        len(words(impact, time_s, is_wide=size.is_wide)) for impact, time_s in zip(shown, after_s, strict=True)
    )
    room = 1.0 - min((letters + 2) * LETTER * size.note / POINTS / ((1.0 - NAMES) * size.room_in), MOST_WRITING)
    if last_s > SKEWED * max(float(np.median(after_s)), 1.0):
        axes.set_xscale("symlog", linthresh=1.0, linscale=0.5)
        marks_s = [time_s for time_s in MARKS_S if time_s <= last_s * 1.5]
        axes.set_xticks(marks_s if size.is_wide else [*marks_s[:1], *marks_s[2::2]])
        axes.minorticks_off()
        axes.set_xlim(-0.3, 10.0 ** ((np.log10(last_s + 1.0) + 0.5) / room - 0.5))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5 if size.is_wide else 3, steps=[1, 3, 6, 10]))
        axes.set_xlim(-0.03 * last_s, last_s / room)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: about(value) if value >= 0.0 else ""))
    axes.set_xlabel("time after the fault")


def name_rows(axes: Axes, shown: Sequence[Impact]) -> None:
    """Write the names with the number of parts hit so far; what users call in bold."""
    size = sizes(axes)
    names = [f"{shortened(impact.name, size.name_letters - 4)}  {row}" for row, impact in enumerate(shown, 1)]
    axes.set_yticks(range(len(shown)), names, fontsize=size.tick)
    for label, impact in zip(axes.get_yticklabels(), shown, strict=True):
        label.set_fontweight("bold" if impact.is_entry_point else "normal")
    axes.set_ylim(len(shown) - 0.5, -0.5)
