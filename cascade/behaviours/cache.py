r"""Cached answers: a TTL hides a failure and delays the recovery (theory, section *Caches*, Eq. (29), Eq. (30))."""

from __future__ import annotations

from cascade.behaviours.part import Part
from cascade.units import Fraction, Seconds


class Cache(Part):
    """Answers that the caller keeps, good ones and (for names) bad ones."""

    ttl_s: Seconds = 60.0
    """How long a good answer is used before it must be fetched again."""
    negative_ttl_s: Seconds = 0.0
    """How long a failure to get an answer is believed (negative caching); 0s asks each time."""
    hit_fraction: Fraction = 1.0
    """Share of the calls that a warm cache answers."""
    warm_up_s: Seconds = 0.0
    """Mean time in which a lost entry is fetched again while the callee answers."""
    held_in: str | None = None
    """Service that keeps the entries: they are lost when it is down; none for the caller itself."""
