"""From the spans of a trace to the requests that services served, each with the calls it made.

A request is the piece of a trace within one service: it begins with a span whose parent is in another service, or
is not there. A call leads from a request to another one, or to a far end that makes no spans. Rules for pairs of
spans with one id, and for spans without a kind, are those of Zipkin's dependency linker.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from cascade.importers.draft import Kind
from cascade.importers.spans.model import CALLS, IS_CALLED, NOBODY, Nature, Role, Span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cascade.importers.spans.model import Peer

FIRST: Final = -1
"""Stands for the parent of a span that has none."""
MISSING: Final = -2
"""Stands for the parent of a span that names one which is not there."""
MOST_HALVES: Final = 8
"""Spans of one id that are looked at; two are usual."""
NANO: Final = 1e9
NESTING: Final = 4
"""Calls within calls of one service that are taken for one: a client of a store over its HTTP client."""


class Call(NamedTuple):
    """A call that a request made."""

    kind: Kind
    service: int
    """The callee where it made spans, else `NOBODY`."""
    peer: int
    """The callee as the caller sees it, where that is known."""
    start_ns: int
    """0, like the end, where it takes none of the caller's time or is not known."""
    end_ns: int
    is_error: bool
    file: int


@dataclass(slots=True)
class Request:
    """What a service did at one time for one caller."""

    service: int
    span: Span
    """The first of it."""
    parent: int
    """Place of the span's parent, `FIRST` or `MISSING`."""
    is_delivered: bool = False
    """Whether it was brought by a message through a broker that has a name."""
    end_ns: int = 0
    """Last end of its spans, where it is longer at work than its first span tells."""
    calls: list[Call] = field(default_factory=list)
    unnamed: list[Span] = field(default_factory=list)
    """Calls of which nothing says where they went."""

    @property
    def own_time_s(self) -> float | None:
        """Its time without what its calls cover, where that is known."""
        role = self.span.role
        if not self.span.is_timed or CALLS[role] or (self.parent == MISSING and not IS_CALLED[role]):
            return None
        start, end = self.span.start_ns, max(self.end_ns, self.span.end_ns)
        waits = [(call.start_ns, call.end_ns) for call in self.calls if call.start_ns]
        waits += [(span.start_ns, span.end_ns) for span in self.unnamed if span.is_timed]
        return (end - start - covered(waits, start, end)) / NANO


def covered(intervals: Sequence[tuple[int, int]], start: int, end: int) -> int:
    """Length of a time that some intervals cover together.

    Examples
    --------
    >>> covered([(1, 3), (2, 4), (9, 99)], 0, 10)
    4
    """
    length, reached = 0, start
    for first, last in sorted(intervals):
        length += max(min(last, end) - max(first, reached), 0)
        reached = max(reached, last)
    return length


class Tree:
    """The spans of a trace, each with its parent; made once, then asked for its :attr:`requests`."""

    def __init__(self, spans: Sequence[Span], peers: Sequence[Peer]) -> None:
        self.peers = peers
        self.spans = once(spans)
        self.by_id: dict[str, list[int]] = {}
        for place, span in enumerate(self.spans):
            halves = self.by_id.setdefault(span.id, [])
            if len(halves) < MOST_HALVES:
                halves.append(place)
        self.parents = [self.parent_of(place) for place in range(len(self.spans))]
        self.order = in_order(self.parents)
        self.services = [span.service for span in self.spans]
        self.roles = [span.role for span in self.spans]
        self.request: list[Request] = [None] * len(self.spans)  # type: ignore[list-item]  # filled at once
        self.begins = [True] * len(self.spans)
        """Whether a span is the first of a request."""
        self.has_call = [False] * len(self.spans)
        """Whether a call was found below a span, in its own request."""
        self.brokers: dict[int, int] = {}
        """Peers of producers that only their consumers name."""
        self.requests: list[Request] = []
        self.find_requests()
        self.find_calls()

    def parent_of(self, place: int) -> int:
        """Find the place of a span's parent: the other half of its own id first."""
        span = self.spans[place]
        if IS_CALLED[span.role]:
            for half in self.by_id[span.id]:
                if half != place and CALLS[self.spans[half].role]:
                    return half
        if not span.parent:
            return FIRST
        halves = [half for half in self.by_id.get(span.parent, ()) if half != place]
        if not halves:
            return MISSING
        own = [half for half in halves if self.spans[half].service == span.service]
        called = [half for half in own or halves if IS_CALLED[self.spans[half].role]]
        return (called or own or halves)[0]

    def find_requests(self) -> None:
        """Cut the trace into requests, parents first."""
        orphans: dict[tuple[int, str], Request] = {}
        for place in self.order:
            parent, span = self.parents[place], self.spans[place]
            if parent >= 0 and (self.roles[place] == Role.PART or self.services[place] == NOBODY):
                self.services[place], self.roles[place] = self.services[parent], Role.PART
            key = (self.services[place], span.parent)
            if parent >= 0 and self.is_same(parent, place):
                self.request[place], self.begins[place] = self.request[parent], False
            elif parent == MISSING and key in orphans and not IS_CALLED[self.roles[place]]:
                self.request[place] = orphans[key]
            else:
                before = self.request[parent].parent if self.is_from_nobody(parent) else parent
                self.request[place] = found = Request(self.services[place], span, before)
                self.requests.append(found)
                if parent == MISSING:
                    orphans[key] = found
            if self.request[place].span.role == Role.CONSUMER and self.roles[place] != Role.PRODUCER:
                self.request[place].end_ns = max(self.request[place].end_ns, span.end_ns)

    def is_same(self, parent: int, place: int) -> bool:
        """Tell whether two spans, the second below the first, are of one request."""
        crosses = CALLS[self.roles[parent]] and IS_CALLED[self.roles[place]]
        return self.services[parent] == self.services[place] and not crosses

    def is_from_nobody(self, parent: int) -> bool:
        """Tell whether a parent is there that no service made."""
        return parent >= 0 and self.services[parent] == NOBODY

    def find_calls(self) -> None:
        """Find the calls of all requests, children first."""
        for place in reversed(self.order):
            parent = self.parents[place]
            if self.services[place] != NOBODY:
                self.look_at(place, parent)
            if parent >= 0 and not self.begins[place] and self.has_call[place]:
                self.has_call[parent] = True
        for request in self.requests:
            request.calls.reverse()

    def look_at(self, place: int, parent: int) -> None:
        """Find what calls a span speaks for."""
        role = self.roles[place]
        if role == Role.CONSUMER:
            self.fetch(place, parent)
        elif self.begins[place] and parent >= 0 and not self.is_from_nobody(parent):
            self.arrive(place, parent)
        if CALLS[role] and not self.has_call[place]:
            self.leave(place)

    def arrive(self, place: int, parent: int) -> None:
        """A request that another one made: the call leads from there to here."""
        if CALLS[self.roles[place]] and self.has_other_half(place):
            return  # the linker does not trust the name of such a half
        self.has_call[parent] = True
        made, got = self.spans[parent], self.spans[place]
        is_client = CALLS[self.roles[parent]]
        timed = made if is_client and made.is_timed else got
        is_error = got.is_error or (is_client and made.is_error)
        is_message = self.roles[parent] == Role.PRODUCER or self.roles[place] == Role.CONSUMER
        kind = Kind.PRODUCE if is_message else Kind.SYNC
        peer = made.peer if is_client else NOBODY
        self.add(parent, Call(kind, self.services[place], peer, *times(timed), is_error, got.file))

    def has_other_half(self, place: int) -> bool:
        """Tell whether the side that was called made a span of the same id."""
        halves = self.by_id[self.spans[place].id]
        return any(half != place and IS_CALLED[self.roles[half]] for half in halves)

    def fetch(self, place: int, parent: int) -> None:
        """A message that was taken: the consumer depends on the broker, by whichever side names it."""
        sent = parent if parent >= 0 and CALLS[self.roles[parent]] else NOBODY
        if not self.begins[place] and parent >= 0 and self.roles[parent] == Role.CONSUMER:
            return
        got = self.spans[place]
        peer = self.best_named(got.peer, self.spans[sent].peer if sent >= 0 else NOBODY)
        if peer != NOBODY:
            self.add(place, Call(Kind.CONSUME, NOBODY, peer, 0, 0, got.is_error, got.file))
            self.request[place].is_delivered |= self.begins[place]
            if sent >= 0:
                self.brokers.setdefault(sent, peer)
        elif self.begins[place] and parent >= 0 and not self.is_from_nobody(parent):
            self.arrive(place, parent)

    def leave(self, place: int) -> None:
        """A call to a far end that makes no spans."""
        span, parent = self.spans[place], self.parents[place]
        peer = self.best_named(self.outer_peer(place), self.brokers.get(place, NOBODY))
        if peer == NOBODY:
            if parent < 0 or self.begins[place] or not CALLS[self.roles[parent]]:
                self.request[place].unnamed.append(span)
            return
        self.has_call[place] = True
        nature = self.peers[peer].nature
        kind = Kind.STORE if nature is Nature.STORE else Kind.SYNC
        kind = Kind.PRODUCE if self.roles[place] == Role.PRODUCER else kind
        self.add(place, Call(kind, NOBODY, peer, *times(span), span.is_error, span.file))

    def outer_peer(self, place: int) -> int:
        """Give the far end of a call; that of a client around it where only this one knows that it is a store."""
        own = found = self.spans[place].peer
        for _ in range(NESTING):
            parent = self.parents[place]
            if parent < 0 or self.begins[place] or not CALLS[self.roles[parent]]:
                break
            place, outer = parent, self.spans[parent].peer
            is_store = outer != NOBODY and self.peers[outer].nature is not Nature.SERVICE
            if is_store or found == NOBODY:
                found = outer
        is_known = own != NOBODY and self.peers[own].nature is not Nature.SERVICE
        return own if is_known else found

    def best_named(self, *peers: int) -> int:
        """Give the first far end that has a name of its own, else an address, else the name of a product."""
        known = [(peer, self.peers[peer]) for peer in peers if peer != NOBODY]
        own = (peer for peer, one in known if one.name and not one.is_product)
        addressed = (peer for peer, one in known if one.address)
        of_products = (peer for peer, one in known if one.name)
        return next(chain(own, addressed, of_products), NOBODY)

    def add(self, place: int, call: Call) -> None:
        """Add a call to the request that a span is part of."""
        self.request[place].calls.append(call)


def times(span: Span) -> tuple[int, int]:
    """Give start and end of a span, (0, 0) where they are not known."""
    return (span.start_ns, span.end_ns) if span.is_timed else (0, 0)


def once(spans: Sequence[Span]) -> list[Span]:
    """Give each span once: of those that were reported twice or in parts the longest, failed if one says so."""
    found: dict[tuple[str, int, int], Span] = {}
    for span in spans:
        key = (span.id, span.role, span.service)
        known = found.setdefault(key, span)
        if known is not span:
            longer = max(known, span, key=lambda one: one.end_ns - one.start_ns)
            found[key] = longer._replace(is_error=known.is_error or span.is_error)
    return list(found.values())


def in_order(parents: list[int]) -> list[int]:
    """Give the places of spans so that each comes behind its parent; a circle is cut, its first span is without parent.

    Examples
    --------
    >>> in_order([1, -1, 0]), in_order([1, 0])
    ([1, 0, 2], [0, 1])
    """
    children: dict[int, list[int]] = {}
    for place, parent in enumerate(parents):
        children.setdefault(parent, []).append(place)
    order: dict[int, None] = {}
    heads = [place for place, parent in enumerate(parents) if parent < 0]
    for head in (*heads, *range(len(parents))):
        if head not in order:
            if parents[head] >= 0:
                parents[head] = MISSING
            follow(head, children, order)
    return list(order)


def follow(head: int, children: Mapping[int, Sequence[int]], order: dict[int, None]) -> None:
    """Put a span and all below it behind the others."""
    waiting = [head]
    while waiting:
        place = waiting.pop()
        if place not in order:
            order[place] = None
            waiting.extend(reversed(children.get(place, ())))
