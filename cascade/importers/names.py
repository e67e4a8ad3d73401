"""Names: what a part may be called, and which names mean the same part."""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 200
SUFFIXES: Final = frozenset(
    {"com", "org", "net", "io", "gov", "edu", "eu", "de", "uk", "fr", "nl", "jp", "cn", "cloud"}
)
"""Last labels that make a name of two one of the internet rather than one with a namespace."""
_CREDENTIALS: Final = re.compile(r"[^\s/@:]+:[^\s@]*@")
_UNFIT: Final = re.compile("[\\s>\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")


def without_credentials(name: str) -> str:
    """Give the host of what is a URL, and what stands behind a user and password; other names as they are.

    Examples
    --------
    >>> (
    ...     without_credentials("postgres://me:secret@db:5432/x"),
    ...     without_credentials("me:secret@db"),
    ...     without_credentials("db"),
    ... )
    ('db', 'db', 'db')
    """
    if "://" in name:
        host = re.split(r"[/?#]", name.split("://", maxsplit=1)[1].rsplit("@", maxsplit=1)[-1])[0]
        return host.rsplit(":", maxsplit=1)[0] if host.count(":") == 1 else host
    return name.rsplit("@", maxsplit=1)[-1] if _CREDENTIALS.match(name) else name


def fit(name: str) -> str:
    """Give a name as a topology can hold it: no URL, no white space and ``>``, of at most 200 characters.

    Examples
    --------
    >>> fit("GET /cart  items"), fit(" ")
    ('GET-/cart-items', 'unnamed')
    """
    found = _UNFIT.sub("-", without_credentials(name.strip()))[:LONGEST]
    return found if found.strip("-") else "unnamed"
