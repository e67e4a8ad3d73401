"""What breakers, caches, fallbacks, orders and groups make of the calls, before they are sent."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cascade.behaviours import ageing, circuit_breaker, retry
from cascade.compiled import compiled
from cascade.engine.state import GOOD

if TYPE_CHECKING:
    from cascade.engine.state import State
    from cascade.engine.system import Ints, System


@compiled
def shape_calls(system: System, state: State, special: Ints, t_s: float, dt: float) -> None:
    """Set calls per request and their bearing on success, for the calls that have a behaviour."""
    for e in special:
        on = state.enabled[e]
        state.calls[e] = system.calls.calls[e] * on
        state.fixed[e] = system.calls.fixed[e] if on > 0.0 else 1.0
        state.live[e] = system.calls.live[e] * on
    keep_order(system, state)
    use_caches(system, state, dt)
    trip_breakers(system, state, t_s, dt)
    fall_back(system, state)
    route(system, state, dt)


@compiled
def call_success(system: System, state: State, e: int) -> float:
    """Share of calls that succeed after all attempts."""
    policy = system.policies[system.calls.policy[e]]
    ok = state.ok[e]
    if policy[retry.ENDLESS] > 0.0:
        return 1.0 if ok > 0.0 else 0.0
    return 1.0 - (1.0 - ok) ** int(policy[retry.CLASSES])


@compiled
def keep_order(system: System, state: State) -> None:
    r"""Make a call only for requests whose earlier calls succeeded: :math:`n_e \prod f`."""
    orders = system.orders
    for o in range(orders.call.size):
        e = orders.call[o]
        reached = 1.0
        for p in range(orders.first[o], orders.first[o + 1]):
            before = orders.before[p]
            reached *= state.fixed[before] + state.live[before] * call_success(system, state, before)
        state.calls[e] *= reached
        state.fixed[e] += state.live[e] * (1.0 - reached)
        state.live[e] *= reached


@compiled
def use_caches(system: System, state: State, dt: float) -> None:
    """Answer from good and bad entries; let them expire, and fetch what is missing."""
    caches = system.caches
    for c in range(caches.call.size):
        e = caches.call[c]
        good, bad = state.good_entries[c], state.bad_entries[c]
        holder = caches.holder[c]
        if holder >= 0 and state.up[holder] * state.answers[holder, GOOD] <= 0.0:
            ageing.scale(good, 0.0)
        missing = max(1.0 - ageing.held(good) - ageing.held(bad), 0.0)
        if caches.warm_s[c] > 0.0:
            missing *= -math.expm1(-dt / caches.warm_s[c])
        asked = missing + ageing.expire(good, dt / caches.ttl_s[c])
        if caches.negative_s[c] > 0.0:
            asked += ageing.expire(bad, dt / caches.negative_s[c])
        success = call_success(system, state, e)
        if holder < 0 or state.up[holder] > 0.0:
            ageing.enter(good, asked * success)
        if caches.negative_s[c] > 0.0:
            ageing.enter(bad, asked * (1.0 - success))
        hit = caches.hit[c] * min(ageing.held(good), 1.0)
        miss = max(1.0 - hit - ageing.held(bad), 0.0)
        state.calls[e] *= miss
        state.fixed[e] += state.live[e] * hit
        state.live[e] *= miss


@compiled
def trip_breakers(system: System, state: State, t_s: float, dt: float) -> None:
    """Stop calls whose failures have passed the threshold."""
    breakers = system.breakers
    for b in range(breakers.call.size):
        e = breakers.call[b]
        state.failing[b], state.open_until_s[b] = circuit_breaker.advance(
            state.failing[b], state.open_until_s[b], 1.0 - state.ok[e],
            breakers.trip[b], breakers.window_s[b], breakers.open_s[b], t_s, dt,
        )  # fmt: skip
        share = circuit_breaker.passed(state.open_until_s[b], breakers.half_open[b], t_s)
        state.calls[e] *= share
        state.live[e] *= share


@compiled
def fall_back(system: System, state: State) -> None:
    r"""Replace failed calls: :math:`f + (1 - f)\, c\, w\, f_2`."""
    fallbacks = system.fallbacks
    for k in range(fallbacks.call.size):
        e, instead = fallbacks.call[k], fallbacks.instead[k]
        helped = fallbacks.covers[k] * fallbacks.worth[k]
        if instead >= 0:
            made = system.calls.calls[e] * (1.0 - state.fixed[e] - state.live[e] * call_success(system, state, e))
            state.calls[instead] = max(made, 0.0) * fallbacks.covers[k]
            helped *= call_success(system, state, instead)
        failed = 1.0 - state.fixed[e] - state.live[e]
        state.fixed[e] += (failed + state.live[e]) * helped
        state.live[e] *= 1.0 - helped


@compiled
def route(system: System, state: State, dt: float) -> None:
    """Share a group's calls among the members that are up, if there are enough of them."""
    routes = system.routes
    for g in range(routes.node.size):
        i = routes.node[g]
        count = 0.0
        for p in range(routes.first[g], routes.first[g + 1]):
            count += is_member_up(system, state, routes.member[p])
        keep = math.exp(-dt / routes.failover_s[g]) if routes.failover_s[g] > 0.0 else 0.0
        taken = False
        for p in range(routes.first[g], routes.first[g + 1]):
            e = routes.member[p]
            up = is_member_up(system, state, e)
            target = up / count if count > 0.0 else state.preference[e]
            if routes.ordered[g] and count > 0.0:
                target = up if not taken else 0.0
                taken = taken or up > 0.0
            state.preference[e] = target + (state.preference[e] - target) * keep
            has_quorum = count >= system.nodes.quorum[i]
            state.calls[e] = state.preference[e] if has_quorum else 0.0


@compiled
def is_member_up(system: System, state: State, e: int) -> float:
    """1 while a group's member runs and gets what it needs, else 0."""
    j = system.calls.callee[e]
    return 1.0 if state.up[j] > 0.0 and state.answers[j, GOOD] >= 0.5 else 0.0
