"""What a change to a topology makes worse, and what it mends: by name, never by count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cascade.analysis import diff_sentences
from cascade.analysis.diff_changes import Change, changes
from cascade.analysis.diff_structure import StructureDiff, compare_structure

if TYPE_CHECKING:
    from cascade.analysis.causes import Question
    from cascade.analysis.diff_structure import SharedFailure, TogetherDown
    from cascade.analysis.diff_tolls import Toll
    from cascade.model import Topology


@dataclass(frozen=True, repr=False)
class Diff:
    """What a change to a topology does, by name: introduced is what only the new one has, resolved what only the old.

    Parts that only one of the two has can be no better or worse: what happens to them stands apart in each
    :class:`~cascade.analysis.diff_tolls.Toll`.
    """

    old: Topology
    new: Topology
    changes: tuple[Change, ...]
    """What differs between the files."""
    structure: StructureDiff
    """What differs in what single failures and pairs take down."""

    def __repr__(self) -> str:
        """Say the headline."""
        return f"<Diff: {self.headline}>"

    @property
    def headline(self) -> str:
        """What a reviewer needs to know."""
        return diff_sentences.headline(self)

    @property
    def is_empty(self) -> bool:
        """Whether the two are the same in all that can matter."""
        return not self.changes and self.structure.is_empty

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


def diff(old: Topology, new: Topology, *, question: Question | None = None) -> Diff:
    """Find what a change to a topology does to single points of failure and to what failures take down.

    Parameters
    ----------
    old, new : Topology
        Two versions of one topology; parts are the same where their names are.
    question : Question, optional
        When a part counts as down; for good, with nothing left, by default.

    Raises
    ------
    CascadeError
        When the two have so little in common that there is no comparing them by name.

    Examples
    --------
    >>> import cascade
    >>> old = cascade.loads(
    ...     "{services: {web: {demand: 1/s, calls: [pool]}, a: , b: }, groups: {pool: {members: [a, b]}}}"
    ... )
    >>> new = cascade.loads("services: {web: {demand: 1/s, calls: [a]}, a: , b: }")
    >>> print(cascade.diff(old, new).headline)
    a alone now takes down web.
    """
    return Diff(old, new, changes(old, new), compare_structure(old, new, question))
