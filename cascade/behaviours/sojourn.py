r"""Time in a service, and whether it ends before the caller's patience (theory, *Calls*).

The sojourn is taken as gamma distributed with the mean and variance that the queue gives it. Its
distribution function is tabulated once over the standardised time :math:`z = (t - m)/\sigma` and
the coefficient of variation, where it is smooth: normal at 0, exponential at 1.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

EARLIEST: Final = -8.0
"""Standard deviations before the mean at which nothing has ended."""
LATEST: Final = 14.0
"""Standard deviations after the mean at which everything has ended."""
PER_SIGMA: Final = 16
"""Points of the table per standard deviation."""
PER_UNIT: Final = 8
"""Points of the table per unit of the coefficient of variation."""
WIDEST: Final = 3.0
"""Largest coefficient of variation told apart."""
CERTAIN: Final = 1.0 - 1e-6
"""A chance above this counts as certainty, one below its complement as none."""


@cache
def sojourn_law() -> NDArray[np.float64]:
    """Tabulate the distribution function, and the share of the mean that comes before a time.

    Axes: (function or share, coefficients of variation, standardised times).
    """
    times = EARLIEST + np.arange(round((LATEST - EARLIEST) * PER_SIGMA) + 1) / PER_SIGMA
    normal = np.array([0.5 * math.erfc(-z / math.sqrt(2.0)) for z in times])
    law = [[normal], [normal]]
    for point in range(1, round(WIDEST * PER_UNIT) + 1):
        variation = point / PER_UNIT
        shape = variation**-2
        x = shape * np.maximum(1.0 + variation * times, 0.0)
        for rows, kind in zip(law, (shape, shape + 1.0), strict=True):
            rows.append(gamma_cdf(kind, x))
    return np.array(law)


def gamma_cdf(shape: float, x: NDArray[np.float64]) -> NDArray[np.float64]:
    r"""Regularised lower incomplete gamma function, :math:`x^k e^{-x} \sum_n x^n / \Gamma(k+n+1)`, Eq. (19)."""
    with np.errstate(divide="ignore"):
        term = np.exp(shape * np.log(x) - x - math.lgamma(shape + 1.0))
    total = term.copy()
    for n in range(1, int(x.max() + 12.0 * math.sqrt(x.max()) + 60.0)):
        term = term * (x / (shape + n))
        total += term
    return np.clip(total, 0.0, 1.0)


@compiled
def timely(law: NDArray[np.float64], mean: float, variance: float, limit: float) -> tuple[float, float]:
    r"""Give the chance that a sojourn ends within ``limit`` [s], and the mean of those that do [s]; Eq. (18), Eq. (20).

    For the gamma distribution :math:`E[T; T \le \tau] = m F_{k+1}(\tau)` with the shape k.
    """
    spare = limit - mean
    if spare > 0.0 and spare * spare >= LATEST * LATEST * variance:
        return 1.0, mean
    spread = math.sqrt(variance)
    if spare <= EARLIEST * spread:
        return 0.0, limit
    time = (spare / spread - EARLIEST) * PER_SIGMA
    variation = min(spread / mean, WIDEST) * PER_UNIT
    chance = read(law[0], variation, time)
    if chance > CERTAIN:
        return 1.0, mean
    if chance < 1.0 - CERTAIN:
        return 0.0, limit
    return chance, min(mean * read(law[1], variation, time) / chance, limit)


@compiled
def read(table: NDArray[np.float64], down: float, right: float) -> float:
    """Interpolate a table."""
    column = min(int(right), table.shape[1] - 2)
    row = min(int(down), table.shape[0] - 2)
    right -= column
    above = table[row, column] + right * (table[row, column + 1] - table[row, column])
    below = table[row + 1, column] + right * (table[row + 1, column + 1] - table[row + 1, column])
    return above + (down - row) * (below - above)
