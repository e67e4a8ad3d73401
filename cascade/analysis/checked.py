"""A topology under the check, with what several rules and measures look up, each thing found once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from cascade.analysis.contingencies import contingencies_of, entry_points
from cascade.analysis.lint.objective_too_high import objectives
from cascade.analysis.lint.subject import Subject
from cascade.analysis.spof import spof
from cascade.logic import paths

if TYPE_CHECKING:
    from cascade.analysis.contingencies import Contingencies
    from cascade.analysis.lint.finding import Path
    from cascade.analysis.spof import Spof
    from cascade.analysis.targets import Unavailability


class Checked(Subject):
    """A topology under the check."""

    @cached_property
    def contingencies(self) -> Contingencies:
        """What each single failure takes down."""
        return contingencies_of(self.logic)

    @cached_property
    def entry_points(self) -> tuple[str, ...]:
        """What users call."""
        return entry_points(self.topology)

    @cached_property
    def objectives(self) -> dict[str, float]:
        """The least share of requests that must succeed, by services of which the file states it."""
        return dict(objectives(self))

    @cached_property
    def is_reliability_stated(self) -> bool:
        """Whether any part says how often it fails."""
        parts = (self.services, self.topology.domains)
        return any(part.reliability for named in parts for part in named.values())

    @cached_property
    def spof(self) -> Spof | None:
        """How each entry point, and each service with an objective, goes down; none where no reliability is stated."""
        names = tuple(dict.fromkeys((*self.entry_points, *self.objectives)))
        return spof(self.topology, names, order=1) if names and self.is_reliability_stated else None

    @property
    def unavailability(self) -> dict[str, Unavailability]:
        """The share of the time that each of them is down, as far as reliabilities are stated."""
        targets = self.spof.targets if self.spof else ()
        return {target.name: target.unavailability for target in targets if target.unavailability}

    def lost_with(self, name: str) -> tuple[str, ...]:
        """Give the other entry points that the failure of a part takes down."""
        gone = np.zeros(self.logic.gates.size, np.bool_)
        gone[self.logic.event_of[name]] = True
        steps, _ = paths.cause_paths(self.logic.gates, gone)
        return tuple(user for user in self.entry_points if steps[self.logic.node_of[user]] >= 0 and user != name)

    def path_of_part(self, name: str) -> Path:
        """Give where a service, fleet or domain stands in a topology file; a zone at the first service in it."""
        for kind in ("services", "fleets", "domains"):
            if name in getattr(self.topology, kind):
                return (kind, name)
        user = next((service for service, part in self.services.items() if name in part.zones), None)
        return ("services", user, "zones") if user else ()
