r"""Time in a service, and whether it ends before the caller's patience (theory, *Calls*)."""

from __future__ import annotations

import math

from cascade.compiled import compiled


@compiled
def timely(mean: float, variance: float, limit: float) -> float:
    r"""Probability that a sojourn of given mean [s] and variance [s^2] ends within ``limit`` [s].

    A gamma distribution with the same two moments; its tail by the Wilson-Hilferty cube root.

    References
    ----------
    .. [1] E. B. Wilson, M. M. Hilferty, "The distribution of chi-square", PNAS 17, 1931.
       doi:10.1073/pnas.17.12.684
    """
    spread = math.sqrt(variance)
    if limit >= mean + 14.0 * spread:
        return 1.0
    if limit <= mean - 8.0 * spread:
        return 0.0
    shape = max(mean * mean / variance, 0.1)
    normal = ((limit / mean) ** (1.0 / 3.0) - 1.0 + 1.0 / (9.0 * shape)) * 3.0 * math.sqrt(shape)
    return 0.5 * math.erfc(-normal * 0.7071067811865476)
