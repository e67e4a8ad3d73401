"""Families of minimal sets up to an order, as zero-suppressed decision diagrams.

No set of a family holds another, and none is of a higher order than asked for: the order of a set is
the sum over its events of the :attr:`Families.weight` of their levels. There are three operations: the
sets of both families (a gate that is an OR), one set of each together (an AND), and the sets of one that
hold no set of the other. They are written as a loop over tasks that wait, not as a recursion, because
diagrams are as deep as there are events.

References
----------
Minato, Zero-suppressed BDDs for set manipulation in combinatorial problems, DAC (1993).
Rauzy, New algorithms for fault trees analysis, Reliability Engineering and System Safety 40 (1993).
Okuno, Minato, Isozaki, On the properties of combination set operations, Information Processing Letters 66 (1998).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from cascade.compiled import compiled
from cascade.logic import store as diagrams
from cascade.logic.store import FALSE, FULL, HIGH, LEVEL, LOW, TRUE, Store

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Table = NDArray[np.int32]

UNION: Final = 0
WITHOUT: Final = 1
PRODUCT: Final = 2
"""Operations that wait; ``PRODUCT`` + k is the product up to order k."""
MAKE: Final = -1
"""Make a node of the last two results, low and high."""
SUBTRACT: Final = -2
"""Take from the last result what holds a set of the one before, which stays."""
UNITE: Final = -3
"""Unite the last two results."""
MULTIPLY: Final = -4
"""Multiply the last result."""
SPARE: Final = -5
"""Take from the last result what holds a set of a given family."""
TASKS_PER_LEVEL: Final = 8
NO_ORDER: Final = 2**30
"""The lowest order in a family without sets."""


class Families(NamedTuple):
    """Families in a store, with their orders, and room to work."""

    store: Store
    weight: Table
    """(L,) order of the event at each level."""
    lowest: Table
    """(N,) order of the smallest set of each family."""
    highest: Table
    """(N,) order of the largest; -1 in a family without sets."""
    tasks: Table
    """What waits, the next one last: kind, two operands, the level and the operation of a node to be made."""
    results: Table
    """What is done and waits to be used."""


def make_families(weight: Table, room: int = 2**14) -> Families:
    """Make an empty store for events of given orders."""
    lowest, highest = np.zeros(room, np.int32), np.zeros(room, np.int32)
    lowest[FALSE], highest[FALSE] = NO_ORDER, -1
    waiting = TASKS_PER_LEVEL * (weight.size + 2)
    return Families(
        store=diagrams.empty(weight.size, room),
        weight=weight,
        lowest=lowest,
        highest=highest,
        tasks=np.zeros((waiting, 5), np.int32),
        results=np.zeros(waiting, np.int32),
    )


def enlarged(families: Families) -> Families:
    """Give the same families, with twice the room."""
    lowest, highest = (np.concatenate((orders, orders)) for orders in (families.lowest, families.highest))
    return families._replace(store=diagrams.doubled(families.store), lowest=lowest, highest=highest)


@compiled
def node(level: int, low: int, high: int, families: Families) -> int:
    """The family of the sets of ``low``, and those of ``high`` with one event more; ``FULL`` without room."""
    if high == FALSE:
        return low
    found = diagrams.find_or_add(level, low, high, families.store)
    if found != FULL:
        weight = families.weight[level]
        families.lowest[found] = min(families.lowest[low], families.lowest[high] + weight)
        families.highest[found] = max(families.highest[low], families.highest[high] + weight)
    return found


@compiled
def combine(operation: int, one: int, other: int, families: Families) -> int:
    """The result of an operation on two families; ``FULL`` when the store has no room for it."""
    tasks, results = families.tasks, families.results
    waiting, done = wait(operation, one, other, 0, 0, 0, tasks), 0
    while waiting > 0:
        waiting -= 1
        kind, one, other = int(tasks[waiting, 0]), int(tasks[waiting, 1]), int(tasks[waiting, 2])
        level, operation = int(tasks[waiting, 3]), int(tasks[waiting, 4])
        if kind >= 0:
            known = shortcut(kind, one, other, families)
            if known >= 0:
                results[done] = known
                done += 1
            else:
                waiting = split(kind, one, other, waiting, families)
        elif kind == MAKE:
            done -= 1
            made = node(level, results[done - 1], results[done], families)
            if made == FULL:
                return FULL
            diagrams.remember(operation, one, other, made, families.store)
            results[done - 1] = made
        else:
            done -= 1
            last = int(results[done])
            if kind == SUBTRACT:
                waiting = wait(WITHOUT, last, results[done - 1], 0, 0, waiting, tasks)
            elif kind == UNITE:
                done -= 1
                waiting = wait(UNION, last, results[done], 0, 0, waiting, tasks)
            elif kind == MULTIPLY:
                waiting = wait(operation, one, last, 0, 0, waiting, tasks)
            else:
                waiting = wait(WITHOUT, last, other, 0, 0, waiting, tasks)
    return int(results[0])


@compiled
def wait(kind: int, one: int, other: int, level: int, operation: int, waiting: int, tasks: Table) -> int:
    """Put a task on top of those that wait, and give their number."""
    tasks[waiting, 0] = kind
    tasks[waiting, 1] = one
    tasks[waiting, 2] = other
    tasks[waiting, 3] = level
    tasks[waiting, 4] = operation
    return waiting + 1


@compiled
def shortcut(operation: int, one: int, other: int, families: Families) -> int:
    """The result of an operation that needs no work or is remembered, else -1."""
    if operation == UNION:
        known = easy_union(one, other)
    elif operation == WITHOUT:
        known = easy_difference(one, other, families)
    else:
        known = easy_product(one, other, operation - PRODUCT, families)
    return known if known >= 0 else diagrams.recall(operation, one, other, families.store)


@compiled
def easy_union(one: int, other: int) -> int:
    """The sets of both families, where that takes no work."""
    if one == FALSE or one == other:  # noqa: PLR1714, SIM109 - numbers of two widths
        return other
    if other == FALSE:
        return one
    return TRUE if one == TRUE or other == TRUE else -1  # noqa: PLR1714 - as above


@compiled
def easy_difference(one: int, other: int, families: Families) -> int:
    """The sets of one family that hold none of the other, where that takes no work."""
    if other == TRUE or one == other:  # noqa: PLR1714 - as above
        return FALSE
    return one if families.lowest[other] > families.highest[one] else -1


@compiled
def easy_product(one: int, other: int, most: int, families: Families) -> int:
    """One set of each family together, up to an order, where that takes no work."""
    if max(families.lowest[one], families.lowest[other]) > most:
        return FALSE
    if (other == TRUE or other == one) and families.highest[one] <= most:  # noqa: PLR1714, SIM109 - as above
        return one
    return other if one == TRUE and families.highest[other] <= most else -1


@compiled
def split(operation: int, one: int, other: int, waiting: int, families: Families) -> int:
    """Replace an operation by those on the families with and without the first event of either."""
    nodes = families.store.nodes
    if operation == WITHOUT:
        while nodes[other, LEVEL] < nodes[one, LEVEL]:
            other = nodes[other, LOW]
        return split_difference(one, other, waiting, families)
    if nodes[other, LEVEL] < nodes[one, LEVEL]:
        one, other = other, one
    if operation == UNION:
        return split_union(one, other, waiting, families)
    return split_product(one, other, operation - PRODUCT, waiting, families)


@compiled
def split_union(one: int, other: int, waiting: int, families: Families) -> int:
    """With the first event: sets of both that hold none without it."""
    nodes, tasks = families.store.nodes, families.tasks
    level, low, high = nodes[one, LEVEL], nodes[one, LOW], nodes[one, HIGH]
    waiting = wait(MAKE, one, other, level, UNION, waiting, tasks)
    if nodes[other, LEVEL] > level:
        waiting = wait(WITHOUT, high, other, 0, 0, waiting, tasks)
        return wait(UNION, low, other, 0, 0, waiting, tasks)
    waiting = wait(SUBTRACT, 0, 0, 0, 0, waiting, tasks)
    waiting = wait(UNION, high, nodes[other, HIGH], 0, 0, waiting, tasks)
    return wait(UNION, low, nodes[other, LOW], 0, 0, waiting, tasks)


@compiled
def split_difference(one: int, other: int, waiting: int, families: Families) -> int:
    """With the first event: what holds none of the others' sets, neither with that event nor without."""
    nodes, tasks = families.store.nodes, families.tasks
    level, low, high = nodes[one, LEVEL], nodes[one, LOW], nodes[one, HIGH]
    waiting = wait(MAKE, one, other, level, WITHOUT, waiting, tasks)
    if nodes[other, LEVEL] > level:
        waiting = wait(WITHOUT, high, other, 0, 0, waiting, tasks)
        return wait(WITHOUT, low, other, 0, 0, waiting, tasks)
    waiting = wait(SPARE, 0, nodes[other, LOW], 0, 0, waiting, tasks)
    waiting = wait(WITHOUT, high, nodes[other, HIGH], 0, 0, waiting, tasks)
    return wait(WITHOUT, low, nodes[other, LOW], 0, 0, waiting, tasks)


@compiled
def split_product(one: int, other: int, most: int, waiting: int, families: Families) -> int:
    """With the first event: it is in the set of one family, of the other, or of both."""
    nodes, tasks = families.store.nodes, families.tasks
    level, low, high = nodes[one, LEVEL], nodes[one, LOW], nodes[one, HIGH]
    same, less = PRODUCT + most, PRODUCT + most - families.weight[level]
    if one == other:
        other = TRUE
    waiting = wait(MAKE, one, other, level, same, waiting, tasks)
    if less < PRODUCT:
        waiting = wait(UNION, FALSE, FALSE, 0, 0, waiting, tasks)
    elif nodes[other, LEVEL] > level:
        waiting = wait(SUBTRACT, 0, 0, 0, 0, waiting, tasks)
        waiting = wait(less, high, other, 0, 0, waiting, tasks)
    else:
        waiting = wait(SUBTRACT, 0, 0, 0, 0, waiting, tasks)
        waiting = wait(UNITE, 0, 0, 0, 0, waiting, tasks)
        waiting = wait(less, low, nodes[other, HIGH], 0, 0, waiting, tasks)
        waiting = wait(MULTIPLY, high, 0, 0, less, waiting, tasks)
        waiting = wait(UNION, nodes[other, LOW], nodes[other, HIGH], 0, 0, waiting, tasks)
    if nodes[other, LEVEL] > level:
        return wait(same, low, other, 0, 0, waiting, tasks)
    return wait(same, low, nodes[other, LOW], 0, 0, waiting, tasks)
