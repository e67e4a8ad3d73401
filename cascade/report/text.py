"""What a person reads of a result: paragraphs and tables."""

from __future__ import annotations

import math
from functools import singledispatch
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.analysis.blast_radius import BlastRadius
from cascade.analysis.caveats import of_distributions
from cascade.analysis.expectations import expectations
from cascade.analysis.replay import Comparison, Edge, Replay
from cascade.analysis.sentences import about, brief
from cascade.engine.run import Run
from cascade.report.moments import events_of, moment_text, setting
from cascade.report.tables import Block, Table
from cascade.wording import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cascade.analysis.impact import Impact

MOST_POINTS: Final = 12
"""Single points of failure that are listed."""
ROWS: Final = 24
"""Rows of a table over time."""
CELLS: Final = 64
"""Characters of a lane."""


@singledispatch
def blocks(result: object) -> list[Block]:
    """Give the paragraphs and tables of a result."""
    raise TypeError(f"expected a Run, a BlastRadius or a Replay, got {type(result).__name__}")


@blocks.register
def _(blast: BlastRadius) -> list[Block]:
    found: list[Block] = [blast.headline, setting(blast.run) + ".", *expectations_tables(blast.run)]
    if blast.hit_before:
        names = listed(blast.hit_before)
        found.append(f"Outside its objective before anything happened, and left out: {names}.")
    if blast.impacts:
        found += [impact_table(blast), spread_table(blast)]
    if untouched := [name for name, impact in blast.entry_points.items() if impact is None]:
        found.append(f"Users notice nothing at {listed(untouched, 8)}.")
    if blast.single_points:
        found.append(single_points_table(blast))
    return [*found, *blast.caveats]


def expectations_tables(run: Run) -> list[Table]:
    """Hold the run against what its scenario must come to, if that says anything."""
    rows = tuple(
        (
            expectation.verdict,
            expectation.expected,
            expectation.found,
            "" if expectation.time_s is None else moment_text(run, expectation.time_s),
        )
        for expectation in expectations(run)
    )
    return [Table("What is expected of the scenario", ("", "expected", "found", "when"), rows)] if rows else []


def impact_table(blast: BlastRadius) -> Table:
    """Tell when each part falls, how hard, and when it is back."""
    heads = ("falls", "who", ">worst", "back", ">hit for", ">after repair", ">lost", ">waiting", ">oldest")
    rows = tuple(impact_row(blast, impact) for impact in blast.impacts)
    return Table("Who is hit, and when each is back", heads, rows)


def impact_row(blast: BlastRadius, impact: Impact) -> tuple[str, ...]:
    """Write one impact as cells."""
    after = impact.outlasts_s if impact in blast.outlasting else None
    return (
        moment_text(blast.run, impact.falls_s),
        impact.name,
        f"-{impact.depth_fraction:.0%}",
        "not in run" if impact.returns_s is None else moment_text(blast.run, impact.returns_s),
        about(impact.outage_s),
        f"+{about(after)}" if after else "",
        brief(impact.requests_lost) if impact.requests_lost >= 1.0 else "",
        brief(impact.peak_backlog_count) if impact.peak_backlog_count >= 1.0 else "",
        about(impact.peak_backlog_age_s) if impact.peak_backlog_age_s >= 1.0 else "",
    )


def spread_table(blast: BlastRadius) -> Table:
    """Show what took what down, each part indented under its cause."""
    rows = tuple(
        (moment_text(blast.run, impact.falls_s), "  " * depth + impact.name, impact.why)
        for impact, depth in blast.spread
    )
    return Table("How it spreads", ("falls", "who", "why"), rows)


def single_points_table(blast: BlastRadius) -> Table:
    """Name what takes users down by its loss alone, what takes most with it first."""
    first = blast.single_points[:MOST_POINTS]
    rows = tuple((point.name, str(point.lost_count), listed(point.entry_points, 5)) for point in first)
    most = f", the worst {len(first)} of {len(blast.single_points)}" if len(first) < len(blast.single_points) else ""
    heads = ("its loss", ">hits other services", "among them, called by users")
    return Table(f"Single points of failure on the way (by structure alone{most})", heads, rows)


@blocks.register
def _(replay: Replay) -> list[Block]:
    heads = ("window (what stands for it)", "observed", "simulated", ">error", "observed", "simulated", ">error")
    rows = tuple(comparison_row(replay.run, row) for row in replay.rows)
    found: list[Block] = [
        score(replay),
        setting(replay.run) + ".",
        Table("Observed and simulated: start, then end", heads, rows),
    ]
    found.append(
        "Errors in brackets do not count as predicted: a the source assumes the moment, g an event gives it away."
    )
    if replay.false_windows:
        lines = tuple(
            (window.name, moment_text(replay.run, window.start_s), moment_text(replay.run, window.end_s))
            for window in replay.false_windows
        )
        found.append(Table("Simulated, but not observed", ("who", "from", "to"), lines))
    return found


def score(replay: Replay) -> str:
    """Say in one paragraph how good a replay is."""
    summary = replay.summary
    text = f"{summary['predicted_within_15min']} of {summary['edges_predicted']} predicted edges within 15 minutes"
    if summary["median_abs_error_s"] is not None:
        median, largest = (error_text(summary[key]) for key in ("median_abs_error_s", "max_abs_error_s"))
        text += f", median error {median}, largest {largest}"
    text += f"; missed windows: {summary['missed_windows']}, false windows: {summary['false_windows']}"
    text += f"; {summary['edges_given']} more edges are given away by the scenario"
    if summary["free_parameters"] is not None:
        text += f"; {summary['free_parameters']} parameters were free"
    return text + "."


def error_text(error_s: float) -> str:
    """Write the error of an edge; that of a window that is not there has no size."""
    return about(error_s) if math.isfinite(error_s) else "without bound"


def comparison_row(run: Run, row: Comparison) -> tuple[str, ...]:
    """Write an observed window beside the simulated one as cells."""
    name = row.name if row.name == row.service else f"{row.name} ({row.service})"
    if row.never:
        found = f"hit at {moment_text(run, row.simulated[0].start_s)}" if row.simulated else "never"
        return (name, "never", found, "", "", "", "")
    return (name, *edge_cells(run, row.start), *edge_cells(run, row.end))


def edge_cells(run: Run, edge: Edge) -> tuple[str, str, str]:
    """Write one edge as cells: observed, simulated, error."""
    simulated = moment_text(run, edge.simulated_s)
    if edge.observed_s is None or edge.error_s is None:
        return "not stated", simulated, ""
    error = f"{edge.error_s / 60.0:+.0f}m" if math.isfinite(edge.error_s) else "missing"
    if not edge.is_predicted:
        error = f"({error} {edge.basis[0]})"
    return moment_text(run, edge.observed_s), simulated, error


@blocks.register
def _(run: Run) -> list[Block]:
    found: list[Block] = [setting(run) + "."]
    if run.scenario.events:
        rows = tuple((moment_text(run, time_s), text) for time_s, text in events_of(run))
        found.append(Table("What happens", ("when", "event"), rows))
    found += expectations_tables(run)
    found += [users_table(run), lanes_table(run)]
    if not math.isnan(run.step_error_fraction):
        found.append(f"Step {run.step_s:.3g} s, error of the step at most {run.step_error_fraction:.2%}.")
    return [*found, *of_distributions(run.topology)]


def users_table(run: Run) -> Table:
    """Tell over time what users ask for and get, and how much is hit and waiting."""
    users = np.array(
        [run.column(name) for name, service in run.topology.services.items() if service.is_entry_point], int
    )
    parts = np.array_split(np.arange(len(run.times_s)), min(ROWS, len(run.times_s)))
    lengths_s = np.diff(run.times_s, prepend=0.0)
    rows = []
    for part in parts:
        offered, good = (
            float(np.average(run.series[key][np.ix_(part, users)].sum(axis=1), weights=lengths_s[part]))
            for key in ("offered_rps", "goodput_rps")
        )
        share = f"{good / offered:.0%}" if offered > 0.0 else ""
        hit = int(run.hit[part[-1], : len(run.topology.services)].sum())
        waiting = float(run.series["backlog_count"][part[-1], : len(run.topology.services)].sum())
        until = moment_text(run, float(run.times_s[part[-1]]))
        rows.append((until, f"{offered:,.3g}", f"{good:,.3g}", share, str(hit), brief(waiting)))
    heads = ("until", ">users ask [1/s]", ">answered well [1/s]", ">share", ">services hit", ">work waiting")
    return Table("What users see", heads, tuple(rows))


def lanes_table(run: Run) -> Table:
    """Draw one lane for each part that is hit: ``#`` while it is outside its objective."""
    cells = np.array_split(np.arange(len(run.times_s)), min(CELLS, len(run.times_s)))
    rows = tuple((name, lane(run.is_hit(name), cells)) for name in run.names if run.is_hit(name).any())
    cell = about(float(run.times_s[-1]) / len(cells))
    title = f"Outside their objective (each character is {cell})" if rows else "Nothing leaves its objective"
    return Table(title, ("who", "#: hit"), rows)


def lane(hit: np.ndarray[tuple[int], np.dtype[np.bool_]], cells: Sequence[np.ndarray]) -> str:
    """Draw one lane."""
    return "".join("#" if hit[cell].any() else "." for cell in cells)
