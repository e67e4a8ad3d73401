"""Play a study on a Dask cluster: one that somebody else runs, or one that is started here and ends with it.

What is sent is one packed study, which the cluster keeps as long as it is needed and makes again when who has it is
lost, and then numbers of runs. A cluster gets a few chunks for each of its threads, and the next ones as it finishes:
what it and this process keep in memory does not grow with the study, and it may grow and shrink meanwhile.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import logging
import multiprocessing
import pickle
import signal
import tempfile
import threading
import warnings
import zlib
from contextlib import ExitStack, contextmanager
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any, Final

from cascade.errors import StudyError
from cascade.studies.identity import version
from cascade.studies.playing import Played, play_chunk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascade.studies.study import Study
    from cascade.studies.work import Work

Client = Any
"""Dask says nothing of its types."""
Future = Any

AHEAD: Final = 2
"""Chunks that each thread of the cluster has."""
CONNECT_S: Final = 10.0
"""How long a scheduler may take to answer."""
LOOK_S: Final = 0.2
"""Every so often somebody who waits for the cluster looks up."""

_MINE: Final = threading.local()
"""The study that this thread of a worker plays, and its player."""


def play(work: Work, workers: int, scheduler: str | None) -> None:
    """Play all that is left."""
    dask = library()
    with quiet(), ExitStack() as stack:
        client = connected(stack, workers, scheduler)
        try:
            hand_out(work, client)
        except (dask.CancelledError, OSError):
            raise StudyError("the Dask cluster has gone away; run the same again to go on") from None


def hand_out(work: Work, client: Client) -> None:
    """Give chunks to a cluster, a few for each of its threads, and take in what they come to."""
    packed = zlib.compress(pickle.dumps(work.study), 1)
    key = hashlib.sha256(packed).hexdigest()
    there = client.submit(bytes, packed, key=f"cascade-study-{key}", pure=False)
    chunks: dict[Future, tuple[int, ...]] = {}
    try:
        while work.left_count:
            hands_count = max(sum(client.nthreads().values()), 1)
            most_count = (
                1 if work.is_suspicious else AHEAD * hands_count
            )  # who dies with a deadly run is blamed as well
            while len(chunks) < most_count and (chunk := work.take(hands_count)):
                future = client.submit(play_packed, there, key, chunk, version(), pure=False, priority=-chunk[0])
                chunks[future] = chunk
            for future in finished(chunks):
                take_in(work, future, chunks.pop(future))
            work.check()
    finally:
        client.cancel([*chunks, there], force=True)


def finished(chunks: dict[Future, tuple[int, ...]]) -> list[Future]:
    """Wait a moment for chunks to be finished, and give those that are."""
    try:
        library().wait(list(chunks), timeout=LOOK_S, return_when="FIRST_COMPLETED")
    except TimeoutError:
        return []
    return [future for future in chunks if future.done()]


def take_in(work: Work, future: Future, chunk: tuple[int, ...]) -> None:
    """Keep what a chunk came to."""
    dask = library()
    try:
        played: Played = future.result()
    except dask.KilledWorker:
        work.lose(chunk, "the Dask workers that play it are killed again and again; it may need more memory")
        return
    except ModuleNotFoundError as error:
        raise StudyError(f"a Dask worker lacks {error.name}: install cascade-blast-radius {version()} there") from None
    work.finish(played.rows, played.played_s)
    if played.error:
        raise played.error


def play_packed(packed: bytes, key: str, runs: tuple[int, ...], wanted: str) -> Played:
    """Play some runs on a worker; each of its threads makes its player once."""
    if version() != wanted:
        text = f"a Dask worker has Cascade {version()}, and this is {wanted}: install the same on both"
        return Played((), 0.0, StudyError(text))
    if getattr(_MINE, "key", None) != key:
        study: Study = pickle.loads(zlib.decompress(packed))  # noqa: S301 - our own
        _MINE.key, _MINE.study, _MINE.player = key, study, study.player()
    return play_chunk(_MINE.study, _MINE.player, runs)


def library() -> Any:
    """Give the module ``distributed``."""
    try:
        return importlib.import_module("distributed")
    except ModuleNotFoundError:
        raise StudyError("the engine dask needs Dask: pip install 'cascade-blast-radius[dask]'") from None


def connected(stack: ExitStack, workers: int, scheduler: str | None) -> Client:
    """Connect to a cluster, or start one; it ends with the stack."""
    dask = library()
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="cascade-", ignore_cleanup_errors=True))
    stack.enter_context(importlib.import_module("dask.config").set({"temporary-directory": folder}))
    where: Any = scheduler
    if not scheduler:
        quietly = {"dashboard_address": None, "silence_logs": logging.CRITICAL}
        with interrupts_for_later():
            where = stack.enter_context(dask.LocalCluster(n_workers=workers, threads_per_worker=1, **quietly))
            stack.callback(end_workers, where)
    client = client_of(where)
    stack.enter_context(client)
    stack.enter_context(client.as_current())
    return client


def client_of(where: Any) -> Client:
    """Connect to a scheduler; one that fails must be closed, or it closes itself when it is found, in any thread."""
    kind = library().Client
    client = kind.__new__(kind)
    try:
        if isinstance(where, str):
            asyncio.run(knock(where))
        kind.__init__(client, where, timeout=CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, TypeError, ValueError) as error:
        if hasattr(client, "_loop_runner"):
            client.close()
            client._loop_runner.stop()  # noqa: SLF001 - what close() does for clients that have worked
        why = next(iter(str(error).splitlines()), "what listens there is no Dask scheduler, or too slow")
        raise StudyError(f"no Dask scheduler answers at {where}: {why}") from None
    return client


async def knock(where: str) -> None:
    """See whether somebody who knows Dask answers; a client would wait for ever for one who says nothing."""
    security = library().Security().get_connection_args("client")
    comm = await asyncio.wait_for(library().core.connect(where, timeout=CONNECT_S, **security), CONNECT_S + 1.0)
    comm.abort()


def end_workers(local: Any) -> None:
    """End the workers of a cluster that was started here, which would first finish what they play."""
    pids = set()
    for nanny in local.workers.values():
        nanny.auto_restart = False
        pids.add(nanny.pid)
    for child in multiprocessing.active_children():
        if child.pid in pids:
            child.kill()


@contextmanager
def interrupts_for_later() -> Iterator[None]:
    """Hear of Ctrl-C only afterwards; threads and processes that are started meanwhile never do, where that works."""
    mask = getattr(signal, "pthread_sigmask", None)
    if mask is None:
        yield
        return
    resource_tracker.ensure_running()  # when it starts, it listens to Ctrl-C again
    before = mask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        mask(signal.SIG_SETMASK, before)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what Dask logs and warns of, lost workers and other versions, from who waits for results."""
    library()  # sets up its loggers
    loggers = [logging.getLogger(name) for name in logging.root.manager.loggerDict if name.startswith("distributed")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
