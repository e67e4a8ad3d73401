"""A topology becomes tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cascade.behaviours import retry, sojourn
from cascade.engine import parts
from cascade.engine.edges import (
    distinct,
    fleet_edges,
    fleet_traffic,
    group_edges,
    in_stepping_order,
    service_edges,
    stepping_order,
)
from cascade.engine.nodes import NO_SERVICE, law_key, most_at_once, node_table, occupancy_laws
from cascade.engine.rest import SAME
from cascade.engine.system import Kind, Population, System
from cascade.engine.table import column, table_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cascade.engine.system import Ints
    from cascade.model import Topology


@dataclass(frozen=True)
class Compiled:
    """A system with the names of its nodes, fleets and calls."""

    system: System
    nodes: tuple[str, ...]
    fleets: tuple[str, ...]
    node_of: Mapping[str, int]
    call_of: Mapping[tuple[str, str], int]


def compile_topology(topology: Topology, *, start_of_day_s: float = 0.0) -> Compiled:
    """Turn a topology into arrays; the order in which it lists its parts does not matter.

    ``start_of_day_s`` is the local time of day [s] at which the scenario starts.
    """
    names = [*sorted([*topology.services, *topology.groups]), *fleet_traffic(topology)]
    place = {name: index for index, name in enumerate(names)}
    edges = [*service_edges(topology, place), *group_edges(topology, place), *fleet_edges(topology, place)]
    order = stepping_order(len(names), edges)
    rank = np.empty(len(names), np.int64)
    rank[order] = np.arange(len(names))
    edges, ends = in_stepping_order(edges, rank)
    ordered = tuple([names[index] for index in order.tolist()])
    node_of = {name: index for index, name in enumerate(ordered)}
    call_of: dict[tuple[str, str], int] = {}
    for index, edge in enumerate(edges):
        call_of.setdefault((names[edge.caller], names[edge.callee]), index)
    policies, policy_of = distinct([edge.policy for edge in edges])
    most = most_at_once(topology, ordered, edges, ends)
    keys = [law_key(topology.services.get(name, NO_SERVICE), most[node]) for node, name in enumerate(ordered)]
    laws, law_of = occupancy_laws(keys)
    fleets = tuple(sorted(topology.fleets))
    capacities = parts.capacity_table(topology, fleets, node_of)
    comebacks, needs = parts.comeback_table(topology, node_of)
    orders, before = parts.order_table(topology, call_of)
    routes, members = parts.route_table(topology, call_of, node_of)
    incoming = np.argsort(ends[1], kind="stable")
    nodes = node_table(topology, ordered, ends, keys, most, law_of, start_of_day_s)
    column(nodes, "has_low")[ends[1][policies[policy_of, retry.LOW] > 0.0]] = True
    restless = np.flatnonzero((column(nodes, "kind") != Kind.SERVICE) | (column(nodes, "swing") > 0.0))
    system = System(
        same=SAME,
        nodes=nodes,
        calls=parts.call_table(edges, ends, policies, policy_of),
        incoming=incoming,
        callers=ends[0][incoming],
        base=parts.base_table(edges),
        policies=policies,
        laws=laws,
        sojourn_law=sojourn.sojourn_law(),
        fleets=table_of(Population, [parts.fleet_row(topology, name, node_of) for name in fleets]),
        capacities=capacities,
        comebacks=comebacks,
        stirred=np.unique([*column(capacities, "node"), *column(comebacks, "node"), *restless]).astype(np.int64),
        needs=needs,
        breakers=parts.breaker_table(topology, call_of),
        caches=parts.cache_table(topology, call_of, node_of),
        fallbacks=parts.fallback_table(topology, call_of, edges, names),
        orders=orders,
        before=before,
        routes=routes,
        members=members,
    )
    return Compiled(system, ordered, fleets, node_of, call_of)


def special_calls(system: System, switched: Iterable[int]) -> Ints:
    """Calls that a behaviour or an event acts on (S,)."""
    instead = column(system.fallbacks, "instead")
    tables = (system.breakers, system.caches, system.fallbacks, system.orders)
    parts = [*(column(table, "call") for table in tables), np.array(list(switched), np.int64), instead[instead >= 0]]
    return np.unique(np.concatenate(parts))
