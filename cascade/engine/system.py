"""A topology as tables: what the compiled loop reads and never changes."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cascade.engine.table import Table

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]


class Kind(IntEnum):
    """What a node of the compiled graph is."""

    SERVICE = 0
    GROUP = 1
    WORK = 2
    """Traffic that a fleet makes: restorations, renewals, probes."""


class Node:
    """A service, a group, or the traffic of a fleet."""

    kind: int
    """See :class:`Kind`."""
    first_call: int
    """Its calls are ``calls[first_call:last_call]``."""
    last_call: int
    first_caller: int
    """Calls to it are ``calls[incoming[first_caller:last_caller]]``, from ``callers[first_caller:last_caller]``."""
    last_caller: int
    demand_rps: float
    """Demand from outside at its daily mean [1/s]."""
    swing: float
    """Daily swing of the demand, share of the mean."""
    peak_s: float
    """Time of the daily peak [s after the scenario's start]."""
    law: int
    """Row of its occupancy law, -1 for unlimited."""
    servers: float
    """Workers, all replicas; 0 when their number is not the limit."""
    capacity_rps: float
    """Rate limit of its work [1/s], all replicas; inf when there is none."""
    room: float
    """Requests that may wait; inf when there is no limit."""
    is_small: bool
    """Whether it loses requests as a stationary Erlang system does, long before its room is full on average."""
    most: float
    """Requests that its callers can have here at once; inf without limit."""
    replicas: float
    """Copies that share the load."""
    service_s: float
    """Mean own work per request [s]."""
    deadline_s: float
    """Longest wait before work is thrown away [s]; inf for never."""
    limit_rps: float
    """Admission limit [1/s]; inf for none."""
    has_low: bool
    """Whether some calls to it are shed first."""
    durable: bool
    """Whether it keeps waiting work while it is down."""
    serial: float
    """Contention: share of the service time per other request in work."""
    crosstalk: float
    """Contention: share of the service time per pair of requests in work."""
    objective: float
    """Least share of successful requests."""
    most_age_s: float
    """Oldest work that may wait [s]."""
    quorum: float
    """k of k-of-n, for groups."""
    route: int
    """Of a group, how it shares calls; -1 for others."""


class Call:
    """A dependency that carries requests, in the order of callers."""

    caller: int
    """Node."""
    callee: int
    """Node."""
    policy: int
    """Row of the call policies."""
    first_waiting: int
    """Its attempt classes 2.. are ``waiting[first_waiting:last_waiting]``."""
    last_waiting: int
    is_many: bool
    """Whether more than one per request must succeed."""
    is_low: bool
    """Whether it is shed first."""


class Base:
    """A call before routing, caches, breakers and switches."""

    power: float
    """Calls per request that must all succeed, 1 at least."""
    calls: float
    """Calls per request of the caller."""
    fixed: float
    """Success of the caller's request that the call cannot change."""
    live: float
    """Success that stands or falls with the call."""


class Population:
    """A fleet; nodes are -1 where it has no such part."""

    size: float
    """Units in all."""
    objective: float
    """Least share of units in service."""
    life_s: float
    """Mean time until a unit is lost by itself [s]."""
    restorer: int
    """Node of its restoration traffic."""
    work: float
    """Requests of restoration per unit."""
    usable_s: float
    """Lag from the end of the work until a unit carries load [s]."""
    renewer: int
    """Node of its renewal traffic."""
    ttl_s: float
    """Life of a lease [s]."""
    prober: int
    """Node of its probe traffic."""
    probes_rps: float
    """Probes of the whole fleet [1/s]."""
    extra_probes: float
    """Additional probes per share of failing verdicts."""
    removal_s: float
    """Time constant of removal while every probe fails [s]."""
    return_s: float
    """Time constant of return while every probe succeeds [s]."""
    most_removed: float
    """Largest share that may be out."""
    terminates: bool
    """Whether removed units are destroyed."""


class Capacity:
    """A fleet that sets the capacity, or the success, of a service."""

    fleet: int
    node: int
    is_success: bool
    """Whether requests to units that are out fail, instead of being shared by the others."""


class Comeback:
    """A service whose coming back takes more than its own repair."""

    node: int
    is_manual: bool
    """Whether it stays down until an event restores it."""
    crash_s: float
    """Time without its dependencies after which it crashes [s]; inf for never."""
    crash_below: float
    """Share of successful work below which that clock runs."""
    restart_s: float
    """Length of a restart [s]."""
    warm_s: float
    """Time constant of the capacity that then comes back [s]."""
    first_need: int
    """What must answer before it can start is ``needs[first_need:last_need]``."""
    last_need: int


class Breaker:
    """A call with a circuit breaker."""

    call: int
    trip: float
    """Smoothed share of failures at which it opens."""
    window_s: float
    """Time constant of the smoothing [s]."""
    open_s: float
    """How long it stays open [s]."""
    half_open: float
    """Share of calls let through as probes."""


class Cached:
    """A call with cached answers."""

    call: int
    ttl_s: float
    """Life of a good answer [s]."""
    negative_s: float
    """Life of a bad answer [s]; 0 when none is kept."""
    hit: float
    """Share of calls that a warm cache answers."""
    warm_s: float
    """Mean time in which a missing entry is fetched [s]."""
    holder: int
    """Node that keeps the entries, -1 for the caller itself."""


class Instead:
    """A call with something to fall back on."""

    call: int
    instead: int
    """Call that is made instead, -1 for a built-in reply."""
    worth: float
    """Share of its replies that are as good as the real one."""
    covers: float
    """Share of the failures that it recognises."""


class Order:
    """A call made only after others have answered."""

    call: int
    first_before: int
    """The others are ``before[first_before:last_before]``."""
    last_before: int


class Route:
    """A group that shares calls among members."""

    node: int
    is_ordered: bool
    """Whether the first member that is up gets all calls."""
    failover_s: float
    """Time constant of moving calls [s]."""
    first_member: int
    """Its members are the calls ``members[first_member:last_member]``, in the order listed."""
    last_member: int


class System(NamedTuple):
    """Everything about a topology that stays the same during a run."""

    same: float
    """Change in a step that counts as none, see :mod:`cascade.engine.rest`."""
    nodes: Table[Node]
    """(N,) callers before callees."""
    calls: Table[Call]
    """(E,)"""
    incoming: Ints
    """(E,) calls in the order of callees."""
    callers: Ints
    """(E,) their callers."""
    base: Table[Base]
    """(E,)"""
    policies: Floats
    """(P, POLICY_WIDTH) distinct call policies, see :mod:`cascade.behaviours.retry`."""
    laws: Floats
    """(L, 3, GRID + 1) see :func:`cascade.behaviours.occupancy.occupancy_law`."""
    sojourn_law: Floats
    """See :func:`cascade.behaviours.sojourn.sojourn_law`."""
    fleets: Table[Population]
    """(M,)"""
    capacities: Table[Capacity]
    comebacks: Table[Comeback]
    stirred: Ints
    """Nodes that are never passed over: fleets, comebacks, groups or the time of day act on them."""
    needs: Ints
    """Nodes that comebacks wait for."""
    breakers: Table[Breaker]
    caches: Table[Cached]
    fallbacks: Table[Instead]
    orders: Table[Order]
    before: Ints
    """Calls that orders wait for."""
    routes: Table[Route]
    members: Ints
    """Calls from groups to members."""
