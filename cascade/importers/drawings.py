"""A drawn graph put into a draft: what its nodes are called, and what its edges say of calls."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from cascade.importers.columns import COLUMNS, KINDS, NEEDS, simple
from cascade.importers.draft import Evidence, Kind, Origin
from cascade.importers.names import fit
from cascade.importers.values import name_of, number_of, seconds_text
from cascade.units import parse_rate

if TYPE_CHECKING:
    from cascade.graph.read import Drawing
    from cascade.importers.draft import Draft, Edge
    from cascade.importers.sources import Document

LABELS: Final = ("label", "name", "title")
"""Attributes that may hold the name of a node."""
KIND_KEYS: Final = ("kind", "type", "shape", "shape_type")
STORES: Final = frozenset({"store", "database", "db", "datastore", "cache", "queue", "broker", "topic", "cylinder"})
"""Kinds, types and shapes of nodes that keep data."""
GROUP: Final = "group"
LONGEST_NAME: Final = 190
"""So that a number has room behind it."""
LONGEST_RATE: Final = 64
_NUMBERED: Final = re.compile(r"[A-Za-z_]{0,10}[-_.:]?\d[\d.:_-]*|[0-9a-fA-F-]{16,40}")
"""Identifiers that a program gave."""
_WORD: Final = re.compile(r"[\w.:/@+-]{1,200}")


def put(drawing: Drawing, document: Document, draft: Draft) -> None:
    """Put a graph into the draft."""
    names = names_of(drawing)
    if len(drawing.name) > 1:
        draft.name = draft.name or (name_of(drawing.name) or "")
    groups = []
    for node, attributes in drawing.nodes.items():
        part = draft.component(names[node])
        kinds = {str(attributes[key]).lower() for key in KIND_KEYS if attributes.get(key)}
        part.is_store = part.is_store or bool(kinds & STORES)
        if attributes.get("entry_point") is True or attributes.get("entry_point") == "true":
            part.know("entry_point", True, "attribute entry_point")  # noqa: FBT003 - a value
        if names[node] != node and not _NUMBERED.fullmatch(node) and (alias := name_of(node)):
            part.aliases.add(alias)
        groups += [names[node]] if GROUP in kinds else []
    for caller, callee, attributes, line in drawing.edges:
        put_edge(names_at(caller, names), names_at(callee, names), attributes, line, document, draft)
    tell(drawing, groups, document, draft)


def names_of(drawing: Drawing) -> dict[str, str]:
    """Name the nodes: by their labels, where each has its own and they read like names; else by their identifiers."""
    labels = {node: label_of(attributes) for node, attributes in drawing.nodes.items()}
    is_numbered = all(_NUMBERED.fullmatch(node) for node in labels)
    are_words = all(label and _WORD.fullmatch(label) for label in labels.values())
    fitted = {node: name_of(label) for node, label in labels.items()}
    if labels and (is_numbered or are_words) and all(fitted.values()) and len(set(fitted.values())) == len(fitted):
        return {node: name or node for node, name in fitted.items()}
    names = {node: name_of(node) or "unnamed" for node in labels}
    shared = Counter(names.values())
    return {
        node: name if shared[name] == 1 else fit(f"{name[:LONGEST_NAME]}-{place}")
        for place, (node, name) in enumerate(names.items())
    }


def label_of(attributes: dict[str, Any]) -> str:
    """Give what a node is labelled, empty where that is nothing or markup."""
    found = next((text for key in LABELS if isinstance(text := attributes.get(key), str) and text.strip()), "")
    return "" if found.startswith("<") else found.strip()


def names_at(node: str, names: dict[str, str]) -> str:
    """Give what an end of an edge is called, also one that is no node of its own."""
    return names.get(node) or name_of(node) or "unnamed"


def put_edge(  # noqa: PLR0913, PLR0917 - an edge with its place
    caller: str, callee: str, attributes: dict[str, Any], line: int, document: Document, draft: Draft
) -> None:
    """Put one edge into the draft."""
    if caller == callee:
        draft.component(caller)
        draft.left_out.append((caller, callee, "calls itself"))
        return
    said = str(attributes.get("kind", "")).lower()
    kind = KINDS.get(said, Kind.STORE if draft.component(callee).is_store else Kind.SYNC)
    edge = draft.edge(caller, callee, kind, Origin(Evidence.GRAPH, document.label, line, "edge"))
    needs = str(attributes.get("needs", attributes.get("label", ""))).lower()
    if needs in NEEDS:
        edge.know("needs", needs, "attribute needs" if "needs" in attributes else "label")
    times = number_of(attributes.get("per_request"))
    if times is not None and times <= 1e6:  # noqa: PLR2004 - as a topology allows
        edge.know("per_request", times, "attribute per_request")
    put_numbers(edge, attributes, draft)


def put_numbers(edge: Edge, attributes: dict[str, Any], draft: Draft) -> None:
    """Put counts, rates, errors and latencies whose names and units are clear."""
    found: dict[str, float] = {}
    for key, value in attributes.items():
        name = simple(str(key))
        for what in ("calls", "rate", "errors", "latency"):
            scale = COLUMNS[what].get(name)
            number = number_of(value)
            if scale and number is not None:
                found.setdefault(what, number * scale)
    rate_rps = found.get("rate", rate_in(attributes.get("label")))
    if "calls" not in found and rate_rps is not None:
        draft.note("Counts of calls are rates per second.")
    calls = found.get("calls", rate_rps) or 0.0
    edge.calls += calls
    edge.errors += min(found.get("errors", 0.0), calls)
    if "latency" in found:
        draft.component(edge.callee).know("latency", seconds_text(found["latency"]), "attribute of an edge")


def rate_in(label: Any) -> float | None:
    """Give the rate that a label is, as in ``12/s``."""
    if not isinstance(label, str) or "/" not in label:
        return None
    try:
        return parse_rate(label.replace(" ", "")[:LONGEST_RATE])
    except ValueError:
        return None


def tell(drawing: Drawing, groups: list[str], document: Document, draft: Draft) -> None:
    """Tell what was not read, and what was read as something else."""
    weights = {number_of(attributes.get("weight")) for _, _, attributes, _ in drawing.edges} - {None, 1.0}
    if weights:
        draft.note(f"{document.label}: weights of edges say not what they count; name them 'calls' to have them read.")
    if groups:
        which = f"{groups[0]} and {len(groups) - 1} more groups are" if len(groups) > 1 else f"the group {groups[0]} is"
        draft.note(f"{document.label}: {which} read as needing all members; how many must be up is lost.")
    if not drawing.edges:
        draft.note(f"{document.label}: the graph has no edge.")
