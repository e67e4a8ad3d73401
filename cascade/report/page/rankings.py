"""The rankings of a page: who is hit, what takes users down alone, what every failure costs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from cascade.analysis.sentences import about, brief
from cascade.report.lanes import make_marks
from cascade.report.moments import events_of, moment_text
from cascade.report.page.cells import Cell, Grid, amount, heads
from cascade.report.structure import is_single_point, kind_of
from cascade.wording import listed

if TYPE_CHECKING:
    from cascade.analysis.blast_radius import BlastRadius
    from cascade.analysis.impact import Impact
    from cascade.analysis.replay import Comparison, Edge, Replay
    from cascade.analysis.spof import Spof
    from cascade.engine.run import Run
    from cascade.report.page.cells import Index

MOST_ROWS: Final = 1000
"""Rows of a table that a page can bear."""
MOST_POINTS: Final = 200
"""Rows of a table about structure, of which the first matter."""
NONE: Final = Cell("")
"""A cell in which there is nothing to say."""


def impacts_grid(blast: BlastRadius, index: Index) -> Grid:
    """Tell when each part falls, why, how hard, and when it is back."""
    titles = ("Falls", "Who", "Why", ">Worst", ">Back", ">Hit for", ">After repair", ">Lost", ">Waiting")
    rows = []
    for impact in blast.impacts[:MOST_ROWS]:
        run, returns_s = blast.run, impact.returns_s
        after = impact.outlasts_s if impact in blast.outlasting else None
        rows.append((
            amount(moment_text(run, impact.falls_s), impact.falls_s),
            index.cell(impact.name),
            Cell(impact.why),
            amount(f"{impact.depth_fraction:.0%}", impact.depth_fraction),
            amount("not in run", math.inf) if returns_s is None else amount(moment_text(run, returns_s), returns_s),
            amount(about(impact.outage_s), impact.outage_s),
            amount(f"+{about(after)}", after) if after else NONE,
            number(impact.requests_lost),
            amount(f"{brief(impact.peak_backlog_count)}{oldest(impact)}", impact.peak_backlog_count)
            if impact.peak_backlog_count >= 1.0 else NONE,
        ))  # fmt: skip
    return Grid(
        "impacts",
        f"Who is hit, and when each is back{most(len(rows), len(blast.impacts))}",
        heads(*titles),
        tuple(rows),
    )


def oldest(impact: Impact) -> str:
    """Say how old the oldest waiting work was."""
    return f" for {about(impact.peak_backlog_age_s)}" if impact.peak_backlog_age_s >= 1.0 else ""


def number(count: float) -> Cell:
    """Write a number of requests, where there is one."""
    return amount(brief(count), count) if count >= 1.0 else NONE


def most(shown: int, total: int) -> str:
    """Say how many rows were left out."""
    return f": the first {shown:,} of {total:,}" if shown < total else ""


def on_the_way_grid(blast: BlastRadius, index: Index) -> Grid:
    """Name what was met on the way whose loss alone takes users out of their objective."""
    rows = tuple(
        (index.cell(point.name), amount(f"{point.lost_count:,}", point.lost_count), Cell(listed(point.entry_points, 5)))
        for point in blast.single_points[:MOST_POINTS]
    )
    note = "By structure alone, and held against the objective of users: less than a whole loss counts here."
    titles = heads("Its loss", ">Hits other services", "Among them, called by users")
    title = f"Single points of failure met on the way{most(len(rows), len(blast.single_points))}"
    return Grid("on-the-way", title, titles, rows, note)


def single_points_grid(spof: Spof, index: Index) -> Grid:
    """Rank what each part takes down by its loss alone, and by how many others it is taken down."""
    found = spof.contingencies
    counts = (found.affected_count, found.entry_points_lost_count, found.hit_count)
    ranked = [
        place
        for place in found.ranking.tolist()
        if is_single_point(found, place) or found.affected_count[place] or found.hit_count[place]
    ]
    rows = tuple(
        (
            amount(f"{rank:,}", rank),
            index.cell(found.names[place]),
            Cell(kind_of(spof, found.names[place])),
            Cell("yes" if is_single_point(found, place) else "no"),
            *(amount(f"{each[place]:,}" if each[place] else "", int(each[place])) for each in counts),
            index.cell(found.worst[place] or ""),
        )
        for rank, place in enumerate(ranked[:MOST_POINTS], start=1)
    )
    titles = heads(">Rank", "Its loss", "Is a", "Single point", ">Other services down", ">Entry points lost",
                   ">Taken down by", "Worst for it")  # fmt: skip
    return Grid("single-points", f"What each loss takes down for good{most(len(rows), len(ranked))}", titles, rows)


def replay_grids(replay: Replay, index: Index) -> tuple[Grid, ...]:
    """Put the observed windows beside the simulated ones, and name those that nobody observed."""
    edge = (">Simulated", ">Error")
    titles = heads("Window (what stands for it)", ">Start observed", *edge, ">End observed", *edge)
    rows = tuple(
        (
            Cell(row.name if row.name == row.service else f"{row.name} ({row.service})", part=index.link(row.service)),
            *window_cells(replay.run, row),
        )
        for row in replay.rows
    )
    false = tuple(
        (
            index.cell(window.name),
            amount(moment_text(replay.run, window.start_s), window.start_s),
            amount(moment_text(replay.run, window.end_s), window.end_s),
        )
        for window in replay.false_windows
    )
    found = Grid("observed", "Observed windows, beside the simulated ones", titles, rows)
    more = Grid("false", "Simulated, but not observed", heads("Who", ">From", ">To"), false)
    return (found, more) if false else (found,)


def window_cells(run: Run, row: Comparison) -> tuple[Cell, ...]:
    """Write a window; of what was not hit, whether it is in the run."""
    if not row.never:
        return *edge_cells(run, row.start), *edge_cells(run, row.end)
    hit = f"hit {moment_text(run, row.simulated[0].start_s)}" if row.simulated else "never"
    return Cell("never", math.inf), Cell(hit, math.inf), NONE, NONE, NONE, NONE


def edge_cells(run: Run, edge: Edge) -> tuple[Cell, Cell, Cell]:
    """Write one edge of a window: observed, simulated, error."""
    simulated_s = math.inf if edge.simulated_s is None else edge.simulated_s
    simulated = amount(moment_text(run, edge.simulated_s), simulated_s)
    if edge.observed_s is None or edge.error_s is None:
        return Cell("not stated", -1.0), simulated, NONE
    error = f"{edge.error_s / 60.0:+.0f}m" if math.isfinite(edge.error_s) else "missing"
    text = error if edge.is_predicted else f"({error}, {edge.basis})"
    return amount(moment_text(run, edge.observed_s), edge.observed_s), simulated, amount(text, edge.error_s)


def events_grid(run: Run) -> Grid | None:
    """List what happens from outside, under the numbers of the timeline; what never came about has none."""
    never = (text for time_s, text in events_of(run) if not math.isfinite(time_s))
    rows = (
        *((amount(str(mark.number), mark.number), amount(mark.when, mark.time_s), Cell(mark.what))
          for mark in make_marks(run, run.scenario.duration_s)),
        *((NONE, Cell("never", math.inf), Cell(text)) for text in never),
    )  # fmt: skip
    return Grid("events", "What happens from outside", heads("No.", "When", "Event"), rows) if rows else None
