"""Bars as SVG: one for each of a few things, with its name before it and its number behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cascade.report.drawing import svg
from cascade.report.drawing.letters import fitted, width_of

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH: Final = 860.0
ROW: Final = 24.0
BAR: Final = 15.0
LABEL: Final = 13.0
SMALL: Final = 11.0
MOST_LEFT: Final = 260.0
"""Most room for the names."""
TOP: Final = 30.0
MARGIN: Final = 16.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar."""

    name: str
    size: float
    said: str
    """The size in words, and what else is to be said."""
    level: int = 2
    """How dark it is, from 0 to 4."""


@dataclass(frozen=True, slots=True)
class Bars:
    """What is compared."""

    question: str
    axis: str
    """What the length of a bar means, with its unit."""
    rows: Sequence[Bar]
    left_out: str = ""
    """What is not shown, in a sentence."""


def bars_svg(bars: Bars, *, name: str = "bars") -> str:
    """Draw bars from one line to the right, the longest over all the room that the words leave.

    Examples
    --------
    >>> bars_svg(Bars("Which is worst?", "minutes", [Bar("db", 3.0, "3"), Bar("web", 1.0, "1")])).count("<rect")
    2
    """
    left = min(max((width_of(bar.name, LABEL) for bar in bars.rows), default=0.0), MOST_LEFT) + MARGIN + 10.0
    room = WIDTH - left - MARGIN - max((width_of(bar.said, SMALL) for bar in bars.rows), default=0.0) - 10.0
    longest = max((bar.size for bar in bars.rows), default=0.0) or 1.0
    body = [svg.text(bars.axis, {"class": "small note", "x": left, "y": TOP - 10.0})]
    for row, bar in enumerate(bars.rows):
        body += drawn(bar, left, TOP + row * ROW, max(room, 120.0) * bar.size / longest)
    bottom = TOP + ROW * len(bars.rows)
    body.append(svg.element("line", {"class": "axis", "x1": left, "x2": left, "y1": TOP - 4.0, "y2": bottom}))
    if bars.left_out:
        bottom += 18.0
        body.append(svg.text(bars.left_out, {"class": "small note", "x": left, "y": bottom}))
    told = " ".join([*(f"{bar.name}: {bar.said}." for bar in bars.rows), bars.left_out]).strip()
    head: svg.Attributes = {"class": "cascade bars"}
    return svg.root(name, (WIDTH, bottom + MARGIN), bars.question, told, head, body)


def drawn(bar: Bar, left: float, y: float, length: float) -> list[str]:
    """Draw one bar with its words."""
    middle = y + ROW / 2.0
    label: svg.Attributes = {"class": "label", "x": left - 10.0, "y": middle + 4.5, "text-anchor": "end"}
    shape: svg.Attributes = {
        "class": f"loss-{bar.level}", "x": left, "y": middle - BAR / 2.0, "width": max(length, 1.0), "height": BAR,
    }  # fmt: skip
    return [
        svg.text(fitted(bar.name, LABEL, MOST_LEFT), label),
        svg.element("rect", shape, svg.title(f"{bar.name}: {bar.said}")),
        svg.text(bar.said, {"class": "small", "x": left + length + 8.0, "y": middle + 4.0}),
    ]
