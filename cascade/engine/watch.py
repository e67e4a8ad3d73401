"""What is remembered of a run whose steps are not kept: of each part when it was hit, how hard, and what was lost.

Only nodes that are awake are looked at, for nothing about the others changes; what lasts is added up when it ends.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cascade.compiled import compiled
from cascade.engine import blame, flags
from cascade.engine.flows import OFFERED
from cascade.engine.table import Table, empty_table

if TYPE_CHECKING:
    from cascade.engine.blame import Falls
    from cascade.engine.state import State
    from cascade.engine.system import Floats, Ints, System


ONE = 1.0
"""Requests more than usual that have to wait for a backlog to be one."""


class Watched:
    """What is remembered of a node or fleet."""

    was_hit: bool
    """Whether it was outside its objective before anything happened; that is not counted."""
    usual_loss: float
    """Share of its requests that failed before anything happened."""
    usual_count: float
    """Requests waiting, or units out of service, before anything happened."""
    is_hit: bool
    """Whether it is outside its objective now."""
    since_s: float
    """Since when [s]."""
    fell_s: float
    """When it was first [s]; inf for never."""
    back_s: float
    """When it last came back [s]."""
    outage_s: float
    """Time outside its objective, the present one left out [s]."""
    loss: float
    """Share of its requests that is lost now, beyond the usual."""
    from_s: float
    """Since when that share has been the same [s]."""
    lost_s: float
    """That share summed over time until then [s]."""
    worst_fraction: float
    """Largest share lost while it was outside its objective."""
    peak_backlog_count: float
    """Most requests waiting, if more than usual, or units out of service beyond the usual."""
    depth: int
    """Length of the chain of causes that took it down, -1 while it has never fallen."""


def no_sightings(parts: int) -> Table[Watched]:
    """Make room for what is remembered of so many nodes and fleets."""
    return empty_table(Watched, parts, fell_s=math.inf, depth=-1)


@compiled
def forget(watched: Table[Watched]) -> None:
    """Forget a run, but not what was usual before it."""
    for i in range(watched.size):
        row = watched[i]
        row.is_hit, row.since_s, row.fell_s, row.back_s, row.outage_s = False, 0.0, math.inf, 0.0, 0.0
        row.loss, row.from_s, row.lost_s, row.worst_fraction, row.peak_backlog_count, row.depth = (
            0.0,
            0.0,
            0.0,
            0.0,
            0.0,
            -1,
        )


@compiled
def note_usual(system: System, state: State, flows: Floats, falls: Falls, watched: Table[Watched]) -> None:
    """Note what is usual: what is hit at rest, and the share that fails."""
    for i in range(watched.size):
        row, m = watched[i], i - system.nodes.size
        row.was_hit, row.usual_loss = falls.is_hit[i], 0.0
        if m < 0:
            row.usual_loss = lost_share(state, flows, falls, row, i)
            row.usual_count = max(state.nodes[i].work - state.nodes[i].busy, 0.0)
        else:
            row.usual_count = max(system.fleets[m].size - state.fleets[m].in_service, 0.0)


@compiled
def look(
    system: System, state: State, touched: Ints, flows: Floats, falls: Falls, watched: Table[Watched], t_s: float
) -> int:
    """Note what a step that began at ``t_s`` has changed; give the number of nodes that are awake after it."""
    count, n = 0, system.nodes.size
    for first in range(0, n, flags.BLOCK):
        last = min(first + flags.BLOCK, n)
        if flags.is_any(state.awake, first, last):
            for i in range(first, last):
                if state.awake[i]:
                    count += 1
                    look_at(system, state, flows, falls, watched[i], i, t_s)
    for i in touched:
        look_at(system, state, flows, falls, watched[i], i, t_s)
    for i in system.stirred:
        look_at(system, state, flows, falls, watched[i], i, t_s)
    for m in range(system.fleets.size):
        size = system.fleets[m].size
        out = max(size - state.fleets[m].in_service, 0.0)
        row = watched[n + m]
        mark(row, falls.is_hit[n + m], out / size, out - row.usual_count, t_s)
    return count


@compiled
def look_at(system: System, state: State, flows: Floats, falls: Falls, row: Watched, i: int, t_s: float) -> None:
    """Note what has changed about a node."""
    if system.nodes[i].kind == 2:
        return
    waiting = state.nodes[i].work - state.nodes[i].busy
    waiting = waiting if waiting >= row.usual_count + ONE else 0.0
    mark(row, falls.is_hit[i], lost_share(state, flows, falls, row, i), waiting, t_s)


@compiled
def lost_share(state: State, flows: Floats, falls: Falls, row: Watched, i: int) -> float:
    """Share of a node's requests that is lost, beyond the usual; nothing is lost where nobody asks."""
    now = state.nodes[i]
    if not blame.is_asked(flows[i, OFFERED], falls.usual_rps[i]):
        return 0.0
    return max(1.0 - (now.success if now.up > 0.0 else 0.0) - row.usual_loss, 0.0)


@compiled
def mark(row: Watched, is_hit: bool, loss: float, waiting: float, t_s: float) -> None:
    """Bring what is remembered of a part up to date, from ``t_s`` on."""
    is_hit = is_hit and not row.was_hit
    if is_hit and not row.is_hit:
        row.since_s, row.fell_s = t_s, min(row.fell_s, t_s)
    elif row.is_hit and not is_hit:
        row.outage_s += t_s - row.since_s
        row.back_s = t_s
    row.is_hit = is_hit
    if loss != row.loss:
        row.lost_s += row.loss * (t_s - row.from_s)
        row.loss, row.from_s = loss, t_s
    if is_hit:
        row.worst_fraction = max(row.worst_fraction, loss)
    row.peak_backlog_count = max(row.peak_backlog_count, waiting)


@compiled
def deepen(falls: Falls, watched: Table[Watched], seen: int) -> int:
    """Note how far new falls are from the fault; give the number of falls seen."""
    for k in range(seen, falls.noted[0]):
        row, cause = watched[falls.who[k]], falls.cause[k]
        if row.depth < 0 and not row.was_hit:
            row.depth = 0 if cause < 0 else max(watched[cause].depth, 0) + 1
    return falls.noted[0]


@compiled
def close(watched: Table[Watched], t_s: float) -> bool:
    """End what still lasts; whether something is outside its objective."""
    is_hit = False
    for i in range(watched.size):
        row = watched[i]
        row.lost_s += row.loss * (t_s - row.from_s)
        row.from_s = t_s
        if row.is_hit:
            is_hit = True
            row.outage_s += t_s - row.since_s
            row.since_s, row.back_s = t_s, math.inf
    return is_hit
