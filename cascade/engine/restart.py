"""Services that go down with what they need and come back in their own way (section *Recovery*)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cascade.behaviours import recovery
from cascade.compiled import compiled
from cascade.engine.state import ACCEPTED, GOOD

if TYPE_CHECKING:
    from cascade.engine.state import State
    from cascade.engine.system import System


@compiled
def power(system: System, state: State) -> None:
    """Start from the capacity that events have left."""
    for i in range(state.up.size):
        state.up[i] = state.controls[0, i]


@compiled
def restart(system: System, state: State, dt: float) -> None:
    """Advance the phases of the services that need more than power."""
    table = system.recoveries
    for r in range(table.node.size):
        i = table.node[r]
        has_needs = True
        for p in range(table.first_need[r], table.first_need[r + 1]):
            j = table.need[p]
            works = state.up[j] * state.answers[j, ACCEPTED] * state.answers[j, GOOD]
            has_needs = has_needs and works >= table.crash_below[r]
        was = state.phase[r]
        is_restored = state.controls[0, i] > 0.0 and state.timer_s[r] < 0.0
        timer = max(state.timer_s[r], 0.0)
        state.phase[r], state.timer_s[r] = recovery.next_phase(
            was, timer, state.controls[0, i] > 0.0, state.answers[i, GOOD], has_needs,
            table.manual[r], is_restored, table.crash_s[r], table.crash_below[r], table.restart_s[r], dt,
        )  # fmt: skip
        if is_restored and state.phase[r] == recovery.DOWN:
            state.timer_s[r] = -1.0
        if state.phase[r] != recovery.UP:
            state.up[i] = 0.0
            state.warmth[r] = 0.0
        else:
            if was != recovery.UP and table.warm_s[r] > 0.0:
                state.warmth[r] = 0.0
            state.warmth[r] = recovery.warmed(state.warmth[r], table.warm_s[r], dt)
            state.up[i] *= state.warmth[r]
