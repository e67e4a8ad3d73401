"""Why a service leaves its objective, found at the moment it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cascade.behaviours import ageing, retry, sojourn
from cascade.compiled import compiled
from cascade.engine import flags, shape
from cascade.engine.flows import OFFERED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cascade.engine.state import State
    from cascade.engine.system import Floats, Ints, System

FAULT, DEGRADED, THROTTLED, QUEUE_FULL, BACKLOG = 0, 1, 2, 3, 4
CRASHED, CAPACITY_LOST, CALLEE_FAILS, CALLEE_REFUSES, CALLEE_LATE = 5, 6, 7, 8, 9
STALE_ANSWER, UNITS_LOST, QUORUM_LOST, OVERLOADED = 10, 11, 12, 13
ASKED = 1e-3
"""Share of its usual load from which on a service counts as asked for something."""
LEAST_RPS = 1e-6
"""Load that is none [1/s]: one request in twelve days."""
NEAR = 1e-6
"""How near to an objective still meets it: what is exactly there must not turn on rounding."""
STALE = 0.05
"""Share of bad answers in a cache from which on these are the reason."""
MORE = 1.05
"""Multiple of its usual load from which on it is the load that a service cannot cope with."""


class Falls(NamedTuple):
    """The falls so far, and what is needed to see new ones."""

    noted: Ints
    """(1,) falls noted."""
    time_s: Floats
    """(F,) when."""
    who: Ints
    """(F,) node, or number of nodes + fleet."""
    mechanism: Ints
    cause: Ints
    """(F,) node or number of nodes + fleet it came through, -1 for its own."""
    is_hit: NDArray[np.bool_]
    """(N + M,) whether outside its objective now."""
    usual_rps: Floats
    """(N,) load at rest [1/s]."""


def no_falls(system: System, usual_rps: Floats) -> Falls:
    """Make room for falls."""
    parts = system.nodes.size + system.fleets.size
    room = 16 * parts + 64
    return Falls(
        np.zeros(1, np.int64), np.zeros(room), np.zeros(room, np.int64), np.zeros(room, np.int64),
        np.full(room, -1, np.int64), np.zeros(parts, np.bool_), usual_rps,
    )  # fmt: skip


@compiled
def note_falls(system: System, state: State, touched: Ints, flows: Floats, falls: Falls, t_s: float) -> None:
    """Note every service and fleet that leaves its objective in this step, with the cause.

    A node that is still awake after the step has changed in it; one that does nothing can be struck all the same.
    """
    n = system.nodes.size
    for last in range(n, 0, -flags.BLOCK):
        first = max(last - flags.BLOCK, 0)
        if flags.is_any(state.awake, first, last):
            for i in range(last - 1, first - 1, -1):
                if state.awake[i]:
                    note_fall_of(system, state, flows, falls, i, t_s)
    for i in touched:
        note_fall_of(system, state, flows, falls, i, t_s)
    for m in range(system.fleets.size):
        hit = state.fleets[m].in_service < system.fleets[m].objective * system.fleets[m].size
        if hit and not falls.is_hit[n + m]:
            note(falls, t_s, n + m, UNITS_LOST, cause_of_loss(system, state, m))
        falls.is_hit[n + m] = hit


@compiled
def note_fall_of(system: System, state: State, flows: Floats, falls: Falls, i: int, t_s: float) -> None:
    """Note whether a node is outside its objective, and the cause when it has just left it."""
    node, now = system.nodes[i], state.nodes[i]
    if node.kind == 2:
        return
    offered = flows[i, OFFERED]
    asked = is_asked(offered, falls.usual_rps[i])
    hit = (asked and now.success < node.objective - NEAR) or now.up <= 0.0 or now.age_s > node.most_age_s
    if hit and not falls.is_hit[i]:
        mechanism, cause = find_cause(system, state, flows, falls.usual_rps[i], i)
        note(falls, t_s, i, mechanism, cause)
    falls.is_hit[i] = hit


@compiled
def is_asked(offered_rps: float, usual_rps: float) -> bool:
    """Whether anybody asks a service for anything."""
    return offered_rps > ASKED * usual_rps and offered_rps > LEAST_RPS


@compiled
def note(falls: Falls, t_s: float, who: int, mechanism: int, cause: int) -> None:
    """Write a fall down."""
    k = falls.noted[0]
    if k < falls.time_s.size:
        falls.time_s[k], falls.who[k], falls.mechanism[k], falls.cause[k] = t_s, who, mechanism, cause
        falls.noted[0] = k + 1


@compiled
def cause_of_loss(system: System, state: State, m: int) -> int:
    """Node that takes a fleet's units out, or fails to bring them back."""
    worst, cause = 1.0, -1
    for node in (system.fleets[m].renewer, system.fleets[m].prober):
        if node >= 0 and state.answers[node].good < worst:
            worst = state.answers[node].good
            cause = system.calls[system.nodes[node].first_call].callee
    restorer = system.fleets[m].restorer
    if cause < 0 and restorer >= 0:
        cause = system.calls[system.nodes[restorer].first_call].callee
    return cause


@compiled
def find_cause(  # noqa: PLR0911 - the first reason that holds
    system: System, state: State, flows: Floats, usual_rps: float, i: int
) -> tuple[int, int]:
    """Give the mechanism that weighs most, and the node or fleet it came through."""
    node, now = system.nodes[i], state.nodes[i]
    if now.health <= 0.0:
        return FAULT, -1
    call, success = worst_call(system, state, i)
    callee = system.calls[call].callee if call >= 0 else -1
    fleet = emptiest_fleet(system, state, i)
    if now.up <= 0.0:
        return (CAPACITY_LOST, system.nodes.size + fleet) if fleet >= 0 else (CRASHED, callee)
    taken = state.answers[i].accepted
    if now.sound * now.intact < min(success, taken):
        return (DEGRADED, -1) if fleet < 0 else (CAPACITY_LOST, system.nodes.size + fleet)
    if node.kind == 1 and count_up(system, state, i) < node.quorum:
        return QUORUM_LOST, callee
    if call >= 0 and success <= taken and success < 1.0:
        return how_call_fails(system, state, call), callee
    if taken < 1.0 and now.limit_rps < flows[i, OFFERED]:
        return THROTTLED, -1
    if fleet >= 0:
        return CAPACITY_LOST, system.nodes.size + fleet
    if now.health < 1.0:
        return FAULT, -1
    slow = slowest_call(system, state, i)
    if slow < 0 and flows[i, OFFERED] > MORE * usual_rps:
        return OVERLOADED, busiest_caller(system, state, i)
    return (QUEUE_FULL if taken < node.objective else BACKLOG), slow


@compiled
def count_up(system: System, state: State, i: int) -> float:
    """Count the members of a group that are up."""
    count = 0.0
    for e in range(system.nodes[i].first_call, system.nodes[i].last_call):
        count += shape.is_member_up(system, state, e)
    return count


@compiled
def worst_call(system: System, state: State, i: int) -> tuple[int, float]:
    """Give the call that costs node ``i`` the largest share of its requests, and what is left."""
    worst, left = -1, 1.0
    for e in range(system.nodes[i].first_call, system.nodes[i].last_call):
        live = state.calls[e]
        share = live.fixed + live.live * shape.call_success(system, state, e)
        if system.nodes[i].kind == 1:
            share = live.ok
        elif system.policies[system.calls[e].policy, retry.NEED] == retry.ASYNC:
            continue
        if share < left:
            worst, left = e, share
    return worst, left


@compiled
def slowest_call(system: System, state: State, i: int) -> int:
    """Give the callee that holds the workers of node ``i``, -1 when its own work does."""
    cause, longest = -1, system.nodes[i].service_s
    for e in range(system.nodes[i].first_call, system.nodes[i].last_call):
        call, live = system.calls[e], state.calls[e]
        limit = system.policies[call.policy, retry.TIMEOUT_S]
        callee = state.answers[call.callee]
        held = live.calls * max(min(callee.mean_s + callee.late_s, limit), live.fail_s)
        if system.policies[call.policy, retry.NEED] != retry.ASYNC and held > longest:
            cause, longest = call.callee, held
    return cause


@compiled
def busiest_caller(system: System, state: State, i: int) -> int:
    """Give the service or fleet that sends most to node ``i``, -1 when users do."""
    caller, most = -1, state.nodes[i].surge * system.nodes[i].demand_rps
    for p in range(system.nodes[i].first_caller, system.nodes[i].last_caller):
        e = system.incoming[p]
        k = system.callers[p]
        sent = state.calls[e].calls * state.nodes[k].starts_rps
        if sent > most:
            caller, most = k, sent
    for m in range(system.fleets.size):
        fleet = system.fleets[m]
        if caller >= 0 and caller in (fleet.restorer, fleet.renewer, fleet.prober):
            return system.nodes.size + m
    return caller


@compiled
def how_call_fails(system: System, state: State, e: int) -> int:
    """Give the reason why a call fails: a stale answer, or a callee that is late, full or failing."""
    for c in range(system.caches.size):
        if system.caches[c].call == e and ageing.held(state.bad_entries[c]) > STALE:
            return STALE_ANSWER
    callee = state.answers[system.calls[e].callee]
    limit = system.policies[system.calls[e].policy, retry.TIMEOUT_S]
    variance = callee.variance + max(callee.late_square - callee.late_s * callee.late_s, 0.0)
    in_time, _ = sojourn.timely(system.sojourn_law, callee.mean_s + callee.late_s, variance, limit)
    if in_time < min(callee.accepted, callee.good):
        return CALLEE_LATE
    return CALLEE_REFUSES if callee.accepted <= callee.good else CALLEE_FAILS


@compiled
def emptiest_fleet(system: System, state: State, i: int) -> int:
    """Give the fleet that limits the capacity of node ``i``, -1 for none."""
    fleet, share = -1, 0.999
    for p in range(system.capacities.size):
        pair = system.capacities[p]
        in_service = state.fleets[pair.fleet].in_service / system.fleets[pair.fleet].size
        if pair.node == i and in_service < share:
            fleet, share = pair.fleet, in_service
    return fleet
