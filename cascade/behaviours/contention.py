r"""Contention: service time grows with concurrency (theory page, section *Contention*)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cascade.behaviours.part import Part
from cascade.compiled import compiled
from cascade.units import MayVary


class Contention(Part):
    """Universal scalability law, per replica: what waiting for and agreeing with others costs."""

    serial: Annotated[float, Field(ge=0.0, le=10.0), MayVary()] = 0.0
    """Share of the service time added per request already in work (waiting for each other)."""
    crosstalk: Annotated[float, Field(ge=0.0, le=10.0), MayVary()] = 0.0
    """Share of the service time added per pair of requests in work (keeping in agreement)."""


@compiled
def slowdown(busy: float, serial: float, crosstalk: float) -> float:
    r"""Give the factor on the service time with ``busy`` requests in work on a replica, Eq. (13).

    .. math:: 1 + \sigma\,(n - 1) + \kappa\,n\,(n - 1), \qquad n \ge 1

    References
    ----------
    .. [1] N. J. Gunther, *Guerrilla Capacity Planning*, Springer, 2007, ch. 4.
       doi:10.1007/978-3-540-31010-5
    """
    others = max(busy - 1.0, 0.0)
    return 1.0 + serial * others + crosstalk * others * (others + 1.0)
