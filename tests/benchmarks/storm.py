"""An hour of a retry storm, and a thousand variants of it: ``python -m tests.benchmarks.storm [minutes]``.

The same hour by Cascade, by a heap of events and by SimPy, in one run: what each says, and the CPU time of each.
"""

from __future__ import annotations

import sys
import time
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import cascade
from cascade import Event, Scenario
from cascade.engine.outcome import Ending
from cascade.engine.stage import Stage
from tests.benchmarks import by_hand

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
TOPOLOGY: Final = Path(__file__).parents[2] / "topologies" / "three-tiers.yaml"


def main(minutes: int) -> None:
    """Print what each says and takes."""
    storm = cascade.load(TOPOLOGY)
    cascade.simulate(storm)
    hour = min((timed(lambda: cascade.simulate(storm)) for _ in range(5)), key=lambda pair: pair[0])
    run = hour[1]
    ends = verdict(run.of("users", "goodput_rps")[-1], run.of("database", "offered_rps")[-1])
    print(f"cascade {hour[0] * 1e3:10.1f} ms: {ends}")
    for name, play in (("heap", by_hand.with_a_heap), ("simpy", by_hand.with_simpy)):
        spent_s, counts = timed(lambda play=play: play(minutes * 60.0))  # type: ignore[misc]
        whole_s = spent_s * 60.0 / minutes
        print(
            f"{name:7} {whole_s:10.1f} s : {verdict(counts.good[-1] / 60.0, counts.calls[-1] / 60.0)}"
            f" ({minutes} of 60 minutes played), {whole_s / hour[0]:,.0f} times the time of cascade"
        )
    spent_s, endings = timed(lambda: variants(storm))
    stuck, back = (endings.count(ending) for ending in (Ending.STUCK, Ending.RECOVERED))
    print(f"1,000 variants in {spent_s:.2f} s: {stuck} stuck, {back} recover")


def verdict(good_rps: float, calls_rps: float) -> str:
    """Say how it ends."""
    return f"{good_rps:6.1f} users/s served at the end, database called {calls_rps:,.0f} times a second"


def variants(storm: cascade.Topology) -> list[Ending]:
    """Play a thousand bad times: how many workers are lost, and for how long."""
    stage = Stage(storm)
    return [
        stage.play(bad_time(capacity_fraction, lasts_s)).ending
        for capacity_fraction, lasts_s in product([k / 40.0 for k in range(40)], [0.8 * k for k in range(1, 26)])
    ]


def bad_time(capacity_fraction: float, lasts_s: float) -> Scenario:
    """Take capacity from the database for a while."""
    event = Event(at=600.0, degrade="database", capacity_fraction=capacity_fraction, lasts_s=lasts_s)
    return Scenario(duration_s=3600.0, events=(event,))


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Give the CPU time that some work takes [s], and what it gives."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
