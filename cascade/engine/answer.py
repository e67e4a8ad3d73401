"""Backward half of a step: answers go from callees to callers (theory, section *Calls*)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cascade.behaviours import contention, occupancy, retry, sojourn
from cascade.compiled import compiled
from cascade.engine import serve

if TYPE_CHECKING:
    from cascade.engine.state import Answer, NodeState, Reply, State
    from cascade.engine.system import Floats, Node, System


SHORT = 1e-9
"""A wait of less than this share of the rest of the answer is none."""


@compiled
def answer(system: System, state: State) -> None:
    """Find out for every node, callees first, how good and how quick its answers now are."""
    for i in range(system.nodes.size - 1, -1, -1):
        if system.nodes[i].kind == 1:
            answer_for_group(system, state, i)
        else:
            answer_for_service(system, state, i)


@compiled
def ask(reply: Reply, callee: Answer, row: int, policy: Floats, law: Floats) -> None:
    r"""Find out what a call is worth: chance and time of an attempt, then of all attempts.

    .. math:: p = \alpha\, f\, P(T \le \tau)
    """
    reply.policy = row
    limit = policy[retry.TIMEOUT_S]
    accepted = callee.accepted_low if policy[retry.LOW] > 0.0 else callee.accepted
    in_time, answer_s = sojourn.timely(law, callee.mean_s, callee.variance, limit)
    ok = accepted * callee.good * in_time
    if ok >= 1.0:
        reply.ok, reply.fail_s, reply.success = 1.0, 0.0, 1.0
        reply.answer_s, reply.variance, reply.taking_s = callee.mean_s, callee.variance, callee.mean_s
        return
    bad = accepted * (1.0 - callee.good) * min(callee.fail_s, limit)
    if in_time < 1.0:
        bad += accepted * callee.good * (1.0 - in_time) * limit
    fail_s = min(bad / (1.0 - ok), 1e9)
    reply.ok, reply.fail_s = ok, fail_s
    narrower = answer_s / callee.mean_s if callee.mean_s > 0.0 else 1.0
    reply.answer_s, reply.variance, failing_s, reply.success = retry.duration(
        ok, fail_s, answer_s, callee.variance * narrower * narrower, policy
    )
    reply.taking_s = reply.success * reply.answer_s + (1.0 - reply.success) * failing_s


@compiled
def answer_for_service(system: System, state: State, i: int) -> None:
    r"""Combine a service's own work with that of its calls.

    .. math::
       f = (1 - \varepsilon) \prod_e (A_e + B_e f_e)^{n_e}, \qquad H = S + \sum_e n_e D_e
    """
    node, now = system.nodes[i], state.nodes[i]
    own = node.service_s * now.latency
    if node.serial > 0.0 or node.crosstalk > 0.0:
        own *= contention.slowdown(now.busy / node.replicas, node.serial, node.crosstalk)
    good = now.sound * now.intact
    mean, variance, hold = own, own * own, own
    for e in range(node.first_call, node.last_call):
        call, live = system.calls[e], state.calls[e]
        reply, policy = state.replies[call.callee], system.policies[call.policy]
        if reply.policy != call.policy:
            ask(reply, state.answers[call.callee], call.policy, policy, system.sojourn_law)
        live.ok, live.fail_s = reply.ok, reply.fail_s
        if policy[retry.NEED] == retry.ASYNC:
            continue
        share = live.fixed + live.live * reply.success
        good *= share if call.power <= 1.0 else share**call.power
        hold += live.calls * reply.taking_s
        if policy[retry.NEED] == retry.HARD:
            mean += live.calls * reply.answer_s
            variance += live.calls * reply.variance
        else:
            mean += live.calls * reply.taking_s
            variance += live.calls * max(reply.variance, (reply.taking_s - reply.answer_s) ** 2)
    state.replies[i].policy = -1
    law = system.laws[max(node.law, 0)]
    leave_answer(node, now, state.answers[i], law, min(max(good, 0.0), 1.0), mean, variance, min(hold, 1e9))


@compiled
def answer_for_group(system: System, state: State, i: int) -> None:
    """Mix the answers of a group's members by the share of calls that each gets."""
    node, row = system.nodes[i], state.answers[i]
    good, mean, square, failing_s = 0.0, 0.0, 0.0, 0.0
    for e in range(node.first_call, node.last_call):
        call, live = system.calls[e], state.calls[e]
        callee, reply = state.answers[call.callee], state.replies[call.callee]
        if reply.policy != call.policy:
            ask(reply, callee, call.policy, system.policies[call.policy], system.sojourn_law)
        live.ok, live.fail_s = reply.ok, reply.fail_s
        n = live.calls * live.ok
        good += n
        mean += n * callee.mean_s
        square += n * (callee.variance + callee.mean_s**2)
        failing_s += live.calls * live.fail_s * (1.0 - live.ok)
    state.replies[i].policy = -1
    row.accepted, row.accepted_low, row.good = 1.0, 1.0, min(good, 1.0)
    row.mean_s = mean / good if good > 0.0 else 0.0
    row.variance = max(square / good - row.mean_s**2, 0.0) if good > 0.0 else 0.0
    row.fail_s = failing_s / max(1.0 - good, 1e-12) if good < 1.0 else 0.0


@compiled
def leave_answer(
    node: Node, now: NodeState, row: Answer, law: Floats, good: float, mean: float, variance: float, hold: float
) -> None:
    """Add the wait for a worker and leave the answer for the callers."""
    now.hold_s = hold
    wait, spread = 0.0, 0.0
    queue = now.work - now.busy
    if node.law >= 0 and queue > 0.0:
        rate = serve.service_rate(node, now)
        if rate <= 0.0:
            wait = math.inf
        elif queue > SHORT * rate * mean:
            chance = min(serve.waiting_at(law, now.used, now.pushed) / max(now.used, 1e-9), 1.0)
            wait = (queue + chance) / rate
            spread = occupancy.waiting_variance(wait, chance, rate, now.spread)
    row.good = good
    row.mean_s = min(wait + mean, 1e9)
    row.variance = min(spread + variance, 1e18)
    row.fail_s = min(wait + hold, 1e9)
    if good < 1.0:
        row.fail_s = min(wait + max(hold - good * mean, 0.0) / (1.0 - good), 1e9)
