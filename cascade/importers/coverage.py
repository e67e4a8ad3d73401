"""What an import can and cannot say, so that silence is not taken for safety."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cascade.importers.draft import firmest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cascade.importers.draft import Edge
    from cascade.importers.merge import Disagreement, Merged, Part
    from cascade.importers.settle import Settled


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
    if not report.describes_calls:
        yield (
            "These files do not describe calls: a call that is not named in a setting is not here, and what looks "
            "independent need not be. Add traces or a service graph."
        )
    if weak:
        yield f"{counted(weak, 'more call')} with weak evidence {'is' if weak == 1 else 'are'} left out (--edges)."
    if report.cannot_know:
        yield f"Not known: {', '.join(report.cannot_know)}."
    if report.assumed:
        yield f"{counted(report.assumed, 'value')} {'is' if report.assumed == 1 else 'are'} assumed."


def counted(number: int, what: str) -> str:
    """Write a number with what it counts."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def report_on(parts: Sequence[Part], sources: Sequence[str], whole: Merged, settled: Settled) -> Report:
    """Say what became of some sources."""
    components = {component.name: component for component in settled.draft.services}
    called = {edge.callee for edge in settled.edges} | set(settled.members)
    callers = {edge.caller for edge in settled.edges}
    without_caller = tuple(name for name in components if name not in called)
    base = [part.format for part in parts if not part.format.is_overlay] or [part.format for part in parts]
    silent = [set(form.cannot_know) for form in base]
    return Report(
        sources=tuple(sources),
        services=len(components),
        without_caller=without_caller,
        unconnected=tuple(name for name in without_caller if name not in callers),
        edges=tuple(
            found(edge, is_taken=is_taken)
            for edges, is_taken in ((settled.edges, True), (settled.weak, False))
            for edge in edges
        ),
        describes_calls=any(form.describes_calls for form in base),
        cannot_know=tuple(what for what in base[0].cannot_know if all(what in other for other in silent)),
        assumed=sum(
            fact.is_assumed
            for facts in (*(c.facts for c in components.values()), *(edge.facts for edge in settled.edges))
            for fact in facts.values()
        ),
        disagreements=whole.disagreements,
        suggestions=whole.suggestions,
        unresolved=tuple(dict.fromkeys(settled.draft.unresolved)),
        left_out=tuple(dict.fromkeys(settled.draft.left_out)),
        notes=tuple(settled.draft.notes),
    )


def found(edge: Edge, *, is_taken: bool) -> Found:
    """Give one call as it is reported."""
    origins = firmest(edge.origins)
    return Found(
        caller=edge.caller,
        callee=edge.callee,
        kind=edge.kind.value,
        evidence=tuple(dict.fromkeys(origin.evidence.value for origin in origins)),
        origins=tuple(map(str, origins)),
        confidence=edge.confidence,
        is_taken=is_taken,
        calls=edge.calls,
        errors=edge.errors,
    )
