"""How well the engine agrees with an event-by-event simulation; writes ``docs/agreement.md``."""

from __future__ import annotations

import multiprocessing
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade import Clock, simulate
from tests.reference.generate import FAULT_AT_S, Case, random_case
from tests.reference.simulator import Measured, mean, measure

if TYPE_CHECKING:
    from cascade import Run

WINDOW_S: Final = 5.0
"""Both sides are averaged over windows of this length."""
SEEDS: Final = 3
SAMPLES_PER_WINDOW: Final = 20
QUANTITIES: Final = ("offered_rps", "goodput_rps", "backlog_count")


@dataclass(frozen=True)
class Comparison:
    """How one topology fared on both sides."""

    case: Case
    errors: dict[str, dict[str, float]]
    """By quantity and service: mean absolute difference over time, as a share of the peak."""
    noise: dict[str, dict[str, float]]
    """The same between single seeds and their mean."""
    recovers: bool
    simulated_recoveries: tuple[bool, ...]

    def worst(self, quantity: str) -> float:
        """Largest error of any service."""
        return max(self.errors[quantity].values())


def compare(seed: int, seeds: int = SEEDS) -> Comparison:
    """Play one random topology on both sides."""
    case = random_case(seed)
    runs = measure(case.topology, case.scenario, seeds=range(seeds), window_s=WINDOW_S)
    fluid = windowed(
        simulate(case.topology, case.scenario, clock=Clock(samples=runs[0].ends_s.size * SAMPLES_PER_WINDOW))
    )
    average = mean(runs)
    noise = [differences(case, average, run) for run in runs]
    return Comparison(
        case=case,
        errors=differences(case, average, fluid),
        noise={q: {n: float(np.mean([part[q][n] for part in noise])) for n in average.names} for q in QUANTITIES},
        recovers=recovers(fluid),
        simulated_recoveries=tuple(recovers(run) for run in runs),
    )


def windowed(run: Run) -> Measured:
    """Average the engine's samples over the windows of the simulator."""
    shape = (-1, SAMPLES_PER_WINDOW, len(run.names))
    series = {quantity: run.series[quantity].reshape(shape).mean(axis=1) for quantity in QUANTITIES}
    return Measured(run.names, run.times_s[SAMPLES_PER_WINDOW - 1 :: SAMPLES_PER_WINDOW], **series)


def differences(case: Case, reference: Measured, other: Measured) -> dict[str, dict[str, float]]:
    """Give the mean absolute difference over time by quantity and service, as a share of the peak.

    A backlog counts as a share of the workers while it has never been larger: less than one
    waiting request per worker is no backlog to speak of.
    """
    least = [
        float(service.concurrency.max) if service.concurrency else 1.0 for service in case.topology.services.values()
    ]
    result: dict[str, dict[str, float]] = {}
    for quantity in QUANTITIES:
        one, two = getattr(reference, quantity), getattr(other, quantity)
        peak = np.maximum(one.max(axis=0), least if quantity == "backlog_count" else 1e-9)
        result[quantity] = dict(zip(reference.names, (np.abs(one - two).mean(axis=0) / peak).tolist(), strict=True))
    return result


def recovers(measured: Measured) -> bool:
    """Whether the entry's goodput over the last 30 s is back at 95 % of that before the fault."""
    goodput = measured.goodput_rps[:, 0]
    before = goodput[measured.ends_s <= FAULT_AT_S].mean()
    return bool(goodput[-round(30.0 / WINDOW_S) :].mean() >= 0.95 * before)


def main(first: int, last: int) -> None:
    """Compare and print."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        for one in pool.imap(compare, range(first, last)):
            event = one.case.scenario.events[0]
            print(
                one.case.seed,
                *(f"{one.worst(q) * 100:5.1f}({max(one.noise[q].values()) * 100:4.1f})" for q in QUANTITIES),
                one.recovers,
                one.simulated_recoveries,
                f"load {one.case.load:.2f} workers {one.case.fewest_workers} n {len(one.case.topology.services)}",
                event.model_dump(exclude_defaults=True),
                flush=True,
            )


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:3]))
