"""A study whose runs come to something that depends on their number alone."""

from __future__ import annotations

import hashlib
import math
import os
import signal
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.engine.outcome import ENTRY, HIT, Ending, Outcome
from cascade.errors import ScenarioError
from cascade.model import Service, Topology

if TYPE_CHECKING:
    from collections.abc import Callable

TOPOLOGY: Final = Topology.model_validate(
    {
        "services": {
            "web": {"demand": "90/s", "calls": [{"to": "app", "timeout": "1s"}]},
            "app": {"calls": ["db"]},
            "db": {},
        }
    }
)


@dataclass(frozen=True)
class MadeUp:
    """Runs that take a given time, some of which go wrong."""

    runs_count: int = 100
    busy_s: float = 0.0
    """CPU time of each."""
    idle_s: float = 0.0
    """Time in which it does nothing."""
    seed: int = 1
    wrong_run: int = -1
    """Fails with a message for the user."""
    deadly_run: int = -1
    """Kills its process."""
    once: str = ""
    """The deadly run kills only until this file is there."""
    topology: Topology = field(default=TOPOLOGY)

    @property
    def settings(self) -> dict[str, str | int | float | None]:
        return {"kind": "made-up", "seed": self.seed, "last_s": 1.5, "note": None}

    def __len__(self) -> int:
        return self.runs_count

    def label(self, index: int) -> str:
        return f"loss of {index}"

    def player(self) -> Callable[[int], Outcome]:
        return partial(play, self)


def play(study: MadeUp, run: int) -> Outcome:
    spend(study.busy_s)
    time.sleep(study.idle_s)
    if run == study.wrong_run:
        raise ScenarioError("expected a service, got a teapot")
    if run == study.deadly_run and not (study.once and Path(study.once).exists()):
        if study.once:
            Path(study.once).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return outcome(study.seed, run)


def spend(busy_s: float) -> None:
    """Keep a processor busy."""
    end_s = time.thread_time() + busy_s
    while time.thread_time() < end_s:
        hashlib.sha256(bytes(1000)).digest()


def outcome(seed: int, run: int) -> Outcome:
    draws = np.random.default_rng((seed, run))
    hits = np.zeros(run % 4, HIT)
    for name in HIT.names or ():
        hits[name] = draws.integers(3, size=len(hits)) if name == "part" else draws.random(len(hits))
    if len(hits):
        hits["back_s"][-1] = math.inf
    entries = np.array([(draws.random(), math.nan, math.inf)], ENTRY)
    error = math.nan if run % 2 else float(draws.random())
    return Outcome(
        float(draws.random()), len(hits), float(draws.random()), run % 3, -0.0, -1, Ending(run % 3), 7.5, 0.125, error,
        entries, hits,
    )  # fmt: skip


def slow_service() -> Topology:
    """Give the same topology but for one part."""
    services = dict(TOPOLOGY.services)
    services["db"] = Service(demand=None, capacity_rps=7.0)
    changed: Topology = TOPOLOGY.changed(services=services)
    return changed
