"""Probabilities where the exact one is out of reach: bounds from minimal cut sets, and sampling.

References
----------
Esary, Proschan, Coherent structures of non-identical components, Technometrics 5 (1963), for the upper bound.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from cascade.compiled import compile_logic
from cascade.logic import bdd, masks
from cascade.logic.cut_sets import question
from cascade.logic.order import condense

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cascade.logic.cut_sets import CutSets
    from cascade.logic.gates import Gates

    Floats = NDArray[np.float64]
    Masks = NDArray[np.uint64]

BATCH_BYTES: Final = 2**26
"""Memory of the masks of one batch of samples."""


class Sampled(NamedTuple):
    """A share of random systems in which a target is down."""

    mean: float
    standard_error: float
    samples: int


def rare_event(found: CutSets, probability: Floats) -> float:
    """Sum the probabilities of the minimal cut sets: never below that of their union."""
    compile_logic()
    larger = found.larger
    total, _ = bdd.summed(larger.root, probability[list(larger.events)], larger.family.store)
    return float(probability[list(found.single)].sum()) + total


def min_cut_upper_bound(found: CutSets, probability: Floats, *, most: int = 100_000) -> float:
    r"""Bound the chance of the union of the minimal cut sets from above.

    .. math:: P \le 1 - \prod_C \left(1 - \prod_{i \in C} q_i\right)

    Beyond ``most`` sets the rare-event sum stands in for it, which is never smaller.
    """
    if len(found) > most:
        return min(rare_event(found, probability), 1.0)
    return -math.expm1(sum(math.log1p(-min(math.prod(probability[list(nodes)]), 1.0 - 1e-16)) for nodes in found))


def lower_bound(found: CutSets, probability: Floats) -> float:
    """Give a chance that the target surely has: that of its single points."""
    return -math.expm1(sum(math.log1p(-min(float(probability[node]), 1.0 - 1e-16)) for node in found.single))


def sampled(gates: Gates, targets: Sequence[int], probability: Floats, *, samples: int, seed: int) -> Sampled:
    """Draw random systems and count those in which one of the targets is down.

    Each bit of a mask is one system: all that happens in it is the least fixed point of what has failed.

    Examples
    --------
    >>> from cascade.logic.gates import make_gates
    >>> pair = make_gates([([1, 2], 2), ([], 1), ([], 1)], [False, True, True])
    >>> found = sampled(pair, [0], np.array([0.0, 0.5, 0.5]), samples=100_000, seed=1)
    >>> abs(found.mean - 0.25) < 5 * found.standard_error
    True
    """
    compile_logic()
    asked = question(gates, list(targets)).gates
    top = targets[0] if len(targets) == 1 else gates.size
    condensed = condense(asked)
    rows = condensed.least.size
    words = max(min(BATCH_BYTES // (8 * rows), -(-samples // 64), 1024), 1)
    random = np.random.default_rng(seed)
    failing = np.flatnonzero(gates.fails & (probability > 0.0))
    down, drawn = 0, 0
    while drawn < samples:
        mask, live = np.zeros((rows, words), np.uint64), np.zeros(rows, np.bool_)
        for node in failing.tolist():
            row = int(condensed.row_of[node])
            mask[row] |= random_bits(random, float(probability[node]), words)
            live[row] = True
        masks.flow(condensed, 0, mask, live)
        down += int(np.bitwise_count(mask[condensed.row_of[top]]).sum())
        drawn += 64 * words
    mean = down / drawn
    return Sampled(mean, math.sqrt(mean * (1.0 - mean) / drawn), drawn)


def random_bits(random: np.random.Generator, p: float, words: int) -> Masks:
    """Set each bit of some words with a probability: the gaps between set bits are geometric."""
    size = 64 * words
    if p > 0.1:  # drawing every bit is quicker then
        return np.packbits(random.random(size) < p).view(np.uint64)
    bits = np.zeros(size, np.bool_)
    last = -1
    while last < size:
        places = last + np.cumsum(random.geometric(p, size=int(size * p) + 8))
        bits[places[places < size]] = True
        last = int(places[-1])
    return np.packbits(bits).view(np.uint64)
