"""How well the engine agrees with an event-by-event simulation.

``python -m tests.reference.agreement`` writes ``docs/agreement.md``; that takes ten minutes.
"""

from __future__ import annotations

import multiprocessing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade import Clock, simulate
from cascade.units import format_seconds
from tests.reference.generate import DURATION_S, FAULT_AT_S, Case, random_case
from tests.reference.simulator import Measured, mean, measure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cascade import Event, Run, Topology

PAGE: Final = Path(__file__).parents[2] / "docs" / "agreement.md"
TOPOLOGIES: Final = 60
SEEDS: Final = 6
PROCESSES: Final = 2
WINDOW_S: Final = 5.0
"""Both sides are averaged over windows of this length."""
SAMPLES_PER_WINDOW: Final = 20
QUANTITIES: Final = {"offered_rps": "offered", "goodput_rps": "goodput", "backlog_count": "backlog"}
BOUND: Final = 0.05
"""Largest deviation that counts as agreement."""
CALM: Final = 0.95
"""Share of the demand that must be answered before the fault; what collapses by itself is not compared."""
WELL: Final = 0.9
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
    def typical(self) -> dict[str, float]:
        """Mean deviation of the services, by quantity."""
        return {quantity: sum(parts.values()) / len(parts) for quantity, parts in self.deviations.items()}

    @property
    def worst(self) -> float:
        """Largest deviation of any service in any quantity."""
        return max(max(parts.values()) for parts in self.deviations.values())

    @property
    def agrees(self) -> bool:
        """Whether every quantity stays within the bound, over all services."""
        return max(self.typical.values()) <= BOUND

    @property
    def agrees_everywhere(self) -> bool:
        """Whether every quantity of every single service does."""
        return self.worst <= BOUND

    @property
    def has_same_verdict(self) -> bool:
        """Whether the engine says what most simulations say."""
        return self.recovers == (2 * sum(self.simulated) > len(self.simulated))


def compare(seed: int, simulations: int = SEEDS) -> Comparison:
    """Play one random topology on both sides."""
    case = random_case(seed)
    return judge(case, measure(case.topology, case.scenario, seeds=range(simulations), window_s=WINDOW_S))


def judge(case: Case, runs: list[Measured]) -> Comparison:
    """Compare simulations of a topology with the engine."""
    average = mean(runs)
    fluid = fluid_run(case)
    verdict, simulated = recovers(fluid), tuple(recovers(run) for run in runs)
    is_mixed = len(set(simulated)) > 1
    return Comparison(
        case=case,
        deviations=deviations(case, average, fluid),
        noise=max(max(parts.values()) for run in runs for parts in deviations(case, average, run).values()),
        is_calm=before_fault(average) >= CALM * demand_rps(case.topology),
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


def compare_all(seeds: Iterable[int]) -> list[Comparison]:
    """Compare several topologies, on several processors."""
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        return pool.map(compare, seeds, chunksize=1)


def page(comparisons: list[Comparison]) -> str:
    """Write the page."""
    compared = [one for one in comparisons if one.is_calm]
    clear = [one for one in compared if not one.is_border]
    return TEXT.format(
        simulations=SEEDS,
        drawn=len(comparisons),
        compared=len(compared),
        agree=sum(one.agrees for one in compared),
        share=share(compared),
        clear=len(clear),
        clear_agree=sum(one.agrees for one in clear),
        clear_share=share(clear),
        same=sum(one.has_same_verdict for one in clear),
        everywhere=sum(one.agrees_everywhere for one in compared),
        everywhere_share=f"{sum(one.agrees_everywhere for one in compared) / len(compared):.0%}",
        median=f"{float(np.median([one.worst for one in compared])):.1%}",
        storms=sum(not one.recovers for one in compared),
        head="| " + " | ".join(COLUMNS) + " |",
        rule="| " + " | ".join("---" for _ in COLUMNS) + " |",
        rows="\n".join(row(one) for one in comparisons),
    )


def share(comparisons: list[Comparison]) -> str:
    """Give the share that agrees, in per cent."""
    return f"{sum(one.agrees for one in comparisons) / len(comparisons):.0%}"


def row(one: Comparison) -> str:
    """Give a topology's row of the table."""
    verdict = "recovers" if one.recovers else "stays down"
    simulated = f"{sum(one.simulated)} of {len(one.simulated)}"
    remark = "not at rest" if not one.is_calm else "border" if one.is_border else ""
    cells = [
        str(one.case.seed),
        str(len(one.case.topology.services)),
        str(one.case.fewest_workers),
        f"{one.case.load:.0%}",
        fault(one.case.scenario.events[0]),
        *(percent(value) for value in (*one.typical.values(), one.worst, one.noise)),
        verdict,
        simulated,
        "" if not one.is_calm else "yes" if one.agrees else "**no**",
        remark,
    ]
    return "| " + " | ".join(cells) + " |"


def percent(deviation: float) -> str:
    """Write a deviation; of what hardly answers in the simulation it says nothing."""
    return f"{deviation:.1%}" if deviation < 1.0 else "> 100%"


def fault(event: Event) -> str:
    """Say what happens."""
    lasts = format_seconds(event.lasts_s or 0.0)
    match event.action:
        case "surge":
            return f"demand x {event.factor:g} for {lasts}"
        case "fail":
            return f"{event.target} down for {lasts}"
    if event.errors_fraction:
        return f"{event.target}: {event.errors_fraction:.0%} errors for {lasts}"
    if event.latency != 1.0:
        return f"{event.target} x {event.latency:g} slower for {lasts}"
    return f"{event.target}: {event.capacity_fraction:.0%} of its workers for {lasts}"


COLUMNS: Final = (
    "seed", "services", "fewest workers", "highest load", "fault", "offered", "goodput", "backlog", "worst service",
    "noise", "engine", "simulated recoveries", "agrees", "remark",
)  # fmt: skip
TEXT: Final = """\
# Agreement with an event-by-event simulation

The engine describes requests by their mean; a second program, `tests/reference/simulator.py`, plays every request on
its own: Poisson arrivals, exponential service times, workers that are held while their calls are on the way, time-outs
that leave the callee working, waiting rooms, back-offs with their jitter. It shares no code with the engine. This page
compares the two on random small topologies; `make agreement` writes it again.

**Result.** Of {compared} topologies, {agree} ({share}) agree within 5 % in load, goodput and backlog, averaged over
their services; {everywhere} ({everywhere_share}) do so even in the worst quantity of their worst service, whose median
is {median}. Of the {clear} that are not at the border between recovering and staying down, {clear_agree}
({clear_share}) agree, and {same} of {clear} get the verdict of the simulation.

## How it is measured

- *Topologies*: 3 to 7 services as a chain, a tree or a graph with a shared callee; 50 to 400 requests/s; 5 to 50
  workers and more where calls take long, each service at 30 to 85 % load; a third of the waiting rooms limited;
  time-outs 3 to 12 times the mean answer; 1 to 4 attempts; one fault of 5 to 60 s: workers lost, slower work, errors,
  a service down, a surge. {storms} of the {compared} do not come back by themselves.
- *Quantities*: offered load, goodput and waiting requests of every service, averaged over windows of 5 s on both sides
  and over {simulations} simulations with different seeds.
- *Deviation*: mean absolute difference over time, divided by the peak of the simulated series. A backlog that never
  exceeds one waiting request per worker is divided by the number of workers instead. A topology agrees when the mean
  over its services is at most 5 % for each of the three; the column *worst service* shows the largest of them all.
- *Noise*: the largest such deviation of a single simulation from the mean of the {simulations}: how much of the
  difference chance alone explains.
- *Verdict*: whether the goodput of the entry point in the last 25 s is at least 90 % of that before the fault.
- *Border*: the simulations do not agree on the verdict among themselves, or the engine changes its own when the demand
  changes by 3 %.
- *Not at rest*: {drawn} topologies were drawn; those that answer less than 95 % of their demand before the fault begins
  collapse by themselves in the simulation, and are listed but not compared.

## Where means cannot follow

- **Near the border** a collapse begins, or ends, with a fluctuation. A mean has none: it goes to one side, at one
  moment, where simulations scatter over minutes and over both sides.
- **Few workers at high load** wait in bursts. The stationary queue is exact, but a callee whose bursts hold the workers
  of its caller gives that caller more waiting than its own mean load would.
- **Two bottlenecks of nearly the same capacity** in one closed loop of workers share the waiting between them by
  chance; the engine lets one of them have nearly all of it.
- **The first seconds of an overload**: the engine knows how long an answer will take when the question is put; real
  callers find out when it comes, or fails to. Where the wait settles close to a time-out, the engine stays there
  longer.
- **Low rates**: with few requests in a window the simulation itself scatters, as the column *noise* shows.

## All topologies

{head}
{rule}
{rows}
"""


if __name__ == "__main__":
    PAGE.write_text(page(compare_all(range(TOPOLOGIES))), encoding="utf-8")
