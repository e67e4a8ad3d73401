"""JSON as a topology: read by its own rules, and with the place of each value where something is wrong."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from cascade.errors import Problem, TopologyError
from cascade.loading.nodes import MAX_DEPTH, MAX_NODES, Node
from cascade.loading.quick import Unusual
from cascade.loading.scalars import scalar
from cascade.loading.source import is_json_name, one_line, problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    Token = re.Match[str]

_TOKEN: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_OBJECT: Final = re.compile(r"\s*\{")
_BREAK: Final = re.compile("\r\n|[\r\n]")
_HALF: Final = re.compile(r"\\u[dD][89a-fA-F]")
"""One half of a character beyond U+FFFF, most often beside the other."""
_NO_VALUES: Final = {"NaN", "Infinity", "-Infinity"}
_WORDS: Final = {"true": True, "false": False, "null": None}


def is_json(text: str, file: str = "") -> bool:
    """Tell whether a text is to be read as JSON: its name says so, or it is a JSON object from end to end.

    Examples
    --------
    >>> [is_json(text) for text in ('{"services": {}}', "{services: }", "services:")]
    [True, False, False]
    """
    if is_json_name(file):
        return True
    if not may_be_json(text):
        return False
    try:
        check_syntax(text)
    except (json.JSONDecodeError, RecursionError):
        return False
    return True


def may_be_json(text: str, file: str = "") -> bool:
    """Tell whether it is worth looking more closely."""
    return is_json_name(file) or bool(_OBJECT.match(text))


def plain_json(text: str) -> Any:
    """Give what a JSON text means, like `parse_json`.

    Raises
    ------
    Unusual
        When that is for `parse_json` to say, or the text is no JSON.
    """
    if text.count(",") + text.count("{") + text.count("[") >= MAX_NODES:
        raise Unusual
    try:
        value = json.loads(text, object_pairs_hook=_without_repetition, parse_constant=_refused)
        if _HALF.search(text):
            json.dumps(value, ensure_ascii=False).encode()  # fails when there is no other half
    except (ValueError, RecursionError):
        raise Unusual from None
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [child for parent in level for child in _children(parent)]
    if level:
        raise Unusual
    return value


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unusual
    return found


def _refused(_: str) -> Any:
    raise Unusual


def _children(value: Any) -> Any:
    if type(value) is dict:
        return value.values()
    return value if type(value) is list else ()


def check_syntax(text: str) -> None:
    """Raise what json raises where a text is no JSON, and keep nothing of it."""
    json.loads(text, object_pairs_hook=lambda _: None, parse_int=lambda _: None)


def parse_json(text: str, file: str) -> tuple[Node, list[Problem]]:
    """Turn a JSON text into nodes, and list the keys that it repeats.

    Raises
    ------
    TopologyError
        When there is no telling what the text means.
    """
    if not text.strip():
        raise problem(file, "empty; expected a topology with 'services'", 1, 1)
    reader = _Reader(text, file)
    try:
        with suppress(RecursionError):  # the reader says where it is nested too deeply
            check_syntax(text)
        root = reader.node(next(reader.tokens), 0)
    except json.JSONDecodeError as error:
        what = f"{error.msg[:1].lower()}{error.msg[1:].strip(': ')}"
        if not may_be_json(text):
            what = "expected '{'; the name of a file with YAML ends with .yaml"
        raise problem(file, f"not JSON: {what}", *reader.place(error.pos)) from None
    if reader.senseless:
        raise TopologyError(tuple(sorted([*reader.senseless, *reader.problems])))
    return root, reader.problems


class _Reader:
    """Follows the tokens of a text that is known to be JSON."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.tokens: Iterator[Token] = _TOKEN.finditer(text)
        self.line_starts = [0, *(found.end() for found in _BREAK.finditer(text))]
        self.problems: list[Problem] = []
        self.senseless: list[Problem] = []
        """Values that are none."""
        self.written = 0

    def node(self, token: Token, depth: int) -> Node:
        """Give the node that a token begins."""
        if depth > MAX_DEPTH:
            raise self.error(token, f"nested too deeply; expected at most {MAX_DEPTH} levels")
        self.written += 1
        if self.written > MAX_NODES:
            raise self.error(token, f"too many values; expected at most {MAX_NODES}")
        node = Node(None, *self.place(token.start()))
        if token[0] == "{":
            node.children = self.mapping(depth)
            node.plain = {key: child.plain for key, child in node.children.items()}
        elif token[0] == "[":
            node.children = self.sequence(depth)
            node.plain = [child.plain for child in node.children]
        else:
            node.plain = self.text(token) if token[0].startswith('"') else self.word(token)
        return node

    def sequence(self, depth: int) -> list[Node]:
        """Give the rest of a list."""
        children = []
        while (token := next(self.tokens))[0] != "]":
            if token[0] != ",":
                children.append(self.node(token, depth + 1))
        return children

    def mapping(self, depth: int) -> dict[str, Node]:
        """Give the rest of a mapping; of a repeated key the first counts."""
        children: dict[str, Node] = {}
        while (token := next(self.tokens))[0] != "}":
            if token[0] == ",":
                continue
            name = self.text(token)
            next(self.tokens)  # the colon
            child = self.node(next(self.tokens), depth + 1)
            child.key_line, child.key_column = self.place(token.start())
            if name in children:
                first = children[name].key_line
                self.problems.append(self.found(token, f"the key '{name[:64]}' was given before, in line {first}"))
            else:
                children[name] = child
        return children

    def text(self, token: Token) -> str:
        """Give a text in quotes."""
        value = str(json.loads(token[0]))
        if any("\ud800" <= sign <= "\udfff" for sign in value):
            self.senseless.append(self.found(token, "not JSON: half a character, one \\u of two"))
            return value.encode(errors="replace").decode()
        return value

    def word(self, token: Token) -> Any:
        """Give a number, a truth value or nothing."""
        if token[0] in _NO_VALUES:
            self.senseless.append(self.found(token, f"not JSON: {token[0]}; expected a number"))
        return _WORDS[token[0]] if token[0] in _WORDS else scalar(token[0])

    def place(self, offset: int) -> tuple[int, int]:
        """Give the line and column of an offset."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def found(self, token: Token, message: str) -> Problem:
        """Make a problem that stands where a token begins."""
        return Problem(self.file, *self.place(token.start()), one_line(message))

    def error(self, token: Token, message: str) -> TopologyError:
        """Make the error that ends the reading, with what was found before."""
        return TopologyError((*self.problems, self.found(token, message)))
