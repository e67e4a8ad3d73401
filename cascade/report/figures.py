"""Figures over time: each answers the question in its title, and can be read in grey."""

from __future__ import annotations

import textwrap
import warnings
from typing import TYPE_CHECKING, Any, Final

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from cascade.analysis.blast_radius import BlastRadius
from cascade.analysis.replay import Replay
from cascade.engine.run import SERIES
from cascade.report import lanes as layout
from cascade.report.moments import setting
from cascade.report.style import (
    ABOVE_PT,
    BAND,
    FAINT,
    HIT,
    INK,
    LEADING,
    LETTER,
    OBSERVED,
    POINTS,
    REPAIR,
    STYLES,
    names_in,
    own_axes,
    rows_that_fit,
    set_title,
    sizes,
    tidy,
    told,
    wrapped,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from cascade.analysis.replay import Comparison
    from cascade.engine.run import Run
    from cascade.report.lanes import Lane, Mark

WIDTH_IN: Final = 13.0
LANE_IN: Final = 0.27
LEFT_IN, RIGHT_IN = 2.75, 2.6
TIMES: Final = 0.65
"""Share of the width that the times below the axes have."""
LEVEL_PT: Final = 15.0
"""Height of a row of numbers over the lanes."""
MOST_MARKS: Final = 4
"""Events that are explained below axes that are a part of a figure; half of them in a narrow one."""


def plot_timeline(result: Run | BlastRadius | Replay, *, axes: Axes | None = None) -> Axes:
    """Draw who was down and when each was back: one lane each, with events; gives the axes of the lanes.

    Without axes, a sheet is made, with the backlogs below the lanes and the events in words. A replay also shows the
    observed windows, as thin hatched bars under the simulated ones.
    """
    run = layout.run_of(result)
    every = layout.make_lanes(result)
    if axes is None:
        lanes = every[: layout.MOST_LANES]
        return draw_sheet(result, lanes, setting(run) + left_out(lanes, every))
    until_s = layout.last_moment(run, every)
    marks = layout.make_marks(run, until_s * WIDTH_IN / sizes(axes).room_in)
    numbered = marks[: MOST_MARKS if sizes(axes).is_wide else MOST_MARKS // 2]
    explained = explanations(axes, numbered, len(marks) - len(numbered))
    over_pt = ABOVE_PT + LEVEL_PT * (1 + max((mark.level for mark in numbered), default=0))
    below_pt = LEADING * sizes(axes).note * len(explained) + 2.0 * ABOVE_PT
    lanes = every[: rows_that_fit(axes, layout.MOST_LANES, beside_pt=over_pt + below_pt)]
    draw_lanes(axes, run, lanes)
    draw_marks(axes, marks, result)
    write_numbers(axes, numbered)
    show_times(axes, run, until_s)
    write_below(axes, explained)
    topic = f"{setting(run)}{left_out(lanes, every)}; the darker, the more is lost"
    set_title(axes, question_of(result), topic, lift_pt=over_pt)
    return axes


def left_out(lanes: Sequence[Lane], every: Sequence[Lane]) -> str:
    """Say how many lanes there is no room for."""
    return f"; the first {len(lanes)} of {len(every)} that are hit" if len(lanes) < len(every) else ""


def plot_backlogs(result: Run | BlastRadius | Replay, *, axes: Axes | None = None) -> Axes:
    """Draw where work piles up: the largest backlogs over time, each as a share of its own peak; gives the axes."""
    run = layout.run_of(result)
    axes = axes or own_axes(7.0, 3.6)
    draw_curves(axes, run)
    draw_marks(axes, layout.make_marks(run, run.scenario.duration_s), result)
    show_times(axes, run, layout.last_moment(run, layout.make_lanes(result)))
    if axes.lines and axes.get_legend():
        axes.legend(**sizes(axes).legend, loc="best")
    else:
        told(axes, "no backlog grows")
    set_title(axes, "Where does work pile up?", setting(run))
    return axes


def draw_sheet(result: Run | BlastRadius | Replay, lanes: Sequence[Lane], subtitle: str) -> Axes:
    """Draw lanes, backlogs and events on a sheet of their own."""
    run = layout.run_of(result)
    until_s = layout.last_moment(run, lanes)
    marks = layout.make_marks(run, until_s)
    figure, (above, below) = make_panels(max(len(lanes), 1), marks, run)
    draw_lanes(above, run, lanes)
    draw_curves(below, run)
    for axes in (above, below):
        draw_marks(axes, marks, result)
        axes.set_xlim(0.0, until_s)
    write_numbers(above, marks)
    write_texts(figure, marks, result, subtitle)
    draw_legend(figure, lanes, result)
    times_s, labels = layout.ticks(run, until_s)
    below.set_xticks(times_s, labels)
    above.tick_params(axis="x", labelbottom=False)
    return above


def question_of(result: Run | BlastRadius | Replay) -> str:
    """Give the question that a timeline answers."""
    if isinstance(result, Replay):
        return "Who was down, and when was each back?"
    return "Who is down, and when is each back?"


def show_times(axes: Axes, run: Run, until_s: float) -> None:
    """Write the times below the axes, as many as there is room for."""
    times_s, labels = layout.ticks(run, until_s)
    size = sizes(axes)
    widest = max((len(line) for label in labels for line in label.split("\n")), default=1)
    places = int(TIMES * size.room_in * POINTS / (LETTER * size.tick * (widest + 2)))
    step = max(-(-len(times_s) // max(places, 2)), 1)
    axes.set_xticks(times_s[::step], labels[::step])
    axes.set_xlim(0.0, until_s)
    tidy(axes)


def explanations(axes: Axes, numbered: Sequence[Mark], others: int) -> list[str]:
    """Say what the numbers of some events stand for, and how many others have none."""
    size = sizes(axes)
    texts = [f"{mark.number}  {' '.join(mark.text.split())}" for mark in numbered]
    if others:
        texts.append(f"... and {others} more, without a number")
    return [wrapped(text, size.room_in, size.note, 1) for text in texts]


def write_below(axes: Axes, lines: Sequence[str]) -> None:
    """Write some lines below the axes and their times."""
    size = sizes(axes)
    high = max((label.get_text().count("\n") + 1 for label in axes.get_xticklabels()), default=1)
    below_pt = 3.0 + 2.0 * ABOVE_PT + LEADING * size.tick * high
    axes.annotate(
        "\n".join(lines), (0.0, 0.0), xycoords="axes fraction", xytext=(-names_in(axes) * POINTS, -below_pt),
        textcoords="offset points", va="top", fontsize=size.note, color=INK, linespacing=LEADING, annotation_clip=False,
    )  # fmt: skip


def make_panels(count: int, marks: Sequence[Mark], run: Run) -> tuple[Figure, tuple[Axes, Axes]]:
    """Lay out the figure: title, numbers of the events, lanes, backlogs, ticks, texts of the events."""
    rows = -(-len(layout.mark_lines(marks)) // 2)
    levels = 1 + max((mark.level for mark in marks), default=0)
    top_in, lanes_in = 0.85 + 0.21 * levels, 0.15 + LANE_IN * count
    curves_in = 1.75 if layout.make_curves(run) else 0.3
    bottom_in = 0.8 + 0.2 * rows
    height_in = top_in + lanes_in + 0.12 + curves_in + bottom_in
    figure = plt.figure(figsize=(WIDTH_IN, height_in), facecolor="white")
    left, width = LEFT_IN / WIDTH_IN, 1.0 - (LEFT_IN + RIGHT_IN) / WIDTH_IN
    below = figure.add_axes((left, bottom_in / height_in, width, curves_in / height_in))
    above = figure.add_axes(
        (left, (bottom_in + curves_in + 0.12) / height_in, width, lanes_in / height_in), sharex=below
    )
    for axes in (above, below):
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(FAINT)
        axes.tick_params(colors=INK, labelsize=9, length=3)
    return figure, (above, below)


def draw_lanes(axes: Axes, run: Run, lanes: Sequence[Lane]) -> None:
    """Draw the windows of each lane, and how long it was hit in the margin."""
    margin: Any = axes.get_yaxis_transform()
    size = sizes(axes)
    for row, lane in enumerate(lanes):
        if row % 2 == 0:
            axes.axhspan(row - 0.5, row + 0.5, color=BAND, zorder=0, linewidth=0)
        draw_loss(axes, run, lane, row)
        for comparison in lane.observed:
            draw_observed(axes, run, comparison, row)
        axes.text(1.012, row, lane.outage, transform=margin, va="center", fontsize=size.tick, color=INK)
    if lanes:
        axes.text(1.012, -0.55, "hit for", transform=margin, va="bottom", fontsize=size.tick, color=FAINT)
    else:
        axes.text(0.5, 0.5, "nothing leaves its objective", transform=axes.transAxes, ha="center", va="center")
    most = size.name_letters
    axes.set_yticks(range(len(lanes)), [layout.shortened(lane.name, most) for lane in lanes], fontsize=size.tick)
    for label, lane in zip(axes.get_yticklabels(), lanes, strict=True):
        label.set_fontweight("bold" if lane.is_entry_point else "normal")
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(max(len(lanes), 1) - 0.5, -0.5)


def draw_loss(axes: Axes, run: Run, lane: Lane, row: int) -> None:
    """Draw the simulated windows, darker where more is lost."""
    low, high = (row - 0.36, row + 0.08) if lane.observed else (row - 0.3, row + 0.3)
    loss = layout.loss_in(run, lane.name)
    edges = np.concatenate([[0.0], run.times_s])
    axes.pcolormesh(
        edges, [low, high], loss[np.newaxis, :], cmap=HIT, vmin=0.0, vmax=1.0, zorder=2, rasterized=True,
        gid=f"lane {lane.name}",
    )  # fmt: skip


def draw_observed(axes: Axes, run: Run, row: Comparison, lane: int) -> None:
    """Draw an observed window; an edge that the source does not state is open, an assumed one dotted."""
    until_s = run.scenario.duration_s
    if row.never:
        axes.text(until_s * 0.005, lane + 0.22, "stayed up", fontsize=7.5, color=OBSERVED, va="center", zorder=4)
        return
    start_s, end_s = row.start.observed_s, row.end.observed_s
    stub_s = 0.03 * until_s
    left = start_s if start_s is not None else (end_s or 0.0) - stub_s
    right = end_s if end_s is not None else left + stub_s
    is_firm = row.start.is_scored and row.end.is_scored
    bar = Rectangle(
        (left, lane + 0.14), right - left, 0.26, facecolor="white", edgecolor=OBSERVED, hatch="//////",
        linewidth=0.9, linestyle="-" if is_firm else ":", zorder=3,
    )  # fmt: skip
    axes.add_patch(bar)
    for time_s, place, side in ((start_s, left, "right"), (end_s, right, "left")):
        if time_s is None:
            axes.text(place, lane + 0.26, " ? ", fontsize=8, ha=side, va="center", color=OBSERVED, zorder=4)


def draw_curves(axes: Axes, run: Run) -> None:
    """Draw the largest backlogs, each as a share of its own peak."""
    curves = layout.make_curves(run)
    for curve, (colour, stroke) in zip(curves, STYLES, strict=False):
        axes.plot(
            run.times_s,
            curve.share,
            color=colour,
            linestyle=stroke,
            linewidth=1.7,
            label=f"{layout.shortened(curve.name, 30)}\n{curve.label}",
        )
    axes.set_ylim(0.0, 1.06)
    if not curves:
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        return
    axes.set_yticks([0.0, 0.5, 1.0], ["0", "50%", "100%"])
    axes.set_ylabel("work waiting,\nshare of its peak", fontsize=sizes(axes).tick, color=INK)
    axes.grid(axis="y", color=BAND, linewidth=1.0)
    axes.legend(
        loc="upper left", bbox_to_anchor=(1.005, 1.05), frameon=False, fontsize=8, handlelength=3.2,
        labelspacing=0.45, borderaxespad=0.0,
    )  # fmt: skip


def draw_marks(axes: Axes, marks: Sequence[Mark], result: Run | BlastRadius | Replay) -> None:
    """Draw a line at each event, and at the repair of the fault."""
    for mark in marks:
        axes.axvline(mark.time_s, color=FAINT, linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
    if isinstance(result, BlastRadius) and result.repaired_s is not None:
        axes.axvline(result.repaired_s, color=REPAIR, linewidth=1.6, zorder=5)


def write_numbers(axes: Axes, marks: Sequence[Mark]) -> None:
    """Write the numbers of the events over the lanes."""
    for mark in marks:
        axes.annotate(
            str(mark.number), (mark.time_s, 1.0), xycoords=axes.get_xaxis_transform(),
            xytext=(0.0, 10.0 + LEVEL_PT * mark.level), textcoords="offset points", ha="center", va="center",
            fontsize=min(8.0, sizes(axes).note), color="white", fontweight="bold",
            bbox={"boxstyle": "circle,pad=0.25", "facecolor": INK, "edgecolor": "white", "linewidth": 0.6},
            arrowprops={"arrowstyle": "-", "color": FAINT, "linewidth": 0.8} if mark.level else None,
        )  # fmt: skip


def write_texts(figure: Figure, marks: Sequence[Mark], result: Run | BlastRadius | Replay, subtitle: str) -> None:
    """Write the question, what was played, and what the numbers stand for."""
    height_in = figure.get_figheight()
    question = question_of(result)
    left = 0.3 / WIDTH_IN
    figure.text(left, 1.0 - 0.18 / height_in, question, fontsize=15, fontweight="bold", color=INK, va="top")
    figure.text(left, 1.0 - 0.5 / height_in, layout.shortened(subtitle, 150), fontsize=9.5, color=FAINT, va="top")
    lines = layout.mark_lines(marks)
    rows = -(-len(lines) // 2)
    for index, (number, text) in enumerate(lines):
        column, row = divmod(index, rows)
        x, y = left + 0.5 * column, (0.2 + 0.2 * (rows - 1 - row)) / height_in
        figure.text(x, y, f"{number:>2}", fontsize=8.5, fontweight="bold", color=INK, va="bottom")
        figure.text(x + 0.02, y, layout.shortened(text, 100), fontsize=8.5, color=INK, va="bottom")


def draw_legend(figure: Figure, lanes: Sequence[Lane], result: Run | BlastRadius | Replay) -> None:
    """Explain the bars, in the margin at the top."""
    handles: list[Any] = [
        Patch(facecolor=HIT(1.0), label="hit: all requests lost"),
        Patch(facecolor=HIT(0.5), label="half lost"),
        Patch(facecolor=HIT(0.0), label="few lost, or late"),
    ]
    if any(lane.observed for lane in lanes):
        handles.append(Patch(facecolor="white", edgecolor=OBSERVED, hatch="//////", label="observed"))
        handles.append(Patch(facecolor="white", edgecolor=OBSERVED, hatch="//////", linestyle=":", label="assumed"))
    if isinstance(result, BlastRadius) and result.repaired_s is not None:
        handles.append(Line2D([], [], color=REPAIR, linewidth=1.6, label="fault repaired"))
    figure.legend(
        handles=handles, loc="upper right", frameon=False, fontsize=8.5, ncols=len(handles), handlelength=1.4,
        columnspacing=1.3, bbox_to_anchor=(1.0 - 0.25 / WIDTH_IN, 1.0 - 0.12 / figure.get_figheight()),
    )  # fmt: skip


def plot_series(
    run: Run,
    series: str,
    names: Sequence[str] = (),
    *,
    question: str = "How does it change?",
    axes: Axes | None = None,
) -> Axes:
    """Draw one series of some parts over time, of what users call by default; ``question`` is the title."""
    shown = names or [name for name, impact in run.topology.services.items() if impact.is_entry_point]
    is_own = axes is None
    axes = axes or own_axes(10.0, 4.0)
    size = sizes(axes)
    for index, name in enumerate(shown):
        colour, stroke = STYLES[index % len(STYLES)]
        label = layout.shortened(name, size.name_letters)
        axes.plot(run.times_s, run.of(name, series), color=colour, linestyle=stroke, linewidth=size.line, label=label)
    axes.set_ylabel(textwrap.fill(f"{series}: {SERIES[series].split(',')[0]}", 40 if size.is_wide else 28))
    show_times(axes, run, run.scenario.duration_s)
    axes.set_ylim(bottom=0.0)
    set_title(axes, question, setting(run))
    if shown and is_own:
        axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=size.note)
    elif shown:
        axes.legend(**size.legend, loc="best")
    return axes


def save_figure(axes: Axes, path: Path) -> None:
    """Write the figure of some axes; the same figure gives the same bytes."""
    kind = path.suffix.lower().removeprefix(".")
    undated: dict[str, dict[str, Any]] = {
        "png": {"Software": None},
        "svg": {"Date": None, "Creator": None},
        "pdf": {"CreationDate": None, "Creator": None},
    }
    figure = axes.get_figure(root=True)
    assert figure is not None, "axes of ours are always in one"
    with plt.rc_context({"svg.hashsalt": "cascade"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # names in scripts that the font does not have
        figure.savefig(path, dpi=150, metadata=undated.get(kind))
