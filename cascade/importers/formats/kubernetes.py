"""Kubernetes manifests: from files, ``kustomize build``, ``helm template`` and ``kubectl get -o yaml``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cascade.importers.cluster.facts import describe, describe_others, put_entry_points, scale, tell
from cascade.importers.cluster.network import Policies
from cascade.importers.cluster.objects import READ, group_of, listed, resources
from cascade.importers.cluster.parts import Parts
from cascade.importers.cluster.settings import Settings
from cascade.importers.cluster.texts import CLUSTER_NAME
from cascade.importers.cluster.workloads import cluster_of
from cascade.importers.format import CALLS, CAPACITY, ERRORS, LATENCY, RATES, SOFTNESS, TIMEOUTS, Format
from cascade.importers.hosts import purpose
from cascade.importers.sources import HEAD
from cascade.loading.source import problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cascade.importers.cluster.objects import PassedOver
    from cascade.importers.cluster.parts import Part
    from cascade.importers.cluster.settings import Finding
    from cascade.importers.cluster.workloads import Workload
    from cascade.importers.draft import Draft
    from cascade.importers.format import Options
    from cascade.importers.sources import Document

MOST_CALLS: Final = 500_000
"""Most findings that are followed, so that a small file cannot ask for a large memory."""
FOREIGN: Final = frozenset({"gateway.networking.k8s.io"})
"""Groups whose objects alone are no Kubernetes files: they are policies."""
COMPANIONS: Final = frozenset({"apiextensions.k8s.io", "rbac.authorization.k8s.io", "policy", "storage.k8s.io"})
"""Groups whose objects stand before others in long files."""
PLAIN: Final = frozenset({"ServiceAccount", "PersistentVolumeClaim", "PersistentVolume", "LimitRange", "ResourceQuota"})
SERVICE_NAME: Final = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PAIR: Final = re.compile(
    r"""(?m)^(?P<indent>[ ]{0,4}(?:-[ ])?[ ]{0,3})["']?(?P<key>apiVersion|kind)["']?"""
    r"""[ ]*:[ ]*["']?(?P<value>[A-Za-z0-9./-]{1,100})"""
)
_ITEMS: Final = re.compile(r"(?m)^items:")
_JSON_PAIR: Final = re.compile(r'"(apiVersion|kind)"\s{0,100}:\s{0,100}"([A-Za-z0-9./-]{1,100})"')
_DOCUMENT_END: Final = re.compile(r"(?m)^---")


def recognises(document: Document) -> bool:
    """Tell whether a document holds Kubernetes objects, lists of them included, that are not policies alone."""
    head = document.head
    is_cut = len(head) >= HEAD // 2
    if head.lstrip()[:1] in {"{", "["}:
        pairs = _JSON_PAIR.findall(head)
        return has_known(pairs, is_cut=is_cut) or is_empty_list(pairs)
    return any(is_object(text, is_cut=is_cut) for text in _DOCUMENT_END.split(head))


def is_object(text: str, *, is_cut: bool) -> bool:
    """Tell whether one YAML document, perhaps cut off, is a Kubernetes object or a list of them."""
    found = [(len(one["indent"]), one["key"], one["value"]) for one in _PAIR.finditer(text)]
    top = [(key, value) for depth, key, value in found if depth == 0]
    if has_known(top, is_cut=is_cut):
        return True
    if ("apiVersion", "v1") not in top or _ITEMS.search(text) is None:
        return False
    inner = [(key, value) for depth, key, value in found if depth]
    return has_known(inner, is_cut=is_cut) or not inner


def is_empty_list(pairs: Sequence[tuple[str, str]]) -> bool:
    """Tell whether there is nothing but a list without elements, as kubectl writes it."""
    return set(pairs) == {("apiVersion", "v1"), ("kind", "List")}


def has_known(pairs: Sequence[tuple[str, str]], *, is_cut: bool) -> bool:
    """Tell whether a kind and an API version among these belong together; what comes first in long files counts too."""
    groups = {group_of(value) for key, value in pairs if key == "apiVersion"} - FOREIGN
    kinds = {value for key, value in pairs if key == "kind"}
    known = any(not kinds.isdisjoint(READ.get(group, "").split()) for group in groups)
    return known or (is_cut and (not groups.isdisjoint(COMPANIONS) or ("" in groups and not kinds.isdisjoint(PLAIN))))


def reads(documents: Sequence[Document], draft: Draft, options: Options) -> None:
    """Put workloads, what their settings name, and what policies allow into a draft."""
    found, passed = resources(documents)
    if not found:
        raise documents[0].error(nothing_in(passed))
    cluster = cluster_of(found)
    parts = Parts(cluster)
    named = sorted({name for name in cluster.namespaces if name != "default"})
    draft.name = named[0] if len(named) == 1 else ""
    for part in parts.all if cluster.workloads else parts.lone:
        describe(part, parts, draft)
    settings = Settings(cluster)
    calls = Calls(parts, draft)
    for part in parts.all:
        for workload in part.workloads:
            calls.put_all(part, workload, settings.findings(workload))
    scale(cluster, parts, draft)
    Policies(cluster, parts, options.aliases, draft).read()
    put_entry_points(cluster, parts, draft)
    describe_others(parts, draft)
    tell(cluster, parts, settings.configs, passed, draft)


def nothing_in(passed: PassedOver) -> str:
    """Say what files without anything of use hold, and what would help."""
    if passed.istio:
        return "holds only rules of Istio; they add to a topology: cascade import istio"
    if passed.unknown:
        return f"holds no workload, Service or policy of Kubernetes, only {listed(sorted(passed.unknown))}"
    if passed.nameless:
        return "holds Kubernetes objects without a usable metadata.name"
    return "holds no Kubernetes object (apiVersion, kind); expected manifests as kubectl get -o yaml writes them"


class Calls:
    """Puts what settings name into a draft."""

    def __init__(self, parts: Parts, draft: Draft) -> None:
        self.parts = parts
        self.draft = draft
        self.left = MOST_CALLS
        self.told: set[tuple[str, str]] = set()
        """What is unresolved already."""

    def put_all(self, part: Part, workload: Workload, findings: Iterable[Finding]) -> None:
        """Put in all that the settings of one workload name."""
        for finding in findings:
            self.put(part, workload, finding)

    def put(self, part: Part, workload: Workload, finding: Finding) -> None:
        """Put in one finding: a call to each part that it means, or what it refers to where nothing has that name."""
        found = self.parts.resolve(finding.host, workload.namespace)
        self.left -= max(1, len(found))
        if self.left < 0:
            raise problem(workload.file, f"settings name too many parts; expected at most {MOST_CALLS:,} calls")
        for callee in found:
            if callee is not part:
                self.call(part, callee, finding)
        reference = (part.name, finding.host)
        if not found and reference not in self.told and self.is_dangling(part, finding):
            self.told.add(reference)
            self.draft.unresolved.append(reference)

    def call(self, caller: Part, callee: Part, finding: Finding) -> None:
        """Put in one call, unless the same setting of another container has done so."""
        known = self.draft.edges.get((caller.name, callee.name))
        one = finding.origin
        if known and any(
            (one.evidence, one.file, one.what) == (old.evidence, old.file, old.what) for old in known.origins
        ):
            return
        kind = purpose(caller.name, callee.name, finding.setting, image=callee.image)
        self.draft.edge(caller.name, callee.name, kind, one)

    def is_dangling(self, part: Part, finding: Finding) -> bool:
        """Tell whether a host without a part is worth telling: it is meant as one, and not the part itself."""
        is_own = finding.host in {part.name, *(one.name for one in part.workloads)}
        is_name = "." in finding.host or SERVICE_NAME.fullmatch(finding.host) is not None
        return not is_own and is_name and (finding.is_meant or CLUSTER_NAME in finding.host)


FORMAT: Final = Format(
    name="kubernetes",
    title="Kubernetes manifests",
    describes_calls=False,
    cannot_know=(CALLS, RATES, LATENCY, ERRORS, CAPACITY, TIMEOUTS, SOFTNESS),
    recognises=recognises,
    reads=reads,
)
