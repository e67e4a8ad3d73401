"""What is still to be played of a study, handed out in chunks, and where finished runs go."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, Final

from cascade.errors import StudyError
from cascade.studies.playing import named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cascade.studies.rows import Row
    from cascade.studies.store import Store
    from cascade.studies.study import Study

LONGEST_S: Final = 1.0
"""What a chunk takes in a long study: writing it down is then nothing, and losing it a nuisance."""
SHORTEST_S: Final = 0.1
"""What it takes at least, for the same reasons."""
STEPS: Final = 100
"""Chunks that a study has between these bounds."""
GROWTH: Final = 4
"""A chunk has at most as many times the runs of the largest one before: the first runs say little."""
MEMORY: Final = 0.7
"""Weight of what is known of the duration of a run against what the last chunk says."""
MOST_DEATHS: Final = 2
"""Processes that a run may take with it."""


class Work:
    """The runs that a store does not have yet.

    A chunk that is taken comes back by :meth:`finish`, :meth:`give_back` or :meth:`lose`. What is in which chunk
    changes no result.
    """

    def __init__(self, study: Study, store: Store, progress: Callable[[int, int], None] | None = None) -> None:
        self.study = study
        self.is_interrupted = False
        """Somebody pressed Ctrl-C, whoever else was told."""
        self.run_s = 0.0
        """About what a run takes [s]; 0 while that is not known."""
        self._store = store
        self._waiting = deque(store.missing().tolist())
        self._suspects: deque[int] = deque()
        self._suspected: set[int] = set()
        self._deaths: Counter[int] = Counter()
        self._total_count = len(study)
        self._done_count = self._total_count - len(self._waiting)
        self._largest_count = 0
        self._progress = progress
        self._tell()

    @property
    def done_count(self) -> int:
        """Runs that are in the store."""
        return self._done_count

    @property
    def left_count(self) -> int:
        """Runs that are not."""
        return self._total_count - self._done_count

    @property
    def is_suspicious(self) -> bool:
        """Whether some run may be deadly, be it that it waits or that somebody plays it."""
        return bool(self._suspected)

    @property
    def left_s(self) -> float:
        """About what they would take one after the other [s]."""
        return self.left_count * self.run_s

    @property
    def chunk_s(self) -> float:
        """What a chunk should take [s]."""
        return min(max(self._total_count * self.run_s / STEPS, SHORTEST_S), LONGEST_S)

    def take(self, hands_count: int = 1) -> tuple[int, ...]:
        """Hand out a chunk to one of so many; suspects one by one, and nothing when nothing waits."""
        if self._suspects:
            return (self._suspects.popleft(),)
        return self._pop(self._size(hands_count))

    def take_one(self) -> tuple[int, ...]:
        """Hand out a run that is under no suspicion, if one waits."""
        return self._pop(1)

    def finish(self, rows: Sequence[Row], played_s: float) -> None:
        """Keep finished runs; what they took counts if it says what others will take."""
        if not rows:
            return
        self._store.add(rows)
        if played_s:
            each_s = played_s / len(rows)
            self.run_s = MEMORY * self.run_s + (1 - MEMORY) * each_s if self.run_s else each_s
        self._done_count += len(rows)
        self._suspected.difference_update(row[0] for row in rows)
        self._tell()

    def give_back(self, runs: Iterable[int]) -> None:
        """Take back runs that were not played."""
        self._waiting.extendleft(sorted(runs, reverse=True))

    def lose(self, runs: Sequence[int], why: str) -> None:
        """Take back runs whose process died: one of them may be why, so they are played one by one.

        Raises
        ------
        StudyError
            When there is only one, and it was not the first time.
        """
        self._suspects.extend(runs)
        self._suspected.update(runs)
        if len(runs) == 1:
            self._deaths[runs[0]] += 1
            if self._deaths[runs[0]] >= MOST_DEATHS:
                raise StudyError(f"{named(self.study, runs[0])}: {why}")

    def check(self) -> None:
        """Stop when somebody pressed Ctrl-C; compiled code can lose the exception that says so."""
        if self.is_interrupted:
            raise KeyboardInterrupt

    def _size(self, hands_count: int) -> int:
        if not self.run_s:
            return 1
        even_count = len(self._waiting) / (2 * hands_count)
        size = min(self.chunk_s / self.run_s, even_count, GROWTH * max(self._largest_count, 1))
        self._largest_count = max(self._largest_count, int(size))
        return max(int(size), 1)

    def _pop(self, count: int) -> tuple[int, ...]:
        return tuple(self._waiting.popleft() for _ in range(min(count, len(self._waiting))))

    def _tell(self) -> None:
        if self._progress:
            self._progress(self._done_count, self._total_count)
