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
    """Tabulate the distribution function (variations, standardised times)."""
    times = EARLIEST + np.arange(round((LATEST - EARLIEST) * PER_SIGMA) + 1) / PER_SIGMA
    rows = [np.array([0.5 * math.erfc(-z / math.sqrt(2.0)) for z in times])]
    for point in range(1, round(WIDEST * PER_UNIT) + 1):
        variation = point / PER_UNIT
        shape = variation**-2
        rows.append(gamma_cdf(shape, shape * np.maximum(1.0 + variation * times, 0.0)))
    return np.array(rows)


def gamma_cdf(shape: float, x: NDArray[np.float64]) -> NDArray[np.float64]:
    r"""Regularised lower incomplete gamma function, :math:`x^k e^{-x} \sum_n x^n / \Gamma(k+n+1)`."""
    with np.errstate(divide="ignore"):
        term = np.exp(shape * np.log(x) - x - math.lgamma(shape + 1.0))
    total = term.copy()
    for n in range(1, int(x.max() + 12.0 * math.sqrt(x.max()) + 60.0)):
        term = term * (x / (shape + n))
        total += term
    return np.clip(total, 0.0, 1.0)


@compiled
def timely(law: NDArray[np.float64], mean: float, variance: float, limit: float) -> float:
    r"""Probability that a sojourn of given mean [s] and variance [s^2] ends within ``limit`` [s]."""
    spare = limit - mean
    if spare > 0.0 and spare * spare >= LATEST * LATEST * variance:
        return 1.0
    spread = math.sqrt(variance)
    if spare <= EARLIEST * spread:
        return 0.0
    time = (spare / spread - EARLIEST) * PER_SIGMA
    variation = min(spread / mean, WIDEST) * PER_UNIT
    column = min(int(time), law.shape[1] - 2)
    row = min(int(variation), law.shape[0] - 2)
    right, down = time - column, variation - row
    above = law[row, column] + right * (law[row, column + 1] - law[row, column])
    below = law[row + 1, column] + right * (law[row + 1, column + 1] - law[row + 1, column])
    chance = above + down * (below - above)
    if chance > CERTAIN:
        return 1.0
    return chance if chance > 1.0 - CERTAIN else 0.0
