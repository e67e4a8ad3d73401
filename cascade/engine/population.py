"""Fleets: units leave, wait for work, and come back (theory, section *Fleets*)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from cascade.behaviours import ageing, health_check
from cascade.compiled import compiled
from cascade.engine.flows import SERVED

if TYPE_CHECKING:
    from cascade.engine.state import State
    from cascade.engine.system import Floats, System


NOBODY: Final = 1e-9
"""Share of units in service below which there are none."""


@compiled
def take_units(system: System, state: State, dt: float) -> None:
    """Expire, lose and remove units of every fleet, and make the traffic that brings them back."""
    for m in range(system.fleets.size):
        fleet, now = system.fleets[m], state.fleets[m]
        gone = expire_leases(system, state, m, dt)
        if fleet.life_s < math.inf:
            gone += leave(state, m, state.fleets[m].in_service * -math.expm1(-dt / fleet.life_s))
        if fleet.prober >= 0:
            gone += check_health(system, state, m, dt)
        now.lost += gone
        if fleet.restorer >= 0:
            state.nodes[fleet.restorer].starts_rps = now.lost / dt
            now.lost = 0.0


@compiled
def leave(state: State, m: int, units: float) -> float:
    """Take units of every age out of service; give their number."""
    now = state.fleets[m]
    before = now.in_service
    units = min(units, before)
    now.in_service = before - units
    if before > 0.0:
        ageing.scale(state.leases[m], 1.0 - units / before)
    return units


@compiled
def expire_leases(system: System, state: State, m: int, dt: float) -> float:
    """Renew the leases that are due as far as renewals succeed; give the units that lost theirs."""
    fleet, now = system.fleets[m], state.fleets[m]
    if fleet.renewer < 0:
        return 0.0
    due = min(ageing.expire(state.leases[m], dt / fleet.ttl_s), now.in_service)
    renewed = due * state.answers[fleet.renewer].good
    ageing.enter(state.leases[m], renewed)
    now.in_service -= due - renewed
    state.nodes[fleet.renewer].starts_rps = due / dt
    return due - renewed


@compiled
def check_health(system: System, state: State, m: int, dt: float) -> float:
    """Move units by the verdicts of the checker; give the units that it destroyed."""
    fleet, now = system.fleets[m], state.fleets[m]
    failing = 1.0 - state.answers[fleet.prober].good
    state.nodes[fleet.prober].starts_rps = fleet.probes_rps * (1.0 + fleet.extra_probes * failing)
    failing *= now.checking
    most = fleet.most_removed * fleet.size
    if fleet.terminates:
        dying = now.in_service * -math.expm1(-failing * dt / fleet.removal_s)
        return leave(state, m, min(dying, max(most - (fleet.size - now.in_service), 0.0)))
    before = now.in_service
    now.in_service, now.removed = health_check.advance(
        before, now.removed, failing, fleet.removal_s, fleet.return_s, most, dt
    )
    if before > 0.0:
        ageing.scale(state.leases[m], min(now.in_service / before, 1.0))
    ageing.enter(state.leases[m], max(now.in_service - before, 0.0))
    return 0.0


@compiled
def return_units(system: System, state: State, flows: Floats, dt: float) -> None:
    """Put the units that were restored into service, each after its lag.

    A closed population: a unit waits (between attempts), is being restored, is in transit or in
    service. Units leave the restoring service as its other work does.
    """
    for m in range(system.fleets.size):
        fleet, now = system.fleets[m], state.fleets[m]
        if fleet.restorer < 0:
            continue
        done = state.nodes[fleet.restorer].done / fleet.work
        callee = system.calls[system.nodes[fleet.restorer].first_call].callee
        served = flows[callee, SERVED] * dt
        there = state.nodes[callee].work + served
        now.restoring += done
        restored = now.restoring * min(served / there, 1.0) if there > 0.0 else now.restoring
        now.restoring -= restored
        keep = math.exp(-dt / fleet.usable_s) if fleet.usable_s > 0.0 else 0.0
        after = now.transit * keep + restored * (fleet.usable_s / dt) * (1.0 - keep)
        arrived = now.transit + restored - after
        now.transit = after
        now.in_service += arrived
        ageing.enter(state.leases[m], arrived)


@compiled
def set_capacities(system: System, state: State) -> None:
    """Multiply the capacity, or the success, of services by the share of units in service."""
    for p in range(system.capacities.size):
        pair = system.capacities[p]
        share = state.fleets[pair.fleet].in_service / system.fleets[pair.fleet].size
        share = min(share, 1.0) if share > NOBODY else 0.0
        if pair.is_success:
            state.nodes[pair.node].intact *= share
        else:
            state.nodes[pair.node].up *= share
