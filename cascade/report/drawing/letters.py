"""How wide words are, near enough to leave room for them in any common font."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

NARROW: Final = frozenset("iljtfrI.,:;'|!()[]-/ ")
WIDE: Final = frozenset("mwMW@%")
BREAKS: Final = re.compile(r"(?<=[-_./:@])")
"""Where a name may be broken."""


def width_of(words: str, size: float) -> float:
    """Width of words in a font of a size [px].

    Examples
    --------
    >>> width_of("ill", 10.0) < width_of("mom", 10.0)
    True
    """
    return size * sum(map(letter, words))


def letter(char: str) -> float:
    """Width of a letter, in heights of the font."""
    if unicodedata.east_asian_width(char) in "WF":
        return 1.05
    if char in NARROW:
        return 0.36
    if char in WIDE:
        return 0.92
    return 0.72 if char.isupper() else 0.59


def broken(name: str, size: float, width: float, most: int) -> list[str]:
    """Break a name into lines of a width, best after a mark; the middle of what does not fit is left out.

    Examples
    --------
    >>> broken("checkout-service-primary", 10.0, 100.0, 3)
    ['checkout-service-', 'primary']
    """
    lines = [""]
    for piece in (part for long in BREAKS.split(name) for part in chopped(long, size, width)):
        if lines[-1] and width_of(lines[-1] + piece, size) > width:
            lines.append("")
        lines[-1] += piece
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], fitted("".join(lines[most - 1 :]), size, width)]


def chopped(piece: str, size: float, width: float) -> list[str]:
    """Cut what has no mark to break it after, where it is full."""
    parts = [""]
    for char in piece:
        if parts[-1] and width_of(parts[-1] + char, size) > width:
            parts.append("")
        parts[-1] += char
    return parts


def fitted(name: str, size: float, width: float) -> str:
    """Cut the middle out of a name that is wider than its place.

    Examples
    --------
    >>> fitted("a-very-long-name-of-a-service", 10.0, 100.0)
    'a-very-lo…-service'
    """
    if width_of(name, size) <= width:
        return name
    head, tail = list(name[: len(name) // 2]), list(name[len(name) // 2 :])
    while head and width_of("".join(head + tail), size) + size > width:
        (head if len(head) > len(tail) else tail).pop(-1 if len(head) > len(tail) else 0)
    return f"{''.join(head)}\N{HORIZONTAL ELLIPSIS}{''.join(tail)}"
