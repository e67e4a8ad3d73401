"""Who calls whom, and how: the edges of a topology before they are columns of a table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cascade.behaviours import retry
from cascade.compiled import compiled
from cascade.model import Dependency, Needs, Topology

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cascade.engine.system import Floats, Ints

NEED_CODES = {Needs.HARD: retry.HARD, Needs.SOFT: retry.SOFT, Needs.ASYNC: retry.ASYNC}
RESTORE, RENEW, PROBE = "restores", "renews", "probes"


class Edge(NamedTuple):
    """One call relation before it is an array entry."""

    caller: int
    callee: int
    policy: tuple[float, ...]
    calls: float
    fixed: float = 0.0
    live: float = 1.0
    power: float = 1.0
    instead_of: int = -1
    """Callee of the call that it is a fallback of; -1 for a call that the topology lists."""


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
    known: dict[tuple[object, ...], tuple[float, ...]] = {}
    for name, service in topology.services.items():
        caller = place[name]
        for call in service.calls:
            if not call.is_call:
                continue
            key = (call.timeout_s, call.needs, call.priority, id(call.retry))
            policy = known.get(key) or known.setdefault(key, policy_row(call))
            yield call_edge(caller, place[call.to], call, policy)
            if call.fallback is not None and call.fallback.to is not None:
                yield Edge(
                    caller,
                    place[call.fallback.to],
                    policy_row(timeout_s=call.timeout_s),
                    0.0,
                    1.0,
                    0.0,
                    instead_of=place[call.to],
                )


def call_edge(caller: int, callee: int, call: Dependency, policy: tuple[float, ...]) -> Edge:
    """Make the edge of a call: which part of the caller's success stands or falls with it."""
    n, need = call.per_request, policy[retry.NEED]
    at_stake = min(n, 1.0) * (1.0 if need == retry.HARD else call.degradation_fraction if need == retry.SOFT else 0.0)
    return Edge(caller, callee, policy, n, 1.0 - at_stake, at_stake, max(n, 1.0))


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
    caller = np.array([edge.caller for edge in edges], np.int64)
    callee = np.array([edge.callee for edge in edges], np.int64)
    by_caller = np.lexsort((callee, caller))
    first, callee = np.searchsorted(caller[by_caller], np.arange(count + 1)), callee[by_caller]
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


def in_stepping_order(edges: list[Edge], rank: Ints) -> tuple[list[Edge], Ints]:
    """Sort edges by caller and callee in the order of steps, fallbacks last; give both ends of each, too (2, E)."""
    ends = np.array([[edge.caller, edge.callee, edge.instead_of] for edge in edges], np.int64).reshape(-1, 3).T
    instead_of = np.where(ends[2] >= 0, rank[ends[2]], -1)
    ends = rank[ends[:2]]
    order = np.lexsort((instead_of, ends[1], ends[0]))
    return [edges[index] for index in order.tolist()], ends[:, order]


def distinct(rows: list[tuple[float, ...]]) -> tuple[Floats, list[int]]:
    """Number the distinct rows in their sorted order."""
    known = {row: index for index, row in enumerate(sorted(set(rows)))}
    table = np.array(list(known), float).reshape(-1, retry.POLICY_WIDTH)
    return table, [known[row] for row in rows]
