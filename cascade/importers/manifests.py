"""Manifests of a cluster, read without trust: objects by kind, and what is found below a key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cascade.importers.draft import Evidence, Origin
from cascade.importers.names import fit
from cascade.importers.values import number_of
from cascade.units import MAX_SECONDS, parse_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cascade.importers.remarks import Remarks
    from cascade.importers.sources import Document
    from cascade.loading.nodes import Node

LONGEST: Final = 64
"""Characters of a duration that are looked at."""
NO_LIMIT: Final = 2**31 - 1
"""From here on Envoy and Istio mean that there is no limit."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object, as much of it as is needed to find the rest."""

    group: str
    """API group: ``networking.istio.io``; empty for the core."""
    kind: str
    name: str
    namespace: str
    """Empty where it is not given."""
    root: Node
    file: str

    @property
    def spec(self) -> Node | None:
        """What is asked for."""
        return at(self.root, "spec")

    @property
    def title(self) -> str:
        """What it is called in a sentence."""
        return f"{self.kind} {self.name}"

    @property
    def annotations(self) -> dict[str, Node]:
        """Notes to other programs, by key."""
        return mapping(at(self.root, "metadata", "annotations"))

    def origin(self, node: Node | None, what: str = "") -> Origin:
        """Give the place of a part of it."""
        place = node or self.root
        return Origin(Evidence.ROUTE, self.file, place.key_line or place.line, what or self.title)

    def full(self, host: str) -> str:
        """Give a host with the namespace that a bare name belongs to."""
        host = fit(host) if host else ""
        return f"{host}.{self.namespace}" if self.namespace and host and "." not in host else host


def short(host: str) -> str:
    """Give the name of a part without the namespace behind it; names of the internet stay whole.

    Examples
    --------
    >>> short("reviews.shop"), short("reviews.shop.svc.cluster.local"), short("www.example.com")
    ('reviews', 'reviews', 'www.example.com')
    """
    first = host.partition(".")[0]
    return fit(first if first and (host.count(".") == 1 or ".svc" in host) else host)


def manifests(document: Document) -> Iterator[Manifest]:
    """Yield the objects of a document, those of lists one by one.

    Raises
    ------
    TopologyError
        When it is no YAML.
    """
    for root in document.yaml:
        if text(at(root, "kind")).endswith("List"):
            for item in items(at(root, "items")):
                yield from manifest(item, document.label)
        yield from manifest(root, document.label)


def manifest(root: Node, file: str) -> Iterator[Manifest]:
    """Yield what a value is as an object, if it is one."""
    kind, group = text(at(root, "kind")), text(at(root, "apiVersion")).rpartition("/")[0]
    if kind and text(at(root, "apiVersion")) and not kind.endswith("List"):
        name, namespace = text(at(root, "metadata", "name")), text(at(root, "metadata", "namespace"))
        yield Manifest(group, fit(kind), fit(name), fit(namespace) if namespace else "", root, file)


def objects(documents: Sequence[Document], kinds: Sequence[str], groups: Sequence[str], how: str) -> list[Manifest]:
    """Give the objects of some groups, ordered by kind as these are named, then as they stand in the files.

    Raises
    ------
    TopologyError
        When there is none at all; ``how`` says how to get them.
    """
    found = [one for document in documents for one in manifests(document) if one.group in groups]
    if not found and documents:
        raise documents[0].error(f"nothing of {' or '.join(group or 'core' for group in groups)} in it; {how}")
    return sorted(found, key=lambda one: kinds.index(one.kind) if one.kind in kinds else len(kinds))


def last_of_each(found: Sequence[Manifest], remarks: Remarks) -> list[Manifest]:
    """Give the objects that hold where some are there more than once: the last of each name, as in a cluster."""
    last = {(one.kind, one.namespace, one.name): one for one in found}
    for one in found:
        if last[one.kind, one.namespace, one.name] is not one:
            remarks.add("There more than once, of which the last holds", one.title)
    return list(last.values())


def at(node: Node | None, *keys: str) -> Node | None:
    """Give what stands below some keys, None where there is nothing."""
    for key in keys:
        node = mapping(node).get(key)
    return None if node is None or node.plain is None else node


def mapping(node: Node | None) -> dict[str, Node]:
    """Give the entries of a mapping, none where it is something else."""
    return node.children if node is not None and isinstance(node.children, dict) else {}


def items(node: Node | None) -> list[Node]:
    """Give the items of a list, none where it is something else."""
    return node.children if node is not None and isinstance(node.children, list) else []


def text(node: Node | None) -> str:
    """Give a text, empty where it is something else."""
    return node.plain.strip() if node is not None and isinstance(node.plain, str) else ""


def number(node: Node | None) -> float | None:
    """Give a number of at least 0, None where there is none."""
    return number_of(node.plain) if node is not None else None


def limit(node: Node | None) -> float | None:
    """Give a number that limits something; the largest one of 32 bits means none."""
    found = number(node)
    return found if found is not None and found < NO_LIMIT else None


def seconds(node: Node | None, remarks: Remarks, file: str) -> float | None:
    """Give a duration [s], None where there is none; say where something else stands in its place."""
    if node is None:
        return None
    try:
        found = parse_seconds(text(node)[:LONGEST])
    except ValueError:
        found = -1.0
    if 0.0 <= found <= MAX_SECONDS:
        return found
    remarks.add("Passed over, as durations need a unit (250ms, 2s)", f"{file}:{node.line}")
    return None
