"""Graphs in the languages of other programs: GraphML, GEXF, dot, and the node-link JSON of networkx."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from cascade.errors import CascadeError
from cascade.importers.drawings import put
from cascade.importers.format import CAPACITY, ERRORS, LATENCY, RATES, SOFTNESS, TIMEOUTS, Format
from cascade.importers.values import mapping_of, name_of, place_of
from cascade.loading.xml import parse_xml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cascade.graph.read import Drawing
    from cascade.importers.draft import Draft
    from cascade.importers.format import Options
    from cascade.importers.sources import Document
    from cascade.loading.xml import Element

MOST_ELEMENTS: Final = 2_000_000
"""Most elements of an XML file."""
NAMESPACES: Final = {
    "graphml": ("http://graphml.graphdrawing.org/xmlns",),
    "gexf": ("http://www.gexf.net/1.2draft", "http://www.gexf.net/1.1draft", "http://gexf.net/1.3"),
}
"""Of the languages in XML, those that are known, the usual one first."""
DIRECTED: Final = {
    "graphml": ('write edgedefault="directed"', "<graph "),
    "gexf": ('write defaultedgetype="directed"', "<graph "),
    "dot": ("write 'digraph' and '->'", "graph"),
    "node-link": ('write "directed": true', '"directed"'),
}
"""What to write so that edges point from caller to callee, and the text at which to write it."""
_XML: Final = re.compile(r"<(?:\w+:)?(graphml|gexf)[\s/>]")
_DOT: Final = re.compile(
    r"\A\ufeff?(?:\s+|//[^\n]*\n|/\*.*?\*/|#[^\n]*\n)*+"
    r"(?:strict\s+)?(?:di)?graph(?:\s+[\w.-]+|\s*\"(?:[^\"\\]|\\.)*\")?\s*\{",
    re.DOTALL | re.IGNORECASE,
)


def recognises(document: Document) -> bool:
    """Tell by the outermost element, by the first words of dot, or by the keys of node-link JSON."""
    return language_of(document.head) is not None


def language_of(head: str) -> str | None:
    """Give the language that a text begins in."""
    first = head.lstrip("\ufeff \t\r\n")[:1]
    if first == "<":
        found = _XML.search(head)
        return found[1] if found else None
    if first == "{":
        is_ours = '"nodes"' in head and '"elements"' not in head
        return "node-link" if is_ours and ('"links"' in head or '"directed"' in head) else None
    return "dot" if _DOT.match(head) else None


def reads(documents: Sequence[Document], draft: Draft, _options: Options) -> None:
    """Read nodes and edges, with what their attributes say of calls."""
    for document in documents:
        language = language_of(document.head)
        if language is None:
            raise document.error("expected GraphML, GEXF, dot, or node-link JSON of networkx", 1, 1)
        drawing = drawing_in(document, language, draft)
        if not drawing.is_directed:
            remedy, at = DIRECTED[language]
            message = f"the graph is undirected, which does not say who calls whom; {remedy}"
            raise document.error(message, *place_of(document, at))
        put(drawing, document, draft)


def drawing_in(document: Document, language: str, draft: Draft) -> Drawing:
    """Read the graph of a document."""
    if language == "dot":
        from cascade.importers.dot import read_dot  # noqa: PLC0415 - only such files need it

        return read_dot(document)
    if language == "node-link":
        return node_link(document, draft)
    return from_xml(document, language, draft)


def from_xml(document: Document, language: str, draft: Draft) -> Drawing:
    """Read GraphML or GEXF, whose document has neither document type nor entities.

    Raises
    ------
    TopologyError
        When it is no graph.
    """
    from cascade.graph.read import read_graph  # noqa: PLC0415 - only such files need it

    if document.text.count("<") > 2 * MOST_ELEMENTS:
        raise document.error(f"too many elements; expected at most {MOST_ELEMENTS:,}", 1, 1)
    root = parse_xml(document.text, document.label)
    check_namespace(root, language, document)
    lines = lines_of(root, document)
    try:
        drawing = read_graph(document.text.encode(), language)
    except CascadeError as error:
        message = f"not to be read as {language}: {error}"
        raise document.error(message, root.line, root.column) from None
    drawn = [(one, other, attributes, lines.pop((one, other), 0)) for one, other, attributes, _ in drawing.edges]
    drawing.edges = drawn + [(one, other, {}, line) for (one, other), line in lines.items()]
    if lines:
        draft.note(f"{document.label}: {len(lines)} edges of graphs within graphs were read without their attributes.")
    return drawing


def lines_of(root: Element, document: Document) -> dict[tuple[str, str], int]:
    """Give the line where each edge stands.

    Raises
    ------
    TopologyError
        When an edge has no ends, or a node no identifier.
    """
    lines: dict[tuple[str, str], int] = {}
    for element in elements_in(root, "edge"):
        ends = element.attributes.get("source"), element.attributes.get("target")
        if ends[0] is None or ends[1] is None:
            raise document.error("expected an edge with 'source' and 'target'", element.line, element.column)
        lines.setdefault((ends[0], ends[1]), element.line)
    for element in elements_in(root, "node"):
        if "id" not in element.attributes:
            raise document.error("expected a node with an 'id'", element.line, element.column)
    return lines


def elements_in(root: Element, tag: str) -> Iterator[Element]:
    """Yield the elements of a name, at any depth, whatever stands before a colon."""
    waiting = [root]
    while waiting:
        element = waiting.pop()
        if element.tag.rsplit(":", 1)[-1] == tag:
            yield element
        waiting += reversed(element.children)


def check_namespace(root: Element, language: str, document: Document) -> None:
    """Refuse a namespace that networkx would find no graph in.

    Raises
    ------
    TopologyError
        When it is another one.
    """
    prefix, _, name = root.tag.rpartition(":")
    space = root.attributes.get(f"xmlns:{prefix}" if prefix else "xmlns")
    known = NAMESPACES[language]
    if name != language or (space not in known and not (space is None and language == "graphml" and not prefix)):
        message = f"expected <{language} xmlns=\"{known[0]}\">, got <{root.tag}> of the namespace '{space or ''}'"
        raise document.error(message, root.line, root.column)


def node_link(document: Document, draft: Draft) -> Drawing:
    """Read the node-link JSON that networkx writes; where it does not say so, edges are taken to point.

    Raises
    ------
    TopologyError
        When it is no such JSON.
    """
    from cascade.graph.read import Drawing  # noqa: PLC0415 - only such files need it

    value = mapping_of(document.json)
    nodes, links = value.get("nodes"), value.get("links", value.get("edges"))
    if not isinstance(nodes, list) or not isinstance(links, list):
        raise document.error('expected {"directed": true, "nodes": [...], "links": [...]}', 1, 1)
    if "directed" not in value:
        draft.note(f"{document.label}: edges are taken to point from source to target.")
    drawing = Drawing(name_of(mapping_of(value.get("graph")).get("name")) or "", value.get("directed", True) is True)
    ids = [identifier(node, index) for index, node in enumerate(nodes)]
    for one, node in zip(ids, nodes, strict=True):
        drawing.nodes.setdefault(one, mapping_of(node))
    passed_over = 0
    for link in links:
        ends = [end_of(mapping_of(link).get(key), drawing.nodes, ids) for key in ("source", "target")]
        if ends[0] is None or ends[1] is None:
            passed_over += 1
        else:
            drawing.edges.append((ends[0], ends[1], mapping_of(link), 0))
    if passed_over:
        draft.note(f"{document.label}: {passed_over} edges without 'source' or 'target' were passed over.")
    return drawing


def identifier(node: Any, index: int) -> str:
    """Give what a node is referred to by."""
    said = mapping_of(node)
    return next((str(said[key]) for key in ("id", "key", "name") if said.get(key) is not None), str(index))


def end_of(said: Any, nodes: dict[str, Any], ids: list[str]) -> str | None:
    """Give the node at one end of an edge: by its identifier, else by its position."""
    if isinstance(said, (dict, list)) or said is None:
        said = mapping_of(said).get("id")
    if said is None:
        return None
    if str(said) not in nodes and isinstance(said, int) and 0 <= said < len(ids):
        return ids[said]
    return str(said)


FORMAT: Final = Format(
    name="graphs",
    title="graphs (GraphML, GEXF, dot, node-link JSON)",
    describes_calls=True,
    cannot_know=(RATES, LATENCY, ERRORS, CAPACITY, TIMEOUTS, SOFTNESS),
    recognises=recognises,
    reads=reads,
)
