"""What a page says in numbers and sentences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.analysis import spof_sentences, sweep_sentences
from cascade.analysis.sentences import about, count
from cascade.analysis.spof import Spof, spof
from cascade.report.page.parts import cost_text
from cascade.report.sweep import back
from cascade.studies.identity import digest, parts_of, version
from cascade.wording import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascade.analysis.blast_radius import BlastRadius
    from cascade.analysis.sweep import Sweep
    from cascade.model import Topology

MOST_NAMED: Final = 12
"""Names of what a failure hits."""
BEFORE: Final = "It was outside its objective before anything happened, and is left out of what follows from that."
BASES: Final = (
    "An error in brackets does not count as predicted: the source assumes that moment, or an event gives it away."
)


def numbers_of_run(blast: BlastRadius) -> Iterator[tuple[str, str]]:
    """Give the numbers that say most about a run."""
    services, own = blast.run.topology.services, {*blast.trigger}
    hit = [impact for impact in blast.impacts if impact.kind == "service" and impact.name not in own]
    users = blast.entry_points
    yield f"{len(hit):,} of {len(services) - len(own & services.keys()):,}", f"{'other ' if own else ''}services hit"
    if users:
        yield f"{sum(impact is not None for impact in users.values()):,} of {len(users):,}", "entry points hit"
    if blast.impacts:
        yield about(max(impact.outage_s for impact in blast.impacts)), "longest out"
    if users:
        yield count(blast.requests_lost), "requests of users lost"
    if blast.repaired_s is not None:
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
    yield from (text.replace("--loss", "cascade spof --loss") for text in spof_sentences.of_parts(found))


def costs_of(sweep: Sweep) -> dict[str, list[str]]:
    """Say what the simulated failure of each part costs."""
    said: dict[str, list[str]] = {}
    for rank, place in enumerate(sweep.ranking.tolist(), start=1):
        failed, row = sweep.study.contingencies[place], sweep.columns.rows[place]
        if len(failed) == 1:
            minutes = float(row["impact_minutes"])
            is_over = bool(sweep.is_recovered[place])
            ended_s = float(row["ended_s"])
            after = f"is over after {back(ended_s)}" if ended_s else "leaves itself within its objective"
            when = after if is_over else "is not over in time"
            text = cost_text(minutes, int(row["affected_count"]), when)
            said[failed[0]] = [text, *hit_by(sweep, place), f"That is rank {rank:,} of {len(sweep.labels):,}."]
    return said


def hit_by(sweep: Sweep, place: int) -> Iterator[str]:
    """Name what one of the worst contingencies hits."""
    own = sweep.study.contingencies[place]
    parts = sweep.leading[place]["part"].tolist() if place in sweep.leading else ()
    if names := [sweep.names[part] for part in parts if sweep.names[part] not in own]:
        yield f"It hits {listed(names, MOST_NAMED)}."


def precision(step_s: float, error_fraction: float) -> str:
    """Say how finely a run was played."""
    error = "" if math.isnan(error_fraction) else f", error of the step at most {error_fraction:.2%}"
    return f"{step_s:.3g} s{error}"


def identity(topology: Topology) -> Iterator[tuple[str, str]]:
    """Give what decides the answer: the program and the topology."""
    yield "Cascade", version()
    yield "Topology", f"{digest(repr(tuple(parts_of(topology).items())))} (hash of all that decides a result)"
