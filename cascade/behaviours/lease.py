r"""Leases: units stay usable only while they are renewed (theory page, section *Leases*, Eq. (36))."""

from __future__ import annotations

from cascade.behaviours.part import Part
from cascade.units import Seconds


class Lease(Part):
    """A unit leaves service when its lease has not been renewed for ``ttl``."""

    ttl_s: Seconds
    """Time from the last renewal until the lease expires."""
    renewed_by: str
    """Service that a renewal needs."""
