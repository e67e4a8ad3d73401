"""What a topology *is*: immutable values, valid once made."""

from cascade.model.dependency import Dependency, Needs
from cascade.model.expectation import Expect
from cascade.model.fleet import Fleet
from cascade.model.group import Domain, Group
from cascade.model.scenario import Event, Observed, Scenario
from cascade.model.service import Objective, Service
from cascade.model.suppression import Suppression
from cascade.model.topology import Topology

__all__ = [
    "Dependency",
    "Domain",
    "Event",
    "Expect",
    "Fleet",
    "Group",
    "Needs",
    "Objective",
    "Observed",
    "Scenario",
    "Service",
    "Suppression",
    "Topology",
]
