"""Play runs of a study, wherever that is."""

from __future__ import annotations

import pickle
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cascade.errors import CascadeError, StudyError
from cascade.studies.rows import row_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cascade.engine.outcome import Outcome
    from cascade.studies.rows import Row
    from cascade.studies.study import Study


@dataclass(frozen=True)
class Played:
    """What became of a chunk of runs."""

    rows: tuple[Row, ...]
    """Of the runs that were played, which are all unless one failed."""
    played_s: float
    """What it took [s]."""
    error: Exception | None = None
    """Why a run failed; it can be sent to other processes."""


def play_run(study: Study, player: Callable[[int], Outcome], run: int) -> Row:
    """Play one run; what the user can put right names it."""
    try:
        outcome = player(run)
    except CascadeError as error:
        raise StudyError(f"{named(study, run)}: {error}") from error
    return row_of(run, study.label(run), outcome)


def play_chunk(study: Study, player: Callable[[int], Outcome], runs: Sequence[int]) -> Played:
    """Play some runs until one fails."""
    start_s = time.perf_counter()
    rows: list[Row] = []
    error = None
    try:
        for run in runs:
            rows.append(play_run(study, player, run))  # noqa: PERF401 - what was played before an error is kept
    except Exception as failed:  # noqa: BLE001 - it is raised where somebody sees it
        error = sendable(failed)
    return Played(tuple(rows), time.perf_counter() - start_s, error)


def named(study: Study, run: int) -> str:
    """Say which run is meant."""
    return f"run {run} ({study.label(run)})"


def sendable(error: Exception) -> Exception:
    """Give an error as it can be sent to another process; one that is nobody's input says where it happened."""
    if isinstance(error, CascadeError):
        return StudyError(str(error))
    where = "".join(traceback.format_exception(error))
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    except Exception:  # noqa: BLE001 - whatever an error's own code may raise
        error = RuntimeError(repr(error))
    error.add_note(where)
    return error
