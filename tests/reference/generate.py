"""Random small topologies, each with one fault; the same seed always gives the same one."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from cascade.behaviours.demand import Demand
from cascade.behaviours.retry import Backoff, Retry
from cascade.model import Dependency, Event, Scenario, Service, Topology
from cascade.model.service import Concurrency

DURATION_S: Final = 150.0
FAULT_AT_S: Final = 20.0
FEWEST, MOST = 3, 7
"""Services of a topology."""


@dataclass(frozen=True)
class Case:
    """A topology with its scenario, and what a reader of the table wants to know about it."""

    seed: int
    topology: Topology
    scenario: Scenario
    load: float
    """Highest load of any service before the fault."""
    fewest_workers: int


def random_case(seed: int) -> Case:
    """Draw a chain, tree or graph with a shared callee, its limits, its retries and its fault."""
    draw = random.Random(seed)
    callers = random_callers(draw)
    rates = rates_of(callers, demand_rps=draw.uniform(50.0, 400.0))
    services: dict[str, Service] = {}
    answer_s: dict[int, float] = {}
    loads: list[float] = []
    for node in reversed(range(len(callers))):
        callees = [callee for callee, above in enumerate(callers) if node in above]
        load = draw.uniform(0.3, 0.85)
        own_s, workers = sizing(draw, rates[node], load, sum(answer_s[callee] for callee in callees))
        answer_s[node] = own_s + sum(answer_s[callee] for callee in callees)
        calls = tuple(random_call(draw, name_of(callee), answer_s[callee]) for callee in callees)
        limits: dict[str, object] = {}
        if node > 0 or draw.random() < 0.5:
            queue = draw.choice([None, None, draw.randint(10, 300)])
            limits = {"concurrency": Concurrency(max=workers, queue=queue)}
            loads.append(load)
        services[name_of(node)] = Service(
            demand=Demand(rate_rps=rates[0]) if node == 0 else None, service_time_s=own_s, calls=calls, **limits
        )
    ordered = dict(reversed(services.items()))
    topology = Topology(name=f"random {seed}", services=ordered)
    workers_of = [service.concurrency.max for service in ordered.values() if service.concurrency]
    scenario = Scenario(duration_s=DURATION_S, events=(random_fault(draw, topology),))
    return Case(seed, topology, scenario, max(loads), min(workers_of))


def name_of(node: int) -> str:
    """Give the name of a service."""
    return f"s{node}"


def random_callers(draw: random.Random) -> list[set[int]]:
    """Give the callers of each node; node 0 is the entry and has none."""
    count = draw.randint(FEWEST, MOST)
    shape = draw.choice(["chain", "tree", "shared"])
    callers = [set(), *({node - 1 if shape == "chain" else draw.randrange(node)} for node in range(1, count))]
    if shape == "shared":
        callers[-1].add(draw.randrange(count - 1))
    return callers


def rates_of(callers: list[set[int]], demand_rps: float) -> list[float]:
    """Give the rate at which each service is asked while all is well [1/s]."""
    rates = [demand_rps]
    for above in callers[1:]:
        rates.append(sum(rates[caller] for caller in above))
    return rates


def sizing(draw: random.Random, rate_rps: float, load: float, callees_s: float) -> tuple[float, int]:
    """Draw own work [s] and workers that give a load; workers are held during calls, too."""
    least = min(int(rate_rps * callees_s / load) + 1, 50)
    workers = draw.randint(max(5, least), max(50, least))
    own_s = workers * load / rate_rps - callees_s
    return (own_s, workers) if own_s > 0.0 else (draw.uniform(0.002, 0.02), round(rate_rps * callees_s / load) + 5)


def random_call(draw: random.Random, callee: str, answer_s: float) -> Dependency:
    """Draw the time-out and the retries of a call."""
    attempts = draw.choice([1, 2, 3, 3, 4, 4])
    backoff = Backoff(
        initial_s=round(draw.uniform(0.05, 0.5), 3),
        multiplier=draw.choice([1.0, 2.0]),
        jitter=draw.choice(["none", "equal", "full"]),
    )
    timeout_s = round(max(draw.uniform(3.0, 12.0) * answer_s, 0.05), 3)
    return Dependency(to=callee, timeout_s=timeout_s, retry=Retry(max_attempts=attempts, backoff=backoff))


def random_fault(draw: random.Random, topology: Topology) -> Event:
    """Draw a fault of 5 to 60 s on a limited service, or a surge of the demand."""
    limited = [name for name, service in topology.services.items() if service.concurrency]
    target = draw.choice(limited)
    concurrency = topology.services[target].concurrency
    assert concurrency is not None
    at_s, lasts_s = FAULT_AT_S, round(draw.uniform(5.0, 60.0), 1)
    match draw.choice(["capacity", "capacity", "capacity", "latency", "latency", "fail", "errors", "surge"]):
        case "capacity":
            left = round(draw.uniform(0.1, 0.7) * concurrency.max) / concurrency.max
            return Event(at=at_s, degrade=target, capacity_fraction=left, lasts_s=lasts_s)
        case "fail":
            return Event(at=at_s, fail=target, lasts_s=lasts_s)
        case "latency":
            return Event(at=at_s, degrade=target, latency=round(draw.uniform(1.5, 6.0), 2), lasts_s=lasts_s)
        case "errors":
            return Event(at=at_s, degrade=target, errors_fraction=round(draw.uniform(0.1, 1.0), 2), lasts_s=lasts_s)
        case _:
            return Event(at=at_s, surge="s0", factor=round(draw.uniform(1.2, 3.0), 2), lasts_s=lasts_s)
