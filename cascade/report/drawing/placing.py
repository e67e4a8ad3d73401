"""How high everything stands: near to what it is connected with, and never on top of another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

PASSES: Final = 14
"""Times that the heights of one column follow those of the next."""


@dataclass(frozen=True, slots=True)
class Spring:
    """A wish that two things in columns side by side be level."""

    left: int
    left_px: float
    """Where the arrow leaves, below the middle of the thing."""
    right: int
    right_px: float
    weight: float


@dataclass(frozen=True, slots=True)
class Stack:
    """Things in one column that move together, each at a distance below the middle of the stack."""

    places: tuple[int, ...]
    offsets: tuple[float, ...]
    size: float
    """Height, with the room that it keeps free around itself."""


def heights(columns: Sequence[Sequence[Stack]], springs: Sequence[Spring], count: int) -> list[float]:
    """Give the middle of everything [px], the sum of squared weighted slants of the arrows being small."""
    pulls: tuple[list[list[tuple[int, float, float]]], ...] = ([[] for _ in range(count)], [[] for _ in range(count)])
    for spring in springs:
        pulls[0][spring.right].append((spring.left, spring.left_px - spring.right_px, spring.weight))
        pulls[1][spring.left].append((spring.right, spring.right_px - spring.left_px, spring.weight))
    y = [0.0] * count
    for column in columns:
        settle(column, [0.0] * len(column), [1.0] * len(column), y)
    for sweep in range(PASSES):
        is_last = sweep >= PASSES - 2
        sides = pulls if is_last else (pulls[sweep % 2],)
        for column in columns if sweep % 2 == 0 else reversed(columns):
            wishes, weights = zip(*(wish(stack, sides, y) for stack in column), strict=True) if column else ((), ())
            settle(column, wishes, weights, y)
    return y


def wish(
    stack: Stack, sides: Sequence[list[list[tuple[int, float, float]]]], y: Sequence[float]
) -> tuple[float, float]:
    """Give where a stack would stand by itself, and how much it wants that."""
    pulled = [
        (y[other] + shift - offset, weight)
        for place, offset in zip(stack.places, stack.offsets, strict=True)
        for side in sides
        for other, shift, weight in side[place]
    ]
    total = sum(weight for _, weight in pulled)
    if not pulled:
        return y[stack.places[0]] - stack.offsets[0], 0.01
    return sum(height * weight for height, weight in pulled) / total, total


def settle(stacks: Sequence[Stack], wishes: Sequence[float], weights: Sequence[float], y: list[float]) -> None:
    """Put the stacks of a column as near to their wishes as their sizes allow: pool adjacent violators."""
    pools: list[tuple[float, float, int]] = []
    starts, top = [], 0.0
    for stack, wished, weight in zip(stacks, wishes, weights, strict=True):
        start = top + stack.size / 2.0
        starts.append(start)
        top += stack.size
        mean, total, members = wished - start, weight, 1
        while pools and pools[-1][0] >= mean:
            before, heavy, more = pools.pop()
            mean, total, members = (before * heavy + mean * total) / (heavy + total), heavy + total, members + more
        pools.append((mean, total, members))
    shifts = [mean for mean, _, members in pools for _ in range(members)]
    for stack, start, shift in zip(stacks, starts, shifts, strict=True):
        for place, offset in zip(stack.places, stack.offsets, strict=True):
            y[place] = start + shift + offset
