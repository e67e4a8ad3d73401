"""Services of Compose files: what each layer says of one, laid over what the layers before it say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from cascade.importers.hosts import hosts_in
from cascade.importers.names import fit
from cascade.importers.project.files import tell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cascade.importers.draft import Draft
    from cascade.importers.project.files import Layer
    from cascade.loading.nodes import Node

MAX_EXTENDS: Final = 10
"""Longest chain of services that extend one another."""
RESET: Final = "!reset"
OVERRIDE: Final = "!override"


class Place(NamedTuple):
    """Where something is written."""

    file: str
    line: int


NOWHERE: Final = Place("", 0)


class Setting(NamedTuple):
    """What a value names; the value itself is not kept."""

    place: Place
    hosts: tuple[str, ...]
    unsure: frozenset[str] = frozenset()
    """Those of the hosts that may be a piece of something secret."""


class Link(NamedTuple):
    """Another service under a name of one's own."""

    target: str
    name: str
    place: Place


@dataclass
class Service:
    """What is known of one service."""

    image: str = ""
    container_name: str = ""
    hostname: str = ""
    aliases: dict[str, None] = field(default_factory=dict)
    addresses: dict[str, None] = field(default_factory=dict)
    """Fixed addresses in its networks."""
    replicas: int | None = None
    profiles: dict[str, None] = field(default_factory=dict)
    variables: dict[str, Setting] = field(default_factory=dict)
    """From files of variables; those of its own come first."""
    environment: dict[str, Setting] = field(default_factory=dict)
    command: Setting | None = None
    entrypoint: Setting | None = None
    labels: dict[str, Setting] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    """By the name that the service knows the other under, in small letters."""
    extra_hosts: dict[str, str] = field(default_factory=dict)
    """Address by name."""
    depends_on: dict[str, Place] = field(default_factory=dict)
    network_of: Link | None = None
    """The service whose network it is in."""
    ports: Place | None = None
    """Where a port is published under a number of its own."""
    configs: dict[str, Place] = field(default_factory=dict)
    place: Place = NOWHERE


KEYS: Final = {
    "environment": "environment", "env_file": "variables", "command": "command", "entrypoint": "entrypoint",
    "labels": "labels", "links": "links", "external_links": "links", "extra_hosts": "extra_hosts",
    "depends_on": "depends_on", "ports": "ports", "configs": "configs", "profiles": "profiles", "networks": "aliases",
    "network_mode": "network_of", "image": "image", "container_name": "container_name", "hostname": "hostname",
}  # fmt: skip
"""Which field a key of a service fills."""


def laid_over(base: Service, over: Service, tags: dict[str, str]) -> Service:
    """Lay what a later layer says over what the earlier ones say, by the rules of Compose."""
    merged = Service()
    for name in Service.__dataclass_fields__:
        before, after = getattr(base, name), getattr(over, name)
        tag = tags.get(name, "")
        if tag == RESET:
            continue
        if tag == OVERRIDE:
            value = after
        elif isinstance(after, dict):
            value = {**before, **after}
        else:
            value = after if after not in (None, "", NOWHERE) else before
        setattr(merged, name, value)
    merged.place = base.place if base.place.line else over.place
    return merged


def services(layers: Sequence[Layer], draft: Draft) -> dict[str, Service]:
    """Give the services of all layers together, in the order in which they are first named."""
    found: dict[str, Service] = {}
    for layer in layers:
        for name, node in layer.services.items():
            tag = layer.tag(node)
            if tag == RESET:
                found.pop(name, None)
            elif isinstance(node.children, dict) or node.plain is None:
                reader = Reader(layer, draft)
                service, tags = reader.service(node, name, ()), reader.tags(node)
                is_first = name not in found or tag == OVERRIDE
                found[name] = service if is_first else laid_over(found[name], service, tags)
            else:
                tell(draft, f"service '{fit(name)}' was passed over: it is no mapping ({layer.label}:{node.line})")
    return found


@dataclass
class Reader:
    """Reads the services of one layer."""

    layer: Layer
    draft: Draft

    def tags(self, node: Node) -> dict[str, str]:
        """Give the tags of the entries of a service, by field."""
        return {KEYS[str(key)]: tag for key, child in node.entries() if key in KEYS and (tag := self.layer.tag(child))}

    def service(self, node: Node, name: str, through: tuple[tuple[str, str], ...]) -> Service:
        """Read a service, with what it extends."""
        own = self.own(node)
        extends = node.below("extends")
        if extends is None or extends.plain is None:
            return own
        base = self.extended(extends, (*through, (self.layer.label, name)))
        return own if base is None else laid_over(base, own, self.tags(node))

    def extended(self, node: Node, through: tuple[tuple[str, str], ...]) -> Service | None:
        """Read the service that another extends."""
        is_long = isinstance(node.children, dict)
        name = self.text(node.below("service") if is_long else node)
        layer = self.layer
        if is_long and (file := self.text(node.below("file"))):
            opened = layer.other(file)
            if opened is None:
                return None
            layer = opened
        found = layer.services.get(name)
        where = f"{self.layer.label}:{node.line}"
        if found is None or (layer.label, name) in through or len(through) > MAX_EXTENDS:
            tell(self.draft, f"'extends' was passed over: there is no service '{fit(name)}' to extend ({where})")
            return None
        return Reader(layer, self.draft).service(found, name, through)

    def own(self, node: Node) -> Service:
        """Read what a service says of itself."""
        get = node.below
        links = [*self.links(get("links")), *self.links(get("external_links"))]
        return Service(
            image=self.text(get("image")),
            container_name=self.text(get("container_name")),
            hostname=self.text(get("hostname")),
            aliases=dict.fromkeys(self.in_networks(get("networks"), "aliases")),
            addresses=dict.fromkeys(self.in_networks(get("networks"), "ipv4_address", "ipv6_address")),
            replicas=self.replicas(node),
            profiles=dict.fromkeys(self.texts(get("profiles"))),
            variables=self.files_of_variables(get("env_file")),
            environment=self.environment(get("environment")),
            command=self.words(get("command"), "command"),
            entrypoint=self.words(get("entrypoint"), "entrypoint"),
            labels={**self.labels(get("labels")), **self.labels(self.below(get("deploy"), "labels"))},
            links={link.name.lower(): link for link in links},
            extra_hosts={key.lower(): value for key, value, _ in self.pairs(get("extra_hosts"), ":") if value},
            depends_on=self.keys(get("depends_on")),
            network_of=self.network_of(get("network_mode")),
            ports=self.published(get("ports")),
            configs=self.keys(get("configs")),
            place=Place(self.layer.label, node.key_line or node.line),
        )

    def text(self, node: Node | None) -> str:
        """Give a value as text with its variables filled in; nothing for lists and mappings."""
        plain = None if node is None else node.plain
        if plain is None or isinstance(plain, (list, dict)):
            return ""
        return self.layer.variables.fill(plain) if isinstance(plain, str) else str(plain).lower()

    def texts(self, node: Node | None) -> list[str]:
        """Give the texts of a list, or of a single value."""
        if node is None:
            return []
        children = node.children if isinstance(node.children, list) else [node]
        return [text for child in children if (text := self.text(child))]

    def below(self, node: Node | None, key: str) -> Node | None:
        """Give what is under a key of a mapping."""
        return node.below(key) if node is not None and isinstance(node.children, dict) else None

    def place(self, node: Node) -> Place:
        """Give where a value is written."""
        return Place(self.layer.label, node.key_line or node.line)

    def published(self, node: Node | None) -> Place | None:
        """Give the place of the first port that others can reach under a number of their own."""
        for _, port in node.entries() if node is not None and isinstance(node.children, list) else ():
            if ":" in self.text(port) or self.text(self.below(port, "published")):
                return self.place(port)
        return None

    def pairs(self, node: Node | None, signs: str = "") -> Iterator[tuple[str, str | None, Node]]:
        """Yield keys and values of a mapping, or of a list of ``KEY=VALUE``; a key alone has None."""
        for key, child in node.entries() if node is not None else ():
            if isinstance(key, str):
                yield key, None if child.plain is None else self.text(child), child
            elif text := self.text(child):
                sign = "=" if "=" in text or not signs else signs
                name, equals, value = text.partition(sign)
                yield name.strip(), value if equals else None, child

    def keys(self, node: Node | None) -> dict[str, Place]:
        """Give the names in a list or mapping: ``depends_on``, ``configs``."""
        found: dict[str, Place] = {}
        for key, child in node.entries() if node is not None else ():
            name = key if isinstance(key, str) else self.text(self.below(child, "source") or child)
            if name:
                found[name] = self.place(child)
        return found

    def environment(self, node: Node | None) -> dict[str, Setting]:
        """Give the hosts of each environment variable; one without a value takes that of the project."""
        known = self.layer.variables.values
        return {
            key: setting_of(known.get(key, "") if value is None else value, key, self.place(child))
            for key, value, child in self.pairs(node)
        }

    def labels(self, node: Node | None) -> dict[str, Setting]:
        """Give the hosts of each label, unless one says that they do not count."""
        if any(key.endswith(".enable") and value == "false" for key, value, _ in self.pairs(node)):
            return {}
        return {key: setting_of(value or "", key, self.place(child)) for key, value, child in self.pairs(node)}

    def files_of_variables(self, node: Node | None) -> dict[str, Setting]:
        """Give the hosts of each variable of the files that a service takes its variables from."""
        if node is None:
            return {}
        found: dict[str, Setting] = {}
        for child in node.children if isinstance(node.children, list) else [node]:
            name = self.text(self.below(child, "path") or child)
            is_needed = self.text(self.below(child, "required")) != "false"
            if name and (is_needed or self.layer.beside.is_there(name, self.layer.base)):
                beside, base, known = self.layer.beside, self.layer.base, self.layer.variables.values
                place = Place(name, 0)
                values = beside.env(name, base, known, "the file of variables")
                found |= {key: setting_of(value, key, place) for key, value in values.items()}
        return found

    def words(self, node: Node | None, what: str) -> Setting | None:
        """Give the hosts in a command; an empty one takes away what an earlier layer says."""
        if node is None:
            return None
        return setting_of(" ".join(self.texts(node)), what, self.place(node))

    def links(self, node: Node | None) -> Iterator[Link]:
        """Yield what is linked, as ``service:name`` or ``service``."""
        for _, child in node.entries() if node is not None and isinstance(node.children, list) else ():
            target, _, name = self.text(child).partition(":")
            if target:
                yield Link(target, name or target, self.place(child))

    def network_of(self, node: Node | None) -> Link | None:
        """Give the service or container whose network it shares."""
        kind, _, target = self.text(node).partition(":")
        return Link(target, "", self.place(node)) if node and target and kind in ("service", "container") else None

    def in_networks(self, node: Node | None, *keys: str) -> Iterator[str]:
        """Yield what its networks say under some keys."""
        for _, network in node.entries() if node is not None and isinstance(node.children, dict) else ():
            for key in keys:
                yield from self.texts(self.below(network, key))

    def replicas(self, node: Node) -> int | None:
        """Give how many of it there are."""
        said = self.text(self.below(node.below("deploy"), "replicas")) or self.text(node.below("scale"))
        return int(said) if said.isascii() and said.isdigit() and len(said) < len("1000000") else None


def setting_of(value: str, setting: str, place: Place) -> Setting:
    """Give what a value names, and forget the value."""
    hosts = tuple(hosts_in(value, setting))
    _, at, after = value.lower().rpartition("@")
    unsure = frozenset(host for host in hosts if at and not after.startswith(host))
    return Setting(place, hosts, unsure)
