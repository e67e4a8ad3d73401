"""Figures of structure: what takes most with it, and how many failures it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import matplotlib.pyplot as plt
from matplotlib.ticker import MaxNLocator

from cascade.report.lanes import shortened
from cascade.report.structure import is_single_point
from cascade.report.style import HATCHES, HIT, INK, STYLES, own_axes, rows_that_fit, set_title, sizes, tidy, told

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cascade.analysis.spof import Spof

MOST_BARS: Final = 25
"""Single points that are drawn."""
MOST_TARGETS: Final = 6
"""Targets whose cut sets are drawn."""
FEWEST: Final = 4
"""Bars for which there is always room, so that one is not as high as the figure."""
BAR_IN: Final = 0.27
WIDTH_IN: Final = 13.0


def plot_single_points(spof: Spof, *, axes: Axes | None = None) -> Axes:
    """Rank the single points of failure by what goes down with them; gives the axes."""
    found = spof.contingencies
    ranked = [index for index in found.ranking.tolist() if is_single_point(found, index)]
    is_own, count = axes is None, max(min(len(ranked), MOST_BARS), FEWEST)
    axes = axes or own_axes(8.0, 1.6 + BAR_IN * count)
    shown = ranked[: MOST_BARS if is_own else rows_that_fit(axes, MOST_BARS)]
    size = sizes(axes)
    services = [int(found.affected_count[index]) for index in shown]
    entry_points = [int(found.entry_points_lost_count[index]) for index in shown]
    most = max(entry_points, default=1)
    colours = [HIT(0.25 + 0.6 * lost / most) for lost in entry_points]
    axes.barh(range(len(shown)), services, color=colours, edgecolor=INK, linewidth=0.4, height=0.72)
    for row, (down, lost) in enumerate(zip(services, entry_points, strict=True)):
        users = f", {lost:,} entry point{'' if lost == 1 else 's'}" if size.is_wide else f" ({lost:,})"
        axes.text(down, row, f" {down:,}{users}", va="center", fontsize=size.tick)
    axes.set_yticks(range(len(shown)), [shortened(found.names[index], size.name_letters) for index in shown])
    axes.set_ylim(max(len(shown), FEWEST) - 0.4, -0.6)
    axes.set_xlim(0, 1.3 * max(services, default=1) + 0.5)
    if not shown:
        told(axes, "nothing else takes an entry point down alone")
    axes.set_xlabel("other services that are down with it" + ("; darker: more entry points" if size.is_wide else ""))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    tidy(axes)
    more = f"; the worst {len(shown)} of {len(ranked)}" if len(shown) < len(ranked) else ""
    darker = "" if size.is_wide else "; darker, in brackets: entry points"
    set_title(axes, "Which single failure takes most with it?", spof.topology.name + more + darker)
    return axes


def plot_cut_sets(spof: Spof, *, axes: Axes | None = None) -> Axes:
    """Draw how many minimal cut sets of each size the targets have; gives the axes."""
    axes = axes or own_axes(7.0, 4.2)
    size = sizes(axes)
    targets = spof.targets[: MOST_TARGETS if size.is_wide else MOST_TARGETS // 2]
    orders = range(1, 1 + max((len(target.counts) for target in targets), default=1))
    width = 0.8 / max(len(targets), 1)
    for place, target in enumerate(targets):
        centres = [order + (place - (len(targets) - 1) / 2) * width for order in range(1, len(target.counts) + 1)]
        bars = axes.bar(
            centres, target.counts, width, label=shortened(target.name, size.name_letters), color=STYLES[place][0],
            hatch=HATCHES[place], edgecolor="white",
        )  # fmt: skip
        axes.bar_label(bars, [f"{count:,}" if count else "" for count in target.counts], fontsize=size.note, color=INK)
    most = max((max(target.counts, default=0) for target in targets), default=1)
    axes.set_yscale("symlog", linthresh=1.0)
    axes.set_ylim(0.0, 4.0 * 3.0 ** (0 if size.is_wide else len(targets)) * most + 1.0)
    axes.set_xticks(list(orders))
    axes.set_xlabel("failures that it takes at once")
    axes.set_ylabel("minimal cut sets")
    tidy(axes)
    if targets:
        axes.legend(**size.legend, ncols=len(targets) if size.is_wide else 1, loc="upper left")
    more = f"; the first {len(targets)} of {len(spof.targets)} targets" if len(targets) < len(spof.targets) else ""
    set_title(axes, "How many failures does it take?", spof.topology.name + more)
    return axes


def plot_spof(spof: Spof) -> Axes:
    """Draw both in one figure; gives the axes of the ranking."""
    found = spof.contingencies
    count = sum(is_single_point(found, index) for index in found.ranking.tolist())
    bars_in = 1.6 + BAR_IN * max(min(count, MOST_BARS), FEWEST)
    figure = plt.figure(figsize=(WIDTH_IN, bars_in + 4.2), layout="constrained", facecolor="white")
    above, below = figure.subplots(2, 1, height_ratios=(bars_in, 4.2))
    plot_cut_sets(spof, axes=below)
    return plot_single_points(spof, axes=above)
