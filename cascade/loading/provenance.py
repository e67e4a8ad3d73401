"""Where the numbers of a topology file are from, as its comments say.

A number is tagged by a comment that begins with ``published:``, ``derived:`` or ``assumed:``, on its
line or directly above it. What is not tagged could be anything, and counts as free.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import yaml

from cascade.behaviours.demand import Demand
from cascade.loading.fields import below, is_number, part_of
from cascade.loading.json_text import is_json
from cascade.loading.nodes import LOADER, Node, parse
from cascade.model import Topology

if TYPE_CHECKING:
    from collections.abc import Iterator

    Path = tuple[str | int, ...]

Kind = Literal["published", "derived", "assumed", "untagged"]

KINDS: Final[tuple[Kind, ...]] = ("published", "derived", "assumed", "untagged")
"""From firm to free."""
SECTIONS: Final = ("objective", "services", "groups", "fleets", "domains")
"""Where every number is a parameter; of the scenarios only what is tagged."""
EXCEPTION: Final = "slo"
"""An objective of its own is the modeller's choice, whatever a comment says."""
NO_PARAMETER: Final = "confidence"
"""A number that changes no result."""

_TAG: Final = re.compile(r"(?:^|\s)#\s*(published|derived|assumed)(?::|\s*$)")
_BREAK: Final = re.compile("\r\n|[\r\n\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number in a topology file."""

    line: int
    path: Path
    """Keys and positions that lead to it, outermost first."""
    kind: Kind
    """Where it is from."""


def count(text: str) -> dict[str, int]:
    """Count the parameters of a topology text by where they are from.

    Examples
    --------
    >>> count("services: {db: {capacity: 9/s}} # assumed: a guess")
    {'published': 0, 'derived': 0, 'assumed': 1, 'untagged': 0}
    """
    found = Counter(parameter.kind for parameter in parameters(text))
    return {kind: found[kind] for kind in KINDS}


def free_parameters(text: str) -> int:
    """Count the numbers of a topology text that were chosen: those assumed, and those without a tag."""
    found = count(text)
    return found["assumed"] + found["untagged"]


def parameters(text: str, file: str = "<text>") -> tuple[Parameter, ...]:
    """Give every parameter of a topology text, in the order of the text; what an alias repeats counts once."""
    return parameters_of(parse(text, file)[0], Tags(text))


def parameters_of(root: Node, tags: Tags) -> tuple[Parameter, ...]:
    """Give every parameter of a topology, in the order of its text."""
    found: dict[tuple[int, int], Parameter] = {}
    for path, node in numbers(root, Topology, ()):
        kind = "assumed" if EXCEPTION in path else tags.kind(node)
        if path[-1] == NO_PARAMETER:
            continue
        if path[0] in SECTIONS or (is_in_event(path) and kind != "untagged"):
            found.setdefault((node.line, node.column), Parameter(node.line, path, kind))
    return tuple(found[place] for place in sorted(found))


def is_in_event(path: Path) -> bool:
    """Tell whether a path leads to what an event does, not to when it happens."""
    return "events" in path and path[-1] != "at"


def numbers(node: Node, annotation: Any, path: Path) -> Iterator[tuple[Path, Node]]:
    """Yield the places where the model expects a number and the text gives one."""
    if is_number(annotation) or (node.children is None and part_of(annotation) is Demand):
        if node.plain is not None:
            yield path, node
    else:
        for step, child in node.entries():
            yield from numbers(child, below(annotation, step), (*path, step))


class Tags:
    """The comments of a text that say where numbers are from."""

    def __init__(self, text: str) -> None:
        """Find them; what looks like one within a text in quotes or a block is none."""
        self.beside: dict[int, Kind] = {}
        """By line: behind a value."""
        self.alone: dict[int, Kind | None] = {}
        """By line: comments that have the line to themselves, tags or not."""
        begins = self.begins = after_values(text)
        """By line: the column behind the last value."""
        for number, line in enumerate(_BREAK.split(text), start=1):
            begin = begins.get(number, 0)
            tag = _TAG.search(line, max(0, begin))
            kind = cast("Kind", tag[1]) if tag and begin >= 0 else None
            if begin == 0 and line.lstrip().startswith("#"):
                self.alone[number] = kind
            elif kind:
                self.beside[number] = kind

    def kind(self, node: Node) -> Kind:
        """Give the tag of a value: on its line, else in the comment directly above its key."""
        if node.line in self.beside:
            return self.beside[node.line]
        line = (node.key_line or node.line) - 1
        while line in self.alone:
            if kind := self.alone[line]:
                return kind
            line -= 1
        return "untagged"


def after_values(text: str) -> dict[int, int]:
    """Give the column behind the last value of each line; -1 where the whole line belongs to a value."""
    if is_json(text):  # which has no comments
        return dict.fromkeys(range(1, len(_BREAK.split(text)) + 1), -1)
    ends: dict[int, int] = {}
    for event in yaml.parse(text, Loader=LOADER):
        if isinstance(event, yaml.ScalarEvent):
            begin: Any = event.start_mark
            end: Any = event.end_mark
            ends.update(dict.fromkeys(range(begin.line + 2, end.line + 1), -1))
            ends[end.line + 1] = end.column
    return ends
