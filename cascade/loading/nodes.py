"""YAML as plain values that remember where they stand.

Built from the parser's events, never from tags, so that no text can make an object. Depth, size and
the expansion of aliases are bounded: a small file cannot ask for a large memory.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import yaml

from cascade.errors import Problem, TopologyError
from cascade.loading.scalars import scalar
from cascade.loading.source import check_characters, one_line, problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_DEPTH: Final = 40
"""Deepest nesting; a topology needs about ten levels."""
MAX_NODES: Final = 1_500_000
"""Most values written out in a file."""
MAX_EXPANDED: Final = 200_000
"""Most values that aliases may repeat."""

LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Node:
    """A value with its place in the text, and the place of its key (0 where it has none)."""

    plain: Any
    """The value itself: None, bool, int, float, str, list or dict."""
    line: int
    column: int
    key_line: int = 0
    key_column: int = 0
    children: dict[str, Node] | list[Node] | None = None
    """The same list or dict, with nodes for values."""

    def below(self, step: str | int) -> Node | None:
        """Give the child under a key or a position, if there is one; a name in a list of names is a key too."""
        if isinstance(self.children, dict):
            return self.children.get(str(step))
        if isinstance(self.children, list):
            return next((child for place, child in enumerate(self.children) if step in (place, child.plain)), None)
        return None

    def entries(self) -> Iterable[tuple[str | int, Node]]:
        """Give what is in a mapping or a list with its key or position."""
        if isinstance(self.children, dict):
            return self.children.items()
        return enumerate(self.children or ())


def parse(text: str, file: str) -> tuple[Node, list[Problem]]:
    """Turn one document, YAML or JSON, into nodes, and list what can be overlooked while doing so.

    Raises
    ------
    TopologyError
        When there is no telling what the text means.
    """
    from cascade.loading.json_text import is_json, parse_json  # noqa: PLC0415 - it makes the same nodes

    check_characters(text, file)
    if is_json(text, file):
        return parse_json(text, file)
    builder = _Builder(file)
    try:
        return builder.document(yaml.parse(text, Loader=LOADER)), builder.problems
    except yaml.YAMLError as error:
        raise not_yaml(error, file) from None


def with_merged(children: dict[str, Node]) -> dict[str, Node]:
    """Take over the entries of the mappings under ``<<``; own entries and earlier mappings come first."""
    merged = children.pop("<<")
    for other in merged.children if isinstance(merged.children, list) else (merged,):
        if isinstance(other.children, dict):
            for key, child in other.children.items():
                children.setdefault(key, child)
    return children


def parse_all(text: str, file: str) -> list[Node]:
    """Turn every YAML document of a text into nodes; empty ones are left out, and what a topology may not hold is not.

    Merge keys (``<<``) are followed. Tags mean nothing, and of a repeated key the first counts.

    Raises
    ------
    TopologyError
        When there is no telling what the text means.
    """
    check_characters(text, file)
    builder = _Builder(file, merges=True)
    try:
        return list(builder.documents(yaml.parse(text, Loader=LOADER)))
    except yaml.YAMLError as error:
        raise not_yaml(error, file) from None


def not_yaml(error: yaml.YAMLError, file: str) -> TopologyError:
    """Say where a text stops being YAML."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return problem(file, f"not YAML: {error}".splitlines()[0], 1, 1)
    mark: Any = error.problem_mark or error.context_mark
    what = ", ".join(part for part in (error.context, error.problem) if part)
    return problem(file, f"not YAML: {what}", *((mark.line + 1, mark.column + 1) if mark else (1, 1)))


class _Builder:
    """Follows the events of one document, or of many."""

    def __init__(self, file: str, *, merges: bool = False) -> None:
        self.file = file
        self.merges = merges
        """Whether ``<<`` takes over the entries of another mapping."""
        self.problems: list[Problem] = []
        self.anchors: dict[str, tuple[Node, int] | None] = {}
        """Finished nodes with their size; None while a node is not finished."""
        self.written = 0
        self.expanded = 0

    def document(self, events: Iterator[yaml.Event]) -> Node:
        """Give the root of the only document."""
        next(events)  # the stream starts
        if isinstance(next(events), yaml.StreamEndEvent):
            raise problem(self.file, "empty; expected a topology with 'services'", 1, 1)
        root = self.node(next(events), events, 0)
        next(events)  # the document ends
        more = next(events)
        if not isinstance(more, yaml.StreamEndEvent):
            raise self.error(more, "a second document; expected one topology in a file")
        return root

    def documents(self, events: Iterator[yaml.Event]) -> Iterator[Node]:
        """Yield the root of each document that holds something."""
        next(events)  # the stream starts
        while not isinstance(next(events), yaml.StreamEndEvent):
            self.anchors.clear()
            root = self.node(next(events), events, 0)
            next(events)  # the document ends
            if root.plain is not None:
                yield root

    def node(self, event: Any, events: Iterator[yaml.Event], depth: int) -> Node:
        """Build the node that an event begins."""
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        if depth > MAX_DEPTH:
            raise self.error(event, f"nested too deeply; expected at most {MAX_DEPTH} levels")
        before = self.written + self.expanded
        self.written += 1
        if self.written > MAX_NODES:
            raise self.error(event, f"too many values; expected at most {MAX_NODES}")
        if event.tag is not None and event.tag != "!":
            self.problems.append(self.found(event, f"the tag '{event.tag[:64]}' has no meaning here"))
        if event.anchor:
            self.anchors[event.anchor] = None
        node = self.content(event, events, depth)
        if event.anchor:
            self.anchors[event.anchor] = (node, self.written + self.expanded - before)
        return node

    def content(self, event: Any, events: Iterator[yaml.Event], depth: int) -> Node:
        """Build a scalar, a list or a mapping."""
        mark = event.start_mark
        node = Node(None, mark.line + 1, mark.column + 1)
        if isinstance(event, yaml.ScalarEvent):
            node.plain = scalar(event.value) if event.implicit[0] else event.value
        elif isinstance(event, yaml.SequenceStartEvent):
            children = []
            while not isinstance(item := next(events), yaml.SequenceEndEvent):
                children.append(self.node(item, events, depth + 1))
            node.children = children
            node.plain = [child.plain for child in children]
        else:
            node.children = self.mapping(events, depth)
            node.plain = {key: child.plain for key, child in node.children.items()}
        return node

    def mapping(self, events: Iterator[yaml.Event], depth: int) -> dict[str, Node]:
        """Build the entries of a mapping; of a repeated key the first counts."""
        children: dict[str, Node] = {}
        while not isinstance(key := next(events), yaml.MappingEndEvent):
            name = self.key(key)
            mark: Any = key.start_mark
            child = self.node(next(events), events, depth + 1)
            child.key_line, child.key_column = mark.line + 1, mark.column + 1
            if name in children:
                first = children[name].key_line
                self.problems.append(self.found(key, f"the key '{name[:64]}' was given before, in line {first}"))
            else:
                children[name] = child
        return with_merged(children) if self.merges and "<<" in children else children

    def key(self, event: Any) -> str:
        """Give the text of a key; names that look like numbers are names."""
        if not isinstance(event, yaml.ScalarEvent):
            raise self.error(event, "expected a name as key")
        return str(event.value)

    def alias(self, event: Any) -> Node:
        """Give the node that an alias repeats, standing where the alias stands."""
        if event.anchor not in self.anchors:
            raise self.error(event, f"unknown alias '*{event.anchor[:64]}'")
        known = self.anchors[event.anchor]
        if known is None:
            raise self.error(event, f"the anchor '&{event.anchor[:64]}' contains itself")
        node, size = known
        self.expanded += size
        if self.expanded > MAX_EXPANDED:
            raise self.error(event, f"aliases repeat too much; expected at most {MAX_EXPANDED} values")
        return replace(node, line=event.start_mark.line + 1, column=event.start_mark.column + 1)

    def found(self, event: Any, message: str) -> Problem:
        """Make a problem that stands where an event begins."""
        return Problem(self.file, event.start_mark.line + 1, event.start_mark.column + 1, one_line(message))

    def error(self, event: Any, message: str) -> TopologyError:
        """Make the error that ends the reading, with what was found before."""
        return TopologyError((*self.problems, self.found(event, message)))
