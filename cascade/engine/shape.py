"""What breakers, caches, fallbacks, orders and groups make of the calls, before they are sent."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cascade.behaviours import ageing, circuit_breaker, retry
from cascade.compiled import compiled

if TYPE_CHECKING:
    from cascade.engine.state import State
    from cascade.engine.system import Ints, System


@compiled
def shape_calls(system: System, state: State, special: Ints, t_s: float, dt: float) -> None:
    """Set calls per request and their bearing on success, for the calls that have a behaviour."""
    for e in special:
        base, live, on = system.base[e], state.calls[e], state.switches[e].enabled
        live.calls = base.calls * on
        live.fixed = base.fixed if on > 0.0 else 1.0
        live.live = base.live * on
        live.at_rest = False
        caller = system.calls[e].caller
        state.awake[caller], state.in_doubt[caller] = True, True
    keep_order(system, state)
    use_caches(system, state, dt)
    trip_breakers(system, state, t_s, dt)
    fall_back(system, state)
    route(system, state, dt)


@compiled
def call_success(system: System, state: State, e: int) -> float:
    """Share of calls that succeed after all attempts."""
    policy = system.policies[system.calls[e].policy]
    ok = state.calls[e].ok
    if policy[retry.ENDLESS] > 0.0:
        return 1.0 if ok > 0.0 else 0.0
    return 1.0 - (1.0 - ok) ** int(policy[retry.CLASSES])


@compiled
def keep_order(system: System, state: State) -> None:
    r"""Make a call only for requests whose earlier calls succeeded: :math:`n_e \prod f`."""
    for o in range(system.orders.size):
        order = system.orders[o]
        reached = 1.0
        for p in range(order.first_before, order.last_before):
            base = system.base[system.before[p]]
            reached *= base.fixed + base.live * call_success(system, state, system.before[p])
        state.calls[order.call].calls *= reached


@compiled
def use_caches(system: System, state: State, dt: float) -> None:
    """Answer from good and bad entries; let them expire, and fetch what is missing."""
    for c in range(system.caches.size):
        cache = system.caches[c]
        good, bad = state.good_entries[c], state.bad_entries[c]
        has_holder = cache.holder < 0 or state.nodes[cache.holder].up * state.answers[cache.holder].good > 0.0
        if not has_holder:
            ageing.scale(good, 0.0)
        missing = max(1.0 - ageing.held(good) - ageing.held(bad), 0.0)
        if cache.warm_s > 0.0:
            missing *= -math.expm1(-dt / cache.warm_s)
        asked = missing + ageing.expire(good, dt / cache.ttl_s)
        if cache.negative_s > 0.0:
            asked += ageing.expire(bad, dt / cache.negative_s)
        success = call_success(system, state, cache.call)
        if has_holder:
            ageing.enter(good, asked * success)
        if cache.negative_s > 0.0:
            ageing.enter(bad, asked * (1.0 - success))
        live = state.calls[cache.call]
        hit = cache.hit * min(ageing.held(good), 1.0)
        miss = max(1.0 - hit - ageing.held(bad), 0.0)
        live.calls *= miss
        live.fixed += live.live * hit
        live.live *= miss


@compiled
def trip_breakers(system: System, state: State, t_s: float, dt: float) -> None:
    """Stop calls whose failures have passed the threshold."""
    for b in range(system.breakers.size):
        breaker, memory = system.breakers[b], state.breakers[b]
        live, was_until_s = state.calls[breaker.call], memory.open_until_s
        memory.failing, memory.open_until_s = circuit_breaker.advance(
            memory.failing, memory.open_until_s, 1.0 - live.ok, breaker.trip, breaker.window_s, breaker.open_s, t_s, dt
        )
        if memory.open_until_s > was_until_s:
            memory.opened_s = min(memory.opened_s, t_s)
        share = circuit_breaker.passed(memory.open_until_s, breaker.half_open, t_s)
        live.calls *= share
        live.live *= share


@compiled
def fall_back(system: System, state: State) -> None:
    r"""Replace failed calls: :math:`f + (1 - f)\, c\, w\, f_2`; those are as many as fail, whatever they bear on."""
    for k in range(system.fallbacks.size):
        fallback = system.fallbacks[k]
        live = state.calls[fallback.call]
        helped = fallback.covers * fallback.worth
        if fallback.instead >= 0:
            state.calls[fallback.instead].calls = failed_calls(system, state, fallback.call) * fallback.covers
            helped *= call_success(system, state, fallback.instead)
        failed = 1.0 - live.fixed - live.live
        live.fixed += (failed + live.live) * helped
        live.live *= 1.0 - helped


@compiled
def failed_calls(system: System, state: State, e: int) -> float:
    """Calls per request that fail for good, those that a breaker or a believed failure stops included."""
    base, live, success = system.base[e], state.calls[e], call_success(system, state, e)
    if base.live <= 0.0:  # it bears on nothing, so that only the calls themselves are known
        return live.calls * (1.0 - success)
    return base.calls * max(1.0 - (live.fixed - base.fixed + live.live * success) / base.live, 0.0)


@compiled
def route(system: System, state: State, dt: float) -> None:
    """Move the calls of every group towards the members that are up."""
    for g in range(system.routes.size):
        failover_s = system.routes[g].failover_s
        share_out(system, state, g, math.exp(-dt / failover_s) if failover_s > 0.0 else 0.0)


@compiled
def share_out(system: System, state: State, g: int, keep: float) -> None:
    """Share a group's calls among the members that are up, if there are enough; a share ``keep`` stays as it was."""
    group = system.routes[g]
    count = 0.0
    for p in range(group.first_member, group.last_member):
        count += is_member_up(system, state, system.members[p])
    has_quorum = count >= system.nodes[group.node].quorum
    taken = False
    for p in range(group.first_member, group.last_member):
        e = system.members[p]
        switch = state.switches[e]
        up = is_member_up(system, state, e)
        target = switch.preference
        if count > 0.0:
            target = up / count
            if group.is_ordered:
                target = 0.0 if taken else up
                taken = taken or up > 0.0
        switch.preference = target + (switch.preference - target) * keep
        state.calls[e].calls = switch.preference if has_quorum else 0.0


@compiled
def is_member_up(system: System, state: State, e: int) -> float:
    """1 while a group's member runs and gets what it needs, else 0."""
    j = system.calls[e].callee
    return 1.0 if state.nodes[j].up > 0.0 and state.answers[j].good >= 0.5 else 0.0
