"""What ``cascade sweep`` writes as JSON."""

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads that of typing only from Python 3.12 on

from cascade.report.schema_types import Amount, Number, documented

Over = Annotated[str, Field(json_schema_extra={"enum": ["recovered", "stuck", "unfinished"]})]


class RecoveryDocument(TypedDict):
    """An entry point that a contingency hits."""

    entry_point: str
    recovery_s: Amount | None
    """Time from the failure until it is back for good; null when it does not come back."""


class SweptDocument(TypedDict):
    """One contingency, simulated."""

    rank: Number
    """From 1, the worst."""
    fails: list[str]
    """What fails together."""
    impact_user_minutes: Amount
    """Share of the requests lost, over time, weighted and summed over entry points."""
    entry_points_hit: Number
    slowest_entry_point: str | None
    """The one that takes longest to come back; null when none is hit."""
    slowest_recovery_s: Amount | None
    """When that one is back; null when it does not come back, or none is hit."""
    parts_hit: Number
    """Services, groups and fleets outside their objectives at some time, what fails left out."""
    out_minutes: Amount
    """Time outside their objectives, summed over all parts, what fails among them."""
    depth: Number
    """Length of the longest chain of causes."""
    peak_backlog_count: Amount
    """Most requests that waited in one place."""
    peak_backlog_at: str | None
    """Where; null when nothing waited."""
    ending: Over
    """Unfinished: not over at the end of the run. Stuck: never over, for nothing changes any more."""
    over_s: Amount | None
    """When the last part is back; null when that is not within the run."""
    entry_points_lost_by_structure: Number
    """Entry points that are down by structure alone, with the failure there for good, as ``cascade spof`` says."""
    excess_user_minutes: float | None
    """Impact of a pair beyond what its two cost alone; null for single failures."""
    step_s: Amount
    step_error_fraction: Amount | None
    """Estimated error of the step; null when it was given."""


class SweptContingencyDocument(SweptDocument):
    """One contingency, with what users saw of it."""

    recoveries: list[RecoveryDocument]
    """Entry points that are hit, those first that take longest; of very many, the first twenty."""


class SweptPartDocument(TypedDict):
    """What hits one part: the other direction of the table."""

    name: str
    kind: Literal["service", "group", "fleet"]
    is_entry_point: bool
    hit_by: Number
    """Contingencies of others that take it out of its objective."""
    worst: str | None
    """The one that does so for longest; null for none."""
    outage_s: Amount | None
    """Time outside its objective then; null when it does not come back, or for none."""


class SweptEntryDocument(TypedDict):
    """What users of one entry point have to expect."""

    name: str
    weight: Amount
    hit_by: Number
    """Contingencies that take it out of its objective, its own among them."""
    worst: str | None
    """The one from which it takes longest to come back."""
    recovery_s: Amount | None
    """When it is back then; null when it does not come back, or for none."""


@documented
class SweepDocument(TypedDict):
    """Every contingency simulated, and ranked."""

    schema: Literal["cascade/sweep/v1"]
    headline: str
    caveats: list[str]
    """What the answer rests on that nobody knows; none for a topology that was written by hand."""
    topology: str
    lasts_s: Amount
    """How long things fail."""
    horizon_s: Amount
    """How long each run is followed."""
    order: Number
    """Failures at once, at most."""
    pairs_simulated: Number
    pairs: Number | None
    """All that there are; null when none were asked for."""
    contingencies: list[SweptContingencyDocument]
    """The worst first."""
    entry_points: list[SweptEntryDocument]
    parts: list[SweptPartDocument]
