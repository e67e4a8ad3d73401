"""What drives a loss: from the samples themselves, or by a design of its own (theory, section *Sensitivity*, Eq. (63)).

The arithmetic is SALib's. An index counts only where it stands out from those of numbers that have no influence.
"""

from __future__ import annotations

import math
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DUMMIES: Final = 16
"""Numbers without influence that say how large an index gets by chance."""
MOST_SAMPLES: Final = 8192
"""Samples that indices are taken from; more would take long and change little."""
LEAST_SAMPLES: Final = 64
"""Fewer say nothing."""
RESAMPLES: Final = 100
SLIDES: Final = 10
"""Slices of a number in each of which the losses are compared with all."""
CLEARLY: Final = 4.0
"""Standard deviations by which an index has to stand out."""
Z95: Final = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Driver:
    """How much one uncertain thing drives the loss."""

    name: str
    first: float
    """First-order index: share of the variance that goes when it is known; what chance gives is taken off."""
    first_error: float
    """Its standard error."""
    total: float
    """Total index: share of the variance that is left when all else is known; nan where not asked for."""
    total_error: float
    pawn: float
    """PAWN index: how far the distribution of the loss moves with it, 0 to 1; nan where not asked for."""
    is_clear: bool
    """Whether it stands out from what chance gives."""


@dataclass(frozen=True)
class Sensitivity:
    """What drives the loss, and how that is known."""

    method: str
    """``given`` data, ``sobol`` for a design of its own, or ``none``."""
    drivers: tuple[Driver, ...]
    """The strongest first."""
    pawn_floor: float
    """PAWN index that a number without influence reaches by chance; nan where not asked for."""
    runs_count: int
    """Runs that the indices are from."""

    @property
    def clear(self) -> tuple[Driver, ...]:
        """Those that stand out from chance."""
        return tuple(driver for driver in self.drivers if driver.is_clear)


NOT_KNOWN: Final = Sensitivity("none", (), math.nan, 0)


def given_data(names: Sequence[str], points: Floats, losses: Floats, seed: int) -> Sensitivity:
    """Give the indices of numbers that were drawn independently, from the same samples.

    Parameters
    ----------
    names : (D,)
    points : (K, D)
    losses : (K,)
    seed : int
        Of the resampling.
    """
    count = min(losses.size, MOST_SAMPLES)
    losses, points = losses[:count], points[:count]
    if not names or count < LEAST_SAMPLES or np.ptp(losses) <= 0.0:
        return Sensitivity("given", (), math.nan, count)
    dummies = np.random.default_rng([seed, count]).random((count, DUMMIES))
    inputs = np.hstack([points, dummies])
    problem = problem_of([*names, *(f"dummy {place}" for place in range(DUMMIES))])
    with left_alone():
        from SALib.analyze import delta, pawn  # noqa: PLC0415 - a second that only this should pay

        found = delta.analyze(problem, inputs, losses, num_resamples=RESAMPLES, method="sobol", seed=seed + 1)
        first, error = np.array(found["S1"], float), np.array(found["S1_conf"], float) / Z95
        moved = np.array(pawn.analyze(problem, inputs, losses, S=SLIDES, seed=seed + 1)["median"], float)
    chance, highest = float(first[len(names) :].mean()), float(first[len(names) :].max())
    floor = float(moved[len(names) :].mean() + CLEARLY * moved[len(names) :].std(ddof=1))
    drivers = [
        Driver(
            name,
            max(float(first[place]) - chance, 0.0),
            float(error[place]),
            math.nan,
            math.nan,
            float(moved[place]),
            bool(moved[place] > floor or first[place] > max(chance + CLEARLY * float(error[place]), 1.5 * highest)),
        )
        for place, name in enumerate(names)
    ]
    return Sensitivity("given", ranked(drivers), floor, count)


def saltelli_points(names: Sequence[str], groups: Sequence[str], count: int, seed: int) -> Floats:
    """Give the points of a design in which the total indices show, for a power of two of base points."""
    with left_alone():
        from SALib.sample import sobol  # noqa: PLC0415 - as above

        points = sobol.sample(problem_of(names, groups), count, calc_second_order=False, seed=seed)
    smallest = 2.0**-31
    clipped: Floats = np.clip(points, smallest, 1.0 - smallest)
    return clipped


def by_design(names: Sequence[str], groups: Sequence[str], losses: Floats, seed: int) -> Sensitivity:
    """Give first and total indices from the losses at those points."""
    own = list(dict.fromkeys(groups))
    if np.ptp(losses) <= 0.0:
        return Sensitivity("sobol", (), math.nan, losses.size)
    with left_alone():
        from SALib.analyze import sobol  # noqa: PLC0415 - as above

        found = sobol.analyze(
            problem_of(names, groups), losses, calc_second_order=False, num_resamples=RESAMPLES, seed=seed
        )
    columns = zip(
        own, found["S1"].tolist(), found["S1_conf"].tolist(), found["ST"].tolist(), found["ST_conf"].tolist(),
        strict=True,
    )  # fmt: skip
    drivers = [
        Driver(name, first, first_95 / Z95, total, total_95 / Z95, math.nan, total > CLEARLY * total_95 / Z95)
        for name, first, first_95, total, total_95 in columns
    ]
    return Sensitivity("sobol", ranked(drivers), math.nan, losses.size)


def problem_of(names: Sequence[str], groups: Sequence[str] = ()) -> dict[str, Any]:
    """Describe numbers from 0 to 1 to SALib; its own names for columns cannot be among them."""
    plain = [f"x{place}" for place in range(len(names))]
    problem = {"num_vars": len(names), "names": plain, "bounds": [[0.0, 1.0]] * len(names)}
    return problem | ({"groups": list(groups)} if groups else {})


def ranked(drivers: Sequence[Driver]) -> tuple[Driver, ...]:
    """Put those that stand out first, then by the largest index known."""

    def weight(driver: Driver) -> tuple[bool, float]:
        return driver.is_clear, float(np.nanmax([driver.first, driver.total, driver.pawn]))

    return tuple(sorted(drivers, key=weight, reverse=True))


@contextmanager
def left_alone() -> Iterator[None]:
    """Take back what SALib does to the random numbers and the warnings of everybody."""
    state, form = np.random.get_state(), warnings.formatwarning  # noqa: NPY002 - SALib seeds the old generator
    try:
        with warnings.catch_warnings(record=True):
            yield
    finally:
        np.random.set_state(state)  # noqa: NPY002 - as above
        warnings.formatwarning = form
