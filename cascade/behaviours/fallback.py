r"""Fallback: another way to get an answer when a call fails (theory, section *Fallback*, Eq. (33))."""

from __future__ import annotations

from cascade.behaviours.part import Part
from cascade.units import Fraction


class Fallback(Part):
    """Use another service, or a built-in reply, when a call has failed for good."""

    to: str | None = None
    """Service that is called instead; none for a built-in reply."""
    worth_fraction: Fraction = 1.0
    """Share of the fallback's replies that are as good as the real one."""
    covers_fraction: Fraction = 1.0
    """Share of the failures that it recognises: wrong but well-formed answers pass unnoticed."""
