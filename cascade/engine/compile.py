"""A topology becomes arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cascade.behaviours import occupancy, retry, sojourn
from cascade.compiled import compiled
from cascade.engine.system import (
    Base,
    Breaker,
    Cached,
    Call,
    Capacity,
    Comeback,
    Instead,
    Kind,
    Node,
    Order,
    Population,
    Route,
    System,
)
from cascade.engine.table import Table, column, table_of
from cascade.model import Dependency, Needs, Service, Topology

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cascade.engine.system import Floats, Ints

NEED_CODES = {Needs.HARD: retry.HARD, Needs.SOFT: retry.SOFT, Needs.ASYNC: retry.ASYNC}
_NO_SERVICE = Service()
SHORTEST_S = 1e-3
"""Shortest life or time constant [s]."""
RESTORE, RENEW, PROBE = "restores", "renews", "probes"


@dataclass(frozen=True, slots=True)
class Edge:
    """One call relation before it is an array entry."""

    caller: int
    callee: int
    policy: tuple[float, ...]
    calls: float
    fixed: float = 0.0
    live: float = 1.0
    power: float = 1.0
    is_hidden: bool = False


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
    edges.sort(key=lambda edge: (rank[edge.caller], rank[edge.callee], edge.is_hidden))
    ordered = tuple(names[index] for index in order)
    node_of = {name: index for index, name in enumerate(ordered)}
    call_of: dict[tuple[str, str], int] = {}
    for index, edge in enumerate(edges):
        call_of.setdefault((names[edge.caller], names[edge.callee]), index)
    policies, policy_of = distinct([edge.policy for edge in edges])
    most = most_at_once(topology, ordered, edges, rank)
    keys = [law_key(topology.services.get(name, _NO_SERVICE), most[node]) for node, name in enumerate(ordered)]
    laws, law_of = occupancy_laws(keys)
    fleets = tuple(sorted(topology.fleets))
    comebacks, needs = comeback_table(topology, node_of)
    orders, before = order_table(topology, call_of)
    routes, members = route_table(topology, call_of, node_of)
    system = System(
        nodes=node_table(topology, ordered, edges, rank, keys, most, law_of, start_of_day_s),
        calls=call_table(edges, rank, policies, policy_of),
        base=table_of(Base, [{"calls": e.calls, "fixed": e.fixed, "live": e.live} for e in edges]),
        policies=policies,
        laws=laws,
        sojourn_law=sojourn.sojourn_law(),
        fleets=table_of(Population, [fleet_row(topology, name, node_of) for name in fleets]),
        capacities=capacity_table(topology, fleets, node_of),
        comebacks=comebacks,
        needs=needs,
        breakers=breaker_table(topology, call_of),
        caches=cache_table(topology, call_of, node_of),
        fallbacks=fallback_table(topology, call_of, edges, rank, node_of),
        orders=orders,
        before=before,
        routes=routes,
        members=members,
    )
    return Compiled(system, ordered, fleets, node_of, call_of)


def fleet_traffic(topology: Topology) -> list[str]:
    """Names of the nodes that stand for what fleets ask of services."""
    names = []
    for name, fleet in sorted(topology.fleets.items()):
        parts = {RESTORE: fleet.restored_by, RENEW: fleet.lease, PROBE: fleet.health_check}
        names += [f"{name} {what}" for what, part in parts.items() if part is not None]
    return names


def policy_row(call: Dependency | None = None, *, timeout_s: float | None = None, wait_s: float | None = None,
               need: float = retry.HARD) -> tuple[float, ...]:  # fmt: skip
    """Give the columns of :mod:`cascade.behaviours.retry` for a call, or for a fleet's traffic."""
    row = [math.inf, 1.0, 0.0, -1.0, 0.0, need, 0.0] + [0.0] * (retry.POLICY_WIDTH - retry.WAIT_S)
    limit = timeout_s if call is None else call.timeout_s
    row[retry.TIMEOUT_S] = math.inf if limit is None else limit
    if wait_s is not None:
        row[retry.CLASSES], row[retry.ENDLESS], row[retry.WAIT_S] = 2.0, 1.0, wait_s
    if call is not None:
        row[retry.NEED] = NEED_CODES[call.needs]
        row[retry.LOW] = float(call.priority == "low")
        if call.retry is not None:
            waits = call.retry.backoff.waits_s(call.retry.classes - 1)
            row[retry.CLASSES], row[retry.ENDLESS] = float(call.retry.classes), float(call.retry.is_endless)
            row[retry.WAIT_S : retry.WAIT_S + len(waits)] = waits
            if call.retry.budget is not None:
                row[retry.RATIO] = call.retry.budget.ratio_fraction
                row[retry.FLOOR_RPS] = call.retry.budget.min_per_second_rps
    return tuple(row)


def service_edges(topology: Topology, place: Mapping[str, int]) -> Iterable[Edge]:
    """Yield the calls of services, and the hidden ones to what they fall back on."""
    for name, service in topology.services.items():
        for call in service.calls:
            if not call.is_call:
                continue
            yield call_edge(place[name], place[call.to], call)
            if call.fallback is not None and call.fallback.to is not None:
                yield Edge(
                    place[name],
                    place[call.fallback.to],
                    policy_row(timeout_s=call.timeout_s),
                    0.0,
                    1.0,
                    0.0,
                    is_hidden=True,
                )


def call_edge(caller: int, callee: int, call: Dependency) -> Edge:
    """Make the edge of a call: which part of the caller's success stands or falls with it."""
    n = call.per_request
    at_stake = {Needs.HARD: 1.0, Needs.SOFT: call.degradation_fraction}.get(call.needs, 0.0) * min(n, 1.0)
    return Edge(caller, callee, policy_row(call), n, 1.0 - at_stake, at_stake, max(n, 1.0))


def group_edges(topology: Topology, place: Mapping[str, int]) -> Iterable[Edge]:
    """Yield the ways from groups to their members."""
    for name, group in topology.groups.items():
        for member in group.members:
            share = 1.0 / len(group.members)
            if group.mode == "ordered":
                share = float(member == group.members[0])
            yield Edge(place[name], place[member], policy_row(), share)


def fleet_edges(topology: Topology, place: Mapping[str, int]) -> Iterable[Edge]:
    """Yield the traffic of fleets."""
    for name, fleet in topology.fleets.items():
        if fleet.restored_by is not None:
            part = fleet.restored_by
            policy = policy_row(timeout_s=part.timeout_s, wait_s=part.retry_after_s)
            yield Edge(place[f"{name} {RESTORE}"], place[part.to], policy, part.work_per_unit)
        if fleet.lease is not None:
            yield Edge(place[f"{name} {RENEW}"], place[fleet.lease.renewed_by], policy_row(), 1.0)
        if fleet.health_check is not None:
            policy = policy_row(timeout_s=fleet.health_check.timeout_s)
            yield Edge(place[f"{name} {PROBE}"], place[fleet.health_check.through], policy, 1.0)


def stepping_order(count: int, edges: list[Edge]) -> Ints:
    """Callers before callees, as far as cycles allow (N,)."""
    by_caller = sorted((edge.caller, edge.callee) for edge in edges)
    callee = np.array([pair[1] for pair in by_caller], np.int64)
    first = np.searchsorted(np.array([pair[0] for pair in by_caller], np.int64), np.arange(count + 1))
    order = np.empty(count, np.int64)
    reverse_postorder(first.astype(np.int64), callee, order, first[:-1].copy(), np.zeros((2, count + 1), np.int64))
    return order


@compiled
def reverse_postorder(first: Ints, callee: Ints, order: Ints, at: Ints, room: Ints) -> None:
    """Fill ``order`` (N,) depth first, last to first: topological across strongly connected components.

    ``at`` (N,) starts as the first call of each node, ``room`` (2, N + 1) as zeros.
    """
    is_seen, stack = room[0], room[1]
    place = order.size
    for root in range(order.size):
        if is_seen[root]:
            continue
        is_seen[root] = 1
        depth = 0
        stack[0] = root
        while depth >= 0:
            node = stack[depth]
            if at[node] < first[node + 1]:
                child = callee[at[node]]
                at[node] += 1
                if not is_seen[child]:
                    is_seen[child] = 1
                    depth += 1
                    stack[depth] = child
            else:
                depth -= 1
                place -= 1
                order[place] = node


def distinct(rows: list[tuple[float, ...]]) -> tuple[Floats, list[int]]:
    """Number the distinct rows in their sorted order."""
    known = {row: index for index, row in enumerate(sorted(set(rows)))}
    table = np.array(list(known), float).reshape(-1, retry.POLICY_WIDTH)
    return table, [known[row] for row in rows]


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


def most_at_once(topology: Topology, ordered: tuple[str, ...], edges: list[Edge], rank: Ints) -> Floats:
    """Requests that each node's callers can have there at once (N,), inf without limit.

    A worker waits for one answer at a time, so a caller has at most as many calls on their way as
    it has workers, or callers of its own. (Timed-out attempts that are still worked on come on top.)
    """
    most = np.zeros(len(ordered))
    below: list[set[int]] = [set() for _ in ordered]
    for edge in edges:
        caller, callee = int(rank[edge.caller]), int(rank[edge.callee])
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
        most[list(below[node])] += at_once
    return most


def occupancy_laws(keys: list[Law | None]) -> tuple[Floats, dict[Law, int]]:
    """Tabulate each distinct law once."""
    distinct_keys = {key for key in keys if key is not None} or {(1, None, None)}
    ordered = sorted(distinct_keys, key=lambda key: [-1 if part is None else part for part in key])
    return np.array([occupancy.occupancy_law(*key) for key in ordered]), {
        key: index for index, key in enumerate(ordered)
    }


def node_table(  # noqa: PLR0913 - what a node's columns are made from
    topology: Topology, ordered: tuple[str, ...], edges: list[Edge], rank: Ints,
    keys: list[Law | None], most: Floats, law_of: Mapping[Law, int], start_of_day_s: float,
) -> Table[Node]:  # fmt: skip
    """Fill the columns of the nodes."""
    callers = rank[[edge.caller for edge in edges]] if edges else np.empty(0, np.int64)
    first = np.searchsorted(callers, np.arange(len(ordered) + 1))
    rows = [node_row(topology, name, keys[i], most[i], law_of, start_of_day_s) for i, name in enumerate(ordered)]
    spans = [{"first_call": first[i], "last_call": first[i + 1]} for i in range(len(ordered))]
    return table_of(Node, [row | span for row, span in zip(rows, spans, strict=True)])


def node_row(
    topology: Topology, name: str, key: Law | None, most: float, law_of: Mapping[Law, int], start_of_day_s: float
) -> dict[str, Any]:
    """Give the columns of one node, its calls apart."""
    service = topology.services.get(name, _NO_SERVICE)
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


def call_table(edges: list[Edge], rank: Ints, policies: Floats, policy_of: list[int]) -> Table[Call]:
    """Fill the columns of the calls."""
    classes = [int(policies[row, retry.CLASSES]) - 1 for row in policy_of]
    last = np.cumsum(classes, dtype=np.int64)
    return table_of(Call, [
        {"callee": rank[edge.callee], "policy": row, "first_waiting": end - count, "last_waiting": end,
         "power": edge.power, "is_low": edge.policy[retry.LOW] > 0.0}
        for edge, row, count, end in zip(edges, policy_of, classes, last, strict=True)
    ])  # fmt: skip


def fleet_row(topology: Topology, name: str, node_of: Mapping[str, int]) -> dict[str, Any]:
    """Give the columns of one fleet."""
    fleet = topology.fleets[name]
    restored, check, lease = fleet.restored_by, fleet.health_check, fleet.lease
    return {
        "size": float(fleet.size),
        "objective": topology.objective_of(name).success_fraction,
        "life_s": unless_none(fleet.mean_life_s),
        "restorer": node_of.get(f"{name} {RESTORE}", -1),
        "work": restored.work_per_unit if restored else 1.0,
        "usable_s": restored.usable_after_s if restored else 0.0,
        "renewer": node_of.get(f"{name} {RENEW}", -1),
        "ttl_s": lease.ttl_s if lease else math.inf,
        "prober": node_of.get(f"{name} {PROBE}", -1),
        "probes_rps": check.probes_rps if check else 0.0,
        "extra_probes": check.extra_probes_fraction if check else 0.0,
        "removal_s": max(check.removal_s, SHORTEST_S) if check else 1.0,
        "return_s": max(check.return_s, SHORTEST_S) if check else 1.0,
        "most_removed": check.max_removed_fraction if check else 1.0,
        "terminates": check.terminates if check else False,
    }


def capacity_table(topology: Topology, fleets: tuple[str, ...], node_of: Mapping[str, int]) -> Table[Capacity]:
    """List which fleet sets which service's capacity or success."""
    rows = []
    for index, fleet in enumerate(topology.fleets[name] for name in fleets):
        for is_success, targets in ((False, fleet.sets_capacity_of), (True, fleet.sets_success_of)):
            rows += [{"fleet": index, "node": node_of[name], "is_success": is_success} for name in sorted(targets)]
    return table_of(Capacity, rows)


def comeback_table(topology: Topology, node_of: Mapping[str, int]) -> tuple[Table[Comeback], Ints]:
    """List the services whose coming back takes more than their own repair, and what they wait for."""
    rows: list[dict[str, Any]] = []
    needs: list[int] = []
    for name, service in sorted(topology.services.items()):
        rule = service.recovery
        kinds = {Needs.STARTUP, Needs.HARD} if rule.crashes_after_s is not None else {Needs.STARTUP}
        wanted = sorted(node_of[call.to] for call in service.calls if call.needs in kinds)
        if rule == _NO_SERVICE.recovery and not wanted:
            continue
        rows.append({
            "node": node_of[name],
            "is_manual": rule.mode == "manual",
            "crash_s": unless_none(rule.crashes_after_s),
            "crash_below": rule.crashes_below_fraction,
            "restart_s": rule.restart_s,
            "warm_s": rule.warm_up_s,
            "first_need": len(needs),
            "last_need": len(needs) + len(wanted),
        })  # fmt: skip
        needs += wanted
    return table_of(Comeback, rows), np.array(needs, np.int64)


def calls_with(topology: Topology, behaviour: str) -> list[tuple[str, Dependency, Any]]:
    """Give caller, call and behaviour of all calls that have it, in the order of names."""
    return [
        (name, call, getattr(call, behaviour))
        for name, service in sorted(topology.services.items())
        for call in sorted(service.calls, key=lambda call: call.to)
        if call.is_call and getattr(call, behaviour)
    ]


def breaker_table(topology: Topology, call_of: Mapping[tuple[str, str], int]) -> Table[Breaker]:
    """Fill the columns of the circuit breakers."""
    return table_of(Breaker, [
        {
            "call": call_of[name, call.to],
            "trip": part.failure_rate_fraction,
            "window_s": part.window_s,
            "open_s": part.open_for_s,
            "half_open": part.half_open_fraction,
        }
        for name, call, part in calls_with(topology, "circuit_breaker")
    ])  # fmt: skip


def cache_table(
    topology: Topology, call_of: Mapping[tuple[str, str], int], node_of: Mapping[str, int]
) -> Table[Cached]:
    """Fill the columns of the caches."""
    return table_of(Cached, [
        {
            "call": call_of[name, call.to],
            "ttl_s": max(part.ttl_s, SHORTEST_S),
            "negative_s": part.negative_ttl_s,
            "hit": part.hit_fraction,
            "warm_s": part.warm_up_s,
            "holder": node_of[part.held_in] if part.held_in else -1,
        }
        for name, call, part in calls_with(topology, "cache")
    ])  # fmt: skip


def fallback_table(
    topology: Topology, call_of: Mapping[tuple[str, str], int], edges: list[Edge], rank: Ints,
    node_of: Mapping[str, int],
) -> Table[Instead]:  # fmt: skip
    """Fill the columns of the fallbacks."""
    hidden = {
        (int(rank[edge.caller]), int(rank[edge.callee])): index for index, edge in enumerate(edges) if edge.is_hidden
    }
    return table_of(Instead, [
        {
            "call": call_of[name, call.to],
            "instead": hidden[node_of[name], node_of[part.to]] if part.to else -1,
            "worth": part.worth_fraction,
            "covers": part.covers_fraction,
        }
        for name, call, part in calls_with(topology, "fallback")
    ])  # fmt: skip


def order_table(topology: Topology, call_of: Mapping[tuple[str, str], int]) -> tuple[Table[Order], Ints]:
    """List the calls that wait for others, and the others."""
    rows: list[dict[str, Any]] = []
    before: list[int] = []
    for name, call, _ in calls_with(topology, "after"):
        earlier = sorted(call_of[name, other] for other in earlier_calls(topology.services[name], call))
        rows.append({
            "call": call_of[name, call.to],
            "first_before": len(before),
            "last_before": len(before) + len(earlier),
        })  # fmt: skip
        before += earlier
    return table_of(Order, rows), np.array(before, np.int64)


def earlier_calls(service: Service, call: Dependency) -> set[str]:
    """Give every callee that must have answered before a call, directly or through others."""
    after = {other.to: other.after for other in service.calls if other.is_call}
    earlier: set[str] = set()
    wanted = list(call.after)
    while wanted:
        name = wanted.pop()
        if name in after and name not in earlier and name != call.to:
            earlier.add(name)
            wanted += after[name]
    return earlier


def route_table(
    topology: Topology, call_of: Mapping[tuple[str, str], int], node_of: Mapping[str, int]
) -> tuple[Table[Route], Ints]:
    """Fill the columns of the groups, and list their members."""
    rows: list[dict[str, Any]] = []
    members: list[int] = []
    for name, group in sorted(topology.groups.items()):
        rows.append({
            "node": node_of[name],
            "is_ordered": group.mode == "ordered",
            "failover_s": group.failover_s,
            "first_member": len(members),
            "last_member": len(members) + len(group.members),
        })  # fmt: skip
        members += [call_of[name, member] for member in group.members]
    return table_of(Route, rows), np.array(members, np.int64)


def special_calls(system: System, switched: Iterable[int]) -> Ints:
    """Calls that a behaviour or an event acts on (S,)."""
    instead = column(system.fallbacks, "instead")
    tables = (system.breakers, system.caches, system.fallbacks, system.orders)
    parts = [*(column(table, "call") for table in tables), np.array(list(switched), np.int64), instead[instead >= 0]]
    return np.unique(np.concatenate(parts))
