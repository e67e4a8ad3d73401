"""JSON of any size, read piece by piece: one document, or one after the other as in JSON lines.

The reader follows the outer shape by hand and decodes only the pieces that are asked for, so that memory
is bounded by the largest piece, whatever the size of the file and the order of its keys.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import TYPE_CHECKING, Any, Final, Self

from cascade.importers.sources import MAX_JSON_DEPTH
from cascade.loading.source import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascade.errors import TopologyError
    from cascade.importers.sources import Document

CHUNK: Final = 2**18
"""Bytes that are read at once."""
MAX_PIECE: Final = 2**23
"""Longest value that is decoded as a whole [characters]."""
NEAR: Final = 16
"""Signs before the end of what was read in which a break may be a matter of reading on."""
_GAP: Final = re.compile(r"[ \t\n\r]*")


class JsonStream:
    """A cursor in the JSON of a document.

    Values are taken in their order; what :meth:`members` and :meth:`items` lead to and nobody takes is passed over,
    and so is what is no object or list where they expect one.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.stream = document.stream()
        self.unpack = codecs.getincrementaldecoder("utf-8-sig")()
        self.decoder = json.JSONDecoder()
        self.text, self.place = "", 0
        self.is_over = False
        """Whether nothing follows the text."""
        self.is_waiting = False
        """Whether the value at the cursor was not taken yet."""
        self.lines = 0
        """Line breaks before the text."""
        self.signs = 0
        """Signs of the text's first line that stand before the text."""
        self.whole = 0
        """Documents that were read to their end."""
        self.odd = 0
        """Lists and objects that were expected, and something else came."""

    def __enter__(self) -> Self:
        """Open it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.stream.close()

    def documents(self) -> Iterator[None]:
        """Stand at each JSON document, one after the other."""
        while self.peek():
            self.is_waiting = True
            yield
            if self.is_waiting:
                self.value()
            self.whole += 1

    def members(self) -> Iterator[str]:
        """Stand at the value of each member of the object at the cursor; yields the keys."""
        for _ in self.parts("{", "}"):
            if self.peek() != '"':
                raise self.unexpected("a name in double quotes")
            key = self.value()
            self.step(":")
            self.is_waiting = True
            yield key

    def items(self) -> Iterator[None]:
        """Stand at each item of the list at the cursor."""
        for _ in self.parts("[", "]"):
            self.is_waiting = True
            yield

    def parts(self, start: str, end: str) -> Iterator[None]:
        """Stand at each part between two brackets."""
        if self.peek() != start:
            self.odd += self.value() is not None
            return
        self.is_waiting = False
        self.step(start)
        if self.peek() == end:
            self.place += 1
            return
        while True:
            yield
            if self.is_waiting:
                self.value()
            if self.step("," + end) == end:
                return

    def value(self) -> Any:
        """Take the value at the cursor as a whole.

        Raises
        ------
        TopologyError
            Where it is no JSON, too deep or too long.
        """
        self.is_waiting = False
        if not self.peek():
            raise self.unexpected("a value")
        while True:
            try:
                found, end = self.decoder.raw_decode(self.text, self.place)
            except json.JSONDecodeError as error:
                if self.is_over or not self.may_go_on(error):
                    raise self.error(f"not JSON: {error.msg.lower()}", error.pos) from None
            except RecursionError:
                raise self.error(f"nested too deep; expected at most {MAX_JSON_DEPTH} levels") from None
            except ValueError as error:  # a number of too many digits
                raise self.error(f"not JSON: {one_line(str(error)).lower()}") from None
            else:
                if self.is_over or end < len(self.text):
                    self.place = end
                    return found
            self.read_on()

    def may_go_on(self, error: json.JSONDecodeError) -> bool:
        """Tell whether more text could mend a break."""
        return (
            error.pos >= len(self.text) - NEAR
            or error.msg.startswith("Unterminated string")
            or self.text[error.pos :].isspace()
        )

    def peek(self) -> str:
        """Give the sign that the next value begins with; nothing at the end."""
        while True:
            gap = _GAP.match(self.text, self.place)
            self.place = gap.end() if gap else self.place
            if self.place < len(self.text) or self.is_over:
                return self.text[self.place : self.place + 1]
            self.read_on()

    def step(self, wanted: str) -> str:
        """Pass one of some signs, and give it."""
        found = self.peek()
        if not found or found not in wanted:
            raise self.unexpected(" or ".join(f"'{sign}'" for sign in wanted))
        self.place += 1
        return found

    def read_on(self) -> None:
        """Read at least as much again as is held, and let go of what was taken."""
        if len(self.text) - self.place > MAX_PIECE:
            raise self.error(f"a single value of more than {MAX_PIECE // 2**20} MB; expected many smaller ones")
        chunk = self.stream.read(max(CHUNK, len(self.text) - self.place))
        last = self.text.rfind("\n", 0, self.place)
        self.lines += self.text.count("\n", 0, self.place)
        self.signs = self.place - last - 1 if last >= 0 else self.signs + self.place
        rest, self.place, self.is_over = self.text[self.place :], 0, not chunk
        self.text = rest
        try:
            self.text = rest + self.unpack.decode(chunk, final=self.is_over)
        except UnicodeDecodeError:
            raise self.error("expected UTF-8 text", len(rest)) from None

    def unexpected(self, wanted: str) -> TopologyError:
        """Make the error that says what should stand at the cursor."""
        return self.error(f"not JSON: expected {wanted}{'' if self.peek() else ', and the file ends'}")

    def error(self, message: str, place: int | None = None) -> TopologyError:
        """Make the error that says what is wrong at a place of the text, by default at the cursor."""
        place = self.place if place is None else min(place, len(self.text))
        last = self.text.rfind("\n", 0, place)
        column = place - last if last >= 0 else self.signs + place + 1
        return self.document.error(message, self.lines + self.text.count("\n", 0, place) + 1, column)
