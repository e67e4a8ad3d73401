"""How well the engine agrees with an event-by-event simulation; run as a module, it writes ``docs/agreement.md``."""

from __future__ import annotations

import multiprocessing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade import Clock, simulate
from tests.reference.generate import DURATION_S, FAULT_AT_S, Case, random_case
from tests.reference.simulator import Measured, mean, measure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cascade import Run, Topology

PAGE: Final = Path(__file__).parents[2] / "docs" / "agreement.md"
TOPOLOGIES: Final = 54
SEEDS: Final = 6
PROCESSES: Final = 2
WINDOW_S: Final = 5.0
"""Both sides are averaged over windows of this length."""
SAMPLES_PER_WINDOW: Final = 20
QUANTITIES: Final = {"offered_rps": "offered", "goodput_rps": "goodput", "backlog_count": "backlog"}
BOUND: Final = 0.05
"""Largest deviation that counts as agreement."""
WELL: Final = 0.95
"""Share of the goodput before the fault from which on an entry point counts as recovered."""
LAST_S: Final = 25.0
"""End of the run over which that is judged."""
BORDER: Final = 0.03
"""Change of the demand that must not change the verdict of a topology that is not at the border."""


@dataclass(frozen=True)
class Comparison:
    """How one topology fared on both sides."""

    case: Case
    deviations: dict[str, dict[str, float]]
    """By quantity and service: mean absolute difference over time, as a share of the peak."""
    noise: float
    """The largest such deviation of a single simulation from the mean of all."""
    is_calm: bool
    """Whether the simulation was at rest before the fault."""
    recovers: bool
    simulated: tuple[bool, ...]
    """Whether it recovered in each simulation."""
    is_border: bool
    """Whether the verdict depends on chance, or on a few per cent of demand."""

    @property
    def worst(self) -> dict[str, float]:
        """Largest deviation of any service, by quantity."""
        return {quantity: max(parts.values()) for quantity, parts in self.deviations.items()}

    @property
    def agrees(self) -> bool:
        """Whether all quantities of all services stay within the bound."""
        return max(self.worst.values()) <= BOUND

    @property
    def has_same_verdict(self) -> bool:
        """Whether the engine says what most simulations say."""
        return self.recovers == (2 * sum(self.simulated) > len(self.simulated))


def compare(seed: int, simulations: int = SEEDS) -> Comparison:
    """Play one random topology on both sides."""
    case = random_case(seed)
    runs = measure(case.topology, case.scenario, seeds=range(simulations), window_s=WINDOW_S)
    average = mean(runs)
    fluid = fluid_run(case)
    verdict, simulated = recovers(fluid), tuple(recovers(run) for run in runs)
    is_mixed = len(set(simulated)) > 1
    return Comparison(
        case=case,
        deviations=deviations(case, average, fluid),
        noise=max(max(parts.values()) for run in runs for parts in deviations(case, average, run).values()),
        is_calm=before_fault(average) >= WELL * demand_rps(case.topology),
        recovers=verdict,
        simulated=simulated,
        is_border=is_mixed or any(recovers(fluid_run(case, factor)) != verdict for factor in (1 - BORDER, 1 + BORDER)),
    )


def fluid_run(case: Case, factor: float = 1.0) -> Measured:
    """Run the engine, with the demand multiplied, and average over the windows of the simulator."""
    services = dict(case.topology.services)
    entry = services["s0"]
    assert entry.demand is not None
    services["s0"] = entry.changed(demand=entry.demand.changed(rate_rps=entry.demand.rate_rps * factor))
    samples = round(DURATION_S / WINDOW_S) * SAMPLES_PER_WINDOW
    run = simulate(case.topology.changed(services=services), case.scenario, clock=Clock(samples=samples))
    return windowed(run)


def windowed(run: Run) -> Measured:
    """Average the engine's samples over the windows of the simulator."""
    shape = (-1, SAMPLES_PER_WINDOW, len(run.names))
    series = {quantity: run.series[quantity].reshape(shape).mean(axis=1) for quantity in QUANTITIES}
    return Measured(run.names, run.times_s[SAMPLES_PER_WINDOW - 1 :: SAMPLES_PER_WINDOW], **series)


def deviations(case: Case, reference: Measured, other: Measured) -> dict[str, dict[str, float]]:
    """Give the mean absolute difference over time by quantity and service, as a share of the peak.

    A backlog counts as a share of the workers while it has never been larger: less than one
    waiting request per worker is no backlog to speak of.
    """
    workers = [float(one.concurrency.max) if one.concurrency else 1.0 for one in case.topology.services.values()]
    result: dict[str, dict[str, float]] = {}
    for quantity in QUANTITIES:
        one, two = getattr(reference, quantity), getattr(other, quantity)
        peak = np.maximum(one.max(axis=0), workers if quantity == "backlog_count" else 1e-9)
        result[quantity] = dict(zip(reference.names, (np.abs(one - two).mean(axis=0) / peak).tolist(), strict=True))
    return result


def demand_rps(topology: Topology) -> float:
    """Demand of the entry point [1/s]."""
    demand = topology.services["s0"].demand
    assert demand is not None
    return demand.rate_rps


def before_fault(measured: Measured) -> float:
    """Mean goodput of the entry point before the fault [1/s]."""
    return float(measured.goodput_rps[measured.ends_s <= FAULT_AT_S, 0].mean())


def recovers(measured: Measured) -> bool:
    """Whether the entry point's goodput at the end is back to nearly that before the fault."""
    last = measured.goodput_rps[-round(LAST_S / WINDOW_S) :, 0].mean()
    return bool(last >= WELL * before_fault(measured))


def compare_all(seeds: Iterable[int], simulations: int = SEEDS) -> Iterator[Comparison]:
    """Compare several topologies, on several processors."""
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        yield from pool.imap(partial(compare, simulations=simulations), seeds)
