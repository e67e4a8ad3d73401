"""Why a service leaves its objective, found at the moment it does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cascade.behaviours import retry, sojourn
from cascade.compiled import compiled
from cascade.engine.record import OFFERED
from cascade.engine import shape
from cascade.engine.state import ACCEPTED, GOOD, MEAN_S, VARIANCE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cascade.engine.state import State
    from cascade.engine.system import Floats, Ints, System

FAULT, DEGRADED, THROTTLED, QUEUE_FULL, BACKLOG = 0, 1, 2, 3, 4
CRASHED, CAPACITY_LOST, CALLEE_FAILS, CALLEE_REFUSES, CALLEE_LATE = 5, 6, 7, 8, 9
STALE_ANSWER, UNITS_LOST, QUORUM_LOST = 10, 11, 12
ASKED = 1e-3
"""Share of its usual load from which on a service counts as asked for something."""


class Falls(NamedTuple):
    """The falls so far, and what is needed to see new ones."""

    count: Ints
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
    fleet_objective: Floats
    """(M,) least share of units in service."""


def no_falls(system: System, usual_rps: Floats, fleet_objective: Floats) -> Falls:
    """Make room for falls."""
    n, m = usual_rps.size, fleet_objective.size
    room = 16 * (n + m) + 64
    return Falls(
        np.zeros(1, np.int64), np.zeros(room), np.zeros(room, np.int64), np.zeros(room, np.int64),
        np.full(room, -1, np.int64), np.zeros(n + m, np.bool_), usual_rps, fleet_objective,
    )  # fmt: skip


@compiled
def note_falls(system: System, state: State, flows: Floats, falls: Falls, t_s: float) -> None:
    """Note every service and fleet that leaves its objective in this step, with the cause."""
    nodes = system.nodes
    n = nodes.kind.size
    for i in range(n - 1, -1, -1):
        if nodes.kind[i] == 2:
            continue
        offered = flows[i, OFFERED]
        asked = offered > ASKED * falls.usual_rps[i] and offered > 0.0
        hit = (asked and state.success[i] < nodes.objective[i]) or state.up[i] <= 0.0
        hit = hit or state.age_s[i] > nodes.age_s[i]
        if hit and not falls.is_hit[i]:
            mechanism, cause = find_cause(system, state, flows, i)
            note(falls, t_s, i, mechanism, cause)
        falls.is_hit[i] = hit
    for m in range(system.fleets.size.size):
        hit = state.in_service[m] < falls.fleet_objective[m] * system.fleets.size[m]
        if hit and not falls.is_hit[n + m]:
            note(falls, t_s, n + m, UNITS_LOST, cause_of_loss(system, state, m))
        falls.is_hit[n + m] = hit


@compiled
def note(falls: Falls, t_s: float, who: int, mechanism: int, cause: int) -> None:
    """Write a fall down."""
    k = falls.count[0]
    if k < falls.time_s.size:
        falls.time_s[k], falls.who[k], falls.mechanism[k], falls.cause[k] = t_s, who, mechanism, cause
        falls.count[0] = k + 1


@compiled
def cause_of_loss(system: System, state: State, m: int) -> int:
    """Node whose failure takes a fleet's units out: the renewing or the checking service."""
    worst, cause = 1.0, -1
    for node in (system.fleets.renewer[m], system.fleets.prober[m]):
        if node >= 0 and state.answers[node, GOOD] < worst:
            worst = state.answers[node, GOOD]
            cause = int(system.calls.callee[system.nodes.first_call[node]])
    return cause


@compiled
def find_cause(system: System, state: State, flows: Floats, i: int) -> tuple[int, int]:
    """Give the mechanism that weighs most, and the node or fleet it came through."""
    nodes = system.nodes
    if state.controls[0, i] <= 0.0:
        return FAULT, -1
    cause, success = worst_call(system, state, i)
    if state.up[i] <= 0.0:
        fleet = emptiest_fleet(system, state, i)
        if fleet >= 0:
            return CAPACITY_LOST, nodes.kind.size + fleet
        return CRASHED, cause
    taken = state.answers[i, ACCEPTED]
    if state.controls[1, i] < min(success, taken):
        return DEGRADED, -1
    if cause >= 0 and success <= taken and success < 1.0:
        return how_callee_fails(system, state, i, cause), cause
    if taken < 1.0 or state.age_s[i] > 0.0:
        fleet = emptiest_fleet(system, state, i)
        if state.controls[4, i] < flows[i, OFFERED]:
            return THROTTLED, -1
        if fleet >= 0:
            return CAPACITY_LOST, nodes.kind.size + fleet
        if state.controls[0, i] < 1.0:
            return FAULT, -1
        return (QUEUE_FULL if taken < nodes.objective[i] else BACKLOG), slowest_call(system, state, i)
    return BACKLOG, -1


@compiled
def worst_call(system: System, state: State, i: int) -> tuple[int, float]:
    """Give the callee that costs node ``i`` the largest share of its requests, and what is left."""
    cause, worst = -1, 1.0
    for e in range(system.nodes.first_call[i], system.nodes.first_call[i + 1]):
        if system.nodes.kind[i] == 1:
            share = state.ok[e]
        elif system.policies[system.calls.policy[e], retry.NEED] == retry.ASYNC:
            continue
        else:
            share = state.fixed[e] + state.live[e] * shape.call_success(system, state, e)
        if share < worst:
            cause, worst = int(system.calls.callee[e]), share
    return cause, worst


@compiled
def slowest_call(system: System, state: State, i: int) -> int:
    """Give the callee that holds the workers of node ``i``, -1 when its own work does."""
    cause, longest = -1, system.nodes.service_s[i]
    for e in range(system.nodes.first_call[i], system.nodes.first_call[i + 1]):
        policy = system.policies[system.calls.policy[e]]
        callee = state.answers[system.calls.callee[e]]
        held = state.calls[e] * max(min(callee[MEAN_S], policy[retry.TIMEOUT_S]), state.fail_s[e])
        if policy[retry.NEED] != retry.ASYNC and held > longest:
            cause, longest = int(system.calls.callee[e]), held
    return cause


@compiled
def how_callee_fails(system: System, state: State, i: int, callee: int) -> int:
    """Give the reason why calls to a callee fail: refused, failing, late, or a stale answer."""
    answer = state.answers[callee]
    limit = math.inf
    call = -1
    for e in range(system.nodes.first_call[i], system.nodes.first_call[i + 1]):
        if system.calls.callee[e] == callee:
            call = e
            limit = system.policies[system.calls.policy[e], retry.TIMEOUT_S]
    for c in range(system.caches.call.size):
        if system.caches.call[c] == call and state.ok[call] > 0.5:
            return STALE_ANSWER
    late = sojourn.timely(answer[MEAN_S], answer[VARIANCE], limit)
    if late < min(answer[ACCEPTED], answer[GOOD]):
        return CALLEE_LATE
    return CALLEE_REFUSES if answer[ACCEPTED] <= answer[GOOD] else CALLEE_FAILS


@compiled
def emptiest_fleet(system: System, state: State, i: int) -> int:
    """Give the fleet that limits the capacity of node ``i``, -1 for none."""
    fleet, share = -1, 0.999
    for p in range(system.capacities.fleet.size):
        m = system.capacities.fleet[p]
        in_service = state.in_service[m] / system.fleets.size[m]
        if system.capacities.service[p] == i and in_service < share:
            fleet, share = int(m), in_service
    return fleet
