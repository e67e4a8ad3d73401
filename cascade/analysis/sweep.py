"""Every contingency simulated: each part fails in a run of its own, and all are ranked by what they cost."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from cascade.analysis import sweep_sentences
from cascade.analysis.caveats import caveats
from cascade.analysis.failures import repairs, until_s
from cascade.analysis.pairs import pairs as pairs_of
from cascade.analysis.pairs import singles
from cascade.analysis.sweep_columns import Columns, gather
from cascade.engine.outcome import Ending
from cascade.engine.stage import Stage, entry_points, names
from cascade.errors import ScenarioError
from cascade.model import Event, Scenario
from cascade.units import MAX_SECONDS, format_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from cascade.engine.clock import Clock
    from cascade.engine.outcome import Outcome
    from cascade.model import Topology
    from cascade.studies.carry_out import Engine

LASTS_S: Final = 1800.0
"""How long things fail when nobody says it [s]."""
MOST_LEADING: Final = 30
"""Contingencies of which everything that they hit is kept."""


@dataclass(frozen=True)
class SweepStudy:
    """Contingencies that are simulated, each by a run of its own that starts from rest."""

    topology: Topology
    contingencies: tuple[tuple[str, ...], ...]
    """What fails together, at the start of each run."""
    lasts_s: float = LASTS_S
    """How long it fails [s]."""
    horizon_s: float = until_s(Event(at=0.0, fail="any", lasts_s=LASTS_S))
    """How long each run is followed [s]."""
    clock: Clock | None = None
    order: int = 1
    """How many failures at once were asked for, at most."""

    def __len__(self) -> int:
        """Count the contingencies."""
        return len(self.contingencies)

    @property
    def settings(self) -> Mapping[str, str | int | float | None]:
        """What decides the results, besides the topology."""
        listing = "\n".join(map(self.label, range(len(self))))
        return {
            "kind": "sweep",
            "contingencies": f"{len(self)} ({hashlib.sha256(listing.encode()).hexdigest()[:12]})",
            "seconds_of_failure": self.lasts_s,
            "seconds_followed": self.horizon_s,
            "step_s": self.clock.step_s if self.clock else None,
        }

    def label(self, index: int) -> str:
        """Say what fails in a run: ``db``, or ``cache + db``."""
        return " + ".join(self.contingencies[index])

    def scenario(self, index: int) -> Scenario:
        """Give what is played in a run."""
        fails = [Event(at=0.0, fail=name, lasts_s=self.lasts_s, trigger=True) for name in self.contingencies[index]]
        back = [repair for event in fails for repair in repairs(self.topology, event)]
        return Scenario(description=f"{self.label(index)} failing", duration_s=self.horizon_s, events=(*fails, *back))

    def player(self) -> Callable[[int], Outcome]:
        """Make what plays a run by its number."""
        stage = Stage(self.topology, clock=self.clock)
        return lambda index: stage.play(self.scenario(index))


@dataclass(frozen=True, repr=False)
class Sweep:
    """What every contingency does: who is hit, when it is over, and for each part what hits it.

    The columns (N,) go by ``labels``, those of the parts (M,) by ``names``, those of the entry points (P,) by
    ``entry_points``.
    """

    study: SweepStudy
    columns: Columns
    leading: Mapping[int, NDArray[Any]]
    """Everything that the worst contingencies hit (:data:`~cascade.engine.outcome.HIT`), by their places."""

    def __repr__(self) -> str:
        """Say the headline."""
        return f"<Sweep: {self.headline}>"

    @property
    def topology(self) -> Topology:
        """What it is about."""
        return self.study.topology

    @property
    def headline(self) -> str:
        """What a manager needs to know."""
        return sweep_sentences.headline(self)

    @property
    def caveats(self) -> tuple[str, ...]:
        """What the answer rests on that nobody knows; nothing for a topology written by hand."""
        return caveats(self.topology)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """What fails in each run (N,)."""
        return tuple(map(self.study.label, range(len(self.study))))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Services, groups and fleets (M,)."""
        return names(self.topology)

    @cached_property
    def entry_points(self) -> tuple[str, ...]:
        """What users call (P,)."""
        return entry_points(self.topology)

    @cached_property
    def ranking(self) -> NDArray[np.int64]:
        """Places of the contingencies (N,), what costs users most first; then by time outside objectives and parts hit.

        Numbers count with six digits, and equals go by name.
        """
        return ranked(self.labels, self.columns.rows)

    @property
    def is_stuck(self) -> NDArray[np.bool_]:
        """Whether something never comes back, for nothing changes any more (N,)."""
        is_stuck: NDArray[np.bool_] = self.columns.rows["ending"] == Ending.STUCK
        return is_stuck

    @property
    def is_recovered(self) -> NDArray[np.bool_]:
        """Whether everything is back within the horizon (N,)."""
        is_recovered: NDArray[np.bool_] = self.columns.rows["ending"] == Ending.RECOVERED
        return is_recovered

    @property
    def entry_points_hit_count(self) -> NDArray[np.int64]:
        """Entry points that are hit (N,)."""
        counts: NDArray[np.int64] = (~np.isnan(self.columns.recovery_s)).sum(axis=1, dtype=np.int64)
        return counts

    @cached_property
    def excess_minutes(self) -> NDArray[np.float64]:
        """What a pair costs users beyond what its two cost alone (N,) [min]; nan for single failures."""
        impact = self.columns.rows["impact_minutes"]
        alone = {each[0]: impact[place] for place, each in enumerate(self.study.contingencies) if len(each) == 1}
        return np.array(
            [
                impact[place] - sum(alone.get(name, np.nan) for name in each) if len(each) > 1 else np.nan
                for place, each in enumerate(self.study.contingencies)
            ]
        )

    @property
    def frame(self) -> pd.DataFrame:
        """One row per contingency, the worst first."""
        from cascade.report.frames import frame_of  # noqa: PLC0415 - pandas only when asked for

        return frame_of(self)

    @property
    def recovery(self) -> pd.DataFrame:
        """Time to recovery [s]: a row per contingency, the worst first, a column per entry point.

        nan where it is not hit, inf where it is not back within the horizon.
        """
        from cascade.report.frames import recovery_frame  # noqa: PLC0415 - as above

        return recovery_frame(self)

    def _repr_html_(self) -> str:
        from cascade.report.html import as_notebook  # noqa: PLC0415 - how it looks in a notebook

        return as_notebook(self)


def ranked(labels: Sequence[str], rows: NDArray[Any]) -> NDArray[np.int64]:
    """Give the places of some contingencies, the worst first."""
    by_name = np.empty(len(labels), np.int64)
    by_name[sorted(range(len(labels)), key=labels.__getitem__)] = np.arange(len(labels))
    return np.lexsort(
        (by_name, -rows["affected_count"], -rounded(rows["violated_minutes"]), -rounded(rows["impact_minutes"]))
    )


def rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give numbers with the six digits that mean something."""
    return np.array([float(f"{value:.6g}") for value in values.tolist()])


def sweep_study(  # noqa: PLR0913 - what can be asked
    topology: Topology,
    *,
    order: int = 1,
    pairs: Literal["screened", "all"] = "screened",
    lasts_s: float = LASTS_S,
    horizon_s: float | None = None,
    clock: Clock | None = None,
) -> SweepStudy:
    """Say what a sweep simulates.

    Raises
    ------
    ScenarioError
        When there are too many pairs, or the time is over before the failures are.
    """
    if order not in (1, 2):
        raise ScenarioError(f"expected 1 or 2 failures at once, got {order}")
    if pairs not in {"screened", "all"}:
        raise ScenarioError(f"expected screened pairs or all, got '{pairs}'")
    if lasts_s <= 0.0:
        raise ScenarioError(f"expected things to fail for some time, got {format_seconds(lasts_s)}")
    if clock and clock.step_s is not None and clock.step_s <= 0.0:
        raise ScenarioError(f"expected a step of some length, got {format_seconds(clock.step_s)}")
    if horizon_s is None:
        horizon_s = until_s(Event(at=0.0, fail="any", lasts_s=min(lasts_s, MAX_SECONDS)))
    if horizon_s > MAX_SECONDS:
        raise ScenarioError(f"expected to follow each run for 100000d at most, got {format_seconds(horizon_s)}")
    if horizon_s <= lasts_s:
        raise ScenarioError(
            f"expected to follow each run for longer than things fail, got {format_seconds(horizon_s)} for failures of "
            f"{format_seconds(lasts_s)}"
        )
    together = pairs_of(topology, screened=pairs == "screened") if order > 1 else ()
    return SweepStudy(topology, (*singles(topology), *together), lasts_s, horizon_s, clock, order)


def sweep(  # noqa: PLR0913 - what can be asked, and where it is played
    topology: Topology,
    *,
    order: int = 1,
    pairs: Literal["screened", "all"] = "screened",
    lasts_s: float = LASTS_S,
    horizon_s: float | None = None,
    clock: Clock | None = None,
    store: Path | str | Callable[[SweepStudy], Path | None] | None = None,
    engine: Engine = "local",
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Sweep:
    """Let every service, fleet and domain fail, each in a run of its own, and rank what that does.

    Parameters
    ----------
    topology : Topology
    order : {1, 2}
        Failures at once: with 2, pairs are simulated as well.
    pairs : {"screened", "all"}
        Those that weaken the same redundancy, see :func:`~cascade.analysis.pairs.pairs`, or all.
    lasts_s : float
        How long things fail, from the start of each run [s].
    horizon_s : float, optional
        How long each run is followed [s]; two hours after the repair by default, or six times as long as things fail.
    clock : Clock, optional
        Step [s].
    store : path, optional
        File in which finished runs are kept, or what gives its path for a study; what it has is not played again.
    engine : {"local", "dask"}
    workers : int, optional
        Processes that play.
    scheduler : str, optional
        Address of a Dask scheduler.
    progress : callable, optional
        Told the number of finished runs and of all runs.

    Raises
    ------
    ScenarioError
        When there are too many pairs, or the time is over before the failures are.
    StudyError
        When runs cannot be played.
    StoreError
        When they cannot be kept.

    Examples
    --------
    >>> import cascade
    >>> shop = cascade.loads("services: {web: {demand: 10/s, calls: [db]}, db: , log: }")
    >>> cascade.sweep(shop, workers=1).headline
    '3 single failures, each for 30m: 2 hit users; the worst, db, costs 30 user-minutes and hits 1 other part.'
    """
    from cascade.studies.carry_out import carry_out  # noqa: PLC0415 - other questions need no database and no processes
    from cascade.studies.store import open_store  # noqa: PLC0415 - as above

    study = sweep_study(topology, order=order, pairs=pairs, lasts_s=lasts_s, horizon_s=horizon_s, clock=clock)
    with open_store(study, store(study) if callable(store) else store) as kept:
        carry_out(study, store=kept, engine=engine, workers=workers, scheduler=scheduler, progress=progress)
        columns = gather(topology, study.contingencies, ((number, run) for number, _, run in kept.outcomes()))
        worst = ranked([study.label(index) for index in range(len(study))], columns.rows)[:MOST_LEADING]
        return Sweep(study, columns, {index: kept.outcome(index).hits for index in worst.tolist()})
