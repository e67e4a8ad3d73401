"""An event-by-event simulator of what the engine describes by mean fields: every request on its own.

It shares no code with the engine and reads only the model: services with workers and waiting
rooms, calls made one after the other, time-outs that leave the callee working, retries, and
faults. Own work takes exponentially distributed times; demand is a Poisson process.
"""

from __future__ import annotations

import math
import random
from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import simpy

from cascade.behaviours.retry import Backoff

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from numpy.typing import NDArray

    from cascade.model import Dependency, Event, Scenario, Service, Topology

    Steps = Generator[simpy.Event, object, None]
    Floats = NDArray[np.float64]

ACTIONS: Final = {"degrade", "fail", "surge"}
"""What a scenario may do here; each for a limited time."""
NO_WAIT: Final = Backoff()
"""Of a call that is made once."""


@dataclass(frozen=True)
class Measured:
    """Series (T, N) of one simulation, or their mean over several."""

    names: tuple[str, ...]
    ends_s: Floats
    """(T,) ends of the windows [s]."""
    offered_rps: Floats
    """Requests that arrived, mean over the window [1/s]."""
    goodput_rps: Floats
    """Requests answered well, mean over the window [1/s]."""
    backlog_count: Floats
    """Requests waiting, mean over the window."""


class Station:
    """A service with its workers, its waiting room and its counters."""

    def __init__(self, service: Service, windows: int) -> None:
        self.service = service
        self.workers = math.inf
        self.places = math.inf
        if service.concurrency is not None:
            self.workers = service.concurrency.max * service.replicas
            self.places = self.waiting_places(service.concurrency.queue)
        elif service.capacity_rps is not None:
            self.workers = service.replicas
            self.places = self.waiting_places(service.queue)
        self.share, self.errors, self.latency = 1.0, 0.0, 1.0
        self.busy = 0
        self.waiting: deque[simpy.Event] = deque()
        self.arrived = np.zeros(windows)
        self.good = np.zeros(windows)
        self.waited_s = np.zeros(windows)
        self.last_change_s = 0.0

    def waiting_places(self, queue: int | None) -> float:
        """Requests that may wait, all replicas."""
        return math.inf if queue is None else queue * self.service.replicas

    @property
    def has_free_worker(self) -> bool:
        """Whether a request would not have to wait."""
        return self.busy < round(self.workers * self.share) if self.workers < math.inf else True


class Simulator:
    """One run of one scenario with one seed; :meth:`measure` gives what it saw."""

    def __init__(
        self, topology: Topology, scenario: Scenario, *, seed: int, window_s: float, warm_up_s: float = 20.0
    ) -> None:
        self.random = random.Random(seed)
        self.env = simpy.Environment()
        self.warm_up_s, self.window_s = warm_up_s, window_s
        self.end_s = scenario.duration_s
        self.windows = round(scenario.duration_s / window_s)
        self.stations = {name: Station(service, self.windows) for name, service in topology.services.items()}
        self.surges: dict[str, float] = dict.fromkeys(topology.services, 1.0)
        for name, service in topology.services.items():
            if service.demand is not None:
                self.env.process(self.arrive(name, service.demand.rate_rps))
        for event in scenario.events:
            self.env.process(self.strike(event, scenario.seconds(event.at)))

    def measure(self) -> Measured:
        """Run to the end and give the series."""
        self.env.run(until=self.warm_up_s + self.end_s)
        for station in self.stations.values():
            self.note_waiting(station)
        columns = self.stations.values()
        return Measured(
            names=tuple(self.stations),
            ends_s=self.window_s * np.arange(1.0, self.windows + 1.0, dtype=np.float64),
            offered_rps=np.stack([column.arrived for column in columns], axis=1) / self.window_s,
            goodput_rps=np.stack([column.good for column in columns], axis=1) / self.window_s,
            backlog_count=np.stack([column.waited_s for column in columns], axis=1) / self.window_s,
        )

    def arrive(self, name: str, rate_rps: float) -> Steps:
        """Let users come."""
        while True:
            yield self.env.timeout(self.random.expovariate(rate_rps * self.surges[name]))
            self.env.process(self.serve(self.stations[name], self.env.event()))

    def serve(self, station: Station, answer: simpy.Event) -> Steps:
        """Take a request through a service; ``answer`` then tells whether it went well."""
        self.count(station.arrived)
        if station.share <= 0.0:
            self.reply(answer, is_good=False)
            return
        if not station.has_free_worker or station.waiting:
            if len(station.waiting) >= station.places:
                self.reply(answer, is_good=False)
                return
            turn = self.env.event()
            self.note_waiting(station)
            station.waiting.append(turn)
            if not (yield turn):
                self.reply(answer, is_good=False)
                return
        else:
            station.busy += 1
        yield from self.work(station, answer)

    def work(self, station: Station, answer: simpy.Event) -> Steps:
        """Do the own work, then the calls one after the other, and leave the worker."""
        service = station.service
        if service.capacity_rps is not None:
            self.env.process(self.pace(station, service.capacity_rps))
        if service.service_time_s > 0.0:
            yield self.env.timeout(self.random.expovariate(1.0 / (service.service_time_s * station.latency)))
        is_good = self.random.random() >= station.errors
        succeeded = dict.fromkeys((call.to for call in service.calls), False)
        for call in service.calls:
            if all(succeeded[earlier] for earlier in call.after):
                yield from self.call(call, succeeded)
            is_good = is_good and succeeded[call.to]
        if service.capacity_rps is None:
            self.leave(station)
        if is_good:
            self.count(station.good)
        self.reply(answer, is_good=is_good)

    def pace(self, station: Station, rate_rps: float) -> Steps:
        """Hold a worker of a service with a limited rate: the pace, not the request, decides how long."""
        yield self.env.timeout(self.random.expovariate(rate_rps))
        self.leave(station)

    def call(self, call: Dependency, succeeded: dict[str, bool]) -> Steps:
        """Attempt a call until it succeeds or the attempts are used up."""
        attempts, backoff = 1, NO_WAIT
        if call.retry is not None:
            assert isinstance(call.retry.max_attempts, int), "endless retries are not simulated"
            attempts, backoff = call.retry.max_attempts, call.retry.backoff
        callee = self.stations[call.to]
        for attempt in range(attempts):
            if attempt:
                yield self.env.timeout(self.pause_s(backoff, attempt - 1))
            answer = self.env.event()
            self.env.process(self.serve(callee, answer))
            if call.timeout_s is not None:
                limit = self.env.timeout(call.timeout_s)
                limit.callbacks.append(partial(self.stop_waiting, answer))
            if (yield answer):
                succeeded[call.to] = True
                return

    def pause_s(self, backoff: Backoff, attempt: int) -> float:
        """Draw the wait before the next attempt [s]."""
        nominal = min(backoff.initial_s * backoff.multiplier**attempt, backoff.max_s)
        least = {"none": 1.0, "equal": 0.5, "full": 0.0}[backoff.jitter]
        return self.random.uniform(least * nominal, nominal)

    @staticmethod
    def reply(answer: simpy.Event, *, is_good: bool) -> None:
        """Answer, unless the caller has stopped waiting."""
        if not answer.triggered:
            answer.succeed(is_good)

    @staticmethod
    def stop_waiting(answer: simpy.Event, _timeout: simpy.Event) -> None:
        """Take it that no answer will come, unless one has."""
        Simulator.reply(answer, is_good=False)

    def leave(self, station: Station) -> None:
        """Free a worker and let the first in line have it."""
        station.busy -= 1
        self.admit(station)

    def admit(self, station: Station) -> None:
        """Let those who wait have the free workers."""
        if station.waiting and station.has_free_worker:
            self.note_waiting(station)
        while station.waiting and station.has_free_worker:
            station.busy += 1
            station.waiting.popleft().succeed(value=True)

    def strike(self, event: Event, at_s: float) -> Steps:
        """Do what an event does, and undo it."""
        assert event.action in ACTIONS, event.action
        assert event.lasts_s is not None, "faults here end"
        yield self.env.timeout(self.warm_up_s + at_s)
        station = self.stations[event.target]
        before = station.share, station.errors, station.latency, self.surges[event.target]
        if event.action == "degrade":
            station.share, station.errors, station.latency = (
                event.capacity_fraction,
                event.errors_fraction,
                event.latency,
            )
        elif event.action == "surge":
            self.surges[event.target] = event.factor
        else:
            station.share = 1.0 - event.share_fraction
        if station.share <= 0.0:
            self.note_waiting(station)
            while station.waiting:
                station.waiting.popleft().succeed(value=False)
        yield self.env.timeout(event.lasts_s)
        station.share, station.errors, station.latency, self.surges[event.target] = before
        self.admit(station)

    def count(self, counter: Floats) -> None:
        """Count something that happens now."""
        window = int((self.env.now - self.warm_up_s) / self.window_s)
        if self.env.now >= self.warm_up_s and window < self.windows:
            counter[window] += 1.0

    def note_waiting(self, station: Station) -> None:
        """Add the waiting since the last change to the windows that it lies in."""
        begin, end = max(station.last_change_s - self.warm_up_s, 0.0), self.env.now - self.warm_up_s
        station.last_change_s = self.env.now
        length = len(station.waiting)
        while length and begin < end:
            window = min(int(begin / self.window_s + 1e-9), self.windows - 1)
            until = min(end, (window + 1) * self.window_s) if window < self.windows - 1 else end
            station.waited_s[window] += length * (until - begin)
            begin = until


def measure(topology: Topology, scenario: Scenario, *, seeds: range, window_s: float) -> list[Measured]:
    """Simulate with several seeds."""
    return [Simulator(topology, scenario, seed=seed, window_s=window_s).measure() for seed in seeds]


def mean(runs: list[Measured]) -> Measured:
    """Average the series over seeds."""
    series: Mapping[str, Floats] = {
        name: np.mean([getattr(run, name) for run in runs], axis=0)
        for name in ("offered_rps", "goodput_rps", "backlog_count")
    }
    return Measured(runs[0].names, runs[0].ends_s, **series)
