"""What a change does to single points, impacts, redundancy and pairs, by structure alone and by name."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.analysis.diff.tolls import Side, Toll, tolls
from cascade.analysis.failure_logic import failure_logic
from cascade.analysis.spof import MOST_TARGETS, default_targets
from cascade.logic import cut_sets
from cascade.logic.store import OutOfBudget

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascade.analysis.causes import Question
    from cascade.analysis.failure_logic import FailureLogic
    from cascade.model import Topology

    Sets = set[frozenset[str]]

MOST_SETS: Final = 50_000
"""Minimal cut sets of one entry point that are compared by name."""
PAIR: Final = 2
"""Failures at once of the larger sets."""


@dataclass(frozen=True, slots=True)
class SharedFailure:
    """A group that stands in for its members, and what takes it down alone here and not there."""

    group: str
    causes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TogetherDown:
    """Failures that take an entry point down together here, and not there."""

    target: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class StructureDiff:
    """What the structure of the new topology has that the old one has not, and the other way round."""

    single_points_introduced: tuple[Toll, ...] = ()
    """What takes entry points down alone."""
    single_points_resolved: tuple[Toll, ...] = ()
    impacts_introduced: tuple[Toll, ...] = ()
    """What takes any other part down alone."""
    impacts_resolved: tuple[Toll, ...] = ()
    false_redundancies_introduced: tuple[SharedFailure, ...] = ()
    """Groups that a single failure takes down, for all their redundancy."""
    false_redundancies_resolved: tuple[SharedFailure, ...] = ()
    cut_sets_introduced: tuple[TogetherDown, ...] = ()
    """Pairs that take an entry point down together, and did not before, alone or together."""
    cut_sets_resolved: tuple[TogetherDown, ...] = ()
    pairs_left_out: tuple[str, ...] = field(default=())
    """Entry points whose pairs are too many to compare, or that are beyond the first twenty."""

    @property
    def is_empty(self) -> bool:
        """Whether there is no difference."""
        return self == StructureDiff(pairs_left_out=self.pairs_left_out)


def compare_structure(old: Topology, new: Topology, question: Question | None = None) -> StructureDiff:
    """Compare what single failures and pairs take down.

    Raises
    ------
    CascadeError
        When the two have so little in common that there is no comparing them by name.
    """
    before, after = failure_logic(old, question), failure_logic(new, question)
    targets = default_targets(old), default_targets(new)
    if is_alike(before, after) and set(targets[0]) == set(targets[1]):
        return StructureDiff()
    impacts = tolls(Side(before, tuple(before.node_of)), Side(after, tuple(after.node_of)))
    points = tolls(Side(before, targets[0]), Side(after, targets[1]))
    sets = SetsOfPairs(before, after, targets)
    return StructureDiff(
        *points,
        *impacts,
        shared(new, impacts[0]),
        shared(old, impacts[1]),
        tuple(sets.only_in(after, before)),
        tuple(sets.only_in(before, after)),
        tuple(sets.left_out),
    )


def is_alike(before: FailureLogic, after: FailureLogic) -> bool:
    """Tell whether two topologies have the same gates, written in the same order."""
    names = (logic.nodes + tuple(logic.event_of) for logic in (before, after))
    one, other = before.gates, after.gates
    return len(set(names)) == 1 and all(np.array_equal(getattr(one, key), getattr(other, key)) for key in one._fields)


def shared(topology: Topology, impacts: tuple[Toll, ...]) -> tuple[SharedFailure, ...]:
    """Give the redundant groups among what failures take down, each with all of these."""
    causes: dict[str, list[str]] = {}
    redundant = {name for name, group in topology.groups.items() if group.needs < len(group.members)}
    if not redundant:
        return ()
    for toll in impacts:
        for name in redundant.intersection((*toll.takes, *toll.takes_only_here)):
            causes.setdefault(name, []).append(toll.fails)
    return tuple(SharedFailure(name, tuple(causes[name])) for name in topology.groups if name in causes)


class SetsOfPairs:
    """The minimal cut sets up to pairs of the entry points that both topologies have, each found once."""

    def __init__(self, old: FailureLogic, new: FailureLogic, targets: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
        known = set(targets[0])
        both = [name for name in targets[1] if name in known]
        self.left_out = both[MOST_TARGETS:]
        self.found: dict[tuple[int, str], Sets] = {}
        for name in both[:MOST_TARGETS]:
            before, after = sets_of(old, name), sets_of(new, name)
            if before is None or after is None:
                self.left_out.append(name)
            else:
                self.found[id(old), name] = before
                self.found[id(new), name] = after

    def only_in(self, here: FailureLogic, there: FailureLogic) -> Iterator[TogetherDown]:
        """Yield the sets of several failures that take an entry point down here, and do not there."""
        for (side, target), sets in self.found.items():
            if side == id(here):
                known = self.found[id(there), target]
                several = sorted(tuple(sorted(names)) for names in sets - known if len(names) > 1)
                yield from (TogetherDown(target, names) for names in several if not is_down(names, known))


def sets_of(logic: FailureLogic, target: str) -> Sets | None:
    """Give the minimal cut sets of a target up to pairs; none where there are too many."""
    try:
        found = cut_sets.cut_sets(logic.gates, [logic.node_of[target]], order=PAIR, orders=logic.orders)
    except OutOfBudget:
        return None
    if len(found) > MOST_SETS:
        return None
    return {frozenset(logic.nodes[node] for node in nodes) for nodes in found}


def is_down(names: tuple[str, ...], known: Sets) -> bool:
    """Tell whether some failures hold one of the known sets."""
    return any(frozenset(each) in known for size in range(1, len(names)) for each in combinations(names, size))
