"""The minimal cut sets of a target up to an order: counted, and listed one after the other.

First all nodes are found that take the target down once they are down, whatever makes them so. Those that
are events are the single points. For larger sets they need not be looked at again as inputs of other
gates: what makes one of them true is a cut set already. So the target goes down through one of them that
is a threshold, by sets that make none of the others true; this leaves few of the cycles. The rest is
combined gate by gate, as families of sets that are cut off at the order.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cascade.compiled import compile_logic
from cascade.logic import bdd, sets, sweep
from cascade.logic.fault_tree import FaultTree
from cascade.logic.formula import Formula, formula_of
from cascade.logic.gates import Gates, make_gates
from cascade.logic.sets import PRODUCT, UNION, Families
from cascade.logic.store import FALSE, FULL, HIGH, LEVEL, LOW, TRUE, OutOfBudget

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from cascade.logic.formula import Gate
    from cascade.logic.gates import Flags

    Orders = NDArray[np.int32]

NODES: Final = 2**25
"""Nodes of the families before the listing is given up."""
SORTED: Final = 100_000
"""Sets of one order that are sorted; more come as the diagram holds them."""


@dataclass(frozen=True, repr=False)
class CutSets:
    """The minimal cut sets up to an order; iterating gives tuples of nodes, the smallest sets first."""

    order: int
    """All minimal cut sets up to here are among them, and no others."""
    counts: tuple[int, ...]
    """How many there are of order 1, 2, ..., ``order``."""
    single: tuple[int, ...]
    """Nodes that are a cut set by themselves."""
    weight: Orders
    """(V,) what each node counts for in the order of a set."""
    larger: Part
    """The sets of several nodes."""

    def __repr__(self) -> str:
        """Say how many there are."""
        return f"<CutSets up to order {self.order}: {' + '.join(f'{count:,}' for count in self.counts)}>"

    def __len__(self) -> int:
        """Count all."""
        return sum(self.counts)

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        """Yield the sets, by order and then by node, without ever holding all of them."""
        for order, count in enumerate(self.counts, start=1):
            alone = ((node,) for node in self.single if self.weight[node] == order)
            found = chain(alone, self.larger.of_order(order))
            yield from sorted(found) if count <= SORTED else found


@dataclass(frozen=True, slots=True)
class Part:
    """A family of sets of nodes."""

    events: tuple[int, ...]
    """(L,) the node that each level stands for."""
    family: Families
    root: int

    def of_order(self, order: int) -> Iterator[tuple[int, ...]]:
        """Yield the sets of one order."""
        nodes, weight = self.family.store.nodes, self.family.weight
        lowest, highest = self.family.lowest, self.family.highest
        waiting: list[tuple[int, int, tuple[int, ...]]] = [(self.root, order, ())]
        while waiting:
            node, left, found = waiting.pop()
            if not lowest[node] <= left <= highest[node]:
                continue
            if node == TRUE:
                yield tuple(sorted(found))
                continue
            level = int(nodes[node, LEVEL])
            waiting.append((int(nodes[node, LOW]), left, found))
            waiting.append((int(nodes[node, HIGH]), left - int(weight[level]), (*found, self.events[level])))


def cut_sets(gates: Gates, targets: Iterable[int], *, order: int = 2, orders: Orders | None = None) -> CutSets:
    """Find the minimal cut sets that take any of some targets down.

    Parameters
    ----------
    gates : Gates
    targets : iterable of int
        Nodes; several count as one that is down when any of them is.
    order : int
        Largest order that is looked for; up to it the answer is complete.
    orders : (V,) int32, optional
        How many things fail in each basic event; 1 by default.

    Raises
    ------
    OutOfBudget
        When there are too many to hold.

    Examples
    --------
    >>> from cascade.logic.gates import make_gates
    >>> bridge = make_gates([([1, 2], 2), ([], 1), ([3], 1), ([], 1)], [False, True, True, True])
    >>> found = cut_sets(bridge, [0])
    >>> found.counts, list(found)
    ((0, 2), [(1, 2), (1, 3)])
    """
    compile_logic()
    tree = question(gates, list(targets))
    formula = formula_of(tree)
    weight = np.ones(gates.size, np.int32) if orders is None else orders
    of_one = np.array([weight[node] for node in formula.events], np.int32)
    implied = takers_of(formula)
    single = tuple(node for variable, node in enumerate(formula.events) if implied[variable])
    larger = Combination(formula, of_one, order, implied).part()
    counts = counts_of(larger, order)
    for node in single:
        if weight[node] <= order:
            counts[weight[node] - 1] += 1
    return CutSets(order, tuple(counts), single, weight, larger)


def takers_of(formula: Formula) -> Flags:
    """Say of each node of a formula whether it alone makes the top true."""
    nothing: tuple[list[int], int] = ([], 1)
    rows = [nothing] * len(formula.events)
    rows += [([each.node for each in gate.inputs], gate.least) for gate in formula.gates]
    return sweep.takers(make_gates(rows, [True] * len(rows)), formula.top.node)


def question(gates: Gates, targets: Sequence[int]) -> FaultTree:
    """Ask about one node, or whether any of several is down."""
    if len(targets) == 1:
        asked, top = gates, targets[0]
    else:
        top = gates.size
        asked = Gates(
            first=np.append(gates.first, gates.first[-1] + len(targets)),
            inputs=np.concatenate((gates.inputs, np.array(targets, np.int32))).astype(np.int32),
            least=np.append(gates.least, 1).astype(np.int32),
            fails=np.append(gates.fails, False),
        )
    nothing = np.zeros(asked.inputs.size, np.bool_)
    return FaultTree("", ("",) * asked.size, asked, nothing, top, np.zeros(asked.size))


def counts_of(part: Part, order: int) -> list[int]:
    """Count the sets of a family by order, from 1."""
    weight = part.family.weight
    each = np.zeros((weight.size, order + 1))
    for level, value in enumerate(weight.tolist()):
        if value <= order:
            each[level, value] = 1.0
    return [int(value) for value in bdd.counts(part.root, each, part.family.store)[1:]]


class Combination:
    """The families of all gates of a formula, from below, where those that imply the top are left out."""

    def __init__(self, formula: Formula, weight: Orders, order: int, implied: Flags) -> None:
        self.formula, self.order, self.implied = formula, order, implied
        self.levels = [variable for variable in walked(formula) if not implied[variable]]
        self.family = sets.make_families(weight[self.levels] if self.levels else np.zeros(0, np.int32))
        self.found: dict[int, int] = dict.fromkeys(range(len(formula.events)), FALSE)
        for level, variable in enumerate(self.levels):
            if weight[variable] <= order:
                self.found[variable] = self.run(lambda level=level: sets.node(level, FALSE, TRUE, self.family))
        self.combine()

    def part(self) -> Part:
        """Give the sets that make one of the implied thresholds true."""
        events = tuple(self.formula.events[variable] for variable in self.levels)
        count = len(self.formula.events)
        ways = [
            self.of_gate(gate)
            for index, gate in enumerate(self.formula.gates)
            if self.implied[count + index] and gate.least > 1
        ]
        filled = [way for way in ways if way != FALSE]
        root = self.balanced(filled, UNION) if filled else FALSE  # first, for the store may grow by it
        return Part(events, self.family, root)

    def run(self, step: Any) -> int:
        """Give what a step comes to, with more room if it needs that."""
        while (found := step()) == FULL:
            if self.family.lowest.size >= NODES:
                raise OutOfBudget(f"the minimal cut sets up to order {self.order} need more than {NODES:,} nodes")
            self.family = sets.enlarged(self.family)
        return int(found)

    def combine(self) -> None:
        """Go through the gates, those of a cycle until nothing changes."""
        loop: list[int] = []
        count = len(self.formula.events)
        for index, gate in enumerate(self.formula.gates):
            if loop and gate.loop != self.formula.gate(loop[0]).loop:
                self.settle(loop)
                loop = []
            if self.implied[count + index]:
                self.found[count + index] = FALSE
            elif gate.loop >= 0:
                loop.append(count + index)
            else:
                self.found[count + index] = self.of_gate(gate)
        self.settle(loop)

    def settle(self, loop: list[int]) -> None:
        """Bring the gates of one cycle to their least fixed point: each again after one of its inputs has changed."""
        self.found |= dict.fromkeys(loop, FALSE)
        users: dict[int, list[int]] = {number: [] for number in loop}
        for number in loop:
            for each in self.formula.gate(number).inputs:
                users.get(each.node, []).append(number)
        waiting = dict.fromkeys(loop)
        while waiting:
            number = next(iter(waiting))
            del waiting[number]
            family = self.of_gate(self.formula.gate(number))
            if family != self.found[number]:
                self.found[number] = family
                waiting |= dict.fromkeys(users[number])

    def of_gate(self, gate: Gate) -> int:
        """Give the family of a gate."""
        inputs = [self.found[each.node] for each in gate.inputs]
        filled = [family for family in inputs if family != FALSE]
        if len(filled) < gate.least:
            return FALSE
        if gate.least == 1:
            return self.balanced(filled, UNION)
        if gate.least == len(filled):
            return self.balanced(filled, PRODUCT + self.order)
        return self.at_least(filled, gate.least)

    def balanced(self, parts: list[int], operation: int) -> int:
        """Combine families two by two, then the results, and so on."""
        parts = sorted(set(parts)) if operation == UNION else parts
        while len(parts) > 1:
            pairs = [self.of_two(operation, *parts[k : k + 2]) for k in range(0, len(parts) - 1, 2)]
            parts = pairs + parts[len(pairs) * 2 :]
        return parts[0]

    def of_two(self, operation: int, one: int, other: int) -> int:
        """Combine two sets."""
        return self.run(lambda: sets.combine(operation, one, other, self.family))

    def at_least(self, parts: list[int], least: int) -> int:
        """Give the sets that make so many of some families' sets."""
        found = [TRUE] + [FALSE] * least
        for index, part in enumerate(parts):
            missing = least - (len(parts) - 1 - index)
            for j in range(min(least, index + 1), max(missing, 1) - 1, -1):
                both = self.of_two(PRODUCT + self.order, part, found[j - 1])
                found[j] = self.of_two(UNION, found[j], both)
        return found[least]


def walked(formula: Formula) -> list[int]:
    """Give the variables as a depth-first walk from the top meets them, what has fewest below it first."""
    count = len(formula.events)
    below = [1] * count
    for gate in formula.gates:
        below.append(sum(below[each.node] if each.node < len(below) else 1 for each in gate.inputs))
    found: dict[int, None] = {}
    seen, waiting = set(), [formula.top.node]
    while waiting:
        node = waiting.pop()
        if node < count:
            found[node] = None
        elif node not in seen:
            seen.add(node)
            inputs = sorted((each.node for each in formula.gate(node).inputs), key=below.__getitem__, reverse=True)
            waiting += inputs
    return list(found)
