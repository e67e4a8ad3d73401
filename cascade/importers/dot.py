"""The dot language of Graphviz, read in one pass: time and memory grow with the length of the text and no faster."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from cascade.graph.read import Drawing

if TYPE_CHECKING:
    from cascade.errors import TopologyError
    from cascade.importers.sources import Document

MAX_DEPTH: Final = 100
"""Most subgraphs within one another."""
MAX_NODES: Final = 500_000
MAX_EDGES: Final = 1_000_000
"""Most edges, those between groups of nodes counted one by one."""
_SKIPPED: Final = re.compile(r"(?:[\s\ufeff]+|//[^\n]*|/\*.*?\*/|#[^\n]*)+", re.DOTALL)
_TOKEN: Final = re.compile(
    r"""(?P<sign>->|--|[{}\[\]=;,:+])|"(?P<quoted>[^"\\]*(?:\\.[^"\\]*)*)"|(?P<word>[^\W\d]\w*|-?(?:\.\d+|\d+(?:\.\d*)?))""",
    re.DOTALL,
)
_BRACKET: Final = re.compile("[<>]")
_SET: Final = frozenset({"node", "edge", "graph"})
_END: Final = ""

Attributes = dict[str, str]
Scope = dict[str, Attributes]
"""Defaults for ``node``, ``edge`` and ``graph``."""


@dataclass(frozen=True, slots=True)
class Token:
    """One word or sign."""

    text: str
    is_sign: bool
    at: int
    is_bare: bool = False
    """Whether it can be a keyword."""


class Tokens:
    """The words of a text, one ahead."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.text = document.text
        self.end = 0
        self.counted = (0, 1)
        """Up to where lines were counted, and the line there."""
        self.next = self.scan()

    def take(self) -> Token:
        """Give the next word and go on."""
        token, self.next = self.next, self.scan()
        return token

    def scan(self) -> Token:
        """Find the word after the last one."""
        gap = _SKIPPED.match(self.text, self.end)
        start = gap.end() if gap else self.end
        if start == len(self.text):
            return Token(_END, is_sign=True, at=start)
        if self.text[start] == "<":
            return self.markup(start)
        found = _TOKEN.match(self.text, start)
        if found is None:
            what = "a text that never ends" if self.text[start] == '"' else f"no dot language: '{self.text[start]}'"
            raise self.error(what, start)
        self.end = found.end()
        if found["sign"]:
            return Token(found["sign"], is_sign=True, at=start)
        if found["word"]:
            return Token(found["word"], is_sign=False, at=start, is_bare=True)
        return Token(unescaped(found["quoted"]), is_sign=False, at=start)

    def markup(self, start: int) -> Token:
        """Read a text between balanced angle brackets."""
        depth = 0
        for bracket in _BRACKET.finditer(self.text, start):
            depth += 1 if bracket[0] == "<" else -1
            if depth == 0:
                self.end = bracket.end()
                return Token(self.text[start : self.end], is_sign=False, at=start)
        raise self.error("a '<' without its '>'", start)

    def is_sign(self, *signs: str) -> bool:
        """Tell whether one of some signs is next."""
        return self.next.is_sign and self.next.text in signs

    def is_word(self, *words: str) -> bool:
        """Tell whether one of some keywords is next."""
        return self.next.is_bare and self.next.text.lower() in words

    def skip(self, *signs: str) -> bool:
        """Go past one of some signs, if one is next."""
        if self.is_sign(*signs):
            self.take()
            return True
        return False

    def expect(self, sign: str) -> Token:
        """Go past a sign that must be next."""
        if not self.is_sign(sign):
            raise self.error(f"expected '{sign}', got {self.shown()}", self.next.at)
        return self.take()

    def name(self) -> Token:
        """Take a name; texts joined by ``+`` are one."""
        if self.next.is_sign:
            raise self.error(f"expected a name, got {self.shown()}", self.next.at)
        first = self.take()
        parts = [first.text]
        while self.skip("+"):
            if self.next.is_sign:
                raise self.error(f"expected a text, got {self.shown()}", self.next.at)
            parts.append(self.take().text)
        return Token("".join(parts), is_sign=False, at=first.at)

    def shown(self) -> str:
        """Say what is next."""
        return f"'{self.next.text[:40]}'" if self.next.text else "the end of the text"

    def line(self, at: int) -> int:
        """Give the line of a place that is not before the last one that was asked for."""
        place, line = self.counted
        if at < place:
            return self.text.count("\n", 0, at) + 1
        line += self.text.count("\n", place, at)
        self.counted = at, line
        return line

    def error(self, message: str, at: int) -> TopologyError:
        """Say what is wrong at a place."""
        return self.document.error(message, self.line(at), at - self.text.rfind("\n", 0, at))


def unescaped(text: str) -> str:
    r"""Give what a quoted text shows: ends of lines as blanks.

    Examples
    --------
    >>> unescaped(r"front\nend \"x\"")
    'front end "x"'
    """
    if "\\" not in text:
        return text
    joined = text.replace("\\\r\n", "").replace("\\\n", "")
    blank = re.sub(r"(?<!\\)((?:\\\\)*)\\[nlr]", r"\1 ", joined)
    return re.sub(r"\\(.)", r"\1", blank).strip()


def read_dot(document: Document) -> Drawing:
    """Read a document in the dot language; of several graphs in it the first.

    Raises
    ------
    TopologyError
        When it is none.
    """
    tokens = Tokens(document)
    if tokens.is_word("strict"):
        tokens.take()
    if not tokens.is_word("graph", "digraph"):
        raise tokens.error(f"expected 'digraph', got {tokens.shown()}", tokens.next.at)
    drawing = Drawing(is_directed=tokens.take().text.lower() == "digraph")
    if not tokens.next.is_sign:
        drawing.name = tokens.name().text
    tokens.expect("{")
    Reader(tokens, drawing).statements({"node": {}, "edge": {}, "graph": {}}, 0)
    return drawing


class Reader:
    """Follows the statements of one graph."""

    def __init__(self, tokens: Tokens, drawing: Drawing) -> None:
        self.tokens, self.drawing = tokens, drawing

    def statements(self, scope: Scope, depth: int) -> dict[str, None]:
        """Read up to the closing brace; give the nodes that were named."""
        if depth > MAX_DEPTH:
            message = f"nested too deep; expected at most {MAX_DEPTH} levels"
            raise self.tokens.error(message, self.tokens.next.at)
        named: dict[str, None] = {}
        while not self.tokens.skip("}"):
            if not self.tokens.skip(";", ","):
                named |= self.statement(scope, depth)
        return named

    def statement(self, scope: Scope, depth: int) -> dict[str, None]:
        """Read one statement; give the nodes that it names."""
        tokens = self.tokens
        line = tokens.line(tokens.next.at)
        if tokens.is_word(*_SET):
            what = tokens.take().text.lower()
            scope[what] = scope[what] | self.attributes()
            return {}
        chain = [self.end(scope, depth)]
        if tokens.skip("="):
            tokens.name()
            return {}
        while tokens.skip("->", "--"):
            chain.append(self.end(scope, depth))
        named = {node: None for ends in chain for node in ends}
        for node in named:
            if node not in self.drawing.nodes:
                self.drawing.nodes[node] = dict(scope["node"])
        self.limit(len(self.drawing.nodes), MAX_NODES, "nodes")
        attributes = self.attributes()
        if len(chain) == len(named) == 1:
            self.drawing.nodes[next(iter(named))].update(attributes)
        self.connect(chain, scope["edge"] | attributes, line)
        return named

    def end(self, scope: Scope, depth: int) -> dict[str, None]:
        """Read one end of an edge: a node, whose port means nothing here, or a group of nodes."""
        tokens = self.tokens
        is_named = tokens.is_word("subgraph")
        if is_named:
            tokens.take()
            if not tokens.next.is_sign:
                tokens.name()
        if tokens.skip("{"):
            return self.statements({what: dict(defaults) for what, defaults in scope.items()}, depth + 1)
        if is_named:
            return {}
        node = tokens.name()
        while tokens.skip(":"):
            tokens.name()
        return {node.text: None}

    def attributes(self) -> Attributes:
        """Read what stands in square brackets, if any."""
        found: Attributes = {}
        while self.tokens.skip("["):
            while not self.tokens.skip("]"):
                key = self.tokens.name().text
                found[key] = self.tokens.name().text if self.tokens.skip("=") else "true"
                self.tokens.skip(";", ",")
        return found

    def connect(self, chain: list[dict[str, None]], attributes: Attributes, line: int) -> None:
        """Draw the edges between the ends of a chain; what is not seen only places the nodes."""
        if attributes.get("style") == "invis":
            return
        forth = attributes.get("dir") != "back"
        back = attributes.get("dir") in {"back", "both"}
        for callers, callees in pairwise(chain):
            self.limit(len(self.drawing.edges) + len(callers) * len(callees), MAX_EDGES, "edges")
            for caller in callers:
                for callee in callees:
                    if forth:
                        self.drawing.edges.append((caller, callee, attributes, line))
                    if back:
                        self.drawing.edges.append((callee, caller, attributes, line))

    def limit(self, count: int, most: int, what: str) -> None:
        """Refuse what is too large."""
        if count > most:
            raise self.tokens.error(f"too many {what}; expected at most {most:,}", self.tokens.next.at)
