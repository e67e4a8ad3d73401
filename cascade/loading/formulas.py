"""Formulas of Open-PSA gates as threshold gates with negated inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from cascade.units import closest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cascade.loading.open_psa import Reading
    from cascade.loading.xml import Element

    Row = tuple[list["Input"], int]

REFERENCES: Final = {"gate", "basic-event", "house-event", "event"}
ARITY: Final = {"not": (1, 1), "iff": (2, 2), "imply": (2, 2), "xor": (2, None)}
"""Fewest and most arguments, where it is not one or more."""
NEITHER: Final = {"label", "attributes"}


class Input(NamedTuple):
    """A node, or that it is *not* down; or a constant."""

    node: str | bool
    is_negated: bool = False

    def opposite(self) -> Input:
        """Give the contrary."""
        return Input(not self.node) if isinstance(self.node, bool) else Input(self.node, not self.is_negated)


class Formulas:
    """Rows of gates, sub-formulas among them."""

    ALONE: Final = " alone"
    """Ending of the part of an event that it shares with no common-cause group."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.rows: dict[str, Row] = {}
        self.owner = ""
        self.made = 0
        for event, (common, _, _) in reading.shared.items():
            self.rows[event] = ([Input(event + self.ALONE), Input(common)], 1)

    def gate(self, name: str, element: Element, scope: tuple[str, ...]) -> None:
        """Read the formula of a gate."""
        formulas = [child for child in element.children if child.tag not in NEITHER]
        if len(formulas) != 1:
            self.reading.complain(element, f"gate '{name}' needs one formula, got {len(formulas)}")
            return
        self.owner, self.made = name, 0
        self.rows[name] = self.row(formulas[0], scope)

    def row(self, element: Element, scope: tuple[str, ...]) -> Row:  # noqa: C901, PLR0911 - one line per formula
        """Give inputs and threshold of a formula."""
        if element.tag in REFERENCES or element.tag == "constant":
            return [self.input(element, scope)], 1
        inputs = [self.input(child, scope) for child in element.children if child.tag not in NEITHER]
        fewest, most = ARITY.get(element.tag, (1, None))
        if len(inputs) < fewest or (most is not None and len(inputs) > most):
            self.reading.complain(element, f"<{element.tag}> with {len(inputs)} arguments means nothing")
            return [], 1
        opposite = [each.opposite() for each in inputs]
        match element.tag:
            case "or":
                return inputs, 1
            case "and":
                return inputs, len(inputs)
            case "nor":
                return opposite, len(inputs)
            case "nand" | "not":
                return opposite, 1
            case "imply":
                return [opposite[0], inputs[1]], 1
            case "iff":
                return [self.sub(self.either(*inputs)).opposite()], 1
            case "xor":
                while len(inputs) > 2:  # noqa: PLR2004 - two at a time
                    inputs = [self.sub(self.either(*inputs[:2])), *inputs[2:]]
                return self.either(*inputs)
            case "atleast":
                return self.distinct(inputs), self.number(element, "min", len(inputs))
            case "cardinality":
                least = self.sub((self.distinct(inputs), self.number(element, "min", len(inputs))))
                above = self.sub((self.distinct(inputs), self.number(element, "max", len(inputs)) + 1))
                return [least, above.opposite()], 2
        self.reading.complain(element, f"<{element.tag}> is no formula that is supported")
        return [], 1

    def either(self, one: Input, other: Input) -> Row:
        """Give the row of one without the other."""
        return [self.sub(([one, other.opposite()], 2)), self.sub(([one.opposite(), other], 2))], 1

    def sub(self, row: Row) -> Input:
        """Give a row a node of its own."""
        self.made += 1
        name = f"{self.owner} /{self.made}"
        self.rows[name] = row
        return Input(name)

    def distinct(self, inputs: list[Input]) -> list[Input]:
        """Let each doubled input pass through a gate of its own: it counts twice."""
        seen: set[Input] = set()
        found = []
        for each in inputs:
            found.append(self.sub(([each], 1)) if each in seen else each)
            seen.add(each)
        return found

    def number(self, element: Element, key: str, most: int) -> int:
        """Read a count."""
        text = element.attributes.get(key, "")
        if not text.isdecimal() or int(text) > most:
            self.reading.complain(element, f"expected {key} from 0 to {most}, got '{text}'")
            return 1
        return int(text)

    def input(self, element: Element, scope: tuple[str, ...]) -> Input:
        """Give what an argument refers to, or a node for its formula."""
        reading = self.reading
        if element.tag == "constant":
            return Input(element.attributes.get("value") == "true")
        if element.tag not in REFERENCES:
            row = self.row(element, scope)
            return self.sub(row)
        name = reading.resolve(reading.name_of(element), scope)
        if name in reading.houses:
            return Input(reading.houses[name])
        is_event = element.tag == "basic-event" and name not in reading.gates
        if name not in reading.gates and name not in reading.events and not is_event:
            known = {**reading.gates, **reading.events}
            reading.complain(element, f"unknown {element.tag} '{name}'{closest(name, known)}")
        return Input(name)

    def fold_constants(self) -> None:
        """Take constants out of all rows, as far as they go."""
        known: dict[str, bool] = {}
        changed = True
        while changed:
            changed = False
            for name, (inputs, least) in self.rows.items():
                if name in known:
                    continue
                values = [known_value(each, known) for each in inputs]
                left = [each for each, value in zip(inputs, values, strict=True) if value is None]
                needed = least - values.count(True)
                if needed <= 0 or needed > len(left):
                    known[name], changed = needed <= 0, True
                self.rows[name] = (left, needed)
        self.known = known

    def inputs(self) -> set[str]:
        """Give the nodes that are an input of another."""
        return {str(each.node) for name, (inputs, _) in self.rows.items() for each in inputs if each.node != name}

    def reached(self, top: str) -> tuple[list[str], list[tuple[list[int], int]], list[bool]]:
        """Give the nodes below a top, the rows of their inputs, and which inputs are negated."""
        if top in self.known:
            definition = self.reading.gates[top]
            always = "always" if self.known[top] else "never"
            self.reading.complain(definition.element, f"'{top}' is {always} down, whatever fails")
        place = {top: 0}
        rows: list[tuple[list[int], int]] = []
        negated: list[bool] = []
        nodes = [top]
        for node in nodes:
            inputs, least = self.rows.get(node, ([], 1))
            kept = list(once(inputs, is_set=least in {1, len(inputs)}))
            least = len(kept) if least == len(inputs) and least > 1 else least
            for each in kept:
                if str(each.node) not in place:
                    place[str(each.node)] = len(nodes)
                    nodes.append(str(each.node))
            rows.append(([place[str(each.node)] for each in kept], max(least, 1)))
            negated += [each.is_negated for each in kept]
        return nodes, rows, negated


def known_value(each: Input, known: dict[str, bool]) -> bool | None:
    """Give the value of an input, none where it depends on what fails."""
    if isinstance(each.node, bool):
        return each.node != each.is_negated
    value = known.get(each.node)
    return None if value is None else value != each.is_negated


def once(inputs: Iterable[Input], *, is_set: bool) -> Iterable[Input]:
    """Leave out doubled inputs of an OR or AND."""
    return dict.fromkeys(inputs) if is_set else inputs
