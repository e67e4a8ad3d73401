"""What samples say in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from cascade.analysis.draws import REPAIR, WHICH
from cascade.analysis.sampling import RANDOMISATIONS
from cascade.analysis.sensitivity import MOST_SAMPLES as MOST_LOOKED_AT
from cascade.analysis.sentences import about
from cascade.wording import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascade.analysis.losses import Estimate
    from cascade.analysis.montecarlo import MonteCarlo, ReplayedSample
    from cascade.model.uncertain import Path

CROWDED: Final = 0.5
"""Failures at a time from which incidents run into one another."""
ROUNDING: Final = 1e-9
"""Share of an estimate below which its error is that of the arithmetic."""
FEW: Final = 0.05
"""Share of the expected loss below which its standard error is not worth a word."""


def amount(number: float, digits: int = 3) -> str:
    """Write a number with some digits that count.

    Examples
    --------
    >>> amount(1234.5), amount(0.012345), amount(0.0), amount(99.96)
    ('1,230', '0.0123', '0', '100')
    """
    if not math.isfinite(number):
        return "not known" if math.isnan(number) else "any"
    if number == 0.0:
        return "0"
    places = digits - 1 - math.floor(math.log10(abs(number)))
    rounded = round(number, places)
    if abs(rounded) >= 10.0 ** (digits - places):  # one digit more than there was
        places -= 1
    return f"{rounded:,.{max(places, 0)}f}"


def with_error(found: Estimate) -> str:
    """Write an estimate with its standard error, to the digits that the error leaves.

    Examples
    --------
    >>> from cascade.analysis.losses import Estimate
    >>> with_error(Estimate(552.9, 83.9)), with_error(Estimate(2.0, 0.0))
    ('553 ± 84', '2.00')
    """
    if math.isnan(found.error) or found.error <= ROUNDING * abs(found.value):
        return amount(found.value)
    places = max(1 - math.floor(math.log10(found.error)), 0)
    return f"{found.value:,.{places}f} ± {amount(found.error, 2)}"


def headline(found: MonteCarlo) -> str:
    """Say in one sentence how much is lost, and what is behind it."""
    lost = f"{with_error(found.mean_loss)} user-minutes"
    if found.is_of_incidents:
        often = amount(found.incidents_per_year.value)
        text = f"Expected loss in a year: {lost}, in {often} incident{'' if often == '1' else 's'}"
    else:
        text = f"Expected loss in scenario {found.study.scenario}: {lost}"
        if len(found.study) > 1:
            text += f", in 1 of 100 more than {amount(found.quantile(0.99))}"
    if found.mean_loss.value <= 0.0:
        return f"{text}: no sample loses anything."
    parts = parts_of(found)
    if parts:
        text += f"; {share(parts[0][1])} of it begins with {parts[0][0]}"
    if drivers := told_drivers(found):
        text += f"; it varies most with {drivers[0]}"
    return f"{text}."


def told_drivers(found: MonteCarlo) -> list[str]:
    """Name what drives the loss; that it matters which part fails, and for how long, needs no telling."""
    return [driver.name for driver in found.sensitivity.clear if driver.name not in {WHICH, REPAIR}]


def parts_of(found: MonteCarlo) -> list[tuple[str, float]]:
    """Give what incidents begin with and which share of the loss that is, the largest first."""
    losses = found.per_year * found.impact_minutes
    whole = float(losses.sum())
    sums: dict[str, float] = {}
    for name, lost in zip(found.first, losses.tolist(), strict=True):
        if name:
            sums[name] = sums.get(name, 0.0) + lost
    ranked = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    return [(name, lost / whole if whole > 0.0 else 0.0) for name, lost in ranked]


def share(fraction: float) -> str:
    """Write a share.

    Examples
    --------
    >>> share(0.123), share(0.0012), share(0.0), share(0.9999)
    ('12%', '0.12%', '0%', 'almost all')
    """
    if fraction >= 0.9995:  # noqa: PLR2004 - would be rounded to all
        return "all" if fraction >= 1.0 else "almost all"
    return f"{fraction:.2g}%" if fraction == 0.0 else f"{float(f'{100.0 * fraction:.2g}'):g}%"


def about_samples(found: MonteCarlo) -> str:
    """Say what was drawn and played."""
    study = found.study
    numbers = counted(len(found.design.places), "uncertain number")
    if len(study) == 1:
        return f"Nothing in {study.topology.name} is uncertain here: one run says it all."
    each = len(study) // RANDOMISATIONS
    text = f"{len(study):,} samples, {RANDOMISATIONS} times {each:,} quasi-random points (seed {study.seed}), {numbers}"
    if found.is_of_incidents:
        text += f"; each incident is followed for {about(study.follow_s)} after its last repair"
    return f"{text}."


def of_sample(replayed: ReplayedSample) -> str:
    """Say which sample it is, and what it came to."""
    lost = f"{amount(replayed.outcome.impact_minutes)} user-minutes lost, {replayed.outcome.ending.name.lower()}"
    return f"Sample {replayed.sample.number} (seed {replayed.study.seed}), played alone: {lost}."


def number(path: Path, value: float) -> str:
    """Write a number with the unit that its key has.

    Examples
    --------
    >>> number(("services", "web", "service_time_s"), 0.0123456), number(("services", "web", "replicas"), 3)
    ('0.01235s', '3')
    """
    field = str(path[-1])
    if field.endswith("_s") or field == "at":
        return f"{value:.4g}s" if value < 60.0 else about(value)  # noqa: PLR2004 - a minute
    if field.endswith("_fraction") or path[-2:-1] == ("members",):
        return f"{100.0 * value:.4g}%"
    if field.endswith("_rps"):
        return f"{value:.4g}/s" if value >= 1e-2 else f"{86400.0 * value:.4g}/d"  # noqa: PLR2004 - of failures
    return f"{value:,.4g}"


def meaning(found: MonteCarlo) -> str:
    """Say what is counted."""
    entry_points = [name for name, service in found.topology.services.items() if service.is_entry_point]
    weighted = any(found.topology.services[name].weight != 1.0 for name in entry_points)
    text = "A user-minute is a minute in which all requests of one entry point are lost"
    return f"{text}{', times its weight' if weighted else ''}. ± is one standard error."


def about_incidents(found: MonteCarlo) -> str:
    """Say how incidents end."""
    what = "incident" if found.is_of_incidents else "sample"
    text = f"Every {what} costs users something"
    if found.harmless_fraction > 0.0:
        text = f"{share(found.harmless_fraction).capitalize()} of the {what}s cost users nothing"
    stuck = found.share(found.is_stuck)
    if stuck > 0.0:
        after = f"{about(found.study.follow_s)} after the last repair"
        when = after if found.is_of_incidents else "at the end of the scenario"
        text += f"; in {share(stuck)} something was not back {when}, and its loss is counted until then only"
    return f"{text}."


def caveats(found: MonteCarlo) -> Iterator[str]:
    """Say what the answer rests on."""
    faults = found.design.faults
    if faults is not None:
        if faults.unstated:
            yield f"Never fail here, for nothing says how often: {listed(faults.unstated, 8)}."
        if faults.load > CROWDED:
            yield (
                f"On average {amount(faults.load)} failures are there at a time, so that incidents run into one "
                f"another; of one incident at most {faults.further_count + 1} failures are drawn."
            )
    error = found.mean_loss.relative_error
    if FEW < error < math.inf:
        yield f"The standard error is {error:.0%} of the expected loss: more --samples, or --until 5%, make it smaller."
    if found.sensitivity.method == "given" and len(found.study) > found.sensitivity.runs_count:
        yield f"What drives the loss is taken from the first {MOST_LOOKED_AT:,} samples."


def period(years: float) -> str:
    """Write how seldom something is.

    Examples
    --------
    >>> period(1 / 12), period(1.0), period(50.0)
    ('month', 'year', '50 years')
    """
    if years < 1.0:
        months = round(12.0 * years)
        return "month" if months == 1 else f"{months} months"
    return "year" if years == 1.0 else f"{years:,.0f} years"
