"""What samples say of losses: means with errors, exceedance, years (theory, section *Losses*, Eq. (60) to (62))."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.analysis.sampling import RANDOMISATIONS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CELLS: Final = 2**15
"""Cells of the distribution of a year's loss."""
REACH: Final = 12.0
"""How far it reaches above its mean, in standard deviations."""
DAMPING: Final = 20.0
"""What would come round from beyond the last cell is damped by this many powers of e."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over samples with its standard error, which independent randomisations give."""

    value: float
    error: float
    """Standard error; nan when there is nothing to take it from."""

    @property
    def relative_error(self) -> float:
        """Standard error relative to the value."""
        return self.error / abs(self.value) if self.value else (0.0 if self.error == 0.0 else math.inf)


@dataclass(frozen=True, eq=False)
class Years:
    """How much is lost in a year, and how likely that is."""

    losses: Floats
    """(C,) Losses, evenly spaced."""
    chances: Floats
    """(C,) How likely each is."""

    @property
    def mean(self) -> float:
        """Expected loss."""
        return float(self.losses @ self.chances)

    def quantile(self, share: float) -> float:
        """Loss that is not exceeded in some share of the years."""
        place = int(np.searchsorted(np.cumsum(self.chances), share))
        return float(self.losses[min(place, self.losses.size - 1)])


def estimate(values: Floats) -> Estimate:
    """Give the mean of a value per sample (K,), the randomisations taking turns, Eq. (60).

    Examples
    --------
    >>> estimate(np.array([1.0, 3.0] * 8)).value
    2.0
    """
    if values.size < RANDOMISATIONS:
        return Estimate(float(values.mean()), math.nan)
    means = values.reshape(-1, RANDOMISATIONS).mean(axis=0)
    return Estimate(float(means.mean()), float(means.std(ddof=1)) / math.sqrt(RANDOMISATIONS))


def doublings(count: int) -> list[int]:
    """Give the numbers of samples at which the randomisations are complete nets.

    Examples
    --------
    >>> doublings(64)
    [8, 16, 32, 64]
    """
    return [size for power in range(64) if (size := RANDOMISATIONS * 2**power) <= count] or [count]


def exceedance(losses: Floats, weights: Floats, levels: Floats) -> tuple[Floats, Floats]:
    """Give how often more is lost than each level (L,), with standard errors, Eq. (61).

    Parameters
    ----------
    losses : (K,)
    weights : (K,)
        How often such an incident comes [1/a], for each sample.
    levels : (L,)
    """
    if losses.size < RANDOMISATIONS:
        rates = np.array([(weights * (losses > level)).mean() for level in levels])
        return rates, np.full(levels.size, math.nan)
    found = np.empty((RANDOMISATIONS, levels.size))
    for randomisation in range(RANDOMISATIONS):
        own, weight = losses[randomisation::RANDOMISATIONS], weights[randomisation::RANDOMISATIONS]
        order = np.argsort(own, kind="stable")
        above = np.append(np.cumsum(weight[order][::-1])[::-1], 0.0) / own.size
        found[randomisation] = above[np.searchsorted(own[order], levels, side="right")]
    return found.mean(axis=0), found.std(axis=0, ddof=1) / math.sqrt(RANDOMISATIONS)


def loss_of_period(losses: Floats, weights: Floats, years: float) -> float:
    """Give the loss that is exceeded once in some years, on average; 0 when there are not that many incidents."""
    order = np.argsort(losses, kind="stable")[::-1]
    rates = np.cumsum(weights[order]) / losses.size
    place = int(np.searchsorted(rates, (1.0 - 1e-12) / years))
    return float(losses[order[place]]) if place < losses.size else 0.0


def years_of(losses: Floats, weights: Floats) -> Years:
    r"""Give the distribution of a year's loss, a compound Poisson law, by the fast Fourier transform, Eq. (62).

    The loss of an incident is split between the two nearest cells, so that its mean is kept. Damping by
    :math:`e^{-\theta}` a cell lets what is beyond the last cell not come round to the first.
    """
    per_year = weights / losses.size
    mean, variance = float(per_year @ losses), float(per_year @ losses**2)
    width = (mean + REACH * math.sqrt(variance) + float(losses.max(initial=0.0))) / (CELLS - 1)
    if width <= 0.0:
        return Years(np.zeros(1), np.ones(1))
    places = losses / width
    below = np.floor(places).astype(np.int64)
    upper = places - below
    severity = np.bincount(below, per_year * (1.0 - upper), CELLS) + np.bincount(
        np.minimum(below + 1, CELLS - 1), per_year * upper, CELLS
    )
    damped = np.exp(-DAMPING / CELLS * np.arange(CELLS))
    spectrum = np.exp(np.fft.rfft(severity * damped) - float(per_year.sum()))
    chances = np.maximum(np.fft.irfft(spectrum, CELLS) / damped, 0.0)
    return Years(np.linspace(0.0, width * (CELLS - 1), CELLS), chances / chances.sum())
