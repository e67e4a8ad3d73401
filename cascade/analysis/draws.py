"""What a sample is: numbers for all that is uncertain, the incident, and the topology and scenario to play."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, replace
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cascade.analysis.faults import LEAD_S, Faults, faults_of
from cascade.analysis.sampling import Points
from cascade.engine.stage import Stage
from cascade.model import Scenario
from cascade.model.uncertain import Place, Template, places
from cascade.units import MAX_SECONDS
from cascade.wording import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from cascade.analysis.faults import Failure
    from cascade.analysis.montecarlo import MonteCarloStudy
    from cascade.engine.outcome import Outcome
    from cascade.laws import Law
    from cascade.model import Topology

MIDNIGHT: Final = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
DAY_S: Final = 86400.0
WHICH, REPAIR, TIME_OF_DAY, NEXT = "which part fails", "time to repair", "time of day", "time to the next failure"
"""What an incident is drawn from, besides uncertain numbers."""
FURTHER: Final = "further failures"
DECIDING: Final = ("laws.py", "analysis/draws.py", "analysis/faults.py", "analysis/sampling.py")
"""Files that decide what a sample is; what it comes to is decided by the engine."""
CLOCK: Final = 2
"""Place of the time of day among them."""


@dataclass(frozen=True)
class Drawn:
    """What was drawn for a sample."""

    numbers: tuple[float, ...]
    """The uncertain numbers, in SI units."""
    faults: Faults | None
    """What fails by itself where these numbers hold; None where a scenario is played."""
    failures: tuple[Failure, ...]
    """What fails, in the order of time."""

    @property
    def per_year(self) -> float:
        """Incidents a year where these numbers hold; 1 where a scenario is played."""
        return 1.0 if self.faults is None else self.faults.incidents_per_year

    @property
    def labels(self) -> tuple[str, ...]:
        """What the failures are called."""
        return tuple(self.faults.sources[failure.source].label for failure in self.failures) if self.faults else ()


@dataclass(frozen=True)
class Sample:
    """One sample: what was drawn, and what it is played on."""

    number: int
    drawn: Drawn
    values: dict[str, float]
    """What the uncertain numbers are, in SI units, by name."""
    topology: Topology
    scenario: Scenario


@dataclass(frozen=True)
class Coordinate:
    """A coordinate of the points: an uncertain number, several of one name, or something of an incident."""

    name: str
    law: Law | None = None
    indices: tuple[int, ...] = ()
    """Which of the uncertain numbers it gives."""
    group: str = ""
    """What it is counted with when influences are told apart; by itself if it has none."""


class Design:
    """How points become samples; made once for each worker."""

    def __init__(self, study: MonteCarloStudy, points: NDArray[np.float64] | None = None) -> None:
        self.study = study
        self.base = study.topology
        self.faults: Faults | None = None
        every = places(self.base)
        if study.scenario is None:
            self.faults = faults_of(self.base, mttr_s=study.mttr_s)
            self.places = [place for place in every if place.path[0] != "scenarios" and not is_repair(place)]
        else:
            kept = ("scenarios", study.scenario)
            self.places = [
                replace(place, name=place.name.removeprefix(f"{study.scenario}, "))
                for place in every
                if (place.path[0] != "scenarios" or place.path[:2] == kept) and "reliability" not in place.path
            ]
        self.coordinates = [*self._of_incident(), *coordinates_of(self.places), *self._of_further()]
        self.template = Template(self.base, [place.path for place in self.places])
        self.has_other_topology = any(place.path[0] != "scenarios" and not is_rate(place) for place in self.places)
        self.rated = self._rated()
        self.points: Points | NDArray[np.float64] = Points(len(self.coordinates), study.seed)
        if points is not None:
            self.points = points

    @property
    def has_clock(self) -> bool:
        """Whether the time of day is drawn."""
        return any(coordinate.name == TIME_OF_DAY for coordinate in self.coordinates)

    def _rated(self) -> frozenset[str]:
        """Name the parts that fail more or less often with what is drawn."""
        domains = self.base.all_domains
        rated = {str(place.path[1]) for place in self.places if is_rate(place) or is_count(place)}
        rated |= {member for name in rated & domains.keys() for member in domains[name]}
        return frozenset(rated | {name for name, members in domains.items() if rated & members.keys()})

    def _of_incident(self) -> list[Coordinate]:
        if self.faults is None or not self.faults.sources:
            return []
        swings = any(service.demand and service.demand.daily_swing_fraction for service in self.base.services.values())
        return [Coordinate(WHICH), Coordinate(REPAIR), *([Coordinate(TIME_OF_DAY)] if swings else [])]

    def _of_further(self) -> list[Coordinate]:
        if self.faults is None or not self.faults.sources:
            return []
        return [
            Coordinate(f"{what} ({number})", group=FURTHER)
            for number in range(1, self.faults.further_count + 1)
            for what in (NEXT, WHICH, REPAIR)
        ]

    def sample(self, number: int) -> Sample:
        """Give one sample, ready to be played."""
        drawn = self.drawn(number)
        topology: Topology = self.template.filled(drawn.numbers)
        values = {place.name: value for place, value in zip(self.places, drawn.numbers, strict=True)}
        if drawn.faults is None:
            return Sample(number, drawn, values, topology, topology.scenarios[str(self.study.scenario)])
        over_s = max((failure.at_s + failure.lasts_s for failure in drawn.failures), default=LEAD_S)
        scenario = Scenario(
            description=f"sample {number}: {listed(drawn.labels) or 'nothing fails'}",
            start=self.start(number),
            duration_s=min(over_s + self.study.follow_s, MAX_SECONDS),
            events=drawn.faults.events(topology, drawn.failures),
        )
        return Sample(number, drawn, values, topology, scenario)

    def drawn(self, number: int) -> Drawn:
        """Draw one sample."""
        shares = self.points[number].tolist()
        numbers: list[float] = [0.0] * len(self.places)
        for coordinate, share in zip(self.coordinates, shares, strict=True):
            for index in coordinate.indices:
                numbers[index] = number_at(self.places[index].law, share)
        if self.faults is None:
            return Drawn(tuple(numbers), None, ())
        faults = self.faults
        if self.rated:
            topology = self.template.filled(numbers)
            faults = faults.replacing(self.rated, faults_of(topology, mttr_s=self.study.mttr_s, among=self.rated))
        tail = shares[len(shares) - 3 * self.faults.further_count :]
        failures = faults.incident(shares[:2], [tail[place : place + 3] for place in range(0, len(tail), 3)])
        return Drawn(tuple(numbers), faults, tuple(failures))

    def start(self, number: int) -> dt.datetime | None:
        """Give the time of day of an incident, where it matters."""
        if not self.has_clock:
            return None
        return MIDNIGHT + dt.timedelta(seconds=int(float(self.points[number][CLOCK]) * DAY_S))


class Player:
    """Plays samples by their number; what no sample changes is made ready once."""

    def __init__(self, design: Design) -> None:
        self.design = design
        self._stage: Stage | None = None

    def __call__(self, number: int) -> Outcome:
        """Play one sample."""
        return self.play(self.design.sample(number))

    def play(self, sample: Sample) -> Outcome:
        """Play a sample."""
        if self.design.has_other_topology:
            return Stage(sample.topology, clock=self.design.study.clock).play(sample.scenario)
        if self._stage is None:
            self._stage = Stage(sample.topology, clock=self.design.study.clock)
        return self._stage.play(sample.scenario)


@cache
def drawing() -> str:
    """Name how samples are drawn: SciPy's version, and a hash of the sources that turn its points into samples."""
    root = Path(__file__).parents[1]
    sources = b"".join((root / name).read_bytes() for name in DECIDING)
    return f"SciPy {metadata.version('scipy')}, {hashlib.sha256(sources).hexdigest()[:12]}"


def number_at(law: Law, share: float) -> float:
    """Give the number of a law at a point, whole where it has to be."""
    value = law.quantile(share)
    return int(value) if law.is_whole else value


def coordinates_of(found: Sequence[Place]) -> list[Coordinate]:
    """Give each distribution a coordinate, those of one name a common one; in the order of their names."""
    together: dict[str, list[int]] = {}
    for index, place in enumerate(found):
        together.setdefault(f"as {place.law.shared}" if place.law.shared else place.name, []).append(index)
    return [Coordinate(name, found[indices[0]].law, tuple(indices)) for name, indices in sorted(together.items())]


def is_rate(place: Place) -> bool:
    """Whether a number says how often something fails."""
    return "reliability" in place.path or place.path[-1] == "beta_fraction"


def is_count(place: Place) -> bool:
    """Whether a number says how many of a service can fail."""
    return place.path[0] == "services" and place.path[2:] == ("replicas",)


def is_repair(place: Place) -> bool:
    """Whether a distribution is that of single repairs, drawn anew for each failure."""
    return place.path[-2:] == ("reliability", "mttr_s")
