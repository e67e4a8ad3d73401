"""What a sweep lets fail: every part alone, and pairs, all of them or those that structure says matter together."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.analysis.causes import Question
from cascade.analysis.contingencies import failing_names
from cascade.analysis.failure_logic import failure_logic
from cascade.analysis.together import taken_down
from cascade.engine.plan import members
from cascade.errors import ScenarioError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from cascade.analysis.failure_logic import FailureLogic
    from cascade.model import Topology

    Pair = tuple[str, str]

MOST_PAIRS: Final = 1_000_000
"""Pairs of one sweep, each a run of its own."""
REPEATED: Final = 4
"""Times that a pair may be found before there are too many of them."""
LEAST_LOSS: Final = 1e-6
"""Share of the requests whose loss counts, where an objective allows none."""


def singles(topology: Topology) -> tuple[tuple[str], ...]:
    """Give every single contingency: services, fleets, domains.

    Examples
    --------
    >>> import cascade
    >>> singles(cascade.loads("services: {web: {calls: [db]}, db: {zones: [a]}}"))
    (('web',), ('db',), ('a',))
    """
    return tuple((name,) for name in failing_names(failure_logic(topology)))


def every_pair(topology: Topology) -> Iterator[Pair]:
    """Yield all pairs, but those in which one failure takes all that the other takes, as a zone and its service."""
    names = [name for (name,) in singles(topology)]
    taken = [taken_by(topology, name) for name in names]
    for one, other in combinations(range(len(names)), 2):
        if not (is_within(taken[one], taken[other]) or is_within(taken[other], taken[one])):
            yield names[one], names[other]


def taken_by(topology: Topology, name: str) -> dict[str, float]:
    """Give what a failure takes by itself: services and fleets, with their shares."""
    return dict(members(topology, name))


def is_within(some: dict[str, float], more: dict[str, float]) -> bool:
    """Whether one failure takes all that another takes."""
    return len(some) <= len(more) and all(more.get(name, 0.0) >= share for name, share in some.items())


def pair_count(topology: Topology) -> int:
    """Count all pairs, those left out in which one failure contains the other."""
    names = [name for (name,) in singles(topology)]
    domains = [name for name in names if name in topology.all_domains and name not in topology.services]
    taken = {name: taken_by(topology, name) for name in names}
    contained = sum(
        is_within(taken[name], taken[domain]) or is_within(taken[domain], taken[name])
        for place, domain in enumerate(domains)
        for name in (*names[: len(names) - len(domains)], *domains[:place])
    )
    return math.comb(len(names), 2) - contained


def pairs(topology: Topology, *, screened: bool = True) -> tuple[Pair, ...]:
    """Give the pairs that matter together by structure, or all.

    A pair matters together when both failures weaken the same redundancy, neither of them wholly, each at a place
    that the other leaves alone: members of a group, zones of a service, a callee and its cache or fallback, who keeps
    a fleet and who restores it. Among these is every minimal cut set of two failures, of whatever part. That is asked
    twice: of parts that lose everything, and of parts that lose more than the strictest objective allows.

    Raises
    ------
    ScenarioError
        When there are more than can be simulated.

    Examples
    --------
    >>> import cascade
    >>> shop = "{services: {web: {demand: 1/s, calls: [pool]}, a: , b: }, groups: {pool: {members: [a, b]}}}"
    >>> pairs(cascade.loads(shop)), len(pairs(cascade.loads(shop), screened=False))
    ((('a', 'b'),), 3)
    """
    if not screened:
        count = pair_count(topology)
        if count > MOST_PAIRS:
            raise ScenarioError(
                f"{count:,} pairs are too many to simulate, expected {MOST_PAIRS:,} at most; screen them"
            )
        return tuple(every_pair(topology))
    names = failing_names(failure_logic(topology))
    found = [
        codes
        for question in (Question(), Question(loss_fraction=least_loss(topology)))
        for codes in weakening_pairs(failure_logic(topology, question), names)
    ]
    codes = np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)
    return tuple((names[code // len(names)], names[code % len(names)]) for code in codes.tolist())


def least_loss(topology: Topology) -> float:
    """Give the smallest loss of requests that takes a part out of its objective."""
    parts = (*topology.services, *topology.groups, *topology.fleets)
    most = max((topology.objective_of(name).success_fraction for name in parts), default=1.0)
    return max(1.0 - most, LEAST_LOSS)


def weakening_pairs(logic: FailureLogic, names: tuple[str, ...]) -> Iterator[NDArray[np.int64]]:
    """Yield for each redundancy the pairs that weaken it together, as ``first * len(names) + second``."""
    total = 0
    for by_places in weakened(logic, names):
        for codes in apart(by_places, len(names)):
            total += codes.size
            if total > REPEATED * MOST_PAIRS:
                raise ScenarioError(
                    "too many pairs matter together to simulate them all; sweep single failures, or less"
                )
            yield codes


def weakened(logic: FailureLogic, names: tuple[str, ...]) -> Iterable[dict[bytes, list[int]]]:
    """Give for each redundancy the failures that weaken it and do not take it down, by the inputs that they take."""
    gates = logic.gates
    nodes = np.flatnonzero(gates.least > 1)
    if nodes.size == 0:
        return ()
    sizes = (gates.first[nodes + 1] - gates.first[nodes]).tolist()
    ends = np.cumsum(sizes)
    inputs = np.concatenate([gates.inputs[gates.first[node] : gates.first[node + 1]] for node in nodes])
    found: dict[int, dict[bytes, list[int]]] = {}
    for begin, is_down in taken_down(logic, [(name,) for name in names], inputs):
        lost_count = np.add.reduceat(is_down, ends - sizes, axis=0, dtype=np.int32)
        partial = (lost_count > 0) & (lost_count < gates.least[nodes, np.newaxis])
        for gate, who in np.argwhere(partial).tolist():
            taken = is_down[ends[gate] - sizes[gate] : ends[gate], who].tobytes()
            found.setdefault(gate, {}).setdefault(taken, []).append(begin + who)
    return found.values()


def apart(by_places: dict[bytes, list[int]], count: int) -> Iterator[NDArray[np.int64]]:
    """Yield the pairs of failures of which each takes what the other does not."""
    taken = {key: frozenset(np.flatnonzero(np.frombuffer(key, np.bool_)).tolist()) for key in by_places}
    for one, other in combinations(by_places, 2):
        if not (taken[one] <= taken[other] or taken[other] <= taken[one]):
            left, right = np.meshgrid(by_places[one], by_places[other])
            yield (np.minimum(left, right) * count + np.maximum(left, right)).ravel()
