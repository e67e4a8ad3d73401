"""One SQLite file with one writer, whose failures are one line each."""

from __future__ import annotations

import os
import sqlite3
import time
import zlib
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from cascade.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

APPLICATION: Final = 0x43415343
"""In the head of the file, says that it is one of ours: CASC."""
FORMAT: Final = 1
"""Of the tables; a newer one is refused."""
PATIENCE_S: Final = 10.0
"""For how long somebody who reads may hold up a write, or the other way round."""
PROBES: Final = 3
"""Times that the lock is tried: its holder lets go of it for an instant after each transaction."""
PROBE_PAUSE_S: Final = 0.005

NO_STORE: Final = "is no store of Cascade; give another file"
IN_USE: Final = "in use by another process; wait until that has ended, or give another file"
NOTHING_YET: Final = "there is nothing in it yet"
REASONS: Final = {
    "SQLITE_NOTADB": NO_STORE,
    "SQLITE_BUSY": IN_USE,
    "SQLITE_LOCKED": IN_USE,
    "SQLITE_FULL": "the disk is full; make room and run the same again: what was finished is kept",
    "SQLITE_CORRUPT": "is damaged; delete it and run the same again",
    "SQLITE_IOERR": "cannot be written or read; look at the disk and run the same again: what was finished is kept",
    "SQLITE_TOOBIG": "cannot be written: a run is larger than SQLite takes",
}
"""What went wrong and what to do, by the name that SQLite gives it, or its beginning."""
SENSELESS: Final = (LookupError, OverflowError, TypeError, ValueError, zlib.error)
"""What comes of reading a file whose tables are sound and whose content is not."""


class Database:
    """A connection, either the only one that writes or one of those that read.

    A writer is always inside a transaction in which nothing has been said yet: that holds the lock, and lets others
    read.
    """

    def __init__(self, path: Path | None, *, is_writer: bool) -> None:
        self.path = path
        self.name = "temporary store" if path is None else str(path)
        self.is_writer = is_writer
        with self.telling():
            self.is_new = path is not None and not path.exists()
            self.connection = connect(path, is_writer=is_writer)
        try:
            with self.telling():
                self._start()
        except BaseException:
            self.close()
            raise

    def _start(self) -> None:
        if self.is_writer:
            self._lock()
        application, tables = self.one("PRAGMA application_id"), self.one("SELECT count(*) FROM sqlite_schema")
        self.is_empty = not application and not tables
        if self.is_empty and not self.is_writer:
            raise StoreError(f"{self.name}: {NOTHING_YET}")
        if application != APPLICATION and not self.is_empty:
            raise StoreError(f"{self.name}: {NO_STORE}")
        found = self.one("PRAGMA user_version")
        if found > FORMAT:
            raise StoreError(
                f"{self.name}: written by a newer Cascade, in format {found}; update Cascade, or give another file"
            )

    def _lock(self) -> None:
        self.connection.execute("PRAGMA busy_timeout = 0")
        for probe in range(PROBES):
            if probe:
                self.connection.execute("ROLLBACK")
                time.sleep(PROBE_PAUSE_S)
            self.connection.execute("BEGIN IMMEDIATE")
        self.connection.execute(f"PRAGMA busy_timeout = {PATIENCE_S * 1000:.0f}")

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Say in one line what SQLite, or the system, finds wrong."""
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"{self.name}: {reason(error, self.path, is_writer=self.is_writer)}") from None
        except OSError as error:
            raise StoreError(f"{self.name}: {(error.strerror or str(error)).lower()}; give another file") from None

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Say in one line that what is read makes no sense."""
        try:
            with self.telling():
                yield
        except SENSELESS:
            raise StoreError(f"{self.name}: {REASONS['SQLITE_CORRUPT']}") from None

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Keep what is said inside, all of it or nothing."""
        with self.telling():
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            finally:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                self.connection.execute("BEGIN IMMEDIATE")

    def rows(self, query: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """Give all rows of a query; nobody is held up by a reader who goes on thinking."""
        with self.reading():
            return self.connection.execute(query, tuple(values)).fetchall()

    def one(self, query: str, values: Iterable[Any] = ()) -> Any:
        """Give the only value of the only row."""
        return self.rows(query, values)[0][0]

    def close(self) -> None:
        """Let go of the file, and remove it when nothing has come into it."""
        with suppress(sqlite3.Error):
            self.connection.close()
        with suppress(OSError):
            if self.path and self.is_new and not self.path.stat().st_size:
                self.path.unlink()


def connect(path: Path | None, *, is_writer: bool) -> sqlite3.Connection:
    """Open a file; only a writer makes it."""
    if path is None:
        return sqlite3.connect("", isolation_level=None)
    where = f"{path.absolute().as_uri()}?mode={'rwc' if is_writer else 'rw'}"
    return sqlite3.connect(where, uri=True, isolation_level=None, timeout=PATIENCE_S)


def reason(error: sqlite3.Error, path: Path | None, *, is_writer: bool) -> str:
    """Say what SQLite found wrong, and what to do."""
    name = getattr(error, "sqlite_errorname", "")
    if path and name.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY")):
        return f"cannot be {'written' if is_writer else 'read'}: {obstacle(path, is_writer=is_writer)}"
    return next(
        (text for start, text in REASONS.items() if name.startswith(start)),
        f"cannot be used: {error}; give another file",
    )


def obstacle(path: Path, *, is_writer: bool) -> str:
    """Say why a file cannot be opened, which SQLite does not; opening it to see would take its lock away."""
    if not path.parent.is_dir():
        return f"there is no folder {path.parent}"
    if path.is_dir():
        return "it is a folder"
    if not path.exists() and not is_writer:
        return "there is no such file"
    for what in (path, path.parent):
        if what.exists() and not may(what, os.W_OK if is_writer else os.R_OK):
            return f"permission denied for {what}" if what != path else "permission denied"
    return "its folder takes no new files; give a file elsewhere"


def may(path: Path, kind: int) -> bool:
    """Whether this process may do something with a file."""
    return os.access(path, kind, effective_ids=os.access in os.supports_effective_ids)
