"""What a page holds, gathered from a result before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cascade.analysis.expectations import expectations
from cascade.analysis.sentences import about
from cascade.report.moments import setting
from cascade.report.page import words as say
from cascade.report.page.cells import Grid, Index, plain
from cascade.report.page.choice import in_order, index_of, leading, told_first
from cascade.report.page.drawn import drawn_parts
from cascade.report.page.evidence import Evidence, evidence_of
from cascade.report.page.failures import entries_grid, hit_grid, sweep_grid
from cascade.report.page.film import (
    end_of,
    end_of_sweep,
    film_of_run,
    films_of_sweep,
    frame_times,
    moments_of_run,
    moments_since,
)
from cascade.report.page.parts import PartText, Relations, fate_of, losses, relations_of, tell
from cascade.report.page.rankings import events_grid, impacts_grid, on_the_way_grid, replay_grids, single_points_grid
from cascade.report.text import expectations_tables, score

if TYPE_CHECKING:
    from cascade.analysis.blast_radius import BlastRadius
    from cascade.analysis.replay import Replay
    from cascade.analysis.spof import Spof
    from cascade.analysis.sweep import Sweep
    from cascade.model import Topology
    from cascade.report.page.film import Film

MOST_WORST: Final = 50
"""Failures of a large topology of which a page tells, and of what they hit."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What the same page can be made of again."""

    text: str = ""
    """Of the topology file; its comments say where numbers are from."""
    command: str = ""
    """The command line that makes the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All that a page says."""

    topology: Topology
    subject: BlastRadius | Sweep
    """What the page is about."""
    kind: str
    """``run`` or ``ranking``."""
    headline: str
    setting: str
    numbers: tuple[tuple[str, str], ...]
    """Large numbers under the headline, each with what it counts."""
    caveats: tuple[str, ...]
    films: tuple[Film, ...]
    moments: tuple[str, ...]
    ends_s: float
    """Time of the last frame [s]."""
    grids: tuple[Grid, ...]
    """Who is hit, or what each failure does."""
    structure: Spof
    structure_grids: tuple[Grid, ...]
    parts: tuple[PartText, ...]
    index: Index
    relations: Relations
    evidence: Evidence
    origin: Origin
    precision: tuple[tuple[str, str], ...] = ()
    """How finely it was played; nothing where each run has a step of its own."""
    expectations: Grid | None = None
    verdict: str = ""
    """Whether all that is expected is met; empty where nothing is."""
    is_missed: bool = False
    events: Grid | None = None
    replay: Replay | None = None
    replay_said: tuple[str, ...] = ()
    replay_grids: tuple[Grid, ...] = ()

    @property
    def structure_said(self) -> tuple[str, ...]:
        """What can be said of single points in sentences."""
        return tuple(say.structure_texts(self.structure))

    @property
    def parts_left_out(self) -> int:
        """Number of parts that are not told of one by one."""
        return len(self.index.number) - len(self.parts)

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """Seed, step, version and hash."""
        return (("Seed", "none: nothing is drawn"), *self.precision, *say.identity(self.topology))


def page_of_run(blast: BlastRadius, replay: Replay | None, origin: Origin) -> Page:
    """Gather what a page says of one run."""
    run, topology = blast.run, blast.run.topology
    structure = say.structure_of(topology)
    relations = relations_of(topology)
    hit = (impact.name for impact in blast.impacts)
    told = told_first([*blast.trigger, *drawn_parts(blast), *hit], topology, relations)
    index = index_of(topology, run.names, told)
    times_s = frame_times(end_of(run))
    said = losses(structure.contingencies)
    impacts = {impact.name: impact for impact in blast.impacts}
    checked = expectations(run)
    missed = sum(not each.is_met for each in checked)
    return Page(
        topology=topology,
        subject=blast,
        kind="run",
        headline=blast.headline,
        setting=f"{setting(run)}.",
        numbers=tuple(say.numbers_of_run(blast)),
        caveats=(*say.hit_before(blast), *blast.caveats),
        expectations=plain("expectations", expectations_tables(run)[0]) if checked else None,
        verdict=say.verdict_of(len(checked), missed),
        is_missed=missed > 0,
        films=(film_of_run(run, times_s),),
        moments=tuple(moments_of_run(run, times_s)),
        ends_s=float(times_s[-1]),
        grids=(impacts_grid(blast, index),),
        events=events_grid(run),
        replay=replay,
        replay_said=(score(replay), say.BASES) if replay else (),
        replay_grids=replay_grids(replay, index) if replay else (),
        structure=structure,
        structure_grids=tuple(
            grid
            for grid in (single_points_grid(structure, index), on_the_way_grid(blast, index))
            if grid.rows
        ),
        parts=tuple(
            tell(
                topology, name, index, relations, loss=said.get(name, ()),
                fate=fate_of(blast, impacts[name], index, relations) if name in impacts else None,
                note=say.BEFORE if name in blast.hit_before else "",
            )
            for name in in_order(told, index)
        ),
        index=index,
        relations=relations,
        evidence=evidence_of(topology, origin.text, index),
        origin=origin,
        precision=(("Step", say.precision(run.step_s, run.step_error_fraction)),),
    )  # fmt: skip


def page_of_sweep(sweep: Sweep, origin: Origin) -> Page:
    """Gather what a page says of a whole ranking."""
    topology = sweep.topology
    structure = say.structure_of(topology)
    relations = relations_of(topology)
    hit = (sweep.names[part] for hits in leading(sweep) for part in hits["part"].tolist())
    worst = (sweep.labels[place] for place in sweep.ranking.tolist()[:MOST_WORST])
    told = told_first([*worst, *drawn_parts(sweep), *hit], topology, relations)
    index = index_of(topology, sweep.names, told)
    times_s = frame_times(end_of_sweep(sweep))
    said = losses(structure.contingencies)
    costs = say.costs_of(sweep)
    seen = (entries_grid(sweep, index), hit_grid(sweep, index))
    return Page(
        topology=topology,
        subject=sweep,
        kind="ranking",
        headline=sweep.headline,
        setting=f"{topology.name}: every service, fleet and domain fails once, for {about(sweep.study.lasts_s)}.",
        numbers=tuple(say.numbers_of_sweep(sweep)),
        caveats=(*say.said_of_sweep(sweep), *sweep.caveats),
        films=tuple(films_of_sweep(sweep, times_s)),
        moments=tuple(moments_since(times_s)),
        ends_s=float(times_s[-1]),
        grids=(sweep_grid(sweep, index), *(grid for grid in seen if grid.rows)),
        structure=structure,
        structure_grids=tuple(grid for grid in (single_points_grid(structure, index),) if grid.rows),
        parts=tuple(
            tell(topology, name, index, relations, fate=None, loss=(*costs.get(name, ()), *said.get(name, ())))
            for name in in_order(told, index)
        ),
        index=index,
        relations=relations,
        evidence=evidence_of(topology, origin.text, index),
        origin=origin,
    )  # fmt: skip
