"""The program of a process that plays chunks: reads them from standard input, writes what they came to."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from queue import SimpleQueue
from threading import Thread
from typing import IO, TYPE_CHECKING, Any

from cascade.studies.playing import play_chunk, sendable

if TYPE_CHECKING:
    from cascade.studies.study import Study


def main() -> None:
    """Play until nobody is there any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with sys.stdin.buffer as source, os.fdopen(os.dup(1), "wb") as sink:
        os.dup2(2, 1)  # what libraries print is no message
        chunks: SimpleQueue[Any] = SimpleQueue()
        packed = pickle.load(source)  # noqa: S301 - from the process that started this one
        Thread(target=receive, args=(source, chunks), daemon=True).start()
        try:
            study: Study = pickle.loads(packed)  # noqa: S301 - as above
            player = study.player()
        except Exception as error:  # noqa: BLE001 - it is raised where somebody sees it
            say(sendable(error), sink)
            return
        say("ready", sink)
        while True:
            say(play_chunk(study, player, chunks.get()), sink)


def receive(source: IO[bytes], chunks: SimpleQueue[Any]) -> None:
    """Take chunks; when there is nobody to send any, end at once, whatever is in work."""
    try:
        while True:
            chunks.put(pickle.load(source))  # noqa: S301 - as above
    except (EOFError, OSError):
        os._exit(0)


def say(message: object, sink: IO[bytes]) -> None:
    """Tell the process that started this one."""
    try:
        pickle.dump(message, sink)
        sink.flush()
    except BrokenPipeError:
        os._exit(0)
