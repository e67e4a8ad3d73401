"""A topology made ready for many scenarios, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cascade.engine.clock import Clock
    from cascade.engine.outcome import Outcome
    from cascade.model import Scenario, Topology


class Stage:
    """A topology at rest, on which scenarios are played; each starts from the same rest.

    What a run comes to does not depend on what was played before it, nor on where it is played.
    """

    def __init__(self, topology: Topology, *, clock: Clock | None = None) -> None:
        self.topology = topology
        self.clock = clock

    def play(self, scenario: Scenario) -> Outcome:
        """Play a scenario until its end, or until nothing changes any more."""
        raise NotImplementedError


def names(topology: Topology) -> tuple[str, ...]:
    """Give the parts that outcomes are about, in the order of their places."""
    return (*topology.services, *topology.groups, *topology.fleets)


def entry_points(topology: Topology) -> tuple[str, ...]:
    """Give the services that users call, in the order of the entries of an outcome."""
    return tuple(name for name, service in topology.services.items() if service.is_entry_point)
