"""Bit masks over a batch of failures: spread through the gates, and counted.

References
----------
Muła, Kurz, Lemire, Faster population counts using AVX2 instructions, The Computer Journal 61 (2018), for
counting with carry-save adders.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from cascade.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cascade.logic.gates import Flags, Ints, Links
    from cascade.logic.order import Condensed

    Floats = NDArray[np.float64]
    Masks = NDArray[np.uint64]

PLANES: Final = 40
"""Binary digits of a counter."""
BLOCK: Final = 8
"""Rows that are added at once."""
ONE: Final = np.uint64(1)
NONE: Final = np.uint64(0)
PAIRS: Final = np.uint64(0x5555555555555555)
FOURS: Final = np.uint64(0x3333333333333333)
EIGHTS: Final = np.uint64(0x0F0F0F0F0F0F0F0F)
BYTES: Final = np.uint64(0x0101010101010101)


class Counter(NamedTuple):
    """Counts, for every failure of a batch, the rows that were added with its bit set."""

    planes: Masks
    """(PLANES, W) digit p of all counts."""
    waiting: Links
    """(BLOCK,) rows that are not in the planes yet."""
    filled: Links
    """(1,) how many those are."""
    carries: Masks
    """(BLOCK / 2, W) room for carries."""


@compiled
def room(rows: int, words: int) -> tuple[Masks, Flags]:
    """Make empty masks (K, W), and marks (K,) of rows whose mask is not empty."""
    return np.zeros((rows, words), np.uint64), np.zeros(rows, np.bool_)


@compiled
def counters(words: int) -> Counter:
    """Make a counter that stands at zero."""
    return Counter(
        np.zeros((PLANES, words), np.uint64), np.zeros(BLOCK, np.int32), np.zeros(1, np.int32),
        np.zeros((BLOCK // 2, words), np.uint64),
    )  # fmt: skip


@compiled
def spread(condensed: Condensed, batch: Links, mask: Masks, live: Flags) -> int:
    """Let bit b stand for the failure of row ``batch[b]``, and spread all; give the first row that may have any."""
    lowest = condensed.least.size
    for b in range(batch.size):
        row = batch[b]
        mask[row, b >> 6] |= ONE << np.uint64(b & 63)
        live[row] = True
        lowest = min(lowest, row)
    component = int(np.searchsorted(condensed.start, lowest, side="right")) - 1
    flow(condensed, component, mask, live)
    return condensed.start[component]


@compiled
def flow(condensed: Condensed, component: int, mask: Masks, live: Flags) -> None:
    """Bring all rows from a component on to the least fixed point above the bits that are set."""
    digits, carry = np.zeros((PLANES, mask.shape[1]), np.uint64), np.zeros(mask.shape[1], np.uint64)
    changed_in = np.zeros(0, np.int32)
    for c in range(component, condensed.loops.size):
        first, last = condensed.start[c], condensed.start[c + 1]
        if not condensed.loops[c]:
            if condensed.least[first] == 1:
                join(condensed, first, mask, live)
            else:
                evaluate(condensed, first, mask, live, digits, carry)
        else:
            if changed_in.size == 0:
                changed_in = np.zeros(live.size, np.int32)
            settle(condensed, first, last, mask, live, digits, carry, changed_in)


@compiled
def join(condensed: Condensed, row: int, mask: Masks, live: Flags) -> None:
    """Add to a row the failures that take one of its inputs down, two inputs at a time."""
    waiting = -1
    for k in range(condensed.first[row], condensed.first[row + 1]):
        other = condensed.inputs[k]
        if live[other]:
            if waiting < 0:
                waiting = other
            else:
                for w in range(mask.shape[1]):
                    mask[row, w] |= mask[waiting, w] | mask[other, w]
                waiting = -1
            live[row] = True
    if waiting >= 0:
        for w in range(mask.shape[1]):
            mask[row, w] |= mask[waiting, w]


@compiled
def settle(
    condensed: Condensed, begin: int, end: int, mask: Masks, live: Flags, digits: Masks, carry: Masks, changed_in: Links
) -> None:
    """Pass over the rows of one component until nothing changes."""
    changed_in[begin:end] = 0
    turn, last_change = 1, 1
    while last_change >= turn - 1 and turn <= end - begin + 2:
        for row in range(begin, end):
            is_due = turn == 1
            if not is_due:
                for k in range(condensed.first[row], condensed.first[row + 1]):
                    other = condensed.inputs[k]
                    if other >= begin and changed_in[other] >= turn - 1:
                        is_due = True
                        break
            if is_due and evaluate(condensed, row, mask, live, digits, carry):
                changed_in[row] = turn
                last_change = turn
        turn += 1


@compiled
def evaluate(condensed: Condensed, row: int, mask: Masks, live: Flags, digits: Masks, carry: Masks) -> bool:
    """Add to a row the failures that take enough of its inputs down; whether there are new ones."""
    first, last, least = condensed.first[row], condensed.first[row + 1], condensed.least[row]
    words, is_new = mask.shape[1], NONE
    if least == 1:
        for k in range(first, last):
            other = condensed.inputs[k]
            if live[other]:
                live[row] = True
                for w in range(words):
                    is_new |= mask[other, w] & ~mask[row, w]
                    mask[row, w] |= mask[other, w]
        return is_new != NONE
    found = 0
    for k in range(first, last):
        found += live[condensed.inputs[k]]
    if found < least:
        return False
    top = count_inputs(condensed, first, last, least, mask, live, digits, carry)
    for w in range(words):
        is_new |= digits[top, w] & ~mask[row, w]
        mask[row, w] |= digits[top, w]
    if is_new != NONE:
        live[row] = True
    return is_new != NONE


@compiled
def count_inputs(
    condensed: Condensed, first: int, last: int, least: int, mask: Masks, live: Flags, digits: Masks, carry: Masks
) -> int:
    """Count the inputs that are down under each failure; give the digit that says whether they are enough.

    The count starts at a power of two less the threshold, so that its digit of that power is the answer.
    """
    words, top = mask.shape[1], 0
    while (1 << top) < last - first:
        top += 1
    for p in range(top + 1):
        is_set = (((1 << top) - least) >> p) & 1
        for w in range(words):
            digits[p, w] = ~NONE if is_set else NONE
    for k in range(first, last):
        other = condensed.inputs[k]
        if live[other]:
            for w in range(words):
                carry[w] = mask[other, w]
            for p in range(top + 1):
                for w in range(words):
                    digit = digits[p, w]
                    digits[p, w] = digit ^ carry[w]
                    carry[w] &= digit
    return top


@compiled
def several(batch: Links, failing: Ints, words: int) -> Masks:
    """Mark the failures of a batch (W,) that stand for more than one node."""
    found = np.zeros(words, np.uint64)
    for b in range(batch.size):
        if failing[batch[b]] > 1:
            found[b >> 6] |= ONE << np.uint64(b & 63)
    return found


@compiled
def ones(word: Any) -> Any:
    """Count the set bits of a word."""
    word -= (word >> np.uint64(1)) & PAIRS
    word = (word & FOURS) + ((word >> np.uint64(2)) & FOURS)
    word = (word + (word >> np.uint64(4))) & EIGHTS
    return np.int64((word * BYTES) >> np.uint64(56))


@compiled
def count(mask: Masks, row: int, several: Masks, batch: Links, failing: Ints) -> int:
    """Count the nodes (failures) whose bits a row has."""
    found, more = 0, NONE
    for w in range(mask.shape[1]):
        found += ones(mask[row, w])
        more |= mask[row, w] & several[w]
    if more != NONE:
        found += count_more(mask, row, several, batch, failing)
    return found


@compiled
def count_more(mask: Masks, row: int, several: Masks, batch: Links, failing: Ints) -> int:
    """Count the nodes that a row's bits stand for beyond one each."""
    found = 0
    for b in range(batch.size):
        if ((mask[row, b >> 6] & several[b >> 6]) >> np.uint64(b & 63)) & ONE:
            found += failing[batch[b]] - 1
    return found


@compiled
def add(counter: Counter, mask: Masks, row: int, times: int) -> None:
    """Count a row, so many times."""
    if times == 1:
        counter.waiting[counter.filled[0]] = row
        counter.filled[0] += 1
        if counter.filled[0] == BLOCK:
            add_block(counter, mask)
        return
    digit = 0
    while times > 0:
        if times & 1:
            add_row(counter, mask, row, digit)
        times >>= 1
        digit += 1


@compiled
def add_row(counter: Counter, mask: Masks, row: int, digit: int) -> None:
    """Count a row once at a digit."""
    for w in range(mask.shape[1]):
        counter.carries[0, w] = mask[row, w]
    push(counter.planes, digit, counter.carries)


@compiled
def add_block(counter: Counter, mask: Masks) -> None:
    """Count the rows that wait, by a tree of carry-save adders."""
    planes, rows, carries = counter.planes, counter.waiting, counter.carries
    fold(planes, 0, mask, rows[0], rows[1], carries, 0)
    fold(planes, 0, mask, rows[2], rows[3], carries, 1)
    fold(planes, 1, carries, 0, 1, carries, 2)
    fold(planes, 0, mask, rows[4], rows[5], carries, 0)
    fold(planes, 0, mask, rows[6], rows[7], carries, 1)
    fold(planes, 1, carries, 0, 1, carries, 3)
    fold(planes, 2, carries, 2, 3, carries, 0)
    push(planes, 3, carries)
    counter.filled[0] = 0


@compiled
def fold(planes: Masks, digit: int, mask: Masks, one: int, other: int, carries: Masks, carry: int) -> None:
    """Add two rows of some masks to a digit, and leave what is carried to the next in a row of the carries."""
    for w in range(planes.shape[1]):
        half = planes[digit, w] ^ mask[one, w]
        carries[carry, w] = (planes[digit, w] & mask[one, w]) | (half & mask[other, w])
        planes[digit, w] = half ^ mask[other, w]


@compiled
def push(planes: Masks, digit: int, carries: Masks) -> None:
    """Add the first of the carries, one bit per count, at a digit; it is used up."""
    more = ~NONE
    while more != NONE:
        more = NONE
        for w in range(planes.shape[1]):
            before = planes[digit, w]
            planes[digit, w] = before ^ carries[0, w]
            carries[0, w] &= before
            more |= carries[0, w]
        digit += 1


@compiled
def read(counter: Counter, mask: Masks, batch: Links, total: Ints) -> None:
    """Add the counts of a batch to the totals of its rows (K,), and set the counter to zero."""
    for k in range(counter.filled[0]):
        add_row(counter, mask, counter.waiting[k], 0)
    counter.filled[0] = 0
    highest = 0
    for p in range(PLANES):
        for w in range(mask.shape[1]):
            if counter.planes[p, w] != NONE:
                highest = p + 1
    for b in range(batch.size):
        for p in range(highest):
            bit = (counter.planes[p, b >> 6] >> np.uint64(b & 63)) & ONE
            total[batch[b]] += np.int64(bit) << p
    counter.planes[:highest] = NONE


@compiled
def add_weight(lost: Floats, batch: Links, row: Masks, weight: float) -> None:
    """Add a weight to every failure whose bit a row (W,) has."""
    for b in range(batch.size):
        if (row[b >> 6] >> np.uint64(b & 63)) & ONE:
            lost[batch[b]] += weight


@compiled
def clear(mask: Masks, live: Flags, start: int) -> None:
    """Take all bits away."""
    for row in range(start, live.size):
        if live[row]:
            live[row] = False
            for w in range(mask.shape[1]):
                mask[row, w] = NONE
