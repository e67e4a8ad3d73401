"""Nodes of a system: services, groups and the traffic of fleets as rows of a table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from cascade.behaviours import occupancy, retry
from cascade.engine.system import Kind, Node
from cascade.engine.table import Table, table_of
from cascade.model import Service, Topology

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cascade.engine.edges import Edge
    from cascade.engine.system import Floats, Ints

NO_SERVICE = Service()
Law = tuple[int, int | None, int | None]
"""Workers, waiting room and most requests at once, which decide an occupancy law."""


def law_key(service: Service, most: float) -> Law | None:
    """Give what decides a service's occupancy law; none when unlimited."""
    limit = None if most > occupancy.SMALL_ROOM else int(most)
    if service.concurrency is not None:
        queue = service.concurrency.queue
        room = None if queue is None else queue * service.replicas
        return service.concurrency.max * service.replicas, room, limit
    if service.capacity_rps is not None:
        return service.replicas, None if service.queue is None else service.queue * service.replicas, None
    return None


def most_at_once(topology: Topology, ordered: tuple[str, ...], edges: list[Edge], ends: Ints) -> list[float]:
    """Requests that each node's callers can have there at once (N,), inf without limit.

    A worker waits for one answer at a time, so a caller has at most as many calls on their way as
    it has workers, or callers of its own. (Timed-out attempts that are still worked on come on top.)
    """
    most = [0.0] * len(ordered)
    below: list[set[int]] = [set() for _ in ordered]
    for edge, caller, callee in zip(edges, *ends.tolist(), strict=True):
        if caller >= callee or edge.policy[retry.NEED] == retry.ASYNC:
            most[callee] = math.inf
        else:
            below[caller].add(callee)
    for node, name in enumerate(ordered):
        service = topology.services.get(name)
        if (service is None and name not in topology.groups) or (service is not None and service.demand is not None):
            most[node] = math.inf
        at_once = most[node]
        if service is not None and service.concurrency is not None:
            at_once = min(at_once, service.concurrency.max * service.replicas)
        for callee in below[node]:
            most[callee] += at_once
    return most


def occupancy_laws(keys: list[Law | None]) -> tuple[Floats, dict[Law, int]]:
    """Tabulate each distinct law once."""
    distinct_keys = {key for key in keys if key is not None} or {(1, None, None)}
    ordered = sorted(distinct_keys, key=lambda key: [-1 if part is None else part for part in key])
    return np.array([occupancy.occupancy_law(*key) for key in ordered]), {
        key: index for index, key in enumerate(ordered)
    }


def node_table(
    topology: Topology, ordered: tuple[str, ...], ends: Ints,
    keys: list[Law | None], most: list[float], law_of: Mapping[Law, int], start_of_day_s: float,
) -> Table[Node]:  # fmt: skip
    """Fill the columns of the nodes."""
    route_of = {name: index for index, name in enumerate(sorted(topology.groups))}
    called = np.searchsorted(ends[0], np.arange(len(ordered) + 1)).tolist()
    heard = np.searchsorted(np.sort(ends[1]), np.arange(len(ordered) + 1)).tolist()
    rows = [node_row(topology, name, keys[i], most[i], law_of, start_of_day_s) for i, name in enumerate(ordered)]
    for i, (name, row) in enumerate(zip(ordered, rows, strict=True)):
        row["first_call"], row["last_call"] = called[i], called[i + 1]
        row["first_caller"], row["last_caller"] = heard[i], heard[i + 1]
        row["route"] = route_of.get(name, -1)
    return table_of(Node, rows)


def node_row(
    topology: Topology, name: str, key: Law | None, most: float, law_of: Mapping[Law, int], start_of_day_s: float
) -> dict[str, Any]:
    """Give the columns of one node, its calls apart."""
    service = topology.services.get(name, NO_SERVICE)
    group = topology.groups.get(name)
    kind = Kind.SERVICE if name in topology.services else Kind.GROUP if group else Kind.WORK
    objective = topology.objective_of(name)
    room = None if key is None else key[1]
    demand, contention = service.demand, service.contention
    return {
        "kind": int(kind),
        "demand_rps": demand.rate_rps if demand else 0.0,
        "swing": demand.daily_swing_fraction if demand else 0.0,
        "peak_s": (demand.daily_peak_s - start_of_day_s) if demand else 0.0,
        "law": -1 if key is None else law_of[key],
        "servers": float(service.concurrency.max * service.replicas) if service.concurrency else 0.0,
        "capacity_rps": unless_none(service.capacity_rps) * service.replicas,
        "room": math.inf if room is None else float(room),
        "is_small": key is not None and room is not None and key[0] + room <= occupancy.SMALL_ROOM,
        "most": most,
        "replicas": float(service.replicas),
        "service_s": service.service_time_s,
        "deadline_s": unless_none(service.work_deadline_s),
        "limit_rps": unless_none(service.rate_limit_rps),
        "has_low": False,
        "durable": service.durable,
        "serial": contention.serial if contention else 0.0,
        "crosstalk": contention.crosstalk if contention else 0.0,
        "objective": objective.success_fraction,
        "most_age_s": objective.backlog_age_s,
        "quorum": float(group.needs) if group else 0.0,
    }


def unless_none(value: float | None) -> float:
    """Give a limit, infinite where there is none."""
    return math.inf if value is None else value
