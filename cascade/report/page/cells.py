"""Tables of a page: cells that know what they are sorted by and which part they lead to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cascade.report.tables import Table


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table."""

    text: str
    key: float | None = None
    """What it is sorted by; its text where there is none."""
    part: int | None = None
    """Number of the part that it leads to."""
    film: int | None = None
    """Number of the film that can be shown on the map."""

    @property
    def written_key(self) -> str:
        """What it is sorted by as a page carries it; nothing where its text says the same, or nothing at all.

        Examples
        --------
        >>> Cell("1,234", 1234).written_key, Cell("12", 12).written_key
        ('1234', '')
        """
        key = f"{self.key:.9g}" if self.key is not None and self.text else ""
        return "" if key == self.text else key


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column."""

    text: str
    is_flush: bool = False
    """Whether the column is set flush right, as numbers are."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of a page."""

    name: str
    """Tells it from the others of the page."""
    title: str
    heads: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Index:
    """Which parts a page tells of, by number."""

    number: Mapping[str, int]
    """Of each service, group, fleet and domain."""
    told: frozenset[str]
    """Those with a section of their own."""

    def link(self, name: str) -> int | None:
        """Give the number of a part that the page tells of."""
        return self.number[name] if name in self.told else None

    def cell(self, name: str) -> Cell:
        """Give a cell with the name of a part, which leads there."""
        return Cell(name, part=self.link(name))


def heads(*texts: str) -> tuple[Head, ...]:
    """Make the heads of columns; a leading ``>`` sets one flush right.

    Examples
    --------
    >>> heads("who", ">lost")[1]
    Head(text='Lost', is_flush=True)
    """
    return tuple(Head(capital(text.removeprefix(">")), text.startswith(">")) for text in texts)


def capital(text: str) -> str:
    """Begin a text with a capital letter."""
    return text[:1].upper() + text[1:]


def amount(text: str, key: float) -> Cell:
    """Give a cell with a number, however it is written."""
    return Cell(text, key)


def plain(name: str, table: Table, note: str = "") -> Grid:
    """Make a table of texts one of a page."""
    rows = tuple(tuple(map(Cell, row)) for row in table.rows)
    return Grid(name, table.title, heads(*table.heads), rows, note)
