"""What a scenario does to the arrays, and when (theory, section *Events*)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cascade.behaviours import ageing
from cascade.compiled import compiled
from cascade.engine import restart
from cascade.engine.table import empty_table

if TYPE_CHECKING:
    from cascade.engine.state import NodeState, State
    from cascade.engine.system import Ints, System
    from cascade.engine.table import Table

# What a change acts on; those before LIMIT are kept up, those after it happen once or set a switch.
LOSS, CAPACITY, SOUND, LATENCY, DELAY, DEMAND, LIMIT, ENABLED, CHECKING, LOSE, PURGE, RESTORE, REFILL = range(13)
NOTHING_LEFT = 1e-9
"""Share of the capacity below which there is none."""


class Change:
    """What an event does to one node, call or fleet."""

    event: int
    """Index of the event in the scenario."""
    at_s: float
    """When it is due [s]."""
    field: int
    """What it acts on."""
    index: int
    """Node, call or fleet."""
    value: float
    """Factor, rate, switch, or 1 plus a time [s]."""
    share: float
    """Share of the requests that it meets; only delays meet less than all."""
    over_s: float
    """Time over which it is spread [s]."""
    lasts_s: float
    """Time after which it is undone [s]."""
    period_s: float
    """Flapping: from one failure to the next [s]; inf for none."""
    down_s: float
    """Flapping: time down in each period [s]."""
    needs: int
    """Node that must work before an operator can act, -1 for none."""
    started_s: float
    """When it took effect [s]; inf until then."""
    cleared_s: float
    """When a restoration began to undo it [s]; inf until then."""
    clear_over_s: float
    """Time over which it is undone [s]."""


@compiled
def act(system: System, state: State, plan: Table[Change], touched: Ints, t_s: float) -> None:
    """Bring the controls to their values at ``t_s``.

    ``touched`` are the nodes that the plan acts on: their controls are made anew each step, so
    that overlapping faults combine and end one by one: losses of capacity add up (they strike
    different replicas), degradations multiply.
    """
    for i in touched:
        node = state.nodes[i]
        node.lost, node.health, node.sound, node.latency, node.surge = 0.0, 1.0, 1.0, 1.0, 1.0
        node.delay_s, node.delay_square, node.limit_rps = 0.0, 0.0, system.nodes[i].limit_rps
    for a in range(plan.size):
        change = plan[a]
        if change.started_s == math.inf and t_s >= change.at_s - 1e-9 and can_act(state, change.needs):
            change.started_s = t_s
            strike(system, state, plan, a, t_s)
        if change.started_s < math.inf:
            hold_on(state, change, t_s)
    for i in touched:
        left = 1.0 - state.nodes[i].lost
        state.nodes[i].health *= left if left > NOTHING_LEFT else 0.0
        restart.stir(state, i)


@compiled
def can_act(state: State, tool: int) -> bool:
    """Whether operators have what they need."""
    return tool < 0 or restart.works(state, tool) >= 0.5


@compiled
def strike(system: System, state: State, plan: Table[Change], a: int, t_s: float) -> None:
    """Do what happens once."""
    change = plan[a]
    if change.field == LOSE:
        fleet = state.fleets[change.index]
        fleet.lost += fleet.in_service * change.value
        fleet.in_service *= 1.0 - change.value
        ageing.scale(state.leases[change.index], 1.0 - change.value)
    elif change.field == PURGE:
        node = state.nodes[change.index]
        node.purged += max(node.work - node.busy, 0.0)
        node.work = min(node.busy, node.work)
        node.age_s = 0.0
        state.awake[change.index] = True
    elif change.field == RESTORE:
        clear(plan, change.index, change.over_s, t_s)
        for r in range(system.comebacks.size):
            if system.comebacks[r].node == change.index:
                state.comebacks[r].is_restored = True
    elif change.field == REFILL:
        refill(system, state, change.index)


@compiled
def clear(plan: Table[Change], node: int, over_s: float, t_s: float) -> None:
    """Begin to undo every fault of a node that has started before."""
    for b in range(plan.size):
        other = plan[b]
        if other.index == node and other.field <= DELAY and other.started_s < t_s and other.cleared_s == math.inf:
            other.cleared_s = t_s
            other.clear_over_s = over_s


@compiled
def refill(system: System, state: State, m: int) -> None:
    """Put every unit of a fleet back into service."""
    fleet, now, leases = system.fleets[m], state.fleets[m], state.leases[m]
    now.in_service, now.removed, now.lost, now.restoring, now.transit = fleet.size, 0.0, 0.0, 0.0, 0.0
    if fleet.restorer >= 0:
        call = system.calls[system.nodes[fleet.restorer].first_call]
        for w in range(call.first_waiting, call.last_waiting):
            state.waiting[w] = 0.0
    ageing.scale(leases, 0.0)
    for bin_ in range(ageing.BINS):
        leases[bin_] = fleet.size / ageing.BINS


@compiled
def hold_on(state: State, change: Change, t_s: float) -> None:
    """Keep up what lasts."""
    since = t_s - change.started_s
    if since >= change.lasts_s - 1e-9:
        if change.cleared_s == math.inf:
            change.cleared_s = t_s
            flip(state, change, 1.0 - change.value)
        return
    done = min(since / change.over_s, 1.0) if change.over_s > 0.0 else 1.0
    if change.field < LIMIT:
        press(state.nodes[change.index], change, level_of(change, since, done, t_s))
    elif change.field == LIMIT:
        node = state.nodes[change.index]
        node.limit_rps = limit_of(node.limit_rps, change.value, done)
    elif since <= 0.0:
        flip(state, change, change.value)


@compiled
def press(node: NodeState, change: Change, level: float) -> None:
    """Put a fault on a node, beside those that are on it already."""
    if change.field == LOSS:
        node.lost += 1.0 - level
    elif change.field == CAPACITY:
        node.health *= level
    elif change.field == SOUND:
        node.sound *= level
    elif change.field == LATENCY:
        node.latency *= level
    elif change.field == DELAY:
        delay(node, level - 1.0, change.share)
    else:
        node.surge *= level


@compiled
def delay(node: NodeState, delay_s: float, share: float) -> None:
    """Let a share of the answers come later, beside what delays them already."""
    node.delay_square += share * delay_s * (delay_s + 2.0 * node.delay_s)
    node.delay_s += share * delay_s


@compiled
def flip(state: State, change: Change, value: float) -> None:
    """Set the switch of a call or of a health check, if it is about one."""
    if change.field == ENABLED:
        state.switches[change.index].enabled = value
    elif change.field == CHECKING:
        state.fleets[change.index].checking = value


@compiled
def level_of(change: Change, since: float, done: float, t_s: float) -> float:
    """Give the factor that a fault is now, from 1 (none) to its value."""
    if change.period_s < math.inf and since % change.period_s >= change.down_s - 1e-9:
        return 1.0
    level = 1.0 + (change.value - 1.0) * done
    if change.cleared_s < math.inf:
        undone = min((t_s - change.cleared_s) / change.clear_over_s, 1.0) if change.clear_over_s > 0.0 else 1.0
        level += (1.0 - level) * undone
    return level


@compiled
def limit_of(before: float, value: float, done: float) -> float:
    """Give the admission limit on its way from one value to another [1/s].

    Finite to finite it changes linearly; towards or from no limit, inversely to what is left.
    """
    if done >= 1.0 or before == value:
        return value
    if value == math.inf:
        return before / (1.0 - done)
    if before == math.inf:
        return value / done if done > 0.0 else math.inf
    return before + (value - before) * done


def empty_plan(rows: int) -> Table[Change]:
    """Make a plan of so many changes that do nothing."""
    never = math.inf
    return empty_table(
        Change, rows, value=1.0, share=1.0, lasts_s=never, period_s=never, needs=-1, started_s=never, cleared_s=never
    )
