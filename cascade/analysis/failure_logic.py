"""A topology as gates: which failures take which parts down."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.analysis.causes import AtLeast, Causes, Event, Part, Question, Replicas
from cascade.errors import CascadeError
from cascade.graph.plain import PlainServices
from cascade.logic.fault_tree import FaultTree
from cascade.logic.gates import Gates, make_gates
from cascade.units import format_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from cascade.analysis.causes import Cause
    from cascade.model import Topology

MOST_MOMENTS: Final = 20
"""Moments per part, on average, that an answer after a finite time may look at."""


@dataclass(frozen=True)
class FailureLogic:
    """Gates over the failures of a topology's parts, with the names of both."""

    topology: Topology
    question: Question
    gates: Gates
    nodes: tuple[str, ...]
    """(V,) what each node is called; a part and its failure share its name."""
    node_of: Mapping[str, int]
    """Where a service, group or fleet is down."""
    event_of: Mapping[str, int]
    """Where a service, fleet or domain fails by itself (of a plain graph, groups are in it too)."""
    replicas: Mapping[int, Replicas]
    """Events that are the failure of several replicas at once."""

    def tree(self, target: str, probability: NDArray[np.float64]) -> FaultTree:
        """Ask how one part goes down."""
        return FaultTree(
            name=self.topology.name,
            nodes=self.nodes,
            gates=self.gates,
            negated=np.zeros(self.gates.inputs.size, np.bool_),
            top=self.node_of[target],
            probability=probability,
        )

    @property
    def orders(self) -> NDArray[np.int32]:
        """How many things fail in each event (V,): the replicas that it stands for, else 1."""
        orders = np.ones(self.gates.size, np.int32)
        for node, replicas in self.replicas.items():
            orders[node] = replicas.count
        return orders


def failure_logic(topology: Topology, question: Question | None = None) -> FailureLogic:
    """Turn a topology into gates.

    Examples
    --------
    >>> import cascade
    >>> logic = failure_logic(cascade.loads("services: {web: {calls: [db]}, db: }"))
    >>> logic.nodes, logic.gates.inputs.tolist()
    (('web', 'db'), [1])
    """
    question = question or Question()
    if isinstance(topology.services, PlainServices):
        return plain_logic(topology, question, topology.services)
    return Builder(topology, question).build()


def plain_logic(topology: Topology, question: Question, services: PlainServices) -> FailureLogic:
    """Take over the arrays of a plain graph as they are."""
    return FailureLogic(topology, question, services.gates, services.nodes, services.place, services.place, {})


class Builder:
    """Collects nodes and gates, each cause once."""

    def __init__(self, topology: Topology, question: Question) -> None:
        self.topology = topology
        self.question = question
        self.causes = Causes(topology, question)
        self.nodes: list[str] = []
        self.fails: list[bool] = []
        self.gates: list[tuple[int, Sequence[int]]] = []
        self.place: dict[Cause, int] = {}
        self.event_of: dict[str, int] = {}
        self.waiting: list[Part] = []

    def build(self) -> FailureLogic:
        """Follow the causes of all parts until there are no new ones."""
        names = [*self.topology.services, *self.topology.groups, *self.topology.fleets]
        self.is_alone = self.looked_at_once(names)
        node_of = {name: self.part(Part(name, self.question.after_s)) for name in names}
        for name in self.topology.all_domains:
            self.event(name)
        while self.waiting:
            self.settle(self.waiting.pop())
        return FailureLogic(
            topology=self.topology,
            question=self.question,
            gates=make_gates([(inputs, least) for least, inputs in self.gates], self.fails),
            nodes=tuple(self.nodes),
            node_of=node_of,
            event_of=self.event_of,
            replicas={node: cause for cause, node in self.place.items() if isinstance(cause, Replicas)},
        )

    def looked_at_once(self, names: Sequence[str]) -> set[str]:
        """Give the parts for which one moment matters: all, where nothing holds out for a finite time."""
        if not math.isfinite(self.question.after_s):
            return set(names)
        found = {Part(name, self.question.after_s) for name in names}
        waiting = list(found)
        while waiting:
            new = {part for cause in self.causes.of(waiting.pop()) for part in parts_in(cause)} - found
            found |= new
            waiting += new
            if len(found) > MOST_MOMENTS * (len(names) + MOST_MOMENTS):
                raise CascadeError(
                    f"too many moments matter up to {format_seconds(self.question.after_s)}: caches or leases with "
                    "short lives stand in a circle; ask for a shorter time, or for good"
                )
        counts = Counter(part.name for part in found)
        return {name for name in names if counts[name] == 1}

    def node(self, name: str, *, fails: bool = False) -> int:
        """Add a node that nothing takes down yet."""
        self.nodes.append(name)
        self.fails.append(fails)
        self.gates.append((1, ()))
        return len(self.nodes) - 1

    def part(self, part: Part) -> int:
        """Give the node where a part is down; it is also that of its failure, where one moment matters."""
        if part not in self.place:
            is_own = part.name not in self.topology.groups and part.name in self.is_alone
            self.place[part] = self.node(part.name, fails=is_own)
            if is_own:
                self.event_of[part.name] = self.place[part]
            self.waiting.append(part)
        return self.place[part]

    def event(self, name: str) -> int:
        """Give the node of a failure."""
        if name not in self.event_of:
            self.event_of[name] = self.node(name, fails=True)
        return self.event_of[name]

    def settle(self, part: Part) -> None:
        """Give a part its causes."""
        node = self.place[part]
        causes = list(self.causes.of(part))
        if part.name not in self.topology.groups and self.event(part.name) != node:
            causes.append(Event(part.name))
        least = 1
        if len(causes) == 1 and isinstance(causes[0], AtLeast):
            least, causes = causes[0].count, list(causes[0].causes)
        inputs = tuple(dict.fromkeys(map(self.cause, causes)))
        self.gates[node] = (max(min(least, len(inputs)), 1), inputs)

    def cause(self, cause: Cause) -> int:
        """Give the node of a cause."""
        match cause:
            case Part():
                return self.part(cause)
            case Event(name):
                return self.event(name)
        if cause not in self.place:
            self.place[cause] = self.replicas(cause) if isinstance(cause, Replicas) else self.several(cause)
        return self.place[cause]

    def replicas(self, cause: Replicas) -> int:
        """Add the failure of several replicas."""
        where = f" in {cause.place}" if cause.place else ""
        return self.node(f"{cause.service} x{cause.count}{where}", fails=True)

    def several(self, cause: AtLeast) -> int:
        """Add a gate that is no part."""
        inputs = tuple(dict.fromkeys(map(self.cause, cause.causes)))
        names = ", ".join(self.nodes[node] for node in inputs)
        node = self.node(f"{cause.count} of ({names})")
        self.gates[node] = (min(cause.count, len(inputs)), inputs)
        return node


def parts_in(cause: Cause) -> Iterator[Part]:
    """Yield the parts that a cause is made of."""
    if isinstance(cause, Part):
        yield cause
    elif isinstance(cause, AtLeast):
        for inner in cause.causes:
            yield from parts_in(inner)
