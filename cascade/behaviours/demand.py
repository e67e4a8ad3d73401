r"""Demand from outside, with its daily rhythm (theory page, section *Demand*)."""

from __future__ import annotations

from cascade.behaviours.part import Part
from cascade.units import Fraction, Rps, Seconds


class Demand(Part):
    """Requests that arrive from outside the topology."""

    rate_rps: Rps
    """Mean rate over a day."""
    daily_swing_fraction: Fraction = 0.0
    """How far the peak lies above the mean and the trough below it."""
    daily_peak_s: Seconds = 14 * 3600.0
    """Time of day of the peak, local time of the scenario's ``start``."""
