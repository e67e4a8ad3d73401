r"""Recovery: how a service that lost what it needs comes back (theory, section *Recovery*)."""

from __future__ import annotations

from typing import Literal

from cascade.behaviours.part import Part
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
