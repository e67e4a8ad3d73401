"""The ways of arrows: level where they pass a column, curved between columns."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from cascade.report.drawing.svg import number

if TYPE_CHECKING:
    from collections.abc import Sequence

PAIR: Final = re.compile(r"(-?[\d.]+) (-?[\d.]+)")
BULGE: Final = 14.0
"""How far an arrow between neighbours in a cycle goes out beside them."""
WIDEST: Final = 30.0
GAP: Final = 8.0
"""Half of the gap between two rows of a cycle."""
TIP: Final = 2.0
"""What stays free before a box, for the head of the arrow."""


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the topology on the map."""

    name: str
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """Height at which arrows arrive and leave."""
        return self.y + self.height / 2.0

    @property
    def turned(self) -> Box:
        """The same on a map whose sides change places."""
        return Box(self.name, self.y, self.x, self.height, self.width)


@dataclass(frozen=True, slots=True)
class Pass:
    """A level part of the way of an arrow."""

    left: float
    right: float
    y: float


@dataclass(frozen=True, slots=True)
class Route:
    """An arrow on the map."""

    caller: str
    callee: str
    kind: str
    path: str
    """The way, as SVG writes it."""

    @property
    def turned(self) -> Route:
        """The same on a map whose sides change places."""
        return replace(self, path=PAIR.sub(r"\2 \1", self.path).replace("H", "V"))


def through(start: Box, passes: Sequence[Pass], end: Box) -> str:
    """Lead from the right side of a box to the left side of another, through level parts from left to right."""
    x, y = start.x + start.width, start.middle
    way = [f"M{number(x)} {number(y)}"]
    for level in (*passes, Pass(end.x - TIP, end.x - TIP, end.middle)):
        way.append(bend(x, y, level.left, level.y))
        if level.right > level.left:
            way.append(f"H{number(level.right)}")
        x, y = max(level.left, level.right), level.y
    return "".join(way)


def bend(x: float, y: float, to_x: float, to_y: float) -> str:
    """Lead on in a curve that begins and ends level."""
    if abs(to_y - y) < 0.05:  # noqa: PLR2004 - less than can be seen
        return f"H{number(to_x)}" if to_x > x else ""
    half = (to_x - x) / 2.0
    return curve((x + half, y), (to_x - half, to_y), (to_x, to_y))


def curve(*points: tuple[float, float]) -> str:
    """Write a curve through two points that bend it, to a third."""
    return f"C{' '.join(f'{number(x)} {number(y)}' for x, y in points)}"


def around(start: Box, end: Box, start_at: tuple[int, int], end_at: tuple[int, int]) -> str:
    """Lead from one member of a cycle to another, each at a row and a column, beside those between."""
    (row, column), (to_row, to_column) = start_at, end_at
    if column == to_column:
        return beside(start, end, to_row - row)
    if to_column == column + 1:
        return through(start, [], end)
    if to_column > column:
        y = start.y + start.height + GAP if to_row > row else start.y - GAP
        return through(start, [Pass(start.x + start.width + 2.0 * GAP, end.x - 2.0 * GAP, y)], end)
    return backwards(start, end, is_near=to_column == column - 1, is_below=to_row > row)


def beside(start: Box, end: Box, rows: int) -> str:
    """Lead down along the right side of a column, or up along its left side."""
    out = min(BULGE + 5.0 * (abs(rows) - 1), WIDEST)
    side, away = (start.x + start.width, out) if rows > 0 else (start.x, -out)
    tip = side + (TIP if rows > 0 else -TIP)
    y, to_y = start.middle + (4.0 if rows > 0 else -4.0), end.middle - (4.0 if rows > 0 else -4.0)
    knee = side + 4.0 * away / 3.0
    return f"M{number(side)} {number(y)}{curve((knee, y), (knee, to_y), (tip, to_y))}"


def backwards(start: Box, end: Box, *, is_near: bool, is_below: bool) -> str:
    """Lead from the left side of a box to the right side of one that stands to its left."""
    x, y = start.x, start.middle + 5.0
    to_x, to_y = end.x + end.width + TIP, end.middle + 5.0
    way = f"M{number(x)} {number(y)}"
    if is_near:
        half = (to_x - x) / 2.0
        return way + curve((x + half, y), (to_x - half, to_y), (to_x, to_y))
    level = start.y + start.height + GAP if is_below else start.y - GAP
    first, last = x - 2.0 * GAP, to_x + 2.0 * GAP
    down = curve((x - GAP, y), (x - GAP, level), (first, level))
    up = curve((last - GAP, level), (last - GAP, to_y), (to_x, to_y))
    return f"{way}{down}H{number(last)}{up}"
