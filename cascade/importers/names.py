"""Names: what a part may be called, and which names mean the same part."""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 200
SUFFIXES: Final = frozenset(
    {"com", "org", "net", "io", "gov", "edu", "eu", "de", "uk", "fr", "nl", "jp", "cn", "cloud"}
)
"""Last labels that make a name of two one of the internet rather than one with a namespace."""
_UNFIT: Final = re.compile("[\\s>\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")


def fit(name: str) -> str:
    """Give a name as a topology can hold it: without white space and ``>``, of at most 200 characters.

    Examples
    --------
    >>> fit("GET /cart  items"), fit(" ")
    ('GET-/cart-items', 'unnamed')
    """
    found = _UNFIT.sub("-", name.strip())[:LONGEST]
    return found if found.strip("-") else "unnamed"
