"""Kubernetes objects in files: many to a document, in lists, as YAML or JSON."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cascade import wording
from cascade.errors import TopologyError
from cascade.importers.sources import MAX_JSON_DEPTH
from cascade.importers.values import json_values, list_of, mapping_of
from cascade.loading.nodes import Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cascade.importers.sources import Document
MOST_NAMED: Final = 8
"""Names that a sentence holds."""
READ: Final[dict[str, str]] = {
    "": "ConfigMap Secret Service Pod ReplicationController Namespace",
    "apps": "Deployment StatefulSet DaemonSet ReplicaSet",
    "extensions": "Deployment DaemonSet ReplicaSet Ingress NetworkPolicy",
    "batch": "Job CronJob",
    "networking.k8s.io": "Ingress NetworkPolicy",
    "autoscaling": "HorizontalPodAutoscaler",
    "gateway.networking.k8s.io": "HTTPRoute GRPCRoute TLSRoute TCPRoute UDPRoute",
    "route.openshift.io": "Route",
    "apps.openshift.io": "DeploymentConfig",
    "argoproj.io": "Rollout",
    "serving.knative.dev": "Service",
}
"""Kinds that say something about parts and calls, by API group."""
SILENT: Final = frozenset(
    {"", "apps", "batch", "policy", "autoscaling", "storage.k8s.io", "scheduling.k8s.io", "rbac.authorization.k8s.io"}
    | {"discovery.k8s.io", "coordination.k8s.io", "events.k8s.io", "node.k8s.io", "admissionregistration.k8s.io"}
    | {
        "networking.k8s.io",
        "gateway.networking.k8s.io",
        "extensions",
        "apiregistration.k8s.io",
        "certificates.k8s.io",
        "metrics.k8s.io",
    }
)
"""Groups of Kubernetes itself, whose other kinds (accounts, roles, volumes, budgets) are passed over without a word."""
ISTIO: Final = "istio.io"
NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._:-]{0,251}[A-Za-z0-9])?")
_JSON: Final = re.compile(r"""\s*(?:\{\s*["}]|\[\s*[\[{\]])""")
_STATE: Final = frozenset({"status", "managedFields"})
_EVERYWHERE: Final = 8
"""Depth down to which lists in lists are followed."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One object."""

    group: str
    kind: str
    namespace: str
    name: str
    document: Document = field(repr=False)
    node: Node = field(repr=False)

    @property
    def file(self) -> str:
        """Give the name of its file."""
        return self.document.label

    def at(self, *path: str) -> Node | None:
        """Give what is under some keys."""
        return at(self.node, *path)


@dataclass(slots=True)
class PassedOver:
    """What was not read, so that it can be told."""

    unknown: Counter[str] = field(default_factory=Counter)
    istio: Counter[str] = field(default_factory=Counter)
    nameless: int = 0
    foreign: Counter[str] = field(default_factory=Counter)
    """Files with documents that are no Kubernetes objects."""


def at(node: Node | None, *path: str) -> Node | None:
    """Give what is under some keys of nested mappings."""
    for key in path:
        node = node.children.get(key) if node is not None and isinstance(node.children, dict) else None
    return node


def elements(node: Node | None) -> list[Node]:
    """Give the elements of a list, none where there is no list."""
    return node.children if node is not None and isinstance(node.children, list) else []


def entries(node: Node | None) -> dict[str, Node]:
    """Give the entries of a mapping, none where there is no mapping."""
    return node.children if node is not None and isinstance(node.children, dict) else {}


def text_of(node: Node | None) -> str:
    """Give a text; numbers and truth values as they are written, nothing where there is none."""
    value = node.plain if node is not None else None
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else str(value) if isinstance(value, float) or is_whole(value) else ""


def is_whole(value: object) -> bool:
    """Tell whether it is a whole number of a length that can be written."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18


def whole_of(node: Node | None) -> int | None:
    """Give a whole number, None where there is none."""
    value = node.plain if node is not None else None
    return value if isinstance(value, int) and is_whole(value) else None


def labels_of(node: Node | None) -> dict[str, str]:
    """Give labels, or the texts of a selector."""
    return {key: text_of(child) for key, child in entries(node).items() if child.children is None}


def name_under(node: Node | None, *path: str) -> str:
    """Give the name of another object, nothing where there is no usable one."""
    name = text_of(at(node, *path))
    return name if NAME.fullmatch(name) else ""


def listed(names: Iterable[str]) -> str:
    """Write some names as a sentence does, not all of very many."""
    return wording.listed(names, MOST_NAMED)


def resources(documents: Sequence[Document]) -> tuple[list[Resource], PassedOver]:
    """Read all objects of some files.

    Raises
    ------
    TopologyError
        When a file is neither YAML nor JSON, or a template of such.
    """
    found: list[Resource] = []
    passed = PassedOver()
    for document in documents:
        for value, node, version, kind in objects(document):
            if not version or not kind:
                passed.foreign[document.label] += 1
            elif is_read(group_of(version), kind, passed):
                found += taken(document, node or node_of(value, document), (group_of(version), kind), passed)
    return found, passed


def is_read(group: str, kind: str, passed: PassedOver) -> bool:
    """Tell whether objects of a kind say something, and remember those that are passed over."""
    if kind in READ.get(group, "").split():
        return True
    if group.endswith(ISTIO):
        passed.istio[kind] += 1
    elif group not in SILENT:
        passed.unknown[kind] += 1
    return False


def taken(document: Document, node: Node, what: tuple[str, str], passed: PassedOver) -> Iterator[Resource]:
    """Yield an object if it has a name."""
    name, namespace = text_of(at(node, "metadata", "name")), text_of(at(node, "metadata", "namespace"))
    if "{{" in name:
        raise is_template(document, node.line, node.column)
    if NAME.fullmatch(name) and (not namespace or NAME.fullmatch(namespace)):
        yield Resource(*what, namespace, name, document, node)
    else:
        passed.nameless += 1


def group_of(version: str) -> str:
    """Give the group of an API version: ``apps`` of ``apps/v1``, nothing of ``v1``."""
    return version.rpartition("/")[0]


def objects(document: Document) -> Iterator[tuple[dict[str, Any], Node | None, str, str]]:
    """Yield each mapping of a document as (value, node where lines are known, API version, kind), lists unpacked."""
    waiting = [(value, node, "", "", 0) for value, node in reversed(list(roots(document)))]
    while waiting:
        value, node, version, kind, depth = waiting.pop()
        children = elements(node) if isinstance(value, list) else elements(at(node, "items"))
        if isinstance(value, dict):
            version = word(value.get("apiVersion")) or version
            kind = word(value.get("kind")) or kind
            if not (isinstance(value.get("items"), list) and (kind.endswith("List") or not kind)):
                yield value, node, version, kind
                continue
            inner = list_of(value["items"])
            below = (version, kind.removesuffix("List"))
        else:
            inner, below = list_of(value), ("", "")
        if depth < _EVERYWHERE:
            nodes: list[Node | None] = [*children] if children else [None] * len(inner)
            waiting += [(item, one, *below, depth + 1) for item, one in zip(inner[::-1], nodes[::-1], strict=True)]


def word(value: object) -> str:
    """Give a text of bearable length."""
    return value if isinstance(value, str) and NAME.fullmatch(value.replace("/", ".")) else ""


def roots(document: Document) -> Iterator[tuple[Any, Node | None]]:
    """Yield the documents of a file: of JSON the values, of YAML the values with their nodes."""
    if _JSON.match(document.head) and "\n---" not in document.text:
        yield from ((value, None) for value in json_values(document))
        return
    try:
        nodes = document.yaml
    except TopologyError as error:
        if "{{" not in document.text:
            raise
        raise is_template(document, error.problems[0].line, error.problems[0].column) from None
    yield from ((node.plain, node) for node in nodes)


def is_template(document: Document, line: int, column: int) -> TopologyError:
    """Make the error of a file that has not been rendered."""
    return document.error(
        "looks like a template ({{ }}); render it first, as helm template CHART does, or leave it out", line, column
    )


def node_of(value: dict[str, Any], document: Document) -> Node:
    """Turn a JSON object into nodes that know no lines, without what only its controllers write."""
    kept = {key: child for key, child in value.items() if key not in _STATE}
    meta = mapping_of(kept.get("metadata"))
    if meta:
        kept["metadata"] = {key: child for key, child in meta.items() if key not in _STATE}
    return _node(kept, document, 0)


def _node(value: Any, document: Document, depth: int) -> Node:
    if depth > MAX_JSON_DEPTH:
        raise document.error(f"nested too deep; expected at most {MAX_JSON_DEPTH} levels", 1, 1)
    children: dict[str, Node] | list[Node] | None = None
    if isinstance(value, dict):
        children = {key: _node(child, document, depth + 1) for key, child in value.items()}
    elif isinstance(value, list):
        children = [_node(child, document, depth + 1) for child in value]
    return Node(value, 0, 0, children=children)
