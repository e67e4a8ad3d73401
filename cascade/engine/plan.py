"""A scenario becomes changes to the arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cascade.engine import events
from cascade.engine.table import column

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascade.engine.compile import Compiled
    from cascade.engine.events import Change
    from cascade.engine.system import Ints
    from cascade.engine.table import Table
    from cascade.model import Event, Scenario, Topology

MOST_EDGES = 2000
"""Flapping edges that steps are aligned with."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What an event does to one part, by name."""

    field: int
    target: str | tuple[str, str]
    value: float


ONE_VALUE: Final = {
    "surge": (events.DEMAND, "factor"),
    "throttle": (events.LIMIT, "rate_rps"),
    "lose": (events.LOSE, "share_fraction"),
}
"""Actions that set one thing to one value of the event."""


def effects(topology: Topology, event: Event) -> Iterator[Effect]:
    """Yield what an event does; groups and domains stand for their members."""
    match event.action:
        case "fail" | "flap":
            for name, share in members(topology, event.target):
                yield failure(topology, name, share * event.share_fraction)
        case "restore":
            for name, _ in members(topology, event.target):
                yield Effect(events.REFILL if name in topology.fleets else events.RESTORE, name, 1.0)
        case "degrade":
            yield Effect(events.CAPACITY, event.target, event.capacity_fraction)
            yield Effect(events.SOUND, event.target, 1.0 - event.errors_fraction)
            yield Effect(events.LATENCY, event.target, event.latency)
            yield Effect(events.DELAY, event.target, 1.0 + event.delay_s)
        case "purge":
            yield Effect(events.PURGE, event.target, 0.0)
        case "switch_off" | "switch_on":
            yield switching(topology, event.target, float(event.action == "switch_on"))
        case action:
            field, value = ONE_VALUE[action]
            yield Effect(field, event.target, getattr(event, value))


def failure(topology: Topology, name: str, share: float) -> Effect:
    """Give the loss of a share of a service's capacity or of a fleet's units."""
    return Effect(events.LOSE, name, share) if name in topology.fleets else Effect(events.LOSS, name, 1.0 - share)


def switching(topology: Topology, target: str, value: float) -> Effect:
    """Give the switch of a fleet's health check, or of a call."""
    if target in topology.fleets:
        return Effect(events.CHECKING, target, value)
    caller, callee = target.split(" -> ")
    return Effect(events.ENABLED, (caller, callee), value)


def members(topology: Topology, target: str) -> list[tuple[str, float]]:
    """Give the services and fleets that a name stands for, each with the share that it means."""
    if target in topology.groups:
        found = [pair for member in topology.groups[target].members for pair in members(topology, member)]
        return sorted(set(found))
    if target in topology.all_domains and target not in topology.services:
        shares = sorted(topology.all_domains[target].items())
        return [(name, part * share) for member, share in shares for name, part in members(topology, member)]
    return [(target, 1.0)]


def make_plan(topology: Topology, scenario: Scenario, compiled: Compiled) -> Table[Change]:
    """Turn the events into changes, in the order in which they are due."""
    timed = sorted(
        ((scenario.seconds(event.at), index, event) for index, event in enumerate(scenario.events)),
        key=lambda item: item[:2],
    )
    rows = [(at, index, event, effect) for at, index, event in timed for effect in effects(topology, event)]
    plan: Any = events.empty_plan(len(rows))
    for row, (at, index, event, effect) in enumerate(rows):
        change = plan[row]
        change["event"], change["at_s"], change["over_s"] = index, at, event.over_s
        change["field"], change["index"], change["value"] = effect.field, place_of(effect, compiled), effect.value
        change["share"] = event.delayed_fraction
        if event.lasts_s is not None:
            change["lasts_s"] = event.lasts_s
        if event.action == "flap":
            change["period_s"], change["down_s"] = event.period_s, event.down_s
        if event.needs is not None:
            change["needs"] = compiled.node_of[event.needs]
    return plan


def place_of(effect: Effect, compiled: Compiled) -> int:
    """Give the node, call or fleet that an effect acts on."""
    if isinstance(effect.target, tuple):
        return compiled.call_of[effect.target]
    if effect.field in (events.LOSE, events.REFILL, events.CHECKING):
        return compiled.fleets.index(effect.target)
    return compiled.node_of[effect.target]


def touched_nodes(plan: Table[Change]) -> Ints:
    """Nodes whose controls the plan acts on."""
    return np.unique(column(plan, "index")[column(plan, "field") <= events.LIMIT])


def switched_calls(plan: Table[Change]) -> Ints:
    """Calls that the plan switches off or on."""
    return np.unique(column(plan, "index")[column(plan, "field") == events.ENABLED])


def edge_times(plan: Table[Change]) -> list[float]:
    """Times at which something changes abruptly [s]."""
    times: set[float] = set()
    for row in range(plan.size):
        at_s, over_s, lasts_s, period_s, down_s = (
            float(column(plan, name)[row]) for name in ("at_s", "over_s", "lasts_s", "period_s", "down_s")
        )
        times |= {at_s, at_s + over_s, at_s + lasts_s}
        if period_s < math.inf:
            for k in range(min(int(lasts_s / period_s) + 1, MOST_EDGES)):
                times |= {at_s + k * period_s, at_s + k * period_s + down_s}
    return sorted(time for time in times if math.isfinite(time))
