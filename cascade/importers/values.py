"""What untrusted files hold where a name, a number or a place is expected."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, Final

from cascade.importers.names import fit
from cascade.importers.sources import parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascade.importers.sources import Document

LONGEST_NUMBER: Final = 64
HIGHEST: Final = 1e15
"""Largest number that is believed; a topology holds no higher rate."""
_GAP: Final = re.compile(r"\s*")


def name_of(value: object) -> str | None:
    """Give a name as a topology can hold it; None where there is none.

    Examples
    --------
    >>> name_of("cart"), name_of(7), name_of(" "), name_of(["cart"])
    ('cart', '7', None, None)
    """
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    if isinstance(value, int):
        return str(value) if abs(value) < HIGHEST else None
    if not value.isprintable():
        value = "".join(sign if sign.isprintable() else " " for sign in value)
    return fit(value) if value.strip() else None


def number_of(value: object) -> float | None:
    """Give a number, also one that is written as a text; None where there is none, or it is not finite or below 0.

    Examples
    --------
    >>> number_of("1.5"), number_of(2), number_of("NaN"), number_of(-1), number_of("1_000")
    (1.5, 2.0, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    if isinstance(value, str) and ("_" in value or len(value) > LONGEST_NUMBER):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) and 0.0 <= found <= HIGHEST else None


def list_of(value: object) -> list[Any]:
    """Give a list, empty where there is none."""
    return value if isinstance(value, list) else []


def mapping_of(value: object) -> dict[str, Any]:
    """Give a mapping, empty where there is none."""
    return value if isinstance(value, dict) else {}


def rate_text(rate_rps: float) -> str:
    """Write a rate as a topology file does."""
    return f"{rate_rps:.6g}/s"


def seconds_text(seconds: float) -> str:
    """Write a duration as a topology file does, in a unit that suits it.

    Examples
    --------
    >>> seconds_text(0.0125), seconds_text(2.5)
    ('12.5ms', '2.5s')
    """
    return f"{seconds * 1e3:.6g}ms" if seconds < 1.0 else f"{seconds:.6g}s"


def percent_text(share: float) -> str:
    """Write a share as a topology file does.

    Examples
    --------
    >>> percent_text(0.999)
    '99.9%'
    """
    return f"{share * 100:.10g}%"


def json_values(document: Document) -> Iterator[Any]:
    """Yield the JSON values of a document one after the other; most hold one.

    Raises
    ------
    TopologyError
        When there is none, or something else follows.
    """
    text = document.text
    decoder = json.JSONDecoder()
    place = end_of_gap(text, 0)
    if place == len(text):
        raise document.error("empty; expected JSON", 1, 1)
    while place < len(text):
        try:
            value, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            line = text.count("\n", 0, place) + 1
            parse_json(text[place:], document.label, line=line)
            raise document.error("not JSON", line, 1) from None
        yield value
        place = end_of_gap(text, place)


def end_of_gap(text: str, place: int) -> int:
    """Give the place of the next sign that is no white space."""
    gap = _GAP.match(text, place)
    return gap.end() if gap else place


def place_of(document: Document, sign: str) -> tuple[int, int]:
    r"""Give line and column of the first place where something is written, (0, 0) where it is not.

    Examples
    --------
    >>> from cascade.importers.sources import Document
    >>> place_of(Document("x.json", content=b'{\n  "a": 1}'), '"a"')
    (2, 3)
    """
    at = document.text.find(sign)
    if at < 0:
        return 0, 0
    return document.text.count("\n", 0, at) + 1, at - document.text.rfind("\n", 0, at)
