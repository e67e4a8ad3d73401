"""False redundancy: groups whose members go down together, by one failure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cascade.logic import cut_sets, fixpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascade.analysis.failure_logic import FailureLogic
    from cascade.model import Topology


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


def false_redundancies(logic: FailureLogic) -> tuple[FalseRedundancy, ...]:
    """Find the redundant groups whose members share a minimal cut set of order 1."""
    return tuple(found for found in map_groups(logic) if found.shared)


def map_groups(logic: FailureLogic) -> Iterator[FalseRedundancy]:
    """Yield every redundant group with what takes it down alone."""
    for name, group in logic.topology.groups.items():
        if group.needs < len(group.members):
            yield FalseRedundancy(name, group.needs, group.members, tuple(shared_causes(logic, name, group.members)))


def shared_causes(logic: FailureLogic, group: str, members: tuple[str, ...]) -> Iterator[SharedCause]:
    """Yield the single failures that take a group down, with the members that each takes."""
    for (origin,) in cut_sets.cut_sets(logic.gates, [logic.node_of[group]], order=1, orders=logic.orders):
        failed = np.zeros(logic.gates.size, np.bool_)
        failed[origin] = True
        down = fixpoint.down(logic.gates, failed)
        taken = tuple(member for member in members if down[logic.node_of[member]])
        yield SharedCause(logic.nodes[origin], taken)


def crowded(topology: Topology) -> tuple[tuple[str, str], ...]:
    """Give the replicated services all of whose replicas are in one failure domain, with that domain."""
    return tuple(
        (name, service.zones[0])
        for name, service in topology.services.items()
        if service.replicas > 1 and len(set(service.zones)) == 1
    )
