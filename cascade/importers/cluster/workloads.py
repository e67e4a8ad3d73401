"""What Kubernetes objects mean together: workloads with their pods, and the Services in front of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from cascade.importers.cluster.objects import at, elements, entries, labels_of, name_under, text_of, whole_of
from cascade.loading.source import problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cascade.importers.cluster.objects import Resource
    from cascade.loading.nodes import Node

CONTROLLERS: Final = frozenset(
    {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "DeploymentConfig", "Rollout"}
    | {"Job", "CronJob"}
)
"""Kinds whose pods are theirs, not parts of their own."""
JOBS: Final = frozenset({"Job", "CronJob"})
KNATIVE: Final = "serving.knative.dev"
PROXIES: Final = frozenset({"istio-proxy", "istio-init", "istio-validation", "linkerd-proxy", "linkerd-init"})
"""Containers that a mesh puts beside those of a workload."""
MOST_COMPARED: Final = 10_000_000
"""Most comparisons of selectors with pods."""
MOST_REPLICAS: Final = 10**6
TEST_HOOK: Final = "helm.sh/hook"
POD_NAME: Final = "statefulset.kubernetes.io/pod-name"
ONE_POD: Final = frozenset({POD_NAME, "apps.kubernetes.io/pod-index"})
"""Labels that Kubernetes gives to each pod of a StatefulSet."""
HASH_LABEL: Final = "pod-template-hash"
_GENERATED: Final = re.compile(r"-[a-z0-9]{5,10}\Z")


@dataclass(frozen=True, slots=True)
class Workload:
    """Something that runs pods of one kind."""

    kind: str
    namespace: str
    name: str
    file: str
    labels: Mapping[str, str]
    pod: Node | None = field(repr=False)
    """``spec`` of its pods."""
    replicas: int | None
    """None where the files do not say."""
    why: str
    """Where the number of replicas is from."""
    is_callable: bool = False
    """Whether it can be called by its own name, without a Service in front of it."""

    @property
    def image(self) -> str:
        """Image of its first container that is no proxy."""
        return next((text_of(at(one, "image")) for one in self.containers("containers")), "")

    def containers(self, *fields: str) -> list[Node]:
        """Give its containers, those of a mesh left out."""
        found = [one for name in fields for one in elements(at(self.pod, name))]
        return [one for one in found if text_of(at(one, "name")) not in PROXIES]


@dataclass(frozen=True, slots=True)
class Service:
    """A name under which pods can be called."""

    namespace: str
    name: str
    selector: Mapping[str, str]
    kind: str
    """``ClusterIP``, ``LoadBalancer``, ``NodePort``, ``ExternalName``, ``Headless``."""
    target: str = ""
    """Host that an ExternalName stands for."""


class Index:
    """Workloads by the labels of their pods."""

    def __init__(self, workloads: Sequence[Workload]) -> None:
        self.file = workloads[0].file if workloads else ""
        self.left = MOST_COMPARED
        self.all: dict[str, list[Workload]] = {}
        self.by_label: dict[tuple[str, str, str], dict[int, Workload]] = {}
        self.known: dict[tuple[str, frozenset[tuple[str, str]]], list[Workload]] = {}
        for place, workload in enumerate(workloads):
            self.all.setdefault(workload.namespace, []).append(workload)
            for key, value in workload.labels.items():
                self.by_label.setdefault((workload.namespace, key, value), {})[place] = workload

    def selected(self, namespace: str, selector: Mapping[str, str]) -> list[Workload]:
        """Give the workloads of a namespace whose pods have all these labels, in the order of the files."""
        if not selector:
            return self.all.get(namespace, [])
        wanted = (namespace, frozenset(selector.items()))
        if wanted not in self.known:
            found = [self.by_label.get((namespace, key, value), {}) for key, value in selector.items()]
            fewest = min(found, key=len)
            self.count(len(fewest) * len(found))
            self.known[wanted] = [
                one for place, one in sorted(fewest.items()) if all(place in others for others in found)
            ]
        return self.known[wanted]

    def count(self, compared: int) -> None:
        """Count the work, which a small file could make very large.

        Raises
        ------
        TopologyError
            When it is too much.
        """
        self.left -= compared
        if self.left < 0:
            raise problem(self.file, f"selectors match too many pods; expected at most {MOST_COMPARED:,} in all")

    def behind(self, service: Service) -> list[Workload]:
        """Give the workloads that a Service selects; one that selects a single pod selects its workload."""
        labels = {key: value for key, value in service.selector.items() if key not in ONE_POD}
        found = self.selected(service.namespace, labels)
        pod = service.selector.get(POD_NAME)
        return found if pod is None else [one for one in found if one.name == pod.rpartition("-")[0]]


@dataclass(slots=True)
class Cluster:
    """All that the files say."""

    workloads: list[Workload]
    jobs: list[str]
    repeated: list[str]
    """Workloads that are given more than once."""
    services: list[Service]
    index: Index
    others: dict[str, list[Resource]]
    """Everything else, by kind."""
    namespaces: dict[str, dict[str, str]]
    """Those that are named, with their labels."""
    configs: dict[tuple[str, str, str], Resource]
    """ConfigMaps and Secrets by kind, namespace and name."""


def cluster_of(resources: Sequence[Resource]) -> Cluster:
    """Sort what was found; where only one namespace is named, what names none is taken to be in it."""
    named = {one.namespace for one in resources if one.namespace and one.kind in {*CONTROLLERS, "Service", "Pod"}}
    home = next(iter(named)) if len(named) == 1 else ""
    placed = [one if one.namespace or one.kind == "Namespace" else replace(one, namespace=home) for one in resources]
    settled, repeated = once(placed)
    others: dict[str, list[Resource]] = {}
    for one in settled:
        others.setdefault(one.kind, []).append(one)
    workloads, jobs = workloads_of(settled)
    namespaces: dict[str, dict[str, str]] = {one.namespace: {} for one in settled if one.namespace}
    for one in others.get("Namespace", ()):
        namespaces[one.name] = labels_of(one.at("metadata", "labels"))
    return Cluster(
        workloads,
        jobs,
        repeated,
        [service_of(one) for one in others.get("Service", ()) if one.group != KNATIVE],
        Index(workloads),
        others,
        namespaces,
        {(one.kind, one.namespace, one.name): one for kind in ("ConfigMap", "Secret") for one in others.get(kind, ())},
    )


def once(resources: Sequence[Resource]) -> tuple[list[Resource], list[str]]:
    """Keep each object once: the first, or the first that is more than a patch; and name the workloads among them."""
    kept: dict[tuple[str, bool, str, str], Resource] = {}
    repeated: dict[str, None] = {}
    for one in resources:
        key = (one.kind, one.group == KNATIVE, one.namespace, one.name)
        known = kept.setdefault(key, one)
        if known is not one and runs_pods(one):
            repeated.setdefault(one.name)
            if not has_image(known) and has_image(one):
                kept[key] = one
    return list(kept.values()), list(repeated)


def has_image(resource: Resource) -> bool:
    """Tell whether it says what its pods run, which patches do not."""
    pod = resource.at("spec") if resource.kind == "Pod" else resource.at("spec", "template", "spec")
    return any(at(one, "image") is not None for one in elements(at(pod, "containers")))


def service_of(resource: Resource) -> Service:
    """Read a Service."""
    spec = resource.at("spec")
    kind = text_of(at(spec, "type")) or "ClusterIP"
    if kind == "ClusterIP" and text_of(at(spec, "clusterIP")) == "None":
        kind = "Headless"
    target = text_of(at(spec, "externalName")).rstrip(".").lower() if kind == "ExternalName" else ""
    selector = {} if kind == "ExternalName" else labels_of(at(spec, "selector"))
    return Service(resource.namespace, resource.name, selector, kind, target)


def workloads_of(resources: Sequence[Resource]) -> tuple[list[Workload], list[str]]:
    """Give what runs pods, and the names of jobs; pods stand for their controller where it is not in the files."""
    there = {(one.namespace, one.kind, one.name) for one in resources}
    found: dict[tuple[str, str, str], Workload] = {}
    jobs: dict[str, None] = {}
    for one in resources:
        if not runs_pods(one) or is_test(one):
            continue
        owner, owner_name = owner_of(one)
        if one.kind in JOBS or owner in JOBS:
            jobs.setdefault(owner_name or one.name)
        elif (one.namespace, owner, owner_name) not in there:
            kind, name = (owner, owner_name) if owner else (one.kind, one.name)
            add(workload_of(one, kind, without_hash(one, kind, name)), found)
    return list(found.values()), list(jobs)


def add(workload: Workload, found: dict[tuple[str, str, str], Workload]) -> None:
    """Keep a workload; pods and ReplicaSets of one that is not in the files are counted together."""
    key = (workload.namespace, workload.kind, workload.name)
    known = found.setdefault(key, workload)
    if known is not workload:
        total = (known.replicas or 0) + (workload.replicas or 0)
        found[key] = replace(known if known.replicas else workload, replicas=total)


def runs_pods(resource: Resource) -> bool:
    """Tell whether it runs pods."""
    return resource.kind in CONTROLLERS or resource.kind == "Pod" or resource.group == KNATIVE


def is_test(resource: Resource) -> bool:
    """Tell whether it is run only by ``helm test``."""
    return "test" in text_of(resource.at("metadata", "annotations", TEST_HOOK))


def owner_of(resource: Resource) -> tuple[str, str]:
    """Give kind and name of the controller behind a pod or ReplicaSet, nothing where it stands for itself."""
    for reference in elements(resource.at("metadata", "ownerReferences")):
        kind, name = text_of(at(reference, "kind")), name_under(reference, "name")
        if kind in CONTROLLERS and name:
            return kind, name
    return "", ""


def without_hash(resource: Resource, kind: str, name: str) -> str:
    """Take off a ReplicaSet's name what its Deployment put there."""
    if kind != "ReplicaSet" or resource.kind == kind:
        return name
    known = text_of(resource.at("metadata", "labels", HASH_LABEL))
    return name.removesuffix(f"-{known}") if known else _GENERATED.sub("", name)


def workload_of(resource: Resource, kind: str, name: str) -> Workload:
    """Read one."""
    is_pod = resource.kind == "Pod"
    template = resource.node if is_pod else resource.at("spec", "template")
    replicas, why = replicas_of(resource)
    return Workload(
        kind,
        resource.namespace,
        name,
        resource.file,
        labels_of(at(template, "metadata", "labels")) or labels_of(resource.at("spec", "selector", "matchLabels")),
        at(template, "spec"),
        replicas,
        why,
        is_callable=resource.group == KNATIVE,
    )


def replicas_of(resource: Resource) -> tuple[int | None, str]:
    """Give how many pods it runs, and where that is written."""
    if resource.kind == "Pod":
        return 1, "pods in the files"
    if resource.kind == "DaemonSet" or resource.group == KNATIVE:
        return None, ""
    said = resource.at("spec", "replicas")
    if said is None or said.plain is None:
        return 1, "the default of Kubernetes, as spec.replicas is not given"
    count = whole_of(said)
    return (count, "spec.replicas") if count is not None and 0 <= count <= MOST_REPLICAS else (None, "")


def zones_of(workload: Workload) -> list[str]:
    """Give the zones that its pods are bound to."""
    keys = ("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone")
    chosen = [zone for key in keys if (zone := name_under(workload.pod, "nodeSelector", key))]
    required = at(workload.pod, "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
    for term in elements(at(required, "nodeSelectorTerms")):
        for rule in elements(at(term, "matchExpressions")):
            if text_of(at(rule, "key")) in keys and text_of(at(rule, "operator")) == "In":
                chosen += [zone for one in elements(at(rule, "values")) if (zone := name_under(one))]
    return list(dict.fromkeys(chosen))


def has_limits(workload: Workload) -> bool:
    """Tell whether it says how much CPU or memory it may take."""
    return any(entries(at(one, "resources", "limits")) for one in workload.containers("containers"))
