"""Figures of what depends on what: boxes and arrows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import matplotlib.pyplot as plt
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch

from cascade.model import Needs
from cascade.report import map as mapping
from cascade.report.lanes import shortened
from cascade.report.moments import moment_text, setting
from cascade.report.style import (
    FAINT,
    HIT,
    INK,
    POINTS,
    Stroke,
    height_in,
    ink_on,
    set_title,
    sizes,
    width_in,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cascade.analysis.blast_radius import BlastRadius
    from cascade.model import Topology

LARGEST_IN: Final = 200.0
"""Width and height of the largest picture; what does not fit is drawn smaller."""
BOX: Final = 0.78
"""Width of a box on the map, in columns."""
TALL: Final = 0.68
"""Height of a box, in rows."""
SHORT_LETTERS: Final = 14
"""Letters of a name where there is little room."""
LARGEST_PT: Final = 7.5
BOLD: Final = 0.66
"""Mean width of a bold letter, in its size."""
SMALLEST_PT: Final = 4.5
"""Sizes of the letters in a box."""
ARROWS: Final[dict[Needs | None, tuple[str, Stroke]]] = {
    Needs.HARD: ("hard", "-"),
    Needs.SOFT: ("soft", (0, (5, 2))),
    Needs.ASYNC: ("asynchronous", (0, (1, 1.5))),
    Needs.STARTUP: ("to start", (0, (6, 2, 1, 2))),
    Needs.CONTROL: ("to be changed", (0, (2, 4))),
    None: ("member of a group, keeper of a fleet", (0, (8, 2, 1, 2, 1, 2))),
}
"""How each kind of dependency is called and stroked."""


def plot_topology(topology: Topology, *, axes: Axes | None = None) -> Axes:
    """Draw what depends on what: callers to the left of what they call; gives the axes."""
    every = [*topology.services, *topology.groups, *topology.fleets]
    names = mapping.most_connected(every, mapping.arrows(topology))
    drawn = [arrow for arrow in mapping.arrows(topology) if {arrow.caller, arrow.callee} <= {*names}]
    columns = mapping.columns(names, drawn)
    rows = max(map(len, columns), default=1)
    more = f"; the {len(names)} of {len(every)} parts with most arrows" if len(names) < len(every) else ""
    axes = make_map(axes, "What depends on what?", topology.name + more, len(columns), rows)
    where = {
        name: (float(x), (row + 0.5) * rows / len(column) - 0.5)
        for x, column in enumerate(columns)
        for row, name in enumerate(column)
    }
    for arrow in drawn:
        draw_arrow(axes, where[arrow.caller], where[arrow.callee], ARROWS[arrow.needs][1])
    for name, place in where.items():
        draw_box(axes, topology, name, place)
    shown = dict.fromkeys(arrow.needs for arrow in drawn)
    kinds = [Line2D([], [], color=INK, linestyle=ARROWS[needs][1], label=ARROWS[needs][0]) for needs in shown]
    size = sizes(axes)
    axes.legend(
        handles=kinds, loc="upper left", bbox_to_anchor=(0.0, 0.0), ncols=6 if size.is_wide else 2, frameon=False,
        fontsize=size.note, columnspacing=1.0,
    )  # fmt: skip
    return axes


def plot_blast_radius(blast: BlastRadius, *, axes: Axes | None = None) -> Axes:
    """Draw what a fault takes down, step by step from the left: darker where more is lost, with the hours."""
    run = blast.run
    spread = mapping.worst_hit(blast.spread)
    where = mapping.tree(spread)
    size = [1 + max((place[axis] for place in where.values()), default=0) for axis in (0, 1)]
    is_whole = len(spread) == len(blast.impacts)
    more = "" if is_whole else f"; the {len(spread)} of {len(blast.impacts)} that lose most, and what led to them"
    axes = make_map(axes, "What takes what down, and from when to when?", setting(run) + more, *size)
    for impact, depth in spread:
        if depth:
            draw_arrow(axes, where[impact.path[-2]], where[impact.name], "-", HIT(0.75))
        back = "" if impact.returns_s is None else moment_text(run, impact.returns_s)
        note = f"{moment_text(run, impact.falls_s)} to {back or 'the end'}"
        draw_box(axes, run.topology, impact.name, where[impact.name], HIT(impact.depth_fraction), note)
    return axes


def make_map(axes: Axes | None, question: str, subtitle: str, columns: int, rows: int) -> Axes:
    """Make room for boxes in columns and rows under a question."""
    if axes is None:
        axes = make_sheet(question, subtitle, columns, rows)
    else:
        set_title(axes, question, subtitle)
    axes.set_xlim(-0.5, columns - 0.5)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_axis_off()
    return axes


def make_sheet(question: str, subtitle: str, columns: int, rows: int) -> Axes:
    """Make a figure that is as large as a map needs it to be."""
    wide_in, high_in = min(max(2.6 * columns, 7.0), LARGEST_IN), min(0.5 * rows + 1.3, LARGEST_IN)
    figure = plt.figure(figsize=(wide_in, high_in), facecolor="white")
    axes = figure.add_axes((0.0, 0.45 / high_in, 1.0, 1.0 - 1.3 / high_in))
    left = 0.3 / wide_in
    figure.text(left, 1.0 - 0.18 / high_in, question, fontsize=15, fontweight="bold", color=INK, va="top")
    figure.text(left, 1.0 - 0.5 / high_in, shortened(subtitle, 110), fontsize=9.5, color=FAINT, va="top")
    return axes


def draw_arrow(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], stroke: Stroke, colour: Any = FAINT
) -> None:
    """Draw an arrow between two boxes; round the outside where both stand in one column."""
    step = (end[0] > start[0]) - (end[0] < start[0])
    down = end[1] - start[1]
    bend = 0.0 if step else math.copysign(min(0.4, 0.8 / abs(down)), down)
    axes.annotate(
        "", (end[0] - (step or 1) * BOX / 2, end[1]), (start[0] + (step or -1) * BOX / 2, start[1]), zorder=1,
        arrowprops={
            "arrowstyle": "-|>", "color": colour, "linewidth": 1.0, "linestyle": stroke, "shrinkA": 0, "shrinkB": 0,
            "connectionstyle": f"arc3,rad={bend}",
        },
    )  # fmt: skip


def draw_box(  # noqa: PLR0913, PLR0917 - what is written where
    axes: Axes, topology: Topology, name: str, place: tuple[float, float], colour: Any = None, note: str = ""
) -> None:
    """Draw one part: bold what users call, round a fleet, with a thick edge a group."""
    x, y = place
    service = topology.services.get(name)
    style = "round,pad=0,rounding_size=0.2" if name in topology.fleets else "square,pad=0"
    box = FancyBboxPatch(
        (x - BOX / 2, y - TALL / 2), BOX, TALL, boxstyle=style, facecolor=colour or "white", edgecolor=INK,
        linewidth=2.2 if name in topology.groups else 0.9, zorder=4, gid=f"box {name}",
    )  # fmt: skip
    axes.add_patch(box)
    weight = "bold" if service is not None and service.is_entry_point else "normal"
    text, letters_pt = text_in_box(axes, name, note)
    axes.text(
        x, y, text, ha="center", va="center", fontsize=letters_pt, fontweight=weight, color=ink_on(colour or "white"),
        zorder=5,
    )  # fmt: skip


def text_in_box(axes: Axes, name: str, note: str) -> tuple[str, float]:
    """Give what fits into a box, and the size of its letters [pt]; nothing where none could be read."""
    if axes.get_subplotspec() is None:
        return shortened(name, 30) + (f"\n{note}" if note else ""), LARGEST_PT
    columns, rows = (abs(high - low) for low, high in (axes.get_xlim(), axes.get_ylim()))
    wide_pt, high_pt = BOX * width_in(axes) / columns * POINTS, TALL * height_in(axes) / rows * POINTS
    whole = shortened(name, 24)
    for text in (*([f"{whole}\n{note}"] if note else []), whole, shortened(name, SHORT_LETTERS)):
        lines = text.split("\n")
        size_pt = min(wide_pt / (BOLD * max(map(len, lines))), high_pt / (1.3 * len(lines)), LARGEST_PT)
        if size_pt >= SMALLEST_PT:
            return text, size_pt
    return "", SMALLEST_PT
