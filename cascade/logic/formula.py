"""The part of a fault tree that bears on its top: gates over variables, inputs first, cycles marked."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cascade.errors import CascadeError
from cascade.logic.gates import make_gates
from cascade.logic.order import condense

if TYPE_CHECKING:
    from cascade.logic.fault_tree import FaultTree


class Input(NamedTuple):
    """A variable or gate, or that it is not true."""

    node: int
    is_negated: bool = False


class Gate(NamedTuple):
    """True when so many of its inputs are; in a cycle by the least fixed point."""

    inputs: tuple[Input, ...]
    least: int
    loop: int = -1
    """The cycle that it is part of, -1 for none."""


@dataclass(frozen=True, slots=True)
class Formula:
    """Nodes below ``len(events)`` are variables, node ``len(events) + g`` is ``gates[g]``."""

    events: tuple[int, ...]
    """The nodes of the tree that the variables stand for."""
    gates: tuple[Gate, ...]
    """Inputs before the gates that use them, the gates of a cycle next to one another."""
    top: Input

    def gate(self, node: int) -> Gate:
        """Give the gate of a node that is one."""
        return self.gates[node - len(self.events)]

    def is_variable(self, node: int) -> bool:
        """Whether a node is a variable."""
        return node < len(self.events)


def formula_of(tree: FaultTree) -> Formula:
    """Give what bears on the top of a tree.

    Raises
    ------
    CascadeError
        When a gate depends on its own contrary: nothing says then what is down.
    """
    nodes = cone(tree)
    events = tuple(node for node in nodes if tree.gates.fails[node])
    gates = separated(tree, nodes, events)
    return ordered(Formula(events, tuple(gates), top_of(tree, nodes, events)))


def cone(tree: FaultTree) -> list[int]:
    """Give the nodes that bear on the top, as they are met."""
    gates, found = tree.gates, {tree.top: None}
    waiting = [tree.top]
    while waiting:
        node = waiting.pop()
        for other in gates.inputs[gates.first[node] : gates.first[node + 1]].tolist():
            if other not in found:
                found[other] = None
                waiting.append(other)
    return list(found)


def separated(tree: FaultTree, nodes: list[int], events: tuple[int, ...]) -> list[Gate]:
    """Give each node a gate, and the own failure of a threshold an OR before it."""
    gates, variable = tree.gates, {node: index for index, node in enumerate(events)}
    place = {node: len(events) + index for index, node in enumerate(nodes)}
    found: list[Gate] = []
    behind: list[Gate] = []
    for node in nodes:
        begin, end = gates.first[node], gates.first[node + 1]
        least = int(gates.least[node])
        inputs = tuple(
            Input(place[other], negated)
            for other, negated in zip(gates.inputs[begin:end].tolist(), tree.negated[begin:end].tolist(), strict=True)
        )
        if node in variable and least > 1:
            behind.append(Gate(inputs, least))
            inputs, least = (Input(len(events) + len(nodes) + len(behind) - 1),), 1
        own = (Input(variable[node]),) if node in variable else ()
        found.append(Gate(inputs + own, least))
    return found + behind


def top_of(tree: FaultTree, nodes: list[int], events: tuple[int, ...]) -> Input:
    """Give the node of the top."""
    return Input(len(events) + nodes.index(tree.top))


def ordered(formula: Formula) -> Formula:
    """Bring gates into order; a cycle of ORs becomes one OR."""
    count = len(formula.events)
    positive = [([each.node for each in gate.inputs], gate.least) for gate in formula.gates]
    has_negation = any(each.is_negated for gate in formula.gates for each in gate.inputs)
    if has_negation:  # thresholds that cannot be merged: twos keep every gate by itself
        positive = [(inputs, 2) for inputs, _ in positive]
    nothing: tuple[list[int], int] = ([], 1)
    rows = [nothing] * count + positive
    condensed = condense(make_gates(rows, [False] * len(rows)))
    if has_negation and condensed.loops.any():
        raise CascadeError("expected gates that do not depend on their own contrary")
    loops = np.repeat(np.where(condensed.loops, np.arange(condensed.loops.size), -1), np.diff(condensed.start)).tolist()
    members = [condensed.member[begin:end].tolist() for begin, end in pairwise(condensed.first_member.tolist())]
    place: dict[int, int] = {}
    gates: list[list[int]] = []
    for nodes in members:
        is_variable = nodes[0] < count
        place |= dict.fromkeys(nodes, nodes[0] if is_variable else count + len(gates))
        if not is_variable:
            gates.append(nodes)
    found = []
    for nodes in gates:
        inputs = [Input(place[each.node], each.is_negated) for node in nodes for each in formula.gate(node).inputs]
        least = formula.gate(nodes[0]).least
        if least == 1:
            own = place[nodes[0]]
            inputs = [each for each in dict.fromkeys(inputs) if each.node != own]
        found.append(Gate(tuple(inputs), least, loops[int(condensed.row_of[nodes[0]])]))
    return Formula(formula.events, tuple(found), Input(place[formula.top.node]))
