"""In which order everything stands in its column, so that few arrows cross."""

from __future__ import annotations

from bisect import bisect_right, insort
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cascade.report.drawing.layering import Layers

SWEEPS: Final = 12
"""Times that the columns are put in the order of their neighbours, there and back."""
SWAPS: Final = 6
"""Times that neighbours change places where that takes crossings away."""

Links = tuple[list[list[int]], list[list[int]]]
"""For each place, what is connected with it in the column to its left, and to its right."""


def order_of(layers: Layers, club_of: Mapping[int, int]) -> list[list[int]]:
    """Give each column from top to bottom; members of one club stand together."""
    links = links_of(layers)
    found = [untangled(start, links, club_of) for start in (lanes_between(layers), lanes_below(layers))]
    return min(found, key=lambda columns: crossings(columns, links))


def untangled(columns: list[list[int]], links: Links, club_of: Mapping[int, int]) -> list[list[int]]:
    """Sort columns by their neighbours, there and back, and keep what crosses least."""
    best, fewest = [list(column) for column in columns], crossings(columns, links)
    for sweep in range(SWEEPS):
        side = sweep % 2
        for rows in columns[1:] if side == 0 else columns[-2::-1]:
            put_in_order(rows, links[side], places(columns), club_of)
        found = crossings(columns, links)
        if found < fewest:
            best, fewest = [list(column) for column in columns], found
    for _ in range(SWAPS):
        moved = [swapped(rows, links, places(best), club_of) for rows in best]
        if not any(moved):
            break
    for rows in best:
        put_together(rows, club_of)
    return best


def lanes_below(layers: Layers) -> list[list[int]]:
    """Give each column with its lanes below everything else."""
    columns: list[list[int]] = [[] for _ in range(1 + max(layers.depth, default=-1))]
    for place, column in enumerate(layers.depth):
        columns[column].append(place)
    return columns


def lanes_between(layers: Layers) -> list[list[int]]:
    """Give each column with its lanes in the middle, where they stay if that makes no difference."""
    columns = []
    for column in lanes_below(layers):
        things, lanes = [p for p in column if p < layers.count], [p for p in column if p >= layers.count]
        columns.append([*things[: len(things) // 2], *lanes, *things[len(things) // 2 :]])
    return columns


def links_of(layers: Layers) -> Links:
    """Give the neighbours of each place, left and right."""
    left: list[list[int]] = [[] for _ in layers.depth]
    right: list[list[int]] = [[] for _ in layers.depth]
    for caller, callee in layers.links:
        left[callee].append(caller)
        right[caller].append(callee)
    return left, right


def places(columns: Sequence[Sequence[int]]) -> dict[int, int]:
    """Give the row of everything."""
    return {place: row for column in columns for row, place in enumerate(column)}


def put_in_order(
    column: list[int], neighbours: list[list[int]], row_of: Mapping[int, int], club_of: Mapping[int, int]
) -> None:
    """Sort a column by the mean row of what each is connected with on one side."""
    wish = {
        place: sum(row_of[other] for other in found) / len(found) if (found := neighbours[place]) else row_of[place]
        for place in column
    }
    column.sort(key=wish.__getitem__)
    clubs: dict[int, list[float]] = {}
    for place in column:
        if place in club_of:
            clubs.setdefault(club_of[place], []).append(wish[place])
    mean = {club: sum(wishes) / len(wishes) for club, wishes in clubs.items()}
    column.sort(key=lambda place: (mean[club_of[place]], club_of[place]) if place in club_of else (wish[place], -1))


def put_together(column: list[int], club_of: Mapping[int, int]) -> None:
    """Let the members of each club stand where the first of them does."""
    first: dict[int, int] = {}
    for row, place in enumerate(column):
        first.setdefault(club_of.get(place, -1 - place), row)
    column.sort(key=lambda place: first[club_of.get(place, -1 - place)])


def crossings(columns: Sequence[Sequence[int]], links: Links) -> int:
    """Count the pairs of arrows that cross."""
    row_of = places(columns)
    total = 0
    for column in columns:
        passed: list[int] = []
        for place in column:
            for row in sorted(row_of[other] for other in links[1][place]):
                total += len(passed) - bisect_right(passed, row)
            for other in links[1][place]:
                insort(passed, row_of[other])
    return total


def swapped(column: list[int], links: Links, row_of: Mapping[int, int], club_of: Mapping[int, int]) -> bool:
    """Let neighbours change places where fewer arrows cross then; say whether any did."""
    moved = False
    for row in range(len(column) - 1):
        upper, lower = column[row], column[row + 1]
        if club_of.get(upper) != club_of.get(lower):
            continue
        gain = sum(
            crossed(side[upper], side[lower], row_of) - crossed(side[lower], side[upper], row_of) for side in links
        )
        if gain > 0:
            column[row], column[row + 1] = lower, upper
            moved = True
    return moved


def crossed(upper: Sequence[int], lower: Sequence[int], row_of: Mapping[int, int]) -> int:
    """Count the crossings between the arrows of two places, one above the other."""
    below = sorted(row_of[other] for other in lower)
    return sum(sum(row < row_of[other] for row in below) for other in upper)
