"""Minimal cut sets of a topology by name: counted, and streamed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cascade.analysis.contingencies import entry_points
from cascade.analysis.failure_logic import failure_logic
from cascade.errors import ScenarioError
from cascade.logic import cut_sets as logic_cut_sets
from cascade.units import closest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cascade.analysis.causes import Question
    from cascade.model import Topology


@dataclass(frozen=True, repr=False)
class CutSets:
    """The minimal cut sets up to an order; iterating gives tuples of names, the smallest sets first."""

    nodes: tuple[str, ...]
    found: logic_cut_sets.CutSets

    def __repr__(self) -> str:
        """Say how many there are."""
        return repr(self.found)

    @property
    def order(self) -> int:
        """All minimal cut sets up to here are among them, and no others."""
        return self.found.order

    @property
    def counts(self) -> tuple[int, ...]:
        """How many there are of order 1, 2, ..., ``order``."""
        return self.found.counts

    def __len__(self) -> int:
        """Count all."""
        return len(self.found)

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        """Yield the sets one by one; millions are never held at once."""
        for nodes in self.found:
            yield tuple(self.nodes[node] for node in nodes)


def cut_sets(
    topology: Topology, targets: Sequence[str] = (), *, order: int = 2, question: Question | None = None
) -> CutSets:
    """Find the smallest sets of failures that take any of some targets down; the entry points by default.

    Raises
    ------
    ScenarioError
        When a target does not exist, or there is none.

    Examples
    --------
    >>> import cascade
    >>> shop = cascade.loads("services: {web: {demand: 1/s, calls: [db]}, db: , log: {demand: 1/s}}")
    >>> list(cascade.cut_sets(shop)), list(cascade.cut_sets(shop, ["log"]))
    ([('web',), ('db',), ('log',)], [('log',)])
    """
    logic = failure_logic(topology, question)
    names = tuple(targets) or entry_points(topology)
    if not names:
        raise ScenarioError("expected the name of a target: no service has demand from outside")
    for name in names:
        if name not in logic.node_of:
            raise ScenarioError(f"unknown service, group or fleet '{name}'{closest(name, logic.node_of)}")
    nodes = [logic.node_of[name] for name in names]
    return CutSets(logic.nodes, logic_cut_sets.cut_sets(logic.gates, nodes, order=order, orders=logic.orders))
