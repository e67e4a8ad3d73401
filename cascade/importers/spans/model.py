"""Spans: what all trace formats have in common, gathered by trace in bounded memory.

A span is kept as a few short values; names of services and peers are numbered. Beyond `HELD` spans they are put
into nameless files by trace, so that the spans of a trace come together wherever they stand in whatever file,
and memory holds one share of all traces at a time.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from enum import IntEnum, StrEnum
from typing import IO, TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar
from zlib import crc32

from cascade.loading.source import problem

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

HELD: Final = 40_000
"""Spans that are held in memory before they are put into files."""
SHARES: Final = 64
"""Files that they are put into."""
MAX_NAMES: Final = 100_000
"""Most services, and most peers."""
MAX_TRACE: Final = 500_000
"""Most spans of a trace that are looked at together."""
CRITICALITIES: Final = frozenset({"critical", "high", "medium", "low"})
"""Words of the resource attribute ``service.criticality``."""
NOBODY: Final = -1
"""Number of a service or peer that has no name."""

T = TypeVar("T", bound="Hashable")


class Role(IntEnum):
    """Which side of a call a span is."""

    PART = 0
    """Neither: work within what is around it, whatever service it names."""
    UNKNOWN = 1
    INTERNAL = 2
    SERVER = 3
    CLIENT = 4
    PRODUCER = 5
    CONSUMER = 6


CALLS: Final = tuple(role in (Role.CLIENT, Role.PRODUCER) for role in Role)
"""By role: whether it is the side that calls."""
IS_CALLED: Final = tuple(role in (Role.SERVER, Role.CONSUMER) for role in Role)
"""By role: whether it is the side that is called."""


class Nature(StrEnum):
    """What the far end of a call is, as far as its attributes say."""

    SERVICE = "service"
    STORE = "store"
    BROKER = "broker"


class Service(NamedTuple):
    """Who made a span."""

    name: str
    namespace: str = ""


class Peer(NamedTuple):
    """The far end of a call as the caller sees it."""

    name: str
    """Empty where nothing names it."""
    address: str = ""
    """Host and port that were called, to be compared with those of other calls."""
    nature: Nature = Nature.SERVICE
    is_host: bool = False
    """Whether the name is that of a host, rather than one that was given to be read."""
    is_product: bool = False
    """Whether the name is only that of a product, as nothing better is known."""


class Span(NamedTuple):
    """One piece of work."""

    trace: str
    id: str
    parent: str
    """Empty for the first of a trace."""
    service: int
    role: int
    start_ns: int
    """Since 1970, in nanoseconds, of which floats cannot hold that many; 0 where it is not known."""
    end_ns: int
    is_error: bool = False
    peer: int = NOBODY
    file: int = 0

    @property
    def is_timed(self) -> bool:
        """Whether start and end are known."""
        return 0 < self.start_ns <= self.end_ns


class Numbered(Generic[T]):
    """Values, each with a number by the order in which they came."""

    def __init__(self) -> None:
        self.values: list[T] = []
        self.numbers: dict[T, int] = {}

    def number(self, value: T) -> int:
        """Give the number of a value."""
        found = self.numbers.get(value)
        if found is None:
            found = self.numbers[value] = len(self.values)
            self.values.append(value)
        return found


class Spans:
    """All spans of some files."""

    def __init__(self) -> None:
        self.services = Numbered[Service]()
        self.peers = Numbered[Peer]()
        self.files: list[str] = []
        self.seen: Counter[str] = Counter()
        """Counts of what was read and passed over."""
        self.weights: dict[int, str] = {}
        """By service: how critical it says that it is."""
        self.held: dict[str, list[Span]] = {}
        self.count = 0
        self.shares: list[IO[bytes]] = []

    def begin(self, label: str) -> None:
        """Begin a file; what is added from now on is from there."""
        self.files.append(label)

    def service(self, name: str | None, namespace: str | None = None) -> int:
        """Give the number of a service, `NOBODY` for one without a name."""
        if not name:
            return NOBODY
        if len(self.services.values) > MAX_NAMES:
            message = f"more than {MAX_NAMES:,} services; are names of instances taken for services?"
            raise problem(self.files[-1], message)
        return self.services.number(Service(name, namespace or ""))

    def peer(self, peer: Peer | None) -> int:
        """Give the number of a far end, `NOBODY` for one of which nothing is known."""
        if peer is None or (len(self.peers.values) > MAX_NAMES and peer not in self.peers.numbers):
            return NOBODY
        return self.peers.number(peer)

    def weigh(self, service: int, word: object) -> None:
        """Note how critical a service says that it is."""
        if service != NOBODY and isinstance(word, str) and word in CRITICALITIES:
            self.weights.setdefault(service, word)

    def add(self, span: Span) -> None:
        """Take a span."""
        self.seen["spans"] += 1
        self.seen["nameless"] += span.service == NOBODY
        self.seen["timeless"] += not span.is_timed
        self.held.setdefault(span.trace, []).append(span)
        self.count += 1
        if self.count >= HELD:
            self.put_aside()

    def put_aside(self) -> None:
        """Put what is held into files, each trace into the one that its id chooses."""
        if not self.shares:
            self.shares = [tempfile.TemporaryFile() for _ in range(SHARES)]  # noqa: SIM115 - open as long as the spans
        sorted_out: dict[int, list[Span]] = {}
        for trace, spans in self.held.items():
            sorted_out.setdefault(crc32(trace.encode(errors="surrogatepass")) % SHARES, []).extend(spans)
        try:
            for share, spans in sorted_out.items():
                self.shares[share].write(json.dumps(spans).encode() + b"\n")
        except OSError as error:
            raise problem(self.files[-1], f"no room for spans in {tempfile.gettempdir()}: {error.strerror}") from None
        self.held, self.count = {}, 0

    def traces(self) -> Iterator[list[Span]]:
        """Yield the spans of each trace; can be asked for once."""
        if self.shares:
            self.put_aside()
        for share in self.shares:
            yield from self.taken_back(share).values()
            share.close()
        yield from self.held.values()

    def taken_back(self, share: IO[bytes]) -> dict[str, list[Span]]:
        """Read a file of spans, by trace."""
        found: dict[str, list[Span]] = {}
        share.seek(0)
        for line in share:
            for values in json.loads(line):
                span = Span._make(values)
                spans = found.setdefault(span.trace, [])
                if len(spans) < MAX_TRACE:
                    spans.append(span)
                else:
                    self.seen["beyond"] += 1
        return found
