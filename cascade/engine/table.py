"""Tables: arrays of rows with named columns, declared as plain annotated classes.

A row class says what each column means and which unit it has, once. NumPy makes a structured array
of it, Numba reads ``table[i].column`` as a plain load, and a type checker sees the class.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar, get_type_hints

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Row_co = TypeVar("Row_co", covariant=True)

_TYPES: Mapping[Any, str] = {float: "f8", int: "i4", bool: "?"}


class Table(Protocol[Row_co]):
    """A structured array whose rows look like ``Row_co``."""

    size: int

    def copy(self) -> Self:
        """Give a table of its own with the same rows."""

    def __getitem__(self, index: int, /) -> Row_co:
        """Give a row; writing to its columns writes to the table."""


@cache
def row_type(row: type[Any]) -> np.dtype[np.void]:
    """Make the NumPy type of a row class from its annotations."""
    hints = get_type_hints(row)
    return np.dtype([(name, _TYPES[kind]) for name, kind in hints.items()], align=True)


def empty_table(row: type[Row_co], count: int, **columns: Any) -> Table[Row_co]:
    """Make a table of zeros, with some columns given."""
    table: Any = np.zeros(count, row_type(row))  # type: ignore[arg-type] # classes are hashable
    for name, values in columns.items():
        table[name] = values
    return table


def table_of(row: type[Row_co], rows: Sequence[Mapping[str, Any]]) -> Table[Row_co]:
    """Make a table from rows by name; every column must be given."""
    names = row_type(row).names or ()  # type: ignore[arg-type] # as above
    return empty_table(row, len(rows), **{name: [values[name] for values in rows] for name in names} if rows else {})


def column(table: Table[Any], name: str) -> Any:
    """Give one column of a table as an array."""
    return table[name]  # type: ignore[index]
