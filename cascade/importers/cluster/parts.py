"""Which workloads and Services are one part, how it is called, and which part a host name means."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain, count
from typing import TYPE_CHECKING, Final

from cascade.importers.names import fit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cascade.importers.cluster.workloads import Cluster, Service, Workload

VERSION_LABELS: Final = frozenset(
    (
        *("version", "app.kubernetes.io/version", "helm.sh/chart", "track", "release", "revision", "slot", "stage"),
        *("variant", "color", "colour", "pod-template-hash", "rollouts-pod-template-hash", "controller-revision-hash"),
    )
)
"""Labels in which versions of one part differ."""
APP_LABELS: Final = ("app", "app.kubernetes.io/name", "k8s-app", "name", "app.kubernetes.io/component", "component")
"""Labels that say what a pod is, the most usual first."""
DEFAULT: Final = "default"
"""The namespace of what names none, unless it is applied elsewhere."""
CLUSTER_NAMES: Final = "svc"
API_SERVER: Final = "kubernetes"
"""The Service in front of the cluster's own interface."""


@dataclass(slots=True)
class Part:
    """Workloads that are called alike, and the Services in front of them."""

    namespace: str
    workloads: list[Workload]
    services: list[Service] = field(default_factory=list)
    name: str = ""

    @property
    def image(self) -> str:
        """Image by which it is known."""
        return next((image for one in self.workloads if (image := one.image)), "")


class Parts:
    """All parts of a cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.behind = {id(one): cluster.index.behind(one) if one.selector else [] for one in cluster.services}
        self.of_workload: dict[int, Part] = {}
        self.seen: dict[int, tuple[list[Workload], tuple[Part, ...]]] = {}
        self.all: list[Part] = []
        self.by_host: dict[tuple[str, str], tuple[Part, ...]] = {}
        """Parts behind (namespace, Service)."""
        self.outside: dict[str, tuple[Part, ...]] = {}
        """Parts by hosts outside the cluster."""
        self.names: set[str] = set()
        self.lone: list[Part] = []
        """Services with nothing behind them in the files."""
        self._group()
        self._put_services()
        self._put_external()
        self._name()
        self._make_workloads_callable()

    def _group(self) -> None:
        """Make one part of the versions behind one Service, and of each other workload."""
        has_own = {id(found[0]) for found in self.behind.values() if len(found) == 1}
        for service in sorted(self.cluster.services, key=lambda one: len(self.behind[id(one)])):
            found = self.behind[id(service)]
            if len(found) < 2 or any(id(one) in self.of_workload for one in found):  # noqa: PLR2004 - several
                continue
            if differ_in_version(found) or has_own.isdisjoint(map(id, found)):
                self._add(found)
        for workload in self.cluster.workloads:
            if id(workload) not in self.of_workload:
                self._add([workload])
        order = {id(one): place for place, one in enumerate(self.cluster.workloads)}
        self.all.sort(key=lambda part: order[id(part.workloads[0])])

    def _add(self, workloads: Sequence[Workload]) -> None:
        part = Part(workloads[0].namespace, list(workloads))
        self.all.append(part)
        self.of_workload |= dict.fromkeys(map(id, workloads), part)

    def _put_services(self) -> None:
        """Say which parts are behind each Service; what has the same selector and nothing behind it is one part."""
        alone: dict[tuple[str, ...], Part] = {}
        for service in self.cluster.services:
            if service.target or (service.name == API_SERVER and not service.selector):
                continue
            parts = self.parts_of(self.behind[id(service)])
            if not parts:
                labels = sorted(f"{label}={value}" for label, value in service.selector.items())
                same = (service.namespace, *(labels or (service.name,)))
                parts = (alone.setdefault(same, Part(service.namespace, [])),)
            self.by_host.setdefault((service.namespace, service.name), parts)
            if len(parts) == 1:
                parts[0].services.append(service)
        self.lone = list(alone.values())

    def _put_external(self) -> None:
        """Give each ExternalName what it stands for: a Service of the files, or a part outside the cluster."""
        for service in self.cluster.services:
            if not service.target:
                continue
            inside = self.resolve(service.target, service.namespace)
            if not inside:
                outside = Part(service.namespace, [], [service])
                self.lone.append(outside)
                self.outside[service.target] = inside = (outside,)
            self.by_host.setdefault((service.namespace, service.name), inside)

    def parts_of(self, workloads: list[Workload]) -> tuple[Part, ...]:
        """Give the parts that workloads belong to, each once; a list is looked through once."""
        if id(workloads) not in self.seen:
            parts = {id(part): part for part in map(self.part_of, workloads)}
            self.seen[id(workloads)] = (workloads, tuple(parts.values()))
        return self.seen[id(workloads)][1]

    def part_of(self, workload: Workload) -> Part:
        """Give the part that a workload belongs to."""
        return self.of_workload[id(workload)]

    def _name(self) -> None:
        """Give each part a name of its own: a plain one, with the namespace where another has the same."""
        everything = [*self.all, *self.lone]
        wanted = [(part, natural_name(part)) for part in everything]
        spaces: dict[str, set[str]] = {}
        for part, name in wanted:
            spaces.setdefault(name, set()).add(part.namespace)
        for part, name in sorted(wanted, key=lambda pair: pair[1] not in {one.name for one in pair[0].services}):
            full = f"{name}.{part.namespace}" if len(spaces[name]) > 1 and part.namespace else name
            kind = part.workloads[0].kind.lower() if part.workloads else "service"
            tries = chain((full, f"{full}-{kind}"), (f"{full}-{kind}-{number}" for number in count(2)))
            part.name = next(one for one in map(fit, tries) if one not in self.names)
            self.names.add(part.name)

    def _make_workloads_callable(self) -> None:
        """Let workloads answer to their own names where that is how they are called, or where no Service is given."""
        for part in self.all:
            for one in part.workloads:
                if one.is_callable or not self.cluster.services:
                    self.by_host.setdefault((one.namespace, one.name), (part,))

    def aliases(self, part: Part) -> set[str]:
        """Give the other names of a part, as far as no other part is called so."""
        own = {one.name for one in part.services} | {one.name for one in part.workloads}
        own |= {one.target for one in part.services if one.target}
        return {name for name in own if name not in self.names}

    def resolve(self, host: str, namespace: str) -> tuple[Part, ...]:
        """Give the parts that a host means for one who asks from a namespace; none where nothing has that name."""
        for key in self.keys(host, namespace):
            if key in self.by_host:
                return self.by_host[key]
        return self.outside.get(host, ())

    def keys(self, host: str, namespace: str) -> Iterator[tuple[str, str]]:
        """Yield which (namespace, Service) a host could mean: a Service, or a pod behind a Service."""
        labels = host.split(".")
        yield from self.keys_of_service(labels, namespace)
        if len(labels) > 1 and labels[0].rpartition("-")[2].isdigit():
            yield from self.keys_of_service(labels[1:], namespace)

    def keys_of_service(self, labels: Sequence[str], namespace: str) -> Iterator[tuple[str, str]]:
        """Yield which Service could be meant by ``name``, ``name.namespace``, ``name.namespace.svc...``."""
        rest = labels[1:]
        is_short = len(rest) == 1 and (rest[0] in self.cluster.namespaces or rest[0] == DEFAULT)
        is_full = len(rest) > 1 and rest[1] == CLUSTER_NAMES
        if not rest or is_short or is_full:
            yield from ((space, labels[0]) for space in self.same_as(rest[0] if rest else namespace))

    @staticmethod
    def same_as(namespace: str) -> tuple[str, ...]:
        """Give the namespaces in which something of a namespace can stand in files that do not always name it."""
        return (namespace, "") if namespace else ("", DEFAULT)

    def looks_inside(self, host: str) -> bool:
        """Tell whether a host has the form of a Service's name."""
        labels = host.split(".")
        is_known = len(labels) == 2 and labels[1] in self.cluster.namespaces  # noqa: PLR2004 - name.namespace
        return len(labels) == 1 or CLUSTER_NAMES in labels[1:] or is_known


def differ_in_version(workloads: Sequence[Workload]) -> bool:
    """Tell whether their labels are the same but for those that name a version."""
    kinds = {
        tuple(sorted((key, value) for key, value in one.labels.items() if key not in VERSION_LABELS))
        for one in workloads
    }
    return len(kinds) == 1


def natural_name(part: Part) -> str:
    """Give the name that callers know: the workload's own, or that of the Service in front of it."""
    services = [one.name for one in part.services if not one.target] or [one.name for one in part.services]
    workloads = [one.name for one in part.workloads]
    if not workloads:
        return services[0]
    labels = labelled(part.workloads)
    alone = workloads if len(workloads) == 1 else []
    choices = (
        [name for name in labels if name in services],
        [name for name in alone if name in services or name in labels or not services],
        [name for name in services if all(other.startswith(f"{name}-") for other in workloads)],
        services if len(services) == 1 else [],
        [one.name for one in part.services if one.kind not in {"Headless", "ExternalName"}],
        [*alone, *services, *workloads],
    )
    return next(found[0] for found in choices if found)


def labelled(workloads: Iterable[Workload]) -> list[str]:
    """Give the values of the labels that say what pods are, where all agree."""
    all_labels = [one.labels for one in workloads]
    found = [{labels.get(key, "") for labels in all_labels} for key in APP_LABELS]
    return [value for values in found if len(values) == 1 for value in values if value]
