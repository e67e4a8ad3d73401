"""Fault trees in the Open-PSA Model Exchange Format: gates, basic events and their probabilities.

References
----------
Epstein, Rauzy, Open-PSA Model Exchange Format, version 2.0 (2008).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.errors import Problem, TopologyError
from cascade.loading.expressions import Expressions
from cascade.loading.formulas import Formulas
from cascade.loading.source import file_label, one_line, read_text
from cascade.loading.xml import Element, parse_xml
from cascade.logic.fault_tree import FaultTree
from cascade.logic.gates import make_gates
from cascade.units import closest

if TYPE_CHECKING:
    from pathlib import Path

PASSED_OVER: Final = {"label", "attributes"}
"""Elements that say nothing about the logic."""
PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
"""Names that need no stand-in."""
CONTAINERS: Final = ("define-fault-tree", "define-component")
DEFINITIONS: Final = ("define-gate", "define-basic-event", "define-house-event", "define-parameter")


def load_open_psa(path: str | Path, *, top: str | None = None) -> FaultTree:
    """Read a file in the Open-PSA Model Exchange Format; ``-`` is standard input.

    Parameters
    ----------
    path : str or Path
    top : str, optional
        The gate that is asked about; needed where several gates are nobody's input.

    Raises
    ------
    TopologyError
        With every problem of the file.
    """
    return loads_open_psa(read_text(path), file=file_label(path), top=top)


def loads_open_psa(text: str, *, file: str = "<text>", top: str | None = None) -> FaultTree:
    """Read a fault tree from text in the Open-PSA Model Exchange Format.

    Examples
    --------
    >>> text = '''<opsa-mef><define-fault-tree name="pair">
    ... <define-gate name="both"><and><basic-event name="a"/><basic-event name="b"/></and></define-gate>
    ... <define-basic-event name="a"><float value="0.1"/></define-basic-event>
    ... <define-basic-event name="b"><float value="0.2"/></define-basic-event>
    ... </define-fault-tree></opsa-mef>'''
    >>> tree = loads_open_psa(text)
    >>> tree.nodes, tree.probability.tolist()
    (('both', 'a', 'b'), [0.0, 0.1, 0.2])
    """
    root = parse_xml(text, file)
    reading = Reading(file)
    if root.tag != "opsa-mef":
        reading.complain(root, f"expected <opsa-mef>, the Open-PSA format, got <{root.tag}>")
    reading.collect(root, ())
    reading.expand_common_causes()
    tree = reading.tree(root, top)
    if reading.problems:
        raise TopologyError(tuple(reading.problems))
    return tree


def safe_name(name: str) -> str:
    """Give a name that every reader of the format takes.

    Examples
    --------
    >>> safe_name("db-1"), safe_name("a b")
    ('db-1', 'n_61_20_62')
    """
    return name if PLAIN.fullmatch(name) else "n" + "".join(f"_{ord(sign):x}" for sign in name)


@dataclass(frozen=True, slots=True)
class Definition:
    """What a name stands for, and where it is said."""

    element: Element
    scope: tuple[str, ...]
    """The components that it is in."""


class Reading:
    """What has been read of a file, and all that is wrong with it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.name = ""
        self.gates: dict[str, Definition] = {}
        self.events: dict[str, Definition] = {}
        self.houses: dict[str, bool] = {}
        self.parameters: dict[str, Element] = {}
        self.groups: list[Element] = []
        self.shared: dict[str, tuple[str, float, float]] = {}
        """Event: the common cause that it shares, its chance, and the share of its own that is left."""

    def complain(self, element: Element, message: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(self.file, element.line, element.column, one_line(message)))

    def collect(self, element: Element, scope: tuple[str, ...]) -> None:
        """Note the definitions of a container."""
        for child in element.children:
            if child.tag in CONTAINERS:
                name = self.name_of(child)
                self.name = self.name or name
                self.collect(child, scope if child.tag == "define-fault-tree" else (*scope, name))
            elif child.tag == "model-data":
                self.collect(child, ())
            elif child.tag == "define-CCF-group":
                self.groups.append(child)
            elif child.tag in DEFINITIONS:
                self.define(child, scope)
            elif child.tag not in PASSED_OVER:
                self.complain(child, f"<{child.tag}> is not supported; only fault trees and their data are")

    def name_of(self, element: Element) -> str:
        """Give the name of a definition or reference."""
        name = element.attributes.get("name", "")
        if not name:
            self.complain(element, f"<{element.tag}> needs a name")
        return name

    def define(self, element: Element, scope: tuple[str, ...]) -> None:
        """Note one definition; what is private, or stands in private company, is known by its full name only."""
        name = self.name_of(element)
        is_private = element.attributes.get("role") == "private"
        full = ".".join((*scope, name)) if is_private else name
        if element.tag == "define-parameter":
            self.parameters[full] = element
            return
        if full in self.gates or full in self.events or full in self.houses:
            self.complain(element, f"'{full}' is defined twice")
        elif element.tag == "define-gate":
            self.gates[full] = Definition(element, scope)
        elif element.tag == "define-basic-event":
            self.events[full] = Definition(element, scope)
        else:
            values = [child.attributes.get("value") for child in element.each("constant")]
            self.houses[full] = values == ["true"]

    def resolve(self, name: str, scope: tuple[str, ...]) -> str:
        """Give the full name of what a reference means: the innermost of that name."""
        for depth in range(len(scope), 0, -1):
            full = ".".join((*scope[:depth], name))
            if full in self.gates or full in self.events or full in self.houses:
                return full
        return name

    def expand_common_causes(self) -> None:
        """Split the members of groups with a beta factor into a part of their own and a shared one."""
        values = Expressions(self.parameters, self.complain)
        for group in self.groups:
            name = self.name_of(group)
            if group.attributes.get("model") != "beta-factor":
                self.complain(group, "only common-cause groups with model='beta-factor' are supported")
                continue
            members = [self.name_of(event) for part in group.each("members") for event in part.children]
            chances = [value for part in group.each("distribution") for value in part.children]
            factors = [value for part in group.each("factor", "factors") for value in part.children]
            factors = [inner for value in factors for inner in (value.children if value.tag == "factor" else [value])]
            if len(chances) != 1 or len(factors) != 1:
                self.complain(group, "expected one distribution and one factor")
                continue
            chance, beta = values.value(chances[0]), values.value(factors[0])
            for member in members:
                self.events.setdefault(member, Definition(group, ()))
                self.shared[member] = (f"{name}.common", beta * chance, (1.0 - beta) * chance)

    def tree(self, root: Element, top: str | None) -> FaultTree:
        """Make the tree of all gates that lead to the top."""
        formulas = Formulas(self)
        for name, gate in self.gates.items():
            formulas.gate(name, gate.element, gate.scope)
        top = self.top_of(root, top, formulas)
        formulas.fold_constants()
        nodes, rows, negated = formulas.reached(top)
        chances = self.chances(nodes, formulas)
        return FaultTree(
            name=self.name,
            nodes=tuple(map(self.label, nodes)),
            gates=make_gates(rows, [node not in formulas.rows for node in nodes]),
            negated=np.array(negated, np.bool_),
            top=0,
            probability=np.array(chances),
        )

    def label(self, name: str) -> str:
        """Give the name that people use: the label of an event whose own name is only a stand-in."""
        definition = self.events.get(name)
        labels = [child.text.strip() for child in definition.element.each("label")] if definition else []
        stand_in = labels and name == safe_name(labels[0])
        return labels[0] if stand_in else name

    def top_of(self, root: Element, top: str | None, formulas: Formulas) -> str:
        """Give the gate that is asked about: the one that is nobody's input."""
        if top is not None:
            if top not in self.gates:
                self.complain(root, f"unknown gate '{top}'{closest(top, self.gates)}")
            return top
        inputs = formulas.inputs()
        found = [name for name in self.gates if name not in inputs]
        if len(found) != 1:
            what = ", ".join(sorted(found)[:5]) if found else "none: every gate is an input of another"
            self.complain(root, f"expected one gate that is nobody's input, the top; found {what}; say which with top")
        return found[0] if found else ""

    def chances(self, nodes: list[str], formulas: Formulas) -> list[float]:
        """Give the probability of each node's own failure."""
        values = Expressions(self.parameters, self.complain)
        common = {name: chance for name, chance, _ in self.shared.values()}
        found = []
        for node in nodes:
            event = node.removesuffix(formulas.ALONE) if node.endswith(formulas.ALONE) else node
            if node in formulas.rows:
                found.append(0.0)
            elif node in common:
                found.append(common[node])
            elif event in self.shared and node != event:
                found.append(self.shared[event][2])
            else:
                found.append(self.chance(node, values))
        return found

    def chance(self, event: str, values: Expressions) -> float:
        """Give the probability of a basic event, nan where none is stated."""
        definition = self.events.get(event)
        stated = [] if definition is None else [c for c in definition.element.children if c.tag not in PASSED_OVER]
        if definition is None or not stated:
            return math.nan
        value = values.value(stated[0])
        if not math.isnan(value) and not 0.0 <= value <= 1.0:
            self.complain(definition.element, f"expected a probability from 0 to 1, got {value:g}")
        return value
