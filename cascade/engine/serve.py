"""Forward half of a step: load goes from callers to callees (theory, sections *Services*, *Calls*)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cascade.behaviours import contention, demand, occupancy, retry
from cascade.compiled import compiled
from cascade.engine.record import DROPPED, FAILED, GOODPUT, REFUSED, SERVED
from cascade.engine.record import OFFERED as OFFERED_FLOW
from cascade.engine.state import ACCEPTED, ACCEPTED_LOW, GOOD, OFFERED, TIMELY

if TYPE_CHECKING:
    from cascade.engine.state import State
    from cascade.engine.system import Floats, System


@compiled
def serve(system: System, state: State, flows: Floats, t_s: float, dt: float) -> None:
    """Step every node in topological order; what it sends reaches its callees in the same step."""
    nodes = system.nodes
    for i in range(nodes.kind.size):
        answer = state.answers[i]
        called = answer[OFFERED]
        low = state.low_rps[i]
        outside = demand.rate(nodes.demand_rps[i], nodes.swing[i], nodes.peak_s[i], t_s) * state.controls[3, i]
        flow = flows[i]
        flow[OFFERED_FLOW] = called + outside
        if nodes.kind[i] == 0:
            work_off(system, state, i, flow, low, dt)
        elif nodes.kind[i] == 1:
            state.starts_rps[i] = called
            flow[SERVED] = called
            flow[GOODPUT] = called * answer[GOOD]
            flow[FAILED] = called - flow[GOODPUT]
        offered = called + outside
        if offered > 0.0:
            state.success[i] = (answer[TIMELY] + outside * answer[ACCEPTED] * answer[GOOD]) / offered
        answer[OFFERED] = 0.0
        answer[TIMELY] = 0.0
        state.low_rps[i] = 0.0
        call_out(system, state, i, dt)


@compiled
def work_off(system: System, state: State, i: int, flow: Floats, low: float, dt: float) -> None:
    r"""Admit, queue and finish the work of one service.

    .. math:: X' = X + a\,dt - \mu u(X')\,dt
    """
    nodes = system.nodes
    answer = state.answers[i]
    offered = flow[OFFERED_FLOW]
    up = state.up[i]
    work = state.work[i]
    queue_before = max(work - state.busy[i], 0.0)
    dropped = state.purged[i]
    state.purged[i] = 0.0
    if up <= 0.0 and not nodes.durable[i]:
        dropped += work
        state.work[i], state.busy[i], state.used[i] = 0.0, 0.0, 0.0
        state.starts_rps[i], state.age_s[i] = 0.0, 0.0
        answer[ACCEPTED], answer[ACCEPTED_LOW] = 0.0, 0.0
        flow[REFUSED], flow[SERVED], flow[GOODPUT], flow[FAILED] = offered, 0.0, 0.0, 0.0
        flow[DROPPED] = dropped / dt
        return

    limit = state.controls[4, i]
    high = offered - low
    taken_high = min(high, limit)
    taken_low = min(low, limit - taken_high)
    hold = state.hold_s[i]
    law = nodes.law[i]
    if law < 0:
        keep = math.exp(-dt / hold) if hold > 0.0 else 0.0
        taken = taken_high + taken_low
        left = work * keep + taken * hold * (1.0 - keep)
        served = max(taken + (work - left) / dt, 0.0)
        busy, queue, rate, used, late = left, 0.0, math.inf, 0.0, 0.0
        refused = 0.0
    else:
        servers = nodes.servers[i] * up
        rate = nodes.capacity_rps[i] * up
        if servers > 0.0:
            rate = min(rate, servers / max(hold, 1e-6))
        servers = rate * hold
        blocked = 0.0
        if nodes.places[i] <= occupancy.SMALL_ROOM and rate > 0.0:
            load = (taken_high + taken_low) / rate
            blocked = occupancy.interpolate(system.laws.blocked[law], load / (1.0 + load))
        taken_high *= 1.0 - blocked
        taken_low *= 1.0 - blocked
        brought = work + (taken_high + taken_low) * dt
        used = 0.0
        if rate > 0.0:
            waiting = occupancy.interpolate(system.laws.waiting[law], state.used[i])
            used = occupancy.utilisation(brought, servers, rate * dt, waiting)
            waiting = occupancy.interpolate(system.laws.waiting[law], used)
            used = occupancy.utilisation(brought, servers, rate * dt, waiting)
        served = rate * used
        left = max(brought - served * dt, 0.0)
        over = max(left - nodes.places[i], 0.0)
        left -= over
        refused = over / dt
        shed = min(refused, taken_low)
        taken_low -= shed
        taken_high = max(taken_high - (refused - shed), 0.0)
        busy = min(servers * used, left)
        queue = left - busy
        late = 0.0
        if nodes.deadline_s[i] < math.inf:
            late = max(queue - rate * nodes.deadline_s[i], 0.0)
            dropped += late
            queue -= late
            left -= late
    taken = taken_high + taken_low
    answer[ACCEPTED] = taken_high / high if high > 0.0 else 1.0
    answer[ACCEPTED_LOW] = taken_low / low if low > 0.0 else answer[ACCEPTED]
    state.starts_rps[i] = max(taken - (queue - queue_before + late) / dt, 0.0)
    state.work[i], state.busy[i], state.used[i] = left, busy, used
    wait = queue / rate if rate > 0.0 else math.inf
    state.age_s[i] = min(state.age_s[i] + dt, wait) if queue > 1e-9 else 0.0
    good = served * answer[GOOD]
    flow[REFUSED] = max(offered - taken, 0.0)
    flow[SERVED] = served
    flow[GOODPUT] = good
    flow[FAILED] = served - good
    flow[DROPPED] = dropped / dt


@compiled
def call_out(system: System, state: State, i: int, dt: float) -> None:
    """Send the calls of the work that node ``i`` has started."""
    nodes, calls = system.nodes, system.calls
    starts = state.starts_rps[i]
    done = 0.0
    for e in range(nodes.first_call[i], nodes.first_call[i + 1]):
        begun = state.calls[e] * starts
        policy = system.policies[calls.policy[e]]
        slot = calls.first_waiting[e]
        ok = state.ok[e]
        if slot == calls.first_waiting[e + 1]:
            sent = begun
            good = begun * ok
            gave_up = begun - good
        else:
            sent, good, gave_up = retry.attempts(state.waiting, slot, policy, begun, ok, state.fail_s[e], dt)
        done += good
        if state.ledger.shape[0] > 0:
            state.ledger[e, 0] += begun * dt
            state.ledger[e, 1] += good * dt
            state.ledger[e, 2] += gave_up * dt
        j = calls.callee[e]
        state.answers[j, OFFERED] += sent
        state.answers[j, TIMELY] += sent * ok
        if policy[retry.LOW] > 0.0:
            state.low_rps[j] += sent
    state.done_rps[i] = done
