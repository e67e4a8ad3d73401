"""A result as one sheet, for spreadsheets and data frames: the same columns in every row, whatever was found."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch
from typing import TYPE_CHECKING, Any

from cascade.analysis.blast_radius import BlastRadius
from cascade.analysis.diff import Diff
from cascade.analysis.montecarlo import MonteCarlo, ReplayedSample
from cascade.analysis.replay import Replay
from cascade.analysis.spof import Spof
from cascade.analysis.sweep import Sweep
from cascade.analysis.targets import Target
from cascade.engine.run import Run
from cascade.graph.layers import Shape
from cascade.importers.findings import Report
from cascade.loading.check import Checks
from cascade.report import diff_document
from cascade.report.checks import found
from cascade.report.document import comparison_values, impact_values, short
from cascade.report.import_schema import FoundCallDocument
from cascade.report.imports import edge_values
from cascade.report.montecarlo import sample_heads, sample_rows
from cascade.report.schemas import (
    ComparedEdge,
    ContingencyDocument,
    FoundProblem,
    ImpactDocument,
    Node,
    WeightDocument,
)
from cascade.report.shapes import nodes
from cascade.report.structure import contingency_values, weight_values
from cascade.report.sweep import View, parts, recoveries, swept
from cascade.report.sweep_schema import SweptDocument, SweptPartDocument

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows of plain values under the names of their columns."""

    heads: tuple[str, ...]
    rows: Iterable[tuple[Any, ...]]


@singledispatch
def sheet(result: object) -> Sheet:
    """Give a result as one sheet."""
    raise TypeError(f"expected a result of Cascade, got {type(result).__name__}")


@sheet.register(Run)
def _(run: Run) -> Sheet:
    return Sheet(("time_s", "name", "is_hit", *run.series), samples(run))


def samples(run: Run) -> Iterator[tuple[Any, ...]]:
    """Give what is known of each part at each time."""
    hit = run.hit.tolist()
    for index, time_s in enumerate(short(run.times_s)):
        series = [short(values[index]) for values in run.series.values()]
        for name, is_hit, *values in zip(run.names, hit[index], *series, strict=True):
            yield time_s, name, is_hit, *values


@sheet.register(BlastRadius)
def _(blast: BlastRadius) -> Sheet:
    rows = []
    for impact in blast.impacts:
        values = impact_values(impact)
        row = {**values, "path": " > ".join(values["path"]), "windows": len(values["windows"])}
        rows.append(tuple(row.values()))
    return Sheet(tuple(ImpactDocument.__annotations__), rows)


@sheet.register(Replay)
def _(replay: Replay) -> Sheet:
    edges = [f"{side}_{key}" for side in ("start", "end") for key in ComparedEdge.__annotations__]
    rows = []
    for row in map(comparison_values, replay.rows):
        start, end = row["start"], row["end"]
        head = (row["name"], row["service"], row["never"], row["is_missed"])
        rows.append((*head, *start.values(), *end.values(), row["note"]))
    return Sheet(("name", "service", "never", "is_missed", *edges, "note"), rows)


@sheet.register(Checks)
def _(checks: Checks) -> Sheet:
    rows = [tuple(found(problem).values()) for problem in checks.problems]
    rows += [
        (file.file, a.line, 0, f"{a.kind}: {a.what}{f' ({a.why})' if a.why else ''}")
        for file in checks.files
        for a in file.assumptions
    ]
    return Sheet(tuple(FoundProblem.__annotations__), rows)


@sheet.register(Shape)
def _(shape: Shape) -> Sheet:
    return Sheet(tuple(Node.__annotations__), [tuple(node.values()) for node in nodes(shape)])


@sheet.register(Spof)
def _(spof: Spof) -> Sheet:
    rows = (tuple(row.values()) for row in contingency_values(spof))
    return Sheet(tuple(ContingencyDocument.__annotations__), rows)


@sheet.register(Target)
def _(target: Target) -> Sheet:
    rows = (tuple(weight_values(weight).values()) for weight in target.weights)
    return Sheet(tuple(WeightDocument.__annotations__), rows)


@sheet.register(Report)
def _(report: Report) -> Sheet:
    rows = []
    for edge in report.edges:
        values = edge_values(edge)
        row = {**values, "evidence": " ".join(values["evidence"]), "origins": "; ".join(values["origins"])}
        rows.append((*row.values(), edge.is_taken))
    return Sheet((*FoundCallDocument.__annotations__, "is_taken"), rows)


@sheet.register(MonteCarlo)
def _(found: MonteCarlo) -> Sheet:
    return Sheet(sample_heads(found), sample_rows(found))


@sheet.register(ReplayedSample)
def _(replayed: ReplayedSample) -> Sheet:
    return sheet(replayed.blast)


@sheet.register(Sweep)
def _(sweep: Sweep) -> Sheet:
    return sheet(View(sweep))


@sheet.register(View)
def _(view: View) -> Sheet:
    if view.which == "parts":
        return Sheet(tuple(SweptPartDocument.__annotations__), (tuple(row.values()) for row in parts(view.sweep)))
    if view.which == "entries":
        return Sheet(("rank", "fails", "entry_point", "recovery_s", "is_back"), recovery_rows(view.sweep))
    rows = (tuple({**row, "fails": " + ".join(row["fails"])}.values()) for row in swept(view.sweep))
    return Sheet(tuple(SweptDocument.__annotations__), rows)


def recovery_rows(sweep: Sweep) -> Iterator[tuple[Any, ...]]:
    """Give a row for each contingency and each entry point that it hits."""
    for rank, index in enumerate(sweep.ranking.tolist(), start=1):
        for row in recoveries(sweep, index):
            yield rank, sweep.labels[index], row["entry_point"], row["recovery_s"], row["recovery_s"] is not None


@sheet.register(Diff)
def _(diff: Diff) -> Sheet:
    return Sheet(diff_document.HEADS, diff_document.rows(diff))
