r"""Circuit breaker: stop calling what keeps failing (theory page, section *Circuit breaker*)."""

from __future__ import annotations

import math

from cascade.behaviours.part import Part
from cascade.compiled import compiled
from cascade.units import Fraction, Seconds


class CircuitBreaker(Part):
    """Let no call through for ``open_for`` once the failure share passes ``failure_rate``."""

    failure_rate_fraction: Fraction = 0.5
    """Smoothed share of failed attempts at which the breaker opens."""
    window_s: Seconds = 10.0
    """Time constant of the smoothing."""
    open_for_s: Seconds = 60.0
    """How long it stays open before it lets calls through again."""
    half_open_fraction: Fraction = 0.1
    """Share of the calls let through as probes after that, until the failures have faded."""


NEAR = 1e-9
"""How near to the threshold is on it."""


@compiled
def passed(open_until_s: float, half_open: float, t_s: float) -> float:
    """Give the share of calls let through: closed 1, open 0, half-open the probes."""
    if open_until_s <= 0.0:
        return 1.0
    return 0.0 if t_s < open_until_s else half_open


@compiled
def advance(
    failing: float,
    open_until_s: float,
    failed: float,
    trip: float,
    window_s: float,
    open_s: float,
    t_s: float,
    dt: float,
) -> tuple[float, float]:
    r"""Smooth the failures and open, half-open or close, Eq. (32).

    .. math:: \varphi' = \varphi + (q - \varphi)(1 - e^{-dt/\tau})

    Opens at :math:`\varphi \ge \theta`, or as near to it as numbers can tell; half-open it starts just
    below the threshold, so that probes decide; closes once :math:`\varphi \le \theta / 2`.

    References
    ----------
    .. [1] M. T. Nygard, *Release It!*, 2nd ed., Pragmatic Bookshelf, 2018, ch. 5.
    """
    if t_s < open_until_s:
        return failing, open_until_s
    failing += (failed - failing) * -math.expm1(-dt / window_s) if window_s > 0.0 else failed - failing
    if failing >= trip * (1.0 - NEAR):
        return trip * 0.999, t_s + dt + open_s
    if failing <= 0.5 * trip:
        return failing, 0.0
    return failing, open_until_s
