"""The graph of Kiali, as its page asks for it: ``/kiali/api/namespaces/graph``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cascade.importers.draft import Kind
from cascade.importers.format import CAPACITY, LATENCY, SOFTNESS, TIMEOUTS, Format
from cascade.importers.measured import NOBODY, End, Measured, Pair, put
from cascade.importers.names import fit
from cascade.importers.values import json_values, list_of, mapping_of, name_of, number_of, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cascade.importers.draft import Draft
    from cascade.importers.format import Options
    from cascade.importers.sources import Document

NAMED_BY: Final[dict[str, tuple[str, ...]]] = {
    "service": ("service", "app", "workload"),
    "app": ("app", "workload", "service"),
    "workload": ("workload", "app", "service"),
    "aggregate": ("aggregateValue", "app", "service"),
}
"""By the type of a node: what it is called by, the first that it has."""
WHAT: Final = "Kiali graph"
FAILED: Final = ("5xx", "NoResponse", "Err")
"""What is behind the name of a protocol in the rates of calls that failed; 4xx is a fault of the caller."""
MOST_PAIRS: Final = 1_000_000
"""Most callers with their callees that are kept."""
MILLISECOND: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the graph."""

    end: End
    """The name is empty where it stands for traffic from outside."""
    is_waypoint: bool
    """Whether it is a proxy of an ambient mesh, which passes on the calls of others."""
    is_aggregate: bool
    """Whether it is an operation that is drawn between a caller and a callee."""
    services: frozenset[str]
    """Names of the Services that it is behind."""

    @property
    def is_bridge(self) -> bool:
        """Whether its own edges are those of others."""
        return self.is_waypoint or self.is_aggregate


@dataclass(frozen=True, slots=True)
class Arrow:
    """An edge of the graph."""

    caller: Node
    callee: Node
    traffic: dict[str, Any]
    response_time: object


@dataclass(frozen=True, slots=True)
class Bridges:
    """Where calls go on from the nodes that only pass them on."""

    beyond: dict[Node, list[Node]]
    """By the node of an operation."""
    behind: dict[str, list[Node]]
    """By the name of a Service."""

    @classmethod
    def of(cls, nodes: list[Node], arrows: list[Arrow]) -> Bridges:
        """Look them up."""
        beyond: dict[Node, list[Node]] = {}
        behind: dict[str, list[Node]] = {}
        for arrow in arrows:
            if arrow.caller.is_aggregate and not arrow.callee.is_bridge:
                beyond.setdefault(arrow.caller, []).append(arrow.callee)
        for node in nodes:
            for service in () if node.is_bridge else sorted(node.services):
                behind.setdefault(service, []).append(node)
        return cls(beyond, behind)


def recognises(document: Document) -> bool:
    """Tell by the kind of graph, or by the types of its nodes."""
    head = document.head
    return head.lstrip()[:1] == "{" and '"elements"' in head and ('"graphType"' in head or '"nodeType"' in head)


def reads(documents: Sequence[Document], draft: Draft, _options: Options) -> None:
    """Read who calls whom, with rates and failures where they are of requests."""
    found: dict[Pair, Measured] = {}
    seen: dict[End, None] = {}
    for document in documents:
        for value in json_values(document):
            nodes, arrows = graph_of(value, document, draft)
            known: dict[Pair, Measured] = {}
            bridges = Bridges.of(nodes, arrows)
            for arrow in arrows:
                put_arrow(arrow, bridges, known, document.label)
                if len(known) > MOST_PAIRS:
                    raise document.error(f"too many pairs of callers and callees; expected at most {MOST_PAIRS:,}")
            for pair, measured in known.items():
                found.setdefault(pair, measured)
            leave_out(arrows, draft)
            seen |= {node.end: None for node in nodes if not node.is_bridge and node.end[0] not in NOBODY}
    put(found, draft)
    drawn = {end for pair in found for end in pair}
    for end in seen:
        if end not in drawn:
            draft.component(end[0])


def graph_of(value: Any, document: Document, draft: Draft) -> tuple[list[Node], list[Arrow]]:
    """Give the nodes and the edges of a graph, boxes left out.

    Raises
    ------
    TopologyError
        When it is no graph of Kiali.
    """
    elements = mapping_of(value).get("elements")
    if not isinstance(elements, dict) or not isinstance(elements.get("nodes"), list):
        message = 'expected a graph of Kiali: {"graphType": ..., "elements": {"nodes": [...], "edges": [...]}}'
        raise document.error(message, *place_of(document, '"elements"'))
    said = [mapping_of(mapping_of(node).get("data")) for node in elements["nodes"]]
    nodes = {str(node.get("id")): made for node, made in zip(said, nodes_of(said), strict=True) if made}
    if said and not nodes:
        message = "no node of a traffic graph in it; ask for /kiali/api/namespaces/graph"
        raise document.error(message, *place_of(document, '"nodes"'))
    arrows = []
    lost = 0
    for edge in list_of(elements.get("edges")):
        data = mapping_of(mapping_of(edge).get("data"))
        caller, callee = nodes.get(str(data.get("source"))), nodes.get(str(data.get("target")))
        if caller is None or callee is None:
            lost += 1
            continue
        arrows.append(Arrow(caller, callee, mapping_of(data.get("traffic")), data.get("responseTime")))
    if lost:
        draft.note(f"{document.label}: {lost} edges between nodes that are not there were passed over.")
    if not arrows:
        draft.note(f"{document.label}: the graph has no edge; was there traffic in the time that was asked for?")
    return list(nodes.values()), arrows


def nodes_of(said: list[dict[str, Any]]) -> Iterator[Node | None]:
    """Yield a node for each that is drawn, None for a box; versions of an app that are drawn apart keep theirs."""
    versions: dict[tuple[str, str], set[str]] = {}
    for data in said:
        versions.setdefault(place_in(data), set()).add(str(data.get("version") or ""))
    for data in said:
        name, space = place_in(data)
        version = name_of(data.get("version"))
        if data.get("nodeType") == "box" or data.get("isBox") or not name:
            yield None
            continue
        if data.get("nodeType") == "app" and version and len(versions[name, space] - {""}) > 1:
            name = fit(f"{name}-{version}")
        if data.get("nodeType") == "unknown":
            name, space = "", ""
        yield Node((name, space), bool(data.get("isWaypoint")), data.get("nodeType") == "aggregate", services_of(data))


def place_in(data: dict[str, Any]) -> tuple[str, str]:
    """Give name and namespace of a node."""
    keys = NAMED_BY.get(str(data.get("nodeType")), NAMED_BY["workload"])
    name = next((name for key in keys if (name := name_of(data.get(key)))), "")
    space = name_of(data.get("namespace")) or ""
    return name, "" if space in NOBODY else space


def services_of(data: dict[str, Any]) -> frozenset[str]:
    """Give the names of the Services that a node is behind."""
    names = [data.get("service"), *(mapping_of(one).get("name") for one in list_of(data.get("destServices")))]
    return frozenset(name for one in names if (name := name_of(one)) and name not in NOBODY)


def put_arrow(arrow: Arrow, bridges: Bridges, known: dict[Pair, Measured], label: str) -> None:
    """Put one edge to what is measured; those that a bridge stands between are drawn past it, too."""
    if arrow.caller.is_bridge:
        return
    if arrow.callee.is_aggregate:
        beyond = bridges.beyond.get(arrow.callee, [])
        for callee in beyond:
            measure(arrow, callee, known, label, has_rates=len(beyond) == 1)
        return
    measure(arrow, arrow.callee, known, label)
    if arrow.callee.is_waypoint:
        for host in sorted(hosts_of(arrow.traffic)):
            for callee in bridges.behind.get(host, []):
                if callee.end != arrow.caller.end:
                    measure(arrow, callee, known, label, has_rates=False)


def measure(arrow: Arrow, callee: Node, known: dict[Pair, Measured], label: str, *, has_rates: bool = True) -> None:
    """Add the traffic of an edge to that between its caller and a callee; bytes are no requests."""
    kind = Kind.INFRA if callee.is_waypoint else Kind.SYNC
    measured = known.setdefault((arrow.caller.end, callee.end), Measured(label, WHAT, kind))
    measured.services |= callee.services
    rates = mapping_of(arrow.traffic.get("rates"))
    for protocol in ("http", "grpc"):
        calls = number_of(rates.get(protocol))
        if calls is not None and has_rates:
            failed = (number_of(rates.get(f"{protocol}{what}")) or 0.0 for what in FAILED)
            measured.calls = (measured.calls or 0.0) + calls
            measured.errors = (measured.errors or 0.0) + sum(failed)
    time_ms = number_of(arrow.response_time)
    if time_ms and has_rates:
        measured.latency.append((1.0, time_ms * MILLISECOND, "response time"))


def hosts_of(traffic: dict[str, Any]) -> frozenset[str]:
    """Give the first labels of the hosts that were asked for."""
    responses = (mapping_of(mapping_of(one).get("hosts")) for one in mapping_of(traffic.get("responses")).values())
    return frozenset(host.split(".")[0].split(":")[0] for hosts in responses for host in hosts)


def leave_out(arrows: list[Arrow], draft: Draft) -> None:
    """Say what a waypoint passes on, which is no call of its own."""
    for arrow in arrows:
        if arrow.caller.is_waypoint and arrow.callee.end[0] not in NOBODY:
            draft.left_out.append(
                (arrow.caller.end[0], arrow.callee.end[0], "a waypoint passes on the calls of others")
            )


FORMAT: Final = Format(
    name="kiali",
    title="graphs of Kiali",
    describes_calls=True,
    cannot_know=(LATENCY, CAPACITY, TIMEOUTS, SOFTNESS),
    recognises=recognises,
    reads=reads,
)
