"""Objectives of services, as OpenSLO and Sloth write them; they are laid over a topology."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cascade.importers.format import Format
from cascade.importers.values import mapping_of, name_of, number_of, percent_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cascade.importers.draft import Draft
    from cascade.importers.format import Options
    from cascade.importers.sources import Document
    from cascade.loading.nodes import Node

PERCENT: Final = 0.01
OPENSLO: Final = ("openslo/", "openslo.com/")
SLOTH_VERSION: Final = "prometheus/v1"
SLOTH_KIND: Final = "PrometheusServiceLevel"
_SAID: Final = re.compile(
    r"""apiVersion["']?\s*:\s*["']?openslo(?:\.com)?/|kind["']?\s*:\s*["']?PrometheusServiceLevel\b"""
)
_SLOTH: Final = re.compile(r"""^["']?version["']?\s*:\s*["']?prometheus/v1\b""", re.MULTILINE)
_SLOS: Final = re.compile(r"""^["']?slos["']?\s*:""", re.MULTILINE)
_IS_TIME: Final = re.compile(r"latenc|duration|response.?time|\b(?:slow|fast|speed)\b", re.IGNORECASE)
_COUNTS_TIME: Final = re.compile(r"_bucket\b|\ble\s*=")
"""In a query: buckets of a histogram, which tell the quick requests from the slow ones."""
LONGEST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Objective:
    """One objective of a service."""

    service: str
    name: str
    share: float
    is_latency: bool
    is_of_time_slices: bool = False


def recognises(document: Document) -> bool:
    """Tell by the version or kind, and for a file of Sloth by its two keys."""
    head = document.head
    return bool(_SAID.search(head)) or (bool(_SLOTH.search(head)) and bool(_SLOS.search(head)))


def reads(documents: Sequence[Document], draft: Draft, _options: Options) -> None:
    """Read the objectives; of several that are of success, the strictest counts."""
    roots = [(node, document) for document in documents for root in document.yaml for node in nodes_in(root)]
    indicators = {
        str(mapping_of(node.plain.get("metadata")).get("name")): mapping_of(node.plain.get("spec"))
        for node, _ in roots
        if isinstance(node.plain, dict) and node.plain.get("kind") == "SLI"
    }
    found = [objective for node, document in roots for objective in objectives_in(node, indicators, document, draft)]
    if not found and not any(is_known(node) for node, _ in roots):
        raise documents[0].error("no objective in it; expected 'kind: SLO' of OpenSLO, or 'slos' of Sloth")
    put(found, draft)


def nodes_in(root: Node) -> Iterator[Node]:
    """Yield a document, or those of a list as the cluster answers."""
    items = root.below("items") if isinstance(root.plain, dict) else root
    if items is not None and isinstance(items.plain, list):
        yield from (node for _, node in items.entries())
    else:
        yield root


def is_known(node: Node) -> bool:
    """Tell whether a document is of one of the two languages."""
    plain = mapping_of(node.plain)
    return (
        str(plain.get("apiVersion", "")).startswith(OPENSLO)
        or plain.get("kind") == SLOTH_KIND
        or plain.get("version") == SLOTH_VERSION
    )


def objectives_in(
    node: Node, indicators: dict[str, dict[str, Any]], document: Document, draft: Draft
) -> Iterator[Objective]:
    """Yield the objectives of one document."""
    plain = mapping_of(node.plain)
    spec = node.below("spec")
    if str(plain.get("apiVersion", "")).startswith(OPENSLO):
        if plain.get("kind") == "SLO" and spec is not None:
            yield from of_openslo(node, spec, indicators, document, draft)
    elif plain.get("kind") == SLOTH_KIND and spec is not None:
        yield from of_sloth(spec, document, draft)
    elif plain.get("version") == SLOTH_VERSION:
        yield from of_sloth(node, document, draft)


def of_openslo(
    node: Node, spec: Node, indicators: dict[str, dict[str, Any]], document: Document, draft: Draft
) -> Iterator[Objective]:
    """Yield the objectives of an SLO of OpenSLO, which writes shares."""
    meta, said = mapping_of(node.plain.get("metadata")), mapping_of(spec.plain)
    service = service_of(spec, document, draft)
    indicator = mapping_of(said.get("indicator")) or indicators.get(str(said.get("indicatorRef")), {})
    own = [meta.get("name"), meta.get("displayName"), mapping_of(indicator.get("metadata")).get("name")]
    body = mapping_of(indicator.get("spec")) or indicator
    is_of_time_slices = "slice" in str(said.get("budgetingMethod", "")).lower()
    for objective in children(spec.below("objectives")):
        share = share_of_target(objective, document)
        if service is None or share is None:
            continue
        is_latency = "thresholdMetric" in body or is_of_time(own, [body, objective.plain])
        yield Objective(service, name_of(meta.get("name")) or "unnamed", share, is_latency, is_of_time_slices)


def of_sloth(spec: Node, document: Document, draft: Draft) -> Iterator[Objective]:
    """Yield the objectives of a file of Sloth, which writes percent."""
    service = service_of(spec, document, draft)
    for slo in children(spec.below("slos")):
        share = share_of_percent(slo.below("objective"), document, "Sloth writes percent, as in 99.9")
        if service is None or share is None:
            continue
        plain = mapping_of(slo.plain)
        labels = mapping_of(plain.get("labels"))
        own = [plain.get("name"), labels.get("category")]
        yield Objective(service, name_of(plain.get("name")) or "unnamed", share, is_of_time(own, [plain.get("sli")]))


def service_of(spec: Node, document: Document, draft: Draft) -> str | None:
    """Give the service that an objective is of."""
    service = spec.below("service") if isinstance(spec.plain, dict) else None
    name = name_of(service.plain) if service else None
    if name is None:
        draft.note(f"{document.label}: objectives without a 'service' were passed over (line {spec.line}).")
    return name


def children(node: Node | None) -> Iterator[Node]:
    """Yield the mappings in a list."""
    if node is not None and isinstance(node.plain, list):
        yield from (child for _, child in node.entries() if isinstance(child.plain, dict))


def share_of_target(objective: Node, document: Document) -> float | None:
    """Give the share of an objective of OpenSLO.

    Raises
    ------
    TopologyError
        When it is no share.
    """
    percent = objective.below("targetPercent")
    if percent is not None:
        return share_of_percent(percent, document, "'targetPercent' is in percent, as in 99.9")
    target = objective.below("target")
    share = number_of(target.plain) if target else None
    if target is not None and (share is None or share > 1.0):
        raise document.error(
            "expected a share as in 'target: 0.999', or 'targetPercent: 99.9'", target.line, target.column
        )
    return share or None


def share_of_percent(node: Node | None, document: Document, hint: str) -> float | None:
    """Give a share that is written in percent.

    Raises
    ------
    TopologyError
        When it is none, or surely not meant in percent.
    """
    percent = number_of(node.plain) if node else None
    if node is not None and (percent is None or not 1.0 < percent <= 100.0):  # noqa: PLR2004 - percent
        raise document.error(f"expected an objective from 1 to 100; {hint}", node.line, node.column)
    return None if percent is None else percent * PERCENT


def is_of_time(names: list[Any], bodies: list[Any]) -> bool:
    """Tell whether an objective is of how long requests take, not of whether they succeed."""
    if any(isinstance(name, str) and _IS_TIME.search(name[:LONGEST]) for name in names):
        return True
    return any(_COUNTS_TIME.search(text[:LONGEST]) for body in bodies for text in texts_in(body))


def texts_in(value: Any) -> Iterator[str]:
    """Yield all texts in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_in(inner)


def put(found: list[Objective], draft: Draft) -> None:
    """Put the strictest objective of each service into the draft, and tell of those that are of time."""
    strictest: dict[str, Objective] = {}
    for objective in found:
        if objective.is_latency:
            draft.note(
                f"{objective.service}: objective '{objective.name}' ({percent_text(objective.share)}) is of latency; "
                "left out, as objectives of a topology are of success."
            )
        elif objective.service not in strictest or objective.share > strictest[objective.service].share:
            strictest[objective.service] = objective
        draft.component(objective.service)
    for service, objective in strictest.items():
        why = f"SLO {objective.name}" + (", of time slices" if objective.is_of_time_slices else "")
        draft.component(service).know("slo", {"success": percent_text(objective.share)}, why)


FORMAT: Final = Format(
    name="slo",
    title="objectives (OpenSLO, Sloth)",
    describes_calls=False,
    cannot_know=(),
    is_overlay=True,
    recognises=recognises,
    reads=reads,
)
