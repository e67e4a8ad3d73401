"""Which parts take users down by their loss alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.analysis.causes import Question
from cascade.analysis.contingencies import entry_points
from cascade.analysis.failure_logic import failure_logic
from cascade.compiled import compile_logic
from cascade.logic import fixpoint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cascade.model import Topology

LITTLE: Final = 1e-9
"""By how much a loss must be larger than what an objective bears."""


QUICK: Final = 200_000
"""Inputs looked at, up to which an answer is there before compiled code would be ready."""


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
    names = [name for name in candidates if name in logic.event_of]
    gates = logic.gates
    if len(names) * gates.inputs.size > QUICK:
        compile_logic()
    first_user, users = fixpoint.users_of(gates.first, gates.inputs)
    found = []
    for name in names:
        failed = np.zeros(gates.size, np.bool_)
        failed[logic.event_of[name]] = True
        down = fixpoint.spread(gates.least, first_user, users, failed)
        taken = tuple(user for user in entry_points(topology) if user != name and down[logic.node_of[user]])
        if taken:
            lost = sum(bool(down[logic.node_of[service]]) for service in topology.services if service != name)
            found.append(SinglePoint(name, taken, lost))
    return tuple(sorted(found, key=lambda point: -point.lost_count))
