"""What ``cascade diff`` writes as JSON."""

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads that of typing only from Python 3.12 on

from cascade.report.schema_types import Amount, Number, Share, documented

Verdict = Annotated[str, Field(json_schema_extra={"enum": ["worse", "better", "same", "other"]})]


class ChangeDocument(TypedDict):
    """Something that comes, goes, or is set to another value."""

    action: Annotated[str, Field(json_schema_extra={"enum": ["added", "removed", "changed"]})]
    kind: str
    """``service``, ``group``, ``fleet``, ``domain``, ``call``, ``scenario``, ``event``, ..., or ``setting``."""
    where: str
    """What it is about: ``web``, ``web -> db``; empty for the whole file."""
    key: str
    """Which setting, like ``retry.max_attempts``; empty for the thing itself."""
    old: str | None
    """As a file writes it; null where it is not there."""
    new: str | None


class TollDocument(TypedDict):
    """What one failure takes down here, and not there."""

    fails: str
    takes: list[str]
    """Parts that both topologies have."""
    takes_only_here: list[str]
    """Parts that the other does not have, so that nothing there is better or worse."""


class SharedFailureDocument(TypedDict):
    """A redundant group, and what takes it down alone here and not there."""

    group: str
    causes: list[str]


class TogetherDocument(TypedDict):
    """Failures that take an entry point down together here, and not there."""

    entry_point: str
    fail: list[str]


class SideDocument(TypedDict):
    """What differs, seen from one of the two."""

    single_points: list[TollDocument]
    """What takes entry points down alone."""
    impacts: list[TollDocument]
    """What takes any other part down alone."""
    false_redundancies: list[SharedFailureDocument]
    pairs: list[TogetherDocument]
    """Failures that take an entry point down together, and there neither alone nor together."""
    findings: list["FindingOfDiffDocument"]
    """Of the lint."""


class FindingOfDiffDocument(TypedDict):
    """A finding of the lint."""

    rule: str
    severity: str
    subject: str
    message: str
    fingerprint: str


class AvailabilityOfDiffDocument(TypedDict):
    """How long an entry point is down in the long run."""

    entry_point: str
    old_unavailability: Share
    new_unavailability: Share
    old_objective: Share | None
    """Share of requests that it promises; null where the file states none."""
    new_objective: Share | None
    was_met: bool | None
    is_met: bool | None


class ExpectationOfDiffDocument(TypedDict):
    """What is expected of a scenario, and met on one side only."""

    scenario: str
    expected: str
    is_met: bool | None
    """On the new side; null where it is no longer expected."""
    old: str | None
    """What the old side came to; null where nothing was expected."""
    new: str | None


class ResultDocument(TypedDict):
    """What a failure or scenario comes to on one side."""

    impact_user_minutes: Amount
    """Of samples the mean."""
    back_s: Amount | None
    """When the last part is back, of samples the median; null when it does not come back."""
    recovered_fraction: Share
    """Share of the samples in which everything comes back."""


class PairedDocument(TypedDict):
    """One failure or scenario on both sides."""

    kind: Annotated[str, Field(json_schema_extra={"enum": ["failure", "scenario"]})]
    name: str
    verdict: Verdict
    """Same: no difference beyond the noise, or none that matters. Other: the scenario itself was changed."""
    old: ResultDocument
    new: ResultDocument
    difference_user_minutes: float
    """New less old."""
    noise_user_minutes: Amount | None
    """Half the width of the interval that holds the true difference; null where the scenario itself was changed."""
    standard_error_user_minutes: Amount | None
    """Over the samples; null without samples."""


class RestOfDiffDocument(TypedDict):
    """What users of an entry point lose while nothing fails."""

    entry_point: str
    old_lost_fraction: Share
    new_lost_fraction: Share


class PlayedDocument(TypedDict):
    """The same failures and scenarios on both."""

    failure_s: Amount
    """How long things fail."""
    followed_s: Amount
    samples: Number
    """0 where nothing is uncertain, or medians stand for it."""
    seed: Number
    not_played: Number
    """Failures and scenarios for which nothing was changed that could matter."""
    runs: list[PairedDocument]
    """What got worse most first."""


@documented
class DiffDocument(TypedDict):
    """What a change to a topology makes worse, and what it mends, by name."""

    schema: Literal["cascade/diff/v1"]
    headline: str
    caveats: list[str]
    """What the answer rests on that nobody knows; none for a topology that was written by hand."""
    old: str
    """Name of the old topology."""
    new: str
    is_empty: bool
    """Whether the two are the same in all that can matter."""
    changes: list[ChangeDocument]
    introduced: SideDocument
    """What only the new topology has."""
    resolved: SideDocument
    """What only the old one has."""
    pairs_left_out: list[str]
    """Entry points whose pairs were too many to compare."""
    availabilities: list[AvailabilityOfDiffDocument]
    """Entry points whose availability or promise differs."""
    availabilities_left_out: list[str]
    """Entry points whose exact availability is out of reach."""
    expectations: list[ExpectationOfDiffDocument]
    at_rest: list[RestOfDiffDocument]
    """Entry points at which users lose more or less than before while nothing fails."""
    was_settled: bool
    """Whether the old topology comes to rest by itself."""
    is_settled: bool
    """Whether the new one does."""
    played: PlayedDocument | None
    """Null where only structure was asked for, or nothing differs."""
