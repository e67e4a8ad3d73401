"""What is said of a topology itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cascade.analysis.caveats import caveats
from cascade.graph.layers import Shape
from cascade.loading.check import counted, sizes
from cascade.report.document import document
from cascade.report.tables import Block, Table
from cascade.report.text import blocks
from cascade.units import format_seconds
from cascade.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascade.model import Topology
    from cascade.report.schemas import Node, ShowDocument

MOST_NAMED: Final = 24
"""Names that a sentence holds."""
MOST_ROWS: Final = 200
"""Rows of a table that a person reads; documents hold all."""


@blocks.register(Shape)
def _(shape: Shape) -> list[Block]:
    topology = shape.topology
    counts = ", ".join(counted(count, kind) for kind, count in sizes(topology).items() if count)
    found: list[Block] = [f"{topology.name}: {counts or 'empty'}."]
    if topology.description:
        found.append(topology.description)
    if shape.entry_points:
        found.append(f"Requests come in at {listed(shape.entry_points, MOST_NAMED)}.")
    found += [
        f"In a cycle of {len(cycle)}, each needs all others: {listed(cycle, MOST_NAMED)}." for cycle in shape.cycles
    ]
    found += [*caveats(topology), layers_table(shape)]
    tables = (groups_table(topology), domains_table(topology), scenarios_table(topology))
    return found + [table for table in tables if table.rows]


def layers_table(shape: Shape) -> Table:
    """Give every node with its layer, and with whom it needs and who needs it."""
    cells = [
        (str(node["layer"]), node["name"], node["kind"], str(node["callers"]), str(node["callees"]))
        for node in nodes(shape)
    ]
    shown = cells[:MOST_ROWS]
    most = f": the first {len(shown)} of {len(cells):,}" if len(shown) < len(cells) else ""
    heads = (">layer", "name", "kind", ">callers", ">callees")
    return Table(f"Callers above, callees below{most}", heads, tuple(shown))


def groups_table(topology: Topology) -> Table:
    """Give the groups with the members that must be up."""
    cells = [
        (name, f"{group.needs} of {len(group.members)}", ", ".join(group.members), group.mode)
        for name, group in topology.groups.items()
    ]
    return Table("Groups", ("group", "needs", "members", "mode"), tuple(cells))


def domains_table(topology: Topology) -> Table:
    """Give the failure domains with what they take."""
    cells = [
        (name, ", ".join(member if share == 1 else f"{member} ({share:.0%})" for member, share in members.items()))
        for name, members in topology.all_domains.items()
    ]
    return Table("Failure domains", ("domain", "takes"), tuple(cells))


def scenarios_table(topology: Topology) -> Table:
    """Give the scenarios with their length."""
    cells = [
        (name, format_seconds(scenario.duration_s), str(len(scenario.events)), scenario.description)
        for name, scenario in topology.scenarios.items()
    ]
    return Table("Scenarios", ("scenario", ">lasts", ">events", "about"), tuple(cells))


@document.register(Shape)
def _(shape: Shape) -> ShowDocument:
    topology = shape.topology
    return {
        "schema": "cascade/show/v1",
        "name": topology.name,
        "sizes": sizes(topology),
        "entry_points": list(shape.entry_points),
        "layers": [list(layer) for layer in shape.layers],
        "cycles": [list(cycle) for cycle in shape.cycles],
        "nodes": list(nodes(shape)),
        "edges": [
            {"caller": caller, "callee": callee, "needs": edge["needs"]}
            for caller, callee, edge in shape.graph.edges(data=True)
        ],
        "groups": {
            name: {"needs": group.needs, "members": list(group.members)} for name, group in topology.groups.items()
        },
        "domains": topology.all_domains,
        "scenarios": {
            name: {"duration_s": scenario.duration_s, "events": len(scenario.events)}
            for name, scenario in topology.scenarios.items()
        },
    }


def nodes(shape: Shape) -> Iterator[Node]:
    """Give every service, group and fleet, callers first."""
    for number, layer in enumerate(shape.layers):
        for name in layer:
            yield {
                "name": name,
                "kind": shape.graph.nodes[name]["kind"],
                "layer": number,
                "entry_point": name in shape.entry_points,
                "callers": shape.graph.in_degree(name),
                "callees": shape.graph.out_degree(name),
            }
