"""The graph in the languages of other programs: Graphviz, Mermaid, GraphML, node-link JSON, a table of edges."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Final

import networkx as nx

if TYPE_CHECKING:
    from collections.abc import Callable

    Graph = nx.DiGraph[str]

SOLID: Final = ("hard", "member", "capacity", "success")
"""Needs whose failure is felt at once; the others are drawn dashed."""
MERMAID_EDGES: Final = 500
"""Most edges that Mermaid draws unless it is told otherwise (``maxEdges``)."""
MERMAID_CHARACTERS: Final = 50_000
"""Longest text that it draws (``maxTextSize``)."""
LONGEST_TITLE: Final = 200
COLUMNS: Final = ("needs", "per_request", "timeout_s", "attempts")
"""Of the table of edges, beside caller and callee."""
PROOF: Final = ("evidence", "confidence")
"""Columns where any call was imported."""
_DOT_SHAPES: Final = {"service": "box", "group": "hexagon", "fleet": "cylinder"}
_MERMAID_SHAPES: Final = {"service": ("[", "]"), "group": ("{{", "}}"), "fleet": ("[(", ")]")}
_UNSEEN: Final = re.compile("[^\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""Control characters and what else no text file may hold, or no XML."""


def as_dot(graph: Graph) -> str:
    """Write a graph for Graphviz."""
    graph = with_fit_names(graph)
    nodes = [
        f"  {quoted(name)} [shape={_DOT_SHAPES[node['kind']]}{label(name)}];" for name, node in graph.nodes.items()
    ]
    edges = [
        f"  {quoted(caller)} -> {quoted(callee)} [label={edge['needs']}, style={style(edge['needs'])}];"
        for caller, callee, edge in graph.edges(data=True)
    ]
    title = quoted(graph.name[:LONGEST_TITLE])
    return "\n".join([f"digraph {title} {{", "  rankdir=LR;", *nodes, *edges, "}"]) + "\n"


def label(name: str) -> str:
    """Repeat a name that Graphviz would take for one of its own, and not show."""
    return f", label={quoted(name)}" if name.startswith("%") else ""


def style(needs: str) -> str:
    """Give the line of an edge."""
    return "solid" if needs in SOLID else "dashed"


def quoted(text: str) -> str:
    """Write a text as a string of the dot language."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def with_fit_names(graph: Graph) -> Graph:
    """Give a graph whose names any text file can hold: what cannot be seen becomes an escape, and no two names one."""
    taken, fit = set(graph), {}
    for name in graph:
        if _UNSEEN.search(name):
            shown = unseen = seen(name)
            while shown in taken:
                shown = f"{unseen}-{len(taken)}"
            taken.add(shown)
            fit[name] = shown
    found = nx.relabel_nodes(graph, fit) if fit else graph.copy()
    found.graph = {"name": seen(graph.name)}
    return found


def seen(text: str) -> str:
    """Write what cannot be seen as an escape."""
    return _UNSEEN.sub(lambda sign: sign[0].encode("unicode_escape").decode(), text)


def as_mermaid(graph: Graph) -> str:
    """Write a graph as a Mermaid flowchart; nodes are numbered, so that their names may be anything."""
    number = {name: f"n{place}" for place, name in enumerate(graph)}
    lines = []
    for name, node in graph.nodes(data=True):
        opening, closing = _MERMAID_SHAPES[node["kind"]]
        lines.append(f'  {number[name]}{opening}"{entities(name)}"{closing}')
    for caller, callee, edge in graph.edges(data=True):
        arrow = "-->" if edge["needs"] in SOLID else "-.->"
        lines.append(f"  {number[caller]} {arrow}|{edge['needs']}| {number[callee]}")
    text = "\n".join(lines)
    size = graph.number_of_edges()
    if size > MERMAID_EDGES or len(text) > MERMAID_CHARACTERS:
        limits = f"{MERMAID_EDGES} edges (maxEdges) and {MERMAID_CHARACTERS:,} characters (maxTextSize)"
        what = f"{size:,} edges, {len(text):,} characters"
        lines.insert(0, f"  %% {what}: Mermaid refuses more than {limits} unless both are raised; dot draws it")
    return "\n".join(["flowchart LR", *lines]) + "\n"


def entities(text: str) -> str:
    """Write everything but letters, digits and a few signs by number, as Mermaid reads it."""
    return "".join(sign if sign.isalnum() or sign in " -_.:/" else f"#{ord(sign)};" for sign in text)


def as_graphml(graph: Graph) -> str:
    """Write a graph as GraphML, which most graph programs read."""
    graph = with_fit_names(graph)
    attempts = nx.get_edge_attributes(graph, "attempts")
    if any(isinstance(count, str) for count in attempts.values()):  # an attribute has one type
        nx.set_edge_attributes(graph, {edge: str(count) for edge, count in attempts.items()}, "attempts")
    return "\n".join(nx.generate_graphml(graph)) + "\n"


def as_node_link(graph: Graph) -> str:
    """Write a graph as the node-link JSON of networkx, D3 and others; names are as they are, whatever they hold."""
    text = json.dumps(nx.node_link_data(graph, edges="edges"), indent=1, ensure_ascii=False, allow_nan=False)
    return "".join(sign if sign == "\n" or not _UNSEEN.match(sign) else f"\\u{ord(sign):04x}" for sign in text) + "\n"


def as_edges(graph: Graph) -> str:
    """Write the edges as CSV with a head line; what is not known is empty."""
    graph = with_fit_names(graph)
    has_proof = bool(nx.get_edge_attributes(graph, "evidence"))
    columns = (*COLUMNS, *PROOF) if has_proof else COLUMNS
    out = io.StringIO()
    plain = csv.writer(out, lineterminator="\n")
    all_quoted = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    plain.writerow(["caller", "callee", *columns])
    for caller, callee, edge in graph.edges(data=True):
        writer = all_quoted if caller.startswith("#") else plain  # many take such a line for a comment
        writer.writerow([caller, callee, *(cell(edge.get(column, "")) for column in columns)])
    return out.getvalue()


def cell(value: object) -> object:
    """Write a number without an empty fraction."""
    return f"{value!r}".removesuffix(".0") if isinstance(value, float) else value


DRAWINGS: Final[dict[str, Callable[[Graph], str]]] = {
    "dot": as_dot,
    "mermaid": as_mermaid,
    "graphml": as_graphml,
    "node-link": as_node_link,
    "edges": as_edges,
}
"""By the name of the format."""
