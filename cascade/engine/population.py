"""Fleets: units leave, wait for work, and come back (theory, section *Fleets*)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cascade.behaviours import ageing, health_check
from cascade.compiled import compiled
from cascade.engine.state import GOOD, MEAN_S

if TYPE_CHECKING:
    from cascade.engine.state import State
    from cascade.engine.system import System


@compiled
def move_units(system: System, state: State, dt: float) -> None:
    """Expire, lose, remove and restore the units of every fleet, and make the traffic for it."""
    fleets = system.fleets
    for m in range(fleets.size.size):
        gone = expire_leases(system, state, m, dt)
        if fleets.life_s[m] < math.inf:
            gone += leave(system, state, m, state.in_service[m] * -math.expm1(-dt / fleets.life_s[m]))
        if fleets.prober[m] >= 0:
            gone += check_health(system, state, m, dt)
        come_back(system, state, m, gone, dt)


@compiled
def leave(system: System, state: State, m: int, units: float) -> float:
    """Take units of every age out of service; give their number."""
    before = state.in_service[m]
    units = min(units, before)
    state.in_service[m] = before - units
    if system.fleets.renewer[m] >= 0 and before > 0.0:
        ageing.scale(state.leases[m], 1.0 - units / before)
    return units


@compiled
def expire_leases(system: System, state: State, m: int, dt: float) -> float:
    """Renew the leases that are due as far as renewals succeed; give the units that lost theirs."""
    renewer = system.fleets.renewer[m]
    if renewer < 0:
        return 0.0
    due = min(ageing.expire(state.leases[m], dt / system.fleets.ttl_s[m]), state.in_service[m])
    renewed = due * state.answers[renewer, GOOD]
    ageing.enter(state.leases[m], renewed)
    state.in_service[m] -= due - renewed
    state.starts_rps[renewer] = due / dt
    return due - renewed


@compiled
def check_health(system: System, state: State, m: int, dt: float) -> float:
    """Move units by the verdicts of the checker; give the units that it destroyed."""
    fleets = system.fleets
    prober = fleets.prober[m]
    failing = 1.0 - state.answers[prober, GOOD]
    state.starts_rps[prober] = fleets.probes_rps[m] * (1.0 + fleets.extra_probes[m] * failing)
    failing *= state.checking[m]
    most = fleets.most_removed[m] * fleets.size[m]
    if fleets.terminates[m]:
        out = fleets.size[m] - state.in_service[m]
        dying = state.in_service[m] * -math.expm1(-failing * dt / fleets.removal_s[m])
        return leave(system, state, m, min(dying, max(most - out, 0.0)))
    serving, removed = health_check.advance(
        state.in_service[m], state.removed[m], failing, fleets.removal_s[m], fleets.return_s[m], most, dt
    )
    if fleets.renewer[m] >= 0 and state.in_service[m] > 0.0:
        ageing.scale(state.leases[m], min(serving / state.in_service[m], 1.0))
        ageing.enter(state.leases[m], max(serving - state.in_service[m], 0.0))
    state.in_service[m], state.removed[m] = serving, removed
    return 0.0


@compiled
def come_back(system: System, state: State, m: int, gone: float, dt: float) -> None:
    """Send lost units to their restoration and put restored ones into service after their lag.

    A closed population: a unit waits (between attempts), is in transit or in service.
    """
    fleets = system.fleets
    restorer = fleets.restorer[m]
    if restorer < 0:
        state.lost[m] += gone
        return
    done = state.done_rps[restorer] * dt / fleets.work[m]
    state.starts_rps[restorer] = (gone + state.lost[m]) / dt
    state.lost[m] = 0.0
    e = system.nodes.first_call[restorer]
    policy = system.policies[system.calls.policy[e]]
    lag = min(state.answers[system.calls.callee[e], MEAN_S], policy[0]) + fleets.usable_s[m]
    stock = state.transit[m]
    keep = math.exp(-dt / lag) if lag > 0.0 else 0.0
    after = stock * keep + done * (lag / dt) * (1.0 - keep)
    arrived = max(stock + done - after, 0.0)
    state.transit[m] = after
    state.in_service[m] += arrived
    if fleets.renewer[m] >= 0:
        ageing.enter(state.leases[m], arrived)


@compiled
def set_capacities(system: System, state: State) -> None:
    """Multiply the capacity of services by the share of their fleets that is in service."""
    for p in range(system.capacities.fleet.size):
        m, i = system.capacities.fleet[p], system.capacities.service[p]
        state.up[i] *= min(max(state.in_service[m] / system.fleets.size[m], 0.0), 1.0)
