"""Where each value of a YAML text stands, to the character, so that one can be changed and all else left alone."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

import yaml

from cascade.loading.nodes import LOADER

if TYPE_CHECKING:
    from collections.abc import Iterator

_BREAK: Final = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_PROPERTIES: Final = re.compile(r"(?:[&!]\S*\s*)+")
"""Anchors and tags before a value."""
_COLON: Final = re.compile(r"\s*:")
_REST: Final = re.compile("(?:\\s+|#[^\r\n\x85\u2028\u2029]*)*")
"""White space and comments."""


@dataclass(slots=True)
class Entry:
    """One entry of a mapping or a list."""

    step: str | int
    """Its key or position."""
    begin: int
    """Offset of what it begins with: its key, or the dash or question mark before it."""
    value: Spot


@dataclass(slots=True)
class Spot:
    """A value: what it is, and its offsets in the text."""

    kind: Literal["scalar", "list", "mapping", "alias"]
    outer: int
    """Offset of its anchor or tag, where it has one; else ``start``."""
    start: int
    end: int
    is_flow: bool = False
    """Whether it stands in brackets."""
    anchor: str = ""
    is_block_text: bool = False
    """Whether it is a text below ``|`` or ``>``."""
    slot: int = -1
    """Where a value would stand on the line of its key or dash."""
    column: int = -1
    """That of its key, where that has a line of its own."""
    lacks_colon: bool = False
    """Whether it is nothing, and even the colon before it is missing."""
    entries: list[Entry] = field(default_factory=list)

    @property
    def is_nothing(self) -> bool:
        """Whether nothing is written."""
        return self.kind == "scalar" and self.start == self.end


class Spots:
    """The values of a text that is known to be one sound document."""

    def __init__(self, text: str) -> None:
        """Find them."""
        self.text = text
        self.leaves: list[tuple[int, int]] = []
        """Start and end of each key and each single value, in order."""
        self.aliased: set[str] = set()
        """Anchors that are referred to."""
        breaks = list(_BREAK.finditer(text))
        self.newline = breaks[0][0] if breaks else "\n"
        self.line_starts = [0, *(found.end() for found in breaks)]
        self.line_ends = [*(found.start() for found in breaks), len(text)]
        """Without the line break."""
        events = yaml.parse(text, Loader=LOADER)
        next(events)  # the stream starts
        next(events)  # the document starts
        self.root = self.spot(next(events), events)

    def spot(self, event: Any, events: Iterator[Any]) -> Spot:
        """Give the value that an event begins."""
        outer, end = event.start_mark.index, event.end_mark.index
        if isinstance(event, yaml.AliasEvent):
            self.aliased.add(str(event.anchor))
            return self.leaf(Spot("alias", outer, outer, end))
        properties = _PROPERTIES.match(self.text, outer, end) if event.anchor or event.tag else None
        start = properties.end() if properties else outer
        slot = self.back(start) if properties else -1
        anchor = event.anchor or ""
        if isinstance(event, yaml.ScalarEvent):
            is_block_text = event.style in {"|", ">"}
            if is_block_text:
                end = self.back(end)
            return self.leaf(Spot("scalar", outer, start, end, anchor=anchor, is_block_text=is_block_text))
        is_list = isinstance(event, yaml.SequenceStartEvent)
        found = Spot("list" if is_list else "mapping", outer, start, end, bool(event.flow_style), anchor, slot=slot)
        return self.filled(found, events)

    def filled(self, found: Spot, events: Iterator[Any]) -> Spot:
        """Put the entries into a list or a mapping."""
        while not isinstance(event := next(events), (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            found.entries.append(
                self.item(found, event, events) if found.kind == "list" else self.pair(event, events),
            )
        mark: Any = event.end_mark
        found.end = mark.index
        if not found.is_flow:  # then it has entries, which know better where it begins and ends
            found.start, found.end = found.entries[0].begin, found.entries[-1].value.end
            for entry in found.entries if found.kind == "mapping" else ():
                entry.value.column = self.column_of(entry.begin)
        return found

    def item(self, found: Spot, event: Any, events: Iterator[Any]) -> Entry:
        """Give an entry of a list."""
        rest = _REST.match(self.text, found.entries[-1].value.end if found.entries else found.start)
        value = self.spot(event, events)
        if found.is_flow or rest is None:
            return Entry(len(found.entries), value.outer, value)
        value.slot = max(value.slot, rest.end() + 1)
        return Entry(len(found.entries), rest.end(), value)

    def pair(self, key: Any, events: Iterator[Any]) -> Entry:
        """Give an entry of a mapping."""
        begin, end = key.start_mark.index, key.end_mark.index
        self.leaves.append((begin, end))
        before = self.text[self.line_starts[self.line_of(begin)] : begin].rstrip()
        if before.endswith("?"):
            begin = self.line_starts[self.line_of(begin)] + len(before) - 1
        value = self.spot(next(events), events)
        colon = _COLON.match(self.text, end)
        value.slot = max(value.slot, colon.end() if colon else end)
        if value.is_nothing and value.outer == value.start:
            value.outer = value.start = value.end = value.slot
            value.lacks_colon = not colon
        return Entry(key.value, begin, value)

    def leaf(self, spot: Spot) -> Spot:
        """Note a single value."""
        self.leaves.append((spot.start, spot.end))
        return spot

    def back(self, offset: int) -> int:
        """Go back over white space."""
        while offset and self.text[offset - 1].isspace():
            offset -= 1
        return offset

    def line_of(self, offset: int) -> int:
        """Give the number of a line, from 0."""
        return bisect_right(self.line_starts, offset) - 1

    def column_of(self, offset: int) -> int:
        """Give the number of characters before an offset on its line."""
        return offset - self.line_starts[self.line_of(offset)]

    def end_of_line(self, offset: int) -> int:
        """Give the next end of a line that is in no value."""
        end = self.line_ends[self.line_of(offset)]
        while (leaf := self.leaf_around(end)) and leaf[1] > offset:
            offset = leaf[1]
            end = self.line_ends[self.line_of(offset)]
        return end

    def leaf_around(self, offset: int) -> tuple[int, int] | None:
        """Give the single value that an offset is within, if there is one."""
        place = bisect_left(self.leaves, (offset, 0)) - 1
        return self.leaves[place] if place >= 0 and self.leaves[place][1] > offset else None

    def comment_before(self, end: int) -> int:
        """Give the offset of the comment that a line ends with, or ``end`` where there is none."""
        place = bisect_right(self.leaves, (end, end)) - 1
        start = max(self.line_starts[self.line_of(end)], self.leaves[place][1] if place >= 0 else 0)
        found = self.text.find("#", start, end)  # what follows a value is nothing but brackets, commas, colons
        return found if found >= 0 else end

    def is_comment(self, line: int) -> bool:
        """Tell whether a line is a comment and nothing else."""
        start = self.line_starts[line]
        return self.text[start : self.line_ends[line]].lstrip().startswith("#") and not self.leaf_around(start)

    def comments(self, start: int, end: int) -> list[str]:
        """Give the lines within a region that are comments."""
        lines = range(self.line_of(start) + 1, self.line_of(end) + 1)
        return [self.text[self.line_starts[line] : self.line_ends[line]] for line in lines if self.is_comment(line)]

    def has_comment(self, start: int, end: int) -> bool:
        """Tell whether there is any comment within a region."""
        lines = range(self.line_of(start), self.line_of(end) + 1)
        return any(
            start <= self.comment_before(self.line_ends[line]) < min(self.line_ends[line], end) for line in lines
        )
