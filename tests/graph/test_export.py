"""A topology goes into other programs, and comes back from them as the graph that it was."""

from __future__ import annotations

import csv
import io
import json
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import networkx as nx
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cascade
from cascade import importers
from cascade.graph.build import build_graph
from cascade.graph.export import (
    DRAWINGS,
    MERMAID_CHARACTERS,
    MERMAID_EDGES,
    as_dot,
    as_edges,
    as_graphml,
    as_mermaid,
    as_node_link,
)
from cascade.loading.source import check_characters
from cascade.model import Topology
from tests.engine.strategies import topologies

if TYPE_CHECKING:
    from pathlib import Path

EVERYTHING: Final = """
name: 'The "shop", \\ and <more>'
services:
  web:
    demand: 5/s
    weight: 3
    calls:
      - {to: app, needs: soft, timeout: 250ms, retry: {}, cache: {held_in: store}, fallback: {to: spare}}
      - {to: pair, needs: async, per_request: 0.5, retry: {max_attempts: unlimited}, evidence: [trace, env]}
      - {to: spare, confidence: 80%, circuit_breaker: {}}
  app: {calls: [web]}
  a:
  b:
  store:
  spare:
groups: {pair: {members: [a, b]}}
fleets: {hosts: {size: 10, sets_capacity_of: [app], lease: {ttl: 1h, renewed_by: store}}}
"""
UNFIT: Final = st.sampled_from("\x00\x01\x1b\x7f\x80\ufeff\ufffe\u200b\u202e")
SIGNS: Final = (
    st.characters(exclude_categories=["Cs", "Zs", "Zl", "Zp"]) | st.sampled_from("\"\\'<&#;%,|{}[]()`-=") | UNFIT
)
NAMES: Final = st.text(SIGNS, min_size=1, max_size=200).filter(lambda name: re.fullmatch(r"[^\s>]+", name))
VISIBLE: Final = re.compile("[^\x00-\x1f\x7f-\x9f\ufeff\ufffe\uffff]+")
"""Names that stay as they are."""


@pytest.fixture
def topology() -> Topology:
    """A topology with a relation of every kind."""
    return cascade.loads(EVERYTHING)


def chain(names: list[str], title: str = 'a\n"name"') -> nx.DiGraph[str]:
    services = {name: {"calls": [callee]} for name, callee in pairwise(names)}
    return build_graph(Topology.model_validate({"name": title, "services": {**services, names[-1]: {}}}))


def from_node_link(text: str) -> nx.DiGraph[str]:
    return nx.DiGraph(nx.node_link_graph(json.loads(text), edges="edges"))


def from_edges(text: str) -> nx.DiGraph[str]:
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    return nx.DiGraph([(row.pop("caller"), row.pop("callee"), row) for row in rows])


def strings_of(dot: str) -> list[str]:
    """Give the names of the nodes in a text of the dot language."""
    strings = re.findall(r'^  "((?:[^"\\]|\\.)*)" \[shape', dot, flags=re.MULTILINE)
    return [re.sub(r"\\(.)", r"\1", text) for text in strings]


def test_every_language_has_its_writer(topology: Topology) -> None:
    beginnings = {name: write(topology.graph).split(maxsplit=1)[0] for name, write in DRAWINGS.items()}

    assert beginnings == {
        "dot": "digraph",
        "mermaid": "flowchart",
        "graphml": "<graphml",
        "node-link": "{",
        "edges": "caller,callee,needs,per_request,timeout_s,attempts,evidence,confidence",
    }


@given(topologies())
def test_node_link_json_is_the_same_graph(topology: Topology) -> None:
    read = from_node_link(as_node_link(topology.graph))

    assert nx.utils.graphs_equal(read, topology.graph)


def test_graphml_is_the_same_graph_and_unlimited_attempts_are_a_text(topology: Topology) -> None:
    read = nx.read_graphml(io.BytesIO(as_graphml(topology.graph).encode()))

    assert {**read.nodes} == {**topology.graph.nodes}
    expected = {(caller, callee): {**edge} for caller, callee, edge in topology.graph.edges(data=True)}
    expected["web", "app"]["attempts"] = "3"
    assert {(caller, callee): edge for caller, callee, edge in read.edges(data=True)} == expected
    assert read.graph["name"] == topology.name


def test_edges_are_a_table_that_networkx_reads(topology: Topology) -> None:
    table = pd.read_csv(io.StringIO(as_edges(topology.graph)))
    read = nx.from_pandas_edgelist(table, "caller", "callee", edge_attr=True, create_using=nx.DiGraph)

    assert {(*edge, read.edges[edge]["needs"]) for edge in read.edges} == {*topology.graph.edges(data="needs")}
    assert as_edges(topology.graph).splitlines()[1:4] == [
        "web,app,soft,1,0.25,3,,",
        "web,pair,async,0.5,,unlimited,trace env,1",
        "web,spare,hard,1,,,,",
    ]


def test_evidence_has_columns_only_where_there_is_any() -> None:
    assert as_edges(cascade.loads("services: {a: {calls: [b]}, b: }").graph) == (
        "caller,callee,needs,per_request,timeout_s,attempts\na,b,hard,1,,\n"
    )


@given(st.lists(NAMES, min_size=2, max_size=5, unique=True))
def test_names_of_any_kind_survive_every_language_or_are_made_harmless(names: list[str]) -> None:
    graph = chain(names)
    texts = {name: write(graph) for name, write in DRAWINGS.items()}
    in_graphml = nx.read_graphml(io.BytesIO(texts["graphml"].encode()))
    in_edges = from_edges(texts["edges"])
    in_dot = strings_of(texts["dot"])

    for text in texts.values():
        check_characters(text, "")  # refuses what no text file may hold
    assert set(from_node_link(texts["node-link"]).edges) == set(graph.edges)
    assert len(texts["mermaid"].splitlines()) == 1 + len(graph) + graph.number_of_edges()
    assert len(texts["dot"].split("\n")) == 4 + len(graph) + graph.number_of_edges()
    assert list(in_graphml) == list(in_edges) == in_dot
    assert list(pairwise(in_dot)) == list(in_graphml.edges) == list(in_edges.edges)
    assert {name for name in names if VISIBLE.fullmatch(name)} <= set(in_dot)


@pytest.mark.parametrize("form", ["dot", "graphml", "node-link", "edges"])
def test_what_is_written_can_be_imported(form: str, tmp_path: Path) -> None:
    graph = chain(["web", "#1", "cart's", "a,b", "é", "50%", "%d", "=1+1", "x" * 200], title="shop")
    path = tmp_path / "graph"
    path.write_text(DRAWINGS[form](graph), encoding="utf-8")

    assert importers.read([path]).topology.graph.edges == graph.edges


def test_mermaid_writes_by_number_what_it_would_take_for_its_own() -> None:
    text = as_mermaid(chain(['a"]', "#35;", "é<b", "end"]))

    assert text.splitlines()[1:5] == ['  n0["a#34;#93;"]', '  n1["#35;35#59;"]', '  n2["é#60;b"]', '  n3["end"]']


@pytest.mark.parametrize(
    ("names", "is_too_large"),
    [
        ([f"s{number}" for number in range(MERMAID_EDGES + 1)], False),
        ([f"s{number}" for number in range(MERMAID_EDGES + 2)], True),
        ([f"s{number}-".ljust(200, "x") for number in range(MERMAID_CHARACTERS // 250)], False),
        ([f"s{number}-".ljust(200, "x") for number in range(MERMAID_CHARACTERS // 200)], True),
    ],
    ids=["edges", "too many edges", "characters", "too many characters"],
)
def test_what_mermaid_will_not_draw_says_so(names: list[str], is_too_large: bool) -> None:  # noqa: FBT001 - a case
    lines = as_mermaid(chain(names)).splitlines()

    assert lines[0] == "flowchart LR"
    assert lines[1].startswith("  %% ") == is_too_large
    assert sum("%%" in line for line in lines) == is_too_large


def test_groups_and_fleets_have_shapes_of_their_own(topology: Topology) -> None:
    dot, mermaid = as_dot(topology.graph), as_mermaid(topology.graph)

    assert '  "pair" [shape=hexagon];\n  "hosts" [shape=cylinder];\n' in dot
    assert '  n6{{"pair"}}\n  n7[("hosts")]\n' in mermaid
    assert dot.startswith('digraph "The \\"shop\\", \\\\ and <more>" {\n')
