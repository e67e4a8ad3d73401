"""Cascade: what happens when a part of a system fails, in which order, and what would have stopped it.

Names are looked up when they are first used, so that ``import cascade`` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cascade.analysis.baseline import Known, read_baseline
    from cascade.analysis.blast_radius import BlastRadius, Impact, blast_radius, scenario_of_failures
    from cascade.analysis.causes import Question, Verdict
    from cascade.analysis.check import Check, check
    from cascade.analysis.contingencies import Contingencies, Contingency, contingencies
    from cascade.analysis.cut_sets import CutSets, cut_sets
    from cascade.analysis.diff import Diff, diff
    from cascade.analysis.expectations import Expectation, expectations
    from cascade.analysis.fault_trees import fault_tree, solve_fault_tree
    from cascade.analysis.lint import Finding, Findings, lint
    from cascade.analysis.montecarlo import (
        MonteCarlo,
        MonteCarloStudy,
        ReplayedSample,
        montecarlo,
        montecarlo_study,
        replay_sample,
    )
    from cascade.analysis.phases import Phase, Phases, PhasesStudy, phases
    from cascade.analysis.replay import Replay, replay
    from cascade.analysis.signature import Signature, signature
    from cascade.analysis.spof import Spof, spof
    from cascade.analysis.sweep import Sweep, SweepStudy, sweep
    from cascade.engine.clock import Clock
    from cascade.engine.run import Fall, Mechanism, Run
    from cascade.engine.simulate import simulate
    from cascade.errors import (
        CascadeError,
        Interrupted,
        Problem,
        ScenarioError,
        StoreError,
        StudyError,
        TopologyError,
    )
    from cascade.graph.convert import from_networkx
    from cascade.loading.open_psa import load_open_psa, loads_open_psa
    from cascade.loading.provenance import free_parameters
    from cascade.loading.read import load, loads
    from cascade.loading.schema import json_schema
    from cascade.loading.settings import with_settings
    from cascade.logic.fault_tree import FaultTree
    from cascade.model import (
        Dependency,
        Domain,
        Event,
        Expect,
        Fleet,
        Group,
        Needs,
        Objective,
        Observed,
        Scenario,
        Service,
        Topology,
    )
    from cascade.report.figures import plot_backlogs, plot_series, plot_timeline
    from cascade.report.map_figures import plot_blast_radius, plot_topology
    from cascade.report.montecarlo_figures import (
        plot_convergence,
        plot_exceedance,
        plot_impacts,
        plot_montecarlo,
        plot_sensitivity,
    )
    from cascade.report.open_psa import open_psa
    from cascade.report.order_figures import plot_cascade_order
    from cascade.report.page.write import report_page
    from cascade.report.phase_figures import plot_phases
    from cascade.report.ranking_figures import plot_ranking
    from cascade.report.structure_figures import plot_cut_sets, plot_single_points, plot_spof
    from cascade.report.sweep_figures import plot_sweep
    from cascade.report.what_if import WhatIf, what_if
    from cascade.studies.store import Store, read_store

_HOMES: Final = {
    "cascade.analysis.baseline": ("Known", "read_baseline"),
    "cascade.analysis.blast_radius": ("BlastRadius", "Impact", "blast_radius", "scenario_of_failures"),
    "cascade.analysis.causes": ("Question", "Verdict"),
    "cascade.analysis.check": ("Check", "check"),
    "cascade.analysis.contingencies": ("Contingencies", "Contingency", "contingencies"),
    "cascade.analysis.cut_sets": ("CutSets", "cut_sets"),
    "cascade.analysis.diff": ("Diff", "diff"),
    "cascade.analysis.expectations": ("Expectation", "expectations"),
    "cascade.analysis.fault_trees": ("fault_tree", "solve_fault_tree"),
    "cascade.analysis.lint": ("Finding", "Findings", "lint"),
    "cascade.analysis.montecarlo": (
        "MonteCarlo", "MonteCarloStudy", "ReplayedSample", "montecarlo", "montecarlo_study", "replay_sample",
    ),
    "cascade.analysis.phases": ("Phase", "Phases", "PhasesStudy", "phases"),
    "cascade.analysis.replay": ("Replay", "replay"),
    "cascade.analysis.signature": ("Signature", "signature"),
    "cascade.analysis.spof": ("Spof", "spof"),
    "cascade.analysis.sweep": ("Sweep", "SweepStudy", "sweep"),
    "cascade.engine.clock": ("Clock",),
    "cascade.engine.run": ("Fall", "Mechanism", "Run"),
    "cascade.engine.simulate": ("simulate",),
    "cascade.errors": (
        "CascadeError", "Interrupted", "Problem", "ScenarioError", "StoreError", "StudyError", "TopologyError",
    ),
    "cascade.graph.convert": ("from_networkx",),
    "cascade.loading.open_psa": ("load_open_psa", "loads_open_psa"),
    "cascade.loading.provenance": ("free_parameters",),
    "cascade.loading.read": ("load", "loads"),
    "cascade.loading.schema": ("json_schema",),
    "cascade.loading.settings": ("with_settings",),
    "cascade.logic.fault_tree": ("FaultTree",),
    "cascade.model": (
        "Dependency", "Domain", "Event", "Expect", "Fleet", "Group", "Needs", "Objective", "Observed", "Scenario",
        "Service", "Topology",
    ),
    "cascade.report.figures": ("plot_backlogs", "plot_series", "plot_timeline"),
    "cascade.report.map_figures": ("plot_blast_radius", "plot_topology"),
    "cascade.report.montecarlo_figures": (
        "plot_convergence", "plot_exceedance", "plot_impacts", "plot_montecarlo", "plot_sensitivity",
    ),
    "cascade.report.open_psa": ("open_psa",),
    "cascade.report.order_figures": ("plot_cascade_order",),
    "cascade.report.page.write": ("report_page",),
    "cascade.report.phase_figures": ("plot_phases",),
    "cascade.report.ranking_figures": ("plot_ranking",),
    "cascade.report.structure_figures": ("plot_cut_sets", "plot_single_points", "plot_spof"),
    "cascade.report.sweep_figures": ("plot_sweep",),
    "cascade.report.what_if": ("WhatIf", "what_if"),
    "cascade.studies.store": ("Store", "read_store"),
}  # fmt: skip
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "BlastRadius",
    "CascadeError",
    "Check",
    "Clock",
    "Contingencies",
    "Contingency",
    "CutSets",
    "Dependency",
    "Diff",
    "Domain",
    "Event",
    "Expect",
    "Expectation",
    "Fall",
    "FaultTree",
    "Finding",
    "Findings",
    "Fleet",
    "Group",
    "Impact",
    "Interrupted",
    "Known",
    "Mechanism",
    "MonteCarlo",
    "MonteCarloStudy",
    "Needs",
    "Objective",
    "Observed",
    "Phase",
    "Phases",
    "PhasesStudy",
    "Problem",
    "Question",
    "Replay",
    "ReplayedSample",
    "Run",
    "Scenario",
    "ScenarioError",
    "Service",
    "Signature",
    "Spof",
    "Store",
    "StoreError",
    "StudyError",
    "Sweep",
    "SweepStudy",
    "Topology",
    "TopologyError",
    "Verdict",
    "WhatIf",
    "blast_radius",
    "check",
    "contingencies",
    "cut_sets",
    "diff",
    "expectations",
    "fault_tree",
    "free_parameters",
    "from_networkx",
    "json_schema",
    "lint",
    "load",
    "load_open_psa",
    "loads",
    "loads_open_psa",
    "montecarlo",
    "montecarlo_study",
    "open_psa",
    "phases",
    "plot_backlogs",
    "plot_blast_radius",
    "plot_cascade_order",
    "plot_convergence",
    "plot_cut_sets",
    "plot_exceedance",
    "plot_impacts",
    "plot_montecarlo",
    "plot_phases",
    "plot_ranking",
    "plot_sensitivity",
    "plot_series",
    "plot_single_points",
    "plot_spof",
    "plot_sweep",
    "plot_timeline",
    "plot_topology",
    "read_baseline",
    "read_store",
    "replay",
    "replay_sample",
    "report_page",
    "scenario_of_failures",
    "signature",
    "simulate",
    "solve_fault_tree",
    "spof",
    "sweep",
    "what_if",
    "with_settings",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its home when it is first used; ``importers`` is a module with one name per format."""
    if name == "importers":
        return importlib.import_module("cascade.importers")
    if name not in _HOME_OF:
        msg = f"module 'cascade' has no attribute '{name}'"
        raise AttributeError(msg)
    value = getattr(importlib.import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return __all__
