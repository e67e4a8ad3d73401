"""The whole: services, redundancy, populations, what happens and what was observed."""

from __future__ import annotations

from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field, field_validator, model_validator

from cascade.behaviours.part import Part
from cascade.model.fleet import Fleet
from cascade.model.group import Domain, Group
from cascade.model.imported import Imported
from cascade.model.references import Inconsistent, inconsistencies
from cascade.model.scenario import Observed, Scenario
from cascade.model.service import Objective, Service
from cascade.model.suppression import Suppression

if TYPE_CHECKING:
    import networkx as nx

MOST_TOLD: Final = 1001
"""References that lead nowhere, of which nobody wants to read more."""

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\s>]+$")]
"""A name without spaces."""


class Topology(Part):
    """A system and the scenarios it is asked about; consistent once made."""

    version: Literal[1] = 1
    """Format of the file."""
    name: str = "topology"
    """What the system is called."""
    description: str = ""
    """One paragraph for the reader."""
    imported: Imported | None = None
    """What was imported, and what its sources are silent about; changes no result, but reports say so."""
    objective: Objective = Objective()
    """What counts as hit, unless a service says otherwise."""
    services: dict[Name, Service] = {}
    """By name."""
    groups: dict[Name, Group] = {}
    """By name; they share the name space of the services."""
    fleets: dict[Name, Fleet] = {}
    """By name; they share it too."""
    domains: dict[Name, Domain] = {}
    """Failure domains, by name."""
    scenarios: dict[Name, Scenario] = {}
    """By name; the first is the one that is run when none is named."""
    observed: tuple[Observed, ...] = ()
    """What really happened, for replays."""
    ignore: tuple[Suppression, ...] = ()
    """Findings of ``cascade lint`` and ``cascade check`` that are known and accepted."""

    @field_validator("services", mode="before")
    @classmethod
    def _empty_services(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: {} if service is None else service for name, service in value.items()}
        return value

    @field_validator("domains", mode="before")
    @classmethod
    def _members_alone(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {k: {"members": v} if isinstance(v, (list, tuple)) else v for k, v in value.items()}
        return value

    @model_validator(mode="after")
    def _is_consistent(self) -> Topology:
        problems = tuple(islice(inconsistencies(self), MOST_TOLD))
        if problems:
            raise Inconsistent(problems)
        return self

    @cached_property
    def all_domains(self) -> dict[str, dict[str, float]]:
        """Failure domains with the share of each member that they take, ``zones`` included."""
        domains = {name: dict(domain.members) for name, domain in self.domains.items()}
        for name, service in self.services.items():
            for zone in service.zones:
                domains.setdefault(zone, {})[name] = 1.0 / len(service.zones)
        return domains

    @property
    def graph(self) -> nx.DiGraph[str]:
        """A plain ``networkx.DiGraph`` with edges ``caller -> callee``."""
        from cascade.graph.build import build_graph  # noqa: PLC0415 - networkx only when asked for

        return build_graph(self)

    def objective_of(self, name: str) -> Objective:
        """Give the objective that a service, group or fleet is held to."""
        part = self.services.get(name) or self.fleets.get(name)
        return (part.slo if part else None) or self.objective

    def _repr_html_(self) -> str:
        from cascade.report.html import as_notebook  # noqa: PLC0415 - how it looks in a notebook

        return as_notebook(self)

    def _repr_pretty_(self, printer: Any, _cycle: Any) -> None:
        printer.text(f"<Topology {self.name!r}: {len(self.services):,} services>")
