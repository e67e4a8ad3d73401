"""Names in a topology that lead nowhere, or lead to what cannot be meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, Self

from pydantic_core import PydanticCustomError

from cascade.units import closest

if TYPE_CHECKING:
    from cascade.model.dependency import Dependency
    from cascade.model.expectation import BreakerOpensWithin, Expect
    from cascade.model.fleet import Fleet
    from cascade.model.scenario import Event, Scenario
    from cascade.model.service import Service
    from cascade.model.topology import Topology

Path = tuple[str | int, ...]
"""Where in the file: keys and positions, outermost first."""
Finding = tuple[Path, str]
"""A place and what is wrong there."""
Names = Mapping[str, object]
"""What may be referred to, by name."""


class Inconsistent(PydanticCustomError):  # noqa: N818 - says what the topology is
    """Carries every reference of a topology that leads nowhere, with its path."""

    def __new__(cls, problems: tuple[Finding, ...]) -> Self:
        """Make the error from ``(path, message)`` pairs."""
        text = "; ".join(message for _, message in problems)
        return super().__new__(cls, "inconsistent", "{text}", {"text": text, "problems": problems})


def inconsistencies(topology: Topology) -> Iterator[Finding]:
    """Yield the path and message of every reference that does not hold together."""
    callees = {**topology.services, **topology.groups}
    nodes = {**callees, **topology.fleets}
    yield from _doubled_names(topology)
    for name, service in topology.services.items():
        yield from _below(("services", name, "calls"), _in_calls(name, service, callees))
    for name, group in topology.groups.items():
        for index, member in enumerate(group.members):
            yield from _unknown(("groups", name, "members", index), member, callees, "service or group")
    yield from _containing_themselves(topology)
    for name, fleet in topology.fleets.items():
        yield from _below(("fleets", name), _in_fleet(fleet, topology.services, callees))
    for name, domain in topology.domains.items():
        for member in domain.members:
            yield from _unknown(("domains", name, "members", member), member, nodes, "service, group or fleet")
    if topology.scenarios:
        yield from _in_scenarios(topology)
    for index, window in enumerate(topology.observed):
        yield from _unknown(("observed", index, "service"), window.service, nodes, "service or fleet")


def _in_scenarios(topology: Topology) -> Iterator[Finding]:
    targets = _targets(topology)
    for name, scenario in topology.scenarios.items():
        for index, event in enumerate(scenario.events):
            yield from _below(("scenarios", name, "events", index), _in_event(event, scenario, targets))
        if scenario.expect:
            yield from _below(("scenarios", name, "expect"), in_expectations(scenario.expect, topology))


def in_expectations(expect: Expect, topology: Topology) -> Iterator[Finding]:
    """Yield the path and message of every name in the expectations of a scenario that does not exist."""
    parts = {**topology.services, **topology.groups, **topology.fleets}
    for index, name in enumerate(expect.stays_up):
        yield from _unknown(("stays_up", index), name, parts, "service, group or fleet")
    for index, name in enumerate(expect.recovers_within.of if expect.recovers_within else ()):
        yield from _unknown(("recovers_within", "of", index), name, parts, "service, group or fleet")
    if not any(service.is_entry_point for service in topology.services.values()):
        if expect.recovers_within and not expect.recovers_within.of:
            yield ("recovers_within",), "no service has demand; say 'of' whom"
        if expect.loses_at_most_count is not None:
            yield ("loses_at_most",), "no service has demand, so that no request of users can be lost"
    if expect.peak_amplification and expect.peak_amplification.at is not None:
        yield from _unknown(("peak_amplification", "at"), expect.peak_amplification.at, topology.services, "service")
    if expect.backlog_below and expect.backlog_below.at is not None:
        stores = {**topology.services, **topology.fleets}
        yield from _unknown(("backlog_below", "at"), expect.backlog_below.at, stores, "service or fleet")
    elif expect.backlog_below and not topology.services:
        yield ("backlog_below",), "there is no service where work could wait"
    if expect.breaker_opens_within:
        yield from _in_opening(expect.breaker_opens_within, topology.services)


def _in_opening(opening: BreakerOpensWithin, services: Mapping[str, Service]) -> Iterator[Finding]:
    breakers = {
        f"{name} -> {call.to}": None
        for name, service in services.items()
        for call in service.calls
        if call.circuit_breaker and call.is_call
    }
    what = "call ('caller -> callee') with a circuit breaker"
    if opening.call is not None:
        yield from _unknown(("breaker_opens_within", "call"), opening.call, breakers, what)
    elif not breakers:
        yield ("breaker_opens_within",), "no call has a circuit breaker"


def _below(path: Path, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Put findings under the path of the part that they were found in."""
    for inner, message in findings:
        yield (*path, *inner), message


def _unknown(path: Path, name: str, known: Names, what: str) -> Iterator[Finding]:
    if name not in known:
        yield path, f"unknown {what} '{name}'{closest(name, known)}"


def _doubled_names(topology: Topology) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    kinds: dict[str, Names] = {
        "services": topology.services,
        "groups": topology.groups,
        "fleets": topology.fleets,
        "domains": topology.domains,
    }
    for kind, named in kinds.items():
        for name in named:
            if name in seen:
                yield (kind, name), f"'{name}' is already the name of one of the {seen[name]}"
            seen[name] = kind


def _in_calls(name: str, service: Service, callees: Names) -> Iterator[Finding]:
    all_targets = {call.to: None for call in service.calls}
    seen: set[str] = set()
    for index, call in enumerate(service.calls):
        to = call.to
        if to not in callees:
            yield from _unknown((index, "to"), to, callees, "service or group")
        if to == name:
            yield (index, "to"), f"'{name}' calls itself"
        if to in seen:
            yield (index, "to"), f"'{name}' calls '{to}' twice; use per_request"
        seen.add(to)
        if call.after or call.cache or call.fallback:
            yield from _below((index,), _in_call(call, all_targets, callees))


def _in_call(call: Dependency, targets: Names, callees: Names) -> Iterator[Finding]:
    for place, other in enumerate(call.after):
        yield from _unknown(("after", place), other, targets, "call to wait for,")
    if call.cache and call.cache.held_in:
        yield from _unknown(("cache", "held_in"), call.cache.held_in, callees, "service")
    if call.fallback and call.fallback.to:
        yield from _unknown(("fallback", "to"), call.fallback.to, callees, "service or group")


def _containing_themselves(topology: Topology) -> Iterator[Finding]:
    def contains(name: str, wanted: str, visited: set[str]) -> bool:
        if name in visited or name not in topology.groups:
            return False
        visited.add(name)
        members = topology.groups[name].members
        return wanted in members or any(contains(m, wanted, visited) for m in members)

    for name in topology.groups:
        if contains(name, name, set()):
            yield ("groups", name, "members"), f"group '{name}' contains itself"


def _in_fleet(fleet: Fleet, services: Names, callees: Names) -> Iterator[Finding]:
    for key in ("sets_capacity_of", "sets_success_of"):
        for index, target in enumerate(getattr(fleet, key)):
            yield from _unknown((key, index), target, services, "service")
    if fleet.lease:
        yield from _unknown(("lease", "renewed_by"), fleet.lease.renewed_by, callees, "service or group")
    if fleet.health_check:
        yield from _unknown(("health_check", "through"), fleet.health_check.through, callees, "service or group")
    if fleet.restored_by:
        yield from _unknown(("restored_by", "to"), fleet.restored_by.to, callees, "service or group")


_ANYTHING: Final = "service, group, fleet or domain"
_SWITCH: Final = "call ('caller -> callee') or fleet with a health check"
_WHAT: Final = {
    "fail": _ANYTHING,
    "restore": _ANYTHING,
    "flap": _ANYTHING,
    "degrade": "service",
    "throttle": "service",
    "purge": "service",
    "lose": "fleet",
    "surge": "service with demand",
    "switch_off": _SWITCH,
    "switch_on": _SWITCH,
}
"""What an action can be about, in words."""


def _targets(topology: Topology) -> dict[str, Names]:
    """Give what each action of an event can be about; ``needs`` stands for the operators' tooling."""
    services: Names = topology.services
    anything = dict.fromkeys([*services, *topology.groups, *topology.fleets, *topology.all_domains])
    calls = [f"{name} -> {call.to}" for name, service in topology.services.items() for call in service.calls]
    checked = [name for name, fleet in topology.fleets.items() if fleet.health_check]
    switches = dict.fromkeys([*calls, *checked])
    return {
        "fail": anything,
        "restore": anything,
        "flap": anything,
        "degrade": services,
        "throttle": services,
        "purge": services,
        "lose": topology.fleets,
        "surge": {name: None for name, service in topology.services.items() if service.is_entry_point},
        "switch_off": switches,
        "switch_on": switches,
        "needs": services,
    }


def _in_event(event: Event, scenario: Scenario, targets: Mapping[str, Names]) -> Iterator[Finding]:
    candidates = targets[event.action]
    if event.target not in candidates:
        what = f"cannot {event.action} '{event.target}', which is no {_WHAT[event.action]}"
        yield (event.action,), what + closest(event.target, candidates)
    if event.needs is not None:
        yield from _unknown(("needs",), event.needs, targets["needs"], "service")
    is_moment = not isinstance(event.at, float)
    if is_moment and scenario.start is None:
        yield ("at",), "a moment needs the scenario's start"
    elif not 0.0 <= scenario.seconds(event.at) <= scenario.duration_s:
        yield ("at",), "lies outside the scenario's duration"
