"""A topology as arrays: what the compiled loop reads and never changes."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Indices = NDArray[np.int32]


class Kind(IntEnum):
    """What a node of the compiled graph is."""

    SERVICE = 0
    GROUP = 1
    WORK = 2
    """Traffic that a fleet makes: restorations, renewals, probes."""


class Nodes(NamedTuple):
    """Services, groups and the fleets' own traffic, callers before callees; arrays (N,)."""

    kind: Ints
    first_call: Ints
    """(N + 1,) calls of node i are ``first_call[i] : first_call[i + 1]``."""
    demand_rps: Floats
    """Demand from outside at its daily mean [1/s]."""
    swing: Floats
    """Daily swing of the demand, share of the mean."""
    peak_s: Floats
    """Time of the daily peak [s after the scenario's start]."""
    law: Ints
    """Row of its occupancy law, -1 for unlimited."""
    servers: Floats
    """Workers, all replicas; 0 when their number is not the limit."""
    capacity_rps: Floats
    """Rate limit of its work [1/s], all replicas; inf when there is none."""
    places: Floats
    """Requests that may wait or be in work; inf when there is no limit."""
    replicas: Floats
    service_s: Floats
    """Mean own work per request [s]."""
    deadline_s: Floats
    """Longest wait before work is thrown away [s]; inf for never."""
    limit_rps: Floats
    """Admission limit [1/s]; inf for none."""
    durable: NDArray[np.bool_]
    serial: Floats
    crosstalk: Floats
    objective: Floats
    """Least share of successful requests."""
    age_s: Floats
    """Oldest work that may wait [s]."""
    quorum: Floats
    """k of k-of-n, for groups."""


class Calls(NamedTuple):
    """Dependencies that carry requests, by caller; arrays (E,)."""

    caller: Indices
    callee: Indices
    policy: Indices
    first_waiting: Indices
    """Place of its attempt classes 2.. in ``State.waiting``."""
    calls: Floats
    """Calls per request of the caller, before routing, caches and breakers."""
    fixed: Floats
    """Success of the caller's request that the call cannot change: 1 - p for hard calls, p < 1."""
    live: Floats
    """Success that stands or falls with the call."""
    power: Floats
    """Calls per request that must all succeed, 1 at least."""


class Laws(NamedTuple):
    """Occupancy laws (rows, GRID + 1), see :func:`cascade.behaviours.occupancy.waiting_law`."""

    waiting: Floats
    blocked: Floats


class Fleets(NamedTuple):
    """Populations (M,); node columns are -1 where a fleet has no such part."""

    size: Floats
    life_s: Floats
    restorer: Ints
    """Node of its restoration traffic."""
    work: Floats
    """Requests of restoration per unit."""
    usable_s: Floats
    """Lag from the end of the work until a unit carries load [s]."""
    renewer: Ints
    """Node of its renewal traffic."""
    ttl_s: Floats
    prober: Ints
    """Node of its probe traffic."""
    probes_rps: Floats
    extra_probes: Floats
    removal_s: Floats
    return_s: Floats
    most_removed: Floats
    terminates: NDArray[np.bool_]


class Capacities(NamedTuple):
    """Which fleet sets the capacity of which service (P,)."""

    fleet: Ints
    service: Ints


class Recoveries(NamedTuple):
    """Services whose coming back takes more than their own repair (R,)."""

    node: Ints
    manual: NDArray[np.bool_]
    crash_s: Floats
    """Seconds without its dependencies after which it crashes; inf for never."""
    crash_below: Floats
    restart_s: Floats
    warm_s: Floats
    first_need: Ints
    """(R + 1,) what must answer before it can start: ``need[first_need[r] : first_need[r + 1]]``."""
    need: Ints
    """Nodes."""


class Breakers(NamedTuple):
    """Calls with a circuit breaker (B,)."""

    call: Ints
    trip: Floats
    window_s: Floats
    open_s: Floats
    half_open: Floats


class Caches(NamedTuple):
    """Calls with cached answers (C,)."""

    call: Ints
    ttl_s: Floats
    negative_s: Floats
    hit: Floats
    warm_s: Floats
    holder: Ints
    """Node that keeps the entries, -1 for the caller itself."""


class Fallbacks(NamedTuple):
    """Calls with something to fall back on (F,)."""

    call: Ints
    instead: Ints
    """Call that is made instead, -1 for a built-in reply."""
    worth: Floats
    covers: Floats


class Orders(NamedTuple):
    """Calls made only after others have answered (O,)."""

    call: Ints
    first: Ints
    """(O + 1,) what comes before: ``before[first[o] : first[o + 1]]``."""
    before: Ints
    """Calls."""


class Routes(NamedTuple):
    """Groups (G,)."""

    node: Ints
    ordered: NDArray[np.bool_]
    failover_s: Floats
    first: Ints
    """(G + 1,) members of group g are ``member[first[g] : first[g + 1]]``, in the order listed."""
    member: Ints
    """Calls."""


class System(NamedTuple):
    """Everything about a topology that stays the same during a run."""

    nodes: Nodes
    calls: Calls
    policies: Floats
    """(P, POLICY_WIDTH) distinct call policies, see :mod:`cascade.engine.calls`."""
    laws: Laws
    fleets: Fleets
    capacities: Capacities
    recoveries: Recoveries
    breakers: Breakers
    caches: Caches
    fallbacks: Fallbacks
    orders: Orders
    routes: Routes
