"""How a target stands the loss of a number of things drawn at random."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from cascade.analysis.failure_logic import failure_logic
from cascade.analysis.probabilities import probabilities
from cascade.errors import ScenarioError
from cascade.logic import bdd, exact
from cascade.logic.store import FALSE, TRUE
from cascade.units import closest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cascade.logic.exact import Solution, Solved
    from cascade.model import Topology

    Counts = list[int]


@dataclass(frozen=True, eq=False)
class Signature:
    """The chance that a target is up when so many units have failed, whichever they are."""

    target: str
    units: int
    """Replicas, services and domains that can fail."""
    up_fraction: NDArray[np.float64]
    """(units + 1,) chance that the target is up after the loss of 0, 1, ... units drawn at random."""


def signature(topology: Topology, target: str) -> Signature:
    r"""Count, of all choices of k units, those that the target survives.

    .. math:: S_k = \binom{n}{k}^{-1} \#\{X : |X| = k, \ d_\mathrm{target}(X) = 0\}

    The units are what states a reliability, each replica by itself; its values do not matter. This is what an
    experiment measures that kills a fixed number of containers.

    References
    ----------
    .. [1] Samaniego, On closure of the IFR class under formation of coherent systems, IEEE Transactions on
       Reliability 34 (1985).
    .. [2] Coolen, Coolen-Maturi, Generalizing the signature to systems with multiple types of components (2012).

    Examples
    --------
    >>> import cascade
    >>> shop = cascade.loads('''{services: {web: {demand: 1/s, calls: [db]},
    ... db: {replicas: 2, reliability: {availability: 99%}}}}''')
    >>> signature(shop, "web").up_fraction.tolist()
    [1.0, 1.0, 0.0]
    """
    logic = failure_logic(topology)
    if target not in logic.node_of:
        raise ScenarioError(f"unknown service, group or fleet '{target}'{closest(target, logic.node_of)}")
    chances = probabilities(logic).values
    solution = exact.solution_of(logic.tree(target, chances))
    orders = logic.orders
    units = int(orders[chances > 0.0].sum())
    down, every = choices(solution, orders, chances > 0.0)
    outside = units - (len(every) - 1)
    down = times(down, [comb(outside, k) for k in range(outside + 1)])
    down += [0] * (units + 1 - len(down))
    return Signature(target, units, np.array([1.0 - down[k] / comb(units, k) for k in range(units + 1)]))


def choices(solution: Solution, orders: NDArray[np.int32], fails: NDArray[np.bool_]) -> tuple[Counts, Counts]:
    """Count by number the choices of units in the cone with which the top is down, and all choices."""
    failed: dict[int, Counts] = {}
    every: dict[int, Counts] = {}
    for number, node in enumerate(solution.formula.events):
        count = int(orders[node]) if fails[node] else 0
        failed[number] = [0] * count + [1] if count else [0]
        every[number] = [comb(count, k) for k in range(count + 1)]
    for module in solution.modules:
        failed[module.head], every[module.head] = within(module, failed, every)
    return failed[module.head], every[module.head]


def within(module: Solved, failed: dict[int, Counts], every: dict[int, Counts]) -> tuple[Counts, Counts]:
    """Count by number the choices with which a module is down, and all choices of its units."""
    levels = len(module.order)
    below: list[Counts] = [[1]]  # all choices of the levels from here down
    for node in reversed(module.order):
        below.append(times(below[-1], every[node]))
    below.reverse()
    nodes = module.diagrams.store.nodes
    found: dict[int, tuple[int, Counts]] = {FALSE: (levels, [0]), TRUE: (levels, [1])}
    for diagram in bdd.reached(module.root, module.diagrams.store).tolist() if module.root > TRUE else []:
        level, low, high = (int(value) for value in nodes[diagram, :3])
        node = module.order[level]
        works = minus(every[node], failed[node])
        parts = [
            times(factor, lifted(found[child], level + 1, module, every))
            for factor, child in ((works, low), (failed[node], high))
        ]
        found[diagram] = (level, plus(*parts))
    return lifted(found[module.root], 0, module, every), below[0]


def lifted(found: tuple[int, Counts], level: int, module: Solved, every: dict[int, Counts]) -> Counts:
    """Let the levels that a diagram leaves out take any choice."""
    first, counts = found
    for skipped in range(level, first):
        counts = times(counts, every[module.order[skipped]])
    return counts


def times(one: Counts, other: Counts) -> Counts:
    """Multiply two polynomials."""
    product = [0] * (len(one) + len(other) - 1)
    for i, a in enumerate(one):
        for j, b in enumerate(other):
            product[i + j] += a * b
    return product


def plus(one: Counts, other: Counts) -> Counts:
    """Add two polynomials."""
    size = max(len(one), len(other))
    return [sum(part[k] for part in (one, other) if k < len(part)) for k in range(size)]


def minus(one: Counts, other: Counts) -> Counts:
    """Subtract a polynomial from another."""
    return plus(one, [-value for value in other])
