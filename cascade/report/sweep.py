"""What is said of a sweep: a table of contingencies, and the same seen from the parts that they hit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from cascade.analysis import sweep_sentences as say
from cascade.analysis.pairs import pair_count
from cascade.analysis.sentences import about, brief
from cascade.analysis.sweep import Sweep
from cascade.engine.outcome import Ending
from cascade.report.document import document
from cascade.report.tables import Block, Table
from cascade.report.text import blocks
from cascade.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascade.report.sweep_schema import (
        RecoveryDocument,
        SweepDocument,
        SweptDocument,
        SweptEntryDocument,
        SweptPartDocument,
    )

Which = Literal["contingencies", "parts", "entries"]

MOST_ROWS: Final = 20
"""Rows of a table that a person reads, unless more are asked for."""
LONGEST: Final = 28
"""Letters of a name that shares its cell."""
MOST_RECOVERIES: Final = 20
"""Entry points of one contingency that a document lists."""


@dataclass(frozen=True, slots=True)
class View:
    """What is shown of a sweep."""

    sweep: Sweep
    which: Which | None = None
    """One of the tables; all by default."""
    top: int = MOST_ROWS
    """Rows of each table in a text."""


@blocks.register(Sweep)
def _(sweep: Sweep) -> list[Block]:
    return blocks(View(sweep))


@blocks.register(View)
def _(view: View) -> list[Block]:
    sweep = view.sweep
    tables = {"contingencies": contingencies_table, "entries": entries_table, "parts": parts_table}
    if view.which is not None:
        return [tables[view.which](sweep, view.top)]
    shown = [table for make in tables.values() if (table := make(sweep, view.top)).rows]
    said = [*say.of_endings(sweep), *say.of_structure(sweep), *say.of_pairs(sweep)] if sweep.labels else []
    meaning = [say.meaning(sweep)] if sweep.labels else []
    return [say.headline(sweep), *meaning, *shown, *said, *sweep.caveats]


def contingencies_table(sweep: Sweep, top: int) -> Table:
    """Rank the contingencies."""
    every = swept(sweep)
    has_pairs = sweep.study.order > 1
    rows = tuple(cells_of(row, has_pairs=has_pairs) for row, _ in zip(every, range(top), strict=False))
    heads = ["", "fails", ">user-min", ">entry points", ">parts", ">out", ">deep", ">over after", ">static"]
    heads += [">beyond both"] if has_pairs else []
    most = f": the worst {len(rows)} of {len(sweep.labels):,}" if len(rows) < len(sweep.labels) else ""
    return Table(f"What each failure does{most}", (*heads, "last back", "most waiting"), rows)


def cells_of(row: SweptDocument, *, has_pairs: bool) -> tuple[str, ...]:
    """Write one contingency as cells."""
    slowest, waiting = row["slowest_entry_point"], row["peak_backlog_count"]
    cells = [
        str(row["rank"]),
        " + ".join(row["fails"]),
        say.short(row["impact_user_minutes"]),
        f"{row['entry_points_hit']:,}" if row["entry_points_hit"] else "",
        f"{row['parts_hit']:,}" if row["parts_hit"] else "",
        about(60.0 * row["out_minutes"]) if row["out_minutes"] else "",
        str(row["depth"]) if row["depth"] else "",
        over(row),
        f"{row['entry_points_lost_by_structure']:,}" if row["entry_points_lost_by_structure"] else "",
    ]
    if has_pairs:
        excess = row["excess_user_minutes"]
        cells.append("" if excess is None or excess < say.NOTICED_MINUTES else f"+{say.short(excess)}")
    return (
        *cells,
        "" if slowest is None else f"{tight(slowest)}, {back(row['slowest_recovery_s'])}",
        f"{brief(waiting)} at {tight(row['peak_backlog_at'] or '')}" if waiting >= 1.0 else "",
    )


def tight(name: str) -> str:
    """Cut the middle out of a long name.

    Examples
    --------
    >>> tight("regional-customer-workload-of-today")
    'regional-cus...load-of-today'
    """
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 16]}...{name[-13:]}"


def over(row: SweptDocument) -> str:
    """Say when a contingency is over."""
    if row["ending"] != "recovered":
        return "stuck" if row["ending"] == "stuck" else "not over"
    return about(row["over_s"] or 0.0) if row["out_minutes"] else ""


def back(seconds: float | None) -> str:
    """Say after how long something is back."""
    return "not back" if seconds is None or math.isinf(seconds) else about(seconds)


def entries_table(sweep: Sweep, top: int) -> Table:
    """Say for each entry point what takes it down for longest."""
    every = sorted(entries(sweep), key=lambda row: (-lost_s(row["worst"], row["recovery_s"]), -row["hit_by"]))
    rows = tuple(
        (row["name"], f"{row['hit_by']:,}", row["worst"] or "", back(row["recovery_s"]) if row["worst"] else "")
        for row in every[:top]
    )
    most = f": {len(rows)} of {len(every):,}" if len(rows) < len(every) else ""
    heads = ("entry point", ">hit by", "slowest after", ">back after")
    return Table(f"When users are back{most}", heads, rows)


def parts_table(sweep: Sweep, top: int) -> Table:
    """Say for each part how many failures of others hit it, and which does so for longest."""
    every = sorted(parts(sweep), key=lambda row: (-row["hit_by"], -lost_s(row["worst"], row["outage_s"])))
    hit = [row for row in every if row["hit_by"]]
    rows = tuple(
        (row["name"], row["kind"], f"{row['hit_by']:,}", row["worst"] or "", back(row["outage_s"])) for row in hit[:top]
    )
    most = f": the first {len(rows)} of {len(hit):,}" if len(rows) < len(hit) else ""
    title = f"What is hit by the failure of others{most}"
    if hit and len(hit) < len(every):
        title += f"; {counted(len(every) - len(hit), 'part')} never"
    return Table(title, ("who", "is a", ">hit by", "for longest by", ">out for"), rows)


def lost_s(worst: str | None, time_s: float | None) -> float:
    """Give a time, for sorting: what has no end first, what is never hit last."""
    if worst is None:
        return -1.0
    return math.inf if time_s is None else time_s


@document.register(Sweep)
def _(sweep: Sweep) -> SweepDocument:
    pairs = sum(len(each) > 1 for each in sweep.study.contingencies)
    return {
        "schema": "cascade/sweep/v1",
        "headline": sweep.headline,
        "caveats": list(sweep.caveats),
        "topology": sweep.topology.name,
        "lasts_s": sweep.study.lasts_s,
        "horizon_s": sweep.study.horizon_s,
        "order": sweep.study.order,
        "pairs_simulated": pairs,
        "pairs": pair_count(sweep.topology) if sweep.study.order > 1 else None,
        "contingencies": [
            {**row, "recoveries": list(recoveries(sweep, index))[:MOST_RECOVERIES]}
            for row, index in zip(swept(sweep), sweep.ranking.tolist(), strict=True)
        ],
        "entry_points": list(entries(sweep)),
        "parts": list(parts(sweep)),
    }


@document.register(View)
def _(view: View) -> SweepDocument:
    found: SweepDocument = document(view.sweep)
    return found


def swept(sweep: Sweep) -> Iterator[SweptDocument]:
    """Give the contingencies, the worst first."""
    excess, hit = sweep.excess_minutes, sweep.entry_points_hit_count
    for rank, index in enumerate(sweep.ranking.tolist(), start=1):
        row = sweep.columns.rows[index]
        times = sweep.columns.recovery_s[index]
        slowest = int(np.nanargmax(times)) if hit[index] else None
        place, ending = int(row["peak_backlog_part"]), Ending(int(row["ending"]))
        yield {
            "rank": rank,
            "fails": list(sweep.study.contingencies[index]),
            "impact_user_minutes": digits(row["impact_minutes"]),
            "entry_points_hit": int(hit[index]),
            "slowest_entry_point": None if slowest is None else sweep.entry_points[slowest],
            "slowest_recovery_s": None if slowest is None else within(times[slowest]),
            "parts_hit": int(row["affected_count"]),
            "out_minutes": digits(row["violated_minutes"]),
            "depth": int(row["depth_count"]),
            "peak_backlog_count": digits(row["peak_backlog_count"]),
            "peak_backlog_at": sweep.names[place] if place >= 0 else None,
            "ending": ending.name.lower(),
            "over_s": digits(row["ended_s"]) if ending is Ending.RECOVERED else None,
            "entry_points_lost_by_structure": int(sweep.columns.static_lost_count[index]),
            "excess_user_minutes": within(excess[index]),
            "step_s": digits(row["step_s"]),
            "step_error_fraction": within(row["step_error_fraction"]),
        }


def digits(value: float) -> float:
    """Give a number with the six digits that mean something."""
    return float(f"{float(value):.6g}")


def within(value: float) -> float | None:
    """Give a number, or none where it has no bound or is not there."""
    return digits(value) if math.isfinite(value) else None


def recoveries(sweep: Sweep, index: int) -> Iterator[RecoveryDocument]:
    """Give the entry points that a contingency hits, those first that take longest to come back."""
    times = sweep.columns.recovery_s[index]
    for place in np.argsort(-times, kind="stable").tolist():  # nan comes last
        if math.isnan(times[place]):
            return
        yield {"entry_point": sweep.entry_points[place], "recovery_s": within(times[place])}


def entries(sweep: Sweep) -> Iterator[SweptEntryDocument]:
    """Give what users of each entry point have to expect."""
    times = sweep.columns.recovery_s
    hit = np.count_nonzero(~np.isnan(times), axis=0)
    for place, name in enumerate(sweep.entry_points):
        worst = worst_for(sweep, place) if hit[place] else None
        yield {
            "name": name,
            "weight": sweep.topology.services[name].weight,
            "hit_by": int(hit[place]),
            "worst": None if worst is None else sweep.labels[worst],
            "recovery_s": None if worst is None else within(times[worst, place]),
        }


def worst_for(sweep: Sweep, place: int) -> int:
    """Give the contingency from which an entry point takes longest to come back; of equals, the simplest, the worst."""
    times = sweep.columns.recovery_s[:, place]
    slowest = np.flatnonzero(times == np.nanmax(times)).tolist()
    rank = np.argsort(sweep.ranking)
    return min(slowest, key=lambda index: (len(sweep.study.contingencies[index]), int(rank[index])))


def parts(sweep: Sweep) -> Iterator[SweptPartDocument]:
    """Give what hits each part."""
    topology = sweep.topology
    for name, part in zip(sweep.names, sweep.columns.parts, strict=True):
        worst = int(part["worst"])
        yield {
            "name": name,
            "kind": "service" if name in topology.services else "group" if name in topology.groups else "fleet",
            "is_entry_point": name in topology.services and topology.services[name].is_entry_point,
            "hit_by": int(part["hit_count"]),
            "worst": sweep.labels[worst] if worst >= 0 else None,
            "outage_s": within(part["outage_s"]) if worst >= 0 else None,
        }
