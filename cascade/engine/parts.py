"""Behaviours of calls, fleets and services as rows of tables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from cascade.behaviours import retry
from cascade.engine.edges import PROBE, RENEW, RESTORE
from cascade.engine.nodes import unless_none
from cascade.engine.system import Base, Breaker, Cached, Call, Capacity, Comeback, Instead, Order, Route
from cascade.engine.table import Table, empty_table, table_of
from cascade.model import Dependency, Needs, Service, Topology

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cascade.engine.edges import Edge
    from cascade.engine.system import Floats, Ints

SHORTEST_S = 1e-3
"""Shortest life or time constant [s]."""


def call_table(edges: list[Edge], ends: Ints, policies: Floats, policy_of: list[int]) -> Table[Call]:
    """Fill the columns of the calls."""
    classes = policies[policy_of, retry.CLASSES].astype(np.int64) - 1
    last = np.cumsum(classes)
    return empty_table(
        Call, len(edges), caller=ends[0], callee=ends[1], policy=policy_of, first_waiting=last - classes,
        last_waiting=last, is_many=[edge.power > 1.0 for edge in edges], is_low=policies[policy_of, retry.LOW] > 0.0,
    )  # fmt: skip


def base_table(edges: list[Edge]) -> Table[Base]:
    """Fill the columns of what calls are before anything happens to them."""
    return empty_table(
        Base, len(edges), power=[edge.power for edge in edges], calls=[edge.calls for edge in edges],
        fixed=[edge.fixed for edge in edges], live=[edge.live for edge in edges],
    )  # fmt: skip


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
    usual, startup = Service().recovery, Needs.STARTUP
    for name, service in sorted(topology.services.items()):
        rule = service.recovery
        kinds = (startup, Needs.HARD) if rule.crashes_after_s is not None else (startup,)
        wanted = sorted([node_of[call.to] for call in service.calls if call.needs in kinds])
        if not wanted and rule == usual:
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
    found = [
        (name, call, part)
        for name, service in topology.services.items()
        for call in service.calls
        if (part := getattr(call, behaviour)) and call.is_call
    ]
    return sorted(found, key=lambda item: (item[0], item[1].to))


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
    topology: Topology, call_of: Mapping[tuple[str, str], int], edges: list[Edge], names: list[str]
) -> Table[Instead]:
    """Fill the columns of the fallbacks."""
    instead = {
        (names[edge.caller], names[edge.instead_of]): index for index, edge in enumerate(edges) if edge.instead_of >= 0
    }
    return table_of(Instead, [
        {
            "call": call_of[name, call.to],
            "instead": instead[name, call.to] if part.to else -1,
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
