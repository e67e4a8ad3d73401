"""Who plays a run, and what happens to whoever plays it, changes no result."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from cascade.errors import CascadeError, StudyError
from cascade.studies import crew, local
from cascade.studies.carry_out import carry_out
from cascade.studies.store import open_store, read_store
from tests.studies.made_up import MadeUp

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT: Final = Path(__file__).parents[2]
ATTEMPTS: Final = 3
"""A busy machine can spoil a measurement, so it may be repeated this often."""


def played(study: MadeUp, path: Path | None = None, **how: Any) -> list[bytes]:
    """Carry a study out and give the bits of all its runs."""
    with open_store(study, path) as store:
        carry_out(study, store=store, **how)
        assert len(store) == len(study)
        return [outcome.bits for _, _, outcome in store.outcomes()]


@pytest.fixture
def _eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other processes play, however small the study is."""
    monkeypatch.setattr(local, "START_S", -1.0)


@pytest.fixture
def _others(monkeypatch: pytest.MonkeyPatch, _eager: None) -> None:
    """Only other processes play, but for the first run."""
    monkeypatch.setattr(local, "play_own", lambda *_: False)


@pytest.mark.usefixtures("_eager")
def test_one_process_or_three_give_the_same_bits_and_all_of_them_play(monkeypatch: pytest.MonkeyPatch) -> None:
    study = MadeUp(150, idle_s=0.02)
    players = set()
    receive = crew.Crew._receive

    def noted(self: crew.Crew, worker: crew.Worker, chunk: Any) -> None:
        players.add(worker.process.pid)
        receive(self, worker, chunk)

    monkeypatch.setattr(crew.Crew, "_receive", noted)

    assert played(study, workers=3) == played(study, workers=1)
    assert len(players) == 2


def test_a_small_study_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew.Crew, "_start", lambda _: pytest.fail("a process was started"))

    assert len(played(MadeUp(100, idle_s=0.001), workers=8)) == 100


def test_progress_begins_with_what_is_there_and_ends_with_everything(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    played(MadeUp(10), tmp_path / "x.db")

    played(MadeUp(60, idle_s=0.02), tmp_path / "x.db", workers=1, progress=lambda *counts: told.append(counts))

    assert told[0] == (10, 60)
    assert told[-1] == (60, 60)
    assert told == sorted(told)
    assert len(told) > 5


def test_a_finished_study_is_not_played_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = MadeUp(10)
    first = played(study, tmp_path / "x.db")
    monkeypatch.setattr(MadeUp, "player", lambda _: lambda run: pytest.fail(f"run {run} was played"))

    assert played(study, tmp_path / "x.db") == first
    assert played(study, tmp_path / "x.db", engine="dask") == first


@pytest.mark.usefixtures("_others")
def test_a_worker_that_dies_costs_only_time(tmp_path: Path) -> None:
    once = tmp_path / "once"
    study = MadeUp(120, idle_s=0.005, deadly_run=100, once=str(once))

    assert played(study, workers=3) == played(MadeUp(120))
    assert once.exists()


@pytest.mark.usefixtures("_others")
def test_a_run_that_kills_whoever_plays_it_is_named(tmp_path: Path) -> None:
    study = MadeUp(120, idle_s=0.005, deadly_run=100)
    with open_store(study, tmp_path / "x.db") as store:
        with pytest.raises(StudyError) as told:
            carry_out(study, store=store, workers=3)
        assert len(store) > 20
    assert str(told.value) == (
        "run 100 (loss of 100): the process that plays it is killed again and again (SIGKILL); "
        "it may need more memory than there is, so try with fewer workers"
    )


@pytest.mark.usefixtures("_eager")
@pytest.mark.parametrize("workers", [1, 3])
def test_a_run_that_goes_wrong_is_named_and_what_is_finished_is_kept(
    workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if workers > 1:
        monkeypatch.setattr(local, "play_own", lambda *_: False)
    study = MadeUp(120, idle_s=0.005, wrong_run=100)
    with open_store(study, tmp_path / "x.db") as store:
        with pytest.raises(CascadeError) as told:
            carry_out(study, store=store, workers=workers)
        assert len(store) > 20
    assert str(told.value) == "run 100 (loss of 100): expected a service, got a teapot"


@pytest.mark.usefixtures("_eager")
def test_processes_that_cannot_start_are_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "PROGRAM", "raise SystemExit(3)")
    study = MadeUp(2000, idle_s=0.02)

    with open_store(study) as store, pytest.raises(StudyError) as told:
        carry_out(study, store=store, workers=2)
    assert str(told.value) == "no process to play in can be started (exit code 3); try with 1 worker"


@pytest.mark.parametrize(
    ("how", "what"),
    [
        ({"workers": 0}, "expected 1 worker or more, got 0"),
        ({"engine": "spark"}, "there is no engine 'spark'; there are local and dask"),
        ({"scheduler": "tcp://10.0.0.1:8786"}, "a scheduler is Dask's: give the engine dask as well"),
    ],
)
def test_what_cannot_be_asked_for_is_told(how: dict[str, Any], what: str) -> None:
    with open_store(MadeUp()) as store, pytest.raises(StudyError) as told:
        carry_out(MadeUp(), store=store, **how)
    assert str(told.value) == what


PROGRAM: Final = textwrap.dedent("""
    import sys
    import cascade_cli
    from cascade.studies import local
    from cascade.studies.carry_out import carry_out
    from cascade.studies.store import open_store
    from cascade_cli.progress import study_progress
    from tests.studies.made_up import MadeUp

    local.START_S = -1.0
    path, engine, workers = sys.argv[1:]

    def told(done, total):
        if done > 30:
            print("running", flush=True)

    def main():
        cascade_cli.note_interrupts()
        study = MadeUp(100_000, idle_s=0.02)
        try:
            with study_progress("made up", quiet=False) as bar, open_store(study, path) as store:
                assert bar is None
                carry_out(study, store=store, engine=engine, workers=int(workers), progress=told)
        except KeyboardInterrupt:
            sys.exit(130)

    if __name__ == "__main__":
        main()
""")


def start(path: Path, engine: str, workers: int) -> subprocess.Popen[str]:
    """Start a study in a process of its own, and wait until it and its workers are in the middle of it."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(path), engine, str(workers)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(path.parent)},
        start_new_session=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "running\n"
    until(lambda: engine == "dask" or len(children(process.pid)) == workers - 1)
    return process


def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end_s = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < end_s
        time.sleep(0.02)


def children(pid: int) -> list[int]:
    """Give the processes that a process has started, and those that these have."""
    listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], check=True, capture_output=True, text=True).stdout
    pairs = [tuple(map(int, line.split())) for line in listing.splitlines()]
    own = [child for child, parent in pairs if parent == pid]
    return own + [grandchild for child in own for grandchild in children(child)]


def is_alive(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], check=False, capture_output=True, text=True).stdout
    return bool(state) and not state.startswith("Z")


@pytest.mark.parametrize(("engine", "workers"), [("local", 1), ("local", 3), ("dask", 2)])
def test_ctrl_c_ends_within_a_second_and_says_how_to_go_on(engine: str, workers: int, tmp_path: Path) -> None:
    for attempt in range(ATTEMPTS):
        path = tmp_path / f"{attempt}.db"
        process = start(path, engine, workers)
        started = children(process.pid)
        time.sleep(0.3)
        pressed_s = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does it
        _, said = process.communicate(timeout=20)
        took_s = time.monotonic() - pressed_s
        with read_store(path) as store:
            done_count = len(store)

        assert process.returncode == 130
        assert said == f"stopped after {done_count:,} of 100,000 runs; run the same command again to go on\n"
        until(lambda pids=started: not any(map(is_alive, pids)))  # type: ignore[misc]
        if took_s < 1.0:
            return
    pytest.fail(f"took {took_s:.2f} s")


@pytest.mark.parametrize("engine", ["local", "dask"])
def test_workers_go_when_their_parent_is_killed(engine: str, tmp_path: Path) -> None:
    process = start(tmp_path / "x.db", engine, 3)
    started = children(process.pid)
    assert len(started) >= 2

    process.kill()
    process.communicate(timeout=20)

    until(lambda: not any(map(is_alive, started)))
