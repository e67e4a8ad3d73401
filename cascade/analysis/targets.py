"""How one target goes down: its minimal cut sets, its unavailability, and what weighs most in it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.errors import CascadeError
from cascade.logic import bounds, cut_sets, exact, importance
from cascade.logic.store import OutOfBudget

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from cascade.logic.cut_sets import CutSets
    from cascade.logic.exact import Solution
    from cascade.logic.fault_tree import FaultTree
    from cascade.logic.importance import Importance

YEAR_S: Final = 365.25 * 86400.0
"""A year [s]."""
SAMPLES: Final = 2**20
"""Systems that are drawn where the exact answer is out of reach."""
NODES: Final = 2**22
"""Nodes of a diagram at which the exact answer of one target among several is out of reach."""
DIGITS: Final = 9
"""Digits of an importance in which two that differ are ranked."""
LISTED: Final = 2
"""Order up to which the sets are listed when all are counted."""


@dataclass(frozen=True, slots=True)
class Unavailability:
    """The share of the time that a target is down, in the long run."""

    value: float
    method: str
    """``exact``, or ``sampled`` where that is out of reach."""
    low: float
    """Surely at least; the value itself where it is exact."""
    high: float
    """Surely at most, likewise."""
    error: float
    """Standard error of a sampled value, else 0."""

    @property
    def downtime_s(self) -> float:
        """Expected downtime in a year [s]."""
        return self.value * YEAR_S


@dataclass(frozen=True, slots=True)
class Weight:
    """How much one basic event weighs in a target's unavailability."""

    name: str
    probability: float
    birnbaum: float
    """Difference that it makes whether the event is there: dQ/dq."""
    criticality: float
    """Share of the unavailability at which the event is there and decides."""
    fussell_vesely: float
    """Share of the unavailability with a minimal cut set that holds the event."""
    raw: float
    """Risk achievement worth: factor by which it grows once the event is there."""
    rrw: float
    """Risk reduction worth: factor by which it shrinks if the event never comes."""


@dataclass(frozen=True, repr=False)
class Target:
    """How one target goes down."""

    tree: FaultTree
    sets: CutSets | None
    """None for a tree that is not coherent."""
    counts: tuple[int, ...]
    """Minimal cut sets of order 1, 2, ...; all orders if they were asked for."""
    unavailability: Unavailability | None
    """None where no probability is stated."""
    weights: tuple[Weight, ...]
    """Of the basic events in its cone, the largest Birnbaum importance times probability first; exact answers only."""
    attainable_availability: float | None
    """What its dependencies allow, if it never failed by itself."""

    def __repr__(self) -> str:
        """Say what it is about."""
        return f"<Target {self.name}: {' + '.join(f'{count:,}' for count in self.counts)} minimal cut sets>"

    @property
    def name(self) -> str:
        """What can go down."""
        return self.tree.nodes[self.tree.top]

    def cut_sets(self, most: int | None = None) -> Iterator[tuple[str, ...]]:
        """Yield the minimal cut sets by name, the smallest first."""
        for nodes in islice(self.sets or (), most):
            yield tuple(self.tree.nodes[node] for node in nodes)

    @property
    def single_points(self) -> tuple[str, ...]:
        """What takes it down alone, itself left out."""
        alone = (names[0] for names in self.cut_sets(self.counts[0] if self.counts else 0))
        return tuple(name for name in alone if name != self.name)


def answer(tree: FaultTree, *, order: int | None, orders: NDArray[np.int32] | None = None, is_stated: bool) -> Target:
    """Answer how a tree's top event comes about.

    Parameters
    ----------
    tree : FaultTree
    order : int or None
        Up to which order the minimal cut sets are found; None counts those of all orders, and lists pairs.
    orders : (V,) int32, optional
        Things that fail at once in each basic event; 1 by default.
    is_stated : bool
        Whether the probabilities mean anything.

    Raises
    ------
    CascadeError
        When what was asked for is out of reach, and nothing can stand in for it.
    """
    listed = LISTED if order is None else order
    sets = cut_sets.cut_sets(tree.gates, [tree.top], order=listed, orders=orders) if tree.is_coherent else None
    counts = sets.counts if sets else ()
    solution = solved(tree) if is_stated or order is None else None
    if order is None and tree.is_coherent:
        if solution is None:
            raise CascadeError(f"{tree.nodes[tree.top]}: all orders are out of reach; ask for a number with --order")
        counts = exact.count_cut_sets(solution, orders=orders)
    if not is_stated:
        return Target(tree, sets, counts, None, (), None)
    if solution is None:
        return Target(tree, sets, counts, estimated(tree, sets), (), None)
    found = exact.solve(solution)
    q, own = found.probability, float(tree.probability[tree.top])
    change = float(found.birnbaum[tree.top]) if own > 0.0 else 0.0
    weights = tuple(weights_of(tree, importance.importance(solution, found))) if tree.is_coherent else ()
    return Target(tree, sets, counts, Unavailability(q, "exact", q, q, 0.0), weights, 1.0 - (q - own * change))


def solved(tree: FaultTree) -> Solution | None:
    """Turn a tree into diagrams; none where that is out of reach."""
    try:
        return exact.solution_of(tree, node_budget=NODES)
    except OutOfBudget:
        return None


def estimated(tree: FaultTree, sets: CutSets | None) -> Unavailability:
    """Bound the unavailability by cut sets, and sample it."""
    if sets is None:
        raise CascadeError(f"{tree.nodes[tree.top]}: the exact probability is out of reach")
    drawn = bounds.sampled(tree.gates, [tree.top], tree.probability, samples=SAMPLES, seed=0)
    return Unavailability(drawn.mean, "sampled", bounds.lower_bound(sets, tree.probability), 1.0, drawn.standard_error)


def weights_of(tree: FaultTree, measures: Importance) -> Iterator[Weight]:
    """Yield the measures of the basic events, what decides most often first."""
    rank = np.argsort(-np.round(np.nan_to_num(measures.criticality, nan=-1.0), DIGITS), kind="stable")
    for node in rank.tolist():
        if np.isnan(measures.birnbaum[node]) or measures.birnbaum[node] == 0.0:
            continue
        yield Weight(
            name=tree.nodes[node],
            probability=float(tree.probability[node]),
            birnbaum=float(measures.birnbaum[node]),
            criticality=float(measures.criticality[node]),
            fussell_vesely=float(measures.fussell_vesely[node]),
            raw=float(measures.raw[node]),
            rrw=float(measures.rrw[node]),
        )
