"""Gateway API: timeouts and retries of HTTPRoutes and GRPCRoutes, entry points, retry budgets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cascade.importers.draft import Fact
from cascade.importers.format import CALLS, CAPACITY, ERRORS, LATENCY, RATES, SOFTNESS, Format, Options
from cascade.importers.manifests import Manifest, at, items, mapping, number, objects, seconds, short, text
from cascade.importers.names import fit
from cascade.importers.policies import BUDGET, CallPolicy
from cascade.importers.remarks import Remarks
from cascade.importers.routes import Destination, Limits, Route, Rules, split_text
from cascade.importers.values import percent_text, rate_text, seconds_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cascade.importers.draft import Draft
    from cascade.importers.sources import Document
    from cascade.loading.nodes import Node

GROUPS: Final = ("gateway.networking.k8s.io", "gateway.networking.x-k8s.io")
ROUTES: Final = ("HTTPRoute", "GRPCRoute")
STREAMS: Final = ("TLSRoute", "TCPRoute", "UDPRoute")
BUDGETS: Final = ("BackendTrafficPolicy", "XBackendTrafficPolicy")
QUIET: Final = ("Gateway", "GatewayClass", "ReferenceGrant")
"""Kinds that say nothing about calls."""
HOW: Final = "expected HTTPRoute, GRPCRoute or Gateway, as from kubectl get httproutes,grpcroutes,gateways -A -o yaml"
DEFAULT_RATIO: Final = 0.2
DEFAULT_FLOOR_RPS: Final = 10.0
_LOOKS: Final = re.compile(r"""apiVersion["']?\s{0,8}:\s{0,8}["']?gateway\.networking\.(?:x-)?k8s\.io/""")

SPLITS: Final = "Traffic is split by weight"
FROM_OUTSIDE: Final = "Limits for users who come in through a gateway have no place on a call"
PASSED_OVER: Final = "Passed over"


@dataclass(slots=True)
class Reading:
    """What is gathered on the way."""

    draft: Draft
    remarks: Remarks = field(default_factory=Remarks)
    late: list[CallPolicy] = field(default_factory=list)
    """Policies that stand back behind those of rules for the very host."""


def recognises(document: Document) -> bool:
    """Tell objects of the Gateway API by their API group."""
    return bool(_LOOKS.search(document.head))


def reads(documents: Sequence[Document], draft: Draft, _options: Options) -> None:
    """Turn routes into policies of calls, and what gateways lead to into entry points."""
    reading = Reading(draft)
    for manifest in objects(documents, ROUTES, GROUPS, HOW):
        if manifest.kind in ROUTES:
            read_route(manifest, reading)
        elif manifest.kind in STREAMS:
            read_entry(manifest, reading, read_rules(manifest, reading))
        elif manifest.kind in BUDGETS:
            read_budget(manifest, reading)
        elif manifest.kind not in QUIET:
            reading.remarks.add(PASSED_OVER, manifest.title)
    draft.policies += reading.late
    reading.remarks.tell(draft)


def read_route(manifest: Manifest, reading: Reading) -> None:
    """Turn a route into policies where it hangs on a Service, into entry points where it hangs on a gateway."""
    routes = read_rules(manifest, reading)
    services = tuple(dict.fromkeys(parents(manifest, "Service")))
    if services:
        rules = Rules(services, routes)
        for policy in rules.policies():
            (reading.draft.policies if policy.callee in services else reading.late).append(policy)
        for route in routes:
            if len(route.destinations) > 1:
                reading.remarks.add(SPLITS, f"{manifest.name} ({split_text(route)})")
    if any(True for _ in parents(manifest, "Gateway")):
        read_entry(manifest, reading, routes)


def parents(manifest: Manifest, kind: str) -> Iterator[str]:
    """Yield what a route hangs on, of one kind; a gateway where no kind is given."""
    for node in items(at(manifest.spec, "parentRefs")):
        name, namespace = text(at(node, "name")), text(at(node, "namespace"))
        if name and (text(at(node, "kind")) or "Gateway") == kind:
            yield f"{fit(name)}.{fit(namespace)}" if namespace else manifest.full(name)


def read_entry(manifest: Manifest, reading: Reading, routes: Sequence[Route]) -> None:
    """Note where users come in."""
    for route in routes:
        for one in route.destinations:
            part = reading.draft.component(short(one.host))
            part.aliases |= {one.host} - {part.name}
            part.know("entry_point", True, f"{manifest.title} leads there from a gateway")  # noqa: FBT003 - a value
            if (origin := manifest.origin(None)) not in part.origins:
                part.origins.append(origin)
        timeout = route.limits.facts().get("timeout")
        if timeout is not None:
            reading.remarks.add(FROM_OUTSIDE, f"{manifest.name} (timeout {timeout.value})")


def read_rules(manifest: Manifest, reading: Reading) -> list[Route]:
    """Read the rules of a route."""
    return [
        Route(
            origin=manifest.origin(node),
            limits=read_limits(manifest, node, reading.remarks),
            destinations=tuple(read_destinations(manifest, node)),
            conditions=conditions_of(items(at(node, "matches"))),
        )
        for node in items(at(manifest.spec, "rules"))
    ]


def read_limits(manifest: Manifest, node: Node, remarks: Remarks) -> Limits:
    """Read timeouts and retries of a rule; how far back-offs grow is left to the implementation."""
    attempts = number(at(node, "retry", "attempts"))
    backoff_s = seconds(at(node, "retry", "backoff"), remarks, manifest.file)
    codes = [f"{code:g}" for one in items(at(node, "retry", "codes")) if (code := number(one)) is not None]
    backoff: dict[str, Any] | None = None
    if backoff_s is not None:
        backoff = {"initial": seconds_text(backoff_s), "multiplier": 1}
    return Limits(
        source=manifest.title,
        whole_s=seconds(at(node, "timeouts", "request"), remarks, manifest.file),
        whole_word="timeouts.request",
        try_s=seconds(at(node, "timeouts", "backendRequest"), remarks, manifest.file),
        try_word="timeouts.backendRequest",
        retries=None if attempts is None else int(attempts),
        retries_word="retry.attempts",
        backoff=backoff,
        why=f"retried on {', '.join(codes)}" if codes else "",
    )


def read_destinations(manifest: Manifest, node: Node) -> Iterator[Destination]:
    """Yield where a rule sends requests; without a weight it is 1."""
    for target in items(at(node, "backendRefs")):
        name, namespace = text(at(target, "name")), text(at(target, "namespace"))
        if name and (text(at(target, "kind")) or "Service") == "Service":
            weight = number(at(target, "weight"))
            host = f"{fit(name)}.{fit(namespace)}" if namespace else manifest.full(name)
            yield Destination(host, (), 1.0 if weight is None else weight)


def conditions_of(matches: Sequence[Node]) -> tuple[str, ...]:
    """Name what requests are chosen by; a path of ``/`` takes all."""
    found: dict[str, None] = {}
    for match in matches:
        own = {fit(key): None for key in mapping(match) if not (key == "path" and is_any_path(at(match, key)))}
        if not own:
            return ()
        found |= own
    return tuple(found)


def is_any_path(path: Node | None) -> bool:
    """Tell whether a path takes every request."""
    return (text(at(path, "type")) or "PathPrefix") == "PathPrefix" and (text(at(path, "value")) or "/") == "/"


def read_budget(manifest: Manifest, reading: Reading) -> None:
    """Note the limit on all retries to some Services."""
    budget = at(manifest.spec, "retryConstraint")
    if budget is None:
        return
    percent = number(at(budget, "budget", "percent"))
    count = number(at(budget, "minRetryRate", "count"))
    interval_s = seconds(at(budget, "minRetryRate", "interval"), reading.remarks, manifest.file) or 1.0
    floor_rps = DEFAULT_FLOOR_RPS if count is None else count / interval_s
    value = {
        "ratio": percent_text(min(DEFAULT_RATIO if percent is None else percent / 100.0, 1.0)),
        "min_per_second": rate_text(floor_rps),
    }
    for node in items(at(manifest.spec, "targetRefs")):
        if name := manifest.full(text(at(node, "name"))):
            facts = {BUDGET: Fact(value, f"retryConstraint of {manifest.title}")}
            reading.late.append(CallPolicy(callee=name, facts=facts, origin=manifest.origin(budget), is_optional=True))


FORMAT: Final = Format(
    name="gateway-api",
    title="Gateway API routes",
    describes_calls=False,
    cannot_know=(CALLS, RATES, LATENCY, ERRORS, CAPACITY, SOFTNESS),
    is_overlay=True,
    recognises=recognises,
    reads=reads,
)
"""Routes of the Gateway API."""
