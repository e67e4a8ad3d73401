"""What a program reads of a result: a document for JSON."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, Any, cast

from cascade.analysis.blast_radius import BlastRadius
from cascade.analysis.expectations import Expectation, expectations
from cascade.analysis.replay import Comparison, Edge, Replay
from cascade.engine.run import Run

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cascade.analysis.impact import Impact
    from cascade.engine.run import Mechanism
    from cascade.report.schema_types import ExpectationDocument
    from cascade.report.schemas import (
        BlastRadiusDocument,
        ComparedEdge,
        ComparedWindow,
        ImpactDocument,
        PartOverTime,
        ReplayDocument,
        Score,
        Setting,
        SimulateDocument,
    )


@singledispatch
def document(result: object) -> Any:
    """Give a result as JSON knows it, in the form that ``cascade.report.schemas`` defines."""
    raise TypeError(f"expected a Run, a BlastRadius or a Replay, got {type(result).__name__}")


def setting(run: Run) -> Setting:
    """Give what was played and how."""
    start = run.scenario.start
    return {
        "cascade": run.version,
        "topology": run.topology.name,
        "scenario": run.scenario_name,
        "start": start.isoformat() if start else None,
        "duration_s": run.scenario.duration_s,
        "step_s": run.step_s,
        "step_error_fraction": run.step_error_fraction,
        "is_settled_at_start": run.is_settled_at_start,
    }


@document.register(Run)
def _(run: Run) -> SimulateDocument:
    return {
        "schema": "cascade/simulate/v1",
        **setting(run),
        "events": [
            {"time_s": time_s, "action": event.action, "target": event.target, "note": event.note}
            for event, time_s in zip(run.scenario.events, run.event_times_s, strict=True)
        ],
        "falls": [
            {"name": fall.name, "time_s": fall.time_s, "mechanism": word(fall.mechanism), "cause": fall.cause}
            for fall in run.falls
        ],
        "expectations": [expectation_values(expectation) for expectation in expectations(run)],
        "times_s": short(run.times_s),
        "parts": [part_values(run, name) for name in run.names],
    }


def part_values(run: Run, name: str) -> PartOverTime:
    """Give the series of one part."""
    series = {key: short(run.of(name, key)) for key in run.series}
    return cast("PartOverTime", {"name": name, "is_hit": run.is_hit(name).tolist(), **series})


def word(mechanism: Mechanism) -> str:
    """Give a mechanism as documents call it."""
    return mechanism.name.lower()


def short(values: NDArray[np.float64]) -> list[float]:
    """Give numbers with the six digits that mean something."""
    return [float(f"{value:.6g}") for value in values.tolist()]


@document.register(BlastRadius)
def _(blast: BlastRadius) -> BlastRadiusDocument:
    return {
        "schema": "cascade/blast-radius/v1",
        **setting(blast.run),
        "headline": blast.headline,
        "caveats": list(blast.caveats),
        "trigger": list(blast.trigger),
        "trigger_start_s": blast.trigger_start_s,
        "repaired_s": blast.repaired_s,
        "requests_lost_count": blast.requests_lost,
        "entry_points": [{"name": name, "is_hit": hit is not None} for name, hit in blast.entry_points.items()],
        "impacts": [impact_values(impact) for impact in blast.impacts],
        "single_points": [
            {"name": point.name, "entry_points": list(point.entry_points), "lost_count": point.lost_count}
            for point in blast.single_points
        ],
        "hit_before": list(blast.hit_before),
        "expectations": [expectation_values(expectation) for expectation in expectations(blast.run)],
    }


def expectation_values(expectation: Expectation) -> ExpectationDocument:
    """Give one thing that the scenario must come to, and what it came to."""
    return {
        "key": expectation.key,
        "expected": expectation.expected,
        "found": expectation.found,
        "is_met": expectation.is_met,
        "bound": expectation.bound,
        "value": expectation.value,
        "part": expectation.part,
        "time_s": expectation.time_s,
    }


def impact_values(impact: Impact) -> ImpactDocument:
    """Give what happened to one part."""
    return {
        "name": impact.name,
        "kind": impact.kind,
        "is_entry_point": impact.is_entry_point,
        "falls_s": impact.falls_s,
        "returns_s": impact.returns_s,
        "mechanism": None if impact.mechanism is None else word(impact.mechanism),
        "cause": impact.cause,
        "why": impact.why,
        "path": list(impact.path),
        "depth_fraction": impact.depth_fraction,
        "windows": [{"start_s": window.start_s, "end_s": window.end_s} for window in impact.windows],
        "outage_s": impact.outage_s,
        "outlasts_s": impact.outlasts_s,
        "requests_lost_count": impact.requests_lost,
        "peak_backlog_count": impact.peak_backlog_count,
        "peak_backlog_age_s": impact.peak_backlog_age_s,
    }


@document.register(Replay)
def _(replay: Replay) -> ReplayDocument:
    return {
        "schema": "cascade/replay/v1",
        **setting(replay.run),
        "summary": cast("Score", replay.summary),
        "windows": [comparison_values(row) for row in replay.rows],
        "false_windows": [
            {"service": window.name, "start_s": window.start_s, "end_s": window.end_s}
            for window in replay.false_windows
        ],
    }


def comparison_values(row: Comparison) -> ComparedWindow:
    """Give an observed window beside the simulated one."""
    return {
        "name": row.name,
        "service": row.service,
        "never": row.never,
        "is_missed": row.is_missed,
        "start": edge_values(row.start),
        "end": edge_values(row.end),
        "note": row.note,
    }


def edge_values(edge: Edge) -> ComparedEdge:
    """Give one edge."""
    return {
        "observed_s": edge.observed_s,
        "simulated_s": edge.simulated_s,
        "error_s": edge.error_s,
        "basis": edge.basis,
        "is_within_15min": edge.is_near,
    }
