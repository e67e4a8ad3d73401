"""Single points of failure: what can take each entry point down, alone or in pairs, and how likely that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.analysis import spof_sentences
from cascade.analysis.caveats import caveats
from cascade.analysis.contingencies import Contingencies, contingencies_of, entry_points
from cascade.analysis.failure_logic import failure_logic
from cascade.analysis.probabilities import Probabilities, probabilities
from cascade.analysis.redundancy import FalseRedundancy, crowded, false_redundancies
from cascade.analysis.restart import Restart, restart
from cascade.analysis.targets import Target, answer
from cascade.errors import ScenarioError
from cascade.graph.plain import PlainServices
from cascade.units import closest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cascade.analysis.causes import Question
    from cascade.model import Topology

MOST_TARGETS: Final = 20
"""Entry points whose cut sets are found when none is named."""


@dataclass(frozen=True, repr=False)
class Spof:
    """What can take the targets down, alone or together, and how likely that is."""

    contingencies: Contingencies
    targets: tuple[Target, ...]
    """The entry points, or what was asked for."""
    targets_left_out: int
    """Entry points beyond those of the largest weight, where there are very many and none is named."""
    probabilities: Probabilities
    false_redundancies: tuple[FalseRedundancy, ...]
    """Groups that a single failure takes down."""
    crowded: tuple[tuple[str, str], ...]
    """Replicated services that stand in one failure domain, with that domain."""
    restart: Restart

    def __repr__(self) -> str:
        """Say the headline."""
        return f"<Spof: {self.headline}>"

    @property
    def topology(self) -> Topology:
        """What it is about."""
        return self.contingencies.logic.topology

    @property
    def headline(self) -> str:
        """What a manager needs to know."""
        return spof_sentences.headline(self)

    @property
    def caveats(self) -> tuple[str, ...]:
        """What the answer rests on that nobody knows; nothing for a topology written by hand."""
        return caveats(self.topology)

    @property
    def untouched(self) -> tuple[str, ...]:
        """Services that no single failure of anything else takes down, those that nothing needs left out."""
        found = self.contingencies
        services = self.topology.services
        return tuple(
            name for name, hits in zip(found.names, found.hit_count, strict=True) if hits == 0 and name in services
        )

    def _repr_html_(self) -> str:
        from cascade.report.html import as_notebook  # noqa: PLC0415 - how it looks in a notebook

        return as_notebook(self)


def spof(
    topology: Topology,
    targets: Sequence[str] = (),
    *,
    order: int | None = 2,
    question: Question | None = None,
    assumed_unavailability: float | None = None,
) -> Spof:
    """Find what can take the entry points down: single points, minimal cut sets, unavailability, importance.

    Parameters
    ----------
    topology : Topology
    targets : sequence of str, optional
        Services, groups or fleets; the entry points by default.
    order : int or None
        Largest minimal cut sets that are found; None counts those of all orders.
    question : Question, optional
        When a part counts as down: for good and with nothing left by default.
    assumed_unavailability : float, optional
        Share of the time that a part is down of which the topology does not say it.

    Raises
    ------
    ScenarioError
        When a target does not exist.

    Examples
    --------
    >>> import cascade
    >>> shop = "{services: {web: {demand: 1/s, calls: [pool]}, a: , b: }, groups: {pool: {members: [a, b]}}}"
    >>> cascade.spof(cascade.loads(shop)).targets[0].counts
    (1, 1)
    """
    logic = failure_logic(topology, question)
    every = tuple(targets) or default_targets(topology)
    names = every if targets else every[:MOST_TARGETS]
    for name in names:
        if name not in logic.node_of:
            raise ScenarioError(f"unknown service, group or fleet '{name}'{closest(name, logic.node_of)}")
    chances = probabilities(logic, assumed=assumed_unavailability or 0.0)
    is_stated = assumed_unavailability is not None or bool(np.any(chances.values > 0.0))
    return Spof(
        contingencies=contingencies_of(logic),
        targets=tuple(
            answer(logic.tree(name, chances.values), order=order, orders=logic.orders, is_stated=is_stated)
            for name in names
        ),
        targets_left_out=len(every) - len(names),
        probabilities=chances,
        false_redundancies=false_redundancies(logic),
        crowded=crowded(topology),
        restart=restart(logic),
    )


def default_targets(topology: Topology) -> tuple[str, ...]:
    """Give the entry points or, where there are none, what nothing else needs."""
    found = entry_points(topology)
    if isinstance(topology.services, PlainServices):
        return found
    if found:
        return tuple(sorted(found, key=lambda name: -topology.services[name].weight))
    graph = topology.graph
    return tuple(name for name in graph if graph.in_degree(name) == 0)
