"""The ranking of every failure, and the same seen from those that they hit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cascade.analysis import sweep_sentences
from cascade.analysis.sentences import about, brief
from cascade.report.page.cells import Cell, Grid, amount, heads
from cascade.report.page.rankings import MOST_POINTS, MOST_ROWS, NONE, most
from cascade.report.sweep import back, entries, lost_s, over, parts, swept

if TYPE_CHECKING:
    from cascade.analysis.sweep import Sweep
    from cascade.report.page.cells import Index
    from cascade.report.sweep_schema import SweptDocument


def sweep_grid(sweep: Sweep, index: Index) -> Grid:
    """Rank the contingencies by what they cost users."""
    titles = heads(">Rank", "Fails", ">User-minutes", ">Entry points", ">Parts", ">Out", ">Deep", ">Over after",
                   "Last back", "Most waiting")  # fmt: skip
    rows = []
    for place, row in zip(sweep.ranking.tolist()[:MOST_ROWS], swept(sweep), strict=False):
        name = "".join(row["fails"]) if len(row["fails"]) == 1 else ""
        film = row["rank"] - 1 if place in sweep.leading and len(sweep.leading[place]) else None
        rows.append((
            amount(f"{row['rank']:,}", row["rank"]),
            Cell(sweep.labels[place], part=index.link(name), film=film),
            amount(sweep_sentences.short(row["impact_user_minutes"]), row["impact_user_minutes"]),
            amount(f"{row['entry_points_hit']:,}", row["entry_points_hit"]) if row["entry_points_hit"] else NONE,
            amount(f"{row['parts_hit']:,}", row["parts_hit"]) if row["parts_hit"] else NONE,
            amount(about(60.0 * row["out_minutes"]), row["out_minutes"]) if row["out_minutes"] else NONE,
            amount(str(row["depth"]), row["depth"]) if row["depth"] else NONE,
            amount(over(row), over_s(row)),
            last_back(row),
            waiting(row),
        ))  # fmt: skip
    title = f"What each failure does{most(len(rows), len(sweep.labels))}"
    return Grid("failures", title, titles, tuple(rows), sweep_sentences.meaning(sweep))


def over_s(row: SweptDocument) -> float:
    """Give when a contingency is over, for sorting: what never is comes last."""
    if row["ending"] != "recovered":
        return math.inf
    return (row["over_s"] or 0.0) if row["out_minutes"] else -1.0


def last_back(row: SweptDocument) -> Cell:
    """Say which entry point takes longest to come back."""
    if row["slowest_entry_point"] is None:
        return NONE
    seconds = row["slowest_recovery_s"]
    key = math.inf if seconds is None else seconds
    return amount(f"{row['slowest_entry_point']}, {back(seconds)}", key)


def waiting(row: SweptDocument) -> Cell:
    """Say where most work waited."""
    if row["peak_backlog_count"] < 1.0:
        return NONE
    return amount(f"{brief(row['peak_backlog_count'])} at {row['peak_backlog_at']}", row["peak_backlog_count"])


def entries_grid(sweep: Sweep, index: Index) -> Grid:
    """Say for each entry point what takes it down for longest."""
    every = sorted(entries(sweep), key=lambda row: (-lost_s(row["worst"], row["recovery_s"]), -row["hit_by"]))
    rows = tuple(
        (
            index.cell(row["name"]),
            amount(f"{row['hit_by']:,}", row["hit_by"]),
            index.cell(row["worst"] or ""),
            back_cell(row["worst"], row["recovery_s"]),
        )
        for row in every[:MOST_POINTS]
    )
    titles = heads("Entry point", ">Hit by", "Slowest after", ">Back after")
    return Grid("entries", f"When users are back{most(len(rows), len(every))}", titles, rows)


def hit_grid(sweep: Sweep, index: Index) -> Grid:
    """Say for each part how many failures of others hit it, and which does so for longest."""
    every = sorted(parts(sweep), key=lambda row: (-row["hit_by"], -lost_s(row["worst"], row["outage_s"])))
    hit = [row for row in every if row["hit_by"]]
    rows = tuple(
        (
            index.cell(row["name"]),
            Cell(row["kind"]),
            amount(f"{row['hit_by']:,}", row["hit_by"]),
            index.cell(row["worst"] or ""),
            back_cell(row["worst"], row["outage_s"]),
        )
        for row in hit[:MOST_POINTS]
    )
    titles = heads("Who", "Is a", ">Hit by", "For longest by", ">Out for")
    return Grid("hit", f"What is hit by the failure of others{most(len(rows), len(hit))}", titles, rows)


def back_cell(worst: str | None, time_s: float | None) -> Cell:
    """Say after how long something is back, where anything hits it."""
    return amount(back(time_s), math.inf if time_s is None else time_s) if worst else NONE
