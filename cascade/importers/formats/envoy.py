"""Envoy: routes and clusters of a bootstrap file, of route and cluster discovery, or of a configuration dump."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from cascade.importers.draft import Evidence, Kind, Origin
from cascade.importers.format import CALLS, CAPACITY, ERRORS, LATENCY, RATES, SOFTNESS, Format, Options
from cascade.importers.hosts import is_host
from cascade.importers.manifests import at, items, limit, mapping, number, seconds, text
from cascade.importers.names import fit
from cascade.importers.policies import spelled
from cascade.importers.remarks import MOST_LISTED, Remarks
from cascade.importers.routes import Destination, Fault, Limits, Route, Rules, envoy_backoff, inject, split_text
from cascade.importers.values import seconds_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cascade.importers.draft import Draft
    from cascade.importers.sources import Document
    from cascade.loading.nodes import Node

DEFAULT_TIMEOUT_S: Final = 15.0
"""Of a route that states none."""
DENOMINATORS: Final = {"HUNDRED": 1e2, "TEN_THOUSAND": 1e4, "MILLION": 1e6}
ISTIO_CLUSTER: Final = re.compile(r"(?P<way>outbound|inbound)\|\d*\|(?P<subset>[^|]*)\|(?P<host>[^|]*)")
"""How Istio names the clusters of its proxies."""
_LOOKS: Final = re.compile(
    r"""["']?(?:static_resources|staticResources|virtual_hosts|virtualHosts|dynamic_route_configs|dynamicRouteConfigs"""
    r"""|dynamic_active_clusters|dynamicActiveClusters|static_clusters|staticClusters)["']?\s{0,8}:"""
    r"""|type\.googleapis\.com/envoy\.(?:admin|config\.(?:cluster|route|bootstrap))\."""
)
_CLUSTER_OBJECT: Final = re.compile(r"""^\s{0,8}["']?apiVersion["']?\s{0,8}:""", re.MULTILINE)
"""What makes a document one of Kubernetes, even if a piece of Envoy is in it."""
_CAMEL: Final = re.compile(r"_([a-z])")

SPLITS: Final = "Traffic is split by weight"
BREAKERS: Final = (
    "Circuit breakers of Envoy, which limit what a caller has under way and know no errors, have no place on a call"
)
OUTLIERS: Final = (
    "Outlier detection, which takes out single endpoints and is no circuit breaker, has no place on a call"
)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where requests can be sent."""

    name: str
    """As the part is called."""
    hosts: tuple[str, ...]
    """Names of its endpoints."""


@dataclass(slots=True)
class Reading:
    """What is gathered on the way."""

    document: Document
    draft: Draft
    clusters: dict[str, Cluster]
    remarks: Remarks
    caller: str = ""
    """Whose proxy it is, where the file says so."""
    routes: list[Route] = field(default_factory=list)
    filters: list[Route] = field(default_factory=list)
    """Faults of filters, which are about all routes, or about one cluster."""

    @property
    def destinations(self) -> list[Destination]:
        """Where the routes lead, each once."""
        return list(dict.fromkeys(one for route in self.routes for one in route.destinations))


def recognises(document: Document) -> bool:
    """Tell a configuration of Envoy by its keys or types."""
    return bool(_LOOKS.search(document.head)) and not _CLUSTER_OBJECT.search(document.head)


def reads(documents: Sequence[Document], draft: Draft, _options: Options) -> None:
    """Turn routes into policies of the calls to their clusters."""
    remarks = Remarks()
    clusters: dict[str, Cluster] = {}
    roots = [(document, root) for document in documents for root in document.yaml]
    for document, root in roots:
        for node in mappings(root):
            if is_cluster(node):
                read_cluster(node, clusters, remarks, document.label)
    found = 0
    for document in documents:
        reading = Reading(document, draft, clusters, remarks)
        for owner, root in roots:
            if owner is document:
                read_root(root, reading)
        keep_policies(reading)
        found += len(reading.routes)
    if not found and not clusters and documents:
        raise documents[0].error(
            "no routes or clusters of Envoy in it; export them with curl localhost:9901/config_dump"
        )
    remarks.tell(draft)


def mappings(root: Node) -> Iterator[Node]:
    """Yield every mapping of a document, outer ones first, in their order."""
    pending = [root]
    while pending:
        node = pending.pop()
        children = mapping(node)
        if children:
            yield node
        pending += reversed([*children.values(), *items(node)])


def get(node: Node | None, *keys: str) -> Node | None:
    """Give what stands below some keys, in either spelling of them (``num_retries``, ``numRetries``)."""
    for key in keys:
        found = at(node, key)
        node = found if found is not None else at(node, _CAMEL.sub(lambda match: match[1].upper(), key))
    return node


def is_cluster(node: Node) -> bool:
    """Tell a cluster by its name and what only clusters have."""
    marks = (
        "load_assignment",
        "lb_policy",
        "eds_cluster_config",
        "connect_timeout",
        "circuit_breakers",
        "cluster_type",
    )
    return bool(text(get(node, "name"))) and any(get(node, mark) is not None for mark in marks)


def read_cluster(node: Node, clusters: dict[str, Cluster], remarks: Remarks, file: str) -> None:
    """Note a cluster, and tell what it limits."""
    name = text(get(node, "name"))
    istio = ISTIO_CLUSTER.fullmatch(name)
    if istio and istio["way"] == "inbound":
        return
    hosts: dict[str, None] = {}
    for group in items(get(node, "load_assignment", "endpoints")):
        for endpoint in items(get(group, "lb_endpoints")):
            address = text(get(endpoint, "endpoint", "address", "socket_address", "address"))
            if is_host(address):
                hosts[fit(address)] = None
    clusters[name] = Cluster(fit(istio["host"] if istio else name), tuple(hosts))
    limits = [
        f"{key} {found:g}"
        for threshold in items(get(node, "circuit_breakers", "thresholds"))
        for key in ("max_connections", "max_pending_requests", "max_requests", "max_retries")
        if (found := limit(get(threshold, key))) is not None
    ]
    if limits:
        remarks.add(BREAKERS, f"{clusters[name].name} ({', '.join(limits)})")
    if (outliers := get(node, "outlier_detection")) is not None:
        errors = number(get(outliers, "consecutive_5xx"))
        out_s = seconds(get(outliers, "base_ejection_time"), remarks, file)
        often = f"{5 if errors is None else errors:g} errors in a row, out for {seconds_text(out_s or 30.0)}"
        remarks.add(OUTLIERS, f"{clusters[name].name} ({often})")


def read_root(root: Node, reading: Reading) -> None:
    """Read the routes of one document, and whose proxy it configures."""
    for node in mappings(root):
        if (owner := text(get(node, "node", "cluster"))) and not reading.caller:
            reading.caller = fit(owner)
        read_filters(node, reading)
        for host in items(get(node, "virtual_hosts")):
            shared = get(host, "retry_policy")
            for rule in items(get(host, "routes")):
                if (action := get(rule, "route")) is not None:
                    reading.routes.append(read_route(rule, action, shared, reading))


def read_filters(node: Node, reading: Reading) -> None:
    """Read the faults that filters inject into all requests, or into those to one cluster."""
    for one in items(get(node, "http_filters")):
        config = get(one, "typed_config")
        fault = read_fault(config, reading)
        if config is not None and fault is not None:
            limits = Limits(source="an Envoy filter")
            origin = Origin(Evidence.ROUTE, reading.document.label, config.line, "an Envoy filter")
            cluster = text(get(config, "upstream_cluster"))
            about = (destination(cluster, reading),) if cluster else ()
            reading.filters.append(Route(origin=origin, limits=limits, destinations=about, fault=fault))


def read_route(rule: Node, action: Node, shared: Node | None, reading: Reading) -> Route:
    """Read one route; what a virtual host says of retries holds where the route is silent."""
    file = reading.document.label
    policy = get(action, "retry_policy")
    policy = shared if policy is None else policy
    whole_s = seconds(get(action, "timeout"), reading.remarks, file)
    retries = number(get(policy, "num_retries"))
    base_s = seconds(get(policy, "retry_back_off", "base_interval"), reading.remarks, file)
    most_s = seconds(get(policy, "retry_back_off", "max_interval"), reading.remarks, file)
    limits = Limits(
        source=f"the route of Envoy in line {rule.line} of {PurePath(file).name}",
        whole_s=DEFAULT_TIMEOUT_S if whole_s is None else whole_s,
        whole_word="the default timeout" if whole_s is None else "timeout",
        try_s=seconds(get(policy, "per_try_timeout"), reading.remarks, file),
        try_word="per_try_timeout",
        retries=None if policy is None else int(1 if retries is None else retries),
        retries_word="num_retries",
        backoff=envoy_backoff(base_s, most_s),
        why=f"retried on {fit(text(get(policy, 'retry_on')))}" if text(get(policy, "retry_on")) else "",
    )
    return Route(
        origin=Origin(Evidence.ROUTE, file, rule.line, "an Envoy route"),
        limits=limits,
        destinations=tuple(read_destinations(action, reading)),
        conditions=conditions_of(get(rule, "match")),
        callers=(),
        fault=next((found for node in mappings(rule) if (found := read_fault(node, reading)) is not None), None),
    )


def read_destinations(action: Node, reading: Reading) -> Iterator[Destination]:
    """Yield the clusters that a route leads to, except to the proxy's own service."""
    weighted = [
        (text(get(one, "name")), number(get(one, "weight")) or 0.0)
        for one in items(get(action, "weighted_clusters", "clusters"))
    ]
    for name, weight in weighted or [(text(get(action, "cluster")), 0.0)]:
        istio = ISTIO_CLUSTER.fullmatch(name)
        if not name or (istio and istio["way"] == "inbound"):
            continue
        yield destination(name, reading, weight)


def destination(cluster: str, reading: Reading, weight: float = 0.0) -> Destination:
    """Give the part that a cluster stands for."""
    istio = ISTIO_CLUSTER.fullmatch(cluster)
    known = reading.clusters.get(cluster)
    host = known.name if known else fit(istio["host"] if istio else cluster)
    short, dot, rest = host.partition(".")
    part = (f"{short}-{fit(istio['subset'])}{dot}{rest}",) if istio and istio["subset"] else ()
    return Destination(host, part, weight)


def conditions_of(match: Node | None) -> tuple[str, ...]:
    """Name what requests are chosen by; a prefix of ``/`` takes all."""
    return tuple(
        fit(key)
        for key, node in mapping(match).items()
        if not (key in {"prefix", "path_separated_prefix"} and text(node) in {"/", ""})
    )


def read_fault(node: Node | None, reading: Reading) -> Fault | None:
    """Read an injected fault, where a mapping is one."""
    delay, abort = get(node, "delay"), get(node, "abort")
    if get(delay, "fixed_delay") is None and get(abort, "http_status") is None and get(abort, "grpc_status") is None:
        return None
    delay_s = seconds(get(delay, "fixed_delay"), reading.remarks, reading.document.label) or 0.0
    found = Fault(delay_s=delay_s, delayed=share(delay) if delay_s else 0.0, errors=share(abort))
    return found if found.text else None


def share(node: Node | None) -> float:
    """Give the share of requests that a fault strikes."""
    numerator = number(get(node, "percentage", "numerator")) or 0.0
    return min(numerator / DENOMINATORS.get(text(get(node, "percentage", "denominator")), 1e2), 1.0)


def keep_policies(reading: Reading) -> None:
    """Keep what the routes of one proxy mean: for its own calls where it says whose it is, else for those of all."""
    hosts = {cluster.name: cluster.hosts for cluster in reading.clusters.values()}
    for policy in Rules((), reading.routes).policies():
        names = (*policy.other_names, *hosts.get(policy.callee, ()))
        reading.draft.policies.append(replace(policy, caller=reading.caller or None, other_names=names))
    for route in reading.routes:
        if len(route.destinations) > 1:
            reading.remarks.add(SPLITS, split_text(route))
        for one in route.destinations if route.fault is not None else ():
            inject(reading.draft, spelled(one.host)[0], route, one)
    for filtered in reading.filters:
        for one in filtered.destinations or reading.destinations[:MOST_LISTED]:
            inject(reading.draft, spelled(one.host)[0], filtered, one)
    if reading.caller:
        draw_calls(reading, hosts)


def draw_calls(reading: Reading, hosts: dict[str, tuple[str, ...]]) -> None:
    """Draw the calls of a proxy to clusters that are written out; those of a mesh name all that could be called."""
    for route in reading.routes:
        for one in route.destinations:
            names = hosts.get(one.host, ())
            callee = names[0] if len(names) == 1 else one.host
            if names and callee != reading.caller:
                reading.draft.edge(reading.caller, callee, Kind.SYNC, route.origin)
                reading.draft.component(callee).aliases |= {one.host} - {callee}


FORMAT: Final = Format(
    name="envoy",
    title="Envoy configuration",
    describes_calls=False,
    cannot_know=(CALLS, RATES, LATENCY, ERRORS, CAPACITY, SOFTNESS),
    is_overlay=True,
    recognises=recognises,
    reads=reads,
)
"""Routes and clusters of Envoy."""
