"""What is said of single points of failure, cut sets and unavailability."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from cascade.analysis import spof_sentences as say
from cascade.analysis.contingencies import Contingencies, Contingency
from cascade.analysis.sentences import about, brief
from cascade.analysis.spof import Spof
from cascade.analysis.targets import Target
from cascade.report.document import document
from cascade.report.tables import Block, Table
from cascade.report.text import blocks
from cascade.wording import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cascade.analysis.redundancy import FalseRedundancy
    from cascade.analysis.targets import Weight
    from cascade.report.schemas import (
        ContingencyDocument,
        CutSetsDocument,
        FalseRedundancyDocument,
        SpofDocument,
        TargetDocument,
        UnavailabilityDocument,
        WeightDocument,
    )

MOST_ROWS: Final = 20
"""Rows of a table that a person reads."""
MOST_SETS: Final = 12
"""Minimal cut sets of one target that are listed."""
MOST_LISTED: Final = 1000
"""Minimal cut sets of one target that a document holds; the rest is counted."""


@blocks.register(Spof)
def _(spof: Spof) -> list[Block]:
    found: list[Block] = [say.headline(spof), say.meaning(spof)]
    found += [table for table in (single_points_table(spof), targets_table(spof.targets)) if table.rows]
    found += [table for target in spof.targets if (table := cut_sets_table(target)).rows][:MOST_ROWS]
    found += [f"False redundancy: {say.of_redundancy(group)}." for group in spof.false_redundancies[:MOST_ROWS]]
    found += [f"False redundancy: all replicas of {name} are in {zone}." for name, zone in spof.crowded[:MOST_ROWS]]
    found += [table for target in spof.targets if (table := weights_table(target)).rows][:MOST_ROWS]
    found += say.objectives(spof.targets, wanted(spof))
    if spof.targets_left_out:
        found.append(
            f"{spof.targets_left_out:,} more entry points are not looked at one by one; name them with --target."
        )
    if spof.untouched:
        found.append(f"No single failure of anything else takes these down: {listed(spof.untouched, 12)}.")
    return [*found, *say.of_restart(spof.restart), *say.of_parts(spof), *say.of_assumptions(spof), *spof.caveats]


def wanted(spof: Spof) -> dict[str, float]:
    """Give the objectives that the file states for the targets themselves."""
    services = spof.topology.services
    return {
        target.name: slo.success_fraction
        for target in spof.targets
        if target.name in services and (slo := services[target.name].slo) is not None
    }


def single_points_table(spof: Spof) -> Table:
    """Name what takes entry points down alone, what takes most with it first."""
    found = spof.contingencies
    ranked = [index for index in found.ranking.tolist() if is_single_point(found, index)]
    rows = tuple(
        (
            found.names[index],
            kind_of(spof, found.names[index]),
            f"{found.entry_points_lost_count[index]:,}",
            f"{found.affected_count[index]:,}",
        )
        for index in ranked[:MOST_ROWS]
    )
    most = f": the worst {len(rows)} of {len(ranked):,}" if len(rows) < len(ranked) else ""
    heads = ("its loss", "is a", ">entry points lost", ">other services down")
    return Table(f"Single points of failure{most}", heads, rows)


def is_single_point(found: Contingencies, index: int) -> bool:
    """Whether a failure takes down an entry point other than itself."""
    lost = int(found.entry_points_lost_count[index])
    name = found.names[index]
    services = found.logic.topology.services
    itself = name in services and services[name].is_entry_point
    return lost > int(itself)


def kind_of(spof: Spof, name: str) -> str:
    """Say what something is, and how many copies there are of it."""
    topology = spof.topology
    if name in topology.services:
        replicas = topology.services[name].replicas
        return f"service, {replicas} replicas" if replicas > 1 else "service"
    return "fleet" if name in topology.fleets else "domain"


def targets_table(targets: Sequence[Target]) -> Table:
    """Count the minimal cut sets of each target, and say how likely it is to be down."""
    orders = max((len(target.counts) for target in targets), default=0)
    has_odds = any(target.unavailability for target in targets)
    heads = ["target", *(f">of {order}" for order in range(1, orders + 1))]
    heads += [">down, share of time", ">a year"] if has_odds else []
    rows = []
    for target in targets[:MOST_ROWS]:
        counts = [brief(count) if count >= 100_000 else f"{count:,}" for count in target.counts]  # noqa: PLR2004 - digits
        cells = [target.name, *counts, *[""] * (orders - len(counts))]
        if has_odds:
            odds = target.unavailability
            cells += [say.likely(odds), about(odds.downtime_s)] if odds else ["", ""]
        rows.append(tuple(cells))
    more = f": the first {len(rows)} of {len(targets):,} targets" if len(rows) < len(targets) else ""
    return Table(f"Minimal cut sets, by how many failures it takes{more}", tuple(heads), tuple(rows))


def cut_sets_table(target: Target) -> Table:
    """List the smallest minimal cut sets of several failures."""
    several = (names for names in target.cut_sets() if len(names) > 1)
    rows = tuple((", ".join(names),) for names in islice(several, MOST_SETS))
    total = sum(target.sets.counts[1:]) if target.sets else 0
    most = f", {len(rows)} of {total:,}" if total > len(rows) else ""
    return Table(f"{target.name} goes down with all of these at once{most}", ("at once",), rows)


def weights_table(target: Target) -> Table:
    """Rank what makes a target unavailable."""
    rows = tuple(
        (
            weight.name,
            f"{weight.probability:.3g}",
            f"{weight.birnbaum:.3g}",
            f"{weight.criticality:.1%}",
            f"{weight.fussell_vesely:.1%}",
            f"{weight.raw:.3g}",
            f"{weight.rrw:.3g}",
        )
        for weight in target.weights[:MOST_SETS]
    )
    heads = ("failure", ">down", ">Birnbaum", ">criticality", ">Fussell-Vesely", ">RAW", ">RRW")
    return Table(f"What weighs most in the unavailability of {target.name}", heads, rows)


@blocks.register(Target)
def _(target: Target) -> list[Block]:
    tables = (targets_table([target]), cut_sets_table(target), weights_table(target))
    return [f"{say.of_target(target)}.", *(table for table in tables if table.rows)]


@blocks.register(Contingencies)
def _(found: Contingencies) -> list[Block]:
    rows = tuple(row_of(found, index) for index in found.ranking[:MOST_ROWS].tolist())
    heads = ("its loss", ">other services down", ">entry points lost", ">taken down by", "worst for it")
    most = f": the worst {len(rows)} of {len(found.names):,}" if len(rows) < len(found.names) else ""
    return [Table(f"Every single contingency, both ways{most}", heads, rows)]


def row_of(found: Contingencies, index: int) -> tuple[str, ...]:
    """Write one contingency as cells."""
    return (
        found.names[index],
        f"{found.affected_count[index]:,}",
        f"{found.entry_points_lost_count[index]:,}",
        f"{found.hit_count[index]:,}",
        found.worst[index] or "",
    )


@blocks.register(Contingency)
def _(found: Contingency) -> list[Block]:
    what = listed(found.failed)
    if not found.fallen:
        return [f"{what} takes nothing else down."]
    rows = tuple((fallen.name, fallen.gate, " > ".join(fallen.path)) for fallen in found.fallen)
    users = f", {listed(found.entry_points, 6)} among them" if found.entry_points else ""
    return [
        f"{what} failing for good takes {counted(len(rows), 'part')} down{users}.",
        Table("Who goes down, the nearest first", ("who", "why", "through"), rows),
    ]


@document.register(Spof)
def _(spof: Spof) -> SpofDocument:
    question = spof.contingencies.logic.question
    return {
        "schema": "cascade/spof/v1",
        "headline": spof.headline,
        "caveats": list(spof.caveats),
        "topology": spof.topology.name,
        "after_s": question.after_s,
        "loss_fraction": question.loss_fraction,
        "verdict": question.verdict.value,
        "targets": [target_values(target) for target in spof.targets],
        "targets_left_out": spof.targets_left_out,
        "contingencies": list(contingency_values(spof)),
        "false_redundancies": [redundancy_values(group) for group in spof.false_redundancies],
        "replicas_in_one_domain": [{"service": name, "domain": zone} for name, zone in spof.crowded],
        "untouched": list(spof.untouched),
        "start_waves": [list(wave) for wave in spof.restart.waves],
        "never_start": [{"name": name, "waits_for": list(waits)} for name, waits in spof.restart.stuck],
        "without_reliability": list(spof.probabilities.unstated),
    }


@document.register(Target)
def _(target: Target) -> SpofDocument:
    return {
        "schema": "cascade/spof/v1",
        "headline": say.of_target(target),
        "caveats": [],
        "topology": target.tree.name,
        "after_s": None,
        "loss_fraction": 1.0,
        "verdict": "serve",
        "targets": [target_values(target)],
        "targets_left_out": 0,
        "contingencies": [],
        "false_redundancies": [],
        "replicas_in_one_domain": [],
        "untouched": [],
        "start_waves": [],
        "never_start": [],
        "without_reliability": [],
    }


def target_values(target: Target) -> TargetDocument:
    """Give what was found for one target."""
    odds = target.unavailability
    listing = list(target.cut_sets(MOST_LISTED))
    sets: CutSetsDocument = {
        "counts": list(target.counts),
        "listed": [list(names) for names in listing],
        "is_all_listed": target.sets is not None and sum(target.sets.counts) == len(listing),
    }
    down: UnavailabilityDocument | None = None
    if odds:
        down = {
            "value": odds.value, "method": odds.method, "low": odds.low, "high": odds.high,
            "standard_error": odds.error, "downtime_s_per_year": odds.downtime_s,
        }  # fmt: skip
    return {
        "name": target.name,
        "single_points": list(target.single_points),
        "cut_sets": sets,
        "unavailability": down,
        "attainable_availability": target.attainable_availability,
        "importance": [weight_values(weight) for weight in target.weights],
    }


def weight_values(weight: Weight) -> WeightDocument:
    """Give the importance of one failure."""
    return {
        "name": weight.name,
        "probability": weight.probability,
        "birnbaum": weight.birnbaum,
        "criticality": weight.criticality,
        "fussell_vesely": weight.fussell_vesely,
        "raw": weight.raw,
        "rrw": weight.rrw,
    }


def contingency_values(spof: Spof) -> Iterator[ContingencyDocument]:
    """Give every single contingency, the worst first."""
    found = spof.contingencies
    for index in found.ranking.tolist():
        yield {
            "name": found.names[index],
            "kind": kind_of(spof, found.names[index]).split(",", maxsplit=1)[0],
            "services_down": int(found.affected_count[index]),
            "entry_points_lost": int(found.entry_points_lost_count[index]),
            "weight_lost": float(found.weight_lost[index]),
            "taken_down_by": int(found.hit_count[index]),
            "worst_for_it": found.worst[index],
        }


def redundancy_values(group: FalseRedundancy) -> FalseRedundancyDocument:
    """Give one group that a single failure takes down."""
    return {
        "group": group.group,
        "needs": group.needs,
        "members": list(group.members),
        "shared_count": group.shared_count,
        "shared": [{"name": cause.name, "members": list(cause.members)} for cause in group.shared],
    }
