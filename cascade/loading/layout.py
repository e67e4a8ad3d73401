"""Values as YAML text on one line: plain where our reader and YAML take it as it stands, quoted where not."""

from __future__ import annotations

import re
from typing import Any, Final

from cascade.loading.scalars import Scalar, scalar

WIDTH: Final = 100
"""Columns that a mapping or list on one line may reach."""
LONGEST_KEY: Final = 1000
"""Characters of a key that YAML finds by the colon after it; longer ones need a question mark before them."""

_INDICATOR: Final = re.compile(r"[-?:,\[\]{}#&*!|>'\"%@`]|\.\.\.")
"""What a plain text must not begin with."""
_BREAKING: Final = re.compile(r":(?:\s|$)|\s#|^\s|\s$")
"""What a plain text must not hold."""
_BRACKETS: Final = re.compile(r"[,\[\]{}?]")
"""What it must not hold within brackets."""
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def scalar_text(value: Scalar) -> str:
    """Write a single value, so that it can stand in a block and within brackets.

    Whole floats lose their ``.0``. Half a surrogate pair, which no file can hold, becomes U+FFFD.

    Examples
    --------
    >>> [scalar_text(value) for value in ("250ms", "no", "12", 12, 2.0, True, None, "a: b", "")]
    ['250ms', 'no', '"12"', '12', '2', 'true', 'null', '"a: b"', '""']
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(float(value)).removesuffix(".0")
    if isinstance(value, int):
        return str(int(value))
    text = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
    return text if is_plain(text) and not _BRACKETS.search(text) else quoted(text)


def line_text(value: Any) -> str:
    """Write a value that ends a line and stands in no brackets but its own.

    Examples
    --------
    >>> line_text("slow, not down"), line_text(["slow, not down"])
    ('slow, not down', '["slow, not down"]')
    """
    return value if isinstance(value, str) and is_plain(value) else flow(value)


def is_plain(text: str) -> bool:
    """Tell whether a text needs no quotes, outside of brackets."""
    return (
        text.isprintable()
        and not _INDICATOR.match(text)
        and not _BREAKING.search(text)
        and isinstance(scalar(text), str)
    )


def quoted(text: str) -> str:
    """Write a text in double quotes; what cannot be seen becomes an escape."""
    return f'"{"".join(_ESCAPES.get(sign) or escaped(sign) for sign in text)}"'


def escaped(sign: str) -> str:
    """Write one character so that it can be seen."""
    if sign.isprintable():
        return sign
    code = ord(sign)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004 - as YAML writes them


def flow(value: Any) -> str:
    """Write mappings, lists and single values on one line.

    Examples
    --------
    >>> flow({"to": "db", "timeout": "1s", "after": ["auth", "cache"], "retry": {}})
    '{to: db, timeout: 1s, after: [auth, cache], retry: {}}'
    """
    if isinstance(value, dict):
        return f"{{{', '.join(f'{flow_key(str(key))}: {flow(item)}' for key, item in value.items())}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(flow, value))}]"
    return scalar_text(value)


def flow_key(key: str) -> str:
    """Write a key within brackets."""
    text = scalar_text(key)
    return text if len(text) <= LONGEST_KEY else f"? {text}"


def block_key(key: str, indent: str = "") -> str:
    """Write a key that stands on a line of its own, with its colon.

    Examples
    --------
    >>> block_key("web"), block_key("5")
    ('web:', '"5":')
    """
    text = scalar_text(key)
    return f"{text}:" if len(text) <= LONGEST_KEY else f"? {text}\n{indent}:"


def block(value: Any, indent: str = "") -> list[str]:
    """Write a mapping or list that holds something, one entry a line where an entry fits.

    Examples
    --------
    >>> block({"web": {"calls": ["db"]}, "db": {}})
    ['web: {calls: [db]}', 'db: {}']
    """
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    return [line for step, item in entries for line in entry_lines(step, item, indent)]


def entry_lines(step: str | int, value: Any, indent: str) -> list[str]:
    """Write one entry: its key, or a dash for a position, and its value."""
    head = indent + ("-" if isinstance(step, int) else block_key(step, indent))
    text = line_text(value)
    if not (isinstance(value, (dict, list)) and value) or len(head) + 1 + len(text) <= WIDTH:
        return [f"{head} {text}"]
    below = block(value, indent + "  ")
    if isinstance(step, int):
        return [f"{head} {below[0].lstrip()}", *below[1:]]
    return [head, *below]
