"""All that the next step needs, and nothing more; the passes advance it in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cascade.behaviours.ageing import WIDTH, full_ring
from cascade.engine.table import Table, column, empty_table

if TYPE_CHECKING:
    from cascade.engine.system import Flags, Floats, System


class Answer:
    """What callers read from a node."""

    accepted: float
    """Share of arriving attempts that are taken."""
    good: float
    """Share of what is taken that ends well, sooner or later."""
    mean_s: float
    """Mean time to a good answer that no retry or fault has delayed [s]."""
    variance: float
    """Its variance [s^2]."""
    late: float
    """Share of good answers that retries or faults have delayed."""
    late_s: float
    """Mean of that delay, over all good answers [s]."""
    late_square: float
    """Its mean square [s^2]."""
    fail_s: float
    """Mean time to a bad answer [s]."""
    fail_variance: float
    """Its variance [s^2]."""
    accepted_low: float
    """Share of low-priority attempts that are taken."""
    is_new: bool
    """Whether the answer has changed in its last evaluation."""


class Reply:
    """What a call to a node is worth now, under the policy that asked last: one cache line."""

    policy: int
    """Row of that policy, -1 when the node's answer has changed since."""
    ok: float
    """Share of attempts that succeed in time."""
    fail_s: float
    """Mean time until a failed attempt is known to have failed [s]."""
    success: float
    """Share of calls that succeed after all attempts."""
    answer_s: float
    """Mean time of a call that succeeds, delays by retries apart [s]."""
    variance: float
    """Its variance [s^2]."""
    late: float
    """Share of successful calls that retries have delayed, here or further down."""
    late_s: float
    """Mean of that delay, over all successful calls [s]."""
    late_square: float
    """Its mean square [s^2]."""
    taking_s: float
    """Mean time of a call, good or bad [s]."""
    taking_variance: float
    """Its variance [s^2]."""


class NodeState:
    """A node's own state, the controls that events have set included."""

    low_rps: float
    """Low-priority part of the attempts that arrived [1/s]."""
    at_rest: bool
    """Whether nothing about it changes as long as nothing that reaches it does."""
    work: float
    """Requests waiting or in work."""
    busy: float
    """Requests in work."""
    used: float
    """Utilisation."""
    spread: float
    """Variance of the work."""
    pushed: float
    """Share of arrivals from callers with no worker to spare."""
    promising: float
    """Share of the requests in work that will be answered well."""
    hold_s: float
    """Mean time that a request is in work, calls included [s]."""
    age_s: float
    """Age of the oldest waiting work [s]."""
    success: float
    """Share of the requests offered that will succeed, as callers see it."""
    up: float
    """Share of the capacity that is up."""
    taken_rps: float
    """Requests admitted [1/s]."""
    starts_rps: float
    """Requests taken into work [1/s]."""
    done: float
    """Successful calls that it made in the last step."""
    purged: float
    """Waiting work thrown away by events and not yet in the flows."""
    lost: float
    """Share of the capacity that failures have taken."""
    health: float
    """Share of the capacity that events have left."""
    intact: float
    """Share of requests that meet a fleet's unit in service."""
    sound: float
    """Share of requests that do not fail by themselves."""
    latency: float
    """Factor on the service time."""
    delay_s: float
    """Mean time that faults add to an answer [s]."""
    delay_square: float
    """Its mean square [s^2]."""
    surge: float
    """Factor on the demand."""
    limit_rps: float
    """Requests admitted per second [1/s]."""


class CallState:
    """What is sent over a call now, and how it fares; what callees read stands together."""

    sent_rps: float
    """Attempts sent [1/s]."""
    pushed: float
    """Share of the attempts that come from a caller with no worker to spare."""
    ok: float
    """Share of attempts that succeed in time."""
    fail_s: float
    """Mean time until a failed attempt is known to have failed [s]."""
    calls: float
    """Calls per request."""
    fixed: float
    """Success of the caller's request that the call cannot change."""
    live: float
    """Success that stands or falls with the call."""
    good_rps: float
    """Attempts that succeed [1/s]."""
    at_rest: bool
    """Whether nothing about it changes as long as its caller is at rest."""


class Switch:
    """What events and routing have set on a call."""

    enabled: float
    """1 where it is switched on."""
    preference: float
    """Share of a group's calls that a member gets, before the quorum."""


class PopulationState:
    """Where the units of a fleet are."""

    in_service: float
    removed: float
    """Taken out by a health check."""
    lost: float
    """Lost, and not yet waiting for restoration."""
    restoring: float
    """In the restoring service, and going to be restored."""
    transit: float
    """Restored but not usable yet."""
    checking: float
    """1 where the health check is switched on."""


class ComebackState:
    """Where a service is on its way back."""

    phase: int
    """See :mod:`cascade.behaviours.recovery`."""
    timer_s: float
    """Time in that phase; while up, time that its work has failed [s]."""
    is_restored: bool
    """Whether somebody has restored it since it went down."""
    warmth: float
    """Share of the capacity that has come back."""


class BreakerState:
    """What a circuit breaker remembers."""

    open_until_s: float
    """When it half-opens [s]; 0 while closed."""
    failing: float
    """Smoothed share of failed attempts."""
    opened_s: float
    """When it first opened [s]; inf until then."""


class State(NamedTuple):
    """The tables that a step advances."""

    answers: Table[Answer]
    """(N,)"""
    awake: Flags
    """(N,) whether what reaches a node, or what it does with it, can have changed."""
    in_doubt: Flags
    """(N,) whether the answer of a node can have changed."""
    replies: Table[Reply]
    """(N,)"""
    nodes: Table[NodeState]
    """(N,)"""
    calls: Table[CallState]
    """(E,)"""
    switches: Table[Switch]
    """(E,)"""
    waiting: Floats
    """(W,) calls between attempts, by attempt class."""
    fleets: Table[PopulationState]
    """(M,)"""
    leases: Floats
    """(M, WIDTH) rings of leases."""
    comebacks: Table[ComebackState]
    breakers: Table[BreakerState]
    good_entries: Floats
    """(C, WIDTH) rings of good cached answers."""
    bad_entries: Floats
    """(C, WIDTH) rings of bad ones."""
    ledger: Floats
    """(E, 3) calls begun, succeeded and given up since the start; (0, 3) when not kept."""


def initial_state(system: System, *, keeps_ledger: bool = False) -> State:
    """Make the empty system: nothing waits, all are up and answer at once."""
    n, e, m = system.nodes.size, system.calls.size, system.fleets.size
    own_s = column(system.nodes, "service_s")
    sizes = column(system.fleets, "size")
    base = {name: column(system.base, name) for name in ("calls", "fixed", "live")}
    return State(
        answers=empty_table(
            Answer, n, accepted=1.0, good=1.0, accepted_low=1.0, mean_s=own_s, variance=own_s**2, is_new=True
        ),
        awake=np.ones(n, np.bool_),
        in_doubt=np.ones(n, np.bool_),
        replies=empty_table(Reply, n, policy=-1),
        nodes=empty_table(
            NodeState, n, hold_s=own_s, success=1.0, promising=1.0, up=1.0, intact=1.0, health=1.0, sound=1.0,
            latency=1.0, surge=1.0, limit_rps=column(system.nodes, "limit_rps"),
        ),
        calls=empty_table(CallState, e, ok=1.0, **base),
        switches=empty_table(Switch, e, enabled=1.0, preference=base["calls"]),
        waiting=np.zeros(int(column(system.calls, "last_waiting").max(initial=0))),
        fleets=empty_table(PopulationState, m, in_service=sizes, checking=1.0),
        leases=_rings(sizes),
        comebacks=empty_table(ComebackState, system.comebacks.size, warmth=1.0),
        breakers=empty_table(BreakerState, system.breakers.size, opened_s=np.inf),
        good_entries=_rings(np.ones(system.caches.size)),
        bad_entries=np.zeros((system.caches.size, WIDTH)),
        ledger=np.zeros((e if keeps_ledger else 0, 3)),
    )  # fmt: skip


def _rings(amounts: Floats) -> Floats:
    return np.array([full_ring(float(amount)) for amount in amounts]).reshape(-1, WIDTH)
