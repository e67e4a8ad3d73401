"""Where the parts of a topology stand on a map: callers left of what they call, or effects right of their cause."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cascade.analysis.impact import Impact
    from cascade.model import Needs, Topology

SWEEPS: Final = 8
"""Times that each column is put in the order of its neighbours."""
MOST_BOXES: Final = 100
"""Parts that a map can show and still be read."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """A dependency on the map, from the caller to the callee."""

    caller: str
    callee: str
    needs: Needs | None
    """None for what is no call: members of groups, and what fleets live on and give."""


def arrows(topology: Topology) -> list[Arrow]:
    """Give everything through which failure can spread, against the direction of the arrow."""
    found = [Arrow(name, call.to, call.needs) for name, service in topology.services.items() for call in service.calls]
    found += [Arrow(name, member, None) for name, group in topology.groups.items() for member in group.members]
    for name, fleet in topology.fleets.items():
        served = dict.fromkeys((*fleet.sets_capacity_of, *fleet.sets_success_of))
        found += [Arrow(service, name, None) for service in served]
        keepers = (
            fleet.lease.renewed_by if fleet.lease else None,
            fleet.health_check.through if fleet.health_check else None,
            fleet.restored_by.to if fleet.restored_by else None,
        )
        found += [Arrow(name, keeper, None) for keeper in dict.fromkeys(filter(None, keepers))]
    return found


def most_connected(names: Sequence[str], drawn: Iterable[Arrow], most: int = MOST_BOXES) -> list[str]:
    """Give the parts that a map of what depends on what has room for, in their own order."""
    degree = Counter(name for arrow in drawn for name in (arrow.caller, arrow.callee))
    kept = set(sorted(names, key=lambda name: -degree[name])[:most])
    return [name for name in names if name in kept]


def worst_hit(spread: Sequence[tuple[Impact, int]], most: int = MOST_BOXES) -> list[tuple[Impact, int]]:
    """Give the parts that a map of a blast has room for: those that lose most, with all that led to them."""
    by_name = {impact.name: impact for impact, _ in spread}
    kept: set[str] = set()
    for impact in sorted(by_name.values(), key=lambda impact: -impact.requests_lost):
        more = kept | chain_to(impact, by_name)
        if len(more) <= most:
            kept = more
    return [(impact, depth) for impact, depth in spread if impact.name in kept]


def chain_to(impact: Impact, by_name: Mapping[str, Impact]) -> set[str]:
    """Give a part with the one that took it down, and the one that took down that one, and so on."""
    chain: set[str] = set()
    found: Impact | None = impact
    while found is not None and found.name not in chain:
        chain.add(found.name)
        found = by_name.get("".join(found.path[-2:-1]))
    return chain


def columns(names: Sequence[str], drawn: Iterable[Arrow]) -> list[list[str]]:
    """Sort parts into columns from left to right, and each column from top to bottom."""
    callees: dict[str, list[str]] = {name: [] for name in names}
    neighbours: dict[str, list[str]] = {name: [] for name in names}
    for arrow in drawn:
        callees[arrow.caller].append(arrow.callee)
        neighbours[arrow.caller].append(arrow.callee)
        neighbours[arrow.callee].append(arrow.caller)
    depth = depths(names, callees)
    sorted_in: list[list[str]] = [[] for _ in range(1 + max(depth.values(), default=0))]
    for name in names:
        sorted_in[depth[name]].append(name)
    for _ in range(SWEEPS):
        place = {name: (row + 0.5) / len(column) for column in sorted_in for row, name in enumerate(column)}
        for column in sorted_in:
            column.sort(key=lambda name: barycentre(name, neighbours[name], place))
    return sorted_in


def barycentre(name: str, neighbours: list[str], place: dict[str, float]) -> float:
    """Mean height of what a part is connected with."""
    return sum(place[other] for other in neighbours) / len(neighbours) if neighbours else place[name]


def depths(names: Sequence[str], callees: dict[str, list[str]]) -> dict[str, int]:
    """Give the number of calls from the nearest part that nobody calls; cycles that nobody calls begin anywhere."""
    called = {callee for found in callees.values() for callee in found}
    depth: dict[str, int] = {}
    for root in sorted(names, key=lambda name: name in called):
        if root in depth:
            continue
        depth[root], reached = 0, [root]
        for caller in reached:
            for callee in callees[caller]:
                if callee not in depth or depth[caller] + 1 < depth[callee]:
                    depth[callee] = depth[caller] + 1
                    reached.append(callee)
    return depth


def tree(spread: Sequence[tuple[Impact, int]]) -> dict[str, tuple[int, int]]:
    """Give column and row of each part that is hit: right of its cause, the first effect beside it."""
    where: dict[str, tuple[int, int]] = {}
    row, deepest = -1, -1
    for impact, depth in spread:
        row += depth <= deepest or row < 0
        deepest = depth
        where[impact.name] = (depth, row)
    return where
