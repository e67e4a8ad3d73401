"""What a change does while nothing fails: what failures cost is counted from there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.analysis.contingencies import entry_points
from cascade.engine.simulate import simulate
from cascade.model import Scenario

if TYPE_CHECKING:
    from cascade.engine.run import Run
    from cascade.model import Topology

QUIET: Final = Scenario(description="nothing happens", duration_s=600.0)
LEAST_SHARE: Final = 1e-3
"""Share of the requests by which a loss must differ to be another."""


@dataclass(frozen=True, slots=True)
class RestChange:
    """What users of an entry point lose while nothing fails, before and after."""

    name: str
    old_lost_fraction: float
    new_lost_fraction: float

    @property
    def is_worse(self) -> bool:
        """Whether they lose more than before."""
        return self.new_lost_fraction > self.old_lost_fraction


@dataclass(frozen=True, slots=True)
class Rest:
    """Both topologies while nothing fails."""

    changes: tuple[RestChange, ...] = ()
    """Entry points of both at which users lose more or less than before."""
    was_settled: bool = True
    """Whether the old one comes to rest, so that nothing changes any more by itself."""
    is_settled: bool = True
    """Whether the new one does."""

    @property
    def is_worse(self) -> bool:
        """Whether users lose more than before while nothing fails, or the topology no longer comes to rest."""
        return any(change.is_worse for change in self.changes) or (self.was_settled and not self.is_settled)


def at_rest(old: Topology, new: Topology) -> Rest:
    """Play both while nothing happens, and compare what users lose.

    Examples
    --------
    >>> import cascade
    >>> text = "services: {web: {demand: 20/s, calls: [db]}, db: {rate_limit: 40/s}}"
    >>> at_rest(cascade.loads(text), cascade.loads(text.replace("40/s", "16/s"))).changes
    (RestChange(name='web', old_lost_fraction=0.0, new_lost_fraction=0.2),)
    """
    before, after = simulate(old, QUIET), simulate(new, QUIET)
    known = set(entry_points(old))
    changes = (RestChange(name, lost(before, name), lost(after, name)) for name in entry_points(new) if name in known)
    return Rest(
        changes=tuple(each for each in changes if abs(each.new_lost_fraction - each.old_lost_fraction) > LEAST_SHARE),
        was_settled=before.is_settled_at_start,
        is_settled=after.is_settled_at_start,
    )


def lost(run: Run, name: str) -> float:
    """Give the share of the requests that is lost at the end of a run."""
    return round(1.0 - float(np.nan_to_num(run.of(name, "success_fraction")[-1], nan=1.0)), 9) + 0.0
