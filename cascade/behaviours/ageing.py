r"""Entries that live exactly one TTL, of evenly spread ages (theory, section *Ageing*).

A ring of bins holds the entries by the time at which they expire. Deterministic lives matter: the
last cached answer of an outage of names is gone after *one* TTL, where a first-order lag would
still keep one in three.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS: Final = 64
"""Resolution of a TTL."""
POSITION: Final = BINS
"""Place in a ring's row where its hand stands, in bins."""
ENTERING: Final = BINS + 1
"""Place that gathers what entered since the hand last moved on."""
MOVED: Final = BINS + 2
"""Place that remembers how far the hand moved last, in bins."""
WIDTH: Final = BINS + 3


def full_ring(amount: float) -> NDArray[np.float64]:
    """Make a ring (WIDTH,) that holds ``amount`` with evenly spread ages."""
    ring = np.zeros(WIDTH)
    ring[:BINS] = amount / BINS
    return ring


@compiled
def expire(ring: NDArray[np.float64], turn: float) -> float:
    """Move the hand by ``turn`` TTLs; return the amount that expired on its way, Eq. (31)."""
    left, expired = min(turn, 1.0) * BINS, 0.0
    ring[MOVED] = left
    if turn >= 1.0:
        expired = held(ring)
        scale(ring, 0.0)
        return expired
    while left > 0.0:
        bin_ = int(ring[POSITION])
        rest = bin_ + 1.0 - ring[POSITION]
        if left < rest:
            gone = ring[bin_] * (left / rest)
            ring[bin_] -= gone
            ring[POSITION] = min(ring[POSITION] + left, bin_ + 1.0 - 1e-9)  # rounding must not leave the bin
            return expired + gone
        expired += ring[bin_]
        ring[bin_] = ring[ENTERING]
        ring[ENTERING] = 0.0
        ring[POSITION] = (bin_ + 1) % BINS
        left -= rest
    return expired


@compiled
def enter(ring: NDArray[np.float64], amount: float) -> None:
    """Put an amount of fresh entries into the ring, spread over the hand's last move."""
    moved = ring[MOVED]
    in_bin = ring[POSITION] % 1.0
    if in_bin >= moved:
        ring[ENTERING] += amount
        return
    ring[ENTERING] += amount * (in_bin / moved)
    left, bin_ = moved - in_bin, int(ring[POSITION])
    while left > 0.0:
        bin_ = (bin_ - 1) % BINS
        ring[bin_] += amount * (min(left, 1.0) / moved)
        left -= 1.0


@compiled
def scale(ring: NDArray[np.float64], factor: float) -> None:
    """Keep only a share of the entries, whatever their age."""
    for bin_ in range(BINS):
        ring[bin_] *= factor
    ring[ENTERING] *= factor


@compiled
def held(ring: NDArray[np.float64]) -> float:
    """Amount in the ring."""
    total = ring[ENTERING]
    for bin_ in range(BINS):
        total += ring[bin_]
    return total
