"""Cascade: what happens when a part of a system fails, in which order, and what would have stopped it.

Names are looked up when they are first used, so that ``import cascade`` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cascade.analysis.blast_radius import BlastRadius, Impact, blast_radius, scenario_of_failures
    from cascade.analysis.replay import Replay, replay
    from cascade.engine.clock import Clock
    from cascade.engine.run import Fall, Mechanism, Run
    from cascade.engine.simulate import simulate
    from cascade.errors import CascadeError, Problem, ScenarioError, TopologyError
    from cascade.loading.provenance import free_parameters
    from cascade.loading.read import load, loads
    from cascade.loading.schema import json_schema
    from cascade.model import (
        Dependency,
        Domain,
        Event,
        Fleet,
        Group,
        Needs,
        Objective,
        Observed,
        Scenario,
        Service,
        Topology,
    )
    from cascade.report.figures import plot_series, plot_timeline
    from cascade.report.map_figures import plot_blast_radius, plot_topology

_HOMES: Final = {
    "cascade.analysis.blast_radius": ("BlastRadius", "Impact", "blast_radius", "scenario_of_failures"),
    "cascade.analysis.replay": ("Replay", "replay"),
    "cascade.engine.clock": ("Clock",),
    "cascade.engine.run": ("Fall", "Mechanism", "Run"),
    "cascade.engine.simulate": ("simulate",),
    "cascade.errors": ("CascadeError", "Problem", "ScenarioError", "TopologyError"),
    "cascade.loading.provenance": ("free_parameters",),
    "cascade.loading.read": ("load", "loads"),
    "cascade.loading.schema": ("json_schema",),
    "cascade.model": (
        "Dependency", "Domain", "Event", "Fleet", "Group", "Needs", "Objective", "Observed", "Scenario", "Service",
        "Topology",
    ),
    "cascade.report.figures": ("plot_series", "plot_timeline"),
    "cascade.report.map_figures": ("plot_blast_radius", "plot_topology"),
}  # fmt: skip
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "BlastRadius",
    "CascadeError",
    "Clock",
    "Dependency",
    "Domain",
    "Event",
    "Fall",
    "Fleet",
    "Group",
    "Impact",
    "Mechanism",
    "Needs",
    "Objective",
    "Observed",
    "Problem",
    "Replay",
    "Run",
    "Scenario",
    "ScenarioError",
    "Service",
    "Topology",
    "TopologyError",
    "blast_radius",
    "free_parameters",
    "json_schema",
    "load",
    "loads",
    "plot_blast_radius",
    "plot_series",
    "plot_timeline",
    "plot_topology",
    "replay",
    "scenario_of_failures",
    "simulate",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its home when it is first used."""
    if name not in _HOME_OF:
        msg = f"module 'cascade' has no attribute '{name}'"
        raise AttributeError(msg)
    value = getattr(importlib.import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return __all__
