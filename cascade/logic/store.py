"""The store of decision diagrams: every node once, and every finished step remembered.

A node asks one variable, its *level* in the order, and goes on with ``low`` when it is false and with
``high`` when it is true. Both kinds of diagram live in the same table: in a binary decision diagram
(BDD) a level that is left out does not matter, in a zero-suppressed one (ZBDD, a family of sets) it is
not in the set. Which nodes are left out is therefore decided by whoever makes them.

Passes cannot grow tables. One that finds the store full returns :data:`FULL`, and :meth:`Diagrams.run`
grows the store and starts it again; it finds nearly all it had done in the memory of finished steps.

References
----------
Bryant, Graph-based algorithms for Boolean function manipulation, IEEE Transactions on Computers 35 (1986).
Brace, Rudell, Bryant, Efficient implementation of a BDD package, DAC (1990).
Minato, Zero-suppressed BDDs for set manipulation in combinatorial problems, DAC (1993).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from cascade.compiled import compile_logic, compiled
from cascade.errors import CascadeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Table = NDArray[np.int32]

FALSE: Final = 0
"""As a BDD the function that is never true, as a ZBDD the family without sets."""
TRUE: Final = 1
"""As a BDD the function that is always true, as a ZBDD the family of the empty set alone."""
FULL: Final = -1
"""What a pass returns that found no room for a node."""
NO_LEVEL: Final = 2**31 - 1
"""The level of both ends: below all others."""

LEVEL: Final = 0
LOW: Final = 1
HIGH: Final = 2
NEXT: Final = 3
RESULT: Final = 3
"""Columns: of the nodes; ``NEXT`` chains those that share a bucket, ``RESULT`` is that of a finished step."""

LARGEST_MEMORY: Final = 2**24
"""Finished steps that are remembered at most."""


class OutOfBudget(CascadeError):  # noqa: N818 - it reads as what it is, and nothing is wrong
    """A diagram needs more nodes than it may have."""


class Store(NamedTuple):
    """The tables of a store; sizes are powers of two."""

    nodes: Table
    """(N, 4) level, low, high, and the next node in the same bucket (0 for none)."""
    buckets: Table
    """(N,) the first node of each bucket, 0 for none."""
    used: NDArray[np.int64]
    """(1,) nodes in use, the two ends included."""
    memory: Table
    """(M, 4) finished steps: operation, two operands, result; a newer one takes the place of an older one."""
    stack: Table
    """(levels + 2, 5) steps under way; a step never goes deeper than there are levels."""


class Diagrams:
    """A store that grows up to a budget."""

    def __init__(self, levels: int, *, budget: int, room: int = 2**12) -> None:
        """Make an empty store for variables 0 to ``levels`` - 1 and at most about ``budget`` nodes."""
        compile_logic()
        self.budget = budget
        self.store = empty(levels, room)

    @property
    def size(self) -> int:
        """Nodes that were ever made, the two ends included."""
        return int(self.store.used[0])

    def run(self, step: Callable[[Store], int]) -> int:
        """Give the node that a step comes to, growing the store until it gets through.

        Raises
        ------
        OutOfBudget
            When it does not get through.
        """
        while (node := step(self.store)) == FULL:
            if self.size >= self.budget:
                raise OutOfBudget(f"more than {self.budget} nodes are needed")
            self.store = doubled(self.store)
        return int(node)


@compiled
def empty(levels: int, room: int) -> Store:
    """Tables for ``room`` nodes (a power of two), holding the two ends."""
    nodes = np.zeros((room, 4), np.int32)
    for end in range(2):
        nodes[end, LEVEL] = NO_LEVEL
        nodes[end, LOW] = end
        nodes[end, HIGH] = end
    memory = np.full((min(room, LARGEST_MEMORY), 4), -1, np.int32)
    return Store(nodes, np.zeros(room, np.int32), np.full(1, 2, np.int64), memory, np.zeros((levels + 2, 5), np.int32))


@compiled
def doubled(store: Store) -> Store:
    """The same nodes and finished steps, with twice the room."""
    room, used = 2 * store.buckets.size, store.used[0]
    nodes, buckets = np.zeros((room, 4), np.int32), np.zeros(room, np.int32)
    nodes[:used] = store.nodes[:used]
    for node in range(2, used):
        bucket = scatter(nodes[node, LEVEL], nodes[node, LOW], nodes[node, HIGH], room)
        nodes[node, NEXT] = buckets[bucket]
        buckets[bucket] = node
    memory = np.full((min(room, LARGEST_MEMORY), 4), -1, np.int32)
    larger = Store(nodes, buckets, store.used, memory, store.stack)
    for old in range(store.memory.shape[0]):
        operation, one, other, result = store.memory[old]
        if operation >= 0:
            remember(operation, one, other, result, larger)
    return larger


@compiled
def scatter(one: int, two: int, three: int, room: int) -> int:
    """A place in 0 to ``room`` - 1 (a power of two) that looks random."""
    mixed = int(one) * 12582917 + int(two) * 741457 + int(three) * 4256249
    return (mixed ^ (mixed >> 23)) & (room - 1)


@compiled
def find_or_add(level: int, low: int, high: int, store: Store) -> int:
    """The node with these three, made when it is not there yet; :data:`FULL` when there is no room."""
    nodes = store.nodes
    bucket = scatter(level, low, high, store.buckets.size)
    node = int(store.buckets[bucket])
    while node != 0:
        if nodes[node, LEVEL] == level and nodes[node, LOW] == low and nodes[node, HIGH] == high:
            return node
        node = int(nodes[node, NEXT])
    node = int(store.used[0])
    if node == nodes.shape[0]:
        return FULL
    nodes[node, LEVEL] = level
    nodes[node, LOW] = low
    nodes[node, HIGH] = high
    nodes[node, NEXT] = store.buckets[bucket]
    store.buckets[bucket] = node
    store.used[0] += 1
    return node


@compiled
def recall(operation: int, one: int, other: int, store: Store) -> int:
    """The result of a finished step, or -1 when it is not remembered."""
    memory = store.memory
    place = scatter(operation, one, other, memory.shape[0])
    if memory[place, LEVEL] == operation and memory[place, LOW] == one and memory[place, HIGH] == other:
        return int(memory[place, RESULT])
    return -1


@compiled
def remember(operation: int, one: int, other: int, result: int, store: Store) -> None:
    """Keep the result of a finished step."""
    memory = store.memory
    place = scatter(operation, one, other, memory.shape[0])
    memory[place, LEVEL] = operation
    memory[place, LOW] = one
    memory[place, HIGH] = other
    memory[place, RESULT] = result
