"""A population of units that leave service and come back through work."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cascade.behaviours.health_check import HealthCheck
from cascade.behaviours.lease import Lease
from cascade.behaviours.part import Part
from cascade.behaviours.restoration import Restoration
from cascade.model.service import Objective
from cascade.units import MayVary, Seconds


class Fleet(Part):
    """Hosts, leases, load-balancer targets, warm entries, connections."""

    description: str = ""
    """One sentence for the reader."""
    size: Annotated[int, Field(ge=1, le=10**12), MayVary()]
    """Units in all."""
    sets_capacity_of: tuple[str, ...] = ()
    """Services whose capacity is proportional to the share of units in service."""
    sets_success_of: tuple[str, ...] = ()
    """Services whose requests meet a unit each, and fail when it is out of service."""
    mean_life_s: Seconds | None = None
    """Mean time until a unit is lost by itself; never by default."""
    lease: Lease | None = None
    """Units expire unless renewed."""
    health_check: HealthCheck | None = None
    """Units are removed on failed probes."""
    restored_by: Restoration | None = None
    """Work that brings a lost unit back; without it only an event does."""
    slo: Objective | None = None
    """Least share of units in service (``success``) before the fleet counts as hit."""
