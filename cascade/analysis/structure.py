"""What goes down with what, by structure alone: no time, no load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cascade.model import Needs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cascade.model import Dependency, Topology


@dataclass(frozen=True, slots=True)
class SinglePoint:
    """A part whose loss alone takes users down."""

    name: str
    entry_points: tuple[str, ...]
    """What users call and what is lost with it."""
    lost_count: int
    """Parts that are lost with it, by structure alone."""


def dependents(topology: Topology) -> dict[str, list[str]]:
    """Give what is out of its objective, or loses a member, once a service, group or fleet is lost for long."""
    found: dict[str, list[str]] = {name: [] for name in (*topology.services, *topology.groups, *topology.fleets)}
    for name, service in topology.services.items():
        tolerated = 1.0 - topology.objective_of(name).success_fraction
        for call in service.calls:
            if loss(call) > tolerated:
                found[call.to].append(name)
    for name, group in topology.groups.items():
        for member in group.members:
            found[member].append(name)
    for name, fleet in topology.fleets.items():
        found[name].extend({*fleet.sets_capacity_of, *fleet.sets_success_of})
        if fleet.lease:
            found[fleet.lease.renewed_by].append(name)
    return found


def loss(call: Dependency) -> float:
    """Share of a caller's requests that is lost for good with the callee."""
    if call.fallback is not None or call.needs not in (Needs.HARD, Needs.SOFT):
        return 0.0
    worth = 1.0 if call.needs is Needs.HARD else call.degradation_fraction
    return min(call.per_request, 1.0) * worth


def lost_with(topology: Topology, name: str, edges: dict[str, list[str]]) -> set[str]:
    """Give everything that is lost once one part is: the least fixed point over :func:`dependents`."""
    down, frontier = {name}, [name]
    members_down = dict.fromkeys(topology.groups, 0)
    while frontier:
        for caller in edges[frontier.pop()]:
            if caller in members_down:
                members_down[caller] += 1
                group = topology.groups[caller]
                if len(group.members) - members_down[caller] >= group.needs:
                    continue
            if caller not in down:
                down.add(caller)
                frontier.append(caller)
    return down - {name}


def single_points(topology: Topology, candidates: Iterable[str]) -> tuple[SinglePoint, ...]:
    """Give those of some parts whose loss alone takes an entry point down, what takes most with it first."""
    edges = dependents(topology)
    users = [name for name, service in topology.services.items() if service.is_entry_point]
    found = []
    for name in candidates:
        lost = lost_with(topology, name, edges)
        if taken := tuple(user for user in users if user in lost):
            found.append(SinglePoint(name, taken, len(lost)))
    return tuple(sorted(found, key=lambda point: -point.lost_count))
