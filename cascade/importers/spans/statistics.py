"""What the requests of all traces come to: counts, times, errors and the order of calls."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Final

from cascade.importers.draft import Kind
from cascade.importers.spans.model import IS_CALLED, NOBODY, Role
from cascade.importers.spans.tree import FIRST, MISSING, NANO, Tree
from cascade.loading.source import problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascade.importers.spans.model import Span, Spans
    from cascade.importers.spans.tree import Call, Request

FINENESS: Final = 1.01
"""Ratio of neighbouring bounds of the bins in which times are counted: percentiles are right to 1 %."""
_LOG_FINENESS: Final = math.log(FINENESS)
SHORTEST: Final = 1e-9
"""Times below are counted as this [s]."""
MOST_PAIRS: Final = 100_000
"""Pairs of callees of which the order is looked at."""
MOST_CALLS: Final = 250_000
"""Most different calls."""
MOST_ORDERED: Final = 40
"""Callees of one request up to which the order of its calls is looked at."""

WAITED_FOR: Final = frozenset({Kind.SYNC, Kind.STORE})

Target = tuple[bool, int]
"""A callee: whether it made spans itself, and its number among the services or the peers."""


@dataclass(slots=True)
class Times:
    """A distribution of times in bounded memory."""

    count: int = 0
    total_s: float = 0.0
    bins: Counter[int] = field(default_factory=Counter)

    def add(self, time_s: float) -> None:
        """Count a time."""
        self.count += 1
        self.total_s += time_s
        self.bins[math.floor(math.log(max(time_s, SHORTEST)) / _LOG_FINENESS)] += 1

    def join(self, other: Times) -> None:
        """Count all times of another distribution too."""
        self.count += other.count
        self.total_s += other.total_s
        self.bins += other.bins

    @property
    def mean_s(self) -> float:
        """Mean time [s]."""
        return self.total_s / self.count if self.count else 0.0

    def percentile(self, share: float) -> float:
        """Time that a share of all does not exceed [s].

        Examples
        --------
        >>> times = Times()
        >>> for time_s in (0.1, 0.2, 0.3):
        ...     times.add(time_s)
        >>> round(times.percentile(0.5), 2)
        0.2
        """
        wanted, below = share * self.count, 0
        for place in sorted(self.bins):
            below += self.bins[place]
            if below >= wanted:
                time_s = float(FINENESS ** (place + 0.5))
                return time_s if time_s > FINENESS * SHORTEST else 0.0
        return 0.0


@dataclass(slots=True)
class Served:
    """What is known of a service that made spans."""

    requests: int = 0
    roots: int = 0
    """Requests that began a trace as something that was asked for."""
    started: int = 0
    """Requests that began a trace on the service's own account."""
    delivered: int = 0
    """Requests that a broker brought."""
    file: int = 0
    own: Times = field(default_factory=Times)


@dataclass(slots=True)
class Made:
    """What is known of the calls from a service to a callee."""

    calls: int = 0
    errors: int = 0
    requests: int = 0
    """Requests of the caller with such a call."""
    lost: int = 0
    """Requests of the caller of which no such call succeeded."""
    survived: int = 0
    """Those of them that succeeded all the same."""
    traces: int = 0
    kinds: Counter[Kind] = field(default_factory=Counter)
    files: dict[int, None] = field(default_factory=dict)
    times: Times = field(default_factory=Times)

    def join(self, other: Made) -> None:
        """Count the calls to another name of the same callee too."""
        for name in ("calls", "errors", "requests", "lost", "survived", "traces"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.kinds += other.kinds
        self.files |= other.files
        self.times.join(other.times)


@dataclass(slots=True)
class Order:
    """How two callees of one service are called by the same request."""

    first: int = 0
    """The first one has answered before the other is called."""
    last: int = 0
    """The other way round."""
    together: int = 0
    """Neither."""

    def join(self, other: Order, *, is_turned: bool) -> None:
        """Count the requests of another pair too, which may stand the other way round."""
        self.first += other.last if is_turned else other.first
        self.last += other.first if is_turned else other.last
        self.together += other.together


class Tally:
    """All that is counted; fed trace by trace."""

    def __init__(self, spans: Spans) -> None:
        self.spans = spans
        self.traces = self.whole = self.dangling = self.duplicates = 0
        """Traces, those of them in which no parent is missing, spans whose parent is missing, and doubles."""
        self.served: dict[int, Served] = {}
        self.made: dict[tuple[int, Target], Made] = {}
        self.from_peers: dict[tuple[int, int], Made] = {}
        """(peer, service) of callers that only their callees name."""
        self.met: dict[int, set[int]] = {}
        """By address that was called: the services that answered."""
        self.orders: dict[tuple[int, Target, Target], Order] = {}
        self.unnamed: Counter[int] = Counter()
        self.starts: tuple[int, int] | None = None
        """Earliest and latest start of a request [ns]."""

    def add_all(self) -> None:
        """Count all traces."""
        for trace in self.spans.traces():
            self.add(trace)

    def add(self, spans: list[Span]) -> None:
        """Count a trace."""
        tree = Tree(spans, self.spans.peers.values)
        missing = sum(parent == MISSING for parent in tree.parents)
        self.traces += 1
        self.dangling += missing
        self.whole += missing == 0
        self.duplicates += len(spans) - len(tree.spans)
        in_trace: set[tuple[int, Target]] = set()
        for request in tree.requests:
            if request.service != NOBODY:
                self.serve(request)
                self.call(request, in_trace)
        for pair in in_trace:
            self.made[pair].traces += 1

    def serve(self, request: Request) -> None:
        """Count a request."""
        span = request.span
        served = self.served.setdefault(request.service, Served(file=span.file))
        served.requests += 1
        if request.is_delivered:
            served.delivered += 1
        elif request.parent == FIRST:
            is_asked = IS_CALLED[span.role] or span.role == Role.UNKNOWN
            served.roots += is_asked
            served.started += not is_asked
        if span.start_ns > 0:
            low, high = self.starts or (span.start_ns, span.start_ns)
            self.starts = (min(low, span.start_ns), max(high, span.start_ns))
        if (own_s := request.own_time_s) is not None:
            served.own.add(own_s)
        if request.parent < 0 and IS_CALLED[span.role] and not request.is_delivered:
            self.come_from(span)

    def come_from(self, span: Span) -> None:
        """Count a request whose caller made no span but is named."""
        if span.peer != NOBODY and self.spans.peers.values[span.peer].name:
            made = self.from_peers.setdefault((span.peer, span.service), Made())
            made.calls += 1
            made.requests += 1
            made.errors += span.is_error
            made.files[span.file] = None

    def call(self, request: Request, in_trace: set[tuple[int, Target]]) -> None:
        """Count the calls of a request."""
        by_target: dict[Target, list[Call]] = {}
        for call in request.calls:
            target = (True, call.service) if call.service != NOBODY else (False, call.peer)
            by_target.setdefault(target, []).append(call)
            if NOBODY not in {call.service, call.peer}:
                self.met.setdefault(call.peer, set()).add(call.service)
        for target, calls in by_target.items():
            pair = (request.service, target)
            in_trace.add(pair)
            if pair not in self.made and len(self.made) >= MOST_CALLS:
                raise problem(self.spans.files[0], f"more than {MOST_CALLS:,} different calls; import less at once")
            self.count(self.made.setdefault(pair, Made()), calls, request)
        self.unnamed[request.service] += len(request.unnamed)
        if 1 < len(by_target) <= MOST_ORDERED:
            self.order(request.service, by_target)

    def count(self, made: Made, calls: list[Call], request: Request) -> None:
        """Count the calls from one request to one callee."""
        made.calls += len(calls)
        made.requests += 1
        errors = sum(call.is_error for call in calls)
        made.errors += errors
        if errors == len(calls):
            made.lost += 1
            made.survived += not request.span.is_error
        for call in calls:
            made.kinds[call.kind] += 1
            made.files[call.file] = None
            if call.start_ns:
                made.times.add((call.end_ns - call.start_ns) / NANO)

    def order(self, caller: int, by_target: dict[Target, list[Call]]) -> None:
        """Count for each two callees which of them had answered before the other was called."""
        for (one, one_start, one_end), (other, other_start, other_end) in combinations(sorted(extents(by_target)), 2):
            key = (caller, one, other)
            if key not in self.orders and len(self.orders) >= MOST_PAIRS:
                continue
            order = self.orders.setdefault(key, Order())
            if one_end <= other_start:
                order.first += 1
            elif other_end <= one_start:
                order.last += 1
            else:
                order.together += 1


def extents(by_target: dict[Target, list[Call]]) -> Iterator[tuple[Target, int, int]]:
    """Yield each callee that is waited for with the first start and the last end of its calls."""
    for target, calls in by_target.items():
        if all(call.start_ns and call.kind in WAITED_FOR for call in calls):
            yield target, min(call.start_ns for call in calls), max(call.end_ns for call in calls)
