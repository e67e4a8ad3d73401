"""Every single contingency of a large graph, simulated; prints Markdown.

``python -m tests.benchmarks.sweep [SERVICES [RUNS]]``: each service of the graph of ``test_speed.py`` fails for ten
minutes, followed for an hour, with one worker and with two; of a large graph only so many, drawn at random.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from typing import TYPE_CHECKING, Final

from cascade.analysis.sweep import SweepStudy
from cascade.engine.stage import Stage
from cascade.studies.carry_out import carry_out
from cascade.studies.store import open_store
from tests.benchmarks.test_speed import random_graph

if TYPE_CHECKING:
    from collections.abc import Iterator


HOUR_S: Final = 3600.0
FAILS_S: Final = 600.0


def main(services: int, runs: int) -> None:
    """Print the times, and whether the results are the same."""
    topology = random_graph(services)
    names = random.Random(1).sample(sorted(topology.services), min(runs, services))
    study = SweepStudy(topology, tuple((name,) for name in names), lasts_s=FAILS_S, horizon_s=HOUR_S)
    Stage(topology).play(study.scenario(0))  # the engine's code is compiled once per machine
    print("| services | runs | workers | s | s for all | times one worker | peak memory, MB |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    first_s, seen = 0.0, set()
    for workers, spent_s, results in played(study):
        first_s = first_s or spent_s
        seen.add(results)
        whole_s = spent_s * services / len(study)
        print(
            f"| {services:,} | {len(study):,} | {workers} | {spent_s:.1f} | {whole_s:,.0f} | {first_s / spent_s:.2f} "
            f"| {peak_mb():,.0f} |"
        )
    print("The results are the same, bit for bit." if len(seen) == 1 else "The results differ.")


def played(study: SweepStudy) -> Iterator[tuple[int, float, bytes]]:
    """Yield workers, the time that they took [s], and all results."""
    for workers in (1, 2):
        with open_store(study) as store:
            start = time.perf_counter()
            carry_out(study, store=store, workers=workers)
            spent_s = time.perf_counter() - start
            yield workers, spent_s, b"".join(outcome.bits for _, _, outcome in store.outcomes())


def peak_mb() -> float:
    """Largest memory of a process so far [MB]."""
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024.0


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    main(*(numbers + [1000, 10**9][len(numbers) :]))
