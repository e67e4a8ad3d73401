r"""Workers and queues: what a service does with the work it has (theory, section *Services*).

The state of a service is one number, the mean work :math:`X` in it. A stationary queue with
:math:`c` workers at utilisation :math:`u` holds :math:`X = c u + z(u) / (1 - u)`; read backwards
this gives the utilisation, and with it the throughput, that belongs to any :math:`X` (pointwise
stationary fluid-flow approximation). It is exact when stationary and goes over into the fluid
queue under overload.

References
----------
.. [1] W. Wang, D. Tipper, S. Banerjee, "A simple approximation for modeling nonstationary queues",
   IEEE INFOCOM 1996. doi:10.1109/INFCOM.1996.497901
.. [2] A. K. Erlang, "Solution of some problems in the theory of probabilities", 1917.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

GRID: Final = 512
"""Intervals of a tabulated law."""
MOST_SERVERS: Final = 1000
"""Beyond this many workers the law is that of this many: a sharp corner."""
SMALL_ROOM: Final = 256
"""Systems with at most this many places lose requests as at their stationary state (Erlang);
larger ones only when they are full."""


def is_small(servers: int, room: int) -> bool:
    """Whether a system with so many workers and waiting places loses requests stationarily."""
    return servers + room <= SMALL_ROOM


def waiting_law(servers: int, room: int | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    r"""Tabulate the M/M/c law of a service, with a waiting room of K places or without limit.

    Returns
    -------
    waiting : (GRID + 1,) array
        :math:`z(u)`, so that :math:`L_q = z(u)/(1 - u)`, over the utilisation 0..1.
    blocked : (GRID + 1,) array
        Share of arrivals that find it full, over :math:`\rho/(1+\rho)`; zero for large rooms.
    """
    c = min(servers, MOST_SERVERS)
    grid = np.arange(GRID + 1) / GRID
    if room is None or not is_small(servers, room):
        return grid * _erlang_c(c, grid), np.zeros(GRID + 1)
    rho = grid[:-1] / (1.0 - grid[:-1])
    log_p = _log_states(c, room, rho)
    states = np.exp(log_p - log_p.max(axis=0))
    states /= states.sum(axis=0)
    waiting = (np.maximum(np.arange(c + room + 1) - c, 0)[:, None] * states).sum(axis=0)
    busy = (np.minimum(np.arange(c + room + 1), c)[:, None] * states).sum(axis=0) / c
    law = np.interp(grid, [*busy, 1.0], [*(waiting * (1.0 - busy)), 0.0])
    return law, np.append(states[-1], 1.0)


def _erlang_c(servers: int, utilisation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability that an arrival waits in M/M/c (GRID + 1,)."""
    load = servers * utilisation
    blocked = np.ones_like(load)
    for k in range(1, servers + 1):
        blocked = load * blocked / (k + load * blocked)
    probability: NDArray[np.float64] = blocked / (1.0 - utilisation * (1.0 - blocked))
    return probability


def _log_states(servers: int, room: int, rho: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unnormalised log-probability of n requests in M/M/c/c+K (states, loads)."""
    n = np.arange(1, servers + room + 1)
    with np.errstate(divide="ignore"):
        steps = np.log(rho[None, :]) + np.log(servers / np.minimum(n, servers))[:, None]
    start = np.zeros((1, rho.size))
    return np.maximum(np.concatenate([start, np.cumsum(steps, axis=0)]), -1e6)


@compiled
def interpolate(table: NDArray[np.float64], at: float) -> float:
    """Read a tabulated law at ``at`` in 0..1."""
    position = min(max(at, 0.0), 1.0) * GRID
    left = min(int(position), GRID - 1)
    return table[left] + (position - left) * (table[left + 1] - table[left])


@compiled
def utilisation(work: float, servers: float, step_work: float, waiting: float) -> float:
    r"""Solve the implicit step of the occupancy equation for the utilisation.

    .. math:: (c + m) u + z / (1 - u) = B

    with the work :math:`B = X + a\,dt` to be done or kept and :math:`m = \mu\,dt` that could be
    done; the smaller root of a quadratic, in the form without cancellation.
    """
    if work <= waiting:
        return 0.0
    both = servers + step_work
    half = both + work
    root = math.sqrt(max(half * half - 4.0 * both * (work - waiting), 0.0))
    return min(2.0 * (work - waiting) / (half + root), 1.0)


@compiled
def waiting_variance(queue: float, rate: float, load: float, chance: float) -> float:
    r"""Variance of the wait behind ``queue`` requests served at ``rate`` [s^2].

    Exponential with an atom at zero while the queue is stationary; the narrower of that and the
    diffusion around the fluid path while it grows or drains.
    """
    mean = queue / rate
    stationary = mean * mean * (2.0 - chance) / max(chance, 1e-6)
    spread = abs(1.0 - load)
    diffusing = mean * (1.0 + load) / max(spread, 1e-9) / rate
    return min(stationary, diffusing) + mean / rate
