"""How likely each failure is: from availabilities, rates and repair times, with common causes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cascade.graph.plain import PlainServices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cascade.analysis.failure_logic import FailureLogic
    from cascade.model import Topology


@dataclass(frozen=True, eq=False)
class Probabilities:
    """The chance at any moment that each basic event of a topology is there."""

    values: NDArray[np.float64]
    """(V,) per node; 0 for what cannot fail by itself."""
    unstated: tuple[str, ...]
    """Services, fleets and domains of which the file says nothing."""
    assumed: float
    """What is taken for those."""


def probabilities(logic: FailureLogic, *, assumed: float = 0.0) -> Probabilities:
    r"""Give each basic event its probability.

    A service with one replica fails with its unavailability q. Of several replicas each fails with
    :math:`(1 - \beta)\,q` by itself, and all at once with :math:`\beta q`. A domain with a beta factor takes
    that share of its members' failures for itself, that is :math:`\beta_d \min_i q_i`, besides failures of its own.
    """
    topology = logic.topology
    if isinstance(topology.services, PlainServices):
        return Probabilities(np.where(logic.gates.fails, assumed, 0.0), tuple(topology.services), assumed)
    values = np.zeros(logic.gates.size)
    unstated = []
    shared = shares_of_common_causes(topology)
    for name in topology.services:
        service = topology.services[name]
        if service.reliability is None:
            unstated.append(name)
            values[logic.event_of[name]] = assumed
            continue
        q, beta = service.reliability.unavailability, service.reliability.beta_fraction
        alone = 1.0 - shared.get(name, 0.0)
        is_one = max(service.replicas, len(set(service.zones))) == 1
        values[logic.event_of[name]] = q * (alone if is_one else min(beta, alone))
    for node, replicas in logic.replicas.items():
        reliability = topology.services[replicas.service].reliability
        assert reliability is not None
        alone = max(1.0 - shared.get(replicas.service, 0.0) - reliability.beta_fraction, 0.0)
        values[node] = (alone * reliability.unavailability) ** replicas.count
    for name in topology.fleets:
        unstated.append(name)
        values[logic.event_of[name]] = assumed
    for name in topology.all_domains:
        values[logic.event_of[name]] = domain_probability(topology, name, unstated, assumed)
    return Probabilities(values, tuple(unstated), assumed)


def shares_of_common_causes(topology: Topology) -> dict[str, float]:
    """Give the share of each service's failures that its domains account for."""
    shares: dict[str, float] = {}
    for name, members in topology.all_domains.items():
        domain = topology.domains.get(name)
        if domain is not None and domain.beta_fraction > 0.0:
            for member in members:
                shares[member] = min(shares.get(member, 0.0) + domain.beta_fraction, 1.0)
    return shares


def domain_probability(topology: Topology, name: str, unstated: list[str], assumed: float) -> float:
    """Give the chance that a domain is down: by itself, or by a common cause of its members' failures."""
    domain = topology.domains.get(name)
    if domain is None or (domain.reliability is None and domain.beta_fraction == 0.0):
        unstated.append(name)
        return assumed
    own = domain.reliability.unavailability if domain.reliability else 0.0
    stated = [
        topology.services[member].reliability for member in topology.all_domains[name] if member in topology.services
    ]
    least = min((reliability.unavailability for reliability in stated if reliability), default=0.0)
    return 1.0 - math.prod((1.0 - own, 1.0 - domain.beta_fraction * least))
