"""The whole: services, redundancy, populations, what happens and what was observed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from cascade.behaviours.part import Part
from cascade.model.fleet import Fleet
from cascade.model.group import Domain, Group
from cascade.model.scenario import Event, Observed, Scenario
from cascade.model.service import Objective, Service
from cascade.units import closest

if TYPE_CHECKING:
    import networkx as nx

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\s>]+$")]
"""A name without spaces."""


class Topology(Part):
    """A system and the scenarios it is asked about; consistent once made."""

    version: Literal[1] = 1
    """Format of the file."""
    name: str = "topology"
    """What the system is called."""
    description: str = ""
    """One paragraph for the reader."""
    objective: Objective = Objective()
    """What counts as hit, unless a service says otherwise."""
    services: dict[Name, Service] = {}
    """By name."""
    groups: dict[Name, Group] = {}
    """By name; they share the name space of the services."""
    fleets: dict[Name, Fleet] = {}
    """By name; they share it too."""
    domains: dict[Name, Domain] = {}
    """Failure domains, by name."""
    scenarios: dict[Name, Scenario] = {}
    """By name; the first is the one that is run when none is named."""
    observed: tuple[Observed, ...] = ()
    """What really happened, for replays."""

    @field_validator("services", mode="before")
    @classmethod
    def _empty_services(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: {} if service is None else service for name, service in value.items()}
        return value

    @field_validator("domains", mode="before")
    @classmethod
    def _members_alone(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {k: {"members": v} if isinstance(v, (list, tuple)) else v for k, v in value.items()}
        return value

    @model_validator(mode="after")
    def _is_consistent(self) -> Topology:
        problems = tuple(inconsistencies(self))
        if problems:
            raise Inconsistent(problems)
        return self

    @cached_property
    def all_domains(self) -> dict[str, dict[str, float]]:
        """Failure domains with the share of each member that they take, ``zones`` included."""
        domains = {name: dict(domain.members) for name, domain in self.domains.items()}
        for name, service in self.services.items():
            for zone in service.zones:
                domains.setdefault(zone, {})[name] = 1.0 / len(service.zones)
        return domains

    @property
    def graph(self) -> nx.DiGraph[str]:
        """A plain ``networkx.DiGraph`` with edges ``caller -> callee``."""
        from cascade.graph.build import build_graph  # noqa: PLC0415 - networkx only when asked for

        return build_graph(self)

    def objective_of(self, name: str) -> Objective:
        """Give the objective that a service, group or fleet is held to."""
        part = self.services.get(name) or self.fleets.get(name)
        return (part.slo if part else None) or self.objective


class Inconsistent(PydanticCustomError):
    """Carries every reference of a topology that leads nowhere, with its path."""

    problems: tuple[tuple[tuple[str | int, ...], str], ...]

    def __new__(cls, problems: tuple[tuple[tuple[str | int, ...], str], ...]) -> Inconsistent:
        """Make the error from ``(path, message)`` pairs."""
        text = "; ".join(message for _, message in problems)
        error = super().__new__(cls, "inconsistent", "{text}", {"text": text, "problems": problems})
        return error


Path = tuple[str | int, ...]


def inconsistencies(topology: Topology) -> Iterator[tuple[Path, str]]:
    """Yield the path and message of every reference that does not hold together."""
    nodes = {**topology.services, **topology.groups, **topology.fleets}
    callable_names = [*topology.services, *topology.groups]

    def unknown(path: Path, name: str, known: list[str], what: str) -> Iterator[tuple[Path, str]]:
        if name not in known:
            yield path, f"unknown {what} '{name}'{closest(name, known)}"

    yield from _doubled_names(topology)
    for name, service in topology.services.items():
        targets = [call.to for call in service.calls]
        for index, call in enumerate(service.calls):
            path: Path = ("services", name, "calls", index)
            yield from unknown((*path, "to"), call.to, callable_names, "service or group")
            if call.to == name:
                yield (*path, "to"), f"'{name}' calls itself"
            if call.to in targets[:index]:
                yield (*path, "to"), f"'{name}' calls '{call.to}' twice; use per_request"
            for place, other in enumerate(call.after):
                yield from unknown((*path, "after", place), other, targets, "call to wait for,")
            if call.cache and call.cache.held_in:
                yield from unknown((*path, "cache", "held_in"), call.cache.held_in, callable_names, "service")
            if call.fallback and call.fallback.to:
                yield from unknown((*path, "fallback", "to"), call.fallback.to, callable_names, "service or group")
    for name, group in topology.groups.items():
        for index, member in enumerate(group.members):
            yield from unknown(("groups", name, "members", index), member, callable_names, "service or group")
    yield from _containing_themselves(topology)
    for name, fleet in topology.fleets.items():
        for index, target in enumerate(fleet.sets_capacity_of):
            yield from unknown(("fleets", name, "sets_capacity_of", index), target, list(topology.services), "service")
        for key, part, field in (
            ("lease", fleet.lease, "renewed_by"),
            ("health_check", fleet.health_check, "through"),
            ("restored_by", fleet.restored_by, "to"),
        ):
            if part is not None:
                yield from unknown(("fleets", name, key, field), getattr(part, field), callable_names, "service or group")
    for name, domain in topology.domains.items():
        for member in domain.members:
            yield from unknown(("domains", name, "members", member), member, list(nodes), "service, group or fleet")
    for name, scenario in topology.scenarios.items():
        for index, event in enumerate(scenario.events):
            for field, message in event_problems(topology, scenario, event):
                yield ("scenarios", name, "events", index, field), message
    for index, window in enumerate(topology.observed):
        yield from unknown(("observed", index, "service"), window.service, list(nodes), "service or fleet")


def _doubled_names(topology: Topology) -> Iterator[tuple[Path, str]]:
    seen: dict[str, str] = {}
    kinds = {"services": topology.services, "groups": topology.groups, "fleets": topology.fleets,
             "domains": topology.domains}  # fmt: skip
    for kind, named in kinds.items():
        for name in named:
            if name in seen:
                yield (kind, name), f"'{name}' is already the name of one of the {seen[name]}"
            seen[name] = kind


def _containing_themselves(topology: Topology) -> Iterator[tuple[Path, str]]:
    def contains(name: str, wanted: str, visited: set[str]) -> bool:
        if name in visited or name not in topology.groups:
            return False
        visited.add(name)
        members = topology.groups[name].members
        return wanted in members or any(contains(m, wanted, visited) for m in members)

    for name in topology.groups:
        if contains(name, name, set()):
            yield ("groups", name, "members"), f"group '{name}' contains itself"


def event_problems(topology: Topology, scenario: Scenario, event: Event) -> Iterator[tuple[str, str]]:
    """Yield the key and message of everything about an event that does not fit the topology."""
    services, fleets = list(topology.services), list(topology.fleets)
    anything = [*services, *topology.groups, *fleets, *topology.all_domains]
    checked_fleets = [name for name, fleet in topology.fleets.items() if fleet.health_check]
    edges = [f"{name} -> {call.to}" for name, service in topology.services.items() for call in service.calls]
    known: dict[str, list[str]] = {
        "fail": anything,
        "restore": anything,
        "flap": anything,
        "degrade": services,
        "throttle": services,
        "purge": services,
        "lose": fleets,
        "surge": [name for name in services if topology.services[name].is_entry_point],
        "switch_off": [*edges, *checked_fleets],
        "switch_on": [*edges, *checked_fleets],
    }
    candidates = known[event.action]
    if event.target not in candidates:
        yield event.action, f"cannot {event.action} '{event.target}'{closest(event.target, candidates)}"
    if event.needs is not None and event.needs not in services:
        yield "needs", f"unknown service '{event.needs}'{closest(event.needs, services)}"
    is_moment = not isinstance(event.at, float)
    if is_moment and scenario.start is None:
        yield "at", "a moment needs the scenario's start"
    elif not 0.0 <= scenario.seconds(event.at) <= scenario.duration_s:
        yield "at", "lies outside the scenario's duration"


