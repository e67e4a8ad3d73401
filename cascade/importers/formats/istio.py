"""Istio: VirtualServices, DestinationRules, Gateways and ServiceEntries as what they do with calls."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cascade.importers.draft import Fact
from cascade.importers.format import CALLS, CAPACITY, ERRORS, LATENCY, RATES, SOFTNESS, Format, Options
from cascade.importers.manifests import (
    Manifest,
    at,
    items,
    last_of_each,
    limit,
    mapping,
    number,
    objects,
    seconds,
    short,
    text,
)
from cascade.importers.names import fit
from cascade.importers.policies import BUDGET, CallPolicy
from cascade.importers.remarks import Remarks
from cascade.importers.routes import Destination, Fault, Limits, Route, Rules, envoy_backoff, inject, split_text
from cascade.importers.values import percent_text, seconds_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cascade.importers.draft import Draft
    from cascade.importers.sources import Document
    from cascade.loading.nodes import Node

GROUP: Final = "networking.istio.io"
KINDS: Final = ("DestinationRule", "ServiceEntry", "Gateway", "VirtualService")
"""In the order in which they are read: versions are known before rules name them."""
HOW: Final = (
    "expected VirtualService, DestinationRule, Gateway or ServiceEntry, as from "
    "kubectl get virtualservices,destinationrules,gateways.networking.istio.io,serviceentries -A -o yaml"
)
MESH: Final = "mesh"
"""Stands among the gateways of a rule for calls from within."""
APP_LABELS: Final = ("app", "app.kubernetes.io/name", "k8s-app", "service.istio.io/canonical-name")
VERSION_LABELS: Final = ("version", "app.kubernetes.io/version", "service.istio.io/canonical-revision")
_LOOKS: Final = re.compile(r"""apiVersion["']?\s{0,8}:\s{0,8}["']?networking\.istio\.io/""")

SPLITS: Final = "Traffic is split by weight"
DEFAULT_RETRIES: Final = (
    "Nothing is said of retries, so that Istio makes two where a connection fails, a stream is refused or gRPC is "
    "unavailable; they are not written down"
)
FROM_OUTSIDE: Final = "Limits for users who come in through a gateway have no place on a call"
POOLS: Final = "Connection pools, which limit calls on the caller's side, have no place on a call"
OUTLIERS: Final = (
    "Outlier detection, which takes out single endpoints and is no circuit breaker, has no place on a call"
)
PASSED_OVER: Final = "Passed over"
NO_LIMITS_WITH_FAULT: Final = "Istio applies neither timeout nor retries of a rule that injects a fault"


@dataclass(slots=True)
class Reading:
    """What is gathered on the way."""

    draft: Draft
    remarks: Remarks = field(default_factory=Remarks)
    versions: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    """By host and subset: names that this version can have as a part."""
    late: list[CallPolicy] = field(default_factory=list)
    """Policies that stand back behind those of rules for the very host."""


def recognises(document: Document) -> bool:
    """Tell objects of Istio by their API group."""
    return bool(_LOOKS.search(document.head))


def reads(documents: Sequence[Document], draft: Draft, _options: Options) -> None:
    """Turn rules into policies, faults into scenarios, gateways into entry points."""
    reading = Reading(draft)
    found = objects(documents, KINDS, (GROUP,), HOW)
    holding = {id(one) for one in last_of_each(found, reading.remarks)}
    for manifest in found:
        match manifest.kind:
            case "DestinationRule":
                if id(manifest) in holding:
                    read_destination_rule(manifest, reading)
            case "ServiceEntry":
                read_service_entry(manifest, reading)
            case "VirtualService":
                read_virtual_service(manifest, reading, holds=id(manifest) in holding)
            case "Gateway":
                pass
            case _:
                reading.remarks.add(PASSED_OVER, manifest.title)
    draft.policies += reading.late
    reading.remarks.tell(draft)


def read_service_entry(manifest: Manifest, reading: Reading) -> None:
    """Note parts that the mesh is told of."""
    is_inside = text(at(manifest.spec, "location")) == "MESH_INTERNAL"
    for node in items(at(manifest.spec, "hosts")):
        host = text(node)
        if not host:
            continue
        if "*" in host:
            reading.remarks.add("Hosts with a wildcard stand for no single part", host)
            continue
        part = reading.draft.component(fit(host))
        part.know("description", "Outside of the cluster" if is_inside else "Outside of the mesh", manifest.title)
        part.origins.append(manifest.origin(node))


def read_destination_rule(manifest: Manifest, reading: Reading) -> None:
    """Note the versions of a host, and what is said of connections to it."""
    host = manifest.full(text(at(manifest.spec, "host")))
    if not host:
        reading.remarks.add(PASSED_OVER, f"{manifest.title} without a host")
        return
    versions = reading.versions.setdefault(host, {})
    rules = [(host, at(manifest.spec, "trafficPolicy"))]
    for subset in items(at(manifest.spec, "subsets")):
        if name := text(at(subset, "name")):
            versions[name] = version_parts(host, name, mapping(at(subset, "labels")))
            rules.append((versions[name][0], at(subset, "trafficPolicy")))
    for part, rule in rules:
        for policy in (rule, *items(at(rule, "portLevelSettings"))):
            read_traffic_policy(manifest, part, policy, reading)


def version_parts(host: str, subset: str, labels: dict[str, Node]) -> tuple[str, ...]:
    """Give the names that a version of a host can have as a part, the most usual first."""
    short, dot, namespace = host.partition(".") if host.count(".") == 1 or ".svc" in host else (host, "", "")
    versions = [text(labels.get(key)) for key in VERSION_LABELS]
    return tuple(dict.fromkeys(f"{short}-{one}{dot}{namespace}" for one in (*versions, subset) if one))


def read_traffic_policy(manifest: Manifest, host: str, policy: Node | None, reading: Reading) -> None:
    """Tell what connections are limited by, and note retry budgets."""
    pool = [
        f"{key} {found:g}"
        for key in ("tcp.maxConnections", "http.http1MaxPendingRequests", "http.http2MaxRequests", "http.maxRetries")
        if (found := limit(at(policy, "connectionPool", *key.split(".")))) is not None
    ]
    connect_s = seconds(at(policy, "connectionPool", "tcp", "connectTimeout"), reading.remarks, manifest.file)
    pool += [f"tcp.connectTimeout {seconds_text(connect_s)}"] if connect_s else []
    if pool:
        reading.remarks.add(POOLS, f"{host} ({', '.join(pool)})")
    if outliers := at(policy, "outlierDetection"):
        reading.remarks.add(OUTLIERS, f"{host} ({outlier_text(outliers, reading.remarks, manifest.file)})")
    if (budget := at(policy, "retryBudget")) is not None:
        percent = number(at(budget, "percent"))
        ratio = percent_text(min(0.2 if percent is None else percent / 100.0, 1.0))
        why = f"retryBudget of {manifest.title}; its floor is a number of retries at once, not a rate"
        facts = {BUDGET: Fact({"ratio": ratio}, why)}
        reading.late.append(CallPolicy(callee=host, facts=facts, origin=manifest.origin(budget), is_optional=True))


def outlier_text(outliers: Node, remarks: Remarks, file: str) -> str:
    """Say when endpoints are taken out, and for how long."""
    errors = number(at(outliers, "consecutive5xxErrors")) or number(at(outliers, "consecutiveErrors"))
    gateway = number(at(outliers, "consecutiveGatewayErrors"))
    out_s = seconds(at(outliers, "baseEjectionTime"), remarks, file)
    most = number(at(outliers, "maxEjectionPercent"))
    first = f"{gateway:g} gateway errors" if gateway and not errors else f"{errors or 5:g} errors"
    return f"{first} in a row, out for {seconds_text(out_s or 30.0)}, at most {10 if most is None else most:g}%"


def read_virtual_service(manifest: Manifest, reading: Reading, *, holds: bool) -> None:
    """Turn the rules of a VirtualService into policies of the calls to its hosts, and its faults into scenarios."""
    hosts = [manifest.full(text(node)) for node in items(at(manifest.spec, "hosts"))]
    gateways = [text(node) for node in items(at(manifest.spec, "gateways"))]
    rules = Rules(tuple(host for host in hosts if host and "*" not in host))
    for node in items(at(manifest.spec, "http")):
        rules.routes.append(read_route(manifest, node, reading))
    if holds and any(gateway != MESH for gateway in gateways):
        read_entry(manifest, reading, rules)
    if holds and (not gateways or MESH in gateways):
        keep_policies(rules, reading)
        for route in rules.routes:
            note_route(manifest, route, rules, reading)
    for route in rules.routes:
        if route.fault is not None and route.destinations:
            inject(reading.draft, manifest.name, route, route.destinations[0])


def keep_policies(rules: Rules, reading: Reading) -> None:
    """Keep the policies of some rules, those for the very hosts before those for where requests are sent on."""
    for policy in rules.policies():
        (reading.draft.policies if policy.callee in rules.hosts else reading.late).append(policy)
    routed = {part for route in rules.routes for one in route.destinations for part in one.part}
    for host in dict.fromkeys(one.host for route in rules.routes for one in route.destinations):
        for part in reading.versions.get(host, {}).values():
            if routed and routed.isdisjoint(part):
                origin = rules.routes[0].origin
                facts = {"per_request": Fact(0, f"{origin.what} sends nothing there")}
                names = part[1:]
                reading.late.append(
                    CallPolicy(callee=part[0], facts=facts, origin=origin, other_names=names, is_optional=True)
                )


def read_entry(manifest: Manifest, reading: Reading, rules: Rules) -> None:
    """Note where users come in."""
    found = [one.host for route in rules.routes for one in route.destinations]
    for kind in ("tls", "tcp"):
        for rule in items(at(manifest.spec, kind)):
            found += [text(at(node, "destination", "host")) for node in items(at(rule, "route"))]
    for host in dict.fromkeys(found):
        if host:
            part = reading.draft.component(short(host))
            part.aliases |= {host} - {part.name}
            part.know("entry_point", True, f"{manifest.title} leads there from a gateway")  # noqa: FBT003 - a value
            part.origins.append(manifest.origin(None))
    for route in rules.routes:
        if limits := ", ".join(f"{key} {fact.value}" for key, fact in route.limits.facts().items() if key == "timeout"):
            reading.remarks.add(FROM_OUTSIDE, f"{manifest.name} ({limits})")


def note_route(manifest: Manifest, route: Route, rules: Rules, reading: Reading) -> None:
    """Tell what a rule does that no key of a call can hold."""
    if len(route.destinations) > 1 and any(one.weight for one in route.destinations):
        reading.remarks.add(SPLITS, f"{manifest.name} ({split_text(route)})")
    if route.limits.retries is None and route.fault is None:
        for host in rules.hosts or [one.host for one in route.destinations]:
            reading.remarks.add(DEFAULT_RETRIES, host)
    if route.fault is not None and route.limits.facts():
        reading.remarks.add(NO_LIMITS_WITH_FAULT, manifest.name)


def read_route(manifest: Manifest, node: Node, reading: Reading) -> Route:
    """Read one rule for HTTP."""
    matches = items(at(node, "match"))
    return Route(
        origin=manifest.origin(node),
        limits=read_limits(manifest, node, reading),
        destinations=tuple(read_destinations(manifest, node, reading)),
        conditions=conditions_of(matches),
        callers=callers_of(matches),
        fault=read_fault(manifest, at(node, "fault"), reading),
    )


def read_limits(manifest: Manifest, node: Node, reading: Reading) -> Limits:
    """Read timeout and retries of a rule."""
    retries = at(node, "retries")
    attempts = number(at(retries, "attempts")) if retries is not None else None
    base_s = seconds(at(retries, "backoff"), reading.remarks, manifest.file)
    on = ", ".join(word for word in re.split(r"[,\s]+", text(at(retries, "retryOn"))[:200]) if word)
    return Limits(
        source=manifest.title,
        whole_s=seconds(at(node, "timeout"), reading.remarks, manifest.file),
        try_s=seconds(at(retries, "perTryTimeout"), reading.remarks, manifest.file),
        retries=None if attempts is None else int(attempts),
        backoff=envoy_backoff(base_s),
        why=f"retried on {on}" if on else "retried on failed connections, refused streams, gRPC unavailable",
    )


def read_destinations(manifest: Manifest, node: Node, reading: Reading) -> Iterator[Destination]:
    """Yield where a rule sends requests."""
    for target in items(at(node, "route")):
        host = manifest.full(text(at(target, "destination", "host")))
        subset = text(at(target, "destination", "subset"))
        if host:
            known = reading.versions.get(host, {}).get(subset, ())
            part = known or (version_parts(host, subset, {}) if subset else ())
            yield Destination(host, part, number(at(target, "weight")) or 0.0)


def conditions_of(matches: Sequence[Node]) -> tuple[str, ...]:
    """Name what requests are chosen by; callers and gateways are no conditions on a request."""
    found: dict[str, None] = {}
    for match in matches:
        own = [key for key in mapping(match) if key not in {"name", "sourceLabels", "sourceNamespace", "gateways"}]
        if not own:
            return ()
        for key in own:
            names = [fit(name) for name in mapping(at(match, key))] if key in {"headers", "queryParams"} else []
            found[f"{fit(key)} {', '.join(names)}" if names else fit(key)] = None
    return tuple(found)


def callers_of(matches: Sequence[Node]) -> tuple[str, ...]:
    """Name the parts whose requests are taken; none when those of others are taken too."""
    found: dict[str, None] = {}
    for match in matches:
        labels = mapping(at(match, "sourceLabels"))
        app = next((text(labels[key]) for key in APP_LABELS if key in labels), "")
        version = next((text(labels[key]) for key in VERSION_LABELS if key in labels), "")
        if not app:
            return ()
        found[fit(f"{app}-{version}" if version else app)] = None
    return tuple(found)


def read_fault(manifest: Manifest, fault: Node | None, reading: Reading) -> Fault | None:
    """Read an injected fault; without a share of requests Istio injects nothing."""
    if fault is None:
        return None
    delay, abort = at(fault, "delay"), at(fault, "abort")
    delay_s = seconds(at(delay, "fixedDelay"), reading.remarks, manifest.file)
    found = Fault(delay_s=delay_s or 0.0, delayed=share(delay) if delay_s else 0.0, errors=share(abort))
    if not found.text:
        reading.remarks.add("Faults without a share of requests or without a length do nothing", manifest.title)
        return None
    return found


def share(node: Node | None) -> float:
    """Give the share of requests that a fault strikes."""
    percent = number(at(node, "percentage", "value"))
    if percent is None:
        percent = number(at(node, "percent"))
    return min((percent or 0.0) / 100.0, 1.0)


FORMAT: Final = Format(
    name="istio",
    title="Istio rules",
    describes_calls=False,
    cannot_know=(CALLS, RATES, LATENCY, ERRORS, CAPACITY, SOFTNESS),
    is_overlay=True,
    recognises=recognises,
    reads=reads,
)
"""Rules of Istio."""
