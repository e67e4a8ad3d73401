"""Killed at any moment and started again, a study comes to the same as one that nobody disturbs.

A few moments are tried; ``CASCADE_TEST_KILLS=50`` tries fifty.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Final

from cascade.errors import StoreError
from cascade.studies.carry_out import carry_out
from cascade.studies.store import open_store, read_store
from tests.studies.made_up import MadeUp

ROOT: Final = Path(__file__).parents[2]
KILLS: Final = int(os.environ.get("CASCADE_TEST_KILLS", "6"))
LONGEST_S: Final = 0.25
"""For how long one may play before it is killed."""
RUNS_COUNT: Final = 400
PROGRAM: Final = textwrap.dedent(f"""
    import sys
    from cascade.studies import work
    from cascade.studies.carry_out import carry_out
    from cascade.studies.store import open_store
    from tests.studies.made_up import MadeUp

    work.SHORTEST_S = 0.0  # writes after nearly every run: half of the time goes into it
    study = MadeUp({RUNS_COUNT}, idle_s=0.001)
    print("ready", flush=True)
    with open_store(study, sys.argv[1]) as store:
        carry_out(study, store=store, workers=1)
""")


def kill_one(path: Path, after_s: float) -> None:
    """Play for some time and be killed."""
    command = [sys.executable, "-c", PROGRAM, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        time.sleep(after_s)
        process.kill()


def content(path: Path) -> list[tuple[int, str, bytes]]:
    try:
        store = read_store(path)
    except StoreError as error:
        assert str(error).endswith(("there is no such file", "there is nothing in it yet"))  # noqa: PT017 - or a store
        return []
    with store:
        return [(run, label, outcome.bits) for run, label, outcome in store.outcomes()]


def test_a_study_that_is_killed_again_and_again_ends_as_one_that_is_not(tmp_path: Path) -> None:
    study = MadeUp(RUNS_COUNT)
    draws = random.Random(1)
    with open_store(study, tmp_path / "undisturbed.db") as store:
        carry_out(study, store=store, workers=1)
    expected = content(tmp_path / "undisturbed.db")
    torn_count = kept_count = 0
    path = tmp_path / "0.db"
    for kill in range(KILLS):
        kill_one(path, draws.uniform(0.0, LONGEST_S))
        torn_count += path.with_name(f"{path.name}-journal").exists()
        found = content(path)
        assert len(found) >= kept_count
        assert [run for run in found if run not in expected] == []
        kept_count = len(found)
        if kept_count == RUNS_COUNT:
            path, kept_count = tmp_path / f"{kill + 1}.db", 0

    with open_store(study, path) as store:
        carry_out(study, store=store, workers=1)

    assert content(path) == expected
    print(f"{KILLS} kills, {torn_count} in the middle of a transaction")  # noqa: T201 - with -s
