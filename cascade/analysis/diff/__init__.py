"""What a change to a topology makes worse, and what it mends: by name, never by count."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cascade.analysis.bars import ChangeBar, read_change_bar
from cascade.analysis.caveats import caveats
from cascade.analysis.diff import sentences
from cascade.analysis.diff.bars import is_missed
from cascade.analysis.diff.changes import Change, changes
from cascade.analysis.diff.gather import Where
from cascade.analysis.diff.objectives import availability_changes, expectation_changes, findings_between
from cascade.analysis.diff.play import Plan, Verdict, play_both
from cascade.analysis.diff.rest import Rest, at_rest
from cascade.analysis.diff.structure import StructureDiff, compare_structure
from cascade.analysis.sweep import LASTS_S

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cascade.analysis.causes import Question
    from cascade.analysis.diff.objectives import AvailabilityChange, ExpectationChange
    from cascade.analysis.diff.play import Paired, Played
    from cascade.analysis.diff.structure import SharedFailure, TogetherDown
    from cascade.analysis.diff.tolls import Toll
    from cascade.analysis.lint import Finding
    from cascade.model import Topology
    from cascade.studies.carry_out import Engine


@dataclass(frozen=True, repr=False)
class Diff:
    """What a change to a topology does, by name: introduced is what only the new one has, resolved what only the old.

    Parts that only one of the two has can be no better or worse: what happens to them stands apart in each
    :class:`~cascade.analysis.diff.tolls.Toll`.
    """

    old: Topology
    new: Topology
    changes: tuple[Change, ...]
    """What differs between the files."""
    structure: StructureDiff
    """What differs in what single failures and pairs take down."""
    availabilities: tuple[AvailabilityChange, ...] = ()
    """Entry points whose availability, or what they promise, differs; where reliabilities are stated."""
    availabilities_left_out: tuple[str, ...] = ()
    """Entry points whose exact availability is out of reach."""
    findings_introduced: tuple[Finding, ...] = ()
    """What the lint finds that it did not find before, told apart by rule and names."""
    findings_resolved: tuple[Finding, ...] = ()
    """What the lint found, and finds no more."""
    expectations: tuple[ExpectationChange, ...] = ()
    """What is expected of scenarios, where it is met on one side only."""
    rest: Rest = field(default_factory=Rest)
    """What users lose while nothing fails; failures cost what is lost beyond that."""
    played: Played | None = None
    """The same failures and scenarios on both; none where only structure was asked for, or nothing differs."""

    def __repr__(self) -> str:
        """Say the headline."""
        return f"<Diff: {self.headline}>"

    @property
    def headline(self) -> str:
        """What a reviewer needs to know."""
        return sentences.headline(self)

    @property
    def caveats(self) -> tuple[str, ...]:
        """What the answer about the new topology rests on that nobody knows; nothing for one written by hand."""
        return caveats(self.new)

    @property
    def is_empty(self) -> bool:
        """Whether the two are the same in all that can matter."""
        return not self.changes and self.structure.is_empty

    @property
    def worse(self) -> tuple[Paired, ...]:
        """Failures and scenarios that cost users more than before, or that are over later, beyond the noise."""
        return self.played.with_verdict(Verdict.WORSE) if self.played else ()

    @property
    def better(self) -> tuple[Paired, ...]:
        """Failures and scenarios that cost users less than before, or that are over earlier, beyond the noise."""
        return self.played.with_verdict(Verdict.BETTER) if self.played else ()

    @property
    def expectations_broken(self) -> tuple[ExpectationChange, ...]:
        """What is expected of scenarios and not met, and was met or not expected before."""
        return tuple(each for each in self.expectations if each.new is not None and not each.new.is_met)

    @property
    def expectations_mended(self) -> tuple[ExpectationChange, ...]:
        """What was expected of scenarios and not met, and is met or no longer expected."""
        return tuple(each for each in self.expectations if each.new is None or each.new.is_met)

    @property
    def objectives_broken(self) -> tuple[AvailabilityChange, ...]:
        """Entry points that cannot keep what they promise, and could before or did not promise it."""
        return tuple(each for each in self.availabilities if each.is_met is False and each.was_met is not False)

    def fails(self, *bars: str) -> tuple[ChangeBar, ...]:
        """Give those of some bars that the change does not clear, by their names.

        Raises
        ------
        CascadeError
            When there is no such bar, or it needs runs and nothing was played.
        """
        return tuple(bar for bar in map(read_change_bar, bars) if is_missed(self, bar))

    @property
    def single_points_introduced(self) -> tuple[Toll, ...]:
        """What takes entry points down alone, and did not before."""
        return self.structure.single_points_introduced

    @property
    def single_points_resolved(self) -> tuple[Toll, ...]:
        """What took entry points down alone, and does no more."""
        return self.structure.single_points_resolved

    @property
    def impacts_introduced(self) -> tuple[Toll, ...]:
        """What takes other parts down alone, and did not before."""
        return self.structure.impacts_introduced

    @property
    def impacts_resolved(self) -> tuple[Toll, ...]:
        """What took other parts down alone, and does no more."""
        return self.structure.impacts_resolved

    @property
    def false_redundancies_introduced(self) -> tuple[SharedFailure, ...]:
        """Redundant groups that a single failure takes down, and did not before."""
        return self.structure.false_redundancies_introduced

    @property
    def false_redundancies_resolved(self) -> tuple[SharedFailure, ...]:
        """Redundant groups that a single failure took down, and does no more."""
        return self.structure.false_redundancies_resolved

    @property
    def cut_sets_introduced(self) -> tuple[TogetherDown, ...]:
        """Pairs that take an entry point down, and did not before, alone or together."""
        return self.structure.cut_sets_introduced

    @property
    def cut_sets_resolved(self) -> tuple[TogetherDown, ...]:
        """Pairs that took an entry point down, and do no more, alone or together."""
        return self.structure.cut_sets_resolved

    def _repr_html_(self) -> str:
        from cascade.report.html import as_notebook  # noqa: PLC0415 - how it looks in a notebook

        return as_notebook(self)


def diff(  # noqa: PLR0913 - what can be asked, and where it is played
    old: Topology,
    new: Topology,
    *,
    question: Question | None = None,
    structure_only: bool = False,
    lasts_s: float = LASTS_S,
    horizon_s: float | None = None,
    samples: int | None = None,
    seed: int = 1,
    store: Callable[[Any], Path | None] | None = None,
    engine: Engine = "local",
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Diff:
    """Find what a change to a topology makes worse: by structure, and by the same failures on both.

    Parameters
    ----------
    old, new : Topology
        Two versions of one topology; parts are the same where their names are.
    question : Question, optional
        When a part counts as down by structure; for good, with nothing left, by default.
    structure_only : bool
        Play nothing.
    lasts_s : float
        How long things fail, each in a run of its own [s].
    horizon_s : float, optional
        How long each of these is followed [s]; by default two hours after the repair, or six times as long as it took.
    samples : int, optional
        How often numbers are drawn where a topology has uncertain ones, alike on both sides; 32 by default, 0 for their
        medians.
    seed : int
        Another seed gives other samples.
    store : callable, optional
        Gives the path of a file in which the runs of one side are kept; what it has is not played again.
    engine, workers, scheduler, progress
        As for :func:`~cascade.analysis.sweep.sweep`.

    Raises
    ------
    CascadeError
        When the two have so little in common that there is no comparing them by name.
    ScenarioError
        When runs are not followed until their failures are over.
    StudyError
        When runs cannot be played.
    StoreError
        When they cannot be kept.

    Examples
    --------
    >>> import cascade
    >>> pool = "groups: {pool: {members: [a, b]}}"
    >>> old = cascade.loads(f"{{services: {{web: {{demand: 1/s, calls: [pool]}}, a: , b: }}, {pool}}}")
    >>> new = cascade.loads(f"{{services: {{web: {{demand: 1/s, calls: [a]}}, a: , b: }}, {pool}}}")
    >>> print(cascade.diff(old, new, structure_only=True).headline)
    a alone now takes down web.
    """
    found = changes(old, new)
    if not found:
        return Diff(old, new, (), StructureDiff())
    plan = Plan(lasts_s, horizon_s, samples, seed, Where(store, engine, workers, scheduler, progress))
    introduced, resolved = findings_between(old, new)
    availabilities, left_out = availability_changes(old, new, question)
    return Diff(
        old=old,
        new=new,
        changes=found,
        structure=compare_structure(old, new, question),
        availabilities=availabilities,
        availabilities_left_out=left_out,
        findings_introduced=introduced,
        findings_resolved=resolved,
        expectations=() if structure_only else tuple(expectation_changes(old, new)),
        rest=Rest() if structure_only else at_rest(old, new),
        played=None if structure_only else play_both(old, new, found, plan),
    )
