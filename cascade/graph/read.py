"""Graphs in the languages of other programs become nodes and edges with their attributes."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from xml.etree.ElementTree import ParseError

from cascade.errors import CascadeError

if TYPE_CHECKING:
    import networkx as nx

WRONG_INSIDE: Final = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError, ParseError)
"""What networkx may raise where a file does not hold what it declares."""


@dataclass(slots=True)
class Drawing:
    """A graph as it was drawn."""

    name: str = ""
    is_directed: bool = True
    nodes: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Attributes by identifier."""
    edges: list[tuple[str, str, dict[str, Any], int]] = field(default_factory=list)
    """Both ends, attributes, and the line where it stands; 0 where lines say nothing."""


def read_graph(content: bytes, language: str) -> Drawing:
    """Read a graph in ``graphml`` or ``gexf``; the content has no document type, which the caller has made sure of.

    Raises
    ------
    CascadeError
        When networkx cannot make a graph of it.

    Examples
    --------
    >>> read_graph(b'<graphml><graph edgedefault="directed"><edge source="a" target="b"/></graph></graphml>', "graphml")
    Drawing(name='', is_directed=True, nodes={'a': {}, 'b': {}}, edges=[('a', 'b', {}, 0)])
    """
    import networkx as nx  # noqa: PLC0415 - only such files need it

    reader: Any = {"graphml": nx.read_graphml, "gexf": nx.read_gexf}[language]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of ports and untyped keys, which mean nothing here
            return drawing_of(reader(io.BytesIO(content)))
    except nx.NetworkXException as error:
        raise CascadeError(str(error)) from None
    except WRONG_INSIDE:
        raise CascadeError("an attribute is missing, or is not of the type that is declared for it") from None


def drawing_of(graph: nx.Graph[Any]) -> Drawing:
    """Take the nodes and edges of a graph, defaults filled in."""
    node_default, edge_default = (graph.graph.get(f"{what}_default", {}) for what in ("node", "edge"))
    return Drawing(
        name=str(graph.graph.get("name", "")),
        is_directed=graph.is_directed(),
        nodes={str(node): node_default | attributes for node, attributes in graph.nodes(data=True)},
        edges=[
            (str(caller), str(callee), edge_default | attributes, 0)
            for caller, callee, attributes in graph.edges(data=True)
        ],
    )
