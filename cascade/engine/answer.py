"""Backward half of a step: answers go from callees to callers (theory, section *Calls*)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cascade.behaviours import contention, occupancy, retry, sojourn
from cascade.compiled import compiled
from cascade.engine.state import (
    ACCEPTED,
    ACCEPTED_LOW,
    FAIL_S,
    GOOD,
    MEAN_S,
    VARIANCE,
)

if TYPE_CHECKING:
    from cascade.engine.state import State
    from cascade.engine.system import System


@compiled
def answer(system: System, state: State) -> None:
    """Find out for every node, callees first, how good and how quick its answers now are."""
    for i in range(system.nodes.kind.size - 1, -1, -1):
        if system.nodes.kind[i] == 1:
            answer_for_group(system, state, i)
        else:
            answer_for_service(system, state, i)


@compiled
def reply(system: System, state: State, e: int) -> tuple[float, float]:
    r"""Give the chance that an attempt succeeds in time, and the mean time until one has failed [s].

    .. math:: p = \alpha\, f\, P(T \le \tau)
    """
    policy = system.policies[system.calls.policy[e]]
    callee = state.answers[system.calls.callee[e]]
    limit = policy[retry.TIMEOUT_S]
    accepted = callee[ACCEPTED_LOW] if policy[retry.LOW] > 0.0 else callee[ACCEPTED]
    in_time = sojourn.timely(callee[MEAN_S], callee[VARIANCE], limit)
    ok = accepted * callee[GOOD] * in_time
    if ok >= 1.0:
        return 1.0, 0.0
    bad = accepted * (1.0 - callee[GOOD]) * min(callee[FAIL_S], limit)
    if in_time < 1.0:
        bad += accepted * callee[GOOD] * (1.0 - in_time) * limit
    return ok, min(bad / (1.0 - ok), 1e9)


@compiled
def answer_for_service(system: System, state: State, i: int) -> None:
    r"""Combine a service's own work with that of its calls.

    .. math::
       f = (1 - \varepsilon) \prod_e (A_e + B_e f_e)^{n_e}, \qquad H = S + \sum_e n_e D_e
    """
    nodes, calls = system.nodes, system.calls
    own = nodes.service_s[i] * state.controls[2, i]
    if nodes.serial[i] > 0.0 or nodes.crosstalk[i] > 0.0:
        own *= contention.slowdown(state.busy[i] / nodes.replicas[i], nodes.serial[i], nodes.crosstalk[i])
    good = state.controls[1, i]
    mean, variance, hold = own, own * own, own
    for e in range(nodes.first_call[i], nodes.first_call[i + 1]):
        callee = state.answers[calls.callee[e]]
        policy = system.policies[calls.policy[e]]
        ok, fail_s = reply(system, state, e)
        state.ok[e], state.fail_s[e] = ok, fail_s
        need = policy[retry.NEED]
        if need == retry.ASYNC:
            continue
        n = state.calls[e]
        answer_s = min(callee[MEAN_S], policy[retry.TIMEOUT_S])
        spread = callee[VARIANCE]
        failing_s, success = 0.0, 1.0
        if ok < 1.0:
            answer_s, spread, failing_s, success = retry.duration(ok, fail_s, answer_s, spread, policy)
        taking = success * answer_s + (1.0 - success) * failing_s
        share = state.fixed[e] + state.live[e] * success
        if calls.power[e] > 1.0:
            share = share ** calls.power[e]
        good *= share
        hold += n * taking
        if need == retry.HARD:
            mean += n * answer_s
            variance += n * spread
        else:
            mean += n * taking
            variance += n * max(spread, (taking - answer_s) ** 2)
    finish(system, state, i, good, mean, variance, hold)


@compiled
def answer_for_group(system: System, state: State, i: int) -> None:
    """Mix the answers of a group's members by the share of calls that each gets."""
    nodes, calls = system.nodes, system.calls
    good, mean, square, hold, weight = 0.0, 0.0, 0.0, 0.0, 0.0
    for e in range(nodes.first_call[i], nodes.first_call[i + 1]):
        callee = state.answers[calls.callee[e]]
        ok, fail_s = reply(system, state, e)
        state.ok[e], state.fail_s[e] = ok, fail_s
        n = state.calls[e] * ok
        good += n
        mean += n * callee[MEAN_S]
        square += n * (callee[VARIANCE] + callee[MEAN_S] ** 2)
        hold += state.calls[e] * fail_s * (1.0 - ok)
        weight += state.calls[e]
    mean = mean / good if good > 0.0 else 0.0
    variance = max(square / good - mean * mean, 0.0) if good > 0.0 else 0.0
    state.answers[i, ACCEPTED], state.answers[i, ACCEPTED_LOW] = 1.0, 1.0
    state.answers[i, GOOD] = min(good, 1.0)
    state.answers[i, MEAN_S], state.answers[i, VARIANCE] = mean, variance
    state.answers[i, FAIL_S] = hold / max(1.0 - good, 1e-12) if good < 1.0 else 0.0


@compiled
def finish(
    system: System, state: State, i: int, good: float, mean: float, variance: float, hold: float
) -> None:
    """Add the wait for a worker and leave the answer for the callers."""
    nodes = system.nodes
    hold = min(hold, 1e9)
    state.hold_s[i] = hold
    wait, spread = 0.0, 0.0
    queue = state.work[i] - state.busy[i]
    if nodes.law[i] >= 0 and queue > 0.0:
        up = state.up[i]
        rate = nodes.capacity_rps[i] * up
        if nodes.servers[i] > 0.0:
            rate = min(rate, nodes.servers[i] * up / max(hold, 1e-6))
        if rate > 0.0:
            used = state.used[i]
            arriving = state.starts_rps[i] / rate
            chance = occupancy.interpolate(system.laws.waiting[nodes.law[i]], used) / max(used, 1e-9)
            wait = queue / rate
            spread = occupancy.waiting_variance(queue, rate, arriving, min(chance, 1.0))
        else:
            wait = math.inf
    good = min(max(good, 0.0), 1.0)
    row = state.answers[i]
    row[GOOD] = good
    row[MEAN_S] = min(wait + mean, 1e9)
    row[VARIANCE] = min(spread + variance, 1e18)
    bad = hold - good * mean
    row[FAIL_S] = min(wait + (max(bad, 0.0) / (1.0 - good) if good < 1.0 else hold), 1e9)
