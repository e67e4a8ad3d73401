"""How much each basic event weighs in the probability of the top event.

References
----------
Birnbaum, On the importance of different components in a multicomponent system, Multivariate Analysis II (1969).
Dutuit, Rauzy, Efficient algorithms to assess component and gate importance in fault tree analysis, Reliability
Engineering and System Safety 72 (2001).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from cascade.logic import bdd
from cascade.logic.exact import chained, likelihoods, minimal_of, of_events

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cascade.logic.exact import Exact, Solution, Solved

    Floats = NDArray[np.float64]

NOTHING: Final = 1e-12
"""Share of the whole below which a difference is rounding."""
MOST_WORK: Final = 2_000_000
"""Nodes times variables of a module up to which the exact Fussell-Vesely importance is worked out."""


class Importance(NamedTuple):
    """Measures of each basic event; all (V,), nan for nodes that are none."""

    birnbaum: Floats
    """B = P(top | event) - P(top | no event), the derivative of P by p."""
    criticality: Floats
    """B p / P: the event is there, and the top event with it and because of it."""
    diagnostic: Floats
    """P(event | top)."""
    raw: Floats
    """Risk achievement worth, P(top | event) / P."""
    rrw: Floats
    """Risk reduction worth, P / P(top | no event); inf where nothing is left without it."""
    fussell_vesely: Floats
    """Chance that all of a minimal cut set that holds the event is there, over P."""
    is_exact: bool
    """Whether that chance is of the union of those sets, or else the sum over them (rare events)."""


def importance(solution: Solution, solved: Exact) -> Importance:
    """Give the measures of all basic events of a coherent tree."""
    total, slope, p = solved.probability, solved.birnbaum, solution.tree.probability
    own = np.where(solution.tree.gates.fails, p, np.nan)
    fussell_vesely, is_exact = fussell_veselys(solution)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.maximum(total - own * slope, 0.0)
        gained = total + (1.0 - own) * slope
        return Importance(
            birnbaum=slope,
            criticality=own * slope / total,
            diagnostic=own * gained / total,
            raw=gained / total,
            rrw=np.where(left <= total * NOTHING, np.inf, total / left),
            fussell_vesely=fussell_vesely / total,
            is_exact=is_exact,
        )


def fussell_veselys(solution: Solution) -> tuple[Floats, bool]:
    """Give the chance of the minimal cut sets with each event (V,), and whether it is that of their union.

    A module stands for independent events, so the chances multiply along the way from the top.
    """
    sets = [minimal_of(module) for module in solution.modules]
    work = [len(bdd.reached(root, module.diagrams.store)) * len(module.order) if root > 1 else 0
            for root, module in zip(sets, solution.modules, strict=True)]  # fmt: skip
    is_exact = max(work) <= MOST_WORK
    likely = likelihoods(solution)
    factors = []
    for module, root in zip(solution.modules, sets, strict=True):
        p = np.array([likely[node] for node in module.order])
        store = module.diagrams.store
        if is_exact:
            likely[module.head] = bdd.chance(module.root, p, store)[0]
            factors.append([chance_with(module, root, level, p) for level in range(len(module.order))])
        else:
            likely[module.head], slope = bdd.summed(root, p, store)
            factors.append(slope.tolist())
    found = chained(solution, factors)
    own = likelihoods(solution)
    return of_events(solution, {node: own[node] * value for node, value in found.items() if node in own}), is_exact


def chance_with(module: Solved, sets: int, level: int, p: Floats) -> float:
    """Give the chance that all the others of a set with one event are there."""
    rest = module.diagrams.run(lambda store: bdd.holding(sets, level, store))
    function = module.diagrams.run(lambda store: bdd.union(rest, store))
    return float(bdd.chance(function, p, module.diagrams.store)[0])
