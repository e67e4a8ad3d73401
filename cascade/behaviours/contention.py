r"""Contention: service time grows with concurrency (theory page, section *Contention*)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cascade.behaviours.part import Part


class Contention(Part):
    """Universal scalability law, per replica: what waiting for and agreeing with others costs."""

    serial: Annotated[float, Field(ge=0.0, le=10.0)] = 0.0
    """Share of the service time added per request already in work (waiting for each other)."""
    crosstalk: Annotated[float, Field(ge=0.0, le=10.0)] = 0.0
    """Share of the service time added per pair of requests in work (keeping in agreement)."""
