"""A draft becomes definite: which calls are in, how often each is made, and where users come in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Final

from cascade.errors import CascadeError
from cascade.graph.entries import back_edges, entries_of
from cascade.importers.draft import FIRM, Edge, Evidence, Fact, Kind
from cascade.laws import read_law
from cascade.units import closest, parse_rate, parse_seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cascade.importers.draft import Draft
    from cascade.importers.format import Options

NEEDS: Final[dict[Kind, str]] = {
    Kind.PRODUCE: "async",
    Kind.TELEMETRY: "async",
    Kind.FLAGS: "soft",
    Kind.STARTUP: "startup",
}
"""What the failure of the callee does to the caller, where it is not hard."""
WORKLOAD_OF_NOBODY: Final = "1/s"
"""Demand of an entry point of which no rate is known; then only ratios matter."""
MOST_PER_REQUEST: Final = 1e6
ROUND: Final = 0.1
"""Calls per request that go back round a circle, where nobody counted."""
REQUESTS: Final = ("hard", "soft", "async")
"""Needs of calls that requests make."""
OWN_SHARE: Final = 0.1
"""Least share of a latency that is taken for own work, where calls seem to take all of it."""
OWN_WORK: Final = frozenset({Kind.SYNC, Kind.STORE, Kind.PRODUCE, Kind.CONSUME, Kind.LOAD, Kind.ALLOWED})
"""Kinds of calls that a system is there for."""
STAND_INS: Final = (Evidence.DEPENDS_ON, Evidence.NETWORK_POLICY)
"""Weak evidence that is better than none."""
TAKEN_OVER: Final = ("entry_point", "published", "latency")
"""Facts that are turned into others here: ``published`` are parts that users could call, though others do."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What becomes part of the topology, and what does not."""

    draft: Draft
    edges: tuple[Edge, ...]
    """In the topology."""
    weak: tuple[Edge, ...]
    """Left out, because only weak evidence speaks for them, or others were asked for."""
    of_groups: tuple[Edge, ...] = ()
    """Left out, because their caller is a group or fleet, which makes no calls."""

    @property
    def members(self) -> list[str]:
        """Members of groups, which calls reach through the group."""
        return [member for group in self.draft.groups.values() for member in group.get("members", ())]


def settle(draft: Draft, options: Options) -> Settled:
    """Choose the calls, and work out what follows from all of them together."""
    takes = chosen(draft, options)
    services = {component.name for component in draft.services}
    every = [edge for edge in draft.edges.values() if edge.caller != edge.callee and edge.origins]
    edges = [edge for edge in every if edge.caller in services]
    taken = tuple(edge for edge in edges if takes(edge))
    set_needs(taken)
    set_entry_points(draft, taken, options)
    break_circles(draft, taken)
    set_calls_per_request(draft, taken)
    set_service_times(draft, taken)
    set_orders(taken)
    for component in draft.components.values():
        for key in TAKEN_OVER:
            component.facts.pop(key, None)
    weak = tuple(edge for edge in edges if not takes(edge))
    return Settled(draft, taken, weak, tuple(edge for edge in every if edge.caller not in services))


class chosen:  # noqa: N801 - read as a function: chosen(draft, options)(edge)
    """Whether a call is part of the topology: by the evidence that was asked for, else by what is firm.

    Where the order of starting, or what is allowed, is all that the files say, it stands in for calls.
    """

    def __init__(self, draft: Draft, options: Options) -> None:
        self.evidence = options.edges
        self.stand_ins = [evidence for evidence in STAND_INS if only_by(evidence, draft)]

    def __call__(self, edge: Edge) -> bool:
        """Decide about one call."""
        if self.evidence is not None:
            return any(origin.evidence in self.evidence for origin in edge.origins)
        if any(origin.evidence in self.stand_ins for origin in edge.origins):
            return True
        return edge.confidence >= FIRM and edge.kind is not Kind.FLAGS


def only_by(evidence: Evidence, draft: Draft) -> bool:
    """Tell whether one kind of weak evidence is all that is known of a system's own work."""
    edges = [edge for edge in draft.edges.values() if edge.caller != edge.callee]
    is_there = any(origin.evidence is evidence for edge in edges for origin in edge.origins)
    return is_there and all(
        origin.evidence is evidence for edge in edges if edge.kind in OWN_WORK for origin in edge.origins
    )


def set_needs(edges: tuple[Edge, ...]) -> None:
    """Say what the loss of the callee does, where it is not the default."""
    for edge in edges:
        if (needs := NEEDS.get(edge.kind)) and "needs" not in edge.facts:
            edge.facts["needs"] = Fact(needs, f"calls for {edge.kind.value} are taken for that", is_assumed=True)


def set_entry_points(draft: Draft, edges: tuple[Edge, ...], options: Options) -> None:
    """Give demand to what users call: as the sources say, else to what calls others and is called by nobody."""
    for name in sorted(options.entry_points):
        if name not in draft.components:
            raise CascadeError(f"--entry: no part is called '{name}'{closest(name, draft.components)}")
        draft.components[name].know("entry_point", True, "named as an entry point")  # noqa: FBT003 - a value
    loaded = {edge.callee for edge in edges if edge.kind is Kind.LOAD}  # by a generator that stands for the users
    for component in draft.components.values():
        said = component.facts.get("entry_point")
        if said and said.value and "demand" not in component.facts and component.name not in loaded:
            why = f"users come in here ({said.why}); how many is not known"
            component.know("demand", WORKLOAD_OF_NOBODY, why, is_assumed=True)
    known = {name for name, component in draft.components.items() if "demand" in component.facts}
    published = [name for name, component in draft.components.items() if "published" in component.facts]
    for name in entries_of([(edge.caller, edge.callee) for edge in edges], known, published):
        if not draft.components[name].is_store and name not in draft.stated:
            is_called = any(edge.callee == name for edge in edges)
            why = "calls go round in a circle here" if is_called else "nothing in the sources calls it"
            why += "; how many users do is not known"
            draft.components[name].know("demand", WORKLOAD_OF_NOBODY, why, is_assumed=True)


def break_circles(draft: Draft, edges: tuple[Edge, ...]) -> None:
    """Let calls that go back round a circle be rare where nobody counted: no request would end if all made them."""
    uncounted = [edge for edge in edges if edge.calls <= 0.0 and "per_request" not in edge.facts and is_request(edge)]
    starts = [component.name for component in draft.services if "demand" in component.facts]
    back = back_edges([(edge.caller, edge.callee) for edge in uncounted], starts)
    for edge in uncounted:
        if (edge.caller, edge.callee) in back:
            why = "calls that go round in a circle cannot be made by every request; how many make it is not known"
            edge.know("per_request", ROUND, why, is_assumed=True)


def is_request(edge: Edge) -> bool:
    """Tell whether a call is made for a request."""
    return edge.facts["needs"].value in REQUESTS if "needs" in edge.facts else True


def set_calls_per_request(draft: Draft, edges: tuple[Edge, ...]) -> None:
    """Divide the calls that were counted by the requests of their caller that were counted."""
    into: dict[tuple[str, int], float] = {}
    most: dict[tuple[str, int], float] = {}
    for edge in edges:
        into[edge.callee, edge.source] = into.get((edge.callee, edge.source), 0.0) + edge.calls
        most[edge.caller, edge.source] = max(most.get((edge.caller, edge.source), 0.0), edge.calls)
    for edge in edges:
        if edge.calls <= 0.0 or "per_request" in edge.facts:
            continue
        from_users = draft.components[edge.caller].facts.get("demand")
        requests = into.get((edge.caller, edge.source), 0.0) + outside(from_users, edge.source)
        is_known = requests > 0.0 and (from_users is None or outside(from_users, edge.source) > 0.0)
        if not is_known:
            requests = max(requests, most[edge.caller, edge.source])
        share = min(edge.calls / requests, MOST_PER_REQUEST)
        of = f"{requests:,.6g} counted requests" if is_known else "as many requests as its most-called callee has calls"
        edge.know("per_request", number(share), f"{edge.calls:,.6g} calls for {of}", is_assumed=not is_known)


def outside(demand: Fact | None, source: int) -> float:
    """Give the demand that the same source measured, in calls per second; 0 where it did not."""
    is_measured = demand is not None and not demand.is_assumed and demand.source == source
    return parse_rate(demand.value) if demand and is_measured and isinstance(demand.value, str) else 0.0


def number(value: float) -> float | int:
    """Give a number with as many digits as a reader can use.

    Examples
    --------
    >>> number(0.12345678), number(2.0)
    (0.123457, 2)
    """
    short = float(f"{value:.6g}")
    return int(short) if short.is_integer() else short


def set_service_times(draft: Draft, edges: tuple[Edge, ...]) -> None:
    """Take the latency of what a service calls from its own, where only latencies are known."""
    latency = {
        name: parse_seconds(fact.value)
        for name, component in draft.components.items()
        if (fact := component.facts.get("latency"))
    }
    calls: dict[str, float] = {}
    for edge in edges:
        times = times_of(edge)
        if edge.kind not in (Kind.PRODUCE, Kind.TELEMETRY, Kind.STARTUP):
            calls[edge.caller] = calls.get(edge.caller, 0.0) + times * latency.get(edge.callee, 0.0)
    for name, total_s in latency.items():
        own_s = max(total_s - calls.get(name, 0.0), OWN_SHARE * total_s)
        why = f"{draft.components[name].facts['latency'].why}, less the latency of what it calls"
        draft.components[name].know("service_time", f"{own_s:.6g}s", why)


def times_of(edge: Edge) -> float:
    """Give the calls for each request, 1 where nothing is known; the median of a distribution."""
    given = edge.facts["per_request"].value if "per_request" in edge.facts else 1.0
    return read_law(given, lambda value: float(str(value)), 0.0, math.inf).median if isinstance(given, dict) else given


def set_orders(edges: tuple[Edge, ...]) -> None:
    """Let calls wait only for calls that are in the topology, and for none that wait for them."""
    of_caller: dict[str, dict[str, Edge]] = {}
    for edge in edges:
        of_caller.setdefault(edge.caller, {})[edge.callee] = edge
    for calls in of_caller.values():
        waits = {
            callee: [name for name in dict.fromkeys(fact.value) if name in calls and name != callee]
            for callee, edge in calls.items()
            if (fact := edge.facts.get("after"))
        }
        is_circle = not has_order(waits)
        for callee, names in waits.items():
            fact = calls[callee].facts.pop("after")
            if names and not is_circle:
                calls[callee].facts["after"] = Fact(names, fact.why, fact.is_assumed)


def has_order(waits: Mapping[str, Iterable[str]]) -> bool:
    """Tell whether nothing waits for itself, in the end."""
    try:
        TopologicalSorter(waits).prepare()
    except CycleError:
        return False
    return True
