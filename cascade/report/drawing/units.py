"""What takes one place in a column of a map: a box, or the boxes of a cycle in rows inside a frame."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cascade.report.drawing.manner import Manner

ROW_GAP: Final = 16.0
INNER_GAP: Final = 46.0
"""Between the columns of a cycle."""


@dataclass(frozen=True, slots=True)
class Size:
    """Room that a box needs [px]."""

    width: float
    height: float

    @property
    def turned(self) -> Size:
        """The same lying on its side."""
        return Size(self.height, self.width)


@dataclass(frozen=True, slots=True)
class Unit:
    """A box, or the boxes of a cycle in rows."""

    rows: tuple[tuple[str, ...], ...]
    cell: Size
    """Room for each of its boxes."""
    manner: Manner

    @property
    def names(self) -> tuple[str, ...]:
        """Its members."""
        return tuple(name for row in self.rows for name in row)

    @property
    def is_cycle(self) -> bool:
        """Whether it has a frame."""
        return len(self.names) > 1

    @property
    def width(self) -> float:
        """Width with its frame [px]."""
        across = len(self.rows[0])
        inside = across * self.cell.width + (across - 1) * INNER_GAP
        return inside + sum(self.manner.frame_along) if self.is_cycle else inside

    @property
    def height(self) -> float:
        """Height with its frame [px]."""
        down = len(self.rows)
        inside = down * self.cell.height + (down - 1) * ROW_GAP
        return inside + sum(self.manner.frame_across) if self.is_cycle else inside

    def corner_of(self, row: int, column: int) -> tuple[float, float]:
        """Give where a member begins, right of and below the corner of the unit."""
        if not self.is_cycle:
            return 0.0, 0.0
        before, above = self.manner.frame_along[0], self.manner.frame_across[0]
        return before + column * (self.cell.width + INNER_GAP), above + row * (self.cell.height + ROW_GAP)

    def cells(self) -> dict[str, tuple[int, int]]:
        """Give row and column of each member."""
        return {name: (row, column) for row, names in enumerate(self.rows) for column, name in enumerate(names)}


def unit_of(names: Sequence[str], sizes: Mapping[str, Size], manner: Manner) -> Unit:
    """Put the members of a cycle into rows; a few into one column."""
    across = 1 if len(names) <= manner.tall else math.ceil(math.sqrt(len(names) / manner.cycle_factor))
    rows = tuple(tuple(names[start : start + across]) for start in range(0, len(names), across))
    width, height = max(sizes[name].width for name in names), max(sizes[name].height for name in names)
    return Unit(rows, Size(width, height), manner)
