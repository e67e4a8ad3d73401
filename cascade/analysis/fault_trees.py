"""Fault trees: a target of a topology as one, and the answers to one from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cascade.analysis.failure_logic import failure_logic
from cascade.analysis.probabilities import probabilities
from cascade.analysis.targets import Target, answer
from cascade.errors import ScenarioError
from cascade.units import closest

if TYPE_CHECKING:
    from cascade.analysis.causes import Question
    from cascade.logic.fault_tree import FaultTree
    from cascade.model import Topology


def fault_tree(
    topology: Topology, target: str, question: Question | None = None, *, assumed_unavailability: float = 0.0
) -> FaultTree:
    """Ask how one part of a topology goes down, as a fault tree.

    Raises
    ------
    ScenarioError
        When there is no part of that name.

    Examples
    --------
    >>> import cascade
    >>> fault_tree(cascade.loads("services: {web: {demand: 1/s, calls: [db]}, db: }"), "web")
    <FaultTree topology: web, 2 basic events>
    """
    logic = failure_logic(topology, question)
    if target not in logic.node_of:
        raise ScenarioError(f"unknown service, group or fleet '{target}'{closest(target, logic.node_of)}")
    return logic.tree(target, probabilities(logic, assumed=assumed_unavailability).values)


def solve_fault_tree(tree: FaultTree, *, order: int | None = None) -> Target:
    """Give the minimal cut sets of a fault tree, its probability, and what weighs most in it.

    Parameters
    ----------
    tree : FaultTree
        One that is not coherent has a probability only.
    order : int or None
        Largest minimal cut sets that are found; None counts those of all orders.

    Raises
    ------
    CascadeError
        When the exact answer is out of reach.

    Examples
    --------
    >>> import cascade
    >>> tree = cascade.fault_tree(cascade.loads("services: {web: {demand: 1/s, calls: [db]}, db: }"), "web")
    >>> solve_fault_tree(tree).counts
    (2,)
    """
    is_stated = not np.isnan(tree.probability).any() and bool((tree.probability > 0.0).any())
    return answer(tree, order=order, is_stated=is_stated)
