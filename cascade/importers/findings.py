"""What an import found, and what it cannot say, so that silence is not taken for safety."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cascade.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A call that one source knows, and another does not though it knows both ends."""

    caller: str
    callee: str
    found_in: tuple[str, ...]
    missing_in: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A call that was found, taken into the topology or not."""

    caller: str
    callee: str
    kind: str
    evidence: tuple[str, ...]
    """Kinds of evidence, the firmest first."""
    origins: tuple[str, ...]
    """Where it is known from."""
    confidence: float
    is_taken: bool
    calls: float
    """Calls counted; 0 where nobody counted."""
    errors: float


@dataclass(frozen=True, slots=True)
class Report:
    """What was imported, what is missing, and what does not fit together."""

    sources: tuple[str, ...]
    """Each format with its files."""
    services: int
    without_caller: tuple[str, ...]
    """Nobody calls them in the sources."""
    unconnected: tuple[str, ...]
    """They call nobody, either."""
    edges: tuple[Found, ...]
    describes_calls: bool
    """Whether at least one source would show a call if it were made."""
    is_chosen: bool
    """Whether calls were chosen by kinds of evidence that somebody asked for."""
    is_overlay: bool
    """Whether all sources only say how calls are made, and none which there are."""
    cannot_know: tuple[str, ...]
    """What no source can say."""
    assumed: int
    """Values that were guessed."""
    disagreements: tuple[Disagreement, ...]
    suggestions: tuple[tuple[str, str], ...]
    """Names of different sources that could mean one part."""
    unresolved: tuple[tuple[str, str], ...]
    """(part, what it refers to) where nothing has that name."""
    left_out: tuple[tuple[str, str, str], ...]
    """(caller, callee, why) of what looks like a call and is none."""
    notes: tuple[str, ...]

    @property
    def taken(self) -> int:
        """Calls in the topology."""
        return sum(edge.is_taken for edge in self.edges)

    @property
    def headline(self) -> str:
        """What was imported, in one sentence, with what that is worth."""
        return " ".join(sentences(self))


def sentences(report: Report) -> Iterator[str]:
    """Yield what a reader must know before believing the topology."""
    alone = len(report.without_caller)
    weak = len(report.edges) - report.taken
    yield (
        f"{counted(report.services, 'service')}, {counted(report.taken, 'call')} from {'; '.join(report.sources)}; "
        f"{counted(alone, 'service')} {'has' if alone == 1 else 'have'} no caller."
    )
    if report.is_overlay:
        yield (
            "These files say how calls are made, not which there are: put them into a topology (--into), or name a "
            "source of calls beside them (--merge)."
        )
    elif not report.describes_calls:
        yield (
            "These files do not describe calls: a call that is not named in a setting is not here, and what looks "
            "independent need not be. Add traces or a service graph."
        )
    if weak:
        why = "that other evidence speaks for" if report.is_chosen else "with weak evidence"
        yield f"{counted(weak, 'more call')} {why} {'is' if weak == 1 else 'are'} left out (--edges)."
    if report.cannot_know:
        yield f"Not known: {', '.join(report.cannot_know)}."
    if report.assumed:
        yield f"{counted(report.assumed, 'value')} {'is' if report.assumed == 1 else 'are'} assumed."
