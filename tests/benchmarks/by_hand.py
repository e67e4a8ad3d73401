"""The retry storm of ``topologies/three-tiers.yaml`` by hand, request by request: with a heap, and in SimPy."""

from __future__ import annotations

import heapq
import itertools
import random
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import simpy

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

USERS_RPS: Final = 100.0
ROOM: Final = 1000
TIERS: Final = (("web", 256, 0.005, 1.0), ("app", 256, 0.010, 0.5), ("database", 4, 0.025, 0.25))
"""Name, workers, mean service time [s] and patience of its caller [s]."""
ATTEMPTS: Final = 3
BACKOFF_S: Final = 0.05
BAD_FROM_S, BAD_TO_S, BAD_WORKERS = 600.0, 660.0, 1


@dataclass
class Counts:
    """What is counted of a run."""

    good: list[int] = field(default_factory=list)
    """Users served, by minute."""
    calls: list[int] = field(default_factory=list)
    """Calls of the database, by minute."""


def with_a_heap(duration_s: float, seed: int = 1) -> Counts:  # noqa: C901 - one piece, as people write it
    """Play it with a heap of events."""
    draw = random.Random(seed)
    counts = Counts([0] * int(duration_s / 60.0), [0] * int(duration_s / 60.0))
    heap: list[tuple[float, int, Callable[[], None]]] = []
    number = itertools.count()
    now = 0.0

    def after(delay_s: float, what: Callable[[], None]) -> None:
        heapq.heappush(heap, (now + delay_s, next(number), what))

    class Tier:
        def __init__(self, place: int) -> None:
            _, self.workers, self.service_s, _ = TIERS[place]
            self.busy = 0
            self.waiting: deque[Callable[[bool], None]] = deque()
            self.place = place

        def ask(self, answer: Callable[[bool], None]) -> None:
            if self.place == len(TIERS) - 1:
                counts.calls[int(now / 60.0)] += 1
            if self.busy < self.workers:
                self.start(answer)
            elif len(self.waiting) < ROOM:
                self.waiting.append(answer)
            else:
                answer(False)  # noqa: FBT003 - the answer is no

        def start(self, answer: Callable[[bool], None]) -> None:
            self.busy += 1

            def done(is_good: bool) -> None:  # noqa: FBT001 - the answer
                self.busy -= 1
                while self.busy < self.workers and self.waiting:
                    self.start(self.waiting.popleft())
                answer(is_good)

            def worked() -> None:
                if self.place == len(TIERS) - 1:
                    done(True)  # noqa: FBT003 - the answer is yes
                else:
                    call(self.place + 1, 1, done)

            after(draw.expovariate(1.0 / self.service_s), worked)

    tiers = [Tier(place) for place in range(len(TIERS))]

    def call(place: int, attempt: int, answer: Callable[[bool], None]) -> None:
        is_open = True

        def settle(is_good: bool) -> None:  # noqa: FBT001 - the answer
            nonlocal is_open
            if not is_open:
                return
            is_open = False
            if is_good:
                answer(True)  # noqa: FBT003 - the answer is yes
            elif attempt == ATTEMPTS:
                answer(False)  # noqa: FBT003 - the answer is no
            else:
                after(BACKOFF_S * 2 ** (attempt - 1), lambda: call(place, attempt + 1, answer))

        after(TIERS[place][3], lambda: settle(False))  # noqa: FBT003 - too late
        tiers[place].ask(settle)

    def served(is_good: bool) -> None:  # noqa: FBT001 - the answer
        counts.good[int(now / 60.0)] += is_good

    def arrive() -> None:
        call(0, 1, served)
        after(draw.expovariate(USERS_RPS), arrive)

    def set_workers(count: int) -> None:
        tiers[-1].workers = count
        while tiers[-1].busy < count and tiers[-1].waiting:
            tiers[-1].start(tiers[-1].waiting.popleft())

    arrive()
    after(BAD_FROM_S, lambda: set_workers(BAD_WORKERS))
    after(BAD_TO_S, lambda: set_workers(TIERS[-1][1]))
    while heap and heap[0][0] < duration_s:
        now, _, what = heapq.heappop(heap)
        what()
    return counts


def with_simpy(duration_s: float, seed: int = 1) -> Counts:  # noqa: C901 - one piece, as people write it
    """Play it with processes and resources."""
    draw = random.Random(seed)
    counts = Counts([0] * int(duration_s / 60.0), [0] * int(duration_s / 60.0))
    env = simpy.Environment()
    workers = [simpy.PriorityResource(env, capacity=count) for _, count, _, _ in TIERS]

    def handle(place: int) -> Generator[simpy.Event, Any, bool]:
        if place == len(TIERS) - 1:
            counts.calls[int(env.now / 60.0)] += 1
        if len(workers[place].queue) >= ROOM:
            return False
        with workers[place].request(priority=1) as turn:
            yield turn
            yield env.timeout(draw.expovariate(1.0 / TIERS[place][2]))
            if place + 1 == len(TIERS):
                return True
            return bool((yield env.process(call(place + 1))))

    def call(place: int) -> Generator[simpy.Event, Any, bool]:
        for attempt in range(ATTEMPTS):
            answer = env.process(handle(place))
            yield answer | env.timeout(TIERS[place][3])
            if answer.triggered and bool(answer.value):
                return True
            if attempt + 1 < ATTEMPTS:
                yield env.timeout(BACKOFF_S * 2**attempt)
        return False

    def user() -> Generator[simpy.Event, Any, None]:
        is_good = yield env.process(call(0))
        counts.good[int(env.now / 60.0)] += is_good

    def users() -> Generator[simpy.Event, Any, None]:
        while True:
            env.process(user())
            yield env.timeout(draw.expovariate(USERS_RPS))

    def lose_a_worker() -> Generator[simpy.Event, Any, None]:
        yield env.timeout(BAD_FROM_S)
        with workers[-1].request(priority=0) as turn:
            yield turn
            yield env.timeout(max(BAD_TO_S - env.now, 0.0))

    env.process(users())
    for _ in range(TIERS[-1][1] - BAD_WORKERS):
        env.process(lose_a_worker())
    env.run(until=duration_s)
    return counts
