"""A store keeps what was finished, whatever happens, and refuses what does not belong together."""

from __future__ import annotations

import os
import resource
import sqlite3
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import cascade
from cascade.errors import StoreError
from cascade.studies import identity
from cascade.studies.carry_out import carry_out
from cascade.studies.home import default_path
from cascade.studies.rows import row_of
from cascade.studies.store import Store, open_store, read_store
from tests.studies.made_up import TOPOLOGY, MadeUp, outcome, slow_service

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cascade.model import Topology

NOBODY = 65534


def add(store: Store, runs: Sequence[int]) -> None:
    store.add([row_of(run, f"loss of {run}", outcome(1, run)) for run in runs])


def refusal(study: MadeUp, path: Path) -> str:
    """What is said when a store is opened that does not fit; nothing of it may change."""
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StoreError) as refused:
        open_store(study, path)
    assert (path.read_bytes() if path.is_file() else None) == before
    return one_line(refused.value)


def one_line(error: StoreError) -> str:
    text = str(error)
    assert "\n" not in text
    return text


@contextmanager
def powerless() -> Iterator[None]:
    """Be somebody whom permissions stop, if this is somebody else."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store of 10 runs, of which 0 to 4 and 8 are finished."""
    path = tmp_path / "some.db"
    with open_store(MadeUp(10), path) as store:
        add(store, [8, 0, 1, 2, 3, 4])
    return path


def test_outcomes_come_back_as_they_went_in_by_number(path: Path) -> None:
    with read_store(path) as store:
        found = list(store.outcomes())
        table = store.table()
        again = store.outcome(3)

    assert [(run, label) for run, label, _ in found] == [(run, f"loss of {run}") for run in (0, 1, 2, 3, 4, 8)]
    for run, _, came in found:
        went = outcome(1, run)
        assert came.entries.tobytes() == went.entries.tobytes()
        assert came.hits.tobytes() == went.hits.tobytes()
        np.testing.assert_array_equal(came.numbers, went.numbers)  # nan and minus zero are not kept bit by bit
    assert again.bits == found[3][2].bits
    assert table["impact_minutes"].tolist() == [came.impact_minutes for _, _, came in found]
    assert table["run"].tolist() == [0, 1, 2, 3, 4, 8]


def test_a_store_knows_what_is_missing(path: Path) -> None:
    with open_store(MadeUp(10), path) as store:
        assert store.missing().tolist() == [5, 6, 7, 9]
        assert (len(store), store.total_count) == (6, 10)


def test_a_study_that_has_grown_goes_on_and_one_that_has_shrunk_sees_its_own_runs(path: Path) -> None:
    with open_store(MadeUp(12), path) as store:
        assert store.missing().tolist() == [5, 6, 7, 9, 10, 11]
    with open_store(MadeUp(3), path) as store:
        assert store.missing().tolist() == []
        assert store.table()["run"].tolist() == [0, 1, 2]
    with read_store(path) as store:
        assert (len(store), store.total_count) == (6, 12)


def test_frames_need_no_topology(path: Path) -> None:
    with cascade.read_store(path) as store:
        runs, hits, entries = store.frame, store.hits, store.entries

    assert runs.index.tolist() == [0, 1, 2, 3, 4, 8]
    assert runs.loc[8, "label"] == "loss of 8"
    assert runs.loc[1, "ending"] == "stuck"
    assert runs["peak_backlog_part"].isna().all()
    assert hits["run"].tolist() == [1, 2, 2, 3, 3, 3]
    assert set(hits["part"]) <= {"web", "app", "db"}
    assert hits["back_s"].iloc[-1] == np.inf
    assert entries["entry_point"].unique().tolist() == ["web"]
    assert entries["lost_s"].iloc[5] == outcome(1, 8).entries["lost_s"][0]


def test_frames_of_nothing_have_their_columns() -> None:
    with open_store(MadeUp(10)) as store:
        assert len(store.frame) == len(store.hits) == len(store.entries) == 0
        assert {"part", "outage_s"} <= {*store.hits.columns}


def test_one_writes_and_others_read_meanwhile(path: Path) -> None:
    with open_store(MadeUp(10), path) as writer, read_store(path) as reader:
        with pytest.raises(StoreError, match="in use by another process") as refused:
            open_store(MadeUp(10), path)
        one_line(refused.value)
        half_read = reader.outcomes()
        next(half_read)
        add(writer, [5])
        assert len(reader) == 7
    with open_store(MadeUp(10), path) as store:
        assert len(store) == 7


def test_a_file_can_be_copied_once_its_writer_has_ended(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_bytes(path.read_bytes())

    with read_store(copy) as store:
        assert len(store) == 6
    assert {file.name for file in tmp_path.iterdir()} == {"some.db", "copy.db"}


@pytest.mark.parametrize(
    ("study", "what"),
    [
        (MadeUp(10, seed=2), "seed is 1 there and 2 here. Give another file, or delete this one"),
        (MadeUp(10, topology=slow_service()), "the topology differs (service db)"),
        (
            MadeUp(10, topology=TOPOLOGY.changed(services=dict(reversed(TOPOLOGY.services.items())))),
            "the topology differs (the order of its parts)",
        ),
    ],
    ids=["seed", "topology", "order"],
)
def test_runs_of_something_else_are_refused(study: MadeUp, what: str, path: Path) -> None:
    assert what in refusal(study, path)


def test_runs_of_another_version_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = identity.version()
    monkeypatch.setattr(identity, "version", lambda: "9.9")

    assert f"Cascade is {ours} there and 9.9 here" in refusal(MadeUp(10), path)


@pytest.mark.parametrize(
    ("text", "is_same"),
    [
        ("{services: {db: {capacity: 5/s}, web: {calls: [db], demand: 60/min}}, name: x, description: y}", True),
        ("{services: {db: {capacity: 5/s}, web: {calls: [{to: db}], demand: {rate: 1/s}}}}  # said otherwise", True),
        ("{services: {db: {capacity: 5.0000000000000009/s}, web: {calls: [db], demand: 1/s}}}", False),
        ("{services: {db: {capacity: {uniform: [4/s, 6/s]}}, web: {calls: [db], demand: 1/s}}}", False),
        ("{services: {db: {capacity: {uniform: [3/s, 7/s]}}, web: {calls: [db], demand: 1/s}}}", False),
    ],
)
def test_a_topology_is_known_by_what_it_says(text: str, *, is_same: bool) -> None:
    seen = {
        identity.identity_of(MadeUp(topology=topology)).key: topology
        for topology in map(cascade.loads, ["{services: {db: {capacity: 5/s}, web: {calls: [db], demand: 1/s}}}", text])
    }

    assert (len(seen) == 1) == is_same


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("to whom it may concern\n" * 100)
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE runs (x)")
    connection.close()

    for file in (text, other):
        assert "is no store of Cascade" in refusal(MadeUp(), file)
        with pytest.raises(StoreError, match="is no store of Cascade"):
            read_store(file)
    assert "cannot be written: it is a folder" in refusal(MadeUp(), tmp_path)
    assert "cannot be written: there is no folder" in refusal(MadeUp(), tmp_path / "nowhere" / "x.db")
    with pytest.raises(StoreError, match="file name too long"):
        open_store(MadeUp(), tmp_path / ("x" * 300))
    (tmp_path / "empty.db").touch()
    with pytest.raises(StoreError, match="there is nothing in it yet"):
        read_store(tmp_path / "empty.db")
    with pytest.raises(StoreError, match="cannot be read: there is no such file"):
        read_store(tmp_path / "x.db")
    assert not (tmp_path / "x.db").exists()


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    (tmp_path / "x.db").touch()

    with open_store(MadeUp(10), tmp_path / "x.db") as store:
        assert len(store) == 0


def test_a_store_of_a_newer_cascade_is_refused(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()

    assert "written by a newer Cascade" in refusal(MadeUp(10), path)


def test_a_damaged_store_is_refused(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)

    with pytest.raises(StoreError, match="is damaged") as refused:
        read_store(path)
    one_line(refused.value)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE runs SET hits = x'00'",
        "UPDATE runs SET entries = 1",
        "UPDATE runs SET ending = 7",
        "UPDATE settings SET value = '{'",
        "UPDATE names SET name = CAST(x'ff' AS TEXT)",
    ],
)
def test_a_store_of_sound_tables_with_senseless_content_is_refused(damage: str, path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute(damage)
    connection.commit()
    connection.close()

    with (
        pytest.raises(StoreError, match=r"is damaged|Could not decode") as refused,
        open_store(MadeUp(10), path) as store,
    ):
        list(store.outcomes())
    one_line(refused.value)


@contextmanager
def small_disk(store: Store, limit: str) -> Iterator[None]:
    """Let there be hardly any room: for SQLite, or for this process."""
    assert store.path
    if limit == "pages":
        store._database.connection.execute("PRAGMA max_page_count = 1")  # means: no more than there are
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (store.path.stat().st_size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(("limit", "what"), [("pages", "the disk is full"), ("file", "look at the disk")])
def test_a_full_disk_costs_nothing_that_was_finished(limit: str, what: str, tmp_path: Path) -> None:
    study = MadeUp(3000)
    with open_store(study, tmp_path / "x.db") as store:
        add(store, range(5))
        with small_disk(store, limit), pytest.raises(StoreError, match=what) as full:
            add(store, range(5, 3000))
        one_line(full.value)
    with open_store(study, tmp_path / "x.db") as store:
        assert store.table()["run"].tolist() == [0, 1, 2, 3, 4]
        carry_out(study, store=store, workers=1)
        assert len(store) == 3000


def test_a_store_that_cannot_be_begun_leaves_no_file(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (512, before[1]))
    try:
        assert "look at the disk" in refusal(MadeUp(), tmp_path / "x.db")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_or_file_that_may_not_be_written_is_told() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "old.db"
        with open_store(MadeUp(10), path) as store:
            add(store, range(3))
        path.chmod(0o666)
        folder.chmod(0o555)
        with powerless():
            assert "cannot be written: permission denied" in refusal(MadeUp(10), folder / "new.db")
            with pytest.raises(StoreError, match="cannot be written") as refused, open_store(MadeUp(10), path) as store:
                add(store, [4])
            one_line(refused.value)
            with read_store(path) as store:
                assert len(store) == 3
        path.chmod(0o444)
        with powerless(), pytest.raises(StoreError, match="denied"), open_store(MadeUp(10), path) as store:
            add(store, [4])
        folder.chmod(0o755)


def test_the_same_study_finds_its_store_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASCADE_CACHE_DIR", str(tmp_path))
    study = MadeUp(10)
    named: Topology = TOPOLOGY.changed(name="the / shop")

    path = default_path(study)

    assert path == default_path(replace(study, runs_count=20))
    assert path != default_path(replace(study, seed=2))
    assert path is not None
    assert path.parent == tmp_path / "studies"
    place = default_path(replace(study, topology=named))
    assert place is not None
    assert place.name.startswith("made-up-the-shop-")
    (tmp_path / "file").touch()
    monkeypatch.setenv("CASCADE_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(StoreError, match="set CASCADE_CACHE_DIR"):
        default_path(study)
    monkeypatch.setenv("CASCADE_CACHE_DIR", "")
    assert default_path(study) is None
