"""A topology becomes arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from cascade.behaviours import occupancy, retry
from cascade.compiled import compiled
from cascade.engine.system import (
    Breakers,
    Caches,
    Calls,
    Capacities,
    Fallbacks,
    Fleets,
    Kind,
    Laws,
    Nodes,
    Orders,
    Recoveries,
    Routes,
    System,
)
from cascade.model import Dependency, Fleet, Needs, Service, Topology

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cascade.engine.system import Floats, Indices, Ints

NEED_CODES = {Needs.HARD: retry.HARD, Needs.SOFT: retry.SOFT, Needs.ASYNC: retry.ASYNC}
_NO_FLEET = Fleet(size=1)
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


@dataclass(frozen=True)
class Compiled:
    """A system with the names of its nodes, fleets and calls."""

    system: System
    nodes: tuple[str, ...]
    fleets: tuple[str, ...]
    node_of: Mapping[str, int]
    call_of: Mapping[tuple[str, str], int]


@dataclass
class Draft:
    """Nodes and edges in the order of names, not yet in the order of stepping."""

    names: list[str]
    edges: list[Edge] = field(default_factory=list)
    order: list[int] = field(default_factory=list)


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
    edges.sort(key=lambda edge: (rank[edge.caller], rank[edge.callee], edge.calls == 0.0))
    ordered = tuple(names[index] for index in order)
    node_of = {name: index for index, name in enumerate(ordered)}
    call_of: dict[tuple[str, str], int] = {}
    for index, edge in enumerate(edges):
        call_of.setdefault((names[edge.caller], names[edge.callee]), index)
    policies, policy_of = distinct([edge.policy for edge in edges])
    laws, law_of = occupancy_laws(topology)
    fleets = tuple(sorted(topology.fleets))
    system = System(
        nodes=node_arrays(topology, ordered, edges, rank, law_of, start_of_day_s),
        calls=call_arrays(edges, rank, policies, policy_of),
        policies=policies,
        laws=laws,
        fleets=fleet_arrays(topology, fleets, node_of),
        capacities=capacity_arrays(topology, fleets, node_of),
        recoveries=recovery_arrays(topology, node_of),
        breakers=breaker_arrays(topology, call_of),
        caches=cache_arrays(topology, call_of, node_of),
        fallbacks=fallback_arrays(topology, call_of, edges, rank, node_of),
        orders=order_arrays(topology, call_of),
        routes=route_arrays(topology, call_of, node_of),
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
                yield Edge(place[name], place[call.fallback.to], policy_row(timeout_s=call.timeout_s), 0.0, 1.0, 0.0)


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
    return reverse_postorder(first.astype(np.int64), callee)


@compiled
def reverse_postorder(first: Ints, callee: Ints) -> Ints:
    """Depth-first reverse postorder (N,): topological across strongly connected components."""
    count = first.size - 1
    order = np.empty(count, np.int64)
    at = first[:-1].copy()
    is_seen = np.zeros(count, np.bool_)
    stack = np.empty(count + 1, np.int64)
    place = count
    for root in range(count):
        if is_seen[root]:
            continue
        is_seen[root] = True
        depth = 0
        stack[0] = root
        while depth >= 0:
            node = stack[depth]
            if at[node] < first[node + 1]:
                child = callee[at[node]]
                at[node] += 1
                if not is_seen[child]:
                    is_seen[child] = True
                    depth += 1
                    stack[depth] = child
            else:
                depth -= 1
                place -= 1
                order[place] = node
    return order


def distinct(rows: list[tuple[float, ...]]) -> tuple[Floats, list[int]]:
    """Number the distinct rows in their sorted order."""
    known = {row: index for index, row in enumerate(sorted(set(rows)))}
    table = np.array(list(known), float).reshape(-1, retry.POLICY_WIDTH)
    return table, [known[row] for row in rows]


def law_key(service: Service) -> tuple[int, int | None] | None:
    """Workers and waiting room that decide a service's occupancy law; none when unlimited."""
    if service.concurrency is not None:
        queue = service.concurrency.queue
        return service.concurrency.max * service.replicas, None if queue is None else queue * service.replicas
    if service.capacity_rps is not None:
        return service.replicas, None if service.queue is None else service.queue * service.replicas
    return None


def occupancy_laws(topology: Topology) -> tuple[Laws, dict[tuple[int, int | None], int]]:
    """Tabulate each distinct law once."""
    keys = {key for key in map(law_key, topology.services.values()) if key is not None}
    ordered = sorted(keys, key=lambda key: (key[0], -1 if key[1] is None else key[1]))
    tables = [occupancy.waiting_law(servers, room) for servers, room in ordered]
    waiting = np.array([table[0] for table in tables]).reshape(-1, occupancy.GRID + 1)
    blocked = np.array([table[1] for table in tables]).reshape(-1, occupancy.GRID + 1)
    return Laws(waiting, blocked), {key: index for index, key in enumerate(ordered)}


def node_arrays(  # noqa: PLR0913 - what a node's columns are made from
    topology: Topology, ordered: tuple[str, ...], edges: list[Edge], rank: Ints,
    law_of: Mapping[tuple[int, int | None], int], start_of_day_s: float,
) -> Nodes:  # fmt: skip
    """Fill the columns of the nodes."""
    rows = [node_row(topology, name, law_of, start_of_day_s) for name in ordered]
    columns = {key: np.array([row[key] for row in rows]) for key in rows[0]} if rows else {}
    callers = rank[[edge.caller for edge in edges]] if edges else np.empty(0, np.int64)
    first = np.searchsorted(callers, np.arange(len(ordered) + 1)).astype(np.int64)
    return Nodes(first_call=first, **columns)


def node_row(topology: Topology, name: str, law_of: Mapping[Any, int], start_of_day_s: float) -> dict[str, Any]:
    """Give the columns of one node."""
    service = topology.services.get(name, Service())
    group = topology.groups.get(name)
    is_service = name in topology.services
    objective = topology.objective_of(name)
    key = law_key(service)
    copies = service.replicas
    places = math.inf
    if key is not None and key[1] is not None:
        places = float(sum(part for part in key if part is not None))
    demand = service.demand
    kind = Kind.SERVICE if is_service else Kind.GROUP if group else Kind.WORK
    return {
        "kind": int(kind),
        "demand_rps": demand.rate_rps if demand else 0.0,
        "swing": demand.daily_swing_fraction if demand else 0.0,
        "peak_s": (demand.daily_peak_s - start_of_day_s) if demand else 0.0,
        "law": law_of[key] if key is not None else -1,
        "servers": float(service.concurrency.max * copies) if service.concurrency else 0.0,
        "capacity_rps": math.inf if service.capacity_rps is None else service.capacity_rps * copies,
        "places": places,
        "replicas": float(copies),
        "service_s": service.service_time_s,
        "deadline_s": math.inf if service.work_deadline_s is None else service.work_deadline_s,
        "limit_rps": math.inf if service.rate_limit_rps is None else service.rate_limit_rps,
        "durable": service.durable,
        "serial": service.contention.serial if service.contention else 0.0,
        "crosstalk": service.contention.crosstalk if service.contention else 0.0,
        "objective": objective.success_fraction,
        "age_s": objective.backlog_age_s,
        "quorum": float(group.needs) if group else 0.0,
    }


def call_arrays(edges: list[Edge], rank: Ints, policies: Floats, policy_of: list[int]) -> Calls:
    """Fill the columns of the calls."""
    def column(name: str) -> Floats:
        return np.array([getattr(edge, name) for edge in edges], float)

    def ranks(name: str) -> Indices:
        places = [getattr(edge, name) for edge in edges]
        return rank[places].astype(np.int32) if edges else np.empty(0, np.int32)

    order = np.array(policy_of, np.int32)
    classes = policies[order, retry.CLASSES].astype(np.int64) - 1 if edges else np.empty(0, np.int64)
    return Calls(
        caller=ranks("caller"),
        callee=ranks("callee"),
        policy=order,
        first_waiting=np.concatenate([[0], np.cumsum(classes)]).astype(np.int32),
        calls=column("calls"),
        fixed=column("fixed"),
        live=column("live"),
        power=column("power"),
    )


def fleet_arrays(topology: Topology, names: tuple[str, ...], node_of: Mapping[str, int]) -> Fleets:
    """Fill the columns of the fleets."""
    rows = [fleet_row(name, topology.fleets[name], node_of) for name in names]
    empty = fleet_row("", _NO_FLEET, {})
    columns = {key: np.array([row[key] for row in rows], np.array(value).dtype) for key, value in empty.items()}
    return Fleets(**columns)


def fleet_row(name: str, fleet: Fleet, node_of: Mapping[str, int]) -> dict[str, Any]:
    """Give the columns of one fleet."""
    restored, check, lease = fleet.restored_by, fleet.health_check, fleet.lease
    return {
        "size": float(fleet.size),
        "life_s": math.inf if fleet.mean_life_s is None else fleet.mean_life_s,
        "restorer": node_of.get(f"{name} {RESTORE}", -1),
        "work": restored.work_per_unit if restored else 1.0,
        "usable_s": restored.usable_after_s if restored else 0.0,
        "renewer": node_of.get(f"{name} {RENEW}", -1),
        "ttl_s": lease.ttl_s if lease else math.inf,
        "prober": node_of.get(f"{name} {PROBE}", -1),
        "probes_rps": check.probes_rps if check else 0.0,
        "extra_probes": check.extra_probes_fraction if check else 0.0,
        "removal_s": max(check.removal_s, 1e-3) if check else 1.0,
        "return_s": max(check.return_s, 1e-3) if check else 1.0,
        "most_removed": check.max_removed_fraction if check else 1.0,
        "terminates": check.terminates if check else False,
    }


def capacity_arrays(topology: Topology, fleets: tuple[str, ...], node_of: Mapping[str, int]) -> Capacities:
    """List which fleet sets which service's capacity."""
    pairs = [
        (index, node_of[target])
        for index, name in enumerate(fleets)
        for target in sorted(topology.fleets[name].sets_capacity_of)
    ]
    table = np.array(pairs, np.int64).reshape(-1, 2)
    return Capacities(table[:, 0].copy(), table[:, 1].copy())


def recovery_arrays(topology: Topology, node_of: Mapping[str, int]) -> Recoveries:
    """List the services whose coming back takes more than their own repair."""
    rows: list[tuple[int, bool, float, float, float, float]] = []
    needs: list[list[int]] = []
    for name, service in sorted(topology.services.items()):
        recovery = service.recovery
        crashes = recovery.crashes_after_s is not None
        kinds = {Needs.STARTUP, Needs.HARD} if crashes else {Needs.STARTUP}
        wanted = [node_of[call.to] for call in service.calls if call.needs in kinds]
        is_plain = recovery == type(recovery)()
        if is_plain and not any(call.needs is Needs.STARTUP for call in service.calls):
            continue
        crash_s = math.inf if recovery.crashes_after_s is None else recovery.crashes_after_s
        rows.append((
            node_of[name], recovery.mode == "manual", crash_s, recovery.crashes_below_fraction,
            recovery.restart_s, recovery.warm_up_s,
        ))  # fmt: skip
        needs.append(sorted(wanted))
    columns = list(zip(*rows, strict=True)) if rows else [[]] * 6
    return Recoveries(
        np.array(columns[0], np.int64), np.array(columns[1], np.bool_), *(np.array(c, float) for c in columns[2:]),
        *ragged(needs),
    )  # fmt: skip


def ragged(lists: list[list[int]]) -> tuple[Ints, Ints]:
    """Give the offsets and the members of lists of different lengths."""
    first = np.concatenate([[0], np.cumsum([len(part) for part in lists])]).astype(np.int64)
    return first, np.array([index for part in lists for index in part], np.int64)


def calls_with(topology: Topology, behaviour: str) -> list[tuple[str, Dependency, Any]]:
    """Give caller, call and behaviour of all calls that have it, in the order of names."""
    return [
        (name, call, getattr(call, behaviour))
        for name, service in sorted(topology.services.items())
        for call in sorted(service.calls, key=lambda call: call.to)
        if call.is_call and getattr(call, behaviour)
    ]


def breaker_arrays(topology: Topology, call_of: Mapping[tuple[str, str], int]) -> Breakers:
    """Fill the columns of the circuit breakers."""
    found = calls_with(topology, "circuit_breaker")
    return Breakers(
        np.array([call_of[name, call.to] for name, call, _ in found], np.int64),
        np.array([part.failure_rate_fraction for *_, part in found], float),
        np.array([part.window_s for *_, part in found], float),
        np.array([part.open_for_s for *_, part in found], float),
        np.array([part.half_open_fraction for *_, part in found], float),
    )


def cache_arrays(
    topology: Topology, call_of: Mapping[tuple[str, str], int], node_of: Mapping[str, int]
) -> Caches:
    """Fill the columns of the caches."""
    found = calls_with(topology, "cache")
    return Caches(
        np.array([call_of[name, call.to] for name, call, _ in found], np.int64),
        np.array([max(part.ttl_s, 1e-3) for *_, part in found], float),
        np.array([part.negative_ttl_s for *_, part in found], float),
        np.array([part.hit_fraction for *_, part in found], float),
        np.array([part.warm_up_s for *_, part in found], float),
        np.array([node_of[part.held_in] if part.held_in else -1 for *_, part in found], np.int64),
    )


def fallback_arrays(
    topology: Topology, call_of: Mapping[tuple[str, str], int], edges: list[Edge], rank: Ints,
    node_of: Mapping[str, int],
) -> Fallbacks:  # fmt: skip
    """Fill the columns of the fallbacks."""
    found = calls_with(topology, "fallback")
    hidden = {
        (int(rank[edge.caller]), int(rank[edge.callee])): index
        for index, edge in enumerate(edges)
        if edge.calls == 0.0 and edge.live == 0.0
    }
    instead = [hidden[node_of[name], node_of[part.to]] if part.to else -1 for name, _, part in found]
    return Fallbacks(
        np.array([call_of[name, call.to] for name, call, _ in found], np.int64),
        np.array(instead, np.int64),
        np.array([part.worth_fraction for *_, part in found], float),
        np.array([part.covers_fraction for *_, part in found], float),
    )


def order_arrays(topology: Topology, call_of: Mapping[tuple[str, str], int]) -> Orders:
    """List the calls that wait for others, those without further waiting first."""
    found = calls_with(topology, "after")
    first, before = ragged([[call_of[name, other] for other in sorted(after)] for name, _, after in found])
    return Orders(np.array([call_of[name, call.to] for name, call, _ in found], np.int64), first, before)


def route_arrays(
    topology: Topology, call_of: Mapping[tuple[str, str], int], node_of: Mapping[str, int]
) -> Routes:
    """Fill the columns of the groups."""
    groups = sorted(topology.groups.items())
    first, member = ragged([[call_of[name, m] for m in group.members] for name, group in groups])
    return Routes(
        np.array([node_of[name] for name, _ in groups], np.int64),
        np.array([group.mode == "ordered" for _, group in groups], np.bool_),
        np.array([group.failover_s for _, group in groups], float),
        first,
        member,
    )


def special_calls(system: System, switched: Iterable[int]) -> Ints:
    """Calls that a behaviour or an event acts on (S,)."""
    parts = [system.breakers.call, system.caches.call, system.fallbacks.call, system.orders.call, list(switched)]
    hidden = system.fallbacks.instead[system.fallbacks.instead >= 0]
    return np.unique(np.concatenate([*(np.asarray(part, np.int64) for part in parts), hidden]))
