"""False redundancy: groups whose members go down together, by one failure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.graph.plain import PlainServices
from cascade.logic import fixpoint, sweep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascade.analysis.failure_logic import FailureLogic
    from cascade.model import Topology


MOST_GROUPS: Final = 100
"""Groups of false redundancy that are looked for."""
MOST_CAUSES: Final = 20
"""Single failures of one group that are told."""


@dataclass(frozen=True, slots=True)
class SharedCause:
    """One failure that a redundant group does not survive."""

    name: str
    """What fails: a service, fleet or domain."""
    members: tuple[str, ...]
    """Members of the group that are down then."""


@dataclass(frozen=True, slots=True)
class FalseRedundancy:
    """A group that is meant to survive the loss of a member, and single failures that it does not survive."""

    group: str
    needs: int
    """Members that must be up."""
    members: tuple[str, ...]
    shared: tuple[SharedCause, ...]
    """Of very many only the first."""
    shared_count: int
    """How many there are."""


def false_redundancies(logic: FailureLogic) -> tuple[FalseRedundancy, ...]:
    """Find the redundant groups whose members share a minimal cut set of order 1; of very many only the first."""
    return tuple(islice((found for found in map_groups(logic) if found.shared), MOST_GROUPS))


def map_groups(logic: FailureLogic) -> Iterator[FalseRedundancy]:
    """Yield every redundant group with what takes it down alone."""
    for name, group in logic.topology.groups.items():
        if group.needs < len(group.members):
            takes = sweep.takers(logic.gates, logic.node_of[name]) & logic.gates.fails & (logic.orders == 1)
            causes = tuple(shared_causes(logic, np.flatnonzero(takes)[:MOST_CAUSES].tolist(), group.members))
            yield FalseRedundancy(name, group.needs, group.members, causes, int(takes.sum()))


def shared_causes(logic: FailureLogic, origins: list[int], members: tuple[str, ...]) -> Iterator[SharedCause]:
    """Yield single failures with the members of a group that each takes."""
    for origin in origins:
        failed = np.zeros(logic.gates.size, np.bool_)
        failed[origin] = True
        down = fixpoint.down(logic.gates, failed)
        taken = tuple(member for member in members if down[logic.node_of[member]])
        yield SharedCause(logic.nodes[origin], taken)


def crowded(topology: Topology) -> tuple[tuple[str, str], ...]:
    """Give the replicated services all of whose replicas are in one failure domain, with that domain."""
    if isinstance(topology.services, PlainServices):
        return ()
    return tuple(
        (name, service.zones[0])
        for name, service in topology.services.items()
        if service.replicas > 1 and len(set(service.zones)) == 1
    )
