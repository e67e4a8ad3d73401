"""The loop: one step after the other, in compiled code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cascade.compiled import compiled
from cascade.engine import answer, blame, events, population, quiet, restart, serve, shape, watch
from cascade.engine import record as recording
from cascade.engine.flows import OFFERED

if TYPE_CHECKING:
    from cascade.engine.blame import Falls
    from cascade.engine.events import Change
    from cascade.engine.record import Record
    from cascade.engine.state import State
    from cascade.engine.system import Floats, Ints, System
    from cascade.engine.table import Table
    from cascade.engine.watch import Watched


@compiled
def run_steps(
    system: System, state: State, plan: Table[Change], touched: Ints, special: Ints,
    times_s: Floats, sample_ends: Ints, flows: Floats, record: Record, falls: Falls, first: int, last: int,
) -> None:  # fmt: skip
    """Step from sample ``first`` to sample ``last``; numbers are those of the theory page.

    Callers are stepped before callees, so load reaches the end of a chain within the step; then
    answers come back from callees to callers. Around a cycle both lag one step.
    """
    for s in range(first, last):
        begin = sample_ends[s - 1] if s > 0 else 0
        for k in range(begin, sample_ends[s]):
            t_s, dt = times_s[k], times_s[k + 1] - times_s[k]
            events.act(system, state, plan, touched, t_s)
            step(system, state, special, flows, t_s, dt)
            blame.note_falls(system, state, touched, flows, falls, t_s)
            recording.add(record.flows[s], flows, dt)
        recording.sample(system, state, record, s, times_s[sample_ends[s]] - times_s[begin])


@compiled
def run_watched(
    system: System, state: State, plan: Table[Change], touched: Ints, special: Ints, times_s: Floats, flows: Floats,
    falls: Falls, watched: Table[Watched], memory: Floats, calm: Floats, steps: int, first: int,
) -> int:  # fmt: skip
    """Step from step ``first`` on, at most so many steps, and pass over the time in which nothing changes.

    ``calm`` holds the time since which nothing has changed [s], and for how long it must not before nothing will [s]:
    inf for a system that is never at rest. Give the step to go on with: the number of all steps when it is over.
    """
    k, seen = first, falls.noted[0]
    for _ in range(steps):
        if k >= times_s.size - 1:
            break
        t_s, dt = times_s[k], times_s[k + 1] - times_s[k]
        events.act(system, state, plan, touched, t_s)
        step(system, state, special, flows, t_s, dt)
        blame.note_falls(system, state, touched, flows, falls, t_s)
        seen = watch.deepen(falls, watched, seen)
        awake = watch.look(system, state, touched, flows, falls, watched, t_s)
        k += 1
        if not quiet.is_still(system, state, memory, awake, t_s):
            calm[0] = times_s[k]
        elif times_s[k] - calm[0] >= calm[1]:
            k = quiet.first_tick(times_s, k - 1, quiet.next_change(plan, t_s))
    return k


@compiled
def run_fully(
    system: System, state: State, plan: Table[Change], touched: Ints, special: Ints, times_s: Floats, flows: Floats,
    falls: Falls, watched: Table[Watched], memory: Floats, calm: Floats, steps: int, first: int,
) -> int:  # fmt: skip
    """Do the same, with every node in every step: what :func:`run_watched` is held against."""
    k = first
    while k < min(first + steps, times_s.size - 1):
        for i in range(system.nodes.size):
            state.awake[i], state.in_doubt[i], state.nodes[i].at_rest = True, True, False
        for e in range(system.calls.size):
            state.calls[e].at_rest = False
        k = run_watched(
            system, state, plan, touched, special, times_s[: k + 2], flows, falls, watched, memory, calm, 1, k
        )
    return k


@compiled
def step(system: System, state: State, special: Ints, flows: Floats, t_s: float, dt: float) -> None:
    """Advance the whole system by one step."""
    restart.power(system, state)
    restart.restart(system, state, dt)
    population.set_capacities(system, state)
    population.take_units(system, state, dt)
    shape.shape_calls(system, state, special, t_s, dt)
    serve.serve(system, state, flows, t_s, dt)
    population.return_units(system, state, flows, dt)
    answer.answer(system, state)


@compiled
def settle(
    system: System, state: State, special: Ints, flows: Floats, before: Floats, dt: float, most: int, tolerance: float
) -> bool:
    """Step without events until the state no longer changes; whether it came to rest.

    ``before`` (N + M + B, 5) is room to remember a step in.
    """
    for _ in range(most):
        remember(system, state, flows, before)
        step(system, state, special, flows, 0.0, dt)
        if movement(system, state, flows, before) < tolerance:
            return not has_tripped(system, state)
    return False


@compiled
def remember(system: System, state: State, flows: Floats, before: Floats) -> None:
    """Note what is at rest when it stays the same: work, answers and load, units of fleets, memories of breakers."""
    for i in range(system.nodes.size):
        now, was = state.answers[i], before[i]
        was[0], was[1], was[2], was[3] = state.nodes[i].work, now.accepted, now.good, now.mean_s
        was[4] = flows[i, OFFERED]
    for m in range(system.fleets.size):
        before[system.nodes.size + m, 0] = state.fleets[m].in_service
    for b in range(system.breakers.size):
        before[system.nodes.size + system.fleets.size + b, 0] = state.breakers[b].failing


@compiled
def movement(system: System, state: State, flows: Floats, before: Floats) -> float:
    """Largest change since :func:`remember`, of stocks and load relative to them (to one below that)."""
    moved = 0.0
    for i in range(system.nodes.size):
        now, was = state.answers[i], before[i]
        moved = max(moved, abs(state.nodes[i].work - was[0]) / (1.0 + was[0]))
        moved = max(moved, abs(flows[i, OFFERED] - was[4]) / (1.0 + was[4]))
        moved = max(moved, abs(now.accepted - was[1]), abs(now.good - was[2]))
        moved = max(moved, abs(now.mean_s - was[3]) / (1e-3 + was[3]))
    for m in range(system.fleets.size):
        was_out = system.fleets[m].size - before[system.nodes.size + m, 0]
        moved = max(moved, abs(state.fleets[m].in_service - before[system.nodes.size + m, 0]) / (1.0 + was_out))
    for b in range(system.breakers.size):
        moved = max(moved, abs(state.breakers[b].failing - before[system.nodes.size + system.fleets.size + b, 0]))
    return moved


@compiled
def has_tripped(system: System, state: State) -> bool:
    """Whether a circuit breaker is open, which cannot last."""
    until_s = 0.0
    for b in range(system.breakers.size):
        until_s = max(until_s, state.breakers[b].open_until_s)
    return until_s > 0.0
