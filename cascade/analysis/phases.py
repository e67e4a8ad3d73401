"""Phases: for which load and which trigger does a system come back by itself, and for which does it stay down."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from cascade.analysis.settings import checked_values, find_setting
from cascade.analysis.tipping import Boundary, judged, last_change_s, lasting_faults
from cascade.engine.clock import Clock
from cascade.engine.outcome import Ending
from cascade.engine.simulate import find_scenario, simulate
from cascade.engine.stage import Stage, entry_points
from cascade.errors import StudyError
from cascade.model import Scenario
from cascade.model.uncertain import Template, settled
from cascade.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from cascade.analysis.settings import Setting
    from cascade.engine.outcome import Outcome
    from cascade.model import Topology
    from cascade.studies.carry_out import Engine

    Floats = NDArray[np.float64]
    Point = tuple[float, float]
    Axis = tuple[str, Sequence[float | str]]

MOST_POINTS: Final = 1_000_000
REST_SAMPLES: Final = 100
"""Samples of a run in which nothing happens, of which the last one counts."""


class Phase(IntEnum):
    """What becomes of the users of a system after a fault that is over."""

    COMES_BACK = 0
    """Every entry point is within its objective at the end."""
    UNFINISHED = 1
    """One is not, and something still changes."""
    STAYS_DOWN = 2
    """One is not, and nothing gets better: the system is metastable."""
    OVERLOADED = 3
    """One is outside its objective without any fault."""


@dataclass(frozen=True)
class PhasesStudy:
    """Points of two settings, each a run of its own that starts from rest."""

    topology: Topology
    scenario: str
    x: Setting
    y: Setting
    points: tuple[Point, ...]
    """Where the scenario is played."""
    rests: tuple[Point, ...] = ()
    """Where nothing happens."""
    clock: Clock | None = None

    @property
    def settings(self) -> Mapping[str, str | int | float | None]:
        """What decides the results, besides the topology."""
        every = repr((self.points, self.rests))
        return {
            "kind": "phases",
            "scenario": self.scenario,
            "x": self.x.name,
            "y": self.y.name,
            "points": f"{len(self)} ({hashlib.sha256(every.encode()).hexdigest()[:12]})",
            "step_s": self.clock.step_s if self.clock else None,
        }

    def __len__(self) -> int:
        """Count the runs."""
        return len(self.points) + len(self.rests)

    def label(self, index: int) -> str:
        """Say where a run lies."""
        x, y = (*self.points, *self.rests)[index]
        what = "" if index < len(self.points) else ", nothing happens"
        return f"{self.x.name} {x:g}, {self.y.name} {y:g}{what}"

    def player(self) -> Callable[[int], Outcome]:
        """Make what plays a run by its number."""
        return Player(self)

    @property
    def template(self) -> Template:
        """What becomes a topology with the numbers of a point."""
        return Template(self.topology, [*self.x.paths, *self.y.paths])

    def numbers(self, point: Point) -> list[float]:
        """Give what stands at the paths of the template at a point."""
        return [*self.x.numbers(point[0]), *self.y.numbers(point[1])]

    def scenario_of(self, topology: Topology) -> Scenario:
        """Give the scenario at a point: followed for as long after its faults as the one that was asked for."""
        base, here = self.topology.scenarios[self.scenario], topology.scenarios[self.scenario]
        longer_s = max(last_change_s(topology, here) - last_change_s(self.topology, base), 0.0)
        return here.model_copy(update={"duration_s": here.duration_s + longer_s})


class Player:
    """Plays points; a topology that serves for several is made ready once."""

    def __init__(self, study: PhasesStudy) -> None:
        self.study = study
        self.template = study.template
        self._ready: tuple[tuple[float, ...], Stage] | None = None

    def __call__(self, index: int) -> Outcome:
        """Play one run."""
        study = self.study
        point = (*study.points, *study.rests)[index]
        topology: Topology = self.template.filled(study.numbers(point))
        stage, scenario = self._stage(point, topology), study.scenario_of(topology)
        if index >= len(study.points):
            return at_rest(stage, Scenario(start=scenario.start, duration_s=scenario.duration_s))
        outcome = stage.play(scenario)

        def until(duration_s: float) -> Outcome:
            shorter = scenario.model_copy(update={"duration_s": duration_s})
            return Stage(topology, clock=Clock(step_s=outcome.step_s)).play(shorter)

        return judged(outcome, last_change_s(topology, scenario), scenario.duration_s, until)

    def _stage(self, point: Point, topology: Topology) -> Stage:
        axes = zip((self.study.x, self.study.y), point, strict=True)
        key = tuple(value for setting, value in axes if setting.is_of_topology)
        if self._ready is None or self._ready[0] != key:
            self._ready = key, Stage(topology, clock=self.study.clock)
        return self._ready[1]


def at_rest(stage: Stage, nothing: Scenario) -> Outcome:
    """Say what users get when nothing happens; a stage itself takes what is so at rest as usual."""
    run = simulate(stage.topology, nothing, clock=Clock(step_s=stage.step_s, samples=REST_SAMPLES))
    outcome = stage.play(nothing)
    is_hit = np.array([run.is_hit(name)[-1] for name in entry_points(stage.topology)], bool)
    entries = outcome.entries.copy()
    entries["back_s"] = np.where(is_hit, math.inf, math.nan)
    return replace(outcome, entries=entries, ending=Ending.STUCK if is_hit.any() else Ending.RECOVERED)


@dataclass(frozen=True, eq=False, repr=False)
class Phases:
    """What becomes of a system at each point of two settings; arrays are (X, Y), in the order of their values."""

    study: PhasesStudy
    x_values: Floats
    y_values: Floats
    phase: NDArray[np.int8]
    """:class:`Phase` of each point."""
    recovery_s: Floats
    """From the end of the fault to when the last entry point is back [s]: 0 if it is back before, inf if never."""
    impact_minutes: Floats
    """Weighted user-minutes lost [min]; where a system stays down, until the end of the scenario."""
    boundary: Boundary
    """Where it tips, for each x."""

    def __repr__(self) -> str:
        """Say the headline."""
        return f"<Phases: {self.headline}>"

    @property
    def topology(self) -> Topology:
        """What it is about."""
        return self.study.topology

    @property
    def headline(self) -> str:
        """What a manager needs to know.

        Examples
        --------
        >>> import cascade
        >>> storm = cascade.load("topologies/retry-storm.yaml")
        >>> found = cascade.phases(storm, x=("web: demand", [20, 80, 140]), y=("trigger: for", ["1s", "1m"]), workers=1)
        >>> found.headline[25:]
        'points 3 come back by themselves, 1 stays down after the fault, 2 are overloaded without it.'
        """
        said = {Phase.COMES_BACK: ("comes back by itself", "come back by themselves"),
                Phase.UNFINISHED: ("is not over at the end", "are not over at the end"),
                Phase.STAYS_DOWN: ("stays down after the fault", "stay down after the fault"),
                Phase.OVERLOADED: ("is overloaded without it", "are overloaded without it")}  # fmt: skip
        counts = [(int(np.count_nonzero(self.phase == phase)), texts) for phase, texts in said.items()]
        told = ", ".join(f"{count:,} {texts[count != 1]}" for count, texts in counts if count)
        return f"{self.topology.name}, {self.study.scenario}: of {counted(self.phase.size, 'point')} {told}."

    @property
    def frame(self) -> pd.DataFrame:
        """One row per point."""
        from cascade.report.frames import phases_frame  # noqa: PLC0415 - pandas only when asked for

        return phases_frame(self)

    def _repr_html_(self) -> str:
        from cascade.report.html import as_notebook  # noqa: PLC0415 - how it looks in a notebook

        return as_notebook(self)

    def refined(self, low: Floats, high: Floats) -> Self:
        """Give it with a narrower boundary."""
        return replace(self, boundary=replace(self.boundary, low=low, high=high))


def phases(  # noqa: PLR0913 - what is set, and how it is run
    topology: Topology,
    *,
    x: Axis,
    y: Axis,
    scenario: Scenario | str | None = None,
    halvings: int = 0,
    clock: Clock | None = None,
    store: Path | str | Callable[[PhasesStudy], Path | None] | None = None,
    engine: Engine = "local",
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Phases:
    """Play a scenario at each point of two settings, and say where the system comes back by itself.

    A setting is called as reports of Monte Carlo call it: ``web: demand``, ``database: concurrency.max``,
    ``web -> app: retry.max_attempts``, ``event 2: rate``; ``trigger: for`` and ``trigger: capacity`` are of the fault
    that the scenario is about, and ``demand`` is a factor on all users. Values are numbers in seconds, per second or as
    shares, or texts as in a file: ``2m``, ``80/s``, ``30%``.

    Parameters
    ----------
    topology : Topology
    x, y : tuple of str and sequence
        Name and values of each setting.
    scenario : Scenario or str, optional
        What happens, the first scenario by default; all its faults have to end.
    halvings : int
        How often the boundary is halved, for each x, between the two points of the grid where it tips.
    clock : Clock, optional
        Step [s]. Near the boundary a run depends on its step: a tenth of the shortest time-out is short enough there.
    store : path, optional
        File in which finished points of the grid are kept, or what gives its path for a study.
    engine, workers, scheduler, progress
        As for :func:`~cascade.studies.carry_out.carry_out`.

    Raises
    ------
    StudyError
        When a setting or a value is not possible, or a fault never ends.

    Examples
    --------
    >>> import cascade
    >>> storm = cascade.load("topologies/retry-storm.yaml")
    >>> found = cascade.phases(storm, x=("web: demand", ["20/s", "80/s"]), y=("trigger: for", ["1s", "1m"]), workers=1)
    >>> [[cascade.Phase(point).name for point in column] for column in found.phase.tolist()]
    [['COMES_BACK', 'COMES_BACK'], ['COMES_BACK', 'STAYS_DOWN']]
    """

    def play(study: PhasesStudy, path: Path | str | None) -> list[Outcome]:
        from cascade.studies.carry_out import carry_out  # noqa: PLC0415 - other questions need no database
        from cascade.studies.store import open_store  # noqa: PLC0415 - as above

        with open_store(study, path) as kept:
            carry_out(study, store=kept, engine=engine, workers=workers, scheduler=scheduler, progress=progress)
            return [outcome for _, _, outcome in kept.outcomes()]

    study = phases_study(topology, x=x, y=y, scenario=scenario, clock=clock)
    found = result_of(study, play(study, store(study) if callable(store) else store))
    for _ in range(halvings):
        found = halved(found, lambda points: play(replace(study, points=points, rests=()), None))
    return found


def phases_study(
    topology: Topology, *, x: Axis, y: Axis, scenario: Scenario | str | None = None, clock: Clock | None = None
) -> PhasesStudy:
    """Give the study that :func:`phases` plays.

    Raises
    ------
    StudyError
        When a setting or a value is not possible, or a fault never ends.
    """
    name, played = find_scenario(topology, scenario)
    base = settled(topology.changed(scenarios={**topology.scenarios, name: played}))
    across, up = (find_setting(base, name, axis[0]) for axis in (x, y))
    if shared := {*across.paths} & {*up.paths}:
        raise StudyError(
            f"expected two settings, got one twice: '{across.name}' and '{up.name}' are {next(iter(shared))[-1]}"
        )
    xs, ys = checked_values(base, across, x[1]), checked_values(base, up, y[1])
    if len(xs) * len(ys) > MOST_POINTS:
        raise StudyError(f"expected {MOST_POINTS:,} points at most, got {len(xs) * len(ys):,}")
    study = PhasesStudy(base, name, across, up, tuple((a, b) for a in xs for b in ys), clock=clock)
    for point in {(xs[0], ys[0]), (xs[-1], ys[-1])}:
        lasting_faults(study.template.filled(study.numbers(point)), name)
    kinds = {rest_of(study, point): point for point in reversed(study.points)}
    return replace(study, rests=tuple(kinds[key] for key in sorted(kinds)))


def rest_of(study: PhasesStudy, point: Point) -> Point:
    """Give what decides whether a system is well at a point when nothing happens."""
    return (point[0] if study.x.is_of_topology else 0.0, point[1] if study.y.is_of_topology else 0.0)


def result_of(study: PhasesStudy, outcomes: Sequence[Outcome]) -> Phases:
    """Put the runs of a grid together."""
    xs, ys = (np.array(sorted(set(values))) for values in zip(*study.points, strict=True))
    played, resting = outcomes[: len(study.points)], outcomes[len(study.points) :]
    is_well = {
        rest_of(study, point): phase_of(outcome) is Phase.COMES_BACK
        for point, outcome in zip(study.rests, resting, strict=True)
    }
    phase = np.array(
        [
            phase_of(outcome) if is_well[rest_of(study, point)] else Phase.OVERLOADED
            for point, outcome in zip(study.points, played, strict=True)
        ],
        np.int8,
    ).reshape(xs.size, ys.size)
    ends_s = faults_end_s(study)
    recovery_s = np.array([back_s(outcome) for outcome in played]) - ends_s
    return Phases(
        study=study,
        x_values=xs,
        y_values=ys,
        phase=phase,
        recovery_s=np.maximum(recovery_s, 0.0).reshape(phase.shape),
        impact_minutes=np.array([outcome.impact_minutes for outcome in played]).reshape(phase.shape),
        boundary=Boundary.of_grid(ys, phase),
    )


def faults_end_s(study: PhasesStudy) -> Floats:
    """Give when the faults of each point are over [s]."""
    template = study.template
    filled: Iterable[Topology] = (template.filled(study.numbers(point)) for point in study.points)
    return np.array([lasting_faults(topology, study.scenario) for topology in filled])


def phase_of(outcome: Outcome) -> Phase:
    """Say what became of the users in a run that was judged."""
    if math.isfinite(back_s(outcome)):
        return Phase.COMES_BACK
    return Phase.STAYS_DOWN if outcome.ending is Ending.STUCK else Phase.UNFINISHED


def back_s(outcome: Outcome) -> float:
    """Give when the last entry point is back for good [s]: 0 where none was hit, inf where one is not back."""
    return float(np.nan_to_num(outcome.entries["back_s"], nan=0.0, posinf=math.inf).max(initial=0.0))


def halved(found: Phases, play: Callable[[tuple[Point, ...]], list[Outcome]]) -> Phases:
    """Narrow the boundary to the half in which it tips, for each x."""
    low, high, is_back = found.boundary.low.copy(), found.boundary.high.copy(), found.boundary.is_back_below
    is_whole = isinstance(found.study.points[0][1], int)
    middle = np.floor((low + high) / 2.0) if is_whole else (low + high) / 2.0
    columns = np.flatnonzero(np.isfinite(low) & (low < middle) & (middle < high)).tolist()
    if not columns:
        return found
    points = tuple((found.study.points[k * found.y_values.size][0], float(middle[k])) for k in columns)
    if is_whole:
        points = tuple((x, int(y)) for x, y in points)
    for k, outcome in zip(columns, play(points), strict=True):
        is_same = (phase_of(outcome) is Phase.COMES_BACK) == is_back[k]
        (low if is_same else high)[k] = middle[k]
    return found.refined(low, high)
