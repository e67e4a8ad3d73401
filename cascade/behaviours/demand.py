r"""Demand from outside, with its daily rhythm (theory page, section *Demand*)."""

from __future__ import annotations

import math

from cascade.behaviours.part import Part
from cascade.compiled import compiled
from cascade.units import Fraction, Rps, Seconds


class Demand(Part):
    """Requests that arrive from outside the topology."""

    rate_rps: Rps
    """Mean rate over a day."""
    daily_swing_fraction: Fraction = 0.0
    """How far the peak lies above the mean and the trough below it."""
    daily_peak_s: Seconds = 14 * 3600.0
    """Time of day of the peak, local time of the scenario's ``start``."""


DAY_S = 86400.0


@compiled
def rate(mean_rps: float, swing: float, peak_s: float, t_s: float) -> float:
    r"""Give the demand at a time [1/s], Eq. (1).

    .. math:: \lambda(t) = \bar\lambda\,(1 + A \cos(2\pi (t - t_p) / 24\,\mathrm{h}))
    """
    if swing <= 0.0:
        return mean_rps
    return mean_rps * (1.0 + swing * math.cos(2.0 * math.pi * (t_s - peak_s) / DAY_S))
