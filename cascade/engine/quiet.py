"""When nothing changes any more, and until when (theory, section *Numerics*).

A step is a map from state to state. Where it maps a state to itself and no clock is running, it will do so until the
next event: that time can be passed over, and after the last event a run is over.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from cascade.behaviours import ageing, recovery
from cascade.compiled import compiled
from cascade.engine import flags, rest
from cascade.engine.table import column

if TYPE_CHECKING:
    from cascade.engine.events import Change
    from cascade.engine.state import State
    from cascade.engine.system import Floats, System
    from cascade.engine.table import Table

PER_FLEET, PER_COMEBACK, PER_BREAKER, PER_CACHE = 5, 4, 2, 2


def no_memory(system: System) -> Floats:
    """Make room for the small tables of a step (R,)."""
    rows = PER_FLEET * system.fleets.size + PER_COMEBACK * system.comebacks.size + PER_BREAKER * system.breakers.size
    return np.full(rows + PER_CACHE * system.caches.size + system.members.size, math.nan)


def longest_memory_s(system: System) -> float:
    """Time for which nothing may change before nothing will: what leases and caches hold has an age [s]."""
    ages = [
        column(system.caches, "ttl_s"),
        column(system.caches, "negative_s"),
        column(system.fleets, "ttl_s")[column(system.fleets, "renewer") >= 0],
    ]
    return float(np.concatenate(ages).max(initial=0.0))


def has_clock(system: System) -> bool:
    """Whether the time of day acts on the system, so that it is never at rest."""
    return bool((column(system.nodes, "swing") > 0.0).any())


@compiled
def is_still(system: System, state: State, memory: Floats, awake: int, t_s: float) -> bool:
    """Whether the last step has changed nothing; ``awake`` nodes are left after it."""
    has_moved = remember(system, state, memory)
    if awake > 0 or has_moved:
        return False
    for b in range(system.breakers.size):
        if state.breakers[b].open_until_s > t_s:
            return False
    return not flags.is_any(state.in_doubt, 0, system.nodes.size)


@compiled
def remember(system: System, state: State, memory: Floats) -> bool:
    """Note what the small tables hold; whether that has changed."""
    has_moved, k = False, 0
    for m in range(system.fleets.size):
        fleet = state.fleets[m]
        for value in (fleet.in_service, fleet.removed, fleet.lost, fleet.restoring, fleet.transit):
            has_moved, k = put(memory, k, value) or has_moved, k + 1
    for r in range(system.comebacks.size):
        comeback = state.comebacks[r]
        counts = comeback.phase == recovery.RESTARTING or system.comebacks[r].crash_s < math.inf
        timer_s = comeback.timer_s if counts else 0.0
        for value in (comeback.phase * 1.0, timer_s, comeback.is_restored * 1.0, comeback.warmth):
            has_moved, k = put(memory, k, value) or has_moved, k + 1
    for b in range(system.breakers.size):
        for value in (state.breakers[b].failing, state.breakers[b].open_until_s):
            has_moved, k = put(memory, k, value) or has_moved, k + 1
    for c in range(system.caches.size):
        for value in (ageing.held(state.good_entries[c]), ageing.held(state.bad_entries[c])):
            has_moved, k = put(memory, k, value) or has_moved, k + 1
    for p in range(system.members.size):
        has_moved, k = put(memory, k, state.switches[system.members[p]].preference) or has_moved, k + 1
    return has_moved


@compiled
def put(memory: Floats, k: int, value: float) -> bool:
    """Note a value; whether it is another one than before."""
    before = memory[k]
    memory[k] = value
    return not rest.same(value, before, rest.SAME)


@compiled
def next_change(plan: Table[Change], t_s: float) -> float:
    """Give the next time at which an event acts [s]: ``t_s`` itself while one is under way, inf after the last."""
    soonest = math.inf
    for a in range(plan.size):
        change = plan[a]
        if change.started_s == math.inf:
            if change.at_s > t_s:
                soonest = min(soonest, change.at_s)
            continue
        since = t_s - change.started_s
        if since < change.over_s or t_s <= change.cleared_s + change.clear_over_s < math.inf:
            return t_s
        if since < change.lasts_s:
            soonest = min(soonest, change.started_s + change.lasts_s)
            if change.period_s < math.inf:
                phase = since % change.period_s
                until = change.down_s if phase < change.down_s else change.period_s
                soonest = min(soonest, t_s + until - phase)
    return soonest


@compiled
def first_tick(times_s: Floats, k: int, at_s: float) -> int:
    """Give the first step after step ``k`` that begins at ``at_s`` or later, or the number of steps."""
    low, high = k + 1, times_s.size - 1
    while low < high:
        middle = (low + high) // 2
        if times_s[middle] >= at_s - 1e-9:
            high = middle
        else:
            low = middle + 1
    return low
