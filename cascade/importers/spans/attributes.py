"""What the attributes of a span say: which side of a call it is, whether it failed, and what it calls.

Names as in OpenTelemetry, its older conventions, OpenTracing, Zipkin and Envoy. Of values only names of parts
and hosts are kept.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from cascade.importers.hosts import hosts_in, is_host
from cascade.importers.spans.model import CALLS, Nature, Peer, Role
from cascade.importers.values import LONGEST_NUMBER, name_of, number_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NAMES: Final = ("peer.service",)
HOSTS: Final = ("server.address", "net.peer.name", "peer.hostname", "db.host", "messaging.url", "net.peer.ip")
PORTS: Final = ("server.port", "net.peer.port", "peer.port")
URLS: Final = ("url.full", "http.url", "db.connection_string", "http.host", "peer.address")
CLUSTERS: Final = ("upstream_cluster.name", "upstream_cluster")
STORES: Final = ("db.system.name", "db.system", "db.type")
QUERIES: Final = frozenset({"sql.query", "db.statement", "db.query.text"})
"""Attributes of which only that they are there is looked at."""
DATABASES: Final = ("db.namespace", "db.name", "db.instance")
BROKERS: Final = ("messaging.system",)
DESTINATIONS: Final = ("messaging.destination.name", "messaging.destination", "message_bus.destination")
OPERATIONS: Final = ("messaging.operation.type", "messaging.operation", "messaging.operation.name")
HTTP: Final = ("http.response.status_code", "http.status_code")
GRPC: Final = ("rpc.grpc.status_code", "grpc.status_code", "rpc.response.status_code")
CONTRACT: Final = "rpc.service"
WANTED: Final = frozenset({
    *NAMES, *HOSTS, *PORTS, *URLS, *CLUSTERS, *STORES, *DATABASES, *QUERIES, *BROKERS, *DESTINATIONS, *OPERATIONS,
    *HTTP, *GRPC, CONTRACT, "error", "span.kind", "otel.status_code",
    "service.name", "service.namespace", "service.criticality",
})  # fmt: skip
"""All attributes that are looked at."""
ROLES: Final = {
    "server": Role.SERVER,
    "client": Role.CLIENT,
    "producer": Role.PRODUCER,
    "consumer": Role.CONSUMER,
    "internal": Role.INTERNAL,
}
FETCHING: Final = frozenset({"receive", "process", "poll", "consume", "deliver"})
"""Operations of the side that takes messages."""
NO_NAMES: Final = frozenset(
    {"unknown", "localhost", "-", "passthroughcluster", "blackholecluster", "inboundpassthroughcluster"}
)
"""What stands where a peer has no name."""
MISTAKES: Final = frozenset({3, 5, 6, 7, 9, 11, 16})
"""gRPC codes for a request that the caller should not have made; the callee works."""
LONGEST_TEXT: Final = 1024
LATEST_NS: Final = 1e19
"""Times beyond are mistakes."""
CLIENT_ERRORS: Final = (400, 500)
THROTTLED: Final = 429
SERVER_ERRORS: Final = (500, 600)


def role_of(word: object, values: Mapping[str, Any]) -> Role:
    """Tell which side of a call a span is, by the word of its format."""
    role = ROLES.get(word.lower().removeprefix("span_kind_"), Role.UNKNOWN) if isinstance(word, str) else Role.UNKNOWN
    if role is Role.CLIENT and first(values, BROKERS):
        operation = first(values, OPERATIONS) or ""
        return Role.CONSUMER if operation.lower() in FETCHING else Role.PRODUCER
    return role


def has_failed(values: Mapping[str, Any], *, says_error: bool) -> bool:
    """Tell whether a call failed for a reason of the callee: 404 and the like are answers.

    Examples
    --------
    >>> [has_failed({"http.status_code": code}, says_error=True) for code in (404, 429, 503)]
    [False, True, True]
    """
    status = next((int(code) for key in HTTP if (code := number_of(values.get(key))) is not None), 0)
    grpc = next((int(code) for key in GRPC if (code := number_of(values.get(key))) is not None), 0)
    if SERVER_ERRORS[0] <= status < SERVER_ERRORS[1]:
        return True
    if (CLIENT_ERRORS[0] <= status < CLIENT_ERRORS[1] and status != THROTTLED) or grpc in MISTAKES:
        return False
    return says_error


def is_true(value: object) -> bool:
    """Tell whether a tag such as ``error`` is set."""
    return value.lower() not in {"", "false", "0"} if isinstance(value, str) else value is True or value == 1


def kept(key: str, value: object) -> Any:
    """Give what is kept of an attribute: of a query only that there is one, and no long text."""
    if key in QUERIES:
        return True
    return value[:LONGEST_TEXT] if isinstance(value, str) else value


class Meaning(NamedTuple):
    """What the attributes of a span come to."""

    role: Role
    is_error: bool
    peer: Peer | None


def meaning_of(kind: str, values: Mapping[str, Any], *, says_error: bool) -> Meaning:
    """Find out what attributes mean; quick for those that come again and again."""
    try:
        return _meaning_of(kind, tuple(values.items()), says_error)
    except TypeError:  # a list where there should be a text
        plain = {key: value for key, value in values.items() if isinstance(value, (str, int, float))}
        return _meaning_of(kind, tuple(plain.items()), says_error)


@lru_cache(maxsize=2**14)
def _meaning_of(kind: str, values: tuple[tuple[str, Any], ...], says_error: bool) -> Meaning:  # noqa: FBT001 - cached
    known = dict(values)
    role = role_of(kind, known)
    return Meaning(role, has_failed(known, says_error=says_error), far_end(role, known))


def far_end(role: Role, values: Mapping[str, Any], given: str | None = None) -> Peer | None:
    """Find out what is at the far end of a span, if it is one that shows it."""
    if CALLS[role] or role is Role.CONSUMER:
        peer = peer_of(values, given)
        is_message = peer is not None and role is not Role.CLIENT
        return peer._replace(nature=Nature.BROKER) if peer and is_message else peer
    return Peer(given) if role is Role.SERVER and given else None


def peer_of(values: Mapping[str, Any], given: str | None = None) -> Peer | None:
    """Find out what is at the far end of a call; ``given`` is a name that the format has a place for.

    Examples
    --------
    >>> peer_of({"db.system": "redis", "server.address": "redis-cart", "server.port": 6379})
    Peer(name='redis-cart', address='redis-cart:6379', nature=<Nature.STORE: 'store'>, is_host=True, is_product=False)
    >>> peer_of({"db.system": "postgresql", "db.name": "orders", "net.peer.name": "10.0.0.1"}).name
    'postgresql-orders'
    """
    named = given or first(values, NAMES)
    named = None if named and named.lower() in NO_NAMES else named
    host, address = target_of(values)
    if system := first(values, BROKERS):
        is_product = not named and not host
        return Peer(
            named or host or system, address, Nature.BROKER, is_host=not named and bool(host), is_product=is_product
        )
    if first(values, DESTINATIONS):
        return Peer(named or host or "", address, Nature.BROKER, is_host=not named and bool(host))
    if system := first(values, STORES):
        database = first(values, DATABASES)
        whole = f"{system}-{database}" if database and is_host(database) else system
        return Peer(named or host or whole, address, Nature.STORE, is_host=not named and bool(host))
    if any(key in values for key in QUERIES) and (named or host):
        return Peer(named or host, address, Nature.STORE, is_host=not named)
    if not address and (contract := name_of(values.get(CONTRACT))):
        address = f"rpc {contract}"
    if not named and not host and not address:
        return None
    return Peer(named or host or "", address, is_host=not named and bool(host))


def target_of(values: Mapping[str, Any]) -> tuple[str, str]:
    """Give the host that is called, if it has a name, and its address with the port."""
    if cluster := first(values, CLUSTERS):
        host = cluster.rpartition("|")[2]
        if host.lower() not in NO_NAMES and not cluster.startswith("inbound|"):
            return host, host
    for key in HOSTS:
        if (text := name_of(values.get(key))) and not is_own(text):
            host, _, port = text.partition(":") if text.count(":") == 1 else (text, "", "")
            port = port or first(values, PORTS) or ""
            return named_host(host), f"{host.lower()}:{port}" if port else host.lower()
    return next((found for key in URLS if (found := in_url(values.get(key)))), ("", ""))


def in_url(value: object) -> tuple[str, str] | None:
    """Give the host in a URL, if it has a name, and its address."""
    if not isinstance(value, str):
        return None
    if found := next(hosts_in(value), None):
        return found, f"{found}:{port}" if (port := port_of(value)) else found
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
    except ValueError:
        return None
    return None if not host or is_own(host) else ("", f"{host}:{port_of(value)}")


def port_of(url: str) -> str:
    """Give the port in a URL, empty where there is none."""
    try:
        port = urlsplit(url if "//" in url else f"//{url}").port
    except ValueError:
        return ""
    return str(port) if port else ""


def named_host(host: str) -> str:
    """Give the host if it is a name rather than a number."""
    plain = host.rstrip(".").lower()
    return plain if is_host(plain) else ""


def is_own(host: str) -> bool:
    """Tell whether a host is the machine itself, where a proxy may wait."""
    return host.lower().rstrip(".") in {"localhost", "::1", "0.0.0.0", "[::1]"} or host.startswith("127.")  # noqa: S104


def nanoseconds_of(value: object, unit_ns: int) -> int:
    """Give a time of a trace in nanoseconds; 0 where there is none.

    Examples
    --------
    >>> nanoseconds_of("1544712660000000001", 1), nanoseconds_of(2.5, 1000), nanoseconds_of("NaN", 1)
    (1544712660000000001, 2500, 0)
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return 0
    if isinstance(value, str) and len(value) > LONGEST_NUMBER:
        return 0
    try:
        found = int(value) if isinstance(value, int) or str(value).isdecimal() else float(value)
        return int(found * unit_ns) if 0 < found < LATEST_NS / unit_ns else 0
    except ValueError:
        return 0


def first(values: Mapping[str, Any], keys: Iterable[str]) -> str | None:
    """Give the first name under some keys."""
    return next((name for key in keys if (name := name_of(values.get(key)))), None)
