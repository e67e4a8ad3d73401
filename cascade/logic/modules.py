"""Modules: parts of a formula that share nothing with the rest, solved one by one.

References
----------
Dutuit, Rauzy, A linear-time algorithm to find modules of fault trees, IEEE Transactions on Reliability 45 (1996).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cascade.logic.formula import Formula, Gate, Input

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Module:
    """A function of variables and of other modules; both are numbered as the nodes of the formula."""

    head: int
    variables: tuple[int, ...]
    """Events and the heads of modules, as they are met from the top."""
    gates: dict[int, Gate]
    """By number, inputs first; empty where the head is an event."""


class Simplifier:
    """Gates of a formula on their way to modules."""

    def __init__(self, formula: Formula) -> None:
        count = len(formula.events)
        self.gates = {count + index: gate for index, gate in enumerate(formula.gates)}
        self.loops: dict[int, list[int]] = {}
        for number, gate in self.gates.items():
            if gate.loop >= 0:
                self.loops.setdefault(gate.loop, []).append(number)
        self.top = formula.top
        self.next = count + len(formula.gates)

    def pass_through(self) -> None:
        """Take out gates that say what their only input says."""
        same: dict[int, Input] = {}
        for number, gate in self.gates.items():
            inputs = [self.followed(each, same) for each in gate.inputs]
            if gate.least in {1, len(inputs)} and gate.loop < 0:
                inputs = list(dict.fromkeys(inputs))
                gate = gate._replace(least=1 if gate.least == 1 else len(inputs))  # noqa: PLW2901 - its successor
            self.gates[number] = gate._replace(inputs=tuple(inputs))
            if len(inputs) == 1 and gate.least == 1 and gate.loop < 0:
                same[number] = inputs[0]
        self.top = self.followed(self.top, same)

    @staticmethod
    def followed(each: Input, same: dict[int, Input]) -> Input:
        """Give what an input stands for."""
        other = same.get(each.node)
        return each if other is None else Input(other.node, other.is_negated != each.is_negated)

    def merge(self) -> None:
        """Put the inputs of an OR that one OR alone uses into that one, and likewise ANDs."""
        used = self.uses()
        for number, gate in self.gates.items():
            if gate.loop < 0 and kind(gate):
                inputs = list(self.spliced(gate, used))
                self.gates[number] = gate._replace(inputs=tuple(inputs), least=1 if gate.least == 1 else len(inputs))

    def spliced(self, gate: Gate, used: Counter[int]) -> Iterator[Input]:
        """Yield the inputs of a gate, and those of its inputs that are nothing else."""
        for each in gate.inputs:
            inner = self.gates.get(each.node)
            is_same = inner is not None and inner.loop < 0 and kind(inner) == kind(gate)
            if inner is not None and is_same and used[each.node] == 1 and not each.is_negated:
                yield from inner.inputs
            else:
                yield each

    def uses(self) -> Counter[int]:
        """Count how often each node is an input, the top once more."""
        used = Counter([self.top.node])
        reached, waiting = {self.top.node}, [self.top.node]
        while waiting:
            gate = self.gates.get(waiting.pop())
            for each in gate.inputs if gate else ():
                used[each.node] += 1
                if each.node not in reached:
                    reached.add(each.node)
                    waiting.append(each.node)
        return used

    def set_apart(self, heads: set[int]) -> set[int]:
        """Give the events and modules that one OR or AND alone uses a gate of their own there; a module, too."""
        used = self.uses()
        for number, gate in list(self.gates.items()):
            if gate.loop >= 0 or not kind(gate):
                continue
            private = [each for each in gate.inputs if used[each.node] == 1 and self.is_alone(each, heads)]
            if 1 < len(private) < len(gate.inputs):
                rest = [each for each in gate.inputs if each not in private]
                self.gates[self.next] = Gate(tuple(private), 1 if gate.least == 1 else len(private))
                inputs = (*rest, Input(self.next))
                self.gates[number] = Gate(inputs, 1 if gate.least == 1 else len(inputs))
                heads.add(self.next)
                self.next += 1
        return heads

    def is_alone(self, each: Input, heads: set[int]) -> bool:
        """Whether an input is an event or a module."""
        return each.node not in self.gates or each.node in heads

    def below(self, node: int) -> list[int]:
        """Give the inputs of a node; a cycle goes by its first gate, with the inputs of all."""
        gate = self.gates.get(node)
        if gate is None:
            return []
        if gate.loop < 0:
            return [self.named(each.node) for each in gate.inputs]
        inner = self.loops[gate.loop]
        found = (self.named(each.node) for number in inner for each in self.gates[number].inputs)
        return [other for other in dict.fromkeys(found) if other != inner[0]]

    def named(self, node: int) -> int:
        """Give the node itself, or the first gate of its cycle."""
        gate = self.gates.get(node)
        return node if gate is None or gate.loop < 0 else self.loops[gate.loop][0]

    def heads(self) -> set[int]:
        """Find the gates all of whose events are met only between their first and their last visit."""
        first: dict[int, int] = {}
        left: dict[int, int] = {}
        last: dict[int, int] = {}
        order = []
        date, waiting = 0, [(self.named(self.top.node), False)]
        while waiting:
            node, is_done = waiting.pop()
            date += 1
            last[node] = max(last.get(node, 0), date)
            if is_done:
                left[node] = date
                order.append(node)
            elif node not in first:
                first[node] = date
                waiting.append((node, True))
                waiting += [(other, False) for other in reversed(self.below(node))]
        lowest, highest, found = dict(first), dict(last), {self.top.node}
        for node in order:
            inputs = self.below(node)
            low = min((lowest[other] for other in inputs), default=date)
            high = max((highest[other] for other in inputs), default=0)
            if node in self.gates and self.gates[node].loop < 0 and low > first[node] and high < left[node]:
                found.add(node)
            lowest[node], highest[node] = min(low, first[node]), max(high, last[node])
        return found


def kind(gate: Gate) -> str:
    """Say whether a gate is an OR or an AND of several inputs; nothing for what is neither."""
    if len(gate.inputs) < 2:
        return ""
    return "or" if gate.least == 1 else "and" if gate.least == len(gate.inputs) else ""


def modules_of(formula: Formula) -> list[Module]:
    """Split a formula into modules, each after those that it uses; the last is the whole."""
    work = Simplifier(formula)
    work.pass_through()
    work.merge()
    work.pass_through()
    heads = work.set_apart(work.heads())
    found: list[Module] = []
    waiting, seen = [(work.top.node, False)], set()
    while waiting:
        head, is_done = waiting.pop()
        if is_done:
            found.append(module_at(work, head, heads))
        elif head not in seen:
            seen.add(head)
            waiting.append((head, True))
            waiting += [(other, False) for other in module_at(work, head, heads).variables if other in heads]
    if work.top.is_negated:
        found.append(Module(work.next, (work.top.node,), {work.next: Gate((work.top,), 1)}))
    return found


def module_at(work: Simplifier, head: int, heads: set[int]) -> Module:
    """Collect the gates and variables of one module, down to other modules."""
    if head not in work.gates:
        return Module(head, (head,), {})
    variables: dict[int, None] = {}
    gates: dict[int, Gate] = {}
    waiting, seen = [(head, False)], set()
    while waiting:
        node, is_done = waiting.pop()
        if is_done:
            gate = work.gates[node]
            for number in work.loops[gate.loop] if gate.loop >= 0 else (node,):
                gates[number] = work.gates[number]
        elif node not in work.gates or (node in heads and node != head):
            variables[node] = None
        elif node not in seen:
            seen.add(node)
            waiting.append((node, True))
            waiting += [(other, False) for other in reversed(work.below(node))]
    return Module(head, tuple(variables), gates)
