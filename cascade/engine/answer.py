"""Backward half of a step: answers go from callees to callers (theory, section *Calls*)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cascade.behaviours import contention, occupancy, retry, sojourn
from cascade.compiled import compiled
from cascade.engine import flags, rest, serve, shape

if TYPE_CHECKING:
    from cascade.engine.state import Answer, CallState, NodeState, Reply, State
    from cascade.engine.system import Floats, Node, System


CONSTANT = 1e-9
"""Variance of a delay, relative to its square, that is none."""
SHORT = 1e-9
"""A wait of less than this share of the rest of the answer is none."""


@compiled
def answer(system: System, state: State) -> None:
    """Find out for every node, callees first, how good and how quick its answers now are."""
    for last in range(system.nodes.size, 0, -flags.BLOCK):
        first = max(last - flags.BLOCK, 0)
        if flags.is_any(state.in_doubt, first, last):
            for i in range(last - 1, first - 1, -1):
                if state.in_doubt[i]:
                    answer_at(system, state, i)


@compiled
def answer_at(system: System, state: State, i: int) -> None:
    """Work out the answer of a node, and let its callers know when it has changed."""
    state.in_doubt[i] = False
    if system.nodes[i].kind == 1:
        answer_for_group(system, state, i)
    else:
        answer_for_service(system, state, i)
    if state.answers[i].is_new:
        tell_callers(system, state, i)


@compiled
def tell_callers(system: System, state: State, i: int) -> None:
    """Let callers know that the answer of a node has changed."""
    state.replies[i].policy = -1
    for p in range(system.nodes[i].first_caller, system.nodes[i].last_caller):
        state.in_doubt[system.callers[p]] = True


@compiled
def ask(reply: Reply, callee: Answer, row: int, policy: Floats, law: Floats) -> None:
    r"""Find out what a call is worth: chance and time of an attempt, then of all attempts.

    .. math:: p = \alpha\, f\, P(T \le \tau)
    """
    reply.policy = row
    limit = policy[retry.TIMEOUT_S]
    in_time = wait_for(reply, callee, limit, law)
    accepted = callee.accepted_low if policy[retry.LOW] > 0.0 else callee.accepted
    ok = accepted * callee.good * in_time
    reply.ok, reply.fail_s, reply.success = 1.0, 0.0, 1.0
    reply.taking_s = reply.answer_s + reply.late_s
    reply.taking_variance = reply.variance + max(reply.late_square - reply.late_s * reply.late_s, 0.0)
    if ok < 1.0:
        late = accepted * callee.good * (1.0 - in_time) if in_time < 1.0 else 0.0
        first, second = late * limit if late > 0.0 else 0.0, late * limit * limit if late > 0.0 else 0.0
        bad = accepted * (1.0 - callee.good)
        if bad > 0.0:
            soon, soon_s = sojourn.timely(law, callee.fail_s, callee.fail_variance, limit)
            first += bad * soon * soon_s
            second += bad * soon * (soon_s * soon_s + callee.fail_variance)
            if soon < 1.0:
                first += bad * (1.0 - soon) * limit
                second += bad * (1.0 - soon) * limit * limit
        reply.ok, reply.fail_s = ok, min(first / (1.0 - ok), 1e9)
        try_again(reply, policy, max(min(second / (1.0 - ok), 1e18) - reply.fail_s**2, 0.0))


@compiled
def wait_for(reply: Reply, callee: Answer, limit: float, law: Floats) -> float:
    r"""Give the chance that a good answer comes in time, and leave the times of those that do.

    Answers that retries have delayed are a second mode of their distribution, of weight
    :math:`\ell`: :math:`P(T \le \tau) = (1 - \ell) F(\tau) + \ell F(\tau - d)`.
    """
    in_time, answer_s = sojourn.timely(law, callee.mean_s, callee.variance, limit)
    narrower = answer_s / callee.mean_s if in_time < 1.0 and callee.mean_s > 0.0 else 1.0
    reply.answer_s, reply.variance = answer_s, callee.variance * narrower * narrower
    reply.late, reply.late_s, reply.late_square = callee.late, callee.late_s, callee.late_square
    if callee.late <= 0.0 or in_time <= 0.0:
        return in_time
    delay_s = callee.late_s / callee.late
    spread = max(callee.late_square / callee.late - delay_s * delay_s, 0.0)
    if spread <= CONSTANT * delay_s * delay_s:  # nothing comes before a delay that is always the same
        late_in_time, late_answer_s = sojourn.timely(law, callee.mean_s, callee.variance, max(limit - delay_s, 0.0))
        late_answer_s += delay_s
        late_in_time = late_in_time if limit > delay_s else 0.0
    else:
        late_in_time, late_answer_s = sojourn.timely(law, callee.mean_s + delay_s, callee.variance + spread, limit)
    in_time = (1.0 - callee.late) * in_time + callee.late * late_in_time
    if in_time <= 0.0:
        reply.late, reply.late_s, reply.late_square = 0.0, 0.0, 0.0
        return 0.0
    delay_s = max(late_answer_s - answer_s, 0.0)
    reply.late *= late_in_time / in_time
    reply.late_s = reply.late * delay_s
    reply.late_square = reply.late_s * delay_s
    return in_time


@compiled
def try_again(reply: Reply, policy: Floats, fail_variance: float) -> None:
    """Add what retries make of a call whose attempts can fail."""
    success, late, late_s, late_square, failing_s = retry.delays(reply.ok, reply.fail_s, policy)
    reply.success = success
    reply.late_square += late_square + 2.0 * late_s * reply.late_s
    reply.late += late * (1.0 - reply.late)
    reply.late_s += late_s
    good_s = reply.answer_s + reply.late_s
    reply.taking_s = success * good_s + (1.0 - success) * failing_s
    reply.taking_variance = (
        success * (reply.variance + max(reply.late_square - reply.late_s * reply.late_s, 0.0))
        + (1.0 - success) * policy[retry.CLASSES] * fail_variance
        + success * (1.0 - success) * (good_s - failing_s) ** 2
    )


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
    mean, variance, hold = own, own * own, own + now.delay_s
    hold_variance = own * own + max(now.delay_square - now.delay_s * now.delay_s, 0.0)
    prompt, late_s, late_square = 1.0 - delayed(now), now.delay_s, now.delay_square
    for e in range(node.first_call, node.last_call):
        call, live = system.calls[e], state.calls[e]
        reply, policy = state.replies[call.callee], system.policies[call.policy]
        if reply.policy != call.policy:
            ask(reply, state.answers[call.callee], call.policy, policy, system.sojourn_law)
        if hear(live, reply):
            state.awake[i], state.awake[call.callee] = True, True
        if policy[retry.NEED] == retry.ASYNC:
            continue
        success = reply.success
        if policy[retry.RATIO] >= 0.0:
            success = min(success, afforded(live, now))
        share = live.fixed + live.live * success
        good *= share ** system.base[e].power if call.is_many else share
        hold += live.calls * reply.taking_s
        hold_variance += live.calls * reply.taking_variance
        if policy[retry.NEED] == retry.HARD:
            mean += live.calls * reply.answer_s
            variance += live.calls * reply.variance
            if reply.late > 0.0:
                prompt *= 1.0 - live.calls * reply.late if live.calls <= 1.0 else (1.0 - reply.late) ** live.calls
                late_s += live.calls * reply.late_s
                late_square += live.calls * reply.late_square
        else:
            mean += live.calls * reply.taking_s
            variance += live.calls * reply.taking_variance
    row, law = state.answers[i], system.laws[max(node.law, 0)]
    is_late_as_before = rest.same(late_s, row.late_s, system.same) and rest.same(
        late_square, row.late_square, system.same
    )
    row.is_new = not (now.at_rest and is_late_as_before)
    row.late, row.late_s, row.late_square = 1.0 - prompt, min(late_s, 1e9), min(late_square, 1e18)
    row.fail_variance = hold_variance
    leave_answer(node, now, row, law, min(max(good, 0.0), 1.0), mean, variance, min(hold, 1e9), system.same)
    if not now.at_rest:
        state.awake[i] = True


@compiled
def delayed(now: NodeState) -> float:
    """Share of the answers that faults delay, as one delay with the mean and the mean square of all of them."""
    return min(now.delay_s * now.delay_s / now.delay_square, 1.0) if now.delay_s > 0.0 else 0.0


@compiled
def afforded(live: CallState, now: NodeState) -> float:
    """Share of calls that succeed with the retries that a budget allows."""
    begun = live.calls * now.starts_rps
    return live.good_rps / begun if begun > 0.0 else 1.0


@compiled
def hear(live: CallState, reply: Reply) -> bool:
    """Note what attempts are worth now; whether that has changed."""
    if live.ok == reply.ok and live.fail_s == reply.fail_s:
        return False
    live.ok, live.fail_s, live.at_rest = reply.ok, reply.fail_s, False
    return True


@compiled
def answer_for_group(system: System, state: State, i: int) -> None:
    """Mix the answers of a group's members by the share of calls that each gets, at once when calls move at once."""
    node, row = system.nodes[i], state.answers[i]
    if system.routes[node.route].failover_s <= 0.0:
        shape.share_out(system, state, node.route, 0.0)
    good, mean, square, failing_s = 0.0, 0.0, 0.0, 0.0
    row.late, row.late_s, row.late_square = 0.0, 0.0, 0.0
    for e in range(node.first_call, node.last_call):
        call, live = system.calls[e], state.calls[e]
        callee, reply = state.answers[call.callee], state.replies[call.callee]
        if reply.policy != call.policy:
            ask(reply, callee, call.policy, system.policies[call.policy], system.sojourn_law)
        if hear(live, reply):
            state.awake[i], state.awake[call.callee] = True, True
        n = live.calls * live.ok
        good += n
        mean += n * callee.mean_s
        square += n * (callee.variance + callee.mean_s**2)
        row.late += n * callee.late
        row.late_s += n * callee.late_s
        row.late_square += n * callee.late_square
        failing_s += live.calls * live.fail_s * (1.0 - live.ok)
    row.is_new = True
    row.accepted, row.accepted_low, row.good = 1.0, 1.0, min(good, 1.0)
    if good > 0.0:
        row.late, row.late_s, row.late_square = row.late / good, row.late_s / good, row.late_square / good
    row.mean_s = mean / good if good > 0.0 else 0.0
    row.variance = max(square / good - row.mean_s**2, 0.0) if good > 0.0 else 0.0
    row.fail_s = failing_s / max(1.0 - good, 1e-12) if good < 1.0 else 0.0


@compiled
def leave_answer(
    node: Node,
    now: NodeState,
    row: Answer,
    law: Floats,
    good: float,
    mean: float,
    variance: float,
    hold: float,
    same: float,
) -> None:
    """Add the wait for a worker and leave the answer for the callers."""
    if not (rest.same(hold, now.hold_s, same) and rest.same(good, row.good, same)):
        now.hold_s, row.good = hold, good
        now.at_rest, row.is_new = False, True
    wait, spread = 0.0, 0.0
    queue = now.work - now.busy
    if node.law >= 0 and queue > 0.0:
        rate = serve.service_rate(node, now)
        if rate <= 0.0:
            wait = math.inf
        elif queue > SHORT * rate * mean:
            chance = min(serve.chance_to_wait(law, now.used, now.pushed), 1.0)
            wait = (queue + chance) / rate
            spread = occupancy.waiting_variance(wait, chance, rate, now.spread)
    row.fail_variance = min(row.fail_variance + spread, 1e18)
    mean_s, variance, fail_s = min(wait + mean, 1e9), min(spread + variance, 1e18), min(wait + hold, 1e9)
    if good < 1.0:
        fail_s = min(wait + max(hold - good * (mean + row.late_s), 0.0) / (1.0 - good), 1e9)
    is_quick_as_before = rest.same(mean_s, row.mean_s, same) and rest.same(variance, row.variance, same)
    if not (is_quick_as_before and rest.same(fail_s, row.fail_s, same)):
        row.mean_s, row.variance, row.fail_s, row.is_new = mean_s, variance, fail_s, True
