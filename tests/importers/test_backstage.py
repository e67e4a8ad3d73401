"""Catalogues of Backstage: who depends on whom, and what only looks like it."""

from __future__ import annotations

import json

from cascade.importers.draft import Draft, Evidence, Kind
from cascade.importers.formats.backstage import FORMAT
from tests.importers.graph_like import expected, pairs, real, refusal, text


def entity(kind: str, name: str, spec: str = "{}", namespace: str = "default") -> str:
    meta = f"{{name: {name}, namespace: {namespace}}}"
    return f"---\napiVersion: backstage.io/v1alpha1\nkind: {kind}\nmetadata: {meta}\nspec: {spec}\n"


def catalogue(*entities: str) -> Draft:
    return text(FORMAT, "".join(entities))


def test_the_examples_give_exactly_the_calls_that_they_state() -> None:
    draft = real(FORMAT, "backstage")

    assert pairs(draft) == {(row["caller"], row["callee"]) for row in expected("backstage-examples")}
    assert not pairs(draft) & {(row["caller"], row["callee"]) for row in expected("backstage-examples.not_edges")}
    assert {origin.evidence for edge in draft.edges.values() for origin in edge.origins} == {Evidence.CATALOG}
    assert draft.edges["artist-lookup", "artists-db"].kind is Kind.STORE
    assert draft.components["artists-db"].is_store


def test_a_part_of_a_component_is_told_as_no_call_and_an_api_of_nobody_as_missing() -> None:
    draft = real(FORMAT, "backstage")

    assert {(part, whole) for part, whole, _ in draft.left_out} == {
        ("wayback-archive-ingestion", "wayback-archive"),
        ("wayback-archive-storage", "wayback-archive"),
    }
    assert draft.unresolved == [("backstage-demo", "demo-graphql")]


def test_references_leave_out_kind_and_namespace_or_name_them() -> None:
    draft = catalogue(
        entity("Component", "Web", "{dependsOn: [cart, 'resource:shop/db', 'Component:shop/mail']}"),
        entity("Component", "cart", "{consumesApis: [shop/orders, 'api:default/own'], providesApis: own}"),
        entity("Component", "mail", "{dependencyOf: ['component:default/cart']}", "shop"),
        entity("Component", "orders-v2", "{providesApis: [orders], dependsOn: 'component:mail'}", "shop"),
        entity("Resource", "db", "{dependencyOf: ['component:orders-v2', 'component:nobody']}", "shop"),
        entity("API", "orders", "{}", "shop"),
        entity("System", "market"),
        entity("Group", "team"),
    )

    assert pairs(draft) == {
        ("Web", "cart"), ("Web", "db"), ("Web", "mail"), ("cart", "orders-v2"), ("mail", "cart")[::-1],
        ("orders-v2", "mail"), ("orders-v2", "db"),
    }  # fmt: skip
    assert draft.unresolved == [("db", "component:nobody")]
    assert draft.name == "market"


def test_names_that_two_entities_share_are_told_apart() -> None:
    draft = catalogue(
        entity("Component", "orders", "{dependsOn: ['resource:orders', 'component:b/orders']}"),
        entity("Component", "orders", "{}", "b"),
        entity("Resource", "orders"),
        entity("Resource", "orders"),
    )

    assert pairs(draft) == {("orders", "orders-resource"), ("orders", "orders.b")}
    assert draft.notes == ["file: Resource 'orders' is there twice; the first counts (line 17)."]


def test_the_answer_of_the_catalogue_is_a_list_of_entities() -> None:
    entities = [
        {"apiVersion": "backstage.io/v1beta1", "kind": "Component", "metadata": {"name": name}, "spec": spec}
        for name, spec in (("web", {"dependsOn": ["component:db"]}), ("db", None))
    ]

    assert pairs(text(FORMAT, json.dumps(entities))) == {("web", "db")}
    assert pairs(text(FORMAT, json.dumps({"items": entities}))) == {("web", "db")}


def test_entities_that_are_none_are_told_or_refused() -> None:
    broken = text(FORMAT, entity("Component", "web", "[]") + entity("[Component]", "x") + "--- [1, 2]\n--- 5\n")

    assert list(broken.components) == ["web"]
    assert broken.notes == ["file: an entity without 'kind' or 'metadata.name' was passed over (line 7)."]
    assert refusal(FORMAT, "a: 1") == (
        "file: no entity of Backstage in it; expected 'apiVersion: backstage.io/...' and 'kind'"
    )
    assert refusal(FORMAT, "a: [") == (
        "file:2:1: not YAML: while parsing a flow node, did not find expected node content"
    )
