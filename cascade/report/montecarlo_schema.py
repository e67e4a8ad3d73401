"""What ``cascade montecarlo`` writes as JSON."""

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads that of typing only from Python 3.12 on

from cascade.report.schema_types import Amount, Number, Share, documented

Over = Annotated[str, Field(json_schema_extra={"enum": ["recovered", "stuck", "unfinished"]})]


class LossesDocument(TypedDict):
    """A distribution of losses, in user-minutes."""

    mean: Amount
    standard_error: Amount | None
    """Of the mean; null when there is only one sample."""
    p50: Amount
    p90: Amount
    p99: Amount


class ExceedanceDocument(TypedDict):
    """How often more than so much is lost at once."""

    user_minutes: Amount
    per_year: Amount
    """How often, on average; in a scenario the share of the samples."""
    standard_error: Amount | None
    return_period_years: Amount | None
    """How many years lie between, on average; null in a scenario."""


class PartLossDocument(TypedDict):
    """What incidents begin with."""

    part: str
    incidents_per_year: Amount
    user_minutes_each: Amount
    """Mean loss of such an incident."""
    loss_fraction: Share
    """Its share of the expected loss."""
    harmless_fraction: Share
    """Share of these incidents in which no user loses anything."""
    not_back_fraction: Share
    """Share in which something was not back at the end."""


class DriverDocument(TypedDict):
    """An uncertain number, or something else that is drawn, and how much the loss varies with it."""

    name: str
    first_order: float
    """Share of the variance that goes when it is known."""
    first_order_error: Amount
    total: float | None
    """Share of the variance that is left when all else is known; null without a design of its own."""
    total_error: Amount | None
    pawn: Share | None
    """How far the distribution of the loss moves with it; null with a design of its own."""
    is_clear: bool
    """Whether it stands out from what chance gives."""


class ConvergenceDocument(TypedDict):
    """The expected loss after so many samples."""

    samples: Number
    user_minutes: Amount
    standard_error: Amount | None


class WorstDocument(TypedDict):
    """One of the worst samples."""

    sample: Number
    """Its number, by which it can be replayed."""
    user_minutes: Amount
    fails: list[str]
    """What fails, in the order of time."""
    ending: Over


@documented
class MonteCarloDocument(TypedDict):
    """How much is lost when numbers are uncertain and parts fail, how often, and what drives it."""

    schema: Literal["cascade/montecarlo/v1"]
    headline: str
    caveats: list[str]
    topology: str
    scenario: str | None
    """What is played; null when parts fail by their rates."""
    samples: Number
    randomisations: Number
    """Independent sets of quasi-random points, from which the standard errors come."""
    seed: Number
    followed_s: Amount | None
    """How long an incident is followed after its last repair; null in a scenario."""
    uncertain: list[str]
    """The numbers that are distributions."""
    incidents_per_year: Amount | None
    """How often an incident begins; null in a scenario."""
    expected_loss: Amount
    """Weighted user-minutes: in a year, or in the scenario."""
    standard_error: Amount | None
    harmless_fraction: Share
    not_back_fraction: Share
    incident: LossesDocument
    """Of one incident, or of the scenario."""
    year: LossesDocument | None
    """Of all incidents of a year; null in a scenario."""
    exceedance: list[ExceedanceDocument]
    parts: list[PartLossDocument]
    sensitivity: Annotated[str, Field(json_schema_extra={"enum": ["given", "sobol", "none"]})]
    """Where the influences are from: the samples themselves, or a design of their own."""
    sensitivity_runs: Number
    pawn_floor: Amount | None
    """PAWN index that a number without influence reaches by chance."""
    drivers: list[DriverDocument]
    convergence: list[ConvergenceDocument]
    worst: list[WorstDocument]


class SampleDocument(TypedDict):
    """One sample, as a row of a table; uncertain numbers have columns of their own, in SI units."""

    sample: Number
    impact_user_minutes: Amount
    incidents_per_year: Amount
    fails_first: str
    failures: Number
    ending: Over
    ended_s: Amount
    parts_hit: Number
    depth: Number
    peak_backlog_count: Amount
