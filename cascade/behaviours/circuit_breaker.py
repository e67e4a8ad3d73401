r"""Circuit breaker: stop calling what keeps failing (theory page, section *Circuit breaker*)."""

from __future__ import annotations

from cascade.behaviours.part import Part
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
