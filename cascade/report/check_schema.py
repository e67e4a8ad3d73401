"""What the JSON document of ``cascade check`` holds."""

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads that of typing only from Python 3.12 on

from cascade.report.lint_schema import FindingDocument, HiddenDocument
from cascade.report.schema_types import ExpectationDocument, Share, documented


class JudgedDocument(FindingDocument):
    """A finding, and what becomes of it."""

    standing: Annotated[str, Field(json_schema_extra={"enum": ["fails", "below", "known"]})]
    """Whether it meets the bar, does not, or is in the baseline."""
    is_new: bool | None
    """Whether the base does not have it; null without a base."""


class ExpectedDocument(ExpectationDocument):
    """One expectation of a scenario, and what it came to."""

    scenario: str


class PromisedDocument(TypedDict):
    """An objective that the file states, and what the stated reliabilities allow."""

    name: str
    success_fraction: Share
    availability_fraction: Share
    """Parts that state no reliability count as never down."""
    is_kept: bool


class MeasuredDocument(TypedDict):
    """What a measure comes to."""

    name: str
    value: float | None
    """The worst, or the count; a share is from 0 to 1. Null when it cannot be told, or has no bound."""
    told: str


class KnownDocument(TypedDict):
    """A finding of the baseline."""

    rule: str
    subject: str
    fingerprint: Annotated[str, Field(pattern="^[0-9a-f]{16}$")]


@documented
class CheckDocument(TypedDict):
    """Everything that is wrong with a topology, and whether that is bad enough to stop."""

    schema: Literal["cascade/check/v1"]
    is_passed: bool
    headline: str
    file: str
    fail_on: list[str]
    """What fails."""
    findings: list[JudgedDocument]
    """Those that fail first, and the worst of them."""
    hidden: list[HiddenDocument]
    """What the file itself says to leave."""
    expectations: list[ExpectedDocument]
    objectives: list[PromisedDocument]
    measures: list[MeasuredDocument]
    resolved: list[KnownDocument]
    """What the baseline has and nobody finds any more."""
    caveats: list[str]
    """What nobody knows about the topology."""
