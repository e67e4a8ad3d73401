"""What the JSON document of ``cascade lint`` holds."""

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads that of typing only from Python 3.12 on

from cascade.report.schema_types import Number, documented

Grade = Annotated[str, Field(json_schema_extra={"enum": ["high", "medium", "low", "info"]})]


class FindingDocument(TypedDict):
    """One thing that a rule speaks about."""

    rule: str
    """Name of the rule; ``cascade explain RULE`` says what it is about."""
    severity: Grade
    subject: str
    """A service, a group, or a call as ``caller -> callee``."""
    line: Number
    """From 1; 0 when there is no text."""
    column: Number
    """From 1; 0 when there is no text."""
    message: str
    """What is wrong, with the numbers."""
    remedy: str
    """What would put it right."""
    fingerprint: Annotated[str, Field(pattern="^[0-9a-f]{16}$")]
    """Made of rule and names: the same when numbers or lines change."""


class HiddenDocument(TypedDict):
    """A finding that the file says to leave."""

    finding: FindingDocument
    reason: str
    until: str | None
    """Last day on which it is hidden; null for good."""


@documented
class LintDocument(TypedDict):
    """What is wrong with the policies of a topology before anything fails."""

    schema: Literal["cascade/lint/v1"]
    headline: str
    file: str
    findings: list[FindingDocument]
    """The worst first."""
    hidden: list[HiddenDocument]
    """What is known and accepted."""
    caveats: list[str]
    """What nobody knows about the topology, so that the lint cannot see it."""
