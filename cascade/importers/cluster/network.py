"""Who may call whom, and where users come in: NetworkPolicies, Ingresses, routes, open Services."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import chain, product
from typing import TYPE_CHECKING, Final

from cascade.importers.cluster.objects import at, elements, labels_of, listed, name_under, text_of
from cascade.importers.cluster.parts import APP_LABELS
from cascade.importers.draft import Evidence, Kind, Origin
from cascade.importers.values import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cascade.importers.cluster.objects import Resource
    from cascade.importers.cluster.parts import Part, Parts
    from cascade.importers.cluster.workloads import Cluster, Workload
    from cascade.importers.draft import Draft
    from cascade.loading.nodes import Node

ROUTES: Final = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")
OPEN: Final = frozenset({"LoadBalancer", "NodePort"})
ALIKE: Final = 0.75
"""How alike a name must be to be offered instead of one that nothing has."""
MOST_SUGGESTED: Final = 20
"""Most names for which alike ones are looked for."""
WORK_OF_A_CALL: Final = 10
"""What putting in a call takes, in comparisons of a selector with a pod."""
NAMESPACE_NAME: Final = "kubernetes.io/metadata.name"
"""Label that every namespace has."""


def entry_points(cluster: Cluster, parts: Parts) -> Iterator[tuple[Part, str]]:
    """Yield the parts that are open to the outside, each with why."""
    for kind, backends in (("Ingress", ingress_backends), ("Route", openshift_backends)):
        for resource in cluster.others.get(kind, ()):
            yield from named(parts, resource, ((resource.namespace, name) for name in backends(resource)))
    for kind in ROUTES:
        for resource in cluster.others.get(kind, ()):
            yield from named(parts, resource, route_backends(resource))
    for service in cluster.services:
        if service.kind in OPEN:
            for part in parts.by_host.get((service.namespace, service.name), ()):
                yield part, f"Service {service.name} is of type {service.kind}"


def named(parts: Parts, resource: Resource, backends: Iterator[tuple[str, str]]) -> Iterator[tuple[Part, str]]:
    """Yield the parts behind some Services, given as (namespace, name)."""
    for namespace, name in backends:
        for part in parts.resolve(name, namespace):
            yield part, f"{resource.kind} {resource.name} leads to it"


def ingress_backends(resource: Resource) -> Iterator[str]:
    """Yield the names of the Services behind an Ingress, of today's version or of the old ones."""
    spec = resource.at("spec")
    paths = [path for rule in elements(at(spec, "rules")) for path in elements(at(rule, "http", "paths"))]
    backends = [at(spec, "defaultBackend"), at(spec, "backend"), *(at(path, "backend") for path in paths)]
    for backend in backends:
        if name := name_under(backend, "service", "name") or name_under(backend, "serviceName"):
            yield name


def openshift_backends(resource: Resource) -> Iterator[str]:
    """Yield the names of the Services behind a Route."""
    for backend in (resource.at("spec", "to"), *elements(resource.at("spec", "alternateBackends"))):
        if name := name_under(backend, "name"):
            yield name


def route_backends(resource: Resource) -> Iterator[tuple[str, str]]:
    """Yield (namespace, name) of the Services behind a route that a Gateway takes traffic for."""
    parents = elements(resource.at("spec", "parentRefs"))
    if parents and all(text_of(at(parent, "kind")) == "Service" for parent in parents):
        return
    for rule in elements(resource.at("spec", "rules")):
        for backend in elements(at(rule, "backendRefs")):
            name = name_under(backend, "name")
            if name and text_of(at(backend, "kind")) in {"", "Service"}:
                yield name_under(backend, "namespace") or resource.namespace, name


@dataclass(slots=True)
class Told:
    """Policies that say nothing about a caller, by why."""

    open: list[str] = field(default_factory=list)
    """They select all pods, or let everybody in."""
    egress: list[str] = field(default_factory=list)
    """They restrict what goes out."""
    lost: dict[str, str] = field(default_factory=dict)
    """Label values that no workload has, each with one that looks like it."""


class Policies:
    """Reads NetworkPolicies as calls that are allowed."""

    def __init__(self, cluster: Cluster, parts: Parts, aliases: Mapping[str, str], draft: Draft) -> None:
        self.cluster = cluster
        self.parts = parts
        self.aliases = aliases
        self.draft = draft
        self.told = Told()
        self.unresolved: dict[tuple[str, str], None] = {}
        self.by_name = {part.name: part for part in parts.all}
        self.elsewhere: dict[tuple[str, str, str], set[str]] = {}
        """Parts outside the files by namespace and label that a Service selects them by."""
        for part in parts.all:
            for other in (*(one.name for one in part.workloads), *(one.name for one in part.services)):
                self.by_name.setdefault(other, part)
        for part in parts.lone:
            for key, value in ((key, value) for one in part.services for key, value in one.selector.items()):
                self.elsewhere.setdefault((part.namespace, key, value), set()).add(part.name)

    def read(self) -> None:
        """Put all that is allowed into the draft."""
        for resource in self.cluster.others.get("NetworkPolicy", ()):
            self.read_one(resource)
        known = set(self.draft.unresolved)
        self.draft.unresolved += [pair for pair in self.unresolved if pair not in known]
        note(self.told, self.draft)

    def read_one(self, resource: Resource) -> None:
        """Put what one policy allows into the draft."""
        spec = resource.at("spec")
        if any(elements(at(rule, "to")) for rule in elements(at(spec, "egress"))):
            self.told.egress.append(resource.name)
        callees, missing = self.pods(at(spec, "podSelector"), [resource.namespace])
        peers = [elements(at(rule, "from")) for rule in elements(at(spec, "ingress"))]
        is_for_all = not callees and not missing
        if is_for_all or not all(peers):
            self.told.open.append(resource.name)
        for peer in () if is_for_all else chain(*peers):
            callers, unknown = self.callers(peer, resource.namespace)
            self.allow(callers, callees, Origin(Evidence.NETWORK_POLICY, resource.file, peer.line, told_as(resource)))
            self.cluster.index.count(len(callers) * len(missing) + len(callees) * len(unknown))
            self.unresolved |= dict.fromkeys(product(callers, missing)) | dict.fromkeys(product(callees, unknown))

    def allow(self, callers: Sequence[str], callees: Sequence[str], origin: Origin) -> None:
        """Put in a call from each to each."""
        self.cluster.index.count(len(callers) * len(callees) * WORK_OF_A_CALL)
        for caller, callee in product(callers, callees):
            if caller != callee:
                self.draft.edge(caller, callee, Kind.ALLOWED, origin)

    def callers(self, peer: Node, namespace: str) -> tuple[list[str], list[str]]:
        """Give who is allowed by one entry of ``from``."""
        if at(peer, "podSelector") is None:
            return [], []
        spaces = at(peer, "namespaceSelector")
        return self.pods(at(peer, "podSelector"), [namespace] if spaces is None else self.spaces(spaces))

    def spaces(self, selector: Node) -> list[str]:
        """Give the namespaces that a selector means."""
        known = {name: {NAMESPACE_NAME: name} | labels for name, labels in self.cluster.namespaces.items()} or {"": {}}
        return [name for name, labels in known.items() if fits(selector, labels)]

    def pods(self, selector: Node | None, namespaces: Sequence[str]) -> tuple[list[str], list[str]]:
        """Give the parts that a selector of pods means, and names of it that no part has; none when it means all."""
        labels = labels_of(at(selector, "matchLabels"))
        rules = elements(at(selector, "matchExpressions"))
        if not labels and not rules:
            return [], []
        wanted = [name for value in app_values(labels, rules) if (name := name_of(value))]
        wanted = [self.aliases.get(name, name) for name in wanted]
        if not self.cluster.workloads:
            return wanted, []
        found = [one for space in namespaces for one in self.selected(space, labels)]
        if rules:
            self.cluster.index.count(len(found) * len(rules))
            found = [one for one in found if all_fit(rules, one.labels)]
        names = list(dict.fromkeys(self.parts.part_of(one).name for one in found))
        names = names or [name for space in namespaces for name in self.behind_services(space, labels)]
        if not names:
            names = list(dict.fromkeys(self.by_name[name].name for name in wanted if name in self.by_name))
        return (names, []) if names else ([], [name for name in wanted if self.lost(name)])

    def selected(self, namespace: str, labels: Mapping[str, str]) -> list[Workload]:
        """Give the workloads with some labels in a namespace, or in the one that files leave open."""
        found = [self.cluster.index.selected(space, labels) for space in self.parts.same_as(namespace)]
        return next(filter(None, found), [])

    def behind_services(self, namespace: str, labels: Mapping[str, str]) -> list[str]:
        """Give the parts outside the files whose Services select pods by all these labels."""
        found = [self.elsewhere.get((namespace, key, value), set()) for key, value in labels.items()]
        return sorted(set.intersection(*found)) if found else []

    def lost(self, name: str) -> bool:
        """Remember a name that no part has."""
        if name not in self.told.lost:
            is_first = len(self.told.lost) < MOST_SUGGESTED
            alike = get_close_matches(name, self.by_name, n=1, cutoff=ALIKE) if is_first else []
            self.told.lost[name] = "".join(alike)
        return True


def told_as(resource: Resource) -> str:
    """Name a policy."""
    return f"{resource.kind} {resource.name}"


def app_values(labels: Mapping[str, str], rules: Sequence[Node]) -> list[str]:
    """Give by what names a selector means pods: by the first label that says what they are."""
    for key in APP_LABELS:
        if labels.get(key):
            return [labels[key]]
        for rule in rules:
            if text_of(at(rule, "key")) == key and text_of(at(rule, "operator")) == "In":
                return [text_of(one) for one in elements(at(rule, "values"))]
    return []


def fits(selector: Node, labels: Mapping[str, str]) -> bool:
    """Tell whether labels are what a selector asks for."""
    wanted = labels_of(at(selector, "matchLabels"))
    return all(labels.get(key) == value for key, value in wanted.items()) and all_fit(
        elements(at(selector, "matchExpressions")), labels
    )


def all_fit(rules: Sequence[Node], labels: Mapping[str, str]) -> bool:
    """Tell whether labels are what all expressions ask for."""
    return all(rule_fits(rule, labels) for rule in rules)


def rule_fits(rule: Node, labels: Mapping[str, str]) -> bool:
    """Tell whether labels are what one expression asks for."""
    found = labels.get(text_of(at(rule, "key")))
    values = {text_of(one) for one in elements(at(rule, "values"))}
    operator = text_of(at(rule, "operator"))
    return {
        "In": found in values,
        "NotIn": found not in values,
        "Exists": found is not None,
        "DoesNotExist": found is None,
    }.get(operator, False)


def note(told: Told, draft: Draft) -> None:
    """Tell what policies leave open."""
    if told.open:
        draft.note(f"NetworkPolicies that name no caller, or no callee, allow no calls here: {listed(told.open)}.")
    if told.egress:
        draft.note(
            f"Of NetworkPolicies only what comes in was read; {listed(told.egress)} also restrict what goes out."
        )
    for name, alike in told.lost.items():
        if alike:
            draft.note(f"NetworkPolicies name '{name}'; did you mean '{alike}'? Then say so: --alias {name}={alike}")
    strange = [name for name, alike in told.lost.items() if not alike]
    if strange:
        draft.note(f"NetworkPolicies name what no workload is labelled with: {listed(strange)}.")
