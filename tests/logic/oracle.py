"""The obvious way: every subset of the basic events, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cascade.logic.fault_tree import FaultTree
from cascade.logic.gates import Gates, make_gates

if TYPE_CHECKING:
    import random

    from numpy.typing import NDArray

    Truth = NDArray[np.bool_]
    Floats = NDArray[np.float64]


def some_gates(draw: random.Random, largest: int = 10) -> Gates:
    """Draw gates with cycles, thresholds, shared events, nodes that cannot fail and nodes that do nothing else."""
    size = draw.randint(1, largest)
    rows = []
    for node in range(size):
        others = [other for other in range(size) if other != node]
        inputs = draw.sample(others, draw.randint(0, min(len(others), 4)))
        least = 1 if draw.random() < 0.5 else draw.randint(1, max(len(inputs), 1))
        rows.append((inputs, least))
    return make_gates(rows, [draw.random() < 0.8 for _ in range(size)])


def some_tree(draw: random.Random, gates: Gates) -> FaultTree:
    """Ask about one node of some gates, with random probabilities."""
    chances = [draw.choice([draw.random(), 0.001, 1.0, 0.0]) if fails else 0.0 for fails in gates.fails]
    return FaultTree(
        name="drawn",
        nodes=tuple(f"n{node}" for node in range(gates.size)),
        gates=gates,
        negated=np.zeros(gates.inputs.size, np.bool_),
        top=draw.randrange(gates.size),
        probability=np.array(chances),
    )


def events_of(gates: Gates) -> list[int]:
    """Give the basic events: bit b of a subset's number stands for event b."""
    return [int(node) for node in np.flatnonzero(gates.fails)]


def down(gates: Gates) -> Truth:
    """Say which nodes are down for every subset of the events (V, 2^events), by trying until nothing changes."""
    events = events_of(gates)
    subsets = np.arange(2 ** len(events))
    failed = np.zeros((gates.size, subsets.size), np.bool_)
    for bit, node in enumerate(events):
        failed[node] = subsets >> bit & 1
    state = failed
    while True:
        after = failed.copy()
        for node in range(gates.size):
            inputs = gates.inputs[gates.first[node] : gates.first[node + 1]]
            if inputs.size:
                after[node] |= state[inputs].sum(axis=0) >= gates.least[node]
        if np.array_equal(after, state):
            return state
        state = after


def minimal_cut_sets(gates: Gates, targets: list[int]) -> set[tuple[int, ...]]:
    """Give the smallest sets of events that take one of the targets down."""
    events = events_of(gates)
    cut: Truth = np.asarray(down(gates)[targets].any(axis=0))
    subsets = np.arange(cut.size)
    minimal = cut.copy()
    for bit in range(len(events)):
        has = (subsets >> bit & 1).astype(bool)
        minimal &= ~(has & cut[subsets ^ (1 << bit)])
    return {
        tuple(node for bit, node in enumerate(events) if subset >> bit & 1)
        for subset in np.flatnonzero(minimal).tolist()
    }


def chances(gates: Gates, probability: Floats) -> Floats:
    """Give the chance of every subset (2^events,) that it is what has failed."""
    found = np.ones(1)
    for node in events_of(gates):
        found = np.concatenate((found * (1.0 - probability[node]), found * probability[node]))
    return found


def probability_of(tree: FaultTree) -> float:
    """Give the chance of the top event."""
    return float(chances(tree.gates, tree.probability)[down(tree.gates)[tree.top]].sum())


def given(tree: FaultTree, node: int, value: float) -> float:
    """Give the chance of the top event when one event is sure to be there, or not to be."""
    probability = tree.probability.copy()
    probability[node] = value
    return float(chances(tree.gates, probability)[down(tree.gates)[tree.top]].sum())


def fussell_vesely(tree: FaultTree, node: int) -> float:
    """Give the chance that all of a minimal cut set with one event is there, over that of the top event."""
    events = events_of(tree.gates)
    subsets = np.arange(2 ** len(events))
    is_there = np.zeros(subsets.size, np.bool_)
    for nodes in minimal_cut_sets(tree.gates, [tree.top]):
        if node in nodes:
            bits = sum(1 << events.index(member) for member in nodes)
            is_there |= subsets & bits == bits
    return float(chances(tree.gates, tree.probability)[is_there].sum()) / probability_of(tree)


def sets_by_order(found: set[tuple[int, ...]], orders: NDArray[np.int32]) -> list[int]:
    """Count sets by the sum of their orders, from 1."""
    sums = [int(sum(orders[list(nodes)])) for nodes in found if nodes]
    return [sums.count(order) for order in range(1, max(sums, default=0) + 1)]
