"""Points that fill a cube evenly; each can be had alone (theory, section *Samples*, Eq. (59))."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cascade.errors import StudyError

if TYPE_CHECKING:
    from numpy.typing import NDArray

RANDOMISATIONS: Final = 8
"""Independent scramblings: as few as give an honest standard error, so that each is as long as can be."""
MOST_DIMENSIONS: Final = 21_201
"""Sobol points are known up to here."""
MOST_SAMPLES: Final = RANDOMISATIONS * 2**30
"""Points of 30 bits repeat after that."""
HALF_CELL: Final = 2.0**-31
"""Moves points from the edges of their cells to the middles, away from 0."""
AT_ONCE: Final = 64
"""Points of one randomisation that are made together."""


def rounded_up(samples: int) -> int:
    """Give the next number of samples for which every randomisation has a power of two.

    Examples
    --------
    >>> rounded_up(1000), rounded_up(1)
    (1024, 8)
    """
    each = max(-(-samples // RANDOMISATIONS), 1)
    return RANDOMISATIONS << (each - 1).bit_length()


class Points:
    """Scrambled Sobol points in (0, 1); sample k is point ``k // 8`` of randomisation ``k % 8``.

    So the first samples of a longer study are those of a shorter one.
    """

    def __init__(self, dimensions: int, seed: int) -> None:
        if dimensions > MOST_DIMENSIONS:
            raise StudyError(
                f"{dimensions:,} uncertain numbers; expected at most {MOST_DIMENSIONS:,}: let some of them be drawn "
                "together (as: NAME), or give numbers for those that matter least"
            )
        self.dimensions = dimensions
        self.seed = seed
        self._block = lru_cache(4 * RANDOMISATIONS)(self._make_block)
        self._engine = lru_cache(RANDOMISATIONS)(self._make_engine)

    def __getitem__(self, sample: int) -> NDArray[np.float64]:
        """Give the point of one sample (D,)."""
        place, randomisation = divmod(sample, RANDOMISATIONS)
        block, within = divmod(place, AT_ONCE)
        point: NDArray[np.float64] = self._block(randomisation, block)[within]
        return point

    def _make_engine(self, randomisation: int) -> Any:
        from scipy.stats import qmc  # noqa: PLC0415 - most of a second that only samples should pay

        return qmc.Sobol(self.dimensions, scramble=True, rng=np.random.default_rng([self.seed, randomisation]))

    def _make_block(self, randomisation: int, block: int) -> NDArray[np.float64]:
        if self.dimensions == 0:
            return np.empty((AT_ONCE, 0))
        engine = self._engine(randomisation).reset()
        if block:
            engine.fast_forward(block * AT_ONCE)
        points: NDArray[np.float64] = engine.random(AT_ONCE) + HALF_CELL
        return points
