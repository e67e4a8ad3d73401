"""A fault tree in the Open-PSA Model Exchange Format, for the tools of risk analysts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from cascade.loading.open_psa import safe_name
from cascade.logic.formula import formula_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascade.logic.fault_tree import FaultTree
    from cascade.logic.formula import Formula, Gate, Input


def open_psa(tree: FaultTree) -> str:
    """Write what bears on the top of a tree.

    The format knows no cycles: a cycle is written as often as it has gates, each round on top of the one
    before, which is the least fixed point.

    Examples
    --------
    >>> import cascade
    >>> shop = cascade.loads("services: {web: {demand: 1/s, calls: [db]}, db: }")
    >>> print(open_psa(cascade.fault_tree(shop, "web")).splitlines()[4])
    <or><gate name="gate_2"/><basic-event name="web"/></or>
    """
    return Writer(tree).text()


class Writer:
    """Names and rounds of what is written."""

    def __init__(self, tree: FaultTree) -> None:
        self.tree = tree
        self.formula: Formula = formula_of(tree)
        self.events = {number: safe_name(tree.nodes[node]) for number, node in enumerate(self.formula.events)}
        self.rounds = {
            gate.loop: sum(other.loop == gate.loop for other in self.formula.gates) for gate in self.formula.gates
        }

    def text(self) -> str:
        """Write the document."""
        lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<opsa-mef>"]
        lines.append(f"<define-fault-tree name={quoteattr(safe_name(self.tree.name or 'tree'))}>")
        top = self.formula.top
        if self.formula.is_variable(top.node):
            lines += ['<define-gate name="top">', f"<or>{self.reference(top, 0)}</or>", "</define-gate>"]
        for number in self.reached():
            lines += self.definitions(number)
        lines += ["</define-fault-tree>", "<model-data>"]
        for number, node in enumerate(self.formula.events):
            lines += self.event(number, node)
        return "\n".join([*lines, "</model-data>", "</opsa-mef>"]) + "\n"

    def reached(self) -> list[int]:
        """Give the gates from the top down."""
        count = len(self.formula.events)
        return [count + index for index in reversed(range(len(self.formula.gates)))]

    def definitions(self, number: int) -> Iterator[str]:
        """Yield a gate, in each round if it is in a cycle."""
        gate = self.formula.gate(number)
        last = self.rounds[gate.loop] if gate.loop >= 0 else 0
        for turn in range(last, -1, -1) if gate.loop >= 0 else (0,):
            yield f'<define-gate name="{self.gate_name(number, turn)}">'
            yield self.written(gate, turn)
            yield "</define-gate>"

    def gate_name(self, number: int, turn: int) -> str:
        """Give a gate the name of its number; in a cycle the last round has the name alone."""
        gate = self.formula.gate(number)
        is_last = gate.loop < 0 or turn == self.rounds[gate.loop]
        return f"gate_{number}" if is_last else f"gate_{number}_round_{turn}"

    def written(self, gate: Gate, turn: int) -> str:
        """Write a formula; before the first round nothing in a cycle is down."""
        inputs = [each for each in gate.inputs if not (turn == 0 and self.is_inside(each, gate))]
        parts = "".join(self.reference(each, turn - 1 if self.is_inside(each, gate) else -1) for each in inputs)
        if gate.least > len(inputs):
            return '<constant value="false"/>'
        if gate.least == 1:
            return f"<or>{parts}</or>"
        if gate.least == len(inputs):
            return f"<and>{parts}</and>"
        return f'<atleast min="{gate.least}">{parts}</atleast>'

    def is_inside(self, each: Input, gate: Gate) -> bool:
        """Whether an input is in the same cycle."""
        return (
            gate.loop >= 0
            and not self.formula.is_variable(each.node)
            and (self.formula.gate(each.node).loop == gate.loop)
        )

    def reference(self, each: Input, turn: int) -> str:
        """Write an input, of a round of its cycle; -1 is the last one."""
        if self.formula.is_variable(each.node):
            found = f'<basic-event name="{self.events[each.node]}"/>'
        else:
            last = self.rounds.get(self.formula.gate(each.node).loop, 0)
            found = f'<gate name="{self.gate_name(each.node, last if turn < 0 else turn)}"/>'
        return f"<not>{found}</not>" if each.is_negated else found

    def event(self, number: int, node: int) -> Iterator[str]:
        """Yield a basic event with its probability, and its real name where it has another here."""
        name, p = self.tree.nodes[node], float(self.tree.probability[node])
        yield f'<define-basic-event name="{self.events[number]}">'
        if name != self.events[number]:
            yield f"<label>{escape(name)}</label>"
        if not math.isnan(p):
            yield f'<float value="{p!r}"/>'
        yield "</define-basic-event>"
