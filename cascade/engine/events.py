"""What a scenario does to the arrays, and when (theory, section *Events*)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cascade.behaviours import ageing
from cascade.compiled import compiled
from cascade.engine.state import ACCEPTED, GOOD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cascade.engine.state import State
    from cascade.engine.system import Floats, Ints, System

# What a row of the plan acts on. The first five are rows of ``State.controls``.
HEALTH, GOOD_SHARE, LATENCY, DEMAND, LIMIT, ENABLED, CHECKING, LOSE, PURGE, RESTORE, REFILL = range(11)


class Plan(NamedTuple):
    """Changes in the order in which they are due; arrays (A,)."""

    event: Ints
    """Index of the event in the scenario."""
    at_s: Floats
    field: Ints
    index: Ints
    """Node, call or fleet."""
    value: Floats
    over_s: Floats
    lasts_s: Floats
    period_s: Floats
    """Flapping: from one failure to the next; inf for none."""
    down_s: Floats
    needs: Ints
    """Node that must work before an operator can act, -1 for none."""
    started_s: Floats
    """When it took effect; inf until then."""
    cleared_s: Floats
    """When a restoration began to undo it; inf until then."""
    clear_over_s: Floats


@compiled
def act(system: System, state: State, plan: Plan, touched: Ints, t_s: float) -> None:
    """Bring the controls to their values at ``t_s``.

    ``touched`` are the nodes that the plan acts on: their controls are made anew each step, so
    that overlapping faults multiply and end one by one.
    """
    for i in touched:
        for field in range(LIMIT):
            state.controls[field, i] = 1.0
        state.controls[LIMIT, i] = system.nodes.limit_rps[i]
    for a in range(plan.at_s.size):
        if plan.started_s[a] == math.inf and t_s >= plan.at_s[a] - 1e-9 and can_act(state, plan.needs[a]):
            plan.started_s[a] = t_s
            strike(system, state, plan, a, t_s)
        if plan.started_s[a] < math.inf:
            hold_on(system, state, plan, a, t_s)


@compiled
def can_act(state: State, tool: int) -> bool:
    """Whether operators have what they need."""
    return tool < 0 or state.up[tool] * state.answers[tool, ACCEPTED] * state.answers[tool, GOOD] >= 0.5


@compiled
def strike(system: System, state: State, plan: Plan, a: int, t_s: float) -> None:
    """Do what happens once."""
    field, index = plan.field[a], plan.index[a]
    if field == LOSE:
        lost = state.in_service[index] * plan.value[a]
        state.in_service[index] -= lost
        state.lost[index] += lost
        ageing.scale(state.leases[index], 1.0 - plan.value[a])
    elif field == PURGE:
        state.purged[index] += max(state.work[index] - state.busy[index], 0.0)
        state.work[index] = min(state.busy[index], state.work[index])
        state.age_s[index] = 0.0
    elif field == RESTORE:
        for b in range(plan.at_s.size):
            if plan.index[b] == index and plan.field[b] <= LATENCY and plan.started_s[b] < t_s:
                plan.cleared_s[b] = min(plan.cleared_s[b], t_s)
                plan.clear_over_s[b] = plan.over_s[a]
        for r in range(system.recoveries.node.size):
            if system.recoveries.node[r] == index:
                state.timer_s[r] = -1.0
    elif field == REFILL:
        refill(system, state, index)


@compiled
def refill(system: System, state: State, m: int) -> None:
    """Put every unit of a fleet back into service."""
    state.in_service[m] = system.fleets.size[m]
    state.removed[m], state.lost[m], state.transit[m] = 0.0, 0.0, 0.0
    restorer = system.fleets.restorer[m]
    if restorer >= 0:
        e = system.nodes.first_call[restorer]
        for w in range(system.calls.first_waiting[e], system.calls.first_waiting[e + 1]):
            state.waiting[w] = 0.0
    ageing.scale(state.leases[m], 0.0)
    for bin_ in range(ageing.BINS):
        state.leases[m, bin_] = system.fleets.size[m] / ageing.BINS


@compiled
def hold_on(system: System, state: State, plan: Plan, a: int, t_s: float) -> None:
    """Keep up what lasts."""
    since = t_s - plan.started_s[a]
    if since >= plan.lasts_s[a] - 1e-9:
        return
    field, index, value = plan.field[a], plan.index[a], plan.value[a]
    done = min(since / plan.over_s[a], 1.0) if plan.over_s[a] > 0.0 else 1.0
    if field < LIMIT:
        if plan.period_s[a] < math.inf and since % plan.period_s[a] >= plan.down_s[a] - 1e-9:
            return
        level = 1.0 + (value - 1.0) * done
        if plan.cleared_s[a] < math.inf:
            undone = 1.0
            if plan.clear_over_s[a] > 0.0:
                undone = min((t_s - plan.cleared_s[a]) / plan.clear_over_s[a], 1.0)
            level += (1.0 - level) * undone
        state.controls[field, index] *= level
    elif field == LIMIT:
        before = state.controls[LIMIT, index]
        if done >= 1.0 or (before == math.inf and value == math.inf):
            state.controls[LIMIT, index] = value
        elif value == math.inf:
            state.controls[LIMIT, index] = before / (1.0 - done)
        elif before < math.inf:
            state.controls[LIMIT, index] = before + (value - before) * done
        else:
            state.controls[LIMIT, index] = value / done if done > 0.0 else math.inf
    elif field == ENABLED:
        state.enabled[index] = value
    elif field == CHECKING:
        state.checking[index] = value


def empty_plan(rows: int) -> Plan:
    """Make a plan of so many rows that do nothing."""

    def full(value: float) -> NDArray[np.float64]:
        return np.full(rows, value)

    def whole(value: int) -> NDArray[np.int64]:
        return np.full(rows, value, np.int64)

    return Plan(
        event=whole(0), at_s=full(0.0), field=whole(0), index=whole(0), value=full(1.0), over_s=full(0.0),
        lasts_s=full(math.inf), period_s=full(math.inf), down_s=full(0.0), needs=whole(-1),
        started_s=full(math.inf), cleared_s=full(math.inf), clear_over_s=full(0.0),
    )  # fmt: skip
