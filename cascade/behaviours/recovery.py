r"""Recovery: how a service that lost what it needs comes back (theory, section *Recovery*)."""

from __future__ import annotations

import math
from typing import Literal

from cascade.behaviours.part import Part
from cascade.compiled import compiled
from cascade.units import Fraction, Seconds


class Recovery(Part):
    """What it takes to be back after a failure of its own, or of what it cannot run without."""

    mode: Literal["automatic", "manual"] = "automatic"
    """``manual``: once down it stays down until an event restores it."""
    crashes_after_s: Seconds | None = None
    """Goes down itself when its hard dependencies have failed for this long; never by default."""
    crashes_below_fraction: Fraction = 0.5
    """Share of successful work below which that clock runs."""
    restart_s: Seconds = 0.0
    """Time from the start of a restart until it takes work again."""
    warm_up_s: Seconds = 0.0
    """Time constant with which its capacity then comes back."""


UP, DOWN, RESTARTING = 0, 1, 2


@compiled
def next_phase(
    phase: int, timer_s: float, is_powered: bool, works: float, has_needs: bool, may_start: bool,
    crash_s: float, crash_below: float, restart_s: float, dt: float,
) -> tuple[int, float]:  # fmt: skip
    """Give the phase of a service and the time in it (while up: the time its work has failed).

    Down when it has no power, or after ``crash_s`` in which too little of its work succeeded.
    A restart begins when it has power, what it needs to start answers and, if it is manual,
    somebody restores it; it takes ``restart_s``.
    """
    if not is_powered:
        return DOWN, 0.0
    if phase == UP:
        timer_s = timer_s + dt if works < crash_below else 0.0
        return (DOWN, 0.0) if timer_s > crash_s else (UP, timer_s)
    if phase == DOWN:
        if not has_needs or not may_start:
            return DOWN, 0.0
        return (RESTARTING, 0.0) if restart_s > 0.0 else (UP, 0.0)
    if not has_needs:
        return DOWN, 0.0
    return (UP, 0.0) if timer_s + dt >= restart_s else (RESTARTING, timer_s + dt)


@compiled
def warmed(warmth: float, warm_s: float, dt: float) -> float:
    """Give the share of the capacity that is back after another step, Eq. (14)."""
    return 1.0 if warm_s <= 0.0 else 1.0 + (warmth - 1.0) * math.exp(-dt / warm_s)
