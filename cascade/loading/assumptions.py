"""What a topology file assumes, and what it leaves open, as its comments say.

Importers tag each number that they guess (``# assumed: ...``) and list what nobody said
(``# missing: capacity, timeout``); people do the same by hand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from cascade.loading.nodes import Node, parse
from cascade.loading.provenance import Tags, parameters_of
from cascade.loading.read import without_collector

if TYPE_CHECKING:
    from collections.abc import Iterator

_WHY: Final = re.compile(r"#.*?\bassumed:\s*(.*)$")
_MISSING: Final = re.compile(r"#.*?\bmissing:\s*([^;]*)")
_PERHAPS: Final = re.compile(r"assumed|missing:|\bslo\b|\\")
"""What every text with an assumption holds; an escape could hide a key."""
_BREAK: Final = re.compile("\r\n|[\r\n\x85\u2028\u2029]")


@dataclass(frozen=True, order=True, slots=True)
class Assumption:
    """A number that is a guess, or one that is not there."""

    line: int
    what: str
    """Where it stands or would stand: ``web.demand``, ``web -> db: timeout``."""
    kind: Literal["assumed", "missing"]
    why: str
    """As the comment says; empty where it says nothing."""


def assumptions(text: str, file: str = "<text>") -> tuple[Assumption, ...]:
    """List what a topology text assumes or leaves open, in the order of its lines.

    Examples
    --------
    >>> [
    ...     str(found.what)
    ...     for found in assumptions('''
    ... services:
    ...   web:  # missing: capacity
    ...     demand: 1/s  # assumed: nobody said
    ... ''')
    ... ]
    ['web: capacity', 'web.demand']
    """
    if not _PERHAPS.search(text):
        return ()
    with without_collector():
        return tuple(sorted(found_in(text, parse(text, file)[0])))


def found_in(text: str, root: Node) -> Iterator[Assumption]:
    """Yield what a text assumes or leaves open."""
    lines, tags = _BREAK.split(text), Tags(text)
    for number in parameters_of(root, tags):
        if number.kind == "assumed":
            yield Assumption(number.line, place_of(number.path), "assumed", why_of(lines[number.line - 1]))
    subjects = subjects_of(root)
    for line, content in enumerate(lines, start=1):
        begin = tags.begins.get(line, 0)
        missing = _MISSING.search(content, max(begin, 0)) if begin >= 0 else None
        if missing:
            subject = subjects.get(line, f"line {line}")
            for what in missing[1].split(","):
                yield Assumption(line, f"{subject}: {what.strip()}", "missing", "")


def why_of(line: str) -> str:
    """Give what a comment says behind its tag."""
    found = _WHY.search(line)
    return found[1].strip() if found else ""


def place_of(path: tuple[str | int, ...]) -> str:
    """Write where a number stands, the section left out."""
    return ".".join(map(str, path[1:]))


def subjects_of(root: Node) -> dict[int, str]:
    """Say by line which service or call begins there."""
    found = {}
    services = root.below("services")
    for name, service in services.entries() if services else ():
        found[service.key_line] = str(name)
        calls = service.below("calls")
        for _, call in calls.entries() if calls else ():
            callee = call.plain.get("to") if isinstance(call.plain, dict) else call.plain
            found[call.line] = f"{name} -> {callee}"
    return found
