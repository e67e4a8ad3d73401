r"""Restoration: lost units come back only through work of another service (section *Fleets*, Eq. (35))."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cascade.behaviours.part import Part
from cascade.units import MayVary, Seconds


class Restoration(Part):
    """Work that brings a lost unit back; each unit has at most one live attempt."""

    to: str
    """Service that does the work."""
    work_per_unit: Annotated[float, Field(gt=0.0, le=1e6), MayVary()] = 1.0
    """Requests to that service for one unit."""
    timeout_s: Seconds | None = None
    """An attempt that takes longer is thrown away, though its work is still done, and repeated."""
    retry_after_s: Seconds = 1.0
    """Wait before an attempt that failed is repeated."""
    usable_after_s: Seconds = 0.0
    """Mean lag from the end of the work until the unit carries load (propagation)."""
