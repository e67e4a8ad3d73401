"""One style for all figures: colours, sizes of letters, titles, and axes for a figure that stands alone."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import matplotlib.pyplot as plt
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.transforms import ScaledTranslation

from cascade.analysis.phases import Phase
from cascade.report.lanes import unmarked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

Stroke = Literal["-", "--", "-.", ":"] | tuple[float, tuple[float, ...]]
"""How a line is broken."""
INK: Final = "#1a1a1a"
FAINT: Final = "#6f747d"
BAND: Final = "#f3f4f6"
LIGHT: Final = "#b9d5e8"
OBSERVED: Final = "#33373d"
REPAIR: Final = "#0072b2"
HIT: Final = LinearSegmentedColormap.from_list("hit", ["#f2b48c", "#d55e00", "#7a1f00"])
"""What is hit: light where little is lost or it is short, dark where all is or it lasts."""
PHASES: Final = {
    Phase.COMES_BACK: BAND,
    Phase.UNFINISHED: "#f2b48c",
    Phase.STAYS_DOWN: "#d55e00",
    Phase.OVERLOADED: "#7a1f00",
}
"""As what is hit: well, hit a little, hit, all lost."""
STYLES: Final[tuple[tuple[str, Stroke], ...]] = (
    ("#0072b2", "-"), ("#d55e00", "--"), ("#009e73", "-."), ("#cc79a7", ":"), ("#56b4e9", (0, (6, 1.5))),
    ("#1a1a1a", (0, (3, 1, 1, 1))),
)  # fmt: skip
"""Colours that the colour-blind tell apart, each with a stroke of its own for print in grey."""
HATCHES: Final = ("", "///", "...", "xxx", "\\\\\\", "ooo")
"""Fillings that tell bars apart in grey."""
MARKERS: Final = ("o", "s", "D", "^", "v", "P")
DARK: Final = 0.5
"""Lightness, from 0 to 1, below which writing on a colour is white."""

FULL_IN: Final = 6.5
"""Width from which on letters have their full size; in the column of a paper they are smaller."""
WIDE_IN: Final = 5.0
"""Width from which on there is room for what is good to have."""
LETTER: Final = 0.55
"""Mean width of a letter, in its size."""
WIDE_LETTER: Final = 0.62
"""Mean width of a letter where many of them are capitals or digits."""
POINTS: Final = 72.0
"""Points in an inch."""
LEADING: Final = 1.2
"""Distance of two lines, in the size of their letters."""
ABOVE_PT: Final = 4.0
"""Between a title and what is below it."""
MOST_LINES: Final = 3
"""Lines of what a figure is about."""
NUMBERS_IN: Final = 0.65
"""Width of numbers beside the axes, with what they are numbers of [in]."""
NAMES: Final = 0.4
"""Share of the width that names beside the axes may take."""


@dataclass(frozen=True)
class Sizes:
    """Sizes of letters and lines [pt], and the room there is."""

    title: float
    label: float
    tick: float
    note: float
    line: float
    room_in: float
    """Width of the axes with all that stands beside them [in]."""

    @property
    def is_wide(self) -> bool:
        """Whether there is room for what is good to have."""
        return self.room_in >= WIDE_IN

    @property
    def name_letters(self) -> int:
        """Letters of a name beside the axes."""
        return max(14, min(36, int(NAMES * self.room_in * POINTS / (LETTER * self.tick))))

    @property
    def row_in(self) -> float:
        """Height of a row with a name."""
        return 1.25 * self.tick / POINTS

    @property
    def legend(self) -> dict[str, Any]:
        """How legends look that stand in the axes."""
        return {"fontsize": self.note, "framealpha": 0.85, "edgecolor": "none", "facecolor": "white"}


def sizes(axes: Axes) -> Sizes:
    """Give the sizes for some axes, by the width that they have in their figure."""
    room_in = width_in(axes)
    share = min(room_in / FULL_IN, 1.0)
    return Sizes(
        title=max(13.0 * share, 8.5),
        label=max(10.0 * share, 7.5),
        tick=max(9.0 * share, 7.0),
        note=max(9.0 * share, 6.5),
        line=max(1.9 * share, 1.2),
        room_in=room_in,
    )


def width_in(axes: Axes) -> float:
    """Give the width of axes with all beside them [in]: that of their cell in a grid, if they are in one."""
    width = float(axes.figure.get_figwidth())  # type: ignore[union-attr] # figures and parts of them have one
    cell = axes.get_subplotspec()
    if cell is None:
        return width * float(axes.get_position().width)
    columns = cell.get_gridspec().ncols
    return width * len(cell.colspan) / columns


def height_in(axes: Axes) -> float:
    """Give the height of axes [in]."""
    return float(axes.get_position().height * axes.figure.get_figheight())  # type: ignore[union-attr] # as above


def own_axes(width: float, height: float) -> Axes:
    """Make axes that are alone in their figure [in]."""
    return plt.figure(figsize=(width, height), layout="constrained", facecolor="white").add_subplot()


def set_title(axes: Axes, question: str, topic: str, *, lift_pt: float = 0.0) -> None:
    """Write the question and, fainter, what it is about, from the left edge of the names beside the axes.

    ``lift_pt`` leaves room for what stands right over the axes.
    """
    size = sizes(axes)
    indent_in = names_in(axes)
    room_in = size.room_in + (indent_in if axes.get_subplotspec() is None else 0.0 if indent_in else -NUMBERS_IN)
    about = wrapped(topic, room_in, size.note, MOST_LINES)
    asked = wrapped(question, room_in, 1.1 * size.title, MOST_LINES)
    base_pt = lift_pt + ABOVE_PT
    axes.annotate(
        about, (0.0, 1.0), xycoords="axes fraction", xytext=(-indent_in * POINTS, base_pt), textcoords="offset points",
        va="bottom", fontsize=size.note, color=FAINT, linespacing=LEADING, annotation_clip=False,
    )  # fmt: skip
    pad_pt = base_pt + ABOVE_PT + (about.count("\n") + 1) * LEADING * size.note if about else base_pt
    title = axes.set_title(asked, loc="left", fontsize=size.title, fontweight="bold", color=INK, y=1.0)
    over = ScaledTranslation(-indent_in, pad_pt / POINTS, axes.figure.dpi_scale_trans)
    title.set_transform(axes.transAxes + over)


def names_in(axes: Axes) -> float:
    """Give the width of the names beside the axes [in]; numbers are none."""
    labels = [label for label in axes.get_yticklabels() if any(map(str.isalpha, label.get_text()))]
    if not labels:
        return 0.0
    widest = max(label.get_window_extent().width for label in labels)
    return float(widest / axes.figure.dpi) + ABOVE_PT / POINTS


def wrapped(text: str, room_in: float, size_pt: float, lines: int) -> str:
    """Break a text into lines that fit, without markup in it; what is too much is left out."""
    letters = max(int(room_in * POINTS / (WIDE_LETTER * size_pt)), 16)
    return unmarked(textwrap.fill(text, letters, max_lines=lines, placeholder=" ..."))


def tidy(axes: Axes) -> None:
    """Take the frame away, and write the axes in the sizes of the style."""
    size = sizes(axes)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.tick_params(which="both", colors=INK, labelsize=size.tick, length=3)
    axes.xaxis.label.set(color=INK, fontsize=size.label)
    axes.yaxis.label.set(color=INK, fontsize=size.label)


def told(axes: Axes, text: str) -> Axes:
    """Say in place of a picture why there is none."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=INK, wrap=True,
              fontsize=sizes(axes).label)  # fmt: skip
    axes.set_xticks([])
    axes.set_yticks([])
    return axes


def legend_below(axes: Axes, handles: Sequence[Any] | None = None, **kept: Any) -> None:
    """Explain what is drawn, below the axes and their label, from the left edge of the names."""
    size = sizes(axes)
    below_in = (LEADING * (size.tick + size.label) + 3.0 * ABOVE_PT) / POINTS
    under = axes.transAxes + ScaledTranslation(-names_in(axes), -below_in, axes.figure.dpi_scale_trans)
    named = {} if handles is None else {"handles": handles}
    axes.legend(
        **named, loc="upper left", bbox_to_anchor=(0.0, 0.0), bbox_transform=under, borderaxespad=0.0, borderpad=0.0,
        frameon=False, fontsize=size.note, **kept,
    )  # fmt: skip


def rows_that_fit(axes: Axes, most: int, *, beside_pt: float = 0.0) -> int:
    """Give how many rows with names fit the axes; ``beside_pt`` is the height of what else stands over and below."""
    size, cell = sizes(axes), axes.get_subplotspec()
    high_in = height_in(axes)
    if cell is not None:
        taken_pt = LEADING * (size.title + 2.0 * size.note + size.tick + size.label) + 4.0 * ABOVE_PT + beside_pt
        share = len(cell.rowspan) / cell.get_gridspec().nrows
        high_in = float(axes.figure.get_figheight()) * share - taken_pt / POINTS  # type: ignore[union-attr] # as above
    return max(min(most, int(high_in / size.row_in)), 3)


def ink_on(colour: Any) -> str:
    """Give what can be read on a colour."""
    return "white" if lightness(colour) < DARK else INK


def lightness(colour: Any) -> float:
    """Give how light a colour looks in grey print, from 0 to 1 (relative luminance of sRGB, as a cube root)."""
    from matplotlib.colors import to_rgb  # noqa: PLC0415 - beside its only use

    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in to_rgb(colour)]  # noqa: PLR2004
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return float(1.16 * luminance ** (1.0 / 3.0) - 0.16) if luminance > 0.008856 else 9.033 * luminance  # noqa: PLR2004
