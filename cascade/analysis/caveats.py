"""How far an answer about an imported topology can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cascade.model.uncertain import count
from cascade.wording import counted, listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from cascade.model import Topology

FIRM_FRACTION: Final = 0.9
"""Confidence from which a call is not spoken of."""
MOST_NAMED: Final = 4


def caveats(topology: Topology, met: Collection[str] = ()) -> tuple[str, ...]:
    """Say what an answer rests on that nobody knows: nothing for a topology written by hand.

    Parameters
    ----------
    topology : Topology
    met : collection of str, optional
        Parts that the answer is about; all by default.

    Examples
    --------
    >>> import cascade
    >>> caveats(cascade.loads("services: {web: {calls: [db]}, db: }"))
    ()
    """
    return (*of_distributions(topology), *of_calls(topology, met), *of_sources(topology))


def of_distributions(topology: Topology) -> Iterator[str]:
    """Say that numbers are uncertain, where one run cannot show it."""
    if found := count(topology):
        what = (
            "numbers of the file are distributions; the median of each"
            if found > 1
            else ("number of the file is a distribution; its median")
        )
        yield f"{found:,} {what} stands for it here (cascade montecarlo draws)."


def of_calls(topology: Topology, met: Collection[str]) -> Iterator[str]:
    """Name the calls on the way that may not exist."""
    weak = [
        f"{name} -> {call.to} ({' and '.join(call.evidence) or 'stated'}, {call.confidence_fraction:.0%})"
        for name, service in topology.services.items()
        for call in service.calls
        if call.confidence_fraction < FIRM_FRACTION and (not met or {name, call.to} <= set(met))
    ]
    if weak:
        verb = "rests" if len(weak) == 1 else "rest"
        yield f"{counted(len(weak), 'call')} {verb} on indirect evidence: {listed(weak, MOST_NAMED)}."


def of_sources(topology: Topology) -> Iterator[str]:
    """Say what the sources of the topology are silent about."""
    record = topology.imported
    if record is None:
        return
    if not record.describes_calls:
        yield (
            f"Imported from {listed(record.sources)}, which does not describe calls: "
            "what looks untouched may only be unknown."
        )
    if record.weak_calls:
        names = listed(record.weak_calls, MOST_NAMED)
        yield f"Left out, for only weak evidence speaks for them: {names}; they could carry a failure further."
    if record.cannot_know:
        yield f"Not in the sources, and assumed or left open: {listed(record.cannot_know, 9)}."
