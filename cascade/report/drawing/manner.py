"""The two manners in which a map is read: callers left of what they call, or above it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Manner:
    """How a map is laid out; *along* is the way of the arrows, *across* at a right angle to it [px]."""

    is_downward: bool
    words: str
    """Where callers stand, in words."""
    rows: int
    """Boxes that stand side by side at most, in a small map."""
    rows_factor: float
    """The same in a large one, times the square root of the number of boxes."""
    tall: int
    """Members of a cycle that stand side by side."""
    cycle_factor: float
    """Rows of a large cycle to its columns."""
    frame_along: tuple[float, float]
    """Between the boxes of a cycle and its frame, before and after."""
    frame_across: tuple[float, float]
    area_along: tuple[float, float]
    """Between the boxes of a domain and its outline, before and after."""
    area_across: tuple[float, float]


RIGHTWARD: Final = Manner(
    is_downward=False, words="Callers stand left of what they call.", rows=12, rows_factor=1.5, tall=5,
    cycle_factor=2.0, frame_along=(34.0, 34.0), frame_across=(28.0, 14.0), area_along=(10.0, 10.0),
    area_across=(22.0, 10.0),
)  # fmt: skip
DOWNWARD: Final = Manner(
    is_downward=True, words="Callers stand above what they call.", rows=7, rows_factor=0.8, tall=4,
    cycle_factor=0.7, frame_along=(46.0, 34.0), frame_across=(18.0, 18.0), area_along=(22.0, 10.0),
    area_across=(10.0, 10.0),
)  # fmt: skip
