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
from functools import lru_cache
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
REMEMBERED: Final = 1024
"""Laws kept for the next topology; 12 kB each."""


# Rows of a tabulated law.
WAITING, CLOSED, BLOCKED = range(3)


@lru_cache(REMEMBERED)
def occupancy_law(servers: int, room: int | None, most: int | None) -> NDArray[np.float64]:
    r"""Tabulate what belongs to the mean work of a service with c workers (3, GRID + 1), Eq. (7).

    Row ``WAITING`` is the chance to wait :math:`C(u)`, so that :math:`L_q = C u/(1 - u)`, over the utilisation 0..1:
    M/M/c, cut off at the places that there are. Row ``CLOSED`` is the same while all callers are
    busy, so that what is not here is on its way here (M/M/c//N, machine repair). Row ``BLOCKED`` is
    the share of arrivals that find a small waiting room full, over the share of the places taken.

    Parameters
    ----------
    servers : int
    room : int, optional
        Requests that may wait.
    most : int, optional
        Requests that its callers can have here at once, as workers wait for one answer at a time.
    """
    c = min(servers, MOST_SERVERS)
    grid = np.arange(GRID + 1) / GRID
    law = np.array([_erlang_c(c, grid), np.zeros(GRID + 1), np.zeros(GRID + 1)])
    with np.errstate(divide="ignore"):
        log_loads = np.log(grid[:-1] / (1.0 - grid[:-1]))
    places = SMALL_ROOM + 1 if room is None else c + room
    if places <= SMALL_ROOM:
        states = _states(c, places, log_loads, math.inf)
        n = np.arange(places + 1)
        law[BLOCKED] = np.interp(grid, [*((n[:, None] * states).sum(axis=0) / places), 1.0], [*states[-1], 1.0])
    at_once = SMALL_ROOM + 1 if most is None else max(most, c)
    if min(places, at_once) <= SMALL_ROOM:
        law[WAITING] = _waiting(c, min(places, at_once), log_loads, math.inf)
    law[CLOSED] = _waiting(c, at_once, log_loads, at_once) if at_once <= SMALL_ROOM else law[WAITING]
    law.flags.writeable = False
    return law


def _waiting(servers: int, places: int, log_loads: NDArray[np.float64], sources: float) -> NDArray[np.float64]:
    """Tabulate C(u) from the stationary states (GRID + 1,)."""
    states = _states(servers, places, log_loads, sources)
    n = np.arange(places + 1)
    waiting = (np.maximum(n - servers, 0)[:, None] * states).sum(axis=0)
    used = (np.minimum(n, servers)[:, None] * states).sum(axis=0) / servers
    return np.interp(
        np.arange(GRID + 1) / GRID, [*used, 1.0], [*(waiting * (1.0 - used) / np.maximum(used, 1e-300)), 0.0]
    )


def _states(servers: int, places: int, log_loads: NDArray[np.float64], sources: float) -> NDArray[np.float64]:
    """Probability of n requests in M/M/c with limited places, from many or from a few sources (states, loads)."""
    n = np.arange(1, places + 1)
    asking = np.ones(places) if sources == math.inf else np.maximum(sources - n + 1, 0.0)
    with np.errstate(divide="ignore"):
        steps = log_loads[None, :] + np.log(asking * servers / np.minimum(n, servers))[:, None]
    log_p = np.maximum(np.concatenate([np.zeros((1, log_loads.size)), np.cumsum(steps, axis=0)]), -1e6)
    p: NDArray[np.float64] = np.exp(log_p - log_p.max(axis=0))
    return p / p.sum(axis=0)


def _erlang_c(servers: int, utilisation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability that an arrival waits in M/M/c (GRID + 1,)."""
    load = servers * utilisation
    blocked = np.ones_like(load)
    for k in range(1, servers + 1):
        blocked = load * blocked / (k + load * blocked)
    probability: NDArray[np.float64] = blocked / (1.0 - utilisation * (1.0 - blocked))
    return probability


@compiled
def interpolate(table: NDArray[np.float64], at: float) -> float:
    """Read a tabulated law at ``at`` in 0..1."""
    position = min(max(at, 0.0), 1.0) * GRID
    left = min(int(position), GRID - 1)
    return table[left] + (position - left) * (table[left + 1] - table[left])


@compiled
def utilisation(work: float, servers: float, step_work: float, chance: float) -> float:
    r"""Solve the implicit step of the occupancy equation for the utilisation, Eq. (6).

    .. math:: (c + m) u + C u / (1 - u) = B

    with the work :math:`B = X + a\,dt` to be done or kept and :math:`m = \mu\,dt` that could be
    done; the smaller root of a quadratic, in the form without cancellation.
    """
    both = servers + step_work
    half = both + chance + work
    root = math.sqrt(max(half * half - 4.0 * both * work, 0.0))
    return min(2.0 * work / (half + root), 1.0)


@compiled
def relaxation(servers: float, rate: float, used: float, chance: float) -> float:
    r"""Rate at which a disturbed queue comes back to rest [1/s], :math:`\mu\,du/dX`, Eq. (12)."""
    idle = max(1.0 - used, 1e-6)
    return rate / max(servers + chance / (idle * idle), 1e-9)


@compiled
def waiting_variance(wait: float, chance: float, rate: float, spread: float) -> float:
    r"""Variance of the wait for a worker [s^2], from that of the queue, ``spread``, Eq. (16).

    Exponential with an atom at zero while the queue is stationary; narrower while it grows,
    drains or is full.
    """
    stationary = wait * wait * (2.0 - chance) / max(chance, 1e-6)
    return min(stationary, spread / (rate * rate) + wait / rate)
