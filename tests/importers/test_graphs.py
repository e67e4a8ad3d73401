"""Graphs of other programs: GraphML, GEXF, dot, node-link JSON."""

from __future__ import annotations

import io
import json
import time
from typing import Any

import networkx as nx
import pytest

import cascade
from cascade.graph.export import as_dot, as_graphml
from cascade.importers.draft import Kind
from cascade.importers.formats.graphs import FORMAT
from cascade.importers.sources import Document
from tests.importers.graph_like import facts, pairs, refusal, text

XMLNS = "http://graphml.graphdrawing.org/xmlns"
SHOP: nx.DiGraph[str] = nx.DiGraph(name="shop")
SHOP.add_edge("web", "cart", calls=12, errors=3)
SHOP.add_edges_from([("cart", "db"), ("cart", "cart")])
SHOP.add_node("db", kind="database")


def written(graph: nx.Graph[Any], language: str) -> str:
    if language == "node-link":
        return json.dumps(nx.node_link_data(graph, edges="links"))
    stream = io.BytesIO()
    if language == "graphml":
        nx.write_graphml(graph, stream)
    else:
        nx.write_gexf(graph, stream)
    return stream.getvalue().decode()


def known(content: str) -> bool:
    return FORMAT.recognises(Document("file", content=content.encode()))


@pytest.mark.parametrize("language", ["graphml", "gexf", "node-link"])
def test_what_networkx_writes_is_read_back(language: str) -> None:
    content = written(SHOP, language)
    draft = text(FORMAT, content)

    assert known(content)
    assert pairs(draft) == {("web", "cart"), ("cart", "db")}
    assert (draft.edges["web", "cart"].calls, draft.edges["web", "cart"].errors) == (12.0, 3.0)
    assert draft.edges["cart", "db"].kind is Kind.STORE
    assert draft.left_out == [("cart", "cart", "calls itself")]
    assert draft.name == "shop"


@pytest.mark.parametrize("language", ["graphml", "gexf", "node-link"])
def test_an_undirected_graph_is_refused_with_what_to_write(language: str) -> None:
    remedy = {
        "graphml": 'edgedefault="directed"',
        "gexf": 'defaultedgetype="directed"',
        "node-link": '"directed": true',
    }
    found = refusal(FORMAT, written(nx.Graph(SHOP), language))

    assert found.endswith(f"the graph is undirected, which does not say who calls whom; write {remedy[language]}")


def test_what_cascade_draws_is_read_back() -> None:
    services = "services: {web: {demand: 1/s, calls: [{to: db, needs: soft, per_request: 2}]}, db: {}}"
    graph = cascade.loads(services).graph

    draft = text(FORMAT, as_graphml(graph))

    edge = draft.edges["web", "db"]
    assert {key: fact.value for key, fact in edge.facts.items()} == {"needs": "soft", "per_request": 2.0}
    assert facts(draft, "web") == {"entry_point": True}
    assert text(FORMAT, as_dot(graph)).edges["web", "db"].facts["needs"].value == "soft"


def test_dot_has_groups_ports_defaults_and_edges_that_are_not_seen() -> None:
    content = """// drawn by hand
    strict digraph "my shop" { rankdir=LR; # left to right
      node [shape=box]; subgraph cluster_0 { label="zone"; web -> cart } cart -> {db:p:n mail} [label="12 /s"];
      db [shape=cylinder]; "pay" + "ment" -> db -> log [kind=async_produce]; a -> web [style=invis];
      cart -> web [dir=back]; mail [label=<<b>M</b>>] /* done */ }"""
    draft = text(FORMAT, content)

    assert known(content)
    assert pairs(draft) == {("web", "cart"), ("cart", "db"), ("cart", "mail"), ("payment", "db"), ("db", "log")}
    assert draft.edges["cart", "mail"].calls == 12.0
    assert draft.edges["db", "log"].kind is Kind.PRODUCE
    assert draft.components["db"].is_store
    assert [origin.line for origin in draft.edges["web", "cart"].origins] == [3, 5]


@pytest.mark.parametrize(
    ("nodes", "names"),
    [
        ('n0 [label="front end"]; n1 [label=cart]', {"front-end", "cart"}),
        ("a [label=web]; b [label=cart]", {"web", "cart"}),
        ('web [label="The shop\\n(Go)"]; cart [label="The cart"]', {"web", "cart"}),
        ("n0 [label=web]; n1 [label=web]", {"n0", "n1"}),
        ('n0 [label=web]; "n 1"', {"n0", "n-1"}),
    ],
)
def test_labels_are_names_where_they_read_like_names(nodes: str, names: set[str]) -> None:
    assert set(text(FORMAT, f"digraph {{ {nodes} }}").components) == names


def test_weights_groups_and_graphs_within_graphs_are_told() -> None:
    inner = '<node id="n0"><graph edgedefault="directed"><edge source="a" target="b"/></graph></node>'
    draft = text(FORMAT, f'<graphml xmlns="{XMLNS}"><graph edgedefault="directed">{inner}</graph></graphml>')
    drawn = text(FORMAT, "digraph { any [kind=group]; any -> a [weight=3] }")

    assert pairs(draft) == {("a", "b")}
    assert draft.notes == ["file: 1 edges of graphs within graphs were read without their attributes."]
    assert [note.partition(";")[0] for note in drawn.notes] == [
        "file: weights of edges say not what they count",
        "file: the group any is read as needing all members",
    ]


def test_d3_links_are_taken_to_point() -> None:
    draft = text(FORMAT, '{"nodes": [{"name": "web"}, {"name": "db"}], "links": [{"source": 0, "target": 1}, 5]}')

    assert pairs(draft) == {("web", "db")}
    assert draft.notes == [
        "file: edges are taken to point from source to target.",
        "file: 1 edges without 'source' or 'target' were passed over.",
    ]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (
            '<!DOCTYPE g [<!ENTITY a "b">]><graphml/>',
            "file:1:13: document types and entities are not allowed; take the DOCTYPE out",
        ),
        (
            f'<graphml xmlns="{XMLNS}/graphml"><graph/></graphml>',
            f'file:1:1: expected <graphml xmlns="{XMLNS}">, got <graphml> of the namespace \'{XMLNS}/graphml\'',
        ),
        (
            '<graphml><graph edgedefault="directed">\n<edge source="a"/></graph></graphml>',
            "file:2:1: expected an edge with 'source' and 'target'",
        ),
        ("<graphml><graph><node/></graph></graphml>", "file:1:17: expected a node with an 'id'"),
        (
            '<graphml><graph edgedefault="directed"><node id="a"><data key="d0">x</data></node></graph></graphml>',
            "file:1:1: not to be read as graphml: Bad GraphML data: no key d0",
        ),
        (
            ('<graphml><key id="d" for="node" attr.name="n" attr.type="int"/><graph edgedefault="directed">'
             '<node id="a"><data key="d">x</data></node></graph></graphml>'),
            ("file:1:1: not to be read as graphml: an attribute is missing, or is not of the type that is declared for"
             " it"),
        ),
        ("<graphml><graph", "file:1:10: no well-formed XML: unclosed token"),
        (
            "graph { a -- b }",
            "file:1:1: the graph is undirected, which does not say who calls whom; write 'digraph' and '->'",
        ),
        ("digraph { a -> ", "file:1:16: expected a name, got the end of the text"),
        ('digraph { a -> "b', "file:1:16: a text that never ends"),
        ("digraph { a [label=<<b>] }", "file:1:20: a '<' without its '>'"),
        ("digraph {\n a = ; }", "file:2:6: expected a name, got ';'"),
        ("digraph {" + "{" * 200, "file:1:111: nested too deep; expected at most 100 levels"),
        ('{"nodes": 5, "links": []}', 'file:1:1: expected {"directed": true, "nodes": [...], "links": [...]}'),
        ("nothing", "file:1:1: expected GraphML, GEXF, dot, or node-link JSON of networkx"),
    ],
)  # fmt: skip
def test_what_is_no_graph_is_refused_in_one_line(content: str, line: str) -> None:
    assert refusal(FORMAT, content) == line


def test_a_small_text_cannot_ask_for_much_time_or_memory() -> None:
    many = " ".join(f"n{place}" for place in range(2000))
    start = time.process_time()

    assert "too many edges" in refusal(FORMAT, f"digraph {{ {{{many}}} -> {{{many}}} }}")
    assert pairs(text(FORMAT, "digraph {" + "subgraph {" * 90 + "a -> b" + "}" * 91)) == {("a", "b")}
    assert "no dot language" in refusal(FORMAT, "digraph {" + "/*" * 200_000)
    assert "never ends" in refusal(FORMAT, 'digraph {"' + "\\" * 200_001)
    assert time.process_time() - start < 2.0
