"""Numbers and lists of names, as sentences have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def counted(number: int, what: str) -> str:
    """Write a number with what it counts.

    Examples
    --------
    >>> counted(1, "part"), counted(2_000, "part")
    ('1 part', '2,000 parts')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def listed(names: Iterable[str], most: int = 4, *, last: str = "and") -> str:
    """Write some names as a list, and how many were left out.

    Examples
    --------
    >>> listed(["a", "b", "c"], 2), listed(["a", "b"], last="or")
    ('a, b and 1 more', 'a or b')
    """
    every = list(names)
    if len(every) > most:
        return f"{', '.join(every[:most])} {last} {len(every) - most:,} more"
    return f" {last} ".join([", ".join(every[:-1]), every[-1]] if len(every) > 1 else every)
