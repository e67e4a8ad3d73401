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
    >>> print(open_psa(cascade.fault_tree(shop, "web")).splitlines()[7])
    <or><gate name="gate_2"/><basic-event name="web"/></or>
    """
    return Writer(tree).text()


class Writer:
    """Names and rounds of what is written."""

    def __init__(self, tree: FaultTree) -> None:
        self.tree = tree
        self.formula: Formula = formula_of(tree)
        self.events = {number: safe_name(tree.nodes[node]) for number, node in enumerate(self.formula.events)}
        self.prefix = "gate"
        while any(name.startswith(f"{self.prefix}_") for name in self.events.values()):
            self.prefix += "s"
        self.rounds = {
            gate.loop: sum(other.loop == gate.loop for other in self.formula.gates) for gate in self.formula.gates
        }

    def text(self) -> str:
        """Write the document."""
        lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<opsa-mef>"]
        lines.append(f"<define-fault-tree name={quoteattr(safe_name(self.tree.name or 'tree'))}>")
        lines += [f'<define-gate name="{self.prefix}_top">', f"<or>{self.reference(self.formula.top, -1)}</or>"]
        lines.append("</define-gate>")
        for number, turn in self.reached():
            lines += self.definition(number, turn)
        lines += ["</define-fault-tree>", "<model-data>"]
        for number, node in enumerate(self.formula.events):
            lines += self.event(number, node)
        return "\n".join([*lines, "</model-data>", "</opsa-mef>"]) + "\n"

    def reached(self) -> list[tuple[int, int]]:
        """Give the gates from the top down, each with its round; -1 where there are none."""
        found = dict.fromkeys(self.below(self.formula.top, -1))
        waiting = list(found)
        while waiting:
            number, turn = waiting.pop()
            gate = self.formula.gate(number)
            for each in self.inputs(gate, turn):
                new = [other for other in self.below(each, self.before(each, gate, turn)) if other not in found]
                found |= dict.fromkeys(new)
                waiting += new
        return list(found)

    def inputs(self, gate: Gate, turn: int) -> list[Input]:
        """Give the inputs of a gate: before the first round nothing in a cycle is down; none if too few are left."""
        found = [each for each in gate.inputs if turn != 0 or not self.is_inside(each, gate)]
        return found if len(found) >= gate.least else []

    def before(self, each: Input, gate: Gate, turn: int) -> int:
        """Give the round that an input is taken from; -1 for the last."""
        return turn - 1 if self.is_inside(each, gate) else -1

    def below(self, each: Input, turn: int) -> list[tuple[int, int]]:
        """Give the gate that an input is, and its round: the last one for -1."""
        if self.formula.is_variable(each.node):
            return []
        loop = self.formula.gate(each.node).loop
        return [(each.node, -1 if loop < 0 else self.rounds[loop] if turn < 0 else turn)]

    def definition(self, number: int, turn: int) -> Iterator[str]:
        """Yield a gate."""
        yield f'<define-gate name="{self.gate_name(number, turn)}">'
        yield self.written(self.formula.gate(number), turn)
        yield "</define-gate>"

    def gate_name(self, number: int, turn: int) -> str:
        """Give a gate the name of its number, and in a cycle of its round."""
        return f"{self.prefix}_{number}" if turn < 0 else f"{self.prefix}_{number}_round_{turn}"

    def written(self, gate: Gate, turn: int) -> str:
        """Write a formula."""
        inputs = self.inputs(gate, turn)
        parts = "".join(self.reference(each, self.before(each, gate, turn)) for each in inputs)
        if not inputs:
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
            [(number, turn)] = self.below(each, turn)
            found = f'<gate name="{self.gate_name(number, turn)}"/>'
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
