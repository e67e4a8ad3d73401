"""Forward half of a step: load goes from callers to callees (theory, sections *Services*, *Calls*)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cascade.behaviours import demand, occupancy, retry
from cascade.compiled import compiled
from cascade.engine import flags, rest
from cascade.engine.flows import DROPPED, FAILED, GOODPUT, OFFERED, REFUSED, SERVED

if TYPE_CHECKING:
    from cascade.engine.state import Answer, NodeState, State
    from cascade.engine.system import Floats, Node, System

MOST_RPS = 1e12
"""Load beyond which no more is counted: calls in a circle can multiply without end."""


@compiled
def serve(system: System, state: State, flows: Floats, t_s: float, dt: float) -> None:
    """Step every node that is awake, callers first; what it sends reaches its callees in the same step."""
    for first in range(0, system.nodes.size, flags.BLOCK):
        last = min(first + flags.BLOCK, system.nodes.size)
        if flags.is_any(state.awake, first, last):
            for i in range(first, last):
                if state.awake[i]:
                    serve_at(system, state, flows[i], i, t_s, dt)


@compiled
def serve_at(system: System, state: State, flow: Floats, i: int, t_s: float, dt: float) -> None:
    """Step a node, and let it sleep when nothing about it has changed."""
    state.awake[i] = False
    node, now = system.nodes[i], state.nodes[i]
    timely, pushed = gather(system, state, flow, i)
    outside = demand.rate(node.demand_rps, node.swing, node.peak_s, t_s) * now.surge
    arriving = flow[OFFERED] + outside
    flow[OFFERED] = min(arriving, MOST_RPS)
    take(node, now, state.answers[i], flow, system.laws, arriving, outside, timely, pushed, system.same, dt)
    if not now.at_rest:
        state.awake[i], state.in_doubt[i] = True, True
    call_out(system, state, i, dt)


@compiled
def gather(system: System, state: State, flow: Floats, i: int) -> tuple[float, float]:
    """Add up what callers send to a node; give the timely attempts and those of busy callers [1/s]."""
    node = system.nodes[i]
    offered, timely, pushed = 0.0, 0.0, 0.0
    for p in range(node.first_caller, node.last_caller):
        live = state.calls[system.incoming[p]]
        offered += live.sent_rps
        timely += live.sent_rps * live.ok
        pushed += live.sent_rps * live.pushed
    flow[OFFERED] = offered
    if node.has_low:
        state.nodes[i].low_rps = gather_low(system, state, i)
    return timely, pushed


@compiled
def gather_low(system: System, state: State, i: int) -> float:
    """Add up the attempts at a node that are shed first [1/s]."""
    low = 0.0
    for p in range(system.nodes[i].first_caller, system.nodes[i].last_caller):
        e = system.incoming[p]
        if system.calls[e].is_low:
            low += state.calls[e].sent_rps
    return low


@compiled
def take(
    node: Node, now: NodeState, answer: Answer, flow: Floats, laws: Floats,
    arriving: float, outside: float, timely: float, pushed: float, same: float, dt: float,
) -> None:  # fmt: skip
    """Take what arrives, cut off at the ceiling of all rates, and notice whether anything changes by it."""
    offered = flow[OFFERED]
    work, busy, used, age_s = now.work, now.busy, now.used, now.age_s
    spread, starts, accepted, pushed_before = now.spread, now.starts_rps, answer.accepted, now.pushed
    promising, success = now.promising, now.success
    if node.kind == 0:
        work_off(node, now, answer, flow, laws, dt)
    elif node.kind == 1:
        now.starts_rps = offered
        flow[SERVED] = offered
        flow[GOODPUT] = offered * answer.good
        flow[FAILED] = offered - flow[GOODPUT]
    now.pushed = pushed / arriving if pushed > 0.0 else 0.0
    if arriving > 0.0:
        now.success = (timely + outside * answer.accepted * answer.good) / arriving
    now.at_rest = (
        rest.same(now.work, work, same)
        and rest.same(now.busy, busy, same)
        and rest.same(now.used, used, same)
        and rest.same(now.age_s, age_s, same)
        and rest.same(now.spread, spread, same)
        and rest.same(now.starts_rps, starts, same)
        and rest.same(now.pushed, pushed_before, same)
        and rest.same(now.promising, promising, same)
        and rest.same(now.success, success, same)
        and rest.same(answer.accepted, accepted, same)
    )


@compiled
def work_off(node: Node, now: NodeState, answer: Answer, flow: Floats, laws: Floats, dt: float) -> None:
    """Admit, queue and finish the work of one service."""
    if now.up <= 0.0 and not node.durable:
        stand_still(now, answer, flow, dt)
    elif now.up <= 0.0 and node.law < 0:
        pile_up(node, now, answer, flow, dt)
    elif node.law < 0:
        work_unlimited(now, answer, flow, dt)
    else:
        work_limited(node, now, answer, flow, laws[node.law], dt)


@compiled
def stand_still(now: NodeState, answer: Answer, flow: Floats, dt: float) -> None:
    """Refuse everything; what was in the service is lost."""
    flow[REFUSED] = flow[OFFERED]
    flow[DROPPED] = (now.work + now.purged) / dt
    flow[SERVED], flow[GOODPUT], flow[FAILED] = 0.0, 0.0, 0.0
    now.purged, now.work, now.busy, now.used, now.age_s, now.starts_rps = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    answer.accepted, answer.accepted_low = 0.0, 0.0


@compiled
def pile_up(node: Node, now: NodeState, answer: Answer, flow: Floats, dt: float) -> None:
    """Keep what waits, and what arrives, for later."""
    high = min(flow[OFFERED] - now.low_rps, now.limit_rps)
    low = min(now.low_rps, now.limit_rps - high)
    work = now.work + (high + low) * dt
    high, low, lost = turn_away(max(work - node.room, 0.0), high, low, dt)
    now.work = min(work, node.room)
    now.busy, now.starts_rps = 0.0, 0.0
    now.age_s = now.age_s + dt if now.work > 0.0 else 0.0
    book(now, answer, flow, high, low, 0.0, (now.purged + lost) / dt)


@compiled
def begin(now: NodeState, good: float, started: float) -> None:
    """Mix the prospects of requests that start into those of the ones in work: good answers come at their end."""
    if now.busy + started > 0.0:
        now.promising = (now.promising * now.busy + good * started) / (now.busy + started)


@compiled
def turn_away(over: float, high: float, low: float, dt: float) -> tuple[float, float, float]:
    """Refuse what finds no room, low priority first; give what is taken [1/s] and what is lost beyond that."""
    if over <= 0.0:
        return high, low, 0.0
    refused_low = min(over / dt, low)
    refused = min(over / dt - refused_low, high)
    return high - refused, low - refused_low, max(over - (refused_low + refused) * dt, 0.0)


@compiled
def work_unlimited(now: NodeState, answer: Answer, flow: Floats, dt: float) -> None:
    r"""Serve as an infinite-server station, :math:`\dot X = a - X / H`."""
    high = min(flow[OFFERED] - now.low_rps, now.limit_rps)
    low = min(now.low_rps, now.limit_rps - high)
    starts = high + low + max(now.work - now.busy, 0.0) / dt
    begin(now, answer.good, starts * dt)
    gone = -math.expm1(-dt / now.hold_s) if now.hold_s > 0.0 else 1.0
    left = now.busy - (now.busy - starts * now.hold_s) * gone
    served = max(starts + (now.busy - left) / dt, 0.0)
    now.work, now.busy, now.starts_rps, now.age_s = left, left, starts, 0.0
    book(now, answer, flow, high, low, served, now.purged / dt)


@compiled
def work_limited(node: Node, now: NodeState, answer: Answer, flow: Floats, law: Floats, dt: float) -> None:
    r"""Serve with a limited number of workers, or start work at a limited rate; implicit in time.

    .. math:: X' = X + a\,dt - \mu\,u(X')\,dt

    Workers are held until a request is answered; a rate limits only how often work is started.
    """
    rate = service_rate(node, now)
    high = min(flow[OFFERED] - now.low_rps, now.limit_rps)
    low = min(now.low_rps, now.limit_rps - high)
    workers = (node.servers if node.servers > 0.0 else node.replicas) * now.up
    if node.is_small and rate > 0.0 and node.most > workers + node.room:
        blocked = blocked_share(node, now, law, workers, high + low, rate * now.used, dt)
        high *= 1.0 - blocked
        low *= 1.0 - blocked
    queued = max(now.work - now.busy, 0.0)
    brought = queued + (high + low) * dt
    held = 0.0
    if node.servers > 0.0:
        brought += now.busy
        held = rate * now.hold_s
    used, chance = 0.0, 0.0
    if rate > 0.0:
        chance = chance_to_wait(law, now.used, now.pushed)
        used = occupancy.utilisation(brought, held, rate * dt, chance)
    done = rate * used
    busy = held * used
    queue = max(brought - done * dt - busy, 0.0)
    high, low, lost = turn_away(max(queue - node.room, 0.0), high, low, dt)
    queue = min(queue, node.room)
    expired = 0.0
    if node.deadline_s < math.inf:
        expired = max(queue - rate * node.deadline_s, 0.0)
        queue -= expired
    expired += lost
    back = occupancy.relaxation(held, rate, used, chance) if rate > 0.0 else 0.0
    if now.pushed > 0.0 and node.most < math.inf:
        back += now.pushed * (high + low) / max(node.most - now.work, 1.0)
    now.spread = (now.spread + (high + low + done) * dt) / (1.0 + 2.0 * back * dt)
    now.spread = min(now.spread, (node.room - queue + 1.0) ** 2)
    now.taken_rps = high + low
    now.starts_rps = max(high + low - (queue - queued + expired) / dt, 0.0)
    begin(now, answer.good, now.starts_rps * dt)
    if node.servers <= 0.0:
        gone = -math.expm1(-dt / now.hold_s) if now.hold_s > 0.0 else 1.0
        busy = now.busy - (now.busy - now.starts_rps * now.hold_s) * gone
        done = max(now.starts_rps + (now.busy - busy) / dt, 0.0)
    wait = queue / rate if rate > 0.0 else math.inf
    now.work, now.busy, now.used = queue + busy, busy, used
    now.age_s = min(now.age_s + dt, wait) if queue > 1e-9 else 0.0
    dropped = now.purged + expired
    book(now, answer, flow, high, low, done, dropped / dt if dropped > 0.0 else 0.0)
    if expired > 0.0:
        lasting = max(1.0 - expired / (now.taken_rps * dt), 0.0) if now.taken_rps > 0.0 else 0.0
        answer.accepted *= lasting
        answer.accepted_low *= lasting


@compiled
def blocked_share(
    node: Node, now: NodeState, law: Floats, workers: float, arriving: float, done: float, dt: float
) -> float:
    r"""Share of arrivals that find a small waiting room full; implicit in time, linearised.

    .. math:: b' = b + b_X\,dt\,\frac{a (1 - b) - s}{1 + a\,b_X\,dt}
    """
    places = workers + node.room
    filled = now.work - now.busy + workers * now.used
    table = law[occupancy.BLOCKED]
    blocked = occupancy.interpolate(table, filled / places)
    more = occupancy.interpolate(table, (filled + 1.0) / places) - blocked
    less = blocked - occupancy.interpolate(table, (filled - 1.0) / places)
    change = max(more, less) * dt
    blocked += change * (arriving * (1.0 - blocked) - done) / (1.0 + arriving * change)
    return min(max(blocked, 0.0), 1.0)


@compiled
def chance_to_wait(law: Floats, used: float, pushed: float) -> float:
    """Give the chance to wait: between that of open arrivals and that of callers that are all busy."""
    chance = occupancy.interpolate(law[occupancy.WAITING], used)
    if pushed > 0.0:
        chance += pushed * (occupancy.interpolate(law[occupancy.CLOSED], used) - chance)
    return chance


@compiled
def service_rate(node: Node, now: NodeState) -> float:
    """Give the requests that a service could finish now [1/s]; slow callees hold its workers."""
    if now.up <= 0.0:
        return 0.0
    rate = node.capacity_rps * now.up
    if node.servers > 0.0:
        rate = min(rate, node.servers * now.up / max(now.hold_s, 1e-6))
    return rate


@compiled
def book(now: NodeState, answer: Answer, flow: Floats, high: float, low: float, served: float, dropped: float) -> None:
    """Write down what was taken, refused, served and dropped [1/s]."""
    offered_high = flow[OFFERED] - now.low_rps
    answer.accepted = high / offered_high if high < offered_high else 1.0
    answer.accepted_low = low / now.low_rps if low < now.low_rps else answer.accepted
    flow[REFUSED] = max(flow[OFFERED] - high - low, 0.0)
    flow[SERVED] = served
    flow[GOODPUT] = served * now.promising
    flow[FAILED] = served - flow[GOODPUT]
    flow[DROPPED] = dropped
    now.purged = 0.0


@compiled
def call_out(system: System, state: State, i: int, dt: float) -> None:
    """Send the calls of the work that a node has started."""
    node, now = system.nodes[i], state.nodes[i]
    queue = now.work - now.busy
    pushed = 1.0 - (1.0 - now.pushed) / (1.0 + queue) if node.kind == 0 and node.law >= 0 else now.pushed
    done = 0.0
    for e in range(node.first_call, node.last_call):
        live = state.calls[e]
        if try_calls(system, state, e, live.calls * now.starts_rps, pushed, dt):
            state.awake[system.calls[e].callee] = True
        if not live.at_rest:
            state.awake[i] = True
        done += live.good_rps
    now.done = done * dt


@compiled
def try_calls(system: System, state: State, e: int, begun: float, pushed: float, dt: float) -> bool:
    """Make the first attempts of new calls and the further ones of old calls; whether the callee notices."""
    call, live = system.calls[e], state.calls[e]
    sent, good, gave_up = begun, begun * live.ok, 0.0
    if call.first_waiting == call.last_waiting:
        gave_up = begun - good
    elif not retry.is_quiet(state.waiting, call.first_waiting, call.last_waiting, live.ok):
        policy = system.policies[call.policy]
        sent, good, gave_up = retry.attempts(state.waiting, call.first_waiting, policy, begun, live.ok, live.fail_s, dt)
    if state.ledger.shape[0] > 0:
        state.ledger[e, 0] += begun * dt
        state.ledger[e, 1] += good * dt
        state.ledger[e, 2] += gave_up * dt
    is_same = rest.same(sent, live.sent_rps, system.same)
    live.at_rest = is_same and rest.same(begun, good + gave_up, system.same) and state.ledger.shape[0] == 0
    live.good_rps = good
    if is_same and rest.same(pushed, live.pushed, system.same):
        return False
    live.sent_rps, live.pushed = sent, pushed
    return True
