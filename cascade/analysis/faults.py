"""Faults as rates: what fails how often, one incident after the other (theory, section *Incidents*, Eq. (57), (58)).

Every part fails and is repaired by itself, as `reliability` says. An incident begins when something fails while nothing
else is down, and ends when nothing is down any more; whatever else fails in between belongs to it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.analysis.failures import repairs
from cascade.analysis.probabilities import shares_of_common_causes
from cascade.laws import Law
from cascade.model import Event
from cascade.units import MAX_SECONDS, Uncertain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from cascade.behaviours.reliability import Reliability
    from cascade.model import Service, Topology

YEAR_S: Final = 365.25 * 86400.0
LEAD_S: Final = 60.0
"""Time before the first failure [s]."""
LEFT_OUT: Final = 1e-4
"""Failures of one incident are drawn until about this share of the incidents would have more."""
MOST_FURTHER: Final = 12
"""But never more than this after the first."""


@dataclass(frozen=True, slots=True)
class Source:
    """Something that fails and is repaired: a service, one of its replicas, or a domain."""

    part: str
    """What the failure is called in a scenario."""
    label: str
    """As reports call it."""
    count: int
    """How many there are of it."""
    share: float
    """Share of the part that is down with one of them."""
    rate_rps: float
    """Failures of each, per time of being up [1/s]."""
    repair: Law
    """How long its repair takes [s]."""

    @property
    def load(self) -> float:
        """Time down per time up, of each."""
        return self.rate_rps * self.repair.mean


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure of an incident."""

    source: int
    replica: int
    at_s: float
    lasts_s: float


@dataclass(frozen=True)
class Faults:
    """All that fails by itself, with its rates."""

    sources: tuple[Source, ...]
    """In the order of their labels."""
    unstated: tuple[str, ...]
    """Services and domains of which the file does not say how often they fail, or for how long."""

    @cached_property
    def _rates(self) -> NDArray[np.float64]:
        return np.array([source.count * source.rate_rps for source in self.sources])

    @cached_property
    def _cumulated(self) -> NDArray[np.float64]:
        return np.cumsum(self._rates)

    @property
    def total_rps(self) -> float:
        """Failures per time while everything is up [1/s]."""
        return float(self._cumulated[-1]) if self.sources else 0.0

    @cached_property
    def up_fraction(self) -> float:
        """Share of the time in which nothing is down."""
        return math.exp(-math.fsum(source.count * math.log1p(source.load) for source in self.sources))

    @cached_property
    def load(self) -> float:
        """Failures that are there at a time, on average."""
        return math.fsum(source.count * source.load / (1.0 + source.load) for source in self.sources)

    @property
    def incidents_per_year(self) -> float:
        """How often an incident begins, Eq. (57)."""
        return self.total_rps * self.up_fraction * YEAR_S

    @cached_property
    def further_count(self) -> int:
        """Failures that are drawn after the first, at most."""
        if self.load >= 1.0:
            return MOST_FURTHER
        return min(max(math.ceil(math.log(LEFT_OUT) / math.log(max(self.load, LEFT_OUT**2))), 1), MOST_FURTHER)

    def which(self, share: float) -> tuple[int, int]:
        """Give the source, and which of its copies, that a point stands for: each as likely as it fails."""
        position = share * self.total_rps
        place = min(int(np.searchsorted(self._cumulated, position, side="right")), len(self.sources) - 1)
        source = self.sources[place]
        within = position - (float(self._cumulated[place]) - source.count * source.rate_rps)
        return place, min(max(int(within / source.rate_rps), 0), source.count - 1)

    def incident(self, first: Sequence[float], further: Sequence[Sequence[float]]) -> list[Failure]:
        """Give the failures of one incident, Eq. (58).

        Parameters
        ----------
        first : sequence of float
            Points for what fails first, and how long its repair takes.
        further : sequence of sequences of float
            For each that may follow: points for the time until then, what fails, and how long its repair takes.
        """
        if not self.sources:
            return []
        failures = [self._failure(first[0], first[1], LEAD_S)]
        over_s = failures[0].at_s + failures[0].lasts_s
        at_s = LEAD_S
        for gap, which, repair in further:
            at_s -= math.log(gap) / self.total_rps
            if at_s >= over_s:
                break
            failure = self._failure(which, repair, at_s)
            if not any(is_down(earlier, failure) for earlier in failures):
                failures.append(failure)
                over_s = max(over_s, at_s + failure.lasts_s)
        return failures

    def _failure(self, which: float, repair: float, at_s: float) -> Failure:
        source, replica = self.which(which)
        return Failure(source, replica, at_s, self.sources[source].repair.quantile(repair))

    def events(self, topology: Topology, failures: Sequence[Failure]) -> tuple[Event, ...]:
        """Give the failures as events; what somebody has to start again is started at the end of its repair."""
        events = []
        for number, failure in enumerate(failures):
            source = self.sources[failure.source]
            event = Event(
                at=failure.at_s, fail=source.part, share_fraction=source.share, lasts_s=failure.lasts_s,
                trigger=number == 0,
            )  # fmt: skip
            events += [event, *repairs(topology, event)]
            if source.part in topology.services and topology.services[source.part].recovery.mode == "manual":
                events.append(Event(at=failure.at_s + failure.lasts_s, restore=source.part))
        return tuple(events)

    def replacing(self, parts: frozenset[str], others: Faults) -> Faults:
        """Give these faults with those of some parts replaced by others."""
        kept = (source for source in self.sources if source.part not in parts)
        return Faults(in_order((*kept, *others.sources)), self.unstated)


def is_down(earlier: Failure, failure: Failure) -> bool:
    """Whether what fails is still down from an earlier failure, and so cannot fail."""
    is_same = (earlier.source, earlier.replica) == (failure.source, failure.replica)
    return is_same and failure.at_s < earlier.at_s + earlier.lasts_s


def faults_of(topology: Topology, *, mttr_s: float | None = None, among: frozenset[str] | None = None) -> Faults:
    """Give what fails by itself in a topology.

    Parameters
    ----------
    topology : Topology
    mttr_s : float, optional
        Mean time to repair [s] of parts that state only their availability; without it they are left out.
    among : frozenset of str, optional
        Only these services and domains.
    """
    shared = shares_of_common_causes(topology)
    names = [*topology.services, *topology.all_domains]
    found: list[Source] = []
    unstated = []
    for name in names if among is None else [name for name in names if name in among]:
        if name in topology.services:
            sources = list(sources_of_service(name, topology.services[name], shared.get(name, 0.0), mttr_s))
        else:
            sources = list(sources_of_domain(topology, name, mttr_s))
        found += [source for source in sources if source.rate_rps > 0.0]
        if not sources:
            unstated.append(name)
    return Faults(in_order(found), tuple(sorted(unstated)))


def in_order(sources: Iterable[Source]) -> tuple[Source, ...]:
    """Put sources in the order of their labels."""
    return tuple(sorted(sources, key=lambda source: source.label))


def sources_of_service(name: str, service: Service, shared: float, mttr_s: float | None) -> Iterator[Source]:
    """Give the ways in which a service fails by itself, those that its domains account for left out."""
    known = rate_and_repair(service.reliability, mttr_s)
    if known is None or service.reliability is None:
        return
    rate_rps, repair = known
    beta, alone = service.reliability.beta_fraction, 1.0 - shared
    replicas = max(service.replicas, len(set(service.zones)))
    if replicas == 1:
        yield Source(name, name, 1, 1.0, rate_rps * alone, repair)
        return
    own = max(alone - beta, 0.0)
    yield Source(name, f"{name} (one replica)", replicas, 1.0 / replicas, rate_rps * own, repair)
    yield Source(name, f"{name} (all replicas)", 1, 1.0, rate_rps * min(beta, alone), repair)


def sources_of_domain(topology: Topology, name: str, mttr_s: float | None) -> Iterator[Source]:
    """Give the ways in which a domain fails: as a whole, and by a common cause of its members' failures."""
    domain = topology.domains.get(name)
    if domain is None:
        return
    if (known := rate_and_repair(domain.reliability, mttr_s)) is not None:
        yield Source(name, name, 1, 1.0, *known)
    members = [topology.services[member] for member in topology.all_domains[name] if member in topology.services]
    stated = [member.reliability for member in members if member.reliability is not None]
    if domain.beta_fraction > 0.0 and stated:
        least = min(stated, key=lambda reliability: reliability.unavailability)
        if (known := rate_and_repair(least, mttr_s)) is not None:
            yield Source(name, f"{name} (common cause)", 1, 1.0, domain.beta_fraction * known[0], known[1])


def rate_and_repair(reliability: Reliability | None, mttr_s: float | None) -> tuple[float, Law] | None:
    """Give the failures per time of being up [1/s] and the law of the repairs [s]; exponential unless one is given."""
    if reliability is None:
        return None
    mean_s = mttr_s if reliability.availability_fraction is not None else reliability.mttr_s
    if not mean_s:
        return None
    repair = mean_s.law if isinstance(mean_s, Uncertain) else Law("exponential", (float(mean_s),), 0.0, MAX_SECONDS)
    if reliability.availability_fraction is not None:
        up = reliability.availability_fraction
        return ((1.0 - up) / (up * repair.mean) if up > 0.0 else 1.0 / repair.mean), repair
    if reliability.mttf_s is not None:
        return 1.0 / reliability.mttf_s if reliability.mttf_s > 0.0 else 1.0 / repair.mean, repair
    assert reliability.rate_rps is not None
    return reliability.rate_rps, repair
