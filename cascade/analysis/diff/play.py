"""Two topologies under the same failures: what costs users more than before, beyond noise and trifles."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cascade.analysis.diff.changes import in_part
from cascade.analysis.diff.gather import Where, gather, gather_finer
from cascade.analysis.diff.runs import Case, SideStudy, common_coordinates
from cascade.analysis.failures import until_s
from cascade.analysis.losses import estimate
from cascade.analysis.pairs import singles
from cascade.analysis.sampling import MOST_SAMPLES, RANDOMISATIONS, rounded_up
from cascade.analysis.sentences import about
from cascade.analysis.sweep import LASTS_S
from cascade.analysis.sweep_sentences import NOTICED_MINUTES
from cascade.engine.clock import MOST_STEPS
from cascade.engine.stage import LEAST_SHARE as LEAST_TIME
from cascade.errors import ScenarioError, StudyError
from cascade.model import Event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cascade.analysis.diff.changes import Change
    from cascade.model import Topology

    Floats = NDArray[np.float64]

DEFAULT_SAMPLES: Final = 32
"""Samples where numbers are uncertain and nobody says how many."""
T_95: Final = 2.3646
"""Standard errors that hold a mean of eight randomisations 95 times of 100 (Student's t, 7 degrees of freedom)."""
LEAST_SHARE: Final = 0.01
"""Of what users lose, or of the time until all is well: what differs by less reads the same in three digits."""
LEAST_MINUTES: Final = 0.01
"""User-minutes below which nobody is shown a difference."""
ROUNDING: Final = 1e-6
"""Relative difference that another order of sums could make."""
FINER: Final = 16.0
"""By how much finer the step is with which a difference has to be confirmed."""
UNPLAYED: Final = {"scenarios", "observed", "ignore"}
"""Keys of a topology file whose content no failure by itself can notice."""
assert RANDOMISATIONS == 8, "what T_95 is for"  # noqa: PLR2004 - as said


class Verdict(StrEnum):
    """What can be said of a difference."""

    WORSE = "worse"
    BETTER = "better"
    SAME = "same"
    """No difference beyond the noise, or none that matters."""
    OTHER = "other"
    """The scenario itself was changed, so that its runs cannot be compared."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a failure or scenario comes to on one side."""

    impact_minutes: float
    """User-minutes lost; of samples the mean [min]."""
    back_s: float
    """When the last part is back [s]; of samples the median; inf when it does not come back."""
    recovered_fraction: float
    """Share of the samples in which everything comes back."""


@dataclass(frozen=True, slots=True)
class Paired:
    """One failure or scenario on both sides."""

    case: Case
    old: Result
    new: Result
    difference_minutes: float
    """How much more users lose than before [user-min]."""
    noise_minutes: float
    """Half the width of the interval around it that the truth may lie in [user-min], Eq. (67); inf where none is."""
    standard_error_minutes: float
    """Standard error of the difference over the samples [user-min]; nan without samples."""
    verdict: Verdict

    @property
    def is_by_loss(self) -> bool:
        """Whether what users lose differs, beyond the noise and what reads the same."""
        least = max(LEAST_MINUTES, LEAST_SHARE * max(self.old.impact_minutes, self.new.impact_minutes))
        return abs(self.difference_minutes) > max(self.noise_minutes, least)


@dataclass(frozen=True)
class Played:
    """Every failure and scenario that the two have in common, on both."""

    pairs: tuple[Paired, ...]
    """What got worse most first, then what got better, then the rest by name."""
    lasts_s: float
    horizon_s: float
    samples: int
    """0 where nothing is uncertain, or medians stand for it."""
    seed: int
    unchanged_count: int
    """Cases that were not played, for nothing that they depend on was changed."""

    def with_verdict(self, verdict: Verdict) -> tuple[Paired, ...]:
        """Give the pairs with one verdict."""
        return tuple(pair for pair in self.pairs if pair.verdict is verdict)


@dataclass(frozen=True)
class Plan:
    """How both sides are played."""

    lasts_s: float = LASTS_S
    horizon_s: float | None = None
    samples: int | None = None
    """32 where numbers are uncertain, by default; 0 for their medians."""
    seed: int = 1
    where: Where = field(default_factory=Where)

    @property
    def followed_s(self) -> float:
        """How long a failure is followed [s]."""
        return self.horizon_s or until_s(Event(at=0.0, fail="any", lasts_s=self.lasts_s))


def play_both(old: Topology, new: Topology, changes: Sequence[Change], plan: Plan) -> Played:
    """Play what the two have in common on both, as far as it can differ.

    Raises
    ------
    ScenarioError
        When runs are not followed until their failures are over.
    StudyError
        When runs cannot be played, or there are too many samples.
    StoreError
        When they cannot be kept.
    """
    if not 0.0 < plan.lasts_s < plan.followed_s:
        raise ScenarioError("expected things to fail for some time, and each run to be followed for longer than that")
    if plan.samples is not None and not 0 <= plan.samples <= MOST_SAMPLES:
        raise StudyError(f"expected 0 to {MOST_SAMPLES:,} samples, got {plan.samples:,}")
    every = common_cases(old, new)
    cases = tuple(case for case in every if can_differ(case, old, new, changes))
    names = common_coordinates(old, new)
    samples = 0 if not names or plan.samples == 0 else rounded_up(plan.samples or DEFAULT_SAMPLES)
    sides = [
        SideStudy(side, cases, plan.lasts_s, plan.followed_s, samples, plan.seed, names if samples else ())
        for side in (old, new)
    ]
    found = compared(sides, plan) if cases else []
    return Played(
        pairs=tuple(sorted(found, key=order_of)),
        lasts_s=plan.lasts_s,
        horizon_s=plan.followed_s,
        samples=samples,
        seed=plan.seed,
        unchanged_count=len(every) - len(cases),
    )


def compared(sides: Sequence[SideStudy], plan: Plan) -> list[Paired]:
    """Play all cases on both sides, and what seems to differ or is never over once more, with a much finer step."""
    cases, old, new = sides[0].cases, sides[0].topology, sides[1].topology
    tables = gather(sides, plan.where)
    durations_s = np.array(
        [plan.followed_s if c.kind == "failure" else new.scenarios[c.name].duration_s for c in cases]
    )
    is_comparable = [case.kind == "failure" or not is_rewritten(case.name, old, new) for case in cases]
    found = [
        paired(case, [table[place :: len(cases)] for table in tables], durations_s[place])
        if is_comparable[place]
        else unpaired(case, [table[place :: len(cases)] for table in tables])
        for place, case in enumerate(cases)
    ]
    doubtful = np.array([place for place, pair in enumerate(found) if is_comparable[place] and is_doubtful(pair)], int)
    if doubtful.size and not sides[0].samples:
        steps_s = np.maximum(tables[0]["step_s"][doubtful] / FINER, durations_s[doubtful] / MOST_STEPS)
        finer = gather_finer(sides, tables, doubtful, steps_s, plan.where)
        for row, place in enumerate(doubtful.tolist()):
            runs = [table[row : row + 1] for table in finer]
            found[place] = confirmed(found[place], runs, durations_s[place])
    return found


def is_doubtful(pair: Paired) -> bool:
    """Tell whether a finer step should have a say: something differs, or is never over, which may hang on little."""
    is_over = min(pair.old.recovered_fraction, pair.new.recovered_fraction) == 1.0
    return pair.verdict is not Verdict.SAME or not is_over


def common_cases(old: Topology, new: Topology) -> list[Case]:
    """Give the failures and scenarios that both topologies know."""
    known = {name for (name,) in singles(old)}
    failures = [Case("failure", name) for (name,) in singles(new) if name in known]
    return failures + [Case("scenario", name) for name in new.scenarios if name in old.scenarios]


def can_differ(case: Case, old: Topology, new: Topology, changes: Sequence[Change]) -> bool:
    """Tell whether anything was changed that the runs of a case could notice."""
    is_noticed = any(change.section not in UNPLAYED and not change.key.startswith("reliability") for change in changes)
    return is_noticed or (case.kind == "scenario" and is_rewritten(case.name, old, new))


def is_rewritten(scenario: str, old: Topology, new: Topology) -> bool:
    """Tell whether what happens in a scenario was changed; what is expected of it is another matter."""
    found = in_part("", "", old.scenarios[scenario], new.scenarios[scenario])
    return any(not change.key.startswith("expect") for change in found)


def paired(case: Case, runs: Sequence[NDArray[Any]], duration_s: float, *, least_minutes: float = 0.0) -> Paired:
    """Compare the runs of one case (K,) on both sides, Eq. (66) and (67)."""
    old, new = runs
    change = estimate(new["impact_minutes"] - old["impact_minutes"])
    steps = float(np.mean(noise_of(old, duration_s) + noise_of(new, duration_s)))
    drawn = T_95 * change.error if old.size > 1 else 0.0
    noise = max(steps + drawn, least_minutes, NOTICED_MINUTES)
    found = Paired(case, result_of(old), result_of(new), change.value, noise, change.error, Verdict.SAME)
    return replace(found, verdict=verdict_of(found, runs, duration_s))


def unpaired(case: Case, runs: Sequence[NDArray[Any]]) -> Paired:
    """Give what a scenario comes to that is not the same on both sides."""
    old, new = map(result_of, runs)
    return Paired(case, old, new, new.impact_minutes - old.impact_minutes, math.inf, math.nan, Verdict.OTHER)


def confirmed(found: Paired, finer: Sequence[NDArray[Any]], duration_s: float) -> Paired:
    """Give what a finer step says; how far it moves the difference is noise, and both must come to the same verdict."""
    moved = abs(float((finer[1]["impact_minutes"] - finer[0]["impact_minutes"])[0]) - found.difference_minutes)
    again = paired(found.case, finer, duration_s, least_minutes=moved)
    return again if again.verdict is found.verdict else replace(again, verdict=Verdict.SAME)


def noise_of(runs: NDArray[Any], duration_s: float) -> Floats:
    """Give how far the step may move the impact of each run (K,) [user-min]."""
    values: Floats = np.maximum(runs["impact_minutes"], LEAST_TIME * duration_s / 60.0)
    noise: Floats = (np.nan_to_num(runs["step_error_fraction"]) + ROUNDING) * values
    return noise


def back_noise_of(runs: NDArray[Any], duration_s: float) -> Floats:
    """Give how far the step may move the time at which the last part is back (K,) [s]."""
    outages_s: Floats = np.maximum(60.0 * runs["violated_minutes"], LEAST_TIME * duration_s)
    noise: Floats = np.nan_to_num(runs["step_error_fraction"]) * outages_s + runs["step_s"]
    return noise


def verdict_of(found: Paired, runs: Sequence[NDArray[Any]], duration_s: float) -> Verdict:
    """Give what can be said of a difference: of what users lose, or else of one run's time to recover."""
    if found.is_by_loss:
        return Verdict.WORSE if found.difference_minutes > 0.0 else Verdict.BETTER
    before_s, after_s = found.old.back_s, found.new.back_s
    if runs[0].size > 1 or about(before_s) == about(after_s):
        return Verdict.SAME
    noise_s = sum(float(back_noise_of(side, duration_s)[0]) for side in runs)
    longest_s = max(each for each in (before_s, after_s) if math.isfinite(each))
    if abs(after_s - before_s) <= max(noise_s, LEAST_SHARE * longest_s):
        return Verdict.SAME
    return Verdict.WORSE if after_s > before_s else Verdict.BETTER


def result_of(runs: NDArray[Any]) -> Result:
    """Sum up the runs of one side (K,)."""
    back_s = np.sort(runs["back_s"])
    return Result(
        impact_minutes=float(runs["impact_minutes"].mean()),
        back_s=float(back_s[(back_s.size - 1) // 2]),
        recovered_fraction=float(np.isfinite(back_s).mean()),
    )


def order_of(pair: Paired) -> tuple[int, float, str]:
    """Give the place of a pair: what is worse by most first."""
    rank = [Verdict.WORSE, Verdict.BETTER, Verdict.OTHER, Verdict.SAME].index(pair.verdict)
    size = round(-abs(pair.difference_minutes), 9) if rank <= 1 else 0.0
    return rank, size, str(pair.case)
