"""What an importer has found so far: parts and calls, each with where it is known from.

Values are kept as a topology file writes them (``250ms``, ``80%``, ``3``), under the keys that they have
there, so that an importer says only what it knows and the rest stays open.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cascade.importers.policies import CallPolicy


class Evidence(StrEnum):
    """How a call is known, from firm to weak."""

    TRACE = "trace"
    """Seen in requests."""
    METRIC = "metric"
    """Counted by a mesh or a collector."""
    GRAPH = "graph"
    """Stated as a graph: an edge list, a drawing, an answer of a tracing system."""
    ROUTE = "route"
    """A routing rule sends requests there."""
    ENV = "env"
    """An environment variable names the callee."""
    CONFIG = "config"
    """A configuration file, label or link names it."""
    COMMAND = "command"
    """The command line of the caller names it."""
    CATALOG = "catalog"
    """A catalogue of services says so."""
    DEPENDS_ON = "depends_on"
    """The order of starting, which is no call."""
    NETWORK_POLICY = "network-policy"
    """Allowed to, which is an upper bound."""
    NAME = "name"
    """Their names are alike, which is a guess."""


CONFIDENCE: Final[dict[Evidence, float]] = {
    Evidence.TRACE: 1.0,
    Evidence.METRIC: 1.0,
    Evidence.GRAPH: 0.95,
    Evidence.ROUTE: 0.9,
    Evidence.ENV: 0.8,
    Evidence.CONFIG: 0.8,
    Evidence.COMMAND: 0.8,
    Evidence.CATALOG: 0.7,
    Evidence.DEPENDS_ON: 0.4,
    Evidence.NETWORK_POLICY: 0.2,
    Evidence.NAME: 0.1,
}
"""How likely a call is that only this speaks for; a judgement, made in one place."""
MOST_SHOWN: Final = 2
"""Places that a comment names."""
FIRM: Final = 0.5
"""Confidence from which a call is part of the topology unless evidence is chosen by name."""


class Kind(StrEnum):
    """What a call is for."""

    SYNC = "sync"
    STORE = "store"
    """To a database or cache."""
    PRODUCE = "async_produce"
    """Work left with a broker."""
    CONSUME = "async_consume"
    """Work fetched from a broker: the consumer needs the broker, though data flows the other way."""
    LOAD = "load"
    """From a load generator, which stands for the users."""
    FLAGS = "flags"
    """To a service of feature flags, whose answers have defaults."""
    TELEMETRY = "telemetry"
    """Metrics, logs and traces."""
    INFRA = "infra"
    """Discovery, configuration, certificates."""
    ALLOWED = "allowed"
    """Permitted; nobody says that it happens."""
    STARTUP = "startup"
    """Needed to start."""


@dataclass(frozen=True, order=True, slots=True)
class Origin:
    """One place that speaks for a call."""

    evidence: Evidence
    file: str
    line: int
    """0 where lines say nothing, as in JSON."""
    what: str
    """In a few words, without any value from the file but names of parts: ``env REDIS_ADDR``."""

    def __str__(self) -> str:
        """Give it as a comment says it."""
        name = PurePath(self.file).name or self.file
        place = f"{name}:{self.line}" if self.line else name
        return f"{self.what} ({place})"


def firmest(origins: Sequence[Origin]) -> list[Origin]:
    """Put the firmest first."""
    return sorted(origins, key=lambda origin: (-CONFIDENCE[origin.evidence], origin))


def origin_text(origins: Sequence[Origin]) -> str:
    """Say what speaks for a call, the firmest first and not all of very many."""
    more = f" and {len(origins) - MOST_SHOWN} more" if len(origins) > MOST_SHOWN else ""
    return ", ".join(map(str, firmest(origins)[:MOST_SHOWN])) + more


@dataclass(frozen=True, slots=True)
class Fact:
    """One value, and where it is from."""

    value: Any
    """As YAML holds it: a text with its unit, a number, a mapping, a list."""
    why: str
    """In a few words: ``p50 of 812 spans``, ``spec.replicas``."""
    is_assumed: bool = False
    """Whether it is a guess rather than something that the source says."""
    source: int = 0
    """Which source says it."""


@dataclass(slots=True)
class Component:
    """A part that takes requests."""

    name: str
    facts: dict[str, Fact] = field(default_factory=dict)
    """By key of a service in a topology file: ``demand``, ``replicas``, ``service_time``, ``slo``, ..."""
    aliases: set[str] = field(default_factory=set)
    """Other names that it goes by in the source: host names, container names, Services in front of it."""
    is_store: bool = False
    """Whether it keeps data: a database, cache or broker."""
    origins: list[Origin] = field(default_factory=list)

    def know(self, key: str, value: Any, why: str, *, is_assumed: bool = False) -> None:
        """Note a value, unless a firmer one is known already."""
        know(self.facts, key, Fact(value, why, is_assumed))


@dataclass(slots=True)
class Edge:
    """A call from one part to another."""

    caller: str
    callee: str
    kind: Kind
    origins: list[Origin] = field(default_factory=list)
    facts: dict[str, Fact] = field(default_factory=dict)
    """By key of a call in a topology file: ``per_request``, ``timeout``, ``retry``, ``needs``, ..."""
    calls: float = 0.0
    """Calls that were counted, 0 where nobody counted; calls per request follow from all counts together."""
    errors: float = 0.0
    """Those of them that failed."""
    source: int = 0
    """Which source counted them: counts of different sources do not go together."""

    @property
    def confidence(self) -> float:
        """How sure it is that this call is made."""
        return max((CONFIDENCE[origin.evidence] for origin in self.origins), default=0.0)

    def know(self, key: str, value: Any, why: str, *, is_assumed: bool = False) -> None:
        """Note a value, unless a firmer one is known already."""
        know(self.facts, key, Fact(value, why, is_assumed))


def know(facts: dict[str, Fact], key: str, fact: Fact) -> None:
    """Note a value unless one is known; what is said takes the place of what was assumed."""
    known = facts.get(key)
    if known is None or (known.is_assumed and not fact.is_assumed):
        facts[key] = fact


@dataclass(slots=True)
class Draft:
    """All that was found."""

    name: str = ""
    """What the system is called; empty where the source does not say."""
    components: dict[str, Component] = field(default_factory=dict)
    edges: dict[tuple[str, str], Edge] = field(default_factory=dict)
    scenarios: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By name, as a topology file writes them: injected faults."""
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By name, as a topology file writes them."""
    sections: dict[str, Any] = field(default_factory=dict)
    """Other parts of a topology file, by key, as they stand there."""
    stated: set[str] = field(default_factory=set)
    """Parts of which the source says where their requests come in, so that nothing is guessed."""
    record: dict[str, Any] = field(default_factory=dict)
    """What a topology that was imported says of its own sources."""
    policies: list[CallPolicy] = field(default_factory=list)
    """Facts about calls whose callers another source knows; applied once all sources are together."""
    notes: list[str] = field(default_factory=list)
    """What the reader should know: sampling, time windows, what was passed over."""
    unresolved: list[tuple[str, str]] = field(default_factory=list)
    """(part, what it refers to) where nothing of that name is in the files."""
    left_out: list[tuple[str, str, str]] = field(default_factory=list)
    """(caller, callee, why) of what looks like a call and is none."""

    @property
    def services(self) -> list[Component]:
        """The parts that are services: neither groups nor fleets."""
        others = self.groups.keys() | self.sections.get("fleets", {}).keys()
        return [component for name, component in self.components.items() if name not in others]

    def component(self, name: str) -> Component:
        """Give a part, made when it is not there yet."""
        return self.components.setdefault(name, Component(name))

    def edge(self, caller: str, callee: str, kind: Kind, origin: Origin) -> Edge:
        """Give a call with one more place that speaks for it; both ends are made when they are not there yet."""
        self.component(caller)
        self.component(callee)
        edge = self.edges.setdefault((caller, callee), Edge(caller, callee, kind))
        if origin not in edge.origins:
            edge.origins.append(origin)
        return edge

    def note(self, text: str) -> None:
        """Tell the reader something, once."""
        if text not in self.notes:
            self.notes.append(text)
