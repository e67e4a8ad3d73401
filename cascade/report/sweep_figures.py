"""The heat map of a sweep: what each failure hits, and for how long."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.patches import Patch, Rectangle

from cascade.analysis.sentences import about
from cascade.analysis.sweep_sentences import short, what_fails
from cascade.engine.outcome import Ending
from cascade.report.lanes import shortened
from cascade.report.style import (
    BAND,
    FAINT,
    HIT,
    INK,
    LETTER,
    POINTS,
    height_in,
    ink_on,
    rows_that_fit,
    set_title,
    sizes,
    told,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from cascade.analysis.sweep import Sweep

MOST_ROWS: Final = 30
MOST_COLUMNS: Final = 30
MOST_ENTRY_POINTS: Final = 10
"""Entry points among the columns."""
FEW_COLUMNS: Final = 16
"""Columns up to which there is room for words in the cells."""
WIDE_IN: Final = 0.6
NARROW_IN: Final = 0.3
ROW_IN: Final = 0.27
LEAST_IN: Final = 7.9
"""Width of the smallest figure, which title and legend need."""
EDGE_IN: Final = 0.02
LONGEST: Final = 34
"""Letters of a name."""
SHORTER: Final = 24
"""Letters of each name of a pair."""
LETTER_IN: Final = 0.078
"""Mean width of a letter of the names."""
SLANT: Final = 50
"""Angle of the names over the columns."""
LEAST_S: Final = 60.0
"""Time outside an objective that has the lightest colour [s]."""
LETTERS: Final = 6
"""Letters of a time in a cell."""
NAMES: Final = 0.35
"""Share of the width that the names of the failures take, where the map is a part of a figure."""
QUESTION: Final = "Which failure hits whom, and for how long?"


@dataclass(frozen=True)
class Grid:
    """What a heat map shows."""

    rows: tuple[int, ...]
    """Places of the contingencies, the worst first."""
    columns: tuple[int, ...]
    """Places of the parts: entry points, then others, those first that most failures hit."""
    entry_points: int
    """How many of these are entry points."""
    outage_s: NDArray[np.float64]
    """(R, C) time outside the objective [s]; nan where a part is not hit."""
    is_back: NDArray[np.bool_]
    """(R, C) whether the part comes back."""
    left_out: int
    """Parts that are hit, and for which there is no room."""


def plot_sweep(sweep: Sweep, *, axes: Axes | None = None) -> Axes:
    """Draw what the worst failures hit, and for how long; gives the axes of the map.

    A row is a failure, the worst first, a column is a part that it hits; entry points come first, in bold. The darker,
    the longer is the part outside its objective; a cross says that it does not come back. Without axes, a sheet is
    made, with what each failure costs and a scale.
    """
    if axes is not None:
        return draw_map(sweep, axes)
    grid = make_grid(sweep, MOST_ROWS, MOST_COLUMNS)
    names = [shortened(sweep.names[place], LONGEST) for place in grid.columns]
    labels = [label_of(sweep, place) for place in grid.rows]
    figure, axes = make_panel(labels, names)
    write_titles(figure, sweep, grid)
    if not grid.rows or not grid.columns:
        axes.set_axis_off()
        axes.text(0.0, 0.5, nothing(sweep), transform=axes.transAxes, va="center", color=INK)
        return axes
    draw_cells(axes, sweep, grid, WIDE_IN if len(names) <= FEW_COLUMNS else NARROW_IN)
    label_axes(axes, sweep, grid, labels, names)
    write_margin(axes, sweep, grid)
    draw_legend(figure, sweep, grid)
    return axes


def draw_map(sweep: Sweep, axes: Axes) -> Axes:
    """Draw the map alone, as many rows and columns as fit."""
    size = sizes(axes)
    map_in = size.room_in * (1.0 - NAMES)
    longest = max((len(shortened(name, size.name_letters)) for name in sweep.names), default=0)
    slanted_pt = longest * LETTER * size.tick * math.sin(math.radians(SLANT)) + size.tick
    grid = make_grid(
        sweep,
        rows_that_fit(axes, MOST_ROWS, beside_pt=slanted_pt),
        max(min(MOST_COLUMNS, int(map_in / (1.6 * size.row_in))), 3),
    )
    topic = f"{sweep.topology.name}: {what_fails(sweep)} for {about(sweep.study.lasts_s)}"
    if not grid.rows or not grid.columns:
        set_title(axes, QUESTION, topic)
        return told(axes, nothing(sweep))
    names = [shortened(sweep.names[place], size.name_letters) for place in grid.columns]
    draw_cells(axes, sweep, grid, map_in / len(names), height_in(axes) / len(grid.rows))
    label_axes(axes, sweep, grid, [shortened(label_of(sweep, row), size.name_letters) for row in grid.rows], names)
    slanted_pt = max(map(len, names)) * LETTER * size.tick * math.sin(math.radians(SLANT)) + size.tick
    if len(grid.rows) < len(sweep.labels):
        topic += f"; the worst {len(grid.rows)}"
    lost = "" if grid.is_back.all() else f"; ×: not back within {about(sweep.study.horizon_s)}"
    set_title(axes, QUESTION, f"{topic}; the darker, the longer; framed: fails itself{lost}", lift_pt=slanted_pt)
    return axes


def make_grid(sweep: Sweep, most_rows: int, most_columns: int) -> Grid:
    """Choose rows and columns, and fill in for how long each part is hit."""
    rows = tuple(place for place in sweep.ranking.tolist() if len(sweep.leading.get(place, ())))[:most_rows]
    is_hit = np.zeros((len(rows), len(sweep.names)), np.bool_)
    for row, place in enumerate(rows):
        is_hit[row, sweep.leading[place]["part"]] = True
    first, others = columns_of(sweep, rows, is_hit, most_columns)
    columns = (*first, *others)
    column_of = {part: column for column, part in enumerate(columns)}
    outage_s, is_back = np.full((len(rows), len(columns)), np.nan), np.ones((len(rows), len(columns)), np.bool_)
    for row, place in enumerate(rows):
        for each in sweep.leading[place]:
            if (column := column_of.get(int(each["part"]))) is not None:
                outage_s[row, column] = each["outage_s"]
                is_back[row, column] = math.isfinite(each["back_s"])
    left_out = int(np.count_nonzero(is_hit.any(axis=0))) - len(columns)
    return Grid(rows, columns, len(first), outage_s, is_back, left_out)


def columns_of(sweep: Sweep, rows: Sequence[int], is_hit: NDArray[np.bool_], most: int) -> tuple[list[int], list[int]]:
    """Choose the parts that are shown: entry points, and others.

    Every failure has one that it hits, if there are any; after these come entry points, then those hit by most.
    """
    others_hit, place_of = is_hit.copy(), {name: part for part, name in enumerate(sweep.names)}
    for row, place in enumerate(rows):
        own = [place_of[name] for name in sweep.study.contingencies[place] if name in place_of]
        others_hit[row, own] = False
    counts = is_hit.sum(axis=0)
    earliest = np.argmax(np.vstack((is_hit, np.ones(is_hit.shape[1], np.bool_))), axis=0)
    by_count = sorted(np.flatnonzero(counts).tolist(), key=lambda part: (-int(counts[part]), int(earliest[part]), part))
    called = [part for part in by_count if sweep.names[part] in {*sweep.entry_points}]
    wanted = [*covering(others_hit), *called[:MOST_ENTRY_POINTS], *by_count]
    chosen = {*list(dict.fromkeys(wanted))[:most]}
    return [part for part in called if part in chosen], [part for part in by_count if part in chosen - {*called}]


def covering(is_hit: NDArray[np.bool_]) -> Iterator[int]:
    """Yield parts, each time the one that most of the failures hit which hit none yet."""
    left = is_hit.any(axis=1)
    while left.any():
        best = int(np.argmax(is_hit[left].sum(axis=0)))
        yield best
        left = left & ~is_hit[:, best]


def label_of(sweep: Sweep, place: int) -> str:
    """Write what fails, each name short enough."""
    names = sweep.study.contingencies[place]
    return " + ".join(shortened(name, LONGEST if len(names) == 1 else SHORTER) for name in names)


def nothing(sweep: Sweep) -> str:
    """Say why there is nothing to draw."""
    if not sweep.labels:
        return "There is nothing that could fail."
    return f"No failure for {about(sweep.study.lasts_s)} takes anything out of its objective."


def make_panel(labels: Sequence[str], names: Sequence[str]) -> tuple[Figure, Axes]:
    """Lay out the figure: title, names of the columns, the map with its margins, legend."""
    cell_in = WIDE_IN if len(names) <= FEW_COLUMNS else NARROW_IN
    longest = max(map(len, names), default=0) * LETTER_IN
    left_in = 0.45 + max(map(len, labels), default=10) * LETTER_IN
    over_in = longest * math.sin(math.radians(SLANT)) + 0.25
    right_in = max(1.75, longest * math.cos(math.radians(SLANT)) + 0.2)
    map_in = (len(names) * cell_in or 4.0, max(len(labels), 2) * ROW_IN)
    wide_in, high_in = max(left_in + map_in[0] + right_in, LEAST_IN), 0.7 + over_in + map_in[1] + 0.85
    figure = plt.figure(figsize=(wide_in, high_in), facecolor="white")
    box = (left_in / wide_in, 0.85 / high_in, map_in[0] / wide_in, map_in[1] / high_in)
    return figure, figure.add_axes(box)


def draw_cells(axes: Axes, sweep: Sweep, grid: Grid, wide_in: float, high_in: float = ROW_IN) -> None:
    """Colour the cells, and write into them how long, as far as there is room."""
    norm = scale(sweep)
    shown = np.maximum(grid.outage_s, LEAST_S)
    note_pt = min(7.5, sizes(axes).note)
    axes.set_facecolor(BAND)
    axes.pcolormesh(np.ma.masked_invalid(shown), cmap=HIT, norm=norm, edgecolors="white", linewidth=1.2)
    has_room = wide_in * POINTS >= LETTERS * LETTER * note_pt
    for row, column in np.argwhere(~np.isnan(grid.outage_s)).tolist():
        colour = ink_on(HIT(norm(shown[row, column])))
        place = (column + 0.5, row + 0.5)
        if not grid.is_back[row, column]:
            axes.text(*place, "×", ha="center", va="center", color=colour, fontsize=1.6 * note_pt, weight="bold")
        elif has_room:
            text = about(grid.outage_s[row, column])
            axes.text(*place, text, ha="center", va="center", color=colour, fontsize=note_pt)
    frame_own(axes, sweep, grid, EDGE_IN / wide_in, EDGE_IN / high_in)


def frame_own(axes: Axes, sweep: Sweep, grid: Grid, width: float, height: float) -> None:
    """Frame the cells of what fails itself."""
    for row, place in enumerate(grid.rows):
        own = set(sweep.study.contingencies[place])
        for column, part in enumerate(grid.columns):
            if sweep.names[part] in own:
                box = Rectangle(
                    (column + width, row + height), 1.0 - 2.0 * width, 1.0 - 2.0 * height, fill=False, edgecolor=INK,
                    linewidth=1.3,
                )  # fmt: skip
                axes.add_patch(box)


def scale(sweep: Sweep) -> LogNorm:
    """Give the scale of the colours: a minute is light, the whole of a run dark, the time of the failure between."""
    return LogNorm(LEAST_S, max(sweep.study.horizon_s, 6.0 * sweep.study.lasts_s, 10.0 * LEAST_S))


def label_axes(axes: Axes, sweep: Sweep, grid: Grid, labels: Sequence[str], names: Sequence[str]) -> None:
    """Write the names; a line stands between entry points and what is behind them."""
    axes.set_xlim(0, len(names))
    axes.set_ylim(len(labels), 0)
    size = sizes(axes).tick
    axes.set_yticks(np.arange(len(labels)) + 0.5, labels, fontsize=size)
    axes.set_xticks(
        np.arange(len(names)) + 0.5, names, rotation=SLANT, ha="left", rotation_mode="anchor", fontsize=size
    )
    axes.tick_params(length=0, colors=INK, top=True, labeltop=True, bottom=False, labelbottom=False, pad=3)
    axes.spines[:].set_visible(False)
    for column, label in enumerate(axes.get_xticklabels()):
        label.set_fontweight("bold" if column < grid.entry_points else "normal")
    for label, place in zip(axes.get_yticklabels(), grid.rows, strict=True):
        label.set_fontweight("bold" if set(sweep.study.contingencies[place]) & {*sweep.entry_points} else "normal")
    if 0 < grid.entry_points < len(names):
        axes.axvline(grid.entry_points, color=INK, linewidth=1.4)


def write_margin(axes: Axes, sweep: Sweep, grid: Grid) -> None:
    """Write what each failure costs, and when it is over, in the margin."""
    margin: Any = axes.get_yaxis_transform()
    width_in = axes.get_position().width * axes.figure.get_figwidth()  # type: ignore[union-attr] # it is in a figure
    cost, end = 1.0 + 0.72 / width_in, 1.0 + 1.52 / width_in
    for row, place in enumerate(grid.rows):
        each = sweep.columns.rows[place]
        ending = Ending(int(each["ending"]))
        over = (
            about(each["ended_s"]) if ending is Ending.RECOVERED else "stuck" if ending is Ending.STUCK else "not over"
        )
        for x, text in ((cost, short(each["impact_minutes"])), (end, over)):
            axes.text(x, row + 0.5, text, transform=margin, ha="right", va="center_baseline", fontsize=9, color=INK)
    for x, head in ((cost, "user-min"), (end, "over after")):
        axes.text(x, -0.15, head, transform=margin, ha="right", va="bottom", fontsize=8, color=FAINT)


def topic_of(sweep: Sweep, grid: Grid) -> str:
    """Say what was simulated, and how much of it is shown."""
    text = f"{sweep.topology.name}: {what_fails(sweep)} for {about(sweep.study.lasts_s)}"
    if len(grid.rows) < len(sweep.labels) and grid.rows:
        text += f"; the worst {len(grid.rows)}"
    if grid.left_out:
        text += f", and {len(grid.columns)} of the {len(grid.columns) + grid.left_out:,} parts that they hit"
    return text


def write_titles(figure: Figure, sweep: Sweep, grid: Grid) -> None:
    """Write the question, and what was simulated."""
    high_in, wide_in = figure.get_figheight(), figure.get_figwidth()
    x = 0.3 / wide_in
    figure.text(x, 1.0 - 0.18 / high_in, QUESTION, fontsize=15, fontweight="bold", color=INK, va="top")
    room = int((wide_in - 0.5) / LETTER_IN)
    figure.text(x, 1.0 - 0.5 / high_in, shortened(topic_of(sweep, grid), room), fontsize=9.5, color=FAINT, va="top")


def draw_legend(figure: Figure, sweep: Sweep, grid: Grid) -> None:
    """Explain colours and signs, under the map."""
    high_in, wide_in = figure.get_figheight(), figure.get_figwidth()
    bar = figure.add_axes((0.3 / wide_in, 0.38 / high_in, 2.6 / wide_in, 0.13 / high_in))
    steps = np.geomspace(LEAST_S, scale(sweep).vmax or 1.0, 200)
    bar.pcolormesh(steps, [0.0, 1.0], np.sqrt(steps[1:] * steps[:-1])[np.newaxis], cmap=HIT, norm=scale(sweep))
    bar.set_xscale("log")
    bar.minorticks_off()
    marks = [time_s for time_s in MARKS_S if time_s <= steps[-1]]
    bar.set_xticks(marks, [about(time_s) for time_s in marks], fontsize=8, color=INK)
    bar.set_yticks([])
    bar.tick_params(length=2, color=FAINT, pad=2)
    bar.spines[:].set_visible(False)
    bar.set_title("outside its objective for", fontsize=8, color=FAINT, loc="left", pad=3)
    handles = [Patch(facecolor="none", edgecolor=INK, linewidth=1.3, label="fails itself")]
    handles.append(Patch(facecolor=BAND, edgecolor=FAINT, linewidth=0.5, label="not hit"))
    figure.legend(
        handles=handles, loc="lower left", frameon=False, fontsize=8.5, ncols=2, handlelength=1.2, columnspacing=1.3,
        bbox_to_anchor=(3.1 / wide_in, 0.2 / high_in), borderaxespad=0.0,
    )  # fmt: skip
    if not grid.is_back.all():
        figure.text(5.15 / wide_in, 0.29 / high_in, "×", fontsize=12, fontweight="bold", color=INK, va="center")
        lasts = f"does not come back within {about(sweep.study.horizon_s)}"
        figure.text(5.32 / wide_in, 0.29 / high_in, lasts, fontsize=8.5, color=INK, va="center")


MARKS_S: Final = (60.0, 600.0, 3600.0, 6 * 3600.0, 86400.0, 7 * 86400.0)
"""Times that the legend names [s]."""
