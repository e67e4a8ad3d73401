"""Every single failure at once: 64 of them in each word of a bit mask.

A mask per row says which failures of the batch take it down. Rows stand after what they depend on, so
one pass over them is enough, but for cycles that hold thresholds: these are passed over until nothing
changes. Memory is rows times the width of a batch, whatever the number of failures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from cascade.compiled import compile_logic, compiled
from cascade.logic import masks
from cascade.logic.order import Condensed, condense

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cascade.logic.gates import Flags, Gates, Ints, Links

    Floats = NDArray[np.float64]
    Masks = NDArray[np.uint64]

WORDS: Final = 64
"""Words of a batch: 4096 failures; rows of 512 bytes are read from memory at its full speed."""
MASK_BYTES: Final = 2**28
"""Memory of all masks, beyond which batches are narrower."""


class Sweep(NamedTuple):
    """What every single failure takes down; all (V,), 0 for nodes that cannot fail by themselves."""

    affected_count: Ints
    """Other counted nodes that it takes down."""
    hit_count: Ints
    """Other nodes whose failure alone takes this one down."""
    lost_watched_count: Ints
    """Nodes with a weight that are down then, itself included."""
    lost_weight: Floats
    """Sum of their weights."""


class Rows(NamedTuple):
    """What is known of each row, besides its gate."""

    counted: Ints
    """(K,) counted nodes in it."""
    watched: Ints
    """(K,) nodes with a weight in it."""
    weight: Floats
    """(K,) sum of their weights."""
    failing: Ints
    """(K,) nodes in it that can fail by themselves."""


def sweep(gates: Gates, *, counted: Flags | None = None, weight: Floats | None = None) -> Sweep:
    """Find what each single failure takes down, and how many single failures take each node down.

    Parameters
    ----------
    gates : Gates
    counted : (V,) bool, optional
        Nodes that count as affected; all by default.
    weight : (V,) float, optional
        Weights of the nodes that are watched; none by default.

    Examples
    --------
    >>> from cascade.logic.gates import make_gates
    >>> chain = make_gates([([1], 1), ([2], 1), ([], 1)], [True, True, True])
    >>> found = sweep(chain)
    >>> found.affected_count.tolist(), found.hit_count.tolist()
    ([0, 1, 2], [2, 1, 0])
    """
    compile_logic()
    size = gates.size
    counted = np.ones(size, np.bool_) if counted is None else counted
    weight = np.zeros(size) if weight is None else weight
    condensed = condense(gates)
    rows = rows_of(condensed, gates.fails, counted, weight)
    origins = np.flatnonzero(rows.failing > 0).astype(np.int32)
    down_count, watched_count, lost, hits = totals(condensed, origins, rows, width(condensed.least.size))
    row_of = condensed.row_of
    return Sweep(
        affected_count=np.where(gates.fails, down_count[row_of] - counted, 0),
        hit_count=hits[row_of] - gates.fails,
        lost_watched_count=np.where(gates.fails, watched_count[row_of], 0),
        lost_weight=np.where(gates.fails, lost[row_of], 0.0),
    )


def width(rows: int) -> int:
    """Give the words of a batch."""
    return max(min(WORDS, MASK_BYTES // (8 * rows + 1)), 1)


def rows_of(condensed: Condensed, fails: Flags, counted: Flags, weight: Floats) -> Rows:
    """Sum over the nodes of each row."""
    size, row_of = condensed.least.size, condensed.row_of
    return Rows(
        counted=np.bincount(row_of[counted], minlength=size).astype(np.int64),
        watched=np.bincount(row_of[weight > 0.0], minlength=size).astype(np.int64),
        weight=np.bincount(row_of, weight, minlength=size).astype(np.float64),
        failing=np.bincount(row_of[fails], minlength=size).astype(np.int64),
    )


def worst(gates: Gates, rank: Floats, part: Ints | None = None) -> Links:
    """Give for each node (V,) the other node of highest rank (V,) that takes it down alone, -1 for none.

    Of equal ranks the lower index counts as higher. Where the failure of a node is a node of its own,
    ``part`` (V,) says which node it belongs to, and takes down as no other.
    """
    compile_logic()
    condensed = condense(gates)
    part = np.arange(gates.size) if part is None else part
    by_rank = np.lexsort((np.arange(gates.size), -rank)).astype(np.int32)
    by_rank = by_rank[gates.fails[by_rank]]
    best, second = two_best(condensed.row_of, by_rank, condensed.least.size)
    place = np.empty(gates.size, np.int64)
    place[by_rank] = np.arange(by_rank.size)
    rows = np.flatnonzero(best >= 0)
    origins = rows[np.argsort(place[best[rows]])].astype(np.int32)
    own_row = np.full(condensed.least.size, -1, np.int32)  # of a row: that of the failure which is its own
    apart = np.flatnonzero(part != np.arange(gates.size))
    own_row[condensed.row_of[part[apart]]] = condensed.row_of[apart]
    found = first_others(condensed, origins, own_row, width(condensed.least.size))
    return better(condensed.row_of, best, second, found, place)


def takers(gates: Gates, target: int) -> Flags:
    """Say of each node (V,) whether the target goes down once it is down, whatever makes it so."""
    compile_logic()
    condensed = condense(gates)
    rows = condensed.least.size
    return those_with_bit(condensed, int(condensed.row_of[target]), width(rows))[condensed.row_of]


@compiled
def those_with_bit(condensed: Condensed, target: int, words: int) -> Flags:
    """Say of each row (K,) whether it alone takes one row down."""
    size = condensed.least.size
    found = np.zeros(size, np.bool_)
    origins = np.arange(size).astype(np.int32)
    mask, live = masks.room(size, words)
    for begin in range(0, size, 64 * words):
        batch = origins[begin : begin + 64 * words]
        start = masks.spread(condensed, batch, mask, live)
        for b in range(batch.size):
            found[batch[b]] = (mask[target, b >> 6] >> np.uint64(b & 63)) & masks.ONE != masks.NONE
        masks.clear(mask, live, start)
    return found


@compiled
def totals(condensed: Condensed, origins: Links, rows: Rows, words: int) -> tuple[Ints, Ints, Floats, Ints]:
    """Sum up per row: nodes down with it, watched nodes, their weight; and the failures that take it down."""
    size = condensed.least.size
    down_count, watched_count = np.zeros(size, np.int64), np.zeros(size, np.int64)
    lost, hits = np.zeros(size), np.zeros(size, np.int64)
    mask, live = masks.room(size, words)
    counter, watcher = masks.counters(words), masks.counters(words)
    each = is_equal(rows.weight, rows.watched)
    for begin in range(0, origins.size, 64 * words):
        batch = origins[begin : begin + 64 * words]
        start = masks.spread(condensed, batch, mask, live)
        several = masks.several(batch, rows.failing, words)
        for row in range(start, size):
            if not live[row]:
                continue
            hits[row] += masks.count(mask, row, several, batch, rows.failing)
            masks.add(counter, mask, row, rows.counted[row])
            if rows.watched[row] > 0:
                masks.add(watcher, mask, row, rows.watched[row])
                if each < 0.0:
                    masks.add_weight(lost, batch, mask[row], rows.weight[row])
        masks.read(counter, mask, batch, down_count)
        masks.read(watcher, mask, batch, watched_count)
        masks.clear(mask, live, start)
    if each >= 0.0:
        for row in range(size):
            lost[row] = each * watched_count[row]
    return down_count, watched_count, lost, hits


@compiled
def is_equal(weight: Floats, watched: Ints) -> float:
    """Give the weight of every watched node, -1 when they differ, 0 when there is none."""
    each = 0.0
    for row in range(watched.size):
        if watched[row] > 0:
            mean = weight[row] / watched[row]
            if each == 0.0:
                each = mean
            elif each != mean:
                return -1.0
    return each


@compiled
def two_best(row_of: Links, by_rank: Links, rows: int) -> tuple[Links, Links]:
    """Give the two nodes of highest rank in each row (K,), -1 for none."""
    best, second = np.full(rows, -1, np.int32), np.full(rows, -1, np.int32)
    for node in by_rank:
        row = row_of[node]
        if best[row] < 0:
            best[row] = node
        elif second[row] < 0:
            second[row] = node
    return best, second


@compiled
def first_others(condensed: Condensed, origins: Links, own_row: Links, words: int) -> Links:
    """Give for each row (K,) the first of the origins, other than itself, that takes it down, -1 for none."""
    found = np.full(condensed.least.size, -1, np.int32)
    mask, live = masks.room(found.size, words)
    for begin in range(0, origins.size, 64 * words):
        batch = origins[begin : begin + 64 * words]
        start = masks.spread(condensed, batch, mask, live)
        for row in range(start, found.size):
            if not live[row] or found[row] >= 0:
                continue
            for b in range(batch.size):
                if (
                    batch[b] != row
                    and batch[b] != own_row[row]
                    and (mask[row, b >> 6] >> np.uint64(b & 63)) & masks.ONE
                ):
                    found[row] = batch[b]
                    break
        masks.clear(mask, live, start)
    return found


@compiled
def better(row_of: Links, best: Links, second: Links, found: Links, place: Ints) -> Links:
    """Give for each node (V,) the best of its own row, itself left out, or of the row found for it."""
    chosen = np.full(row_of.size, -1, np.int32)
    for node in range(row_of.size):
        row = row_of[node]
        own = second[row] if best[row] == node else best[row]
        other = best[found[row]] if found[row] >= 0 else -1
        if own >= 0 and (other < 0 or place[own] < place[other]):
            other = own
        chosen[node] = other
    return chosen
