"""What became of some sources, as a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cascade.importers.draft import firmest
from cascade.importers.findings import Found, Report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cascade.importers.draft import Edge
    from cascade.importers.format import Options
    from cascade.importers.merge import Merged, Part
    from cascade.importers.settle import Settled


NO_CALLER: Final = "groups and fleets make no calls of their own"


def report_on(parts: Sequence[Part], whole: Merged, settled: Settled, options: Options) -> Report:
    """Say what became of some sources."""
    components = {component.name: component for component in settled.draft.services}
    called = {edge.callee for edge in settled.edges} | set(settled.members)
    callers = {edge.caller for edge in settled.edges}
    left_out = [(edge.caller, edge.callee, NO_CALLER) for edge in settled.of_groups]
    without_caller = tuple(name for name in components if name not in called)
    base = [part for part in parts if not part.format.is_overlay] or list(parts)
    silent = [set(part.cannot_know) for part in base]
    return Report(
        sources=tuple(part.name for part in parts),
        services=len(components),
        without_caller=without_caller,
        unconnected=tuple(name for name in without_caller if name not in callers),
        edges=tuple(
            found(edge, is_taken=is_taken)
            for edges, is_taken in ((settled.edges, True), (settled.weak, False))
            for edge in edges
        ),
        is_chosen=options.edges is not None,
        is_overlay=all(part.format.is_overlay for part in parts),
        describes_calls=any(part.describes_calls for part in base),
        cannot_know=tuple(what for what in base[0].cannot_know if all(what in other for other in silent)),
        assumed=sum(
            fact.is_assumed
            for facts in (*(c.facts for c in components.values()), *(edge.facts for edge in settled.edges))
            for fact in facts.values()
        ),
        disagreements=whole.disagreements,
        suggestions=whole.suggestions,
        unresolved=tuple(dict.fromkeys(settled.draft.unresolved)),
        left_out=tuple(dict.fromkeys([*settled.draft.left_out, *left_out])),
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
