"""Both sides of a comparison played: a row of numbers for each run, about what the two have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cascade.engine.stage import entry_points, names

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from cascade.analysis.diff.runs import SideStudy
    from cascade.engine.outcome import Outcome
    from cascade.model import Topology
    from cascade.studies.carry_out import Engine

RUN: Final = np.dtype(
    [
        ("impact_minutes", "f8"),
        ("violated_minutes", "f8"),
        ("back_s", "f8"),
        ("step_s", "f8"),
        ("step_error_fraction", "f8"),
    ]
)
"""A run: user-minutes lost at the entry points that both sides have, time outside objectives and when the last is back
(inf if it is not) of the parts that both have, and the step."""


@dataclass(frozen=True)
class Where:
    """Where the runs of a comparison are played, and kept."""

    store: Callable[[Any], Path | None] | None = None
    engine: Engine = "local"
    workers: int | None = None
    scheduler: str | None = None
    progress: Callable[[int, int], None] | None = None


def gather(sides: Sequence[SideStudy], where: Where) -> list[NDArray[Any]]:
    """Play both sides, and what had different steps again with the finer one; give the runs of each, :data:`RUN`.

    Raises
    ------
    StudyError
        When runs cannot be played.
    StoreError
        When they cannot be kept.
    """
    readers = readers_of(sides)
    count, done = sum(map(len, sides)), 0
    tables = []
    for side, reader in zip(sides, readers, strict=True):
        tables.append(carried_out(side, reader, where, done, count))
        done += len(side)
    finest = np.minimum(tables[0]["step_s"], tables[1]["step_s"])
    for side, reader, table in zip(sides, readers, tables, strict=True):
        coarse = np.flatnonzero(table["step_s"] > finest)
        if coarse.size:
            table[coarse] = with_steps(side, reader, table[coarse], coarse, finest[coarse], where)
    return tables


def gather_finer(
    sides: Sequence[SideStudy],
    tables: Sequence[NDArray[Any]],
    runs: NDArray[np.int64],
    steps_s: NDArray[np.float64],
    where: Where,
) -> list[NDArray[Any]]:
    """Play some runs of both sides again, with other steps (K,) [s]; give the runs of each, :data:`RUN`."""
    return [
        with_steps(side, reader, table[runs], runs, steps_s, where)
        for side, reader, table in zip(sides, readers_of(sides), tables, strict=True)
    ]


def with_steps(  # noqa: PLR0913, PLR0917 - which runs, and how they are played
    side: SideStudy,
    reader: Reader,
    known: NDArray[Any],
    runs: NDArray[np.int64],
    steps_s: NDArray[np.float64],
    where: Where,
) -> NDArray[Any]:
    """Play some runs again with other steps; the error of a finer step is surely not more than it was."""
    again = side.with_steps(list(zip(runs.tolist(), steps_s.tolist(), strict=True)))
    finer = carried_out(again, reader, where, len(side), len(side) + len(again))
    finer["step_error_fraction"] = known["step_error_fraction"]
    return finer


def readers_of(sides: Sequence[SideStudy]) -> tuple[Reader, Reader]:
    """Give what reads the outcomes of each side."""
    old, new = (side.topology for side in sides)
    return Reader(old, new), Reader(new, old)


class Reader:
    """Reads from an outcome what is about the parts that another topology has as well."""

    def __init__(self, topology: Topology, other: Topology) -> None:
        entries, parts = entry_points(topology), set(names(other))
        self.is_common = np.array([name in parts for name in names(topology)], np.bool_)
        self.has_all_entries = set(entries) == set(entry_points(other))
        known = set(entry_points(other))
        self.weights = np.array([topology.services[name].weight * (name in known) for name in entries], float)

    def row(self, outcome: Outcome) -> tuple[float, ...]:
        """Give the numbers of one run, in the order of :data:`RUN`."""
        hits = outcome.hits[self.is_common[outcome.hits["part"]]]
        lost_minutes = outcome.impact_minutes
        if not self.has_all_entries:
            lost_minutes = float(self.weights @ outcome.entries["lost_s"]) / 60.0
        return (
            lost_minutes,
            float(hits["outage_s"].sum(dtype=float)) / 60.0,
            float(hits["back_s"].max(initial=0.0)),
            outcome.step_s,
            outcome.step_error_fraction,
        )


def carried_out(study: SideStudy, reader: Reader, where: Where, done_count: int, total_count: int) -> NDArray[Any]:
    """Play a study, or read what was played of it before."""
    from cascade.studies.carry_out import carry_out  # noqa: PLC0415 - structure needs no database and no processes
    from cascade.studies.store import open_store  # noqa: PLC0415 - as above

    def note(done: int, _: int) -> None:
        if where.progress is not None:
            where.progress(min(done_count + done, total_count), total_count)

    with open_store(study, where.store(study) if where.store else None) as kept:
        carry_out(
            study,
            store=kept,
            engine=where.engine,
            workers=where.workers,
            scheduler=where.scheduler,
            progress=note,
        )
        return np.array([reader.row(outcome) for _, _, outcome in kept.outcomes()], RUN)
