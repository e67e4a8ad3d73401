"""Uncertain numbers and faults as rates: how much is lost, how often, and what drives it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cascade.analysis.blast_radius import blast_radius
from cascade.analysis.draws import NEXT, Coordinate, Design, Player, drawing
from cascade.analysis.losses import Estimate, Years, doublings, estimate, exceedance, loss_of_period, years_of
from cascade.analysis.sampling import MOST_SAMPLES, rounded_up
from cascade.analysis.sensitivity import NOT_KNOWN, Sensitivity, by_design, given_data, saltelli_points
from cascade.engine.outcome import Ending
from cascade.engine.simulate import find_scenario
from cascade.errors import StudyError
from cascade.model.uncertain import settled
from cascade.wording import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from cascade.analysis.blast_radius import BlastRadius
    from cascade.analysis.draws import Sample
    from cascade.engine.clock import Clock
    from cascade.engine.outcome import Outcome
    from cascade.model import Scenario, Topology
    from cascade.model.uncertain import Place
    from cascade.studies.carry_out import Engine
    from cascade.studies.study import Study

    Floats = NDArray[np.float64]

FOLLOW_S: Final = 7200.0
"""How long an incident is followed after its last repair [s]."""
DEFAULT_SAMPLES: Final = 1024
METHODS: Final = ("given", "sobol", "none")
"""Where the influences are taken from."""
BASE_SHARE: Final = 4
"""One base point of a design of its own for so many samples."""
LEAST_BASE: Final = 64
LEAST_MINUTES: Final = 1e-9
"""Losses below this are rounding [min]."""


@dataclass(frozen=True)
class MonteCarloStudy:
    """Samples of a topology whose numbers are uncertain, or whose parts fail; each is a run of its own."""

    topology: Topology
    samples: int
    """Runs, a power of two for each randomisation."""
    seed: int = 1
    scenario: str | None = None
    """What is played; None for incidents, by the rates of the parts."""
    follow_s: float = FOLLOW_S
    """How long an incident is followed after its last repair [s]."""
    mttr_s: float | None = None
    """Mean time to repair [s] of parts that state only their availability."""
    clock: Clock | None = None

    @property
    def settings(self) -> Mapping[str, str | int | float | None]:
        """What else decides the results; not how many samples there are, so that more can be added."""
        return {
            "kind": "montecarlo",
            "drawn_by": drawing(),
            "seed": self.seed,
            "scenario": self.scenario,
            "followed_s": self.follow_s,
            "mttr_s": self.mttr_s,
            "step_s": self.clock.step_s if self.clock else None,
        }

    def __len__(self) -> int:
        """Give the number of samples."""
        return self.samples

    def label(self, index: int) -> str:
        """Call a sample by its number."""
        return f"sample {index}"

    def player(self) -> Callable[[int], Outcome]:
        """Make what plays a sample by its number."""
        return Player(Design(self))


@dataclass(frozen=True, eq=False, repr=False)
class MonteCarlo:
    """What the samples of a topology came to.

    Losses are weighted user-minutes: the share of the requests of each entry point that is lost, over time, weighted
    and summed.
    """

    study: MonteCarloStudy
    design: Design
    table: NDArray[Any]
    """(K,) The numbers of each run."""
    points: Floats
    """(K, D) Where each sample lies between the extremes of each thing drawn, from 0 to 1."""
    per_year: Floats
    """(K,) Incidents a year where the numbers of a sample hold; 1 where a scenario is played."""
    first: tuple[str, ...]
    """(K,) What failed first; nothing where a scenario is played."""
    failures_count: NDArray[np.int64]
    """(K,) How many failures each incident had."""
    sensitivity: Sensitivity = NOT_KNOWN
    """What drives the loss."""

    def __repr__(self) -> str:
        """Say the headline."""
        from cascade.analysis.montecarlo_sentences import headline  # noqa: PLC0415 - it is about this

        return f"<MonteCarlo: {headline(self)}>"

    @property
    def topology(self) -> Topology:
        """What was sampled."""
        return self.study.topology

    @property
    def is_of_incidents(self) -> bool:
        """Whether parts fail by their rates, rather than by a scenario."""
        return self.study.scenario is None

    @property
    def impact_minutes(self) -> Floats:
        """(K,) Weighted user-minutes lost in each sample [min]."""
        impact: Floats = self.table["impact_minutes"]
        return impact

    @property
    def weights(self) -> Floats:
        """(K,) How much each sample counts in distributions; they sum to 1."""
        weights: Floats = self.per_year / (self.per_year.sum() or 1.0)
        return weights

    @cached_property
    def mean_loss(self) -> Estimate:
        """Expected loss: in a year, or of the scenario [min]."""
        return estimate(self.per_year * self.impact_minutes)

    @cached_property
    def incidents_per_year(self) -> Estimate:
        """How often incidents come [1/a]."""
        return estimate(self.per_year)

    def share(self, is_so: NDArray[np.bool_]) -> float:
        """Give the share of the incidents of which something holds (K,)."""
        return float(self.weights[is_so].sum())

    @property
    def harmless_fraction(self) -> float:
        """Share of the incidents in which no user loses anything."""
        return self.share(self.impact_minutes <= LEAST_MINUTES)

    @property
    def is_stuck(self) -> NDArray[np.bool_]:
        """(K,) Whether something was not back within its objective at the end."""
        stuck: NDArray[np.bool_] = self.table["ending"] != int(Ending.RECOVERED)
        return stuck

    def quantile(self, share: float) -> float:
        """Loss that is not exceeded in some share of the incidents [min]."""
        order = np.argsort(self.impact_minutes, kind="stable")
        place = int(np.searchsorted(np.cumsum(self.weights[order]), share - 1e-12))
        return float(self.impact_minutes[order[min(place, order.size - 1)]])

    def exceedance(self, levels: Floats) -> tuple[Floats, Floats]:
        """Give how often a year more is lost at once than each level (L,), with standard errors."""
        return exceedance(self.impact_minutes, self.per_year, levels)

    def loss_of_period(self, years: float) -> float:
        """Loss of one incident that is exceeded once in some years [min]."""
        return loss_of_period(self.impact_minutes, self.per_year, years)

    @cached_property
    def years(self) -> Years:
        """How much all incidents of a year lose together."""
        return years_of(self.impact_minutes, self.per_year)

    @cached_property
    def convergence(self) -> tuple[tuple[int, Estimate], ...]:
        """The expected loss after ever more samples."""
        values = self.per_year * self.impact_minutes
        return tuple((size, estimate(values[:size])) for size in doublings(values.size))

    @cached_property
    def frame(self) -> pd.DataFrame:
        """A row per sample: what was drawn, and what it came to."""
        from cascade.report.frames import samples_frame  # noqa: PLC0415 - pandas only when asked for

        return samples_frame(self)

    def sample(self, number: int) -> Sample:
        """Draw one sample again, alone."""
        return self.design.sample(number)

    def _repr_html_(self) -> str:
        from cascade.report.html import as_notebook  # noqa: PLC0415 - how it looks in a notebook

        return as_notebook(self)


def montecarlo_study(  # noqa: PLR0913 - what is drawn, and how it is run
    topology: Topology,
    *,
    samples: int = DEFAULT_SAMPLES,
    seed: int = 1,
    scenario: Scenario | str | None = None,
    follow_s: float = FOLLOW_S,
    mttr_s: float | None = None,
    clock: Clock | None = None,
) -> MonteCarloStudy:
    """Give the study that :func:`montecarlo` plays; samples are rounded up to a power of two per randomisation.

    Without a scenario, parts fail by their rates; where no part states any, the first scenario is played.

    Raises
    ------
    StudyError
        When nothing can be played, or too much is asked for.
    """
    if not 1 <= samples <= MOST_SAMPLES:
        raise StudyError(f"expected 1 to {MOST_SAMPLES:,} samples, got {samples:,}")
    if seed < 0:
        raise StudyError(f"expected a seed of 0 or more, got {seed}")
    name, topology = playable(topology, scenario)
    study = MonteCarloStudy(topology, rounded_up(samples), seed, name, follow_s, mttr_s, clock)
    if name is None and not has_rates(study):
        if not topology.scenarios:
            raise StudyError(
                f"{topology.name}: no part says how often it fails, and there is no scenario; "
                "expected reliability: {mttf: 90d, mttr: 1h} of some part, or a scenario"
            )
        name = next(iter(topology.scenarios))
        study = MonteCarloStudy(topology, rounded_up(samples), seed, name, follow_s, mttr_s, clock)
    if not Design(study).coordinates:
        return MonteCarloStudy(topology, 1, seed, name, follow_s, mttr_s, clock)
    return study


def playable(topology: Topology, scenario: Scenario | str | None) -> tuple[str | None, Topology]:
    """Give the name of a scenario and a topology that has it."""
    if scenario is None:
        return None, topology
    name, found = find_scenario(topology, scenario)
    if topology.scenarios.get(name) is not found:
        topology = topology.changed(scenarios={**topology.scenarios, name: found})
    return name, topology


def has_rates(study: MonteCarloStudy) -> bool:
    """Whether anything fails by itself."""
    faults = Design(study).faults
    return faults is not None and bool(faults.sources)


def montecarlo(  # noqa: PLR0913 - what is drawn, and how it is run
    topology: Topology,
    *,
    samples: int = DEFAULT_SAMPLES,
    seed: int = 1,
    scenario: Scenario | str | None = None,
    follow_s: float = FOLLOW_S,
    mttr_s: float | None = None,
    clock: Clock | None = None,
    sensitivity: str = "given",
    until: float | None = None,
    store: Path | str | Callable[[Any], Path | None] | None = None,
    engine: Engine = "local",
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> MonteCarlo:
    """Draw uncertain numbers and failures, play each sample, and say how much is lost, how often, and why.

    Parameters
    ----------
    topology : Topology
    samples : int
        Runs; rounded up to a power of two for each of eight randomisations.
    seed : int
        Another seed gives other samples; the first samples of a longer study are those of a shorter one.
    scenario : Scenario or str, optional
        What is played, with its uncertain numbers; without one, parts fail as their `reliability` says.
    follow_s : float
        How long an incident is followed after its last repair [s].
    mttr_s : float, optional
        Mean time to repair [s] of parts that state only their availability.
    clock : Clock, optional
    sensitivity : {"given", "sobol", "none"}
        From the same samples, or by a design of its own, which takes more runs.
    until : float, optional
        Double the samples until the standard error is at most this share of the expected loss.
    store : path, optional
        Where the runs are kept, or what gives the path of a study; the same study goes on where it was.
    engine, workers, scheduler, progress
        As for :func:`~cascade.studies.carry_out.carry_out`.

    Examples
    --------
    >>> import cascade
    >>> text = "services: {web: {demand: 1/s, calls: [db]}, db: {reliability: {mttf: 30d, mttr: {uniform: [1h, 3h]}}}}"
    >>> found = cascade.montecarlo(cascade.loads(text), samples=64)
    >>> round(found.mean_loss.value / 60.0)  # 8766 hours a year, of which it is down 2 in every 722
    24
    """
    from cascade.studies.carry_out import carry_out  # noqa: PLC0415 - what draws needs no store
    from cascade.studies.store import open_store  # noqa: PLC0415 - as above

    study = montecarlo_study(
        topology, samples=samples, seed=seed, scenario=scenario, follow_s=follow_s, mttr_s=mttr_s, clock=clock
    )
    if until is not None and not until > 0.0:
        raise StudyError(f"expected an error above 0 to sample until, like 0.05, got {until}")
    if sensitivity not in METHODS:
        raise StudyError(f"there is no sensitivity '{sensitivity}'; there are {listed(METHODS)}")

    def play(study: Study, path: Any) -> NDArray[Any]:
        with open_store(study, path(study) if callable(path) else path) as kept:
            carry_out(study, store=kept, engine=engine, workers=workers, scheduler=scheduler, progress=progress)
            return kept.table()

    found = result_of(study, play(study, store))
    while until is not None and found.mean_loss.relative_error > until and 1 < len(study) < MOST_SAMPLES:
        study = replace(study, samples=2 * study.samples)
        found = result_of(study, play(study, store))
    if sensitivity == "given":
        return replace(found, sensitivity=from_samples(found))
    if sensitivity == "sobol" and found.design.coordinates:
        design = SaltelliStudy(study, max(len(study) // BASE_SHARE, LEAST_BASE))
        beside = Path(store).with_name(f"{Path(store).name}.sobol") if isinstance(store, (str, Path)) else store
        return replace(found, sensitivity=design.indices(play(design, beside)["impact_minutes"]))
    return found


@dataclass(frozen=True)
class ReplayedSample:
    """One sample, played again alone."""

    study: MonteCarloStudy
    sample: Sample
    outcome: Outcome
    """As in the study, bit for bit."""
    blast: BlastRadius
    """All of it."""
    places: tuple[Place, ...]
    """Where the numbers stand that were drawn."""


def replay_sample(study: MonteCarloStudy, number: int) -> ReplayedSample:
    """Draw one sample of a study and play it, without any other."""
    if not 0 <= number < MOST_SAMPLES:
        raise StudyError(f"expected the number of a sample, from 0 to {MOST_SAMPLES - 1:,}, got {number:,}")
    design = Design(study)
    sample = design.sample(number if design.coordinates else 0)
    outcome = Player(design).play(sample)
    blast = blast_radius(settled(sample.topology), scenario=sample.scenario, clock=study.clock)
    return ReplayedSample(study, sample, outcome, blast, tuple(design.places))


def result_of(study: MonteCarloStudy, table: NDArray[Any]) -> MonteCarlo:
    """Put samples and runs together."""
    design = Design(study)
    every = [design.drawn(number) for number in range(len(study))]
    return MonteCarlo(
        study=study,
        design=design,
        table=table,
        points=np.array([design.points[number] for number in range(len(study))]).reshape(len(study), -1),
        per_year=np.array([drawn.per_year for drawn in every]),
        first=tuple(drawn.labels[0] if drawn.labels else "" for drawn in every),
        failures_count=np.array([len(drawn.failures) for drawn in every], np.int64),
    )


def from_samples(found: MonteCarlo) -> Sensitivity:
    """Give what drives the loss, from the samples themselves."""
    names = [coordinate.name for coordinate in found.design.coordinates]
    kept = [place for place, coordinate in enumerate(found.design.coordinates) if is_told(coordinate)]
    losses = found.per_year * found.impact_minutes
    return given_data([names[place] for place in kept], found.points[:, kept], losses, found.study.seed)


def is_told(coordinate: Coordinate) -> bool:
    """Whether an influence is looked for: of further failures only the time until the first."""
    return not coordinate.group or coordinate.name == f"{NEXT} (1)"


@dataclass(frozen=True)
class SaltelliStudy:
    """Runs from which first and total indices come: each point of one set with single numbers of another."""

    study: MonteCarloStudy
    base_count: int
    """Points of each set, a power of two."""

    @property
    def topology(self) -> Topology:
        """What is sampled."""
        return self.study.topology

    @property
    def settings(self) -> Mapping[str, str | int | float | None]:
        """What else decides the results."""
        return {**self.study.settings, "kind": "montecarlo-sobol", "base_count": self.base_count}

    def __len__(self) -> int:
        """Give the number of runs."""
        return self.base_count * (len(set(self.groups)) + 2)

    def label(self, index: int) -> str:
        """Call a run by its number."""
        return f"run {index}"

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """What each coordinate counts to."""
        return tuple(coordinate.group or coordinate.name for coordinate in Design(self.study).coordinates)

    @property
    def points(self) -> Floats:
        """(K, D) Where the runs lie."""
        return saltelli_points(self.groups, self.groups, self.base_count, self.study.seed)

    def player(self) -> Callable[[int], Outcome]:
        """Make what plays a run by its number."""
        return Player(Design(self.study, self.points))

    def indices(self, impact_minutes: Floats) -> Sensitivity:
        """Give what drives the loss."""
        design = Design(self.study, self.points)
        losses = np.array([design.drawn(run).per_year for run in range(len(self))]) * impact_minutes
        return by_design(self.groups, self.groups, losses, self.study.seed)
