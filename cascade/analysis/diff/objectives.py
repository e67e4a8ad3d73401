"""What a change does to what was promised: availability, expectations of scenarios, findings of the lint."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cascade.analysis.contingencies import entry_points
from cascade.analysis.expectations import expectations
from cascade.analysis.failure_logic import failure_logic
from cascade.analysis.lint import lint
from cascade.analysis.lint.objective_too_high import states_success
from cascade.analysis.probabilities import probabilities
from cascade.analysis.targets import solved
from cascade.engine.simulate import simulate
from cascade.logic import exact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cascade.analysis.causes import Question
    from cascade.analysis.expectations import Expectation
    from cascade.analysis.lint import Finding
    from cascade.logic.fault_tree import FaultTree
    from cascade.model import Topology

ALIKE: Final = 1e-9
"""Relative difference of two unavailabilities that is rounding."""


@dataclass(frozen=True, slots=True)
class AvailabilityChange:
    """How long an entry point is down in the long run, before and after."""

    name: str
    old_unavailability: float
    new_unavailability: float
    old_objective: float | None
    """Share of requests that it promises; none where the file states none."""
    new_objective: float | None

    @property
    def was_met(self) -> bool | None:
        """Whether the old topology could keep what it promised; none where it promised nothing."""
        return is_met(self.old_unavailability, self.old_objective)

    @property
    def is_met(self) -> bool | None:
        """Whether the new one can."""
        return is_met(self.new_unavailability, self.new_objective)


@dataclass(frozen=True, slots=True)
class ExpectationChange:
    """One thing that a scenario must come to, which is met on one side and not on the other."""

    scenario: str
    old: Expectation | None
    """None where it was not expected."""
    new: Expectation | None


def is_met(unavailability: float, objective: float | None) -> bool | None:
    """Tell whether an unavailability leaves room for an objective."""
    return None if objective is None else 1.0 - unavailability >= objective - ALIKE


def availability_changes(
    old: Topology, new: Topology, question: Question | None = None
) -> tuple[tuple[AvailabilityChange, ...], tuple[str, ...]]:
    """Give the entry points whose availability differs, or what they promise, and those of which it is out of reach.

    Nothing where one of the files states no reliabilities.
    """
    before, after = unavailabilities(old, question), unavailabilities(new, question)
    found, left_out = [], []
    for name in after.keys() & before.keys():
        one, other = before[name], after[name]
        if one is None or other is None:
            left_out.append(name)
            continue
        change = AvailabilityChange(name, one, other, objective_of(old, name), objective_of(new, name))
        if change.old_objective != change.new_objective or not math.isclose(one, other, rel_tol=ALIKE):
            found.append(change)
    return tuple(sorted(found, key=lambda change: change.name)), tuple(sorted(left_out))


def unavailabilities(topology: Topology, question: Question | None) -> Mapping[str, float | None]:
    """Give the exact unavailability of each entry point, none where that is out of reach; empty if none is stated."""
    logic = failure_logic(topology, question)
    chances = probabilities(logic).values
    if not chances.any():
        return {}
    return {name: unavailability(logic.tree(name, chances)) for name in entry_points(topology)}


def unavailability(tree: FaultTree) -> float | None:
    """Give the exact probability of a top event; none where that is out of reach."""
    solution = solved(tree)
    return None if solution is None else exact.solve(solution).probability


def objective_of(topology: Topology, name: str) -> float | None:
    """Give the share of requests that a service promises, if the file says it."""
    own = topology.services[name].slo
    if own is not None and states_success(own):
        return own.success_fraction
    is_stated = "objective" in topology.model_fields_set and states_success(topology.objective)
    return topology.objective.success_fraction if is_stated else None


def findings_between(old: Topology, new: Topology) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Give the findings of the lint that only the new topology has, and those that only the old one has."""
    before, after = ({each.fingerprint: each for each in lint(side)} for side in (old, new))
    introduced = tuple(each for print_, each in after.items() if print_ not in before)
    return introduced, tuple(each for print_, each in before.items() if print_ not in after)


def expectation_changes(old: Topology, new: Topology) -> Iterator[ExpectationChange]:
    """Play the scenarios of which something is expected on each side, and yield what is met on one side only."""
    for name in dict.fromkeys((*new.scenarios, *old.scenarios)):
        before, after = (verdicts(side, name) for side in (old, new))
        for key in dict.fromkeys((*after, *before)):
            one, other = before.get(key), after.get(key)
            if (one is None or one.is_met) != (other is None or other.is_met):
                yield ExpectationChange(name, one, other)


def verdicts(topology: Topology, scenario: str) -> Mapping[str, Expectation]:
    """Give what is expected of a scenario by what tells the expectations apart; nothing where there is none."""
    found = topology.scenarios.get(scenario)
    if found is None or found.expect is None:
        return {}
    every = expectations(simulate(topology, scenario))
    return {f"{each.key} {each.part}" if each.key == "stays_up" else each.key: each for each in every}
