"""Exact answers about a fault tree: its probability, how that changes, and how many minimal cut sets it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.compiled import compile_logic
from cascade.logic import bdd
from cascade.logic.formula import formula_of
from cascade.logic.modules import modules_of
from cascade.logic.store import FALSE, TRUE, Diagrams, OutOfBudget
from cascade.logic.variable_order import orders

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from cascade.logic.fault_tree import FaultTree
    from cascade.logic.formula import Formula, Gate
    from cascade.logic.modules import Module

    Floats = NDArray[np.float64]

NODES: Final = 2**26
"""Nodes that a diagram may have before the exact answer is given up."""
FIRST_NODES: Final = 2**14
"""Nodes of the first attempts; each round of all orders has eight times as many."""
EXACT_COUNT: Final = 2.0**53
"""Whole numbers up to here are exact in floating point."""


@dataclass(frozen=True, eq=False)
class Solved:
    """A module as a diagram."""

    head: int
    order: tuple[int, ...]
    """(L,) what stands at each level."""
    diagrams: Diagrams
    root: int


@dataclass(frozen=True, eq=False)
class Solution:
    """A tree as diagrams, one for each module, each after those that it uses."""

    tree: FaultTree
    formula: Formula
    modules: tuple[Solved, ...]

    @property
    def nodes_used(self) -> int:
        """Nodes of all diagrams."""
        return sum(module.diagrams.size for module in self.modules)


@dataclass(frozen=True, eq=False)
class Exact:
    """The chance that the top event is there, and what it depends on."""

    probability: float
    birnbaum: Floats
    """(V,) change of that chance with the probability of each basic event; nan for other nodes."""


def solution_of(tree: FaultTree, *, node_budget: int = NODES) -> Solution:
    """Turn a tree into diagrams.

    Raises
    ------
    OutOfBudget
        When no order of the variables gives diagrams that small.
    """
    formula = formula_of(tree)
    return Solution(tree, formula, tuple(diagram_of(module, node_budget) for module in modules_of(formula)))


def solve(solution: Solution) -> Exact:
    """Give the exact probability of the top event, and its derivatives.

    Examples
    --------
    >>> from cascade.loading.open_psa import loads_open_psa
    >>> text = '''<opsa-mef><define-fault-tree name="t"><define-gate name="top"><or>
    ... <basic-event name="a"/><basic-event name="b"/></or></define-gate>
    ... <define-basic-event name="a"><float value="0.1"/></define-basic-event>
    ... <define-basic-event name="b"><float value="0.2"/></define-basic-event></define-fault-tree></opsa-mef>'''
    >>> round(solve(solution_of(loads_open_psa(text))).probability, 12)
    0.28
    """
    likely = likelihoods(solution)
    slopes = []
    for module in solution.modules:
        p = np.array([likely[node] for node in module.order])
        likely[module.head], slope = bdd.chance(module.root, p, module.diagrams.store)
        slopes.append(slope.tolist())
    return Exact(likely[solution.modules[-1].head], of_events(solution, chained(solution, slopes)))


def likelihoods(solution: Solution) -> dict[int, float]:
    """Give the probability of each variable."""
    return dict(enumerate(solution.tree.probability[list(solution.formula.events)].tolist()))


def chained(solution: Solution, factors: list[list[float]]) -> dict[int, float]:
    """Multiply the factors of the levels of each module on the way from the top to each node."""
    found = {solution.modules[-1].head: 1.0}
    for module, levels in zip(reversed(solution.modules), reversed(factors), strict=True):
        for node, factor in zip(module.order, levels, strict=True):
            if node != module.head:
                found[node] = found.get(node, 0.0) + found[module.head] * factor
    return found


def of_events(solution: Solution, values: dict[int, float]) -> Floats:
    """Give the values of variables to the nodes of the tree (V,): 0 for events outside the cone, nan for gates."""
    found = np.where(solution.tree.gates.fails, 0.0, np.nan)
    events = solution.formula.events
    found[list(events)] = [values.get(index, 0.0) for index in range(len(events))]
    return found


def count_cut_sets(solution: Solution, *, orders: NDArray[np.int32] | None = None) -> tuple[int, ...]:
    """Count the minimal cut sets of order 1, 2, ... of a coherent tree, all of them.

    ``orders`` (V,) says how many things fail in each basic event, 1 by default.
    """
    events = solution.formula.events
    each = [1] * len(events) if orders is None else orders[list(events)].tolist()
    found = {index: [0] * order + [1] for index, order in enumerate(each)}
    for module in solution.modules:
        found[module.head] = counted(minimal_of(module), [found[node] for node in module.order], module.diagrams)
    counts = found[solution.modules[-1].head]
    while counts and counts[-1] == 0:
        counts.pop()
    return tuple(counts[1:])


def minimal_of(module: Solved) -> int:
    """Give the minimal solutions of a module, as a ZBDD in its store."""
    module.diagrams.budget = max(module.diagrams.budget, NODES)
    return module.diagrams.run(lambda store: bdd.minimal(module.root, store))


def counted(root: int, each: list[list[int]], diagrams: Diagrams) -> list[int]:
    """Count the sets of a ZBDD by order, when level v stands for ``each[v][k]`` things of order k."""
    width = 1 + sum(len(part) - 1 for part in each)
    width = min(width, 1 + longest(root, [len(part) - 1 for part in each], diagrams))
    table = np.zeros((len(each), width))
    for level, part in enumerate(each):
        table[level, : len(part)] = part[:width]
    found = bdd.counts(root, table, diagrams.store)
    if found.max(initial=0.0) < EXACT_COUNT:
        return [int(value) for value in found]
    return counted_exactly(root, each, diagrams)


def longest(root: int, orders: list[int], diagrams: Diagrams) -> int:
    """Give the order of the largest set."""
    if root <= TRUE:
        return 0
    return int(bdd.longest(root, np.array(orders, np.int64), diagrams.store))


def counted_exactly(root: int, each: list[list[int]], diagrams: Diagrams) -> list[int]:
    """Count as above, in whole numbers of any size."""
    nodes = diagrams.store.nodes
    found: dict[int, list[int]] = {FALSE: [], TRUE: [1]}
    for node in bdd.reached(root, diagrams.store).tolist():
        level, low, high = (int(value) for value in nodes[node, :3])
        part, rest = each[level], found[high]
        sums = [0] * max(len(found[low]), len(part) + len(rest) - 1)
        for order, value in enumerate(found[low]):
            sums[order] += value
        for one, times in enumerate(part):
            for other, value in enumerate(rest if times else ()):
                sums[one + other] += times * value
        found[node] = sums
    return found[root]


def diagram_of(module: Module, budget: int) -> Solved:
    """Give the diagram of a module, by the first order that gives a small one."""
    compile_logic()
    if not module.gates:
        return built(module, module.variables, budget)
    room = min(FIRST_NODES, budget)
    while True:
        for order in orders(module):
            try:
                return built(module, order, room)
            except OutOfBudget:
                continue
        if room >= budget:
            raise OutOfBudget(f"the exact answer needs more than {budget:,} nodes")
        room = min(8 * room, budget)


def built(module: Module, order: tuple[int, ...], budget: int) -> Solved:
    """Combine the gates of a module from below."""
    diagrams = Diagrams(len(order), budget=budget)
    functions = {
        node: diagrams.run(lambda store, level=level: bdd.variable(level, store))  # type: ignore[misc]
        for level, node in enumerate(order)
    }
    loops: dict[int, list[int]] = {}
    for number, gate in module.gates.items():
        if gate.loop < 0:
            settle(loops, functions, module, diagrams)
            functions[number] = combined(gate, functions, diagrams)
        else:
            loops.setdefault(gate.loop, []).append(number)
    settle(loops, functions, module, diagrams)
    return Solved(module.head, order, diagrams, functions[module.head])


def settle(loops: dict[int, list[int]], functions: dict[int, int], module: Module, diagrams: Diagrams) -> None:
    """Bring the gates of waiting cycles to their least fixed point."""
    for numbers in loops.values():
        functions |= dict.fromkeys(numbers, FALSE)
        changed = True
        while changed:
            changed = False
            for number in numbers:
                function = combined(module.gates[number], functions, diagrams)
                changed = changed or function != functions[number]
                functions[number] = function
    loops.clear()


def combined(gate: Gate, functions: dict[int, int], diagrams: Diagrams) -> int:
    """Give the function of a gate from those of its inputs."""
    parts = list(inputs_of(gate, functions, diagrams))
    level = diagrams.store.nodes[:, 0]
    parts.sort(key=lambda function: (-int(level[function]), function))
    if gate.least == 1:
        return folded(bdd.OR, parts, FALSE, diagrams)
    if gate.least == len(parts):
        return folded(bdd.AND, parts, TRUE, diagrams)
    functions_array = np.array(parts, np.int64)
    return diagrams.run(lambda store: bdd.at_least(functions_array, gate.least, store))


def inputs_of(gate: Gate, functions: dict[int, int], diagrams: Diagrams) -> Iterator[int]:
    """Yield the functions of a gate's inputs."""
    for each in gate.inputs:
        function = functions[each.node]
        if each.is_negated:
            function = diagrams.run(lambda store, function=function: bdd.negation(function, store))  # type: ignore[misc]
        yield function


def folded(operation: int, parts: list[int], empty: int, diagrams: Diagrams) -> int:
    """Combine functions, what stands lowest first."""
    found = empty
    for part in parts:
        found = diagrams.run(lambda store, one=found, other=part: bdd.combination(operation, one, other, store))  # type: ignore[misc]
    return found
