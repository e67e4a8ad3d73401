"""What ``cascade import`` writes as JSON."""

from typing import Literal

from typing_extensions import TypedDict  # pydantic reads that of typing only from Python 3.12 on

from cascade.report.schema_types import Amount, Number, Share, documented


class FoundCallDocument(TypedDict):
    """A call that was found, and what speaks for it."""

    caller: str
    callee: str
    kind: str
    """What it is for: sync, store, async_produce, async_consume, telemetry, ..."""
    evidence: list[str]
    """How it is known, the firmest first: trace, metric, graph, env, depends_on, ..."""
    origins: list[str]
    """Where it is known from; never with the value of a setting."""
    confidence: Share
    calls: Amount | None
    """Calls (or calls per second) that were counted; null where nobody counted."""
    errors: Amount | None
    """Those of them that failed."""


class DisagreementDocument(TypedDict):
    """A call that one source has, and another lacks though it knows both ends."""

    caller: str
    callee: str
    found_in: list[str]
    missing_in: list[str]


class AlsoCalledDocument(TypedDict):
    """Names of two sources that could mean one part."""

    name: str
    also_called: str


class UnresolvedDocument(TypedDict):
    """A part that refers to something which is not in the sources."""

    name: str
    refers_to: str


class LeftOutDocument(TypedDict):
    """What looks like a call and is none."""

    caller: str
    callee: str
    why: str


@documented
class ImportDocument(TypedDict):
    """What was imported, and what the sources can and cannot say."""

    schema: Literal["cascade/import/v1"]
    headline: str
    sources: list[str]
    services: Number
    describes_calls: bool
    """Whether at least one source would show a call if it were made."""
    cannot_know: list[str]
    """What no source says."""
    assumed: Number
    """Values that were guessed."""
    edges: list[FoundCallDocument]
    """The calls of the topology."""
    weak_edges: list[FoundCallDocument]
    """Calls that were left out, because only weak evidence speaks for them."""
    without_caller: list[str]
    unconnected: list[str]
    """Services that neither call nor are called."""
    disagreements: list[DisagreementDocument]
    suggestions: list[AlsoCalledDocument]
    unresolved: list[UnresolvedDocument]
    left_out: list[LeftOutDocument]
    notes: list[str]
