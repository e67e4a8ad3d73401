"""What a plain word in YAML means: the core schema of YAML 1.2, without not-a-number and infinity.

``on``, ``no``, ``yes`` and ``1:30`` are texts, as everybody who writes them means.
"""

from __future__ import annotations

import re
from typing import Final

Scalar = str | int | float | bool | None

_WORDS: Final[dict[str, bool | None]] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,300}")
_OCTAL: Final = re.compile(r"0o[0-7]{1,300}")
_HEXADECIMAL: Final = re.compile(r"0x[0-9a-fA-F]{1,300}")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


def scalar(text: str) -> Scalar:
    """Give the value of a plain (unquoted) scalar.

    Examples
    --------
    >>> [scalar(text) for text in ("no", "1:30", "1e3", "012", "~")]
    ['no', '1:30', 1000.0, 12, None]
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text):
        return int(text, 8)
    if _HEXADECIMAL.fullmatch(text):
        return int(text, 16)
    return float(text) if _FLOAT.fullmatch(text) else text
