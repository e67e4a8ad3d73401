"""The services of a Compose project become parts, and what their settings name becomes calls."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Final

from cascade.importers.draft import Evidence, Kind, Origin
from cascade.importers.hosts import Role, image_name, purpose, role, words_of
from cascade.importers.names import fit
from cascade.importers.project.files import tell

if TYPE_CHECKING:
    from collections.abc import Collection

    from cascade.importers.draft import Draft, Edge
    from cascade.importers.project.services import Service, Setting

PROXIES: Final = {"traefik": "traefik.", "caddy-docker-proxy": "caddy"}
"""Images of proxies that are told by labels of the services behind them, and how those labels begin."""
GENERAL: Final = frozenset({"service", "svc", "api", "app", "server"})
"""Words of names that say nothing about the matter."""
REFERENCES: Final = frozenset(
    {
        "host",
        "hosts",
        "hostname",
        "addr",
        "addrs",
        "address",
        "addresses",
        "url",
        "urls",
        "uri",
        "endpoint",
        "endpoints",
    }
)
"""Last words of settings whose host must be somewhere."""
MOST_BEHIND: Final = 10
"""Services that one name can stand for."""
MOST_ORIGINS: Final = 50
"""Places that are kept of all those that speak for a call."""

_NUMBERED: Final = re.compile(r"[a-z0-9]+[-_](?P<service>[a-z0-9._-]+)[-_][0-9]{1,4}")


@dataclass
class Project:
    """The services that are switched on, and where what is found goes."""

    services: dict[str, Service]
    draft: Draft
    configs: dict[str, Setting]
    """Configuration files that are written out in the Compose files."""
    networks: frozenset[str]
    """Names of networks, which can stand behind that of a service."""
    missing: set[tuple[str, str]] = field(default_factory=set)
    """Who refers to what that is not there."""

    @cached_property
    def called(self) -> dict[str, tuple[str, ...]]:
        """Services by each name that leads to them, in small letters."""
        found: dict[str, dict[str, None]] = {}
        for name, service in self.services.items():
            for other in (service.container_name, service.hostname, *service.aliases):
                found.setdefault(other.lower(), {})[name] = None
        own = {name.lower(): (name,) for name in self.services}
        return {key: tuple(islice(names, MOST_BEHIND)) for key, names in found.items() if key} | own

    def parts(self) -> None:
        """Put the services into the draft."""
        for name, service in self.services.items():
            component = self.draft.component(fit(name))
            others = (service.container_name, service.hostname, *service.aliases)
            component.aliases |= {fit(other) for other in others if other and other != name}
            component.is_store = self.role(name) in (Role.STORE, Role.BROKER)
            component.origins.append(Origin(Evidence.CONFIG, *service.place, f"service {name}"))
            if service.replicas:
                component.know("replicas", service.replicas, "replicas in the Compose file")
            elif service.replicas == 0:
                tell(self.draft, f"service '{fit(name)}' is scaled to 0 replicas; taken for running all the same")

    def calls(self) -> None:
        """Put the calls into the draft that settings, commands, links and labels name."""
        for name, service in self.services.items():
            self.by_settings(name, service)
            self.by_links(name, service)
        self.by_labels()

    def starts(self, everything: Collection[str]) -> None:
        """Put the order of starting into the draft."""
        for name, service in self.services.items():
            for target, place in service.depends_on.items():
                kind = self.kind(name, target, "")
                weak = Kind.STARTUP if kind in (Kind.SYNC, Kind.LOAD) else kind
                self.edge(name, target, weak, Origin(Evidence.DEPENDS_ON, *place, "depends_on"))
                if target not in everything:
                    self.unresolved(name, target)

    def guesses(self) -> None:
        """Take stores for those of the services that they are called after: ``user-service``, ``user-mongodb``."""
        stores = {name: None for name in self.services if self.role(name) is Role.STORE}
        users: dict[tuple[str, ...], list[str]] = {}
        for name in self.services:
            if name not in stores:
                users.setdefault(matter(name), []).append(name)
        for store in stores:
            for name in users.get(matter(store), ()) if matter(store) else ():
                origin = Origin(Evidence.NAME, *self.services[store].place, f"called like {fit(name)}")
                self.edge(name, store, Kind.STORE, origin)

    def settle(self) -> None:
        """Say what all calls together tell: which parts keep data, and where users come in."""
        edges = self.draft.edges.values()
        stores = {edge.callee for edge in edges if edge.kind is Kind.STORE}
        for name, component in self.draft.components.items():
            component.is_store |= name in stores
        for edge in edges:
            if edge.callee in stores and edge.kind in (Kind.SYNC, Kind.STARTUP):
                edge.kind = Kind.STORE
        called = {edge.callee for edge in edges if is_named(edge) and edge.kind is not Kind.TELEMETRY}
        for name, service in self.services.items():
            component = self.draft.component(fit(name))
            if service.ports and self.role(name) is None:
                key = "published" if component.name in called else "entry_point"
                component.know(key, value=True, why="publishes port")

    def edge(self, caller: str, callee: str, kind: Kind, origin: Origin) -> None:
        """Note that something speaks for a call between two services."""
        ends = fit(caller), fit(callee)
        if callee not in self.services or ends[0] == ends[1]:
            return
        known = self.draft.edges.get(ends)
        if known is None or len(known.origins) < MOST_ORIGINS or origin.evidence is Evidence.DEPENDS_ON:
            self.draft.edge(*ends, kind, origin)

    def unresolved(self, name: str, host: str) -> None:
        """Note once that a service refers to something that is not there."""
        missing = (fit(name), fit(host))
        if missing not in self.missing:
            self.missing.add(missing)
            self.draft.unresolved.append(missing)

    def role(self, name: str) -> Role | None:
        """Tell what a service is."""
        return role(name, self.services[name].image)

    def kind(self, caller: str, callee: str, setting: str) -> Kind:
        """Tell what a call between two services is for."""
        image = self.services[callee].image if callee in self.services else ""
        kind = purpose(caller, callee, setting, image=image)
        return Kind.CONSUME if kind is Kind.PRODUCE and caller in self.consumers else kind

    @cached_property
    def consumers(self) -> frozenset[str]:
        """Services with a setting for fetching work from a broker."""
        settings = {name: {**service.variables, **service.environment} for name, service in self.services.items()}
        return frozenset(name for name, keys in settings.items() if any("consumer" in words_of(key) for key in keys))

    def by_settings(self, name: str, service: Service) -> None:
        """Take the hosts in environment, commands and written-out configuration for callees."""
        for key, setting in {**service.variables, **service.environment}.items():
            self.by_hosts(name, setting, Origin(Evidence.ENV, *setting.place, f"env {fit(key)}"), key)
        for what, words in (("command", service.command), ("entrypoint", service.entrypoint)):
            if words is not None:
                self.by_hosts(name, words, Origin(Evidence.COMMAND, *words.place, what))
        for key in service.configs:
            if key in self.configs and self.users[key] == 1:
                setting = self.configs[key]
                self.by_hosts(name, setting, Origin(Evidence.CONFIG, *setting.place, f"config {fit(key)}"))

    @cached_property
    def users(self) -> Counter[str]:
        """How many services have each configuration; one that many share does not say who calls whom."""
        return Counter(key for service in self.services.values() for key in service.configs)

    def by_links(self, name: str, service: Service) -> None:
        """Take linked services and those whose network is shared for callees."""
        for link in service.links.values():
            for callee in self.called.get(link.target.lower(), ()):
                kind = self.kind(name, callee, "")
                self.edge(name, callee, kind, Origin(Evidence.CONFIG, *link.place, f"link {fit(link.name)}"))
        if service.network_of:
            for callee in self.called.get(service.network_of.target.lower(), ()):
                self.edge(name, callee, Kind.INFRA, Origin(Evidence.CONFIG, *service.network_of.place, "network_mode"))

    def by_labels(self) -> None:
        """Take services with labels for a proxy as called by it, and hosts in those labels too."""
        for proxy, start in self.proxies.items():
            for name, service in self.services.items():
                labels = {key: setting for key, setting in service.labels.items() if key.startswith(start)}
                routes = [key for key in labels if ".rule" in key or ".loadbalancer." in key or key == start]
                if routes and name != proxy:
                    place = labels[routes[0]].place
                    kind = self.kind(proxy, name, "")
                    self.edge(proxy, name, kind, Origin(Evidence.ROUTE, *place, f"label {fit(routes[0])}"))
                for key, setting in labels.items():
                    self.by_hosts(proxy, setting, Origin(Evidence.CONFIG, *setting.place, f"label {fit(key)}"))

    @cached_property
    def proxies(self) -> dict[str, str]:
        """Proxies that are told by labels, with how these begin."""
        return {
            name: start
            for name, service in self.services.items()
            for image, start in PROXIES.items()
            if image_name(service.image) == image
        }

    def by_hosts(self, name: str, setting: Setting, origin: Origin, key: str = "") -> None:
        """Take the services that a setting names for callees; tell of hosts that are missing."""
        for host in setting.hosts:
            callees = self.resolved(host, self.services[name])
            for callee in callees:
                self.edge(name, callee, self.kind(name, callee, key), origin)
            is_sure = not REFERENCES.isdisjoint(words_of(key)[-1:]) and host not in setting.unsure
            if is_sure and not callees and "." not in host:
                self.unresolved(name, host)

    def resolved(self, host: str, service: Service) -> tuple[str, ...]:
        """Give the services behind a host, as one service sees it."""
        if (link := service.links.get(host)) and link.target.lower() in self.called:
            return self.called[link.target.lower()]
        if host in service.extra_hosts:
            address = service.extra_hosts[host].lower()
            return self.at.get(address) or self.called.get(address, ())
        name, _, network = host.removeprefix("tasks.").partition(".")
        numbered = _NUMBERED.fullmatch(host)
        without_network = name if not network or network in self.networks else ""
        spellings = (host, without_network, numbered["service"] if numbered else "")
        return next((self.called[spelling] for spelling in spellings if spelling in self.called), ())

    @cached_property
    def at(self) -> dict[str, tuple[str, ...]]:
        """Services by their fixed address."""
        return {address: (name,) for name, service in self.services.items() for address in service.addresses}


def matter(name: str) -> tuple[str, ...]:
    """Give the words of a name that say what it is about.

    Examples
    --------
    >>> matter("user-service"), matter("mongodb-user"), matter("user-timeline-redis")
    (('user',), ('user',), ('user', 'timeline'))
    """
    return tuple(word for word in words_of(name) if word not in GENERAL and role(word) is not Role.STORE)


def is_named(edge: Edge) -> bool:
    """Tell whether anything but the order of starting, or a guess, speaks for a call."""
    return any(origin.evidence not in (Evidence.DEPENDS_ON, Evidence.NAME) for origin in edge.origins)
