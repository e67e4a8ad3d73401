"""A store: one SQLite file in which the runs of a study are kept as they are finished.

SQLite rather than Parquet, because a run must not be lost that was once reported as done: a chunk of runs is one
transaction, and a process that is killed at any moment leaves all finished transactions and nothing of the one in work.
It comes with Python, is one file, and any tool reads it; a Parquet file is readable only once it is finished, so it
would take a folder of many small ones, with rules of our own about which of them count. Runs are asked for by number
and written in any order, which is what a table with a key is for.

It keeps a rollback journal, not a write-ahead log: that one needs shared memory, which network file systems do not
have, and leaves part of the results in a second file when its writer is killed. A journal is there only while a chunk
is written. When a process was killed in those milliseconds, ``FILE-journal`` stays beside the file and belongs to it;
whoever opens the store next takes the torn chunk back and removes it.

One process writes, others may read meanwhile. The writer is whoever holds SQLite's own lock, which the operating system
takes from a process that dies.

============  ========================================================================================================
table         what is in it
============  ========================================================================================================
about         what the runs are of: version of Cascade, number of runs asked for
settings      what decides the results beside the topology: kind of study, seed, ...
parts         hash of each part of the topology
names         what hits refer to by place
entry_points  what users call, in the order of the entries of a run
runs          one row a run: number, label, the numbers of its outcome; entries and hits as :mod:`~cascade.studies.rows`
              packs them
============  ========================================================================================================
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from cascade.engine.stage import entry_points, names
from cascade.errors import StoreError
from cascade.studies.database import APPLICATION, FORMAT, Database
from cascade.studies.identity import Identity, identity_of
from cascade.studies.rows import COLUMNS, NUMBERS, outcome_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from cascade.engine.outcome import Outcome
    from cascade.studies.rows import Row
    from cascade.studies.study import Study

SQL_TYPES: Final = {"f8": "REAL", "i8": "INTEGER"}
TABLES: Final = (
    f"PRAGMA application_id = {APPLICATION}",
    f"PRAGMA user_version = {FORMAT}",
    "CREATE TABLE about (name TEXT PRIMARY KEY, value)",
    "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT)",
    "CREATE TABLE parts (place INTEGER PRIMARY KEY, name TEXT, hash TEXT)",
    "CREATE TABLE names (place INTEGER PRIMARY KEY, name TEXT)",
    "CREATE TABLE entry_points (place INTEGER PRIMARY KEY, name TEXT)",
    "CREATE TABLE runs (run INTEGER PRIMARY KEY, label TEXT, "
    + "".join(f"{name} {SQL_TYPES[kind]}, " for name, kind in COLUMNS.items())
    + "entries BLOB, hits BLOB)",
)
AT_ONCE: Final = 64
"""Outcomes that are read together: those of large topologies are large."""
NUMBERS_AT_ONCE: Final = 10_000


class Store:
    """Finished runs of one study; made by :func:`open_store` and :func:`read_store`, used in a ``with`` or closed.

    Whatever cannot be done (no room, another study's file, ...) is a `StoreError` of one line, and leaves what was
    there as it was.
    """

    def __init__(self, database: Database, *, total_count: int | None = None) -> None:
        self._database = database
        self.total_count: int = database.one("SELECT value FROM about WHERE name = 'runs'")
        """Runs that were asked for, finished or not."""
        if total_count is not None:
            self.total_count = total_count
        self.names = tuple(self._texts("names"))
        """Parts that hits refer to by place."""
        self.entry_points = tuple(self._texts("entry_points"))
        """What users call, in the order of the entries of an outcome."""

    @property
    def path(self) -> Path | None:
        """Where it is kept; None for a temporary one."""
        return self._database.path

    @property
    def identity(self) -> Identity:
        """What the runs are of."""
        return identity_in(self._database)

    def __len__(self) -> int:
        """Give the number of finished runs."""
        return int(self._database.one("SELECT count(*) FROM runs WHERE run < ?", [self.total_count]))

    def missing(self) -> NDArray[np.int64]:
        """Give the numbers of the runs that are still to be played, in ascending order."""
        is_missing = np.ones(self.total_count, bool)
        for (run,) in self._batches("run", NUMBERS_AT_ONCE):
            is_missing[run] = False
        return np.flatnonzero(is_missing)

    def add(self, rows: Iterable[Row]) -> None:
        """Keep some runs, all or none; whoever opens the store next finds them."""
        marks = ", ".join("?" * (len(COLUMNS) + 4))
        with self._database.writing() as connection:
            connection.executemany(f"INSERT OR REPLACE INTO runs VALUES ({marks})", rows)  # noqa: S608 - marks only

    def outcomes(self) -> Iterator[tuple[int, str, Outcome]]:
        """Yield number, label and outcome of each finished run by number; few of them are in memory at a time."""
        for run, label, *numbers, entries, hits in self._batches("*", AT_ONCE):
            with self._database.reading():
                found = outcome_of(numbers, entries, hits)
            yield run, label, found

    def outcome(self, run: int) -> Outcome:
        """Give the outcome of one run."""
        found = self._database.rows("SELECT * FROM runs WHERE run = ?", [run])
        if not found:
            raise StoreError(f"{self._database.name}: run {run} has not been played")
        _, _, *numbers, entries, hits = found[0]
        with self._database.reading():
            return outcome_of(numbers, entries, hits)

    def table(self) -> NDArray[Any]:
        """Give the numbers of all finished runs as one array of :data:`~cascade.studies.rows.NUMBERS`, by number."""
        table = np.empty(len(self), NUMBERS)
        with self._database.reading():
            for place, row in enumerate(self._batches(", ".join(NUMBERS.names or ()), NUMBERS_AT_ONCE)):
                table[place] = tuple(np.nan if value is None else value for value in row)
        return table

    def labels(self) -> Iterator[str]:
        """Yield the labels of the finished runs by number."""
        return (label for _, label in self._batches("run, label", NUMBERS_AT_ONCE))

    @property
    def frame(self) -> pd.DataFrame:
        """A row per finished run, by number: label and numbers, with the unit in the name of a column."""
        from cascade.studies.frames import runs_frame  # noqa: PLC0415 - pandas only when asked for

        return runs_frame(self)

    @property
    def hits(self) -> pd.DataFrame:
        """A row per run and part that was hit."""
        from cascade.studies.frames import hits_frame  # noqa: PLC0415 - as above

        return hits_frame(self)

    @property
    def entries(self) -> pd.DataFrame:
        """A row per run and entry point."""
        from cascade.studies.frames import entries_frame  # noqa: PLC0415 - as above

        return entries_frame(self)

    def close(self) -> None:
        """Let go of the file; a temporary store is gone."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _texts(self, table: str) -> list[str]:
        return [name for (name,) in self._database.rows(f"SELECT name FROM {table} ORDER BY place")]  # noqa: S608

    def _batches(self, columns: str, size: int) -> Iterator[tuple[Any, ...]]:
        """Yield columns of all finished runs by number, the first of them being that number."""
        query = f"SELECT {columns} FROM runs WHERE run > ? AND run < ? ORDER BY run LIMIT {size}"  # noqa: S608 - ours
        last = -1
        while rows := self._database.rows(query, [last, self.total_count]):
            yield from rows
            last = rows[-1][0]


def open_store(study: Study, path: Path | str | None = None) -> Store:
    """Open the store of a study for writing, or make it; without a path it is a temporary one that ends with it.

    Raises
    ------
    StoreError
        When the file holds runs of anything else, is no store, is in use, or cannot be written.
    """
    database = Database(None if path is None else Path(path), is_writer=True)
    try:
        identity = identity_of(study)
        if database.is_empty:
            make_tables(database, study, identity)
        else:
            refuse_another(database, identity)
        note_total(database, len(study))
        return Store(database, total_count=len(study))
    except BaseException:
        database.close()
        raise


def read_store(path: Path | str) -> Store:
    """Open a store to read what is in it; the topology is not needed, and somebody may be writing meanwhile."""
    return Store(Database(Path(path), is_writer=False))


def make_tables(database: Database, study: Study, identity: Identity) -> None:
    """Make an empty store."""
    about = {"cascade": identity.version, "topology": study.topology.name, "hash": identity.topology, "runs": 0}
    settings = {name: json.dumps(value) for name, value in identity.settings.items()}
    with database.writing() as connection:
        for statement in TABLES:
            connection.execute(statement)
        connection.executemany("INSERT INTO about VALUES (?, ?)", about.items())
        connection.executemany("INSERT INTO settings VALUES (?, ?)", settings.items())
        parts = ((place, *part) for place, part in enumerate(identity.parts.items()))
        connection.executemany("INSERT INTO parts VALUES (?, ?, ?)", parts)
        connection.executemany("INSERT INTO names VALUES (?, ?)", enumerate(names(study.topology)))
        connection.executemany("INSERT INTO entry_points VALUES (?, ?)", enumerate(entry_points(study.topology)))


def refuse_another(database: Database, identity: Identity) -> None:
    """Refuse runs of anything else."""
    if differences := identity.differences(identity_in(database)):
        what = "; ".join(differences)
        raise StoreError(
            f"{database.name}: holds runs of something else: {what}. Give another file, or delete this one"
        )


def note_total(database: Database, total_count: int) -> None:
    """Remember how many runs were asked for: the most so far."""
    if database.one("SELECT value FROM about WHERE name = 'runs'") < total_count:
        with database.writing() as connection:
            connection.execute("UPDATE about SET value = ? WHERE name = 'runs'", [total_count])


def identity_in(database: Database) -> Identity:
    """Read what the runs of a store are of."""
    version = database.one("SELECT value FROM about WHERE name = 'cascade'")
    parts = dict(database.rows("SELECT name, hash FROM parts ORDER BY place"))
    with database.reading():
        settings = {name: json.loads(text) for name, text in database.rows("SELECT name, value FROM settings")}
    return Identity(version, parts, settings)
