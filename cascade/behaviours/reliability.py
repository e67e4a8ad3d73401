r"""Reliability: how often a part fails by itself, and for how long (theory, section *Unavailability*, Eq. (46))."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from cascade.behaviours.part import Part
from cascade.units import Fraction, Rps, Seconds


class Reliability(Part):
    r"""How often it fails by itself, and for how long: of each replica, where there are several.

    .. math:: q = 1 - A = \frac{\lambda\,T_r}{1 + \lambda\,T_r}, \qquad \lambda = 1 / T_f
    """

    availability_fraction: Fraction | None = None
    """Share of the time that it is up; or give its failures and their repair."""
    mttf_s: Seconds | None = None
    """Mean time to failure: from the end of a repair until it fails again."""
    rate_rps: Rps | None = None
    """Failures per time of being up, instead of the mean time to failure."""
    mttr_s: Seconds | None = None
    """Mean time to repair."""
    beta_fraction: Fraction = 0.0
    """Beta factor: share of its failures that strike all replicas at once."""

    @model_validator(mode="after")
    def _is_determined(self) -> Self:
        failures = [given for given in (self.mttf_s, self.rate_rps) if given is not None]
        if self.availability_fraction is not None:
            is_determined = not failures and self.mttr_s is None
        else:
            is_determined = len(failures) == 1 and self.mttr_s is not None
        if not is_determined:
            raise ValueError("expected either availability, or mttr with one of mttf and rate")
        return self

    @property
    def unavailability(self) -> float:
        """Share of the time that it is down, q.

        Examples
        --------
        >>> round(Reliability(mttf_s=99.0, mttr_s=1.0).unavailability, 12)
        0.01
        """
        if self.availability_fraction is not None:
            return 1.0 - self.availability_fraction
        assert self.mttr_s is not None
        if self.mttf_s is not None:
            together = self.mttf_s + self.mttr_s
            return self.mttr_s / together if together > 0.0 else 0.0
        assert self.rate_rps is not None
        share = self.rate_rps * self.mttr_s
        return share / (1.0 + share)
