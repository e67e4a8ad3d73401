"""Figures of structure: what takes most with it, and how many failures it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import matplotlib.pyplot as plt
from matplotlib.ticker import MaxNLocator

from cascade.report.figures import FAINT, HIT, INK, STYLES
from cascade.report.lanes import shortened
from cascade.report.structure import is_single_point

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cascade.analysis.spof import Spof

MOST_BARS: Final = 25
"""Single points that are drawn."""
MOST_TARGETS: Final = 6
"""Targets whose cut sets are drawn."""
BAR_IN: Final = 0.27
WIDTH_IN: Final = 13.0
HATCHES: Final = ("", "///", "...", "xxx", "\\\\\\", "ooo")
"""Fillings that tell targets apart in grey."""


def plot_single_points(spof: Spof, *, ax: Axes | None = None) -> Axes:
    """Rank the single points of failure by what goes down with them; gives the axes."""
    found = spof.contingencies
    ranked = [index for index in found.ranking.tolist() if is_single_point(found, index)]
    shown = ranked[:MOST_BARS]
    axes = ax or plt.figure(figsize=(WIDTH_IN, 1.6 + BAR_IN * max(len(shown), 3)), layout="constrained").add_subplot()
    services = [int(found.affected_count[index]) for index in shown]
    entry_points = [int(found.entry_points_lost_count[index]) for index in shown]
    most = max(entry_points, default=1)
    colours = [HIT(0.25 + 0.6 * lost / most) for lost in entry_points]
    axes.barh(range(len(shown)), services, color=colours, edgecolor=INK, linewidth=0.4, height=0.72)
    for row, (down, lost) in enumerate(zip(services, entry_points, strict=True)):
        axes.text(down, row, f"  {down:,}, {lost:,} entry point{'' if lost == 1 else 's'}", va="center", fontsize=9)
    axes.set_yticks(range(len(shown)), [shortened(found.names[index]) for index in shown])
    axes.set_ylim(max(len(shown), 1) - 0.4, -0.6)
    axes.set_xlim(0, 1.22 * max(services, default=1) + 0.5)
    if not shown:
        axes.text(0.5, 0.5, "nothing else takes an entry point down alone", transform=axes.transAxes, ha="center")
    axes.set_xlabel("other services that are down with it; darker: more entry points", color=INK)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    more = f"; the worst {len(shown)} of {len(ranked)}" if len(shown) < len(ranked) else ""
    set_title(axes, "Which single failure takes most with it?", spof.topology.name + more)
    return axes


def plot_cut_sets(spof: Spof, *, ax: Axes | None = None) -> Axes:
    """Draw how many minimal cut sets of each size the targets have; gives the axes."""
    targets = spof.targets[:MOST_TARGETS]
    orders = range(1, 1 + max((len(target.counts) for target in targets), default=1))
    axes = ax or plt.figure(figsize=(WIDTH_IN, 4.2), layout="constrained").add_subplot()
    width = 0.8 / max(len(targets), 1)
    for place, target in enumerate(targets):
        centres = [order + (place - (len(targets) - 1) / 2) * width for order in range(1, len(target.counts) + 1)]
        bars = axes.bar(
            centres,
            target.counts,
            width,
            label=shortened(target.name),
            color=STYLES[place][0],
            hatch=HATCHES[place],
            edgecolor="white",
        )
        axes.bar_label(bars, [f"{count:,}" if count else "" for count in target.counts], fontsize=9, color=INK)
    axes.set_yscale("symlog", linthresh=1.0)
    axes.set_ylim(0.0, 4.0 * max((max(target.counts, default=0) for target in targets), default=1) + 1.0)
    axes.set_xticks(list(orders))
    axes.set_xlabel("failures that it takes at once", color=INK)
    axes.set_ylabel("minimal cut sets", color=INK)
    if targets:
        axes.legend(frameon=False, fontsize=9, ncols=len(targets), loc="upper left", bbox_to_anchor=(0.0, -0.16))
    more = f"; the first {len(targets)} of {len(spof.targets)} targets" if len(targets) < len(spof.targets) else ""
    set_title(axes, "How many failures does it take?", spof.topology.name + more)
    return axes


def plot_spof(spof: Spof) -> Axes:
    """Draw both in one figure; gives the axes of the ranking."""
    found = spof.contingencies
    count = sum(is_single_point(found, index) for index in found.ranking.tolist())
    bars_in = 1.6 + BAR_IN * max(min(count, MOST_BARS), 3)
    figure = plt.figure(figsize=(WIDTH_IN, bars_in + 4.2), layout="constrained", facecolor="white")
    above, below = figure.subplots(2, 1, height_ratios=(bars_in, 4.2))
    plot_cut_sets(spof, ax=below)
    return plot_single_points(spof, ax=above)


def set_title(axes: Axes, question: str, about: str) -> None:
    """Write the question and, fainter, what it is about; take the frame away."""
    axes.set_title(question, loc="left", fontsize=13, fontweight="bold", color=INK, pad=24)
    axes.text(0.0, 1.0, about, transform=axes.transAxes, va="bottom", fontsize=9, color=FAINT)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.tick_params(colors=INK, labelsize=9)
