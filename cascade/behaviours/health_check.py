r"""Health checks that take units out of service, rightly or not (section *Health checks*)."""

from __future__ import annotations

import math

from cascade.behaviours.part import Part
from cascade.compiled import compiled
from cascade.units import Fraction, Rps, Seconds


class HealthCheck(Part):
    """Probe every unit through a checker; a failed verdict removes the unit."""

    through: str
    """Service that answers the probes; it can be overloaded, and then its verdicts fail."""
    probes_rps: Rps = 1.0
    """Probes of the whole fleet together."""
    timeout_s: Seconds | None = None
    """A probe that takes longer counts as failed."""
    removal_s: Seconds = 30.0
    """Time constant with which units leave while every probe fails."""
    return_s: Seconds = 30.0
    """Time constant with which they return while every probe succeeds."""
    max_removed_fraction: Fraction = 1.0
    """Velocity limit: the largest share that may be out at once."""
    extra_probes_fraction: Fraction = 0.0
    """Additional probe load per share of failing verdicts (flapping works the checker harder)."""
    terminates: bool = False
    """Removed units are destroyed and come back only through the fleet's restoration."""


@compiled
def advance(
    serving: float, removed: float, failing: float, removal_s: float, return_s: float, most: float, dt: float
) -> tuple[float, float]:
    r"""Move units out on failed verdicts and back in on good ones; give both counts, Eq. (37).

    .. math:: \dot r = \psi\, n / T_r - (1 - \psi)\, r / T_b, \qquad r \le v N

    Exact for a constant share :math:`\psi` of failing verdicts over the step.
    """
    total = serving + removed
    out = failing / removal_s
    back = (1.0 - failing) / return_s
    settled = total * out / (out + back)
    after = settled + (removed - settled) * math.exp(-(out + back) * dt)
    after = min(after, max(most, removed))
    return total - after, after
