"""Exact answers about a fault tree: its probability, how that changes, and how many minimal cut sets it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.compiled import compile_passes
from cascade.logic import bdd
from cascade.logic.formula import formula_of
from cascade.logic.modules import modules_of
from cascade.logic.store import FALSE, TRUE, Diagrams, OutOfBudget
from cascade.logic.variable_order import orders

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from cascade.logic.fault_tree import FaultTree
    from cascade.logic.formula import Gate
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
class Exact:
    """The chance that the top event is there, and what it depends on."""

    probability: float
    birnbaum: Floats
    """(V,) change of that chance with the probability of each basic event; nan for other nodes."""
    nodes_used: int
    """Nodes of all diagrams."""


def solve(tree: FaultTree, *, node_budget: int = NODES) -> Exact:
    """Give the exact probability of the top event.

    Raises
    ------
    OutOfBudget
        When no order of the variables gives diagrams that small.

    Examples
    --------
    >>> from cascade.loading.open_psa import loads_open_psa
    >>> text = '''<opsa-mef><define-fault-tree name="t"><define-gate name="top"><or>
    ... <basic-event name="a"/><basic-event name="b"/></or></define-gate>
    ... <define-basic-event name="a"><float value="0.1"/></define-basic-event>
    ... <define-basic-event name="b"><float value="0.2"/></define-basic-event></define-fault-tree></opsa-mef>'''
    >>> round(solve(loads_open_psa(text)).probability, 12)
    0.28
    """
    formula = formula_of(tree)
    likely = dict(enumerate(tree.probability[list(formula.events)].tolist()))
    slopes: list[tuple[int, dict[int, float]]] = []
    used = 0
    for module in modules_of(formula):
        solved = diagram_of(module, node_budget)
        used += solved.diagrams.size
        p = np.array([likely[node] for node in solved.order])
        likely[solved.head], slope = bdd.chance(solved.root, p, solved.diagrams.store)
        slopes.append((solved.head, dict(zip(solved.order, slope.tolist(), strict=True))))
    change = {slopes[-1][0]: 1.0}
    for head, slope in reversed(slopes):
        for node, value in slope.items():
            if node != head:
                change[node] = change.get(node, 0.0) + change[head] * value
    birnbaum = np.where(tree.gates.fails, 0.0, np.nan)
    birnbaum[list(formula.events)] = [change.get(index, 0.0) for index in range(len(formula.events))]
    return Exact(likely[slopes[-1][0]], birnbaum, used)


def count_cut_sets(
    tree: FaultTree, *, orders: NDArray[np.int32] | None = None, node_budget: int = NODES
) -> tuple[int, ...]:
    """Count the minimal cut sets of order 1, 2, ... of a coherent tree, all of them.

    ``orders`` (V,) says how many things fail in each basic event, 1 by default.
    """
    formula = formula_of(tree)
    each = [1] * len(formula.events) if orders is None else orders[list(formula.events)].tolist()
    found = {index: [0] * order + [1] for index, order in enumerate(each)}
    head = 0
    for module in modules_of(formula):
        solved = diagram_of(module, node_budget)
        head = solved.head
        if module.gates:
            solved.diagrams.budget = node_budget
            root = solved.diagrams.run(lambda store, solved=solved: bdd.minimal(solved.root, store))  # type: ignore[misc]
            found[head] = counted(root, [found[node] for node in solved.order], solved.diagrams)
    counts = found[head]
    while counts and counts[-1] == 0:
        counts.pop()
    return tuple(counts[1:])


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
    compile_passes()
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
        return folded(parts, FALSE, diagrams, is_or=True)
    if gate.least == len(parts):
        return folded(parts, TRUE, diagrams, is_or=False)
    functions_array = np.array(parts, np.int64)
    return diagrams.run(lambda store: bdd.at_least(functions_array, gate.least, store))


def inputs_of(gate: Gate, functions: dict[int, int], diagrams: Diagrams) -> Iterator[int]:
    """Yield the functions of a gate's inputs."""
    for each in gate.inputs:
        function = functions[each.node]
        if each.is_negated:
            function = diagrams.run(lambda store, function=function: bdd.negation(function, store))  # type: ignore[misc]
        yield function


def folded(parts: list[int], empty: int, diagrams: Diagrams, *, is_or: bool) -> int:
    """Combine functions, what stands lowest first."""
    operation = bdd.disjunction if is_or else bdd.conjunction
    found = empty
    for part in parts:
        found = diagrams.run(lambda store, one=found, other=part: operation(one, other, store))  # type: ignore[misc]
    return found
