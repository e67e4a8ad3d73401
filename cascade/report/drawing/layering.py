"""Which column everything stands in: right of all that calls it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Layers:
    """Places in columns: first the things themselves, then the lanes that long arrows pass other columns in."""

    count: int
    """Things; what comes behind them are lanes."""
    depth: list[int]
    """Column of each thing and of each lane."""
    lanes: dict[Pair, list[int]] = field(default_factory=dict)
    """For a pair of things, the lanes that its arrow passes through."""

    @property
    def links(self) -> dict[Pair, int]:
        """Pairs in columns side by side that arrows connect, with the number of arrows."""
        return Counter(
            step
            for (caller, callee), between in self.lanes.items()
            for step in zip((caller, *between), (*between, callee), strict=True)
        )


def layers_of(sizes: Sequence[int], pairs: Sequence[Pair], keeps_first: Sequence[bool], most: int) -> Layers:
    """Give each thing the first column with room right of its callers; things come in an order that callers lead.

    Parameters
    ----------
    sizes : sequence of int
        Rows that each thing takes.
    pairs : sequence of pair
        Who calls whom, the lower number always the higher one.
    keeps_first : sequence of bool
        What stays in its first column even where nothing that it calls is near.
    most : int
        Rows of a column.
    """
    callers: list[list[int]] = [[] for _ in sizes]
    callees: list[list[int]] = [[] for _ in sizes]
    for caller, callee in pairs:
        callers[callee].append(caller)
        callees[caller].append(callee)
    depth: list[int] = []
    taken: Counter[int] = Counter()
    for thing, size in enumerate(sizes):
        column = 1 + max((depth[caller] for caller in callers[thing]), default=-1)
        while taken[column] and taken[column] + size > most:
            column += 1
        depth.append(column)
        taken[column] += size
    for thing in reversed(range(len(sizes))):
        column = min((depth[callee] for callee in callees[thing]), default=0) - 1
        is_drawn = len(callees[thing]) > len(callers[thing]) and not keeps_first[thing]
        if is_drawn and column > depth[thing] and taken[column] + sizes[thing] <= most:
            taken[depth[thing]] -= sizes[thing]
            taken[column] += sizes[thing]
            depth[thing] = column
    return with_lanes(depth, pairs)


def with_lanes(depth: list[int], pairs: Sequence[Pair]) -> Layers:
    """Give long arrows lanes through the columns between; arrows with one end in common share them."""
    far = [pair for pair in pairs if depth[pair[1]] - depth[pair[0]] > 1]
    leaving, coming = Counter(caller for caller, _ in far), Counter(callee for _, callee in far)
    layers = Layers(len(depth), list(depth))
    made: dict[tuple[bool, int, int], int] = {}
    for caller, callee in pairs:
        shares_start = leaving[caller] > coming[callee]
        between = layers.lanes[caller, callee] = []
        for column in range(depth[caller] + 1, depth[callee]):
            key = (shares_start, caller if shares_start else callee, column)
            if key not in made:
                made[key] = len(layers.depth)
                layers.depth.append(column)
            between.append(made[key])
    return layers
