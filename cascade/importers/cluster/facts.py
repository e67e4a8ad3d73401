"""What Kubernetes manifests say of the parts themselves, and what the reader should know."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final

from cascade.importers.cluster.network import entry_points
from cascade.importers.cluster.objects import listed, name_under, whole_of
from cascade.importers.cluster.workloads import MOST_REPLICAS, has_limits, zones_of
from cascade.importers.hosts import Role, role

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable

    from cascade.importers.cluster.objects import PassedOver
    from cascade.importers.cluster.parts import Part, Parts
    from cascade.importers.cluster.settings import Configs
    from cascade.importers.cluster.workloads import Cluster
    from cascade.importers.draft import Draft

STORES: Final = frozenset({Role.STORE, Role.BROKER})
MIN_REPLICAS: Final = "minReplicas of its HorizontalPodAutoscaler"


def describe(part: Part, parts: Parts, draft: Draft) -> None:
    """Put a part into the draft, with what is known of it."""
    component = draft.component(part.name)
    component.aliases |= parts.aliases(part)
    component.is_store = role(part.name, part.image) in STORES
    zones = [zones_of(one) for one in part.workloads]
    if zones and all(zones):
        component.know("zones", list(dict.fromkeys(chain(*zones))), "zones that its pods are bound to")


def describe_others(parts: Parts, draft: Draft) -> None:
    """Say what is known of parts that run outside the files, and of those that only policies name."""
    known = {part.name for part in parts.all}
    alone = {part.name: part for part in parts.lone}
    for name in sorted(draft.components.keys() - known):
        if name in alone:
            describe(alone[name], parts, draft)
        else:
            draft.component(name).is_store = role(name) in STORES


def put_entry_points(cluster: Cluster, parts: Parts, draft: Draft) -> None:
    """Mark what users reach from outside; stores that are open to the outside are not meant for them."""
    for part, why in entry_points(cluster, parts):
        if role(part.name, part.image) not in STORES:
            draft.component(part.name).know("entry_point", True, why)  # noqa: FBT003 - a value


def scale(cluster: Cluster, parts: Parts, draft: Draft) -> None:
    """Say how many replicas each part has: of its autoscaler the least, else what its workloads say."""
    ranges = autoscaled(cluster)
    stopped = []
    for part in parts.all:
        found = [ranges.get((one.namespace, one.kind, one.name)) for one in part.workloads]
        pairs = list(zip(found, part.workloads, strict=True))
        counts = [limits.least if limits else workload.replicas for limits, workload in pairs]
        total = sum(count or 0 for count in counts)
        if None in counts or not total:
            stopped += [part.name] if None not in counts else []
            continue
        why = dict.fromkeys(MIN_REPLICAS if limits else workload.why for limits, workload in pairs)
        draft.component(part.name).know("replicas", min(total, MOST_REPLICAS), " and ".join(why))
    grown = [f"{name} up to {limits.most}" for (_, _, name), limits in ranges.items() if limits.most]
    if grown:
        draft.note(f"Autoscaled, of which the minimum was taken: {listed(grown)}.")
    if stopped:
        draft.note(f"Scaled to zero in these files, and taken as one replica each: {listed(stopped)}.")


@dataclass(frozen=True, slots=True)
class Range:
    """Between how many replicas an autoscaler chooses."""

    least: int
    most: int | None


def autoscaled(cluster: Cluster) -> dict[tuple[str, str, str], Range]:
    """Give the ranges of autoscalers by namespace, kind and name of what they scale."""
    found = {}
    for one in cluster.others.get("HorizontalPodAutoscaler", ()):
        kind, name = (name_under(one.at("spec", "scaleTargetRef"), key) for key in ("kind", "name"))
        least = min(max(whole_of(one.at("spec", "minReplicas")) or 1, 1), MOST_REPLICAS)
        found[one.namespace, kind, name] = Range(least, whole_of(one.at("spec", "maxReplicas")))
    return found


def tell(cluster: Cluster, parts: Parts, configs: Configs, passed: PassedOver, draft: Draft) -> None:
    """Tell what was put together, what is missing, and what was passed over."""
    for part in parts.all:
        if len(part.workloads) > 1:
            names = listed(one.name for one in part.workloads)
            draft.note(f"{names} are behind one Service: taken as versions of one part, {part.name}.")
    sayings: tuple[tuple[str, Iterable[str]], ...] = (
        ("One pod on each node, and how many nodes there are is not in the files", on_each_node(cluster)),
        ("Outside the cluster (ExternalName)", (part.name for part in parts.lone if is_outside(part))),
        ("Services that select no workload of these files", without_workloads(cluster, parts)),
        ("Whole ConfigMaps that several workloads take; not each may call all that is in them", sorted(configs.shared)),
        ("Given more than once, of which the first counts", cluster.repeated),
        ("Jobs are no services, and what they call is left out", cluster.jobs),
        ("ConfigMaps that are not in the files, so their hosts are not known", sorted(configs.missing["ConfigMap"])),
        ("Secrets that are not in the files, so their hosts are not known", sorted(configs.missing["Secret"])),
        ("Mounted configuration that was too long to be looked through", sorted(configs.unread)),
        ("Rules of Istio were passed over; cascade import istio reads them", counted(passed.istio)),
        ("Kinds that are not known here were passed over", counted(passed.unknown)),
        ("Holding something else than Kubernetes objects", passed.foreign),
        ("Objects without a usable metadata.name were passed over", [str(passed.nameless)] if passed.nameless else ()),
    )
    for saying, what in sayings:
        if found := listed(what):
            draft.note(f"{saying}: {found}.")
    if any(has_limits(one) for one in cluster.workloads):
        draft.note("Limits of CPU and memory are no requests per second; no capacity was taken from them.")


def on_each_node(cluster: Cluster) -> list[str]:
    """Give the workloads that run once on each node."""
    return [one.name for one in cluster.workloads if one.kind == "DaemonSet"]


def without_workloads(cluster: Cluster, parts: Parts) -> list[str]:
    """Give the Services behind which nothing is in files that hold workloads."""
    return [part.name for part in parts.lone if not is_outside(part)] if cluster.workloads else []


def is_outside(part: Part) -> bool:
    """Tell whether a part is a host outside the cluster."""
    return any(one.target for one in part.services)


def counted(kinds: Counter[str]) -> list[str]:
    """Give kinds with how many of each there are, sorted."""
    return [f"{count} {kind}" for kind, count in sorted(kinds.items())]
