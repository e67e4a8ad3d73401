"""Small topologies and scenarios of every kind, for Hypothesis to draw."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from cascade import Event, Fleet, Group, Scenario, Service, Topology
from cascade.behaviours.cache import Cache
from cascade.behaviours.circuit_breaker import CircuitBreaker
from cascade.behaviours.contention import Contention
from cascade.behaviours.demand import Demand
from cascade.behaviours.fallback import Fallback
from cascade.behaviours.health_check import HealthCheck
from cascade.behaviours.lease import Lease
from cascade.behaviours.recovery import Recovery
from cascade.behaviours.restoration import Restoration
from cascade.behaviours.retry import Backoff, Budget, Retry
from cascade.model import Dependency, Needs
from cascade.model.service import Concurrency

if TYPE_CHECKING:
    from collections.abc import Callable

    from cascade.behaviours.part import Part

DURATION_S = 120.0
NAMES = "abcdef"


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw nothing, or something."""
    return st.none() | strategy


def part(kind: type[Part], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw a part of a topology; ``st.builds`` would ask for the keys of YAML, too."""
    return st.fixed_dictionaries(fields).map(lambda values: kind(**values))


def between(low: float, high: float) -> st.SearchStrategy[float]:
    """Draw a round number."""
    return st.floats(low, high, allow_nan=False).map(lambda value: round(value, 3))


retries = part(
    Retry,
    max_attempts=st.sampled_from([1, 2, 3, 4, "unlimited"]),
    backoff=part(Backoff, initial_s=between(0.05, 5.0), jitter=st.sampled_from(["none", "equal", "full"])),
)
budgeted = part(Retry, max_attempts=st.integers(2, 4), budget=part(Budget, ratio_fraction=between(0.0, 1.0)))
caches = part(
    Cache,
    ttl_s=between(1.0, 60.0),
    negative_ttl_s=st.sampled_from([0.0, 10.0]),
    hit_fraction=between(0.1, 1.0),
    warm_up_s=st.sampled_from([0.0, 5.0]),
)
breakers = part(CircuitBreaker, window_s=between(1.0, 20.0), open_for_s=between(1.0, 30.0))
limits = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"concurrency": part(Concurrency, max=st.integers(1, 40), queue=maybe(st.integers(0, 400)))}),
    st.fixed_dictionaries({"capacity_rps": between(20.0, 200.0), "queue": maybe(st.integers(0, 2000))}),
)
recoveries = part(
    Recovery, crashes_after_s=maybe(between(1.0, 20.0)), restart_s=between(0.0, 10.0), warm_up_s=between(0.0, 10.0)
)


@st.composite
def calls_of(draw: Callable[..., Any], name: str, callees: list[str], *, plain: bool) -> tuple[Dependency, ...]:
    """Draw what a service calls."""
    chosen = draw(st.lists(st.sampled_from(callees), unique=True, max_size=3)) if callees else []
    calls = []
    for to in chosen:
        special: dict[str, Any] = {}
        if not plain:
            others = [other for other in callees if other != to]
            special = {
                "cache": draw(maybe(caches)),
                "circuit_breaker": draw(maybe(breakers)),
                "fallback": Fallback(to=draw(maybe(st.sampled_from(others))))
                if others and draw(st.booleans())
                else None,
                "priority": draw(st.sampled_from(["high", "low"])),
            }
        calls.append(
            Dependency(
                to=to,
                needs=draw(st.sampled_from([Needs.HARD, Needs.HARD, Needs.SOFT, Needs.ASYNC])),
                per_request=draw(st.sampled_from([1.0, 1.0, 0.5, 2.0])),
                degradation_fraction=draw(between(0.0, 1.0)),
                timeout_s=draw(maybe(between(0.05, 3.0))),
                retry=draw(maybe(retries if plain else retries | budgeted)),
                **special,
            )
        )
    del name
    return tuple(calls)


@st.composite
def topologies(draw: Callable[..., Any], *, plain: bool = False, cycles: bool = True) -> Topology:
    """Draw services with calls and, unless ``plain``, groups, fleets and all behaviours of calls."""
    names = list(NAMES[: draw(st.integers(2, len(NAMES)))])
    groups = {}
    if not plain and len(names) > 3 and draw(st.booleans()):
        mode = draw(st.sampled_from(["active-active", "ordered"]))
        groups = {"g": Group(members=tuple(names[-2:]), needs=draw(st.integers(1, 2)), mode=mode)}
    services = {}
    for index, name in enumerate(names):
        later = names[index + 1 :] + (list(groups) if name not in names[-2:] else [])
        earlier = [other for other in names[:index] if cycles and not plain and draw(st.booleans())]
        extra: dict[str, Any] = {}
        if not plain:
            extra = {
                "contention": draw(maybe(st.just(Contention(serial=0.01)))),
                "recovery": draw(st.just(Recovery()) | recoveries),
                "work_deadline_s": draw(maybe(between(0.5, 30.0))),
                "rate_limit_rps": draw(maybe(between(20.0, 200.0))),
                "durable": draw(st.booleans()),
            }
        services[name] = Service(
            demand=Demand(rate_rps=draw(between(1.0, 80.0))) if index == 0 or draw(st.booleans()) else None,
            service_time_s=draw(between(0.0, 0.3)),
            calls=draw(calls_of(name, later + earlier[:1], plain=plain)),
            **draw(limits),
            **extra,
        )
    fleets = {} if plain or draw(st.booleans()) else {"fleet": draw(fleet_on(names))}
    return Topology(services=services, groups=groups, fleets=fleets)


@st.composite
def fleet_on(draw: Callable[..., Any], names: list[str]) -> Fleet:
    """Draw a population that depends on services and sets the capacity of one; what is lost is restored."""
    service = st.sampled_from(names)
    checks = part(HealthCheck, through=service, terminates=st.booleans(), max_removed_fraction=between(0.1, 1.0))
    restoration = part(
        Restoration,
        to=service,
        work_per_unit=st.sampled_from([1.0, 3.0]),
        timeout_s=maybe(between(0.5, 10.0)),
        usable_after_s=between(0.0, 10.0),
    )
    return Fleet(
        size=draw(st.integers(1, 5000)),
        sets_capacity_of=(draw(service),),
        mean_life_s=draw(maybe(between(50.0, 5000.0))),
        lease=draw(maybe(part(Lease, ttl_s=between(5.0, 60.0), renewed_by=service))),
        health_check=draw(maybe(checks)),
        restored_by=draw(restoration),
    )


@st.composite
def scenarios(draw: Callable[..., Any], topology: Topology) -> Scenario:
    """Draw up to three events on a topology."""
    services = list(topology.services)
    entries = [name for name, service in topology.services.items() if service.demand]
    events = []
    for _ in range(draw(st.integers(0, 3))):
        at_s, lasts_s = draw(between(5.0, 60.0)), draw(maybe(between(5.0, 40.0)))
        target = draw(st.sampled_from(services))
        when: dict[str, Any] = {"at": at_s, "lasts_s": lasts_s}
        kinds = ["fail", "capacity", "latency", "errors", "surge", "throttle", "purge", "restore"]
        match draw(st.sampled_from(kinds)):
            case "fail":
                events.append(Event(fail=target, share_fraction=draw(between(0.1, 1.0)), **when))
            case "capacity":
                events.append(Event(degrade=target, capacity_fraction=draw(between(0.05, 0.9)), **when))
            case "latency":
                events.append(Event(degrade=target, latency=draw(between(1.0, 10.0)), **when))
            case "errors":
                events.append(Event(degrade=target, errors_fraction=draw(between(0.05, 1.0)), **when))
            case "surge":
                events.append(Event(surge=draw(st.sampled_from(entries)), factor=draw(between(0.0, 5.0)), **when))
            case "throttle":
                events.append(Event(throttle=target, rate_rps=draw(between(1.0, 50.0)), **when))
            case "purge":
                events.append(Event(purge=target, at=at_s))
            case _:
                events.append(Event(restore=target, at=at_s))
    return Scenario(duration_s=DURATION_S, events=tuple(events))


@st.composite
def cases(draw: Callable[..., Any], *, plain: bool = False, cycles: bool = True) -> tuple[Topology, Scenario]:
    """Draw a topology with a scenario."""
    topology = draw(topologies(plain=plain, cycles=cycles))
    return topology, draw(scenarios(topology))


@st.composite
def storms(draw: Callable[..., Any]) -> Topology:
    """Draw a chain of callers that try again, in front of a service whose workers are mostly busy."""
    names = list(NAMES[: draw(st.integers(3, 5))])
    rate_rps, workers = draw(st.sampled_from([50.0, 100.0])), draw(st.sampled_from([2, 4, 10]))
    services = {
        name: Service(
            demand=Demand(rate_rps=rate_rps) if name == names[0] else None,
            calls=(
                Dependency(
                    to=callee,
                    timeout_s=draw(st.sampled_from([0.25, 0.5, 1.0])),
                    retry=Retry(max_attempts=draw(st.integers(2, 4))),
                ),
            ),
        )
        for name, callee in pairwise(names)
    }
    busy = draw(between(0.5, 0.85))
    services[names[-1]] = Service(concurrency=Concurrency(max=workers), service_time_s=busy * workers / rate_rps)
    return Topology(services=services)
