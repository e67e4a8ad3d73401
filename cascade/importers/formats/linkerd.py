"""Linkerd: annotations of Services and routes, and ServiceProfiles."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from cascade.behaviours.retry import MAX_CLASSES
from cascade.importers.draft import Fact
from cascade.importers.format import CALLS, CAPACITY, ERRORS, LATENCY, RATES, SOFTNESS, Format, Options
from cascade.importers.formats.gateway_api import conditions_of, parents
from cascade.importers.manifests import Manifest, at, items, number, objects, seconds, text
from cascade.importers.names import fit
from cascade.importers.policies import CallPolicy, spelled
from cascade.importers.remarks import Remarks
from cascade.importers.routes import Limits, Route, Rules
from cascade.importers.values import percent_text, rate_text, seconds_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cascade.importers.draft import Draft
    from cascade.importers.sources import Document
    from cascade.loading.nodes import Node

GROUPS: Final = ("linkerd.io", "policy.linkerd.io", "gateway.networking.k8s.io", "")
ROUTES: Final = ("HTTPRoute", "GRPCRoute")
KINDS: Final = ("ServiceProfile", *ROUTES, "Service")
"""In the order in which they count: routes come before the Services that they hang on."""
HOW: Final = "expected Services, HTTPRoutes or ServiceProfiles, as from kubectl get services,httproutes -A -o yaml"
RETRY: Final = "retry.linkerd.io/"
TIMEOUT: Final = "timeout.linkerd.io/"
ACCRUAL: Final = "balancer.linkerd.io/failure-accrual"
PROFILE_TIMEOUT_S: Final = 10.0
"""Of a route of a ServiceProfile without one."""
RATIO, FLOOR_RPS = 0.2, 10.0
"""Retry budget of a ServiceProfile without one."""
_LOOKS: Final = re.compile(
    r"""(?:retry|timeout)\.linkerd\.io/[a-z]|balancer\.linkerd\.io/failure|kind["']?\s{0,8}:\s{0,8}["']?ServiceProfile\b"""
)

EJECTION: Final = (
    "Failure accrual, which takes out single endpoints and is no circuit breaker of a call, has no place on a call"
)


def recognises(document: Document) -> bool:
    """Tell Linkerd by its annotations of retries, timeouts and failure accrual, or a ServiceProfile."""
    return bool(_LOOKS.search(document.head))


def reads(documents: Sequence[Document], draft: Draft, _options: Options) -> None:
    """Turn annotations and profiles into policies of the calls to a Service."""
    remarks = Remarks()
    policies: list[CallPolicy] = []
    profiled: set[tuple[str, str]] = set()
    for manifest in objects(documents, KINDS, GROUPS, HOW):
        match manifest.kind:
            case "ServiceProfile":
                profiled.add(spelled(manifest.full(manifest.name)))
                policies += read_profile(manifest, remarks)
            case "HTTPRoute" | "GRPCRoute":
                found = read_route(manifest, remarks)
                policies += [policy for policy in found if spelled(policy.callee) not in profiled]
            case "Service" if spelled(manifest.full(manifest.name)) in profiled:
                if any(key.startswith((RETRY, TIMEOUT)) for key in manifest.annotations):
                    remarks.add("Annotations that a ServiceProfile overrules", manifest.name)
            case "Service":
                policies += read_service(manifest, remarks)
            case _:
                pass
    if not policies and not remarks.topics:
        draft.note("No policies of Linkerd are in these files")
    draft.policies += policies
    remarks.tell(draft)


def read_service(manifest: Manifest, remarks: Remarks) -> Iterator[CallPolicy]:
    """Yield what the annotations of a Service mean for calls to it."""
    host = manifest.full(manifest.name)
    if ACCRUAL in manifest.annotations:
        remarks.add(EJECTION, f"{host} ({accrual_text(manifest, remarks)})")
    if facts := read_annotations(manifest, None, remarks).facts():
        place = next((node for key, node in manifest.annotations.items() if key.startswith((RETRY, TIMEOUT))), None)
        yield CallPolicy(callee=host, facts=facts, origin=manifest.origin(place))


def read_route(manifest: Manifest, remarks: Remarks) -> Iterator[CallPolicy]:
    """Yield what a route that hangs on Services means for calls to them."""
    rules = Rules(tuple(dict.fromkeys(parents(manifest, "Service"))))
    for node in items(at(manifest.spec, "rules")):
        conditions = conditions_of(items(at(node, "matches")))
        limits = read_annotations(manifest, node, remarks)
        rules.routes.append(Route(origin=manifest.origin(node), limits=limits, conditions=conditions))
    yield from rules.policies()


def read_annotations(manifest: Manifest, rule: Node | None, remarks: Remarks) -> Limits:
    """Read timeouts and retries; a timeout that is not one of a retry ends the call without another attempt."""
    found = manifest.annotations
    times = [
        (limit_s, word)
        for word, node in (
            (f"{TIMEOUT}request", found.get(f"{TIMEOUT}request") or at(rule, "timeouts", "request")),
            (f"{TIMEOUT}response", found.get(f"{TIMEOUT}response") or at(rule, "timeouts", "backendRequest")),
        )
        if (limit_s := seconds(node, remarks, manifest.file))
    ]
    whole_s, word = min(times, default=(None, ""))
    is_retried = any(f"{RETRY}{kind}" in found for kind in ("http", "grpc", "limit", "timeout"))
    on = [text(found.get(f"{RETRY}{kind}"))[:100] for kind in ("http", "grpc")]
    limit = number(found.get(f"{RETRY}limit"))
    return Limits(
        source=manifest.title,
        whole_s=whole_s,
        whole_word=word,
        try_s=seconds(found.get(f"{RETRY}timeout"), remarks, manifest.file) if is_retried else None,
        try_word=f"{RETRY}timeout",
        retries=(1 if limit is None else int(limit)) if is_retried else None,
        retries_word=f"{RETRY}limit",
        backoff={"initial": "0s"},
        why=f"retried on {', '.join(filter(None, on))}" if any(on) else "",
    )


def accrual_text(manifest: Manifest, remarks: Remarks) -> str:
    """Say when endpoints are taken out, and for how long."""
    failures = number(manifest.annotations.get(f"{ACCRUAL}-consecutive-max-failures"))
    least, most = (
        seconds(manifest.annotations.get(f"{ACCRUAL}-consecutive-{which}-penalty"), remarks, manifest.file)
        for which in ("min", "max")
    )
    return f"{failures or 7:g} failures in a row, out for {seconds_text(least or 1.0)} to {seconds_text(most or 60.0)}"


def read_profile(manifest: Manifest, remarks: Remarks) -> Iterator[CallPolicy]:
    """Yield what a ServiceProfile means: retries within a budget alone, and a timeout over all of them."""
    routes = items(at(manifest.spec, "routes"))
    retried = [node for node in routes if (mark := at(node, "isRetryable")) is not None and mark.plain is True]
    times = {seconds(at(node, "timeout"), remarks, manifest.file) or PROFILE_TIMEOUT_S for node in routes}
    facts: dict[str, Fact] = {}
    if times:
        which = "" if len(times) == 1 else f", the longest of {len(times)} of its routes"
        why = f"timeout of {manifest.title} over all attempts{which}"
        facts["timeout"] = Fact(seconds_text(max(times)), why, is_assumed=len(times) > 1)
    if retried:
        why = (
            f"isRetryable in {len(retried)} of {len(routes)} routes of {manifest.title}: no limit but the budget, "
            f"so the {MAX_CLASSES} attempts that are told apart; slowness is never retried"
        )
        value = {"max_attempts": MAX_CLASSES, "backoff": {"initial": "0s"}, "budget": budget_of(manifest)}
        facts["retry"] = Fact(value, why, is_assumed=len(retried) < len(routes))
    if facts:
        yield CallPolicy(callee=manifest.full(manifest.name), facts=facts, origin=manifest.origin(None))
    for node in items(at(manifest.spec, "dstOverrides")):
        remarks.add("Traffic is split by weight", f"{manifest.name} ({fit(text(at(node, 'authority')))})")


def budget_of(manifest: Manifest) -> dict[str, Any]:
    """Give the retry budget of a ServiceProfile."""
    ratio = number(at(manifest.spec, "retryBudget", "retryRatio"))
    floor_rps = number(at(manifest.spec, "retryBudget", "minRetriesPerSecond"))
    return {
        "ratio": percent_text(min(RATIO if ratio is None else ratio, 1.0)),
        "min_per_second": rate_text(FLOOR_RPS if floor_rps is None else floor_rps),
    }


FORMAT: Final = Format(
    name="linkerd",
    title="Linkerd policies",
    describes_calls=False,
    cannot_know=(CALLS, RATES, LATENCY, ERRORS, CAPACITY, SOFTNESS),
    is_overlay=True,
    recognises=recognises,
    reads=reads,
)
"""Annotations and profiles of Linkerd."""
