"""The graph in the languages of other programs: Graphviz, Mermaid, GraphML."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import networkx as nx

if TYPE_CHECKING:
    from collections.abc import Callable

    Graph = nx.DiGraph[str]

SOLID: Final = ("hard", "member", "capacity", "success")
"""Needs whose failure is felt at once; the others are drawn dashed."""
_DOT_SHAPES: Final = {"service": "box", "group": "hexagon", "fleet": "cylinder"}
_MERMAID_SHAPES: Final = {"service": ("[", "]"), "group": ("{{", "}}"), "fleet": ("[(", ")]")}
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_dot(graph: Graph) -> str:
    """Write a graph for Graphviz."""
    nodes = [f"  {quoted(name)} [shape={_DOT_SHAPES[node['kind']]}];" for name, node in graph.nodes(data=True)]
    edges = [
        f"  {quoted(caller)} -> {quoted(callee)} [label={edge['needs']}, style={style(edge['needs'])}];"
        for caller, callee, edge in graph.edges(data=True)
    ]
    return "\n".join([f"digraph {quoted(graph.name)} {{", "  rankdir=LR;", *nodes, *edges, "}"]) + "\n"


def style(needs: str) -> str:
    """Give the line of an edge."""
    return "solid" if needs in SOLID else "dashed"


def quoted(text: str) -> str:
    """Write a text as a string of the dot language."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'


def as_mermaid(graph: Graph) -> str:
    """Write a graph as a Mermaid flowchart; nodes are numbered, so that their names may be anything."""
    number = {name: f"n{place}" for place, name in enumerate(graph)}
    nodes = []
    for name, node in graph.nodes(data=True):
        opening, closing = _MERMAID_SHAPES[node["kind"]]
        nodes.append(f'  {number[name]}{opening}"{entities(name)}"{closing}')
    edges = []
    for caller, callee, edge in graph.edges(data=True):
        arrow = "-->" if edge["needs"] in SOLID else "-.->"
        edges.append(f"  {number[caller]} {arrow}|{edge['needs']}| {number[callee]}")
    return "\n".join(["flowchart LR", *nodes, *edges]) + "\n"


def entities(text: str) -> str:
    """Write everything but letters, digits and a few signs by number, as Mermaid reads it."""
    return "".join(sign if sign.isalnum() or sign in " -_.:/" else f"#{ord(sign)};" for sign in text)


def as_graphml(graph: Graph) -> str:
    """Write a graph as GraphML, which most graph programs read."""
    clean = nx.relabel_nodes(graph, {name: _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", name) for name in graph})
    clean.graph.clear()
    return "\n".join(nx.generate_graphml(clean)) + "\n"


DRAWINGS: Final[dict[str, Callable[[Graph], str]]] = {"dot": as_dot, "mermaid": as_mermaid, "graphml": as_graphml}
"""By the name of the format."""
