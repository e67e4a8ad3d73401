"""What a mesh or a collector measured between pairs of parts, put into a draft."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cascade.importers.draft import Evidence, Kind, Origin
from cascade.importers.names import fit
from cascade.importers.values import rate_text, seconds_text

if TYPE_CHECKING:
    from cascade.importers.draft import Draft

End = tuple[str, str]
"""Name and namespace of a part."""
Pair = tuple[End, End]
"""Who calls, and who is called."""

NOBODY: Final = frozenset({"", "unknown"})
"""Names of what is not known."""
SINKS: Final = frozenset({"BlackHoleCluster", "PassthroughCluster", "InboundPassthroughCluster"})
"""What a mesh puts in the place of a callee that it does not know."""
USER: Final = "user"
"""The client of a service graph that stands for those who send no spans."""
CLOSE_TO_MEDIAN: Final = 0.1
"""How far from the median a latency may be to be taken for the usual one."""


@dataclass(slots=True)
class Measured:
    """What is known of one pair."""

    file: str
    what: str
    """What measured it, in a few words."""
    kind: Kind = Kind.SYNC
    calls: float | None = None
    errors: float | None = None
    error_share: float | None = None
    """Share of the calls that failed, where that is what is known."""
    is_rate: bool = True
    is_virtual: bool = False
    """Whether one end sends no spans of its own."""
    latency: list[tuple[float, float, str]] = field(default_factory=list)
    """(distance from the median, seconds, which latency it is)."""
    services: set[str] = field(default_factory=set)
    """Names of the Services in front of the callee."""


def put(found: dict[Pair, Measured], draft: Draft) -> None:
    """Put what is known of all pairs into the draft."""
    names = names_of(found)
    has_user = any(callee[0] == USER for _, callee in found)
    outside: dict[str, list[Measured]] = defaultdict(list)
    into: dict[str, list[Measured]] = defaultdict(list)
    for (caller, callee), measured in found.items():
        if callee[0] in NOBODY or callee[0] in SINKS:
            if caller[0] not in NOBODY:
                draft.component(names[caller])
                draft.unresolved.append((names[caller], callee[0] or "unknown"))
            continue
        into[names[callee]].append(measured)
        if caller[0] in NOBODY or (caller[0] == USER and (measured.is_virtual or not has_user)):
            draft.component(names[callee])
            outside[names[callee]].append(measured)
        else:
            put_edge(names[caller], names[callee], measured, draft)
    put_users(outside, draft)
    put_ingresses(draft)
    put_latencies(into, draft)
    put_services(found, names, draft)
    tell(found, draft)


def names_of(found: dict[Pair, Measured]) -> dict[End, str]:
    """Name the parts; with their namespace where two have the same name."""
    spaces: dict[str, set[str]] = defaultdict(set)
    ends = dict.fromkeys(end for pair in found for end in pair)
    for name, space in ends:
        spaces[name].add(space)
    return {
        (name, space): fit(f"{name}.{space}") if len(spaces[name] - {""}) > 1 and space else name
        for name, space in ends
    }


def put_edge(caller: str, callee: str, measured: Measured, draft: Draft) -> None:
    """Put one pair of different parts."""
    if caller == callee:
        draft.component(caller)
        draft.left_out.append((caller, callee, "calls itself"))
        return
    edge = draft.edge(caller, callee, measured.kind, Origin(Evidence.METRIC, measured.file, 0, measured.what))
    calls = measured.calls or 0.0
    edge.calls += calls
    errors = (measured.error_share or 0.0) * calls if measured.errors is None else measured.errors
    edge.errors += min(errors, calls)
    if measured.kind is Kind.STORE:
        draft.component(callee).is_store = True


def put_users(outside: dict[str, list[Measured]], draft: Draft) -> None:
    """Give demand to the parts that are called from outside."""
    for name, calls in outside.items():
        part = draft.component(name)
        part.know("entry_point", True, "called from outside")  # noqa: FBT003 - a value
        rate_rps = sum(one.calls or 0.0 for one in calls if one.is_rate)
        if rate_rps > 0.0:
            part.know("demand", rate_text(rate_rps), "calls from outside")


def put_ingresses(draft: Draft) -> None:
    """Give demand to an ingress that nobody calls: it passes on what users ask for."""
    called = {callee for _, callee in draft.edges}
    out: dict[str, float] = defaultdict(float)
    for caller, callee in draft.edges:
        out[caller] += draft.edges[caller, callee].calls
    for name, rate_rps in out.items():
        if "ingress" in name.lower() and name not in called:
            part = draft.component(name)
            part.know("entry_point", True, "an ingress that nobody calls")  # noqa: FBT003 - a value
            if rate_rps > 0.0:
                part.know("demand", rate_text(rate_rps), "the calls that it passes on", is_assumed=True)


def put_latencies(into: dict[str, list[Measured]], draft: Draft) -> None:
    """Give each part the latency nearest to the median, over all its callers."""
    for name, calls in into.items():
        known = [(*latency, one.calls or 0.0) for one in calls for latency in one.latency]
        if not known:
            continue
        far, _, what, _ = min(known)
        chosen = [(seconds, weight) for distance, seconds, _, weight in known if distance == far]
        weights = sum(weight for _, weight in chosen)
        mean = (
            sum(seconds * weight for seconds, weight in chosen) / weights
            if weights > 0.0
            else sum(seconds for seconds, _ in chosen) / len(chosen)
        )
        draft.component(name).know(
            "latency", seconds_text(mean), f"{what} of its callers", is_assumed=far > CLOSE_TO_MEDIAN
        )


def put_services(found: dict[Pair, Measured], names: dict[End, str], draft: Draft) -> None:
    """Let the Services in front of a single workload be other names of it."""
    behind: dict[str, set[str]] = defaultdict(set)
    for (_, callee), measured in found.items():
        for service in measured.services - SINKS:
            behind[service].add(names[callee])
    for service, workloads in behind.items():
        name = min(workloads)
        if len(workloads) == 1 and service != name and name in draft.components and service not in draft.components:
            draft.components[name].aliases.add(service)


def tell(found: dict[Pair, Measured], draft: Draft) -> None:
    """Tell what the numbers are."""
    counted = [measured for measured in found.values() if measured.calls is not None]
    if any(measured.is_rate for measured in counted):
        draft.note("Counts of calls are rates per second.")
    if any(not measured.is_rate for measured in counted):
        draft.note("Some counts of calls are totals since the start of a counter; ask for rate(...[1h]) instead.")
    if any(measured.kind is Kind.PRODUCE for measured in found.values()):
        draft.note("Messages are drawn from the producer to the consumer, who need not answer at once.")
