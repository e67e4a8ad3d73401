"""Services that go down with what they need and come back in their own way (section *Recovery*)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cascade.behaviours import recovery
from cascade.compiled import compiled

if TYPE_CHECKING:
    from cascade.engine.state import State
    from cascade.engine.system import System


@compiled
def power(system: System, state: State) -> None:
    """Start from the capacity that events have left."""
    for i in system.stirred:
        stir(state, i)


@compiled
def stir(state: State, i: int) -> None:
    """Start a step of a node that something acts on."""
    node = state.nodes[i]
    node.up, node.intact = node.health, 1.0
    state.awake[i], state.in_doubt[i] = True, True


@compiled
def works(state: State, j: int) -> float:
    """Share of the requests to a node that go well."""
    return state.answers[j].accepted * state.answers[j].good if state.nodes[j].up > 0.0 else 0.0


@compiled
def restart(system: System, state: State, dt: float) -> None:
    """Advance the phases of the services that need more than power."""
    for r in range(system.comebacks.size):
        rule, now = system.comebacks[r], state.comebacks[r]
        node = state.nodes[rule.node]
        has_needs = True
        for p in range(rule.first_need, rule.last_need):
            has_needs = has_needs and works(state, system.needs[p]) >= rule.crash_below
        now.phase, now.timer_s = recovery.next_phase(
            now.phase, now.timer_s, node.health > 0.0, state.answers[rule.node].good, has_needs,
            not rule.is_manual or now.is_restored, rule.crash_s, rule.crash_below, rule.restart_s, dt,
        )  # fmt: skip
        if now.phase == recovery.UP:
            now.is_restored = False
            now.warmth = recovery.warmed(now.warmth, rule.warm_s, dt)
        else:
            now.warmth = 0.0
        node.up *= now.warmth
