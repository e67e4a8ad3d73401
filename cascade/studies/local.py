"""Play a study on this machine: in this process, and in others beside it when that pays."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cascade.studies.crew import Crew
from cascade.studies.playing import play_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from cascade.engine.outcome import Outcome
    from cascade.studies.rows import Row
    from cascade.studies.work import Work

START_S: Final = 2.0
"""What it takes until another process plays, and what is left must take at least so that it pays [s]."""
WARM_UP_S: Final = 5.0
"""What the first run may take more than others [s]."""
QUOTA: Final = Path("/sys/fs/cgroup/cpu.max")
"""What a container may use, on Linux."""


def play(work: Work, workers: int) -> None:
    """Play all that is left; this process is one of the workers."""
    player = work.study.player()
    crew: Crew | None = None
    try:
        play_first(work, player)
        while work.left_count:
            if crew is None and workers > 1 and work.left_s > START_S:
                crew = Crew(work, workers - 1)
            if not play_own(work, player, crew) and crew:
                crew.look(wait=True)
    finally:
        if crew:
            crew.end()


def play_first(work: Work, player: Callable[[int], Outcome]) -> None:
    """Play one run, which says nothing about the others: it may wait for the compiler."""
    for run in work.take_one():
        start_s = time.perf_counter()
        row = play_run(work.study, player, run)
        played_s = time.perf_counter() - start_s
        work.finish([row], played_s if played_s > WARM_UP_S else 0.0)


def play_own(work: Work, player: Callable[[int], Outcome], crew: Crew | None) -> bool:
    """Play in this process for about the time of a chunk, looking after the others; tell whether there was a run."""
    start_s = time.perf_counter()
    rows: list[Row] = []
    try:
        while (not rows or time.perf_counter() - start_s < work.chunk_s) and (runs := work.take_one()):
            rows.append(play_run(work.study, player, runs[0]))
            work.check()
            if crew:
                crew.look()
    finally:
        work.finish(rows, time.perf_counter() - start_s)
    return bool(rows)


def processor_count() -> int:
    """Give the number of processors that this process may use.

    Examples
    --------
    >>> processor_count() >= 1
    True
    """
    affinity = getattr(os, "sched_getaffinity", None)
    count = len(affinity(0)) if affinity else os.cpu_count() or 1
    try:
        quota, period = QUOTA.read_text(encoding="ascii").split()
        return max(min(count, round(int(quota) / int(period))), 1)
    except (OSError, ValueError):  # no container, or one without a limit
        return count
