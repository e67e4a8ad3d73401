"""Processes beside this one that play chunks; any of them may die at any time.

They are started as programs of their own, not by :mod:`multiprocessing`: that would run the user's script a second time
in each, and would start them in a different way on each system. They talk through their standard input and output.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO, TYPE_CHECKING, Any, Final

from cascade.errors import StudyError
from cascade.studies.playing import Played

if TYPE_CHECKING:
    from cascade.studies.work import Work

PROGRAM: Final = """\
import pickle, sys
sys.path[:] = pickle.load(sys.stdin.buffer)
from cascade.studies.worker import main
main()
"""
AHEAD: Final = 2
"""Chunks that a worker has: one in work and one that waits, so that nobody has to hurry to give it the next."""
PIPE_SIZE: Final = 1 << 20
"""So much of a finished chunk is out of the worker's hands at once, where pipes can be that large."""
WAIT_S: Final = 0.1
"""Every so often somebody who waits for workers looks up."""
MOST_FALSE_STARTS: Final = 3
"""Workers that may die before the first is ready."""


@dataclass(eq=False)
class Worker:
    """One process, its chunks in the order in which it plays them, and the thread that listens to it."""

    process: subprocess.Popen[bytes]
    chunks: deque[tuple[int, ...]] = field(default_factory=deque)
    is_ready: bool = False

    def send(self, message: Any) -> None:
        """Tell it something; one that is dead will be noticed by who listens."""
        assert self.process.stdin
        with suppress(OSError, ValueError):
            pickle.dump(message, self.process.stdin)
            self.process.stdin.flush()


class Crew:
    """Workers that play chunks of some work until it is done."""

    def __init__(self, work: Work, size: int) -> None:
        self._work = work
        self._size = size
        self._greeting = (list(sys.path), pickle.dumps(work.study))
        self._heard: SimpleQueue[tuple[Worker, Any]] = SimpleQueue()
        self._false_starts = 0
        self._workers: set[Worker] = set()
        for _ in range(min(size, work.left_count)):
            self._start()

    def look(self, *, wait: bool = False) -> None:
        """Deal with what workers have said; if asked to, wait a moment for something."""
        with suppress(Empty):
            while True:
                worker, message = self._heard.get(wait, WAIT_S)
                wait = False
                if message is None:
                    self._bury(worker)
                elif isinstance(message, Played):
                    self._receive(worker, message)
                elif isinstance(message, Exception):
                    raise message
                else:
                    worker.is_ready = True
                    self._feed(worker)
                self._work.check()

    def end(self) -> None:
        """End all workers at once."""
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.wait()
            close(worker.process.stdin)

    def _start(self) -> None:
        process = subprocess.Popen(  # noqa: S603 - this very interpreter
            [sys.executable, "-P", "-c", PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            **apart(),
        )
        worker = Worker(process)
        self._workers.add(worker)
        Thread(target=listen, args=(worker, self._greeting, self._heard), daemon=True).start()

    def _feed(self, worker: Worker) -> None:
        while len(worker.chunks) < AHEAD and (chunk := self._work.take(self._size + 1)):
            worker.chunks.append(chunk)
            worker.send(chunk)

    def _receive(self, worker: Worker, played: Played) -> None:
        worker.chunks.popleft()
        self._feed(worker)
        self._work.finish(played.rows, played.played_s)
        if played.error:
            raise played.error

    def _bury(self, worker: Worker) -> None:
        """Take back the chunks of a worker that died, and start another one."""
        self._workers.discard(worker)
        close(worker.process.stdin)
        why = f"the process that plays it is killed again and again ({fate(worker.process.wait())})"
        lost, *unplayed = worker.chunks or [()]
        for chunk in unplayed:
            self._work.give_back(chunk)
        if lost:
            self._work.lose(lost, f"{why}; it may need more memory than there is, so try with fewer workers")
        self._false_starts = 0 if worker.is_ready else self._false_starts + 1
        if self._false_starts >= MOST_FALSE_STARTS:
            raise StudyError(f"no process to play in can be started ({fate(worker.process.wait())}); try with 1 worker")
        self._start()


def listen(worker: Worker, greeting: tuple[Any, ...], heard: SimpleQueue[tuple[Worker, Any]]) -> None:
    """Greet a worker and pass on what it says, at last that it says nothing any more."""
    for message in greeting:
        worker.send(message)
    assert worker.process.stdout
    enlarge(worker.process.stdout)
    with worker.process.stdout as said, suppress(EOFError, OSError, pickle.UnpicklingError):
        while True:
            heard.put((worker, pickle.load(said)))  # noqa: S301 - our own worker
    heard.put((worker, None))


def enlarge(pipe: IO[bytes]) -> None:
    """Make a pipe take more, on Linux, if this user may have so much."""
    if sys.platform == "linux":
        import fcntl  # noqa: PLC0415 - other systems have none

        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_SIZE)


def apart() -> dict[str, Any]:
    """Say to a new process that the terminal's Ctrl-C is not for it."""
    if os.name == "nt":
        return {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
    return {"process_group": 0}


def close(pipe: IO[bytes] | None) -> None:
    """Close a pipe to a process that may be dead."""
    if pipe:
        with suppress(OSError):
            pipe.close()


def fate(code: int) -> str:
    """Say how a process ended.

    Examples
    --------
    >>> fate(-9), fate(3)
    ('SIGKILL', 'exit code 3')
    """
    if code < 0:
        with suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit code {code}"
