"""Which parts take users down by their loss alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.analysis.causes import Question
from cascade.analysis.contingencies import contingencies_of, entry_points
from cascade.analysis.failure_logic import failure_logic
from cascade.logic import fixpoint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cascade.model import Topology

LITTLE: Final = 1e-9
"""By how much a loss must be larger than what an objective bears."""


@dataclass(frozen=True, slots=True)
class SinglePoint:
    """A part whose loss alone takes users down."""

    name: str
    entry_points: tuple[str, ...]
    """What users call and is out of its objective then."""
    lost_count: int
    """Other services that are."""


def single_points(topology: Topology, candidates: Iterable[str]) -> tuple[SinglePoint, ...]:
    """Give those of some parts whose loss alone takes an entry point out of its objective, for good.

    What takes most services with it comes first. Objectives of single services are not looked at.
    """
    borne = 1.0 - topology.objective.success_fraction
    logic = failure_logic(topology, Question(loss_fraction=min(borne + LITTLE, 1.0)))
    every = contingencies_of(logic)
    place = {name: index for index, name in enumerate(every.names)}
    users = entry_points(topology)
    nodes = np.array([logic.node_of[user] for user in users], np.int64)
    found = []
    for name in candidates:
        if name not in place or not every.entry_points_lost_count[place[name]]:
            continue
        failed = np.zeros(logic.gates.size, np.bool_)
        failed[logic.event_of[name]] = True
        lost = fixpoint.down(logic.gates, failed)[nodes]
        taken = tuple(user for user, is_lost in zip(users, lost, strict=True) if is_lost and user != name)
        if taken:
            found.append(SinglePoint(name, taken, int(every.affected_count[place[name]])))
    return tuple(sorted(found, key=lambda point: -point.lost_count))
