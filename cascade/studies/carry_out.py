"""Play what a store does not have yet of a study."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from cascade.errors import Interrupted, StudyError
from cascade.studies import local
from cascade.studies.work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from cascade.studies.store import Store
    from cascade.studies.study import Study

Engine = Literal["local", "dask"]


def carry_out(  # noqa: PLR0913 - choices that are named
    study: Study,
    *,
    store: Store,
    engine: Engine = "local",
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Play what is missing in a store, chunk by chunk; each chunk is kept as soon as it is finished.

    What a run comes to does not depend on engine, workers or chunks: the same study gives the same bits.

    Parameters
    ----------
    study : Study
    store : Store
        Of this study, from :func:`~cascade.studies.store.open_store`.
    engine : {"local", "dask"}
        On this machine, or on a Dask cluster.
    workers : int, optional
        Processes that play, this one among them; as many as there are processors for it by default. A study of a second
        or two is played by this process alone.
    scheduler : str, optional
        Address of a Dask scheduler, like ``tcp://10.0.0.1:8786``; without one, Dask starts a cluster here.
    progress : callable, optional
        Told the number of finished runs and of all runs: once at the start, then after each chunk.

    Raises
    ------
    StudyError
        When a run cannot be played, workers die on it, or there is no cluster.
    StoreError
        When results cannot be kept.
    Interrupted
        On Ctrl-C, within a second; all finished chunks are in the store.
    """
    workers = local.processor_count() if workers is None else workers
    if workers < 1:
        raise StudyError(f"expected 1 worker or more, got {workers}")
    if engine not in {"local", "dask"}:
        raise StudyError(f"there is no engine '{engine}'; there are local and dask")
    if scheduler and engine != "dask":
        raise StudyError("a scheduler is Dask's: give the engine dask as well")
    work = Work(study, store, progress)
    try:
        with noting_interrupts(work):
            if engine == "local":
                local.play(work, workers)
            elif work.left_count:
                from cascade.studies import cluster  # noqa: PLC0415 - needs an extra

                cluster.play(work, workers, scheduler)
    except KeyboardInterrupt:
        raise Interrupted(how_to_go_on(work, store)) from None


def how_to_go_on(work: Work, store: Store) -> str:
    """Say how much is done and what to do next."""
    done = f"stopped after {work.done_count:,} of {work.done_count + work.left_count:,} runs"
    if store.path is None:
        return f"{done}; nothing is kept, because no store was given"
    return f"{done}; run the same command again to go on"


@contextmanager
def noting_interrupts(work: Work) -> Iterator[None]:
    """Remember each Ctrl-C, as only the main thread can."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return

    def note(number: int, frame: FrameType | None) -> None:
        work.is_interrupted = True
        before(number, frame)

    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
