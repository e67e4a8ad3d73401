"""Redundancy, and what takes redundant members down together."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from cascade.behaviours.part import Part
from cascade.behaviours.reliability import Reliability
from cascade.units import Fraction, Seconds


class Group(Part):
    """Members that stand in for one another: up while at least ``needs`` of them are."""

    members: Annotated[tuple[str, ...], Field(min_length=1)]
    """Services (or groups) of which one answers each call."""
    needs: Annotated[int, Field(ge=1)] = 1
    """k of k-of-n: members that must be up for the group to answer at all."""
    mode: Literal["active-active", "ordered"] = "active-active"
    """Share the load evenly, or use the first member that is up."""
    failover_s: Seconds = 0.0
    """Time constant with which calls move away from, and back to, a member."""

    @model_validator(mode="after")
    def _needs_at_most_all(self) -> Group:
        if self.needs > len(self.members):
            msg = f"needs {self.needs} of {len(self.members)} members"
            raise ValueError(msg)
        if len(set(self.members)) < len(self.members):
            msg = "lists a member twice"
            raise ValueError(msg)
        return self


class Domain(Part):
    """A zone, rack, config ring or credential: what its members lose together."""

    members: dict[str, Fraction] = {}
    """Share of each member's capacity that is lost when the domain fails."""
    reliability: Reliability | None = None
    """How often it fails as a whole."""
    beta_fraction: Fraction = 0.0
    """Beta factor: share of its members' own failures that strike all of them at once (common cause)."""

    @field_validator("members", mode="before")
    @classmethod
    def _names_alone(cls, value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return dict.fromkeys(value, "100%")
        return value
