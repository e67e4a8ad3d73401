"""The runs of one side of a comparison: the same failures, scenarios, draws and steps as on the other."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from cascade.analysis.draws import coordinates_of, drawing, number_at
from cascade.analysis.failures import repairs
from cascade.analysis.sampling import Points
from cascade.engine.clock import Clock
from cascade.engine.stage import Stage
from cascade.model import Event, Scenario
from cascade.model.uncertain import Place, Template, places

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cascade.analysis.draws import Coordinate
    from cascade.engine.outcome import Outcome
    from cascade.model import Topology


@dataclass(frozen=True, slots=True)
class Case:
    """What is played on both sides."""

    kind: Literal["failure", "scenario"]
    name: str
    """What fails, or the name of the scenario."""

    def __str__(self) -> str:
        """Write it as tables do."""
        return self.name if self.kind == "failure" else f"scenario {self.name}"


@dataclass(frozen=True)
class SideStudy:
    """Every case on one topology: once for each sample, or once with the medians of what is uncertain."""

    topology: Topology
    cases: tuple[Case, ...]
    lasts_s: float
    """How long things fail [s]."""
    horizon_s: float
    """How long a failure is followed [s]; a scenario says so itself."""
    samples: int = 0
    """Samples; 0 for the medians."""
    seed: int = 1
    coordinates: tuple[str, ...] = ()
    """Names of what is uncertain on either side: what has the same name is drawn alike."""
    again: tuple[tuple[int, float], ...] = ()
    """Runs that are played again, each with its step [s]; all, with steps that are found, by default."""

    def __len__(self) -> int:
        """Count the runs."""
        return len(self.again) if self.again else len(self.cases) * max(self.samples, 1)

    @property
    def settings(self) -> Mapping[str, str | int | float | None]:
        """What decides the results, besides the topology."""
        return {
            "kind": "diff",
            "cases": f"{len(self.cases)} ({short_hash(self.cases)})",
            "seconds_of_failure": self.lasts_s,
            "seconds_followed": self.horizon_s,
            "samples": self.samples,
            "seed": self.seed if self.samples else None,
            "drawn": f"{drawing()}, {short_hash(self.coordinates)}" if self.samples else None,
            "again": short_hash(self.again) if self.again else None,
        }

    def label(self, index: int) -> str:
        """Say what a run is about."""
        sample, case = self.place(index)
        return f"{self.cases[case]}, sample {sample}" if self.samples else str(self.cases[case])

    def place(self, index: int) -> tuple[int, int]:
        """Give the sample and the case of a run."""
        return divmod(self.again[index][0] if self.again else index, len(self.cases))

    def player(self) -> Callable[[int], Outcome]:
        """Make what plays a run by its number."""
        return SidePlayer(self)

    def with_steps(self, again: Sequence[tuple[int, float]]) -> SideStudy:
        """Give the study of some runs that are played again with other steps."""
        return replace(self, again=tuple(again))


class SidePlayer:
    """Plays runs by their number; a topology is made ready once for all that is played on it."""

    def __init__(self, study: SideStudy) -> None:
        self.study = study
        self._ready: tuple[int, Topology, dict[float | None, Stage]] | None = None

    def __call__(self, index: int) -> Outcome:
        """Play one run."""
        sample, case = self.study.place(index)
        topology, stages = self.ready(sample)
        step_s = self.study.again[index][1] if self.study.again else None
        if step_s not in stages:
            stages[step_s] = Stage(topology, clock=Clock(step_s=step_s))
        return stages[step_s].play(self.scenario(topology, self.study.cases[case]))

    def ready(self, sample: int) -> tuple[Topology, dict[float | None, Stage]]:
        """Give the topology of a sample with what has been made ready on it."""
        if self._ready is None or self._ready[0] != sample:
            self._ready = sample, self.drawn(sample), {}
        return self._ready[1:]

    def drawn(self, sample: int) -> Topology:
        """Draw the topology of a sample."""
        if not self.study.samples:
            return self.study.topology
        shares = dict(zip(self.study.coordinates, self.points[sample].tolist(), strict=True))
        found, coordinates = self.uncertain
        numbers = [0.0] * len(found)
        for coordinate in coordinates:
            for index in coordinate.indices:
                numbers[index] = number_at(found[index].law, shares[coordinate.name])
        topology: Topology = Template(self.study.topology, [place.path for place in found]).filled(numbers)
        return topology

    @cached_property
    def points(self) -> Points:
        """The samples, as points in a cube."""
        return Points(len(self.study.coordinates), self.study.seed)

    @cached_property
    def uncertain(self) -> tuple[list[Place], list[Coordinate]]:
        """What is drawn, and by which coordinates."""
        found = uncertain_places(self.study.topology)
        return found, coordinates_of(found)

    def scenario(self, topology: Topology, case: Case) -> Scenario:
        """Give what is played."""
        if case.kind == "scenario":
            return topology.scenarios[case.name]
        event = Event(at=0.0, fail=case.name, lasts_s=self.study.lasts_s, trigger=True)
        events = (event, *repairs(topology, event))
        return Scenario(description=f"{case.name} failing", duration_s=self.study.horizon_s, events=events)


def uncertain_places(topology: Topology) -> list[Place]:
    """Give what is drawn: all distributions but those of how often parts fail, and for how long."""
    return [place for place in places(topology) if "reliability" not in place.path]


def common_coordinates(*topologies: Topology) -> tuple[str, ...]:
    """Name what is uncertain in any of some topologies."""
    return tuple(sorted({each.name for one in topologies for each in coordinates_of(uncertain_places(one))}))


def short_hash(value: object) -> str:
    """Give the hash of how something is written."""
    return hashlib.sha256(repr(value).encode()).hexdigest()[:12]
