"""The text of a topology file, whatever the file turns out to be."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

from cascade.errors import Problem, TopologyError

STDIN: Final = "-"
"""Stands for standard input wherever a path is expected."""
MAX_BYTES: Final = 16 * 2**20
"""Largest file that is read; 10 000 services with all their calls take a fifth of it, and half as spacious JSON."""

_NOT_TEXT: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_ASCII_TEXT: Final = bytes([*b"\t\n\r", *range(0x20, 0x7F)])
"""The same for texts that know nothing else, which are checked more quickly."""


def file_label(path: str | Path) -> str:
    """Give the name under which a file appears in messages."""
    return "<stdin>" if str(path) == STDIN else one_line(str(path))


def is_json_name(file: str) -> bool:
    """Tell whether a file is JSON by its name, whatever is in it."""
    return file.lower().endswith(".json")


def read_text(path: str | Path) -> str:
    """Read a file, or standard input for ``-``; never more than `MAX_BYTES` of it.

    Raises
    ------
    TopologyError
        When it cannot be read, is too large, or is no UTF-8 text.
    """
    file = file_label(path)
    try:
        content = _content(path)
    except OSError as error:
        raise problem(file, (error.strerror or str(error)).lower()) from None
    except ValueError:
        raise problem(file, "no file can have this name") from None
    if len(content) > MAX_BYTES:
        raise problem(file, f"too large; expected at most {MAX_BYTES // 2**20} MB", 1, 1)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", errors="replace")
        raise problem(file, "expected UTF-8 text; is this a topology file?", *_place(before)) from None
    check_characters(text, file)
    return text


def check_characters(text: str, file: str) -> None:
    """Refuse control characters, which no YAML may hold."""
    if text.isascii() and not text.encode().translate(None, _ASCII_TEXT):
        return
    odd = _NOT_TEXT.search(text)
    if odd:
        what = f"character U+{ord(odd[0]):04X} is not allowed; is this a topology file?"
        raise problem(file, what, *_place(text[: odd.start()]))


def problem(file: str, message: str, line: int = 0, column: int = 0) -> TopologyError:
    """Make the error of an input with a single problem."""
    return TopologyError((Problem(file, line, column, one_line(message)),))


def one_line(message: str) -> str:
    """Write what a terminal would obey, or what would break the line, as an escape."""
    if message.isprintable():
        return message
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in message)


def _content(path: str | Path) -> bytes:
    if str(path) == STDIN:
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    with Path(path).open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


def _place(before: str) -> tuple[int, int]:
    """Give line and column of what follows some text."""
    lines = re.split(r"\r\n|[\r\n]", before)
    return len(lines), len(lines[-1]) + 1
