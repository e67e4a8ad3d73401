"""What a page holds, gathered from a result before anything is written."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cascade.analysis import spof_sentences, sweep_sentences
from cascade.analysis.expectations import expectations
from cascade.analysis.sentences import about, count
from cascade.analysis.spof import Spof, spof
from cascade.report.moments import events_of, moment_text, setting
from cascade.report.page.cells import Cell, Grid, Index, amount, heads, plain
from cascade.report.page.drawn import drawn_parts
from cascade.report.page.evidence import Evidence, evidence_of
from cascade.report.page.film import (
    ALL_LOST,
    end_of,
    end_of_sweep,
    film_of_run,
    films_of_sweep,
    frame_times,
    moments_of_run,
    moments_since,
)
from cascade.report.page.parts import PartText, Relations, cost_text, fate_of, losses, relations_of, tell
from cascade.report.page.rankings import impacts_grid, on_the_way_grid, replay_grids, single_points_grid, sweep_grid
from cascade.report.sweep import back, entries_table, parts_table
from cascade.report.text import expectations_tables, score
from cascade.studies.identity import digest, parts_of, version
from cascade.wording import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cascade.analysis.blast_radius import BlastRadius
    from cascade.analysis.replay import Replay
    from cascade.analysis.sweep import Sweep
    from cascade.model import Topology
    from cascade.report.page.film import Film

MOST_PARTS: Final = 200
"""Parts that a page tells of one by one."""
MOST_WORST: Final = 50
"""Failures of a large topology of which a page tells, and of what they hit."""
MOST_NAMED: Final = 12
SMALL: Final = 120
"""Parts of a topology of which a page tells all."""

BASES: Final = (
    "An error in brackets does not count as predicted: the source assumes that moment, or an event gives it away."
)


@dataclass(frozen=True, slots=True)
class Origin:
    """What the same page can be made of again."""

    text: str = ""
    """Of the topology file; its comments say where numbers are from."""
    command: str = ""
    """The command line that makes the page."""


@dataclass(frozen=True, slots=True)
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
    expectations: Grid | None
    verdict: str
    """Whether all that is expected is met; empty where nothing is."""
    is_missed: bool
    films: tuple[Film, ...]
    moments: tuple[str, ...]
    ends_s: float
    """Time of the last frame [s]."""
    grids: tuple[Grid, ...]
    """Who is hit, or what each failure does."""
    events: Grid | None
    replay: Replay | None
    replay_said: tuple[str, ...]
    replay_grids: tuple[Grid, ...]
    structure: Spof
    structure_said: tuple[str, ...]
    structure_grids: tuple[Grid, ...]
    parts: tuple[PartText, ...]
    parts_left_out: int
    index: Index
    relations: Relations
    evidence: Evidence
    origin: Origin
    facts: tuple[tuple[str, str], ...]
    """Version, hash, seed and the like."""


def page_of_run(blast: BlastRadius, replay: Replay | None, origin: Origin) -> Page:
    """Gather what a page says of one run."""
    run, topology = blast.run, blast.run.topology
    structure = structure_of(topology)
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
        numbers=tuple(numbers_of_run(blast)),
        caveats=(*hit_before(blast), *blast.caveats),
        expectations=plain("expectations", expectations_tables(run)[0]) if checked else None,
        verdict=verdict_of(len(checked), missed),
        is_missed=missed > 0,
        films=(film_of_run(run, times_s),),
        moments=tuple(moments_of_run(run, times_s)),
        ends_s=float(times_s[-1]),
        grids=(impacts_grid(blast, index),),
        events=events_grid(blast),
        replay=replay,
        replay_said=(score(replay), BASES) if replay else (),
        replay_grids=replay_grids(replay, index) if replay else (),
        structure=structure,
        structure_said=tuple(structure_texts(structure)),
        structure_grids=tuple(
            grid
            for grid in (single_points_grid(structure, index), on_the_way_grid(blast, index))
            if grid.rows
        ),
        parts=tuple(
            tell(
                topology, name, index, relations, loss=said.get(name, ()),
                fate=fate_of(blast, impacts[name], index, relations, ALL_LOST) if name in impacts else None,
            )
            for name in in_order(told, index)
        ),
        parts_left_out=len(index.number) - len(told),
        index=index,
        relations=relations,
        evidence=evidence_of(topology, origin.text, index),
        origin=origin,
        facts=(
            ("Seed", "none: nothing is drawn"),
            ("Step", step_text(run.step_s, run.step_error_fraction)),
            *identity(topology),
        ),
    )  # fmt: skip


def page_of_sweep(sweep: Sweep, origin: Origin) -> Page:
    """Gather what a page says of a whole ranking."""
    topology = sweep.topology
    structure = structure_of(topology)
    relations = relations_of(topology)
    hit = (sweep.names[part] for hits in leading(sweep) for part in hits["part"].tolist())
    worst = (sweep.labels[place] for place in sweep.ranking.tolist()[:MOST_WORST])
    told = told_first([*worst, *drawn_parts(sweep), *hit], topology, relations)
    index = index_of(topology, sweep.names, told)
    times_s = frame_times(end_of_sweep(sweep))
    said = losses(structure.contingencies)
    costs = costs_of(sweep)
    tables = [table for make in (entries_table, parts_table) if (table := make(sweep, MOST_PARTS)).rows]
    return Page(
        topology=topology,
        subject=sweep,
        kind="ranking",
        headline=sweep.headline,
        setting=f"{topology.name}: every service, fleet and domain fails once, for {about(sweep.study.lasts_s)}.",
        numbers=tuple(numbers_of_sweep(sweep)),
        caveats=(*said_of_sweep(sweep), *sweep.caveats),
        expectations=None,
        verdict="",
        is_missed=False,
        films=tuple(films_of_sweep(sweep, times_s)),
        moments=tuple(moments_since(times_s)),
        ends_s=float(times_s[-1]),
        grids=(sweep_grid(sweep, index), *(plain(f"seen-{number}", table) for number, table in enumerate(tables))),
        events=None,
        replay=None,
        replay_said=(),
        replay_grids=(),
        structure=structure,
        structure_said=tuple(structure_texts(structure)),
        structure_grids=tuple(grid for grid in (single_points_grid(structure, index),) if grid.rows),
        parts=tuple(
            tell(topology, name, index, relations, fate=None, loss=(*costs.get(name, ()), *said.get(name, ())))
            for name in in_order(told, index)
        ),
        parts_left_out=len(index.number) - len(told),
        index=index,
        relations=relations,
        evidence=evidence_of(topology, origin.text, index),
        origin=origin,
        facts=(("Seed", "none: nothing is drawn"), *identity(topology)),
    )  # fmt: skip


def leading(sweep: Sweep) -> Iterator[Any]:
    """Yield what the worst contingencies hit, the worst first."""
    for place in sweep.ranking.tolist():
        if place in sweep.leading:
            yield sweep.leading[place]


def told_first(names: Iterable[str], topology: Topology, relations: Relations) -> list[str]:
    """Give the parts that a page tells of: all of a small topology, else those that matter and their neighbours."""
    every = {*topology.services, *topology.groups, *topology.fleets, *topology.all_domains}
    found = dict.fromkeys(name for name in names if name in every)
    if len(every) <= SMALL:
        return list(every)
    near = (other for name in list(found) for other in relations.callers.get(name, ()))
    users = (name for name, service in topology.services.items() if service.is_entry_point)
    return list(dict.fromkeys([*found, *near, *users]))[:MOST_PARTS]


def index_of(topology: Topology, names: Iterable[str], told: Iterable[str]) -> Index:
    """Number the parts: those of a run in its order, then the domains."""
    every = dict.fromkeys([*names, *topology.all_domains])
    return Index({name: number for number, name in enumerate(every)}, frozenset(told))


def in_order(names: Iterable[str], index: Index) -> list[str]:
    """Sort parts by their number."""
    return sorted(names, key=index.number.__getitem__)


def numbers_of_run(blast: BlastRadius) -> Iterator[tuple[str, str]]:
    """Give the numbers that say most about a run."""
    services, own = blast.run.topology.services, {*blast.trigger}
    hit = [impact for impact in blast.impacts if impact.kind == "service" and impact.name not in own]
    users = blast.entry_points
    yield f"{len(hit):,} of {len(services) - len(own & services.keys()):,}", "other services hit"
    if users:
        yield f"{sum(impact is not None for impact in users.values()):,} of {len(users):,}", "entry points hit"
    longest = max((impact.outage_s for impact in blast.impacts), default=0.0)
    yield (about(longest) if blast.impacts else "never"), "longest out"
    if users:
        yield count(blast.requests_lost), "requests of users lost"
    yield f"{sum(impact in blast.outlasting for impact in hit):,}", "stay down after the repair"


def numbers_of_sweep(sweep: Sweep) -> Iterator[tuple[str, str]]:
    """Give the numbers that say most about a ranking."""
    rows = sweep.columns.rows
    yield f"{len(sweep.labels):,}", "failures simulated"
    if not sweep.labels:
        return
    yield f"{int(np.count_nonzero(sweep_sentences.is_noticed(sweep))):,}", "of them hit users"
    yield f"{int(np.count_nonzero(~sweep.is_recovered)):,}", "do not recover in time"
    yield sweep_sentences.short(float(rows["impact_minutes"].max())), "user-minutes, the worst"
    yield f"{int(rows['affected_count'].max()):,}", "other parts hit, at most"


def said_of_sweep(sweep: Sweep) -> Iterator[str]:
    """Say what the ranking alone does not show."""
    if sweep.labels:
        yield from sweep_sentences.of_endings(sweep)
        yield from sweep_sentences.of_structure(sweep)
        yield from sweep_sentences.of_pairs(sweep)


def hit_before(blast: BlastRadius) -> Iterator[str]:
    """Say what was outside its objective before anything happened."""
    if blast.hit_before:
        yield f"Outside its objective before anything happened, and left out: {listed(blast.hit_before)}."


def verdict_of(total: int, missed: int) -> str:
    """Say whether all that is expected of a scenario is met."""
    if not total:
        return ""
    if not missed:
        return f"Meets {'all ' if total > 1 else ''}{counted(total, 'expectation')} of the scenario."
    return f"Misses {missed} of {counted(total, 'expectation')} of the scenario."


def events_grid(blast: BlastRadius) -> Grid | None:
    """List what happens from outside."""
    rows = tuple((amount(moment_text(blast.run, time_s), time_s), Cell(text)) for time_s, text in events_of(blast.run))
    return Grid("events", "What happens from outside", heads("When", "Event"), rows) if rows else None


def structure_of(topology: Topology) -> Spof:
    """Find the single points of failure by structure alone: how likely they are, a page does not ask."""
    silent = {"reliability": None}
    services = {name: service.model_copy(update=silent) for name, service in topology.services.items()}
    domains = {name: domain.model_copy(update=silent) for name, domain in topology.domains.items()}
    if services == topology.services and domains == topology.domains:
        return spof(topology, order=1)
    return spof(topology.model_copy(update={"services": services, "domains": domains}), order=1)


def structure_texts(found: Spof) -> Iterator[str]:
    """Say what the structure says."""
    yield spof_sentences.headline(found)
    yield spof_sentences.meaning(found)
    for group in found.false_redundancies[:10]:
        yield f"False redundancy: {spof_sentences.of_redundancy(group)}."
    yield from spof_sentences.of_parts(found)


def costs_of(sweep: Sweep) -> dict[str, list[str]]:
    """Say what the simulated failure of each part costs."""
    said: dict[str, list[str]] = {}
    for rank, place in enumerate(sweep.ranking.tolist(), start=1):
        failed, row = sweep.study.contingencies[place], sweep.columns.rows[place]
        if len(failed) == 1:
            minutes = float(row["impact_minutes"])
            is_over = bool(sweep.is_recovered[place])
            when = f"is over after {back(float(row['ended_s']))}" if is_over else "is not over in time"
            text = cost_text(minutes, int(row["affected_count"]), when)
            said[failed[0]] = [text, *hit_by(sweep, place), f"That is rank {rank:,} of {len(sweep.labels):,}."]
    return said


def hit_by(sweep: Sweep, place: int) -> Iterator[str]:
    """Name what one of the worst contingencies hits."""
    own = sweep.study.contingencies[place]
    parts = sweep.leading[place]["part"].tolist() if place in sweep.leading else ()
    if names := [sweep.names[part] for part in parts if sweep.names[part] not in own]:
        yield f"It hits {listed(names, MOST_NAMED)}."


def step_text(step_s: float, error_fraction: float) -> str:
    """Say how finely a run was played."""
    error = "" if math.isnan(error_fraction) else f", error of the step at most {error_fraction:.2%}"
    return f"{step_s:.3g} s{error}"


def identity(topology: Topology) -> Iterator[tuple[str, str]]:
    """Give what decides the answer: the program and the topology."""
    yield "Cascade", version()
    yield "Topology", f"{digest(repr(tuple(parts_of(topology).items())))} (hash of all that decides a result)"
