"""Variables in Compose files: ``${NAME}`` with its defaults, and the ``.env`` files that hold the values.

Values are looked through for hosts and then forgotten; only names of variables are ever told.
"""

from __future__ import annotations

import re
from collections import ChainMap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST: Final = 2**16
"""Characters of a filled-in text; what is behind them is left out."""
MOST_TOGETHER: Final = 2**24
"""Characters that all filled-in texts have together; variables in later ones stay as they are."""
DEEPEST: Final = 20
"""Levels of defaults within defaults that are followed."""

_START: Final = re.compile(r"\$(?:(?P<dollar>\$)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<brace>\{))")
_BRACE: Final = re.compile(r"\$\{|\}")
_INSIDE: Final = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:(?P<sign>:?[-?+])(?P<rest>.*))?", re.DOTALL)
_ENTRY: Final = re.compile(r"[ \t]*(?:export[ \t]+)?(?P<key>[A-Za-z0-9_.\-]+)[ \t]*(?P<sign>[=:]?)[ \t]*")
_COMMENT: Final = re.compile(r"(?:^|[ \t])#")
_QUOTED: Final = {'"': re.compile(r'((?:[^"\\]|\\.)*+)"'), "'": re.compile(r"([^']*+)'")}
"""How a value in quotes ends."""
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "$": "$$"}


@dataclass
class Variables:
    """Values by name; remembers which ones were asked for in vain."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    missing: set[str] = field(default_factory=set)
    filled: int = 0
    """Characters that were put together so far."""

    def fill(self, text: str) -> str:
        """Put values in the place of variables, as Compose does; what is no variable stays as it is.

        Examples
        --------
        >>> known = Variables({"HOST": "cart", "EMPTY": ""})
        >>> known.fill("http://${HOST}:${PORT:-80}"), known.fill("$HOST ${EMPTY-x} ${EMPTY:-x} ${HOST:+y} $$HOST")
        ('http://cart:80', 'cart  x y $HOST')
        >>> known.fill("${NOBODY}"), known.missing
        ('', {'NOBODY'})
        """
        if "$" not in text or self.filled > MOST_TOGETHER:
            return text
        found = self._fill(text, 0)
        self.filled += len(found)
        return found

    def _fill(self, text: str, depth: int) -> str:
        found: list[str] = []
        room = LONGEST
        for piece in self._pieces(text, depth):
            found.append(piece[:room])
            room -= len(piece)
            if room <= 0:
                break
        return "".join(found)

    def _pieces(self, text: str, depth: int) -> Iterator[str]:
        place = 0
        while match := _START.search(text, place):
            yield text[place : match.start()]
            place = match.end()
            if match["dollar"]:
                yield "$"
            elif match["name"]:
                yield self._value(match["name"])
            elif (end := _closing(text, place)) < 0:
                place = match.start()
                break
            else:
                yield self._braced(text[place:end], depth)
                place = end + 1
        yield text[place:]

    def _braced(self, inside: str, depth: int) -> str:
        """Give the value of what stands between braces."""
        match = _INSIDE.fullmatch(inside)
        if match is None or depth >= DEEPEST:
            return f"${{{inside}}}"
        sign = match["sign"] or "?"
        value = self.values.get(match["name"])
        is_there = bool(value) if sign.startswith(":") else value is not None
        if sign.endswith("+"):
            return self._fill(match["rest"], depth + 1) if is_there else ""
        if not is_there and sign.endswith("-"):
            return self._fill(match["rest"], depth + 1)
        return self._value(match["name"])

    def _value(self, name: str) -> str:
        if name not in self.values:
            self.missing.add(name)
        return self.values.get(name, "")


def _closing(text: str, place: int) -> int:
    """Give where the brace is closed that was opened before a place, -1 where it is not."""
    depth = 1
    for match in _BRACE.finditer(text, place):
        depth += 1 if match[0] == "${" else -1
        if depth == 0:
            return match.start()
    return -1


def read_env(text: str, outer: Mapping[str, str]) -> dict[str, str]:
    r"""Read a ``.env`` file: later lines can refer to earlier ones, and to outer variables, which come first.

    Examples
    --------
    >>> read_env("A=1 # one\nexport B='$A'\nC=\"${A}:${B}\"\nD", {"A": "2"})
    {'A': '1', 'B': '$A', 'C': '2:$A'}
    """
    values: dict[str, str] = {}
    known = Variables(ChainMap(dict(outer), values))
    lines = iter(text.splitlines())
    for line in lines:
        entry = _ENTRY.match(line)
        if entry is None or (not entry["sign"] and line[entry.end() :]):
            continue
        if not entry["sign"]:
            if entry["key"] in outer:
                values[entry["key"]] = outer[entry["key"]]
            continue
        values[entry["key"]] = _env_value(line[entry.end() :], lines, known)
    return values


def _env_value(start: str, lines: Iterator[str], known: Variables) -> str:
    """Give the value that begins on a line; within quotes it can go on over more of them."""
    quote = start[:1]
    if quote not in _QUOTED:
        return known.fill(_COMMENT.split(start, maxsplit=1)[0].strip())
    inside = "\n".join(_quoted(start[1:], lines, _QUOTED[quote]))
    return inside if quote == "'" else known.fill(_unescaped(inside))


def _quoted(start: str, lines: Iterator[str], ending: re.Pattern[str]) -> Iterator[str]:
    """Yield line by line what stands before the closing quote."""
    line: str | None = start
    room = LONGEST
    while line is not None and room > 0:
        if match := ending.match(line):
            yield match[1]
            return
        yield line
        room -= len(line) + 1
        line = next(lines, None)


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), text)
