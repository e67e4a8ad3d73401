"""The phase diagram: for which load and which trigger a system comes back by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from cascade.analysis.phases import Phase
from cascade.report.lanes import shortened
from cascade.report.phases import WORDS
from cascade.report.style import (
    FAINT,
    INK,
    PHASES,
    POINTS,
    ink_on,
    legend_below,
    own_axes,
    set_title,
    sizes,
    tidy,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from cascade.analysis.phases import Phases
    from cascade.analysis.settings import Setting

    Floats = NDArray[np.float64]

HATCHES: Final = {Phase.UNFINISHED: "...", Phase.OVERLOADED: "///"}
LEAST_SHARE: Final = 0.08
"""Share of the points from which on a phase is named where it is; a smaller one in a legend."""
LONGEST: Final = 40
"""Letters of the name of a setting."""
BOLD: Final = 0.75
"""Mean width of a bold letter with some room around, in its size."""
GEOMETRIC: Final = 8.0
"""Ratio of the extremes from which on values can be evenly spaced in the logarithm."""


def plot_phases(found: Phases, *, axes: Axes | None = None) -> Axes:
    """Draw what becomes of a system at each point of two settings, and where it tips; gives the axes."""
    axes = axes or own_axes(6.4, 4.4)
    x_edges, y_edges = edges(found.x_values), edges(found.y_values)
    colours = ListedColormap([PHASES[phase] for phase in Phase])
    norm = BoundaryNorm(np.arange(len(Phase) + 1) - 0.5, len(Phase))
    axes.pcolormesh(x_edges, y_edges, found.phase.T, cmap=colours, norm=norm, rasterized=True, zorder=0)
    for setter, values in ((axes.set_xscale, found.x_values), (axes.set_yscale, found.y_values)):
        if is_geometric(values):
            setter("log")
    axes.set_xlim(x_edges[0], x_edges[-1])
    axes.set_ylim(y_edges[0], y_edges[-1])
    draw_hatches(axes, found, x_edges, y_edges)
    draw_boundary(axes, found)
    for axis in (axes.xaxis, axes.yaxis):
        is_log = axis.get_scale() == "log"
        axis.set_major_locator(LogLocator(subs=(1.0, 3.0)) if is_log else MaxNLocator(5))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
        axis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(label_of(found.study.x))
    axes.set_ylabel(label_of(found.study.y))
    tidy(axes)
    name_phases(axes, found)
    axes.spines[:].set_visible(False)
    set_title(axes, "When does it come back by itself?", f"{found.topology.name}, {found.study.scenario}")
    return axes


def label_of(setting: Setting) -> str:
    """Name a setting with its unit, long names shortened."""
    name = shortened(setting.name, LONGEST)
    return f"{name} [{setting.unit}]" if setting.unit else name


def is_geometric(values: Floats) -> bool:
    """Whether values are spaced more evenly in the logarithm."""
    if values.size < 3 or values[0] <= 0.0 or values[-1] < GEOMETRIC * values[0]:  # noqa: PLR2004 - two distances
        return False
    plain, logarithmic = np.diff(values), np.diff(np.log(values))
    return bool(np.ptp(logarithmic) / logarithmic.mean() < np.ptp(plain) / plain.mean())


def edges(values: Floats) -> Floats:
    """Give the edges of cells around values."""
    if values.size == 1:
        return np.array([-0.5, 0.5]) * (abs(float(values[0])) or 1.0) + float(values[0])
    turn, back = (np.log, np.exp) if is_geometric(values) else (np.asarray, np.asarray)
    places = turn(values)
    inner = (places[1:] + places[:-1]) / 2.0
    around = np.concatenate([[2.0 * places[0] - inner[0]], inner, [2.0 * places[-1] - inner[-1]]])
    return np.asarray(back(around), float)


def draw_hatches(axes: Axes, found: Phases, x_edges: Floats, y_edges: Floats) -> None:
    """Fill cells with lines, so that phases can be told apart in grey too."""
    for phase, hatch in HATCHES.items():
        for column, row in np.argwhere(found.phase == phase).tolist():
            box = [x_edges[column], x_edges[column + 1]]
            axes.fill_between(
                box, y_edges[row], y_edges[row + 1], facecolor="none", edgecolor=ink_on(PHASES[phase]), hatch=hatch,
                linewidth=0.0, alpha=0.35, zorder=1,
            )  # fmt: skip


def draw_boundary(axes: Axes, found: Phases) -> None:
    """Draw where the system tips, with the range in which that is not known."""
    low, high = found.boundary.low, found.boundary.high
    known = np.isfinite(low)
    if not known.any():
        return
    middle = np.sqrt(low * high) if axes.get_yscale() == "log" else (low + high) / 2.0
    error = np.abs(np.vstack([middle - low, high - middle]))[:, known]
    axes.errorbar(
        found.x_values[known], middle[known], yerr=error, color=INK, linewidth=sizes(axes).line, elinewidth=0.8,
        marker=".", markersize=0.6 * sizes(axes).tick, zorder=3,
    )  # fmt: skip


def name_phases(axes: Axes, found: Phases) -> None:
    """Write what the phases are: where they are, or in a legend when they are small."""
    size = sizes(axes)
    small = []
    for phase in Phase:
        is_so = found.phase == phase
        if not is_so.any():
            continue
        if is_so.mean() < LEAST_SHARE:
            small.append(Patch(facecolor=PHASES[phase], hatch=HATCHES.get(phase), edgecolor=FAINT, label=WORDS[phase]))
            continue
        column, row = innermost(is_so)
        wide = widest(is_so, column, row) * size.room_in * 0.8 / len(found.x_values)
        is_upright = wide < len(WORDS[phase]) * BOLD * size.label / POINTS
        axes.text(
            found.x_values[column], found.y_values[row], WORDS[phase], ha="center", va="center", fontsize=size.label,
            fontweight="bold", color=ink_on(PHASES[phase]), rotation=90.0 if is_upright else 0.0, zorder=4,
        )  # fmt: skip
    if small:
        legend_below(axes, small, ncols=len(small))


def innermost(is_so: NDArray[np.bool_]) -> tuple[int, int]:
    """Give the place that is farthest from where something is not so, counted in cells."""
    left, depth = np.pad(is_so, 1), np.zeros(is_so.shape, int)
    while left.any():
        depth += left[1:-1, 1:-1]
        left[1:-1, 1:-1] &= left[:-2, 1:-1] & left[2:, 1:-1] & left[1:-1, :-2] & left[1:-1, 2:]
    best = np.argwhere(depth == depth.max())
    middle = best[np.argmin(np.abs(best - best.mean(axis=0)).sum(axis=1))]
    return int(middle[0]), int(middle[1])


def widest(is_so: NDArray[np.bool_], column: int, row: int) -> int:
    """Count the cells beside one, on both sides evenly, of which something is so."""
    line, reach = is_so[:, row], 0
    while (
        column - reach - 1 >= 0
        and column + reach + 1 < line.size
        and line[column - reach - 1]
        and line[column + reach + 1]
    ):
        reach += 1
    return 2 * reach + 1
