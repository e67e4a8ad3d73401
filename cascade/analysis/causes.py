"""What takes a part down, by structure alone: the rules that turn a topology into gates.

A part is *down* when nothing of its work succeeds for good. Each rule here is the condition under
which the stepped engine ends there (theory, section *Single points and cut sets*).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import TYPE_CHECKING, Final

from cascade.errors import CascadeError
from cascade.model import Needs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cascade.model import Dependency, Fleet, Service, Topology

GONE: Final = 0.95
"""Share of a fleet's units that must have left before it counts as gone, where they leave one by one."""
WHOLE: Final = 1.0 - 1e-9
"""Sum of shares that counts as all."""
MOST_DOMAINS: Final = 16
"""Domains with unequal shares of one part, of which all combinations are tried."""


class Verdict(StrEnum):
    """What is asked of the parts."""

    SERVE = "serve"
    """Whether they go on serving."""
    RESTART = "restart"
    """Whether they come back after a full stop: what is needed to start counts as well."""


@dataclass(frozen=True, slots=True)
class Question:
    """What counts as down."""

    after_s: float = math.inf
    """Time since the failure [s]: caches, leases and stocks hold until theirs is up."""
    loss_fraction: float = 1.0
    """Least share of a caller's requests that a dependency must cost to take it down."""
    verdict: Verdict = Verdict.SERVE


@dataclass(frozen=True, slots=True)
class Part:
    """A part that is down, and has been for a while."""

    name: str
    left_s: float
    """Time within which it must have gone down [s]."""


@dataclass(frozen=True, slots=True)
class Event:
    """A failure of its own: of a part or domain, or of the replicas that a domain holds."""

    name: str


@dataclass(frozen=True, slots=True)
class Replicas:
    """The failures of so many replicas of a service, each by itself."""

    service: str
    count: int
    place: str = ""
    """The zone that they are in."""


@dataclass(frozen=True, slots=True)
class AtLeast:
    """So many causes at once."""

    count: int
    causes: tuple[Cause, ...]


Cause = Part | Event | Replicas | AtLeast


class Causes:
    """The rules for one topology and one question."""

    def __init__(self, topology: Topology, question: Question) -> None:
        self.topology = topology
        self.question = question
        self.fleets_of: dict[str, list[str]] = {}
        for name, fleet in topology.fleets.items():
            for service in dict.fromkeys((*fleet.sets_capacity_of, *fleet.sets_success_of)):
                self.fleets_of.setdefault(service, []).append(name)
        self.domains_of = shares_of_domains(topology)

    def of(self, part: Part) -> Iterator[Cause]:
        """Yield what takes a part down, besides its own failure; each alone suffices."""
        if (service := self.topology.services.get(part.name)) is not None:
            yield from self.of_service(service, part)
        elif (group := self.topology.groups.get(part.name)) is not None:
            members = tuple(Part(member, part.left_s) for member in group.members)
            yield AtLeast(len(members) - group.needs + 1, members)
        else:
            yield from self.of_domains(part)
            yield from self.of_fleet(self.topology.fleets[part.name], part.left_s)

    def of_service(self, service: Service, part: Part) -> Iterator[Cause]:
        """Yield what takes a service down: domains, replicas, calls, fleets."""
        yield from self.of_domains(part)
        yield from of_replicas(part.name, service)
        for call in service.calls:
            yield from self.of_call(service, call, part.left_s)
        for fleet in self.fleets_of.get(part.name, ()):
            yield Part(fleet, part.left_s)

    def of_domains(self, part: Part) -> Iterator[Cause]:
        """Yield the failure domains that take all of a part, alone or together."""
        shares = self.domains_of.get(part.name, {})
        partial = {name: share for name, share in shares.items() if share < WHOLE}
        yield from (Event(name) for name in shares if name not in partial)
        yield from enough_together(partial)

    def of_call(self, service: Service, call: Dependency, left_s: float) -> Iterator[Cause]:
        """Yield what makes a call cost its caller more than is borne."""
        if call.needs is Needs.STARTUP and self.question.verdict is Verdict.RESTART:
            yield Part(call.to, left_s)
        if call.needs not in (Needs.HARD, Needs.SOFT):
            return
        lost = min(call.per_request, 1.0) * (1.0 if call.needs is Needs.HARD else call.degradation_fraction)
        delay_s = self.endures_s(service, lost)
        if delay_s is None or delay_s > left_s:
            return
        for cause in self.of_callee(call, lost, left_s - delay_s):
            yield from self.unless_fallback(call, lost, cause, left_s - delay_s)

    def endures_s(self, service: Service, lost: float) -> float | None:
        """How long a service bears the loss of a share of its requests [s]; none for ever. A crash ends it, too."""
        if lost >= self.question.loss_fraction:
            return 0.0
        crash_s = service.recovery.crashes_after_s
        crashes = crash_s is not None and 1.0 - lost < service.recovery.crashes_below_fraction
        return crash_s if crashes else None

    def of_callee(self, call: Dependency, lost: float, left_s: float) -> Iterator[Cause]:
        """Yield the loss of a callee: at once, or when what the caller has kept is used up."""
        kept = call.cache
        if kept is None or lost * (1.0 - kept.hit_fraction) >= self.question.loss_fraction:
            yield Part(call.to, left_s)
            return
        if left_s >= kept.ttl_s:
            yield Part(call.to, left_s - kept.ttl_s)
        if kept.held_in is not None:
            yield AtLeast(2, (Part(call.to, left_s), Part(kept.held_in, left_s)))

    def unless_fallback(self, call: Dependency, lost: float, cause: Cause, left_s: float) -> Iterator[Cause]:
        """Yield a cause as it is, or together with the loss of what is done instead."""
        instead = call.fallback
        if instead is None or lost * (1.0 - instead.covers_fraction * instead.worth_fraction) >= (
            self.question.loss_fraction
        ):
            yield cause
        elif instead.to is not None:
            yield AtLeast(2, (cause, Part(instead.to, left_s)))

    def of_fleet(self, fleet: Fleet, left_s: float) -> Iterator[Cause]:
        """Yield what empties a fleet: nobody keeps its units, and nobody who could replace them does."""
        decay = -math.log1p(-min(self.question.loss_fraction, GONE))
        restorer = fleet.restored_by.to if fleet.restored_by else None
        if fleet.lease:
            yield from self.unless_replaced(fleet.lease.renewed_by, fleet.lease.ttl_s, restorer, left_s)
        check = fleet.health_check
        if check and check.max_removed_fraction >= self.question.loss_fraction:
            replaces = restorer if check.terminates else None
            yield from self.unless_replaced(check.through, check.removal_s * decay, replaces, left_s)
        if fleet.mean_life_s is not None and restorer is not None:
            yield from self.unless_replaced(restorer, fleet.mean_life_s * decay, restorer, left_s)

    def unless_replaced(self, keeper: str, takes_s: float, restorer: str | None, left_s: float) -> Iterator[Cause]:
        """Yield the loss of who keeps the units, together with that of who would replace them, early enough."""
        if takes_s > left_s:
            return
        lost = tuple(Part(name, left_s - takes_s) for name in dict.fromkeys((keeper, restorer)) if name is not None)
        yield lost[0] if len(lost) == 1 else AtLeast(2, lost)


def shares_of_domains(topology: Topology) -> dict[str, dict[str, float]]:
    """Give for each service and fleet which share of it each failure domain takes; groups stand for their members."""
    found: dict[str, dict[str, float]] = {}
    for domain, members in topology.all_domains.items():
        for member, share in members.items():
            for name in leaves(topology, member):
                shares = found.setdefault(name, {})
                shares[domain] = max(shares.get(domain, 0.0), share)
    return found


def leaves(topology: Topology, name: str) -> Iterator[str]:
    """Yield the services that a group stands for, or the part itself."""
    group = topology.groups.get(name)
    if group is None:
        yield name
        return
    for member in group.members:
        yield from leaves(topology, member)


def enough_together(shares: Mapping[str, float]) -> Iterator[Cause]:
    """Yield the smallest sets of domains that take everything together."""
    events = {name: Event(name) for name in shares}
    equal = set(shares.values())
    if len(equal) == 1:
        count = math.ceil(WHOLE / equal.pop())
        if count <= len(events):
            yield AtLeast(count, tuple(events.values()))
        return
    if len(shares) > MOST_DOMAINS:
        raise CascadeError(f"expected at most {MOST_DOMAINS} failure domains with unequal shares of one part")
    found: list[set[str]] = []
    for size in range(2, len(shares) + 1):
        for names in combinations(sorted(shares), size):
            if sum(shares[name] for name in names) >= WHOLE and not any(known <= set(names) for known in found):
                found.append(set(names))
                yield AtLeast(size, tuple(events[name] for name in names))


def of_replicas(name: str, service: Service) -> Iterator[Cause]:
    """Yield the loss of all replicas, zone by zone: each by itself, or with its zone."""
    zones = tuple(dict.fromkeys(service.zones))
    count = max(service.replicas, len(zones))
    if service.reliability is None or count == 1:
        return
    if not zones:
        yield Replicas(name, count)
        return
    share, more = divmod(count, len(zones))
    places = [
        AtLeast(1, (Event(zone), Replicas(name, share + (index < more), zone))) for index, zone in enumerate(zones)
    ]
    yield AtLeast(len(places), tuple(places))
