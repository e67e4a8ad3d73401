"""A Dask cluster, of one's own or of somebody else, gives what this machine gives."""

from __future__ import annotations

import multiprocessing
import pickle
import socket
import sys
import tempfile
import threading
import zlib
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from cascade.errors import StudyError
from cascade.studies import cluster
from cascade.studies.carry_out import carry_out
from cascade.studies.store import open_store
from tests.studies.made_up import MadeUp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def played(study: MadeUp, **how: Any) -> list[bytes]:
    with open_store(study) as store:
        carry_out(study, store=store, **how)
        return [outcome.bits for _, _, outcome in store.outcomes()]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster that somebody else runs."""
    place = str(tmp_path_factory.mktemp("theirs"))
    settings = {"distributed.scheduler.allowed-failures": 0, "temporary-directory": place}
    with (
        cluster.quiet(),
        import_module("dask.config").set(settings),
        cluster.library().LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=None) as theirs,
    ):
        yield theirs.scheduler_address


def test_a_cluster_of_ones_own_gives_the_same_bits_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    started: list[int] = []
    end_workers = cluster.end_workers

    def noted(local: Any) -> None:
        started.extend(nanny.pid for nanny in local.workers.values())
        end_workers(local)

    monkeypatch.setattr(cluster, "end_workers", noted)
    study = MadeUp(100, idle_s=0.005)

    assert played(study, engine="dask", workers=2) == played(study)
    assert len(started) == 2
    assert not {*started} & {child.pid for child in multiprocessing.active_children()}
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_a_cluster_of_somebody_else_gives_the_same_bits_and_stays(address: str) -> None:
    told: list[int] = []
    study = MadeUp(100, idle_s=0.005)

    for _ in range(2):
        found = played(study, engine="dask", scheduler=address, progress=lambda done, _: told.append(done))
        assert found == played(study)
    assert len(told) > 10


def test_a_lost_worker_costs_its_chunk_only(address: str, tmp_path: Path) -> None:
    once = tmp_path / "once"
    study = MadeUp(100, idle_s=0.01, deadly_run=50, once=str(once))

    assert played(study, engine="dask", scheduler=address) == played(MadeUp(100))
    assert once.exists()


def test_a_run_that_kills_workers_is_named(address: str) -> None:
    with pytest.raises(StudyError, match=r"^run 5 \(loss of 5\): the Dask workers that play it are killed"):
        played(MadeUp(10, deadly_run=5), engine="dask", scheduler=address)


def test_a_run_that_goes_wrong_is_named(address: str) -> None:
    with pytest.raises(StudyError, match=r"^run 5 \(loss of 5\): expected a service, got a teapot$"):
        played(MadeUp(10, wrong_run=5), engine="dask", scheduler=address)


def test_a_worker_with_another_cascade_is_told() -> None:
    packed = zlib.compress(pickle.dumps(MadeUp()))

    told = str(cluster.play_packed(packed, "key", (1, 2), "9.9").error)

    assert told.startswith("a Dask worker has Cascade ")
    assert told.endswith("and this is 9.9: install the same on both")


@pytest.mark.parametrize("nobody", ["tcp://127.0.0.1:9", "tls://127.0.0.1:9", "nonsense://x", "127.0.0.1"])
def test_a_scheduler_that_does_not_answer_is_told(nobody: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_S", 0.3)

    with pytest.raises(StudyError) as told:
        played(MadeUp(), engine="dask", scheduler=nobody)
    assert str(told.value).startswith(f"no Dask scheduler answers at {nobody}: ")
    assert "\n" not in str(told.value)


def test_what_listens_and_says_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be the port of a dashboard; Dask itself would wait for ever."""
    monkeypatch.setattr(cluster, "CONNECT_S", 0.3)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        where = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(StudyError, match="what listens there is no Dask scheduler"):
            played(MadeUp(), engine="dask", scheduler=where)


def test_nothing_is_left_of_a_failed_connection_that_ends_itself_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async def say_nothing(_: str) -> None:
        pass

    monkeypatch.setattr(cluster, "CONNECT_S", 0.3)
    monkeypatch.setattr(cluster, "knock", say_nothing)
    before = {*threading.enumerate()}

    with pytest.raises(StudyError):
        played(MadeUp(), engine="dask", scheduler="tcp://127.0.0.1:9")
    assert [thread for thread in threading.enumerate() if thread.name == "IO loop" and thread not in before] == []


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)

    with pytest.raises(StudyError, match=r"pip install 'cascade-blast-radius\[dask\]'"):
        played(MadeUp(), engine="dask")
