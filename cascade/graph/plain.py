"""A plain graph as a topology, without an object for each of its nodes and edges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from cascade.behaviours.demand import Demand
from cascade.model import Dependency, Service

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cascade.logic.gates import Gates

USERS: Final = Demand(rate_rps=1.0)
"""Demand of an entry point of which nothing else is known [1/s]."""


class PlainServices(Mapping[str, Service]):
    """The services of a plain graph, each made when it is asked for."""

    def __init__(self, gates: Gates, names: tuple[str, ...], is_entry_point: NDArray[np.bool_]) -> None:
        self.gates = gates
        """Of the services, and after them of the groups."""
        self.nodes = names
        """(V,) names of both."""
        self.count = is_entry_point.size
        """Services."""
        self.is_entry_point = is_entry_point
        self.place = {name: index for index, name in enumerate(names)}
        """Of services and groups, by name."""

    def __getitem__(self, name: str) -> Service:
        """Make one service."""
        index = self.place[name]
        if index >= self.count:
            raise KeyError(name)
        calls = tuple(Dependency(to=self.nodes[callee]) for callee in self.callees(index))
        return Service(demand=USERS if self.is_entry_point[index] else None, calls=calls)

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        return iter(self.nodes[: self.count])

    def __len__(self) -> int:
        """Services."""
        return self.count

    @property
    def groups(self) -> range:
        """Nodes that are groups."""
        return range(self.count, len(self.nodes))

    def callees(self, index: int) -> list[int]:
        """Give whom a node needs."""
        first = self.gates.first
        found: list[int] = self.gates.inputs[first[index] : first[index + 1]].tolist()
        return found
