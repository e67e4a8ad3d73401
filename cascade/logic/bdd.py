"""Boolean functions as binary decision diagrams: combined, evaluated, and reduced to minimal solutions.

A pass that calls itself does so with 64-bit numbers, as it is called from outside: two widths would be
two compiled functions, and such a pair does not survive being kept on disk.

References
----------
Bryant, Graph-based algorithms for Boolean function manipulation, IEEE Transactions on Computers 35 (1986).
Rauzy, New algorithms for fault trees analysis, Reliability Engineering and System Safety 40 (1993).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cascade.compiled import compiled
from cascade.logic import store as diagrams
from cascade.logic.store import FALSE, FULL, HIGH, LEVEL, LOW, TRUE, Store

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Table = NDArray[np.int32]
    Longs = NDArray[np.int64]
    Node = Any
    """A whole number of 64 bits."""

AND: Final = 0
OR: Final = 1
NOT: Final = 2
MINIMAL: Final = 3
WITHOUT: Final = 4
UNION: Final = 5
HOLDING: Final = 6
"""Operations; ``HOLDING`` + v is about the variable at level v."""


@compiled
def combination(operation: int, one: Node, other: Node, store: Store) -> Node:
    """Where both functions are true (``AND``), or one of them (``OR``); ``FULL`` without room."""
    decides = FALSE if operation == AND else TRUE
    if decides in (one, other):
        return np.int64(decides)
    if one == other or other <= TRUE:
        return one
    if one <= TRUE:
        return other
    if one > other:
        one, other = other, one
    known = diagrams.recall(operation, one, other, store)
    if known >= 0:
        return np.int64(known)
    nodes = store.nodes
    first, second = nodes[one, LEVEL], nodes[other, LEVEL]
    level = min(first, second)
    low_one, high_one, low_other, high_other = one, one, other, other
    if first == level:
        low_one, high_one = np.int64(nodes[one, LOW]), np.int64(nodes[one, HIGH])
    if second == level:
        low_other, high_other = np.int64(nodes[other, LOW]), np.int64(nodes[other, HIGH])
    low = combination(operation, low_one, low_other, store)
    if low == FULL:
        return np.int64(FULL)
    return made(operation, one, other, level, low, combination(operation, high_one, high_other, store), store)


@compiled
def made(operation: int, one: Node, other: Node, level: int, low: Node, high: Node, store: Store) -> Node:
    """Make and remember the result of a step from its two halves; ``FULL`` without room."""
    if high == FULL:
        return FULL
    node = low if low == high else diagrams.find_or_add(level, low, high, store)
    if node != FULL:
        diagrams.remember(operation, one, other, node, store)
    return node


@compiled
def negation(one: Node, store: Store) -> Node:
    """Where a function is false; ``FULL`` without room."""
    if one <= TRUE:
        return TRUE - one
    known = diagrams.recall(NOT, one, one, store)
    if known >= 0:
        return known
    low = negation(np.int64(store.nodes[one, LOW]), store)
    if low == FULL:
        return FULL
    high = negation(np.int64(store.nodes[one, HIGH]), store)
    return made(NOT, one, one, store.nodes[one, LEVEL], low, high, store)


@compiled
def at_least(functions: Longs, least: int, store: Store) -> int:
    """Where at least so many of some functions (F,) are true; ``FULL`` without room.

    The function of j out of the first f is that of j out of the first f - 1, or the f-th with one less.
    """
    found = np.zeros(least + 1, np.int64)
    found[0] = TRUE
    for f in range(functions.size):
        missing = least - (functions.size - 1 - f)
        for j in range(min(least, f + 1), max(missing, 1) - 1, -1):
            both = combination(AND, functions[f], found[j - 1], store)
            if both == FULL:
                return FULL
            found[j] = combination(OR, found[j], both, store)
            if found[j] == FULL:
                return FULL
    return int(found[least])


@compiled
def minimal(one: Node, store: Store) -> Node:
    """The minimal solutions of a function that grows with its variables, as a ZBDD; ``FULL`` without room."""
    if one <= TRUE:
        return one
    known = diagrams.recall(MINIMAL, one, one, store)
    if known >= 0:
        return known
    low = minimal(np.int64(store.nodes[one, LOW]), store)
    if low == FULL:
        return FULL
    high = minimal(np.int64(store.nodes[one, HIGH]), store)
    if high == FULL:
        return FULL
    high = without(high, np.int64(store.nodes[one, LOW]), store)
    if high == FULL:
        return FULL
    node = low if high == FALSE else diagrams.find_or_add(store.nodes[one, LEVEL], low, high, store)
    if node != FULL:
        diagrams.remember(MINIMAL, one, one, node, store)
    return node


@compiled
def without(sets: Node, function: Node, store: Store) -> Node:  # noqa: C901, PLR0911 - all ends of one recursion
    """The sets of a ZBDD at which a growing function is still false; ``FULL`` without room."""
    if sets == FALSE or function == TRUE:
        return FALSE
    if function == FALSE:
        return sets
    nodes = store.nodes
    if sets == TRUE:
        while function > TRUE:
            function = np.int64(nodes[function, LOW])
        return TRUE - function
    while nodes[function, LEVEL] < nodes[sets, LEVEL]:
        function = np.int64(nodes[function, LOW])
    if function <= TRUE:
        return without(sets, function, store)
    known = diagrams.recall(WITHOUT, sets, function, store)
    if known >= 0:
        return known
    is_same = nodes[function, LEVEL] == nodes[sets, LEVEL]
    low = without(np.int64(nodes[sets, LOW]), np.int64(nodes[function, LOW]) if is_same else function, store)
    if low == FULL:
        return FULL
    high = without(np.int64(nodes[sets, HIGH]), np.int64(nodes[function, HIGH]) if is_same else function, store)
    if high == FULL:
        return FULL
    node = low if high == FALSE else diagrams.find_or_add(nodes[sets, LEVEL], low, high, store)
    if node != FULL:
        diagrams.remember(WITHOUT, sets, function, node, store)
    return node


@compiled
def reached(root: int, store: Store) -> Table:
    """The nodes of a diagram, below before above, the two ends left out."""
    is_reached = np.zeros(root + 1, np.bool_)
    is_reached[root] = True
    count = 0
    for node in range(root, TRUE, -1):
        if is_reached[node]:
            count += 1
            is_reached[store.nodes[node, LOW]] = True
            is_reached[store.nodes[node, HIGH]] = True
    found = np.empty(count, np.int32)
    place = 0
    for node in range(2, root + 1):
        if is_reached[node]:
            found[place] = node
            place += 1
    return found


@compiled
def chance(root: int, p: Floats, store: Store) -> tuple[float, Floats]:
    r"""How likely a function is, and how much that changes with each variable (L,), both exact.

    .. math:: P_f = (1 - p_v)\,P_{f_0} + p_v\,P_{f_1}, \qquad
       \partial P / \partial p_v = \sum_f w_f (P_{f_1} - P_{f_0})

    with w the chance that a node is met on the way from the root.
    """
    slope = np.zeros(p.size)
    if root <= TRUE:
        return float(root), slope
    order = reached(root, store)
    nodes = store.nodes
    likely, way = np.zeros(root + 1), np.zeros(root + 1)
    likely[TRUE] = 1.0
    for node in order:
        q = p[nodes[node, LEVEL]]
        likely[node] = (1.0 - q) * likely[nodes[node, LOW]] + q * likely[nodes[node, HIGH]]
    way[root] = 1.0
    for k in range(order.size - 1, -1, -1):
        node = order[k]
        level, low, high = nodes[node, LEVEL], nodes[node, LOW], nodes[node, HIGH]
        slope[level] += way[node] * (likely[high] - likely[low])
        way[low] += way[node] * (1.0 - p[level])
        way[high] += way[node] * p[level]
    return likely[root], slope


@compiled
def counts(root: int, each: Floats, store: Store) -> Floats:
    """Sets of a ZBDD by order (O + 1,), when the event at level v stands for ``each[v, k]`` of order k.

    In floating point: exact as long as all numbers stay below 2 to the power of 53.
    """
    width = each.shape[1]
    order = reached(root, store) if root > TRUE else np.empty(0, np.int32)
    place = np.zeros(root + 2, np.int32)
    found = np.zeros((order.size + 2, width))
    found[1, 0] = 1.0
    place[1] = 1
    for k in range(order.size):
        node = order[k]
        place[node] = k + 2
        low, high = place[store.nodes[node, LOW]], place[store.nodes[node, HIGH]]
        level = store.nodes[node, LEVEL]
        for j in range(width):
            found[k + 2, j] = found[low, j]
        for i in range(width):
            if each[level, i] != 0.0:
                for j in range(width - i):
                    found[k + 2, i + j] += each[level, i] * found[high, j]
    return found[place[root]].copy()


@compiled
def variable(level: int, store: Store) -> int:
    """The function that is one variable; ``FULL`` without room."""
    return diagrams.find_or_add(level, FALSE, TRUE, store)


@compiled
def longest(root: int, orders: Longs, store: Store) -> int:
    """The largest order of a set of a ZBDD, when the event at level v has ``orders[v]``."""
    most = np.full(root + 1, -(2**40), np.int64)
    most[TRUE] = 0
    for node in reached(root, store):
        high = most[store.nodes[node, HIGH]] + orders[store.nodes[node, LEVEL]]
        most[node] = max(most[store.nodes[node, LOW]], high)
    return int(most[root])


@compiled
def holding(sets: Node, level: int, store: Store) -> Node:
    """The sets of a ZBDD that hold one event, that event taken out; ``FULL`` without room."""
    nodes = store.nodes
    if nodes[sets, LEVEL] > level:
        return FALSE
    if nodes[sets, LEVEL] == level:
        return np.int64(nodes[sets, HIGH])
    known = diagrams.recall(HOLDING + level, sets, sets, store)
    if known >= 0:
        return known
    low = holding(np.int64(nodes[sets, LOW]), level, store)
    if low == FULL:
        return FULL
    high = holding(np.int64(nodes[sets, HIGH]), level, store)
    if high == FULL:
        return FULL
    node = low if high == FALSE else diagrams.find_or_add(nodes[sets, LEVEL], low, high, store)
    if node != FULL:
        diagrams.remember(HOLDING + level, sets, sets, node, store)
    return node


@compiled
def union(sets: Node, store: Store) -> Node:
    """The function that is true where all of one of the sets of a ZBDD are; ``FULL`` without room."""
    if sets <= TRUE:
        return sets
    known = diagrams.recall(UNION, sets, sets, store)
    if known >= 0:
        return known
    low = union(np.int64(store.nodes[sets, LOW]), store)
    if low == FULL:
        return FULL
    high = union(np.int64(store.nodes[sets, HIGH]), store)
    if high == FULL:
        return FULL
    with_it = high if high == FALSE else diagrams.find_or_add(store.nodes[sets, LEVEL], FALSE, high, store)
    if with_it == FULL:
        return FULL
    node = combination(OR, low, with_it, store)
    if node != FULL:
        diagrams.remember(UNION, sets, sets, node, store)
    return node


@compiled
def summed(root: int, p: Floats, store: Store) -> tuple[float, Floats]:
    r"""Sum over the sets of a ZBDD of the products of their p, and its derivatives (L,).

    .. math:: S_f = S_{f_0} + p_v\,S_{f_1}
    """
    slope = np.zeros(p.size)
    if root <= TRUE:
        return float(root), slope
    order = reached(root, store)
    nodes = store.nodes
    total, way = np.zeros(root + 1), np.zeros(root + 1)
    total[TRUE] = 1.0
    for node in order:
        total[node] = total[nodes[node, LOW]] + p[nodes[node, LEVEL]] * total[nodes[node, HIGH]]
    way[root] = 1.0
    for k in range(order.size - 1, -1, -1):
        node = order[k]
        level, low, high = nodes[node, LEVEL], nodes[node, LOW], nodes[node, HIGH]
        slope[level] += way[node] * total[high]
        way[low] += way[node]
        way[high] += way[node] * p[level]
    return total[root], slope
