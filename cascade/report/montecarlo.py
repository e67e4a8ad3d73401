"""What is said of samples: losses, how often they come, where they come from, and what drives them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cascade.analysis import montecarlo_sentences as say
from cascade.analysis.montecarlo import LEAST_MINUTES, MonteCarlo, ReplayedSample
from cascade.analysis.montecarlo_sentences import amount, share
from cascade.analysis.sampling import RANDOMISATIONS
from cascade.analysis.sentences import about
from cascade.engine.outcome import Ending
from cascade.report.document import document
from cascade.report.montecarlo_schema import SampleDocument
from cascade.report.tables import Block, Table
from cascade.report.text import blocks
from cascade.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from cascade.report.montecarlo_schema import (
        ConvergenceDocument,
        DriverDocument,
        ExceedanceDocument,
        LossesDocument,
        MonteCarloDocument,
        PartLossDocument,
        WorstDocument,
    )

    Floats = NDArray[np.float64]

PERIODS: Final = (1 / 12, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
"""Return periods that are told, as far as there are samples [a]."""
RAREST: Final = 1e-9
"""Incidents a year below which there are none."""
LEAST_ABOVE: Final = 4
"""Samples beyond a level below which its period is not told."""
MOST_PARTS: Final = 12
MOST_DRIVERS: Final = 12
MOST_LEVELS: Final = 60
WORST: Final = 5
"""Worst samples that are named."""
QUANTILES: Final = (0.5, 0.9, 0.99)


@blocks.register(MonteCarlo)
def _(found: MonteCarlo) -> list[Block]:
    told: list[Block] = [say.headline(found), say.about_samples(found), losses_table(found)]
    if len(found.study) > 1:
        told += [say.meaning(found), say.about_incidents(found)]
    tables = (periods_table(found), parts_table(found), drivers_table(found), worst_table(found))
    told += [table for table in tables if table.rows]
    if len(found.study) > 1:
        told.append(convergence_table(found))
    return [*told, *say.caveats(found)]


@blocks.register(ReplayedSample)
def _(replayed: ReplayedSample) -> list[Block]:
    told: list[Block] = [say.of_sample(replayed)]
    drawn = drawn_table(replayed)
    return [*told, *([drawn] if drawn.rows else []), *blocks(replayed.blast)]


def drawn_table(replayed: ReplayedSample) -> Table:
    """Name what was drawn: failures, then numbers beside those that stand for them otherwise."""
    rows = [
        (name, f"at {about(failure.at_s)} for {about(failure.lasts_s)}", "")
        for name, failure in zip(replayed.sample.drawn.labels, replayed.sample.drawn.failures, strict=True)
    ]
    numbers = zip(replayed.places, replayed.sample.drawn.numbers, strict=True)
    rows += [
        (place.name, say.number(place.path, value), say.number(place.path, place.law.median))
        for place, value in numbers
    ]
    return Table("What was drawn", ("what", ">drawn", ">median"), tuple(rows))


def losses_table(found: MonteCarlo) -> Table:
    """Give the distributions of the losses."""
    one = "one incident" if found.is_of_incidents else "the scenario"
    rows = [losses_row(one, losses_of_one(found))]
    if found.is_of_incidents:
        rows.append(losses_row("a year", losses_of_year(found)))
    heads = ("in", ">mean", ">half below", ">9 of 10 below", ">99 of 100 below")
    return Table("How much is lost [user-minutes]", heads, tuple(rows))


def losses_row(name: str, losses: LossesDocument) -> tuple[str, ...]:
    """Write one distribution as cells."""
    mean = f"{amount(losses['mean'])}{error_text(losses['standard_error'])}"
    return name, mean, *(amount(losses[key]) for key in ("p50", "p90", "p99"))


def error_text(error: float | None) -> str:
    """Write a standard error, if it is known."""
    return f" ± {amount(error, 2)}" if error and math.isfinite(error) else ""


def losses_of_one(found: MonteCarlo) -> LossesDocument:
    """Give the distribution of the loss of one incident, or of the scenario."""
    often = found.incidents_per_year
    error = ratio_error(found)
    p50, p90, p99 = map(found.quantile, QUANTILES)
    return {
        "mean": found.mean_loss.value / often.value if often.value else 0.0,
        "standard_error": error, "p50": p50, "p90": p90, "p99": p99,
    }  # fmt: skip


def ratio_error(found: MonteCarlo) -> float:
    """Give the standard error of the mean loss of one incident, where the rates vary as well."""
    if len(found.study) < RANDOMISATIONS:
        return math.nan
    losses = (found.per_year * found.impact_minutes).reshape(-1, RANDOMISATIONS).mean(axis=0)
    often = found.per_year.reshape(-1, RANDOMISATIONS).mean(axis=0)
    if not often.all():
        return math.nan
    return float((losses / often).std(ddof=1)) / math.sqrt(RANDOMISATIONS)


def losses_of_year(found: MonteCarlo) -> LossesDocument:
    """Give the distribution of the loss of a year."""
    p50, p90, p99 = map(found.years.quantile, QUANTILES)
    return {
        "mean": found.mean_loss.value, "standard_error": found.mean_loss.error, "p50": p50, "p90": p90, "p99": p99,
    }  # fmt: skip


def periods_table(found: MonteCarlo) -> Table:
    """Tell how seldom how much is lost at once."""
    if not found.is_of_incidents:
        return Table("", (), ())
    rows = []
    for years in periods_known(found):
        level = found.loss_of_period(years)
        [rate], [error] = found.exceedance(np.array([np.nextafter(level, 0.0)]))
        rows.append((say.period(years), amount(level), f"{amount(rate)}{error_text(float(error))}"))
    heads = ("once in a", ">at least so much at once [user-minutes]", ">times a year")
    return Table("How seldom how much is lost at once", heads, tuple(rows))


def periods_known(found: MonteCarlo) -> list[float]:
    """Give the return periods of which there are enough samples, and in which something is lost."""
    longest = len(found.study) / (LEAST_ABOVE * max(found.incidents_per_year.value, RAREST))
    return [years for years in PERIODS if years <= longest and found.loss_of_period(years) > LEAST_MINUTES]


def part_losses(found: MonteCarlo) -> Iterator[PartLossDocument]:
    """Give what incidents begin with, what loses most first."""
    first = np.array(found.first)
    for name, fraction in say.parts_of(found):
        is_own = first == name
        weight = found.per_year[is_own]
        whole = float(weight.sum())
        yield {
            "part": name,
            "incidents_per_year": whole / len(found.study),
            "user_minutes_each": float(weight @ found.impact_minutes[is_own]) / whole,
            "loss_fraction": min(fraction, 1.0),
            "harmless_fraction": min(float(weight @ (found.impact_minutes[is_own] <= LEAST_MINUTES)) / whole, 1.0),
            "not_back_fraction": min(float(weight @ found.is_stuck[is_own]) / whole, 1.0),
        }


def parts_table(found: MonteCarlo) -> Table:
    """Tell what the loss begins with."""
    every = list(part_losses(found))
    rows = tuple(
        (
            part["part"],
            share(part["loss_fraction"]),
            amount(part["incidents_per_year"]),
            amount(part["user_minutes_each"]),
            share(part["harmless_fraction"]),
            share(part["not_back_fraction"]),
        )
        for part in every[:MOST_PARTS]
    )
    more = f": the first {len(rows)} of {len(every):,}" if len(rows) < len(every) else ""
    heads = ("fails first", ">of the loss", ">times a year", ">user-minutes each", ">harmless", ">not back")
    return Table(f"What the loss begins with{more}", heads, rows)


def drivers_table(found: MonteCarlo) -> Table:
    """Tell what the loss varies with, as far as that stands out from chance."""
    known = found.sensitivity
    shown = known.clear[:MOST_DRIVERS]
    hidden = len(known.drivers) - len(shown)
    more = f"; {hidden} more cannot be told from chance" if hidden else ""
    if known.method == "sobol":
        rows = tuple((d.name, pair(d.total, d.total_error), pair(d.first, d.first_error)) for d in shown)
        heads = ("what", ">all in all", ">alone")
        title = f"What drives it: shares of the variance, from {known.runs_count:,} more runs{more}"
        return Table(title, heads, rows)
    rows = tuple((d.name, pair(d.first, d.first_error), f"{d.pawn:.2f}") for d in shown)
    heads = ("what", ">of the variance, alone", f">moves the distribution (PAWN, chance {known.pawn_floor:.2f})")
    return Table(f"What drives it{more}", heads, rows)


def pair(value: float, error: float) -> str:
    """Write an index with its standard error."""
    return f"{value:.0%} ± {error:.0%}"


def worst(found: MonteCarlo) -> Iterator[WorstDocument]:
    """Give the samples that lose most."""
    order = np.argsort(-found.impact_minutes, kind="stable")
    for number in order[:WORST].tolist():
        if found.impact_minutes[number] > LEAST_MINUTES and len(found.study) > 1:
            yield {
                "sample": number,
                "user_minutes": float(found.impact_minutes[number]),
                "fails": list(found.design.drawn(number).labels),
                "ending": ending_of(found, number),
            }


def worst_table(found: MonteCarlo) -> Table:
    """Name the samples that lose most."""
    rows = tuple(
        (
            str(row["sample"]),
            amount(row["user_minutes"]),
            listed(row["fails"]) or str(found.study.scenario),
            row["ending"],
        )
        for row in worst(found)
    )
    return Table("The worst samples; --sample NUMBER replays one", (">sample", ">user-minutes", "fails", "ends"), rows)


def ending_of(found: MonteCarlo, number: int) -> str:
    """Say how a sample ended."""
    return Ending(int(found.table["ending"][number])).name.lower()


def convergence_table(found: MonteCarlo) -> Table:
    """Show the expected loss after ever more samples."""
    rows = tuple(
        (f"{size:,}", amount(mean.value), amount(mean.error, 2), f"{mean.relative_error:.1%}")
        for size, mean in found.convergence
    )
    heads = (">samples", ">expected loss", ">standard error", ">of it")
    return Table("How it converges [user-minutes]", heads, rows[-8:])


def exceedances(found: MonteCarlo) -> Iterator[ExceedanceDocument]:
    """Give how often more than each of some losses is lost."""
    levels = levels_of(found)
    rates, errors = found.exceedance(levels)
    for level, rate, error in zip(levels.tolist(), rates.tolist(), errors.tolist(), strict=True):
        yield {
            "user_minutes": level,
            "per_year": rate,
            "standard_error": error,
            "return_period_years": 1.0 / rate if found.is_of_incidents and rate > 0.0 else None,
        }


def levels_of(found: MonteCarlo) -> Floats:
    """Give some of the losses, closer together where they are large."""
    losses = np.unique(found.impact_minutes)
    if losses.size <= MOST_LEVELS:
        return losses
    places = losses.size - np.geomspace(1, losses.size, MOST_LEVELS)
    levels: Floats = losses[np.unique(places.round().astype(int))]
    return levels


@document.register(ReplayedSample)
def _(replayed: ReplayedSample) -> Any:
    return document(replayed.blast)


@document.register(MonteCarlo)
def _(found: MonteCarlo) -> MonteCarloDocument:
    study, known = found.study, found.sensitivity
    return {
        "schema": "cascade/montecarlo/v1",
        "headline": say.headline(found),
        "caveats": list(say.caveats(found)),
        "topology": study.topology.name,
        "scenario": study.scenario,
        "samples": len(study),
        "randomisations": min(RANDOMISATIONS, len(study)),
        "seed": study.seed,
        "followed_s": study.follow_s if found.is_of_incidents else None,
        "uncertain": [place.name for place in found.design.places],
        "incidents_per_year": found.incidents_per_year.value if found.is_of_incidents else None,
        "expected_loss": found.mean_loss.value,
        "standard_error": found.mean_loss.error,
        "harmless_fraction": min(found.harmless_fraction, 1.0),
        "not_back_fraction": min(found.share(found.is_stuck), 1.0),
        "incident": losses_of_one(found),
        "year": losses_of_year(found) if found.is_of_incidents else None,
        "exceedance": list(exceedances(found)),
        "parts": list(part_losses(found)),
        "sensitivity": known.method,
        "sensitivity_runs": known.runs_count,
        "pawn_floor": known.pawn_floor,
        "drivers": list(driver_values(found)),
        "convergence": list(convergence_values(found)),
        "worst": list(worst(found)),
    }


def driver_values(found: MonteCarlo) -> Iterator[DriverDocument]:
    """Give everything that was drawn, with its influence."""
    for driver in found.sensitivity.drivers:
        yield {
            "name": driver.name,
            "first_order": driver.first,
            "first_order_error": driver.first_error,
            "total": driver.total,
            "total_error": driver.total_error,
            "pawn": driver.pawn,
            "is_clear": driver.is_clear,
        }


def convergence_values(found: MonteCarlo) -> Iterator[ConvergenceDocument]:
    """Give the expected loss after ever more samples."""
    for size, mean in found.convergence:
        yield {"samples": size, "user_minutes": mean.value, "standard_error": mean.error}


def sample_heads(found: MonteCarlo) -> tuple[str, ...]:
    """Name the columns of the samples."""
    return (*SampleDocument.__annotations__, *(place.name for place in found.design.places))


def sample_rows(found: MonteCarlo) -> Iterator[tuple[Any, ...]]:
    """Give what each sample was and came to."""
    for number, row in enumerate(found.table):
        values: SampleDocument = {
            "sample": number,
            "impact_user_minutes": float(row["impact_minutes"]),
            "incidents_per_year": float(found.per_year[number]),
            "fails_first": found.first[number],
            "failures": int(found.failures_count[number]),
            "ending": ending_of(found, number),
            "ended_s": float(row["ended_s"]),
            "parts_hit": int(row["violated_count"]),
            "depth": int(row["depth_count"]),
            "peak_backlog_count": float(row["peak_backlog_count"]),
        }
        yield (*values.values(), *found.design.drawn(number).numbers)
