"""What the reader of an import of traces should know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cascade.importers.spans.tree import NANO
from cascade.units import format_seconds
from cascade.wording import counted, listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cascade.importers.draft import Draft
    from cascade.importers.spans.names import Names
    from cascade.importers.spans.statistics import Made, Tally

SHORTEST_WINDOW_S: Final = 30.0
"""Time that requests must span for a rate to mean something."""
LONGEST_WINDOW_S: Final = 100 * 86_400.0
"""Beyond it some clock is wrong."""
FEWEST: Final = 20
"""Requests from outside below which there is no rate."""
MOST_NAMED: Final = 5
SURVIVED: Final = 0.9
"""Share of failed calls whose request must have succeeded for a dependency to look soft."""
FEWEST_LOST: Final = 3
MOST_UNRESOLVED: Final = 100
"""Addresses without a name that are listed."""


def window_s(tally: Tally) -> float | None:
    """Time over which requests were seen [s]; None where it is too short, or not known."""
    served = tally.served.values()
    if not tally.starts or sum(one.roots + one.started + one.delivered for one in served) < FEWEST:
        return None
    length = (tally.starts[1] - tally.starts[0]) / NANO
    return length if SHORTEST_WINDOW_S <= length <= LONGEST_WINDOW_S else None


def put_notes(tally: Tally, names: Names, draft: Draft, edges: Mapping[tuple[str, str], Made]) -> None:
    """Say how much was read, what the numbers mean, and what was passed over."""
    count_note(tally, draft)
    window_note(tally, draft)
    nameless_notes(tally, names, draft)
    soft_note(edges, draft)
    for number, word in sorted(tally.spans.weights.items()):
        if number in tally.served:
            draft.note(f"{names.services[number]} says that its criticality is {word}")


def count_note(tally: Tally, draft: Draft) -> None:
    """Say how much was read, and how complete it is."""
    seen = tally.spans.seen
    roots = sum(served.roots + served.started for served in tally.served.values())
    draft.note(
        f"{counted(seen['spans'], 'span')} in {counted(tally.traces, 'trace')}, {tally.whole:,} of them complete: "
        f"{counted(roots, 'request')} at the beginning of one, {counted(tally.dangling, 'reference')} to a span "
        "that is not in the files"
    )
    for count, what in (
        (tally.duplicates, "spans that came before, which count once"),
        (seen["odd"], "pieces that are no spans, or have no id, which were left out"),
        (seen["beyond"], "spans of very large traces, which were left out"),
        (seen["nameless"], "spans that name no service, which count as part of what called them"),
        (seen["elsewhere"], "references to other traces, which were not followed"),
        (seen["timeless"], "spans without start or end, of which no times are known"),
    ):
        if count:
            draft.note(f"passed over: {count:,} {what}")


def window_note(tally: Tally, draft: Draft) -> None:
    """Say what the counts can be taken for."""
    draft.note(
        "traces are sampled as a rule, and the files do not say how: counts and rates are lower bounds, and a call "
        "that is rare can be missing; calls per request, times and shares of errors hold for what was sampled"
    )
    window = window_s(tally)
    if window is not None:
        draft.note(f"requests were seen over {format_seconds(window)}; demand is their number by that time")
    else:
        draft.note(
            f"no request rates: they need at least {FEWEST} requests from outside over {SHORTEST_WINDOW_S:.0f}s or more"
        )


def nameless_notes(tally: Tally, names: Names, draft: Draft) -> None:
    """Say what was called and cannot be named, since what is behind it is missing."""
    found: dict[str, int] = {}
    for number, count in tally.unnamed.items():
        if count:
            found[names.services[number]] = found.get(names.services[number], 0) + count
    for (number, target), made in tally.made.items():
        if not names.of(target):
            caller = names.services[number]
            draft.unresolved.append((caller, tally.spans.peers.values[target[1]].address))
            found[caller] = found.get(caller, 0) + made.calls
    if found:
        draft.note(
            f"{counted(sum(found.values()), 'call')} without a name for where they go, such as those to stores without "
            f"peer attributes, are not in the topology; callers: {listed(sorted(found), MOST_NAMED)}"
        )
    if tally.spans.seen["kindless"] and tally.spans.seen["kindless"] == tally.spans.seen["spans"]:
        draft.note("no span says whether it is of a client or a server: stores and brokers stay invisible")
    draft.unresolved[:] = sorted(set(draft.unresolved))[:MOST_UNRESOLVED]


def soft_note(edges: Mapping[tuple[str, str], Made], draft: Draft) -> None:
    """Name calls whose failure did not fail the caller's request."""
    found = [
        f"{caller} without {callee} ({made.survived:,} of {made.lost:,} requests)"
        for (caller, callee), made in edges.items()
        if made.lost >= FEWEST_LOST and made.survived >= SURVIVED * made.lost
    ]
    if found:
        names = listed(sorted(found), MOST_NAMED)
        draft.note(f"requests succeeded though all their calls to a callee had failed: {names}")
