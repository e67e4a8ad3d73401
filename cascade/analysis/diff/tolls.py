"""What each failure takes down in one topology and not in another: exactly, pair by pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.analysis.contingencies import failing_names
from cascade.compiled import compile_logic
from cascade.errors import CascadeError
from cascade.logic import masks
from cascade.logic.order import condense
from cascade.logic.sweep import width

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from cascade.analysis.failure_logic import FailureLogic

    Masks = NDArray[np.uint64]
    Pairs = NDArray[np.int64]

MOST_PAIRS: Final = 20_000_000
"""Pairs of a failure and what it takes down in which two topologies may differ, and still be compared by name."""
BITS: Final = 64
"""Failures in a word."""


@dataclass(frozen=True, slots=True)
class Toll:
    """What one failure takes down here, and not there."""

    fails: str
    """What fails: a service, fleet or domain."""
    takes: tuple[str, ...]
    """Parts that both topologies have."""
    takes_only_here: tuple[str, ...] = ()
    """Parts that the other does not have, so that nothing there is better or worse."""


@dataclass(frozen=True)
class Side:
    """One of the two topologies, asked about some of its parts."""

    logic: FailureLogic
    parts: Sequence[str]

    @property
    def origins(self) -> Mapping[str, int]:
        """The nodes where something fails, by name."""
        return {name: self.logic.event_of[name] for name in failing_names(self.logic)}


def tolls(old: Side, new: Side) -> tuple[tuple[Toll, ...], tuple[Toll, ...]]:
    """Give what failures take down only in the new topology, and only in the old one.

    Raises
    ------
    CascadeError
        When the two have so little in common that there is no comparing them by name.
    """
    fails = list(dict.fromkeys((*new.origins, *old.origins)))
    parts = list(dict.fromkeys((*new.parts, *old.parts)))
    introduced, resolved = differences(old, new, fails, parts)
    common = set(old.parts) & set(new.parts)
    return named(introduced, fails, parts, common), named(resolved, fails, parts, common)


def differences(old: Side, new: Side, fails: Sequence[str], parts: Sequence[str]) -> tuple[Pairs, Pairs]:
    """Give the places of failures and of parts (2, X) that belong together only in the new, and only in the old."""
    introduced, resolved = [np.zeros((2, 0), np.int64)], [np.zeros((2, 0), np.int64)]
    count = 0
    for begin, before, after in takes(old, new, fails, parts):
        introduced.append(places(after & ~before, begin))
        resolved.append(places(before & ~after, begin))
        count += introduced[-1].shape[1] + resolved[-1].shape[1]
        if count > MOST_PAIRS:
            raise CascadeError(
                f"expected two versions of one topology: they differ in more than {MOST_PAIRS:,} pairs of a failure "
                "and what it takes down"
            )
    return np.concatenate(introduced, axis=1), np.concatenate(resolved, axis=1)


def takes(old: Side, new: Side, fails: Sequence[str], parts: Sequence[str]) -> Iterator[tuple[int, Masks, Masks]]:
    """Yield, batch by batch, where it begins, and which of its failures take each part down (K, W) in old and new."""
    compile_logic()
    spreads = Spread(old, parts), Spread(new, parts)
    batch = BITS * min(width(max(spread.size, len(parts))) for spread in spreads)
    place = {name: index for index, name in enumerate(parts)}
    for begin in range(0, len(fails), batch):
        names = fails[begin : begin + batch]
        before, after = (spread.of(names, -(-min(batch, len(fails)) // BITS)) for spread in spreads)
        own = np.array([[place[name], bit] for bit, name in enumerate(names) if name in place], np.int64).reshape(-1, 2)
        for found in (before, after):
            found[own[:, 0], own[:, 1] // BITS] &= ~bits(own[:, 1])
        yield begin, before, after


class Spread:
    """Spreads failures through the gates of one side."""

    def __init__(self, side: Side, parts: Sequence[str]) -> None:
        self.origins = side.origins
        self.condensed = condense(side.logic.gates)
        self.size = self.condensed.least.size
        known = set(side.parts)
        self.is_here = np.array([name in known for name in parts], np.bool_)
        self.rows = self.condensed.row_of[[side.logic.node_of[name] for name in parts if name in known]]

    def of(self, names: Sequence[str], words: int) -> Masks:
        """Say which of some failures take each part down (K, W)."""
        mask, live = masks.room(self.size, words)
        here = [(self.origins[name], bit) for bit, name in enumerate(names) if name in self.origins]
        nodes, bit = np.array(here, np.int64).reshape(-1, 2).T
        rows = self.condensed.row_of[nodes]
        np.bitwise_or.at(mask, (rows, bit // BITS), bits(bit))
        live[rows] = True
        masks.flow(self.condensed, 0, mask, live)
        found = np.zeros((self.is_here.size, words), np.uint64)
        found[self.is_here] = mask[self.rows]
        return found


def bits(places_in_batch: NDArray[np.int64]) -> Masks:
    """Give the bit of each failure in its word."""
    return np.uint64(1) << (places_in_batch % BITS).astype(np.uint64)


def places(mask: Masks, begin: int) -> Pairs:
    """Give the places of the failures, and of the parts, whose bit is set (2, X)."""
    part, word = np.nonzero(mask)
    is_set = np.unpackbits(mask[part, word].astype("<u8").view(np.uint8).reshape(-1, 8), axis=1, bitorder="little")
    found, bit = np.nonzero(is_set)
    return np.stack((begin + word[found] * BITS + bit, part[found]))


def named(pairs: Pairs, fails: Sequence[str], parts: Sequence[str], common: set[str]) -> tuple[Toll, ...]:
    """Give the pairs by what fails, in the order of the names."""
    order = np.lexsort((pairs[1], pairs[0]))
    failing, taken = pairs[:, order]
    starts = np.flatnonzero(np.diff(failing, prepend=-1))
    found = []
    for start, group in zip(starts.tolist(), np.split(taken, starts[1:]), strict=False):
        names = [parts[index] for index in group.tolist()]
        both = tuple(name for name in names if name in common)
        alone = tuple(name for name in names if name not in common)
        found.append(Toll(fails[failing[start]], both, alone))
    return tuple(found)
