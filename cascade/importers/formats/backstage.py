"""Catalogues of Backstage: components, the resources that they depend on, and the APIs that they consume."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cascade.importers.draft import Evidence, Kind, Origin
from cascade.importers.format import CAPACITY, ERRORS, LATENCY, RATES, SOFTNESS, TIMEOUTS, Format
from cascade.importers.names import fit
from cascade.importers.values import mapping_of, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cascade.importers.draft import Draft
    from cascade.importers.format import Options
    from cascade.importers.sources import Document
    from cascade.loading.nodes import Node

Key = tuple[str, str, str]
"""Kind, namespace and name of an entity, in small letters."""

PARTS: Final = ("component", "resource")
"""Kinds that can fail."""
DEFAULT: Final = "default"
"""Namespace of entities that name none."""
LISTS: Final = ("items", "entities")
"""Keys of lists of entities, as the catalogue answers and as tools export."""
_VERSION: Final = re.compile(r"""apiVersion["']?\s*:\s*["']?backstage\.io/""")


@dataclass(frozen=True, slots=True)
class Entity:
    """One entry of the catalogue."""

    key: Key
    name: str
    """As it is written."""
    spec: Node | None
    document: Document
    line: int


@dataclass(frozen=True, slots=True)
class Relation:
    """Who depends on whom by one reference; one side is empty where nothing of that name is in the files."""

    callers: tuple[Key, ...]
    callees: tuple[Key, ...]
    what: str
    reference: str
    line: int


@dataclass(slots=True)
class Catalogue:
    """All entries, and what they are called in the topology."""

    entities: dict[Key, Entity] = field(default_factory=dict)
    names: dict[Key, str] = field(default_factory=dict)
    providers: dict[Key, list[Key]] = field(default_factory=dict)
    """By API: the components that provide it."""


def recognises(document: Document) -> bool:
    """Tell by the version of the entities."""
    return bool(_VERSION.search(document.head))


def reads(documents: Sequence[Document], draft: Draft, _options: Options) -> None:
    """Read components and resources, and who depends on whom."""
    catalogue = Catalogue()
    for document in documents:
        for root in document.yaml:
            for node in entities_in(root):
                take(node, document, catalogue, draft)
    if not catalogue.entities:
        raise documents[0].error("no entity of Backstage in it; expected 'apiVersion: backstage.io/...' and 'kind'")
    name_all(catalogue)
    for key, entity in catalogue.entities.items():
        if key[0] in PARTS:
            put_part(entity, catalogue, draft)
    for key, entity in catalogue.entities.items():
        if key[0] in PARTS:
            put_relations(entity, catalogue, draft)
    systems = [entity.name for key, entity in catalogue.entities.items() if key[0] == "system"]
    draft.name = systems[0] if len(systems) == 1 else draft.name


def entities_in(root: Node) -> Iterator[Node]:
    """Yield the entities of a document: itself, or those of a list."""
    nodes = root
    for key in LISTS:
        inner = root.below(key) if isinstance(root.plain, dict) else None
        if inner is not None and isinstance(inner.plain, list) and "kind" not in root.plain:
            nodes = inner
    if isinstance(nodes.plain, list):
        yield from (node for _, node in nodes.entries())
    else:
        yield nodes


def take(node: Node, document: Document, catalogue: Catalogue, draft: Draft) -> None:
    """Take one entity into the catalogue; what is none is passed over, and of two with one name the first counts."""
    plain = mapping_of(node.plain)
    if not str(plain.get("apiVersion", "")).startswith("backstage.io/"):
        return
    meta = mapping_of(plain.get("metadata"))
    name, kind = name_of(meta.get("name")), plain.get("kind")
    if name is None or not isinstance(kind, str):
        draft.note(f"{document.label}: an entity without 'kind' or 'metadata.name' was passed over (line {node.line}).")
        return
    space = name_of(meta.get("namespace")) or DEFAULT
    key = (kind.lower(), space.lower(), name.lower())
    if key in catalogue.entities:
        draft.note(f"{document.label}: {kind} '{name}' is there twice; the first counts (line {node.line}).")
        return
    catalogue.entities[key] = Entity(key, name, node.below("spec"), document, node.line)


def name_all(catalogue: Catalogue) -> None:
    """Name the parts, with kind or namespace where the name alone does not tell them apart; find who provides what."""
    shared: dict[str, list[Key]] = {}
    for key in catalogue.entities:
        if key[0] in PARTS:
            shared.setdefault(key[2], []).append(key)
    for keys in shared.values():
        for key in keys:
            name = catalogue.entities[key].name
            if sum(other[0] == key[0] for other in keys) > 1 and key[1] != DEFAULT:
                name = f"{name}.{key[1]}"
            if key[0] == "resource" and any(other[0] != key[0] for other in keys):
                name = f"{name}-resource"
            catalogue.names[key] = fit(name)
    for key, entity in catalogue.entities.items():
        for reference, _ in references(entity, "providesApis"):
            catalogue.providers.setdefault(full(reference, "api", key[1]), []).append(key)


def references(entity: Entity, field_name: str) -> Iterator[tuple[str, int]]:
    """Yield the references of a list, each with its line; one alone may stand without a list."""
    node = entity.spec.below(field_name) if entity.spec and isinstance(entity.spec.plain, dict) else None
    if node is None:
        return
    for one in [child for _, child in node.entries()] if isinstance(node.plain, list) else [node]:
        said = one.plain
        if isinstance(said, dict):
            said = ":".join(str(said[key]) for key in ("kind", "name") if said.get(key))
        if isinstance(said, str) and said.strip():
            yield said.strip(), one.line


def full(reference: str, kind: str, space: str) -> Key:
    """Give the key of a reference ``[kind:][namespace/]name``; what it leaves out is given.

    Examples
    --------
    >>> full("component:Cart", "api", "default"), full("shop/cart", "api", "default")
    (('component', 'default', 'cart'), ('api', 'shop', 'cart'))
    """
    front, colon, rest = reference.partition(":")
    if not colon:
        front, rest = kind, reference
    before, slash, name = rest.partition("/")
    if not slash:
        before, name = space, rest
    return front.strip().lower(), before.strip().lower(), (name_of(name) or "").lower()


def put_part(entity: Entity, catalogue: Catalogue, draft: Draft) -> None:
    """Put one component or resource into the draft."""
    part = draft.component(catalogue.names[entity.key])
    part.is_store = entity.key[0] == "resource"
    part.origins.append(Origin(Evidence.CATALOG, entity.document.label, entity.line, entity.key[0]))


def relations(entity: Entity, catalogue: Catalogue) -> Iterator[Relation]:
    """Yield whom an entity depends on, and who depends on it."""
    space = entity.key[1]
    for what, kind in (("dependsOn", ""), ("consumesApis", "api")):
        for reference, line in references(entity, what):
            yield Relation((entity.key,), tuple(targets(reference, kind, space, catalogue)), what, reference, line)
    for reference, line in references(entity, "dependencyOf"):
        callers = tuple(targets(reference, "", space, catalogue))
        yield Relation(callers, (entity.key,), "dependencyOf", reference, line)


def targets(reference: str, kind: str, space: str, catalogue: Catalogue) -> list[Key]:
    """Give the parts that a reference means: an API stands for those that provide it, whatever list it is in."""
    kinds = (kind,) if kind or ":" in reference else PARTS
    for one in kinds:
        key = full(reference, one, space)
        if key[0] == "api":
            return catalogue.providers.get(key, [])
        if key in catalogue.names:
            return [key]
    return []


def put_relations(entity: Entity, catalogue: Catalogue, draft: Draft) -> None:
    """Put the relations of one entity into the draft."""
    own = catalogue.names[entity.key]
    for relation in relations(entity, catalogue):
        if not relation.callers or not relation.callees:
            draft.unresolved.append((own, name_of(relation.reference) or ""))
        origin = Origin(Evidence.CATALOG, entity.document.label, relation.line, relation.what)
        for caller in relation.callers:
            for callee in relation.callees:
                kind = Kind.STORE if callee[0] == "resource" else Kind.SYNC
                if caller != callee:
                    draft.edge(catalogue.names[caller], catalogue.names[callee], kind, origin)
    for reference, _ in references(entity, "subcomponentOf"):
        whole = catalogue.names.get(full(reference, "component", entity.key[1]))
        if whole is not None and whole != own:
            draft.left_out.append((own, whole, "a part of it, which is no call"))


FORMAT: Final = Format(
    name="backstage",
    title="catalogues of Backstage",
    describes_calls=False,
    cannot_know=(RATES, LATENCY, ERRORS, CAPACITY, TIMEOUTS, SOFTNESS),
    recognises=recognises,
    reads=reads,
)
