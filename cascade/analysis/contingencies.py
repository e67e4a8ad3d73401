"""Every single contingency: what each outage breaks, and for each service which outages break it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from cascade.analysis.failure_logic import FailureLogic, failure_logic
from cascade.errors import ScenarioError
from cascade.graph.plain import PlainServices
from cascade.logic import paths, sweep
from cascade.units import closest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cascade.analysis.causes import Question
    from cascade.model import Topology


@dataclass(frozen=True, slots=True)
class Fallen:
    """A part that goes down, and the shortest way there."""

    name: str
    path: tuple[str, ...]
    """From the failure to the part, gates that are no parts among them."""
    gate: str
    """The condition that is not met."""


@dataclass(frozen=True, slots=True)
class Contingency:
    """What one outage, of one part or of several at once, takes down for good."""

    failed: tuple[str, ...]
    fallen: tuple[Fallen, ...]
    """Other services, groups and fleets, the nearest first."""
    entry_points: tuple[str, ...]
    """What users call and have lost, with what failed by itself."""


@dataclass(frozen=True, repr=False)
class Contingencies:
    """What the failure of each service, fleet and domain alone takes down for good (N-1).

    The arrays go by ``names`` (N,): the services in the order of the topology, fleets, domains.
    """

    logic: FailureLogic
    names: tuple[str, ...]
    """(N,) what fails."""
    affected_count: NDArray[np.int64]
    """(N,) other services that it takes down."""
    entry_points_lost_count: NDArray[np.int64]
    """(N,) entry points that are down then, itself included."""
    weight_lost: NDArray[np.float64]
    """(N,) sum of their weights."""
    hit_count: NDArray[np.int64]
    """(N,) other parts of which each alone takes this one down; 0 for what no single failure reaches."""

    def __repr__(self) -> str:
        """Say how many there are, and the worst."""
        if not self.names:
            return "<Contingencies: none>"
        worst = int(np.argmax(self.affected_count))
        return (
            f"<Contingencies of {len(self.names):,} parts; the worst, {self.names[worst]}, "
            f"takes down {self.affected_count[worst]:,} other services>"
        )

    def of(self, *failed: str) -> Contingency:
        """Say what the failure of one part, or of several at once, takes down, and how."""
        return contingency(self.logic, failed)

    @cached_property
    def worst(self) -> tuple[str | None, ...]:
        """The other part whose failure takes most with it among those that take this one down (N,); none if none."""
        logic = self.logic
        fails, is_down = origins(logic, self.names), parts(logic, self.names)
        rank, part = np.zeros(logic.gates.size), np.arange(logic.gates.size)
        rank[fails] = self.affected_count
        part[fails] = is_down
        found = sweep.worst(logic.gates, rank, part)[is_down]
        return tuple(None if other < 0 else logic.nodes[other] for other in found)

    @cached_property
    def ranking(self) -> NDArray[np.int64]:
        """Positions of the names, what takes most weight of entry points and then most services first (N,)."""
        return np.lexsort((np.arange(len(self.names)), -self.affected_count, -self.weight_lost))

    def _repr_html_(self) -> str:
        from cascade.report.html import as_notebook  # noqa: PLC0415 - how it looks in a notebook

        return as_notebook(self)


def contingencies(topology: Topology, question: Question | None = None) -> Contingencies:
    """Find what each single failure takes down: exactly, whatever the depth, cycles and groups included.

    Parameters
    ----------
    topology : Topology
    question : Question, optional
        When a part counts as down; for good, with nothing left, by default.

    Examples
    --------
    >>> import cascade
    >>> found = cascade.contingencies(cascade.loads("services: {web: {demand: 1/s, calls: [db]}, db: }"))
    >>> found.names, found.affected_count.tolist(), found.entry_points_lost_count.tolist()
    (('web', 'db'), [0, 1], [1, 1])
    """
    return contingencies_of(failure_logic(topology, question))


def contingencies_of(logic: FailureLogic) -> Contingencies:
    """Find them from the gates."""
    counted, weight = services_and_weights(logic)
    swept = sweep.sweep(logic.gates, counted=counted, weight=weight)
    names = failing_names(logic)
    fails, is_down = origins(logic, names), parts(logic, names)
    is_apart = fails != is_down  # the failure is a node of its own then, and neither counts for the other
    return Contingencies(
        logic=logic,
        names=names,
        affected_count=swept.affected_count[fails] - (is_apart & counted[is_down]),
        entry_points_lost_count=swept.lost_watched_count[fails],
        weight_lost=swept.lost_weight[fails],
        hit_count=swept.hit_count[is_down] - is_apart,
    )


def failing_names(logic: FailureLogic) -> tuple[str, ...]:
    """Give what can fail by itself: services, fleets, domains."""
    topology = logic.topology
    if isinstance(topology.services, PlainServices):
        return logic.nodes[: len(topology.services)]
    return (*topology.services, *topology.fleets, *topology.all_domains)


def origins(logic: FailureLogic, names: Sequence[str]) -> NDArray[np.int64]:
    """Give the nodes where parts fail."""
    if isinstance(logic.topology.services, PlainServices):
        return np.arange(len(names))
    return np.array([logic.event_of[name] for name in names], np.int64)


def parts(logic: FailureLogic, names: Sequence[str]) -> NDArray[np.int64]:
    """Give the nodes where parts are down; a domain is down where it fails."""
    if isinstance(logic.topology.services, PlainServices):
        return np.arange(len(names))
    return np.array([logic.node_of.get(name, logic.event_of.get(name)) for name in names], np.int64)


def services_and_weights(logic: FailureLogic) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Say which nodes are services, and what the entry points among them weigh."""
    counted, weight = np.zeros(logic.gates.size, np.bool_), np.zeros(logic.gates.size)
    services = logic.topology.services
    if isinstance(services, PlainServices):
        counted[: services.count] = True
        weight[: services.count] = services.is_entry_point
        return counted, weight
    for name, service in services.items():
        counted[logic.node_of[name]] = True
        if service.is_entry_point:
            weight[logic.node_of[name]] = service.weight
    return counted, weight


def entry_points(topology: Topology) -> tuple[str, ...]:
    """Give the services that users call."""
    services = topology.services
    if isinstance(services, PlainServices):
        return tuple(services.nodes[index] for index in np.flatnonzero(services.is_entry_point))
    return tuple(name for name, service in services.items() if service.is_entry_point)


def contingency(logic: FailureLogic, failed: Sequence[str]) -> Contingency:
    """Say what some failures at once take down, and how."""
    for name in failed:
        if name not in logic.event_of:
            raise ScenarioError(f"unknown service, fleet or domain '{name}'{closest(name, logic.event_of)}")
    gone = np.zeros(logic.gates.size, np.bool_)
    gone[[logic.event_of[name] for name in failed]] = True
    steps, through = paths.cause_paths(logic.gates, gone)
    down = [(int(steps[node]), name, node) for name, node in logic.node_of.items() if steps[node] >= 0]
    fallen = tuple(
        Fallen(name, path_to(logic, through, node), gate_of(logic, steps, node))
        for _, name, node in sorted(down)
        if name not in failed
    )
    names = {name for _, name, _ in down}
    return Contingency(
        failed=tuple(failed),
        fallen=fallen,
        entry_points=tuple(name for name in entry_points(logic.topology) if name in names),
    )


def path_to(logic: FailureLogic, through: NDArray[np.int32], node: int) -> tuple[str, ...]:
    """Give the shortest way from a failure to a node, each name once."""
    names = [logic.nodes[node]]
    while (node := int(through[node])) >= 0:
        names.append(logic.nodes[node])
    return tuple(dict.fromkeys(reversed(names)))


def gate_of(logic: FailureLogic, steps: NDArray[np.int32], node: int) -> str:
    """Say which condition of a node is not met."""
    gates = logic.gates
    inputs = gates.inputs[gates.first[node] : gates.first[node + 1]]
    lost = [logic.nodes[i] for i in inputs if 0 <= steps[i] < steps[node]]
    least, count = int(gates.least[node]), len(inputs)
    if least == 1:
        return f"needs {lost[0]}"
    if least == count:
        return f"needs one of {', '.join(lost)}"
    return f"needs {count - least + 1} of {count}; lost {', '.join(lost)}"
