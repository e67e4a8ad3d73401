"""How long is left of something that is done in many pieces."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

RECENT_S: Final = 60.0
"""What happened in this time says how fast it goes: runs are not alike, and machines get other work."""
LEAST_COUNT: Final = 10
"""Notes that say so however long ago they are."""


class Pace:
    """How fast something goes, from how much was done when; what was done before it started does not count.

    Examples
    --------
    >>> moments = iter([0.0, 10.0, 10.0])
    >>> pace = Pace(lambda: next(moments))
    >>> pace.note(5_000, 6_000)
    >>> pace.note(5_100, 6_000)
    >>> pace.text
    '5,100 of 6,000, 90s left'
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._notes: deque[tuple[float, int]] = deque()
        self.done_count = 0
        self.total_count = 0

    def note(self, done_count: int, total_count: int) -> None:
        """Note how much is done now; the first time, how much was done before."""
        now_s = self._clock()
        self.done_count, self.total_count = done_count, total_count
        self._notes.append((now_s, done_count))
        while len(self._notes) > LEAST_COUNT and self._notes[1][0] < now_s - RECENT_S:
            self._notes.popleft()

    @property
    def left_s(self) -> float | None:
        """About how long is left [s]; None while nobody knows."""
        if len(self._notes) < 2:  # noqa: PLR2004 - a beginning and an end
            return None
        (start_s, start_count), (end_s, end_count) = self._notes[0], self._notes[-1]
        if end_count == start_count or end_s == start_s:
            return None
        each_s = (end_s - start_s) / (end_count - start_count)
        return max((self.total_count - end_count) * each_s - (self._clock() - end_s), 0.0)

    @property
    def text(self) -> str:
        """How much is done, and how long is left; nothing while nobody knows how much there is."""
        if not self.total_count:
            return ""
        done = f"{self.done_count:,} of {self.total_count:,}"
        left_s = self.left_s
        return done if left_s is None or self.done_count == self.total_count else f"{done}, {roughly(left_s)} left"


def roughly(duration_s: float) -> str:
    """Write how long something is as somebody who waits would say it.

    Examples
    --------
    >>> roughly(0.2), roughly(89), roughly(200), roughly(5400), roughly(260_000)
    ('1s', '89s', '3m', '1h 30m', '3d 0h')
    """
    seconds = max(round(duration_s), 1)
    if seconds < 100:  # noqa: PLR2004 - two digits
        return f"{seconds}s"
    minutes = round(seconds / 60)
    if minutes < 60:  # noqa: PLR2004 - of an hour
        return f"{minutes}m"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:  # noqa: PLR2004 - of a day
        return f"{hours}h {minutes}m"
    hours += minutes >= 30  # noqa: PLR2004 - rounds up
    return f"{hours // 24}d {hours % 24}h"
