"""Settings that name other parts: which hosts a value could mean, and what a call to such a part is for.

Values go in, host names come out; nothing else of a value is kept.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from cascade.importers.draft import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LONGEST: Final = 2**16
"""Characters of a value that are looked at."""
LAST_PORT: Final = 65_535


class Role(StrEnum):
    """What a part is by its name or image."""

    STORE = "store"
    BROKER = "broker"
    TELEMETRY = "telemetry"
    FLAGS = "flags"
    INFRA = "infra"
    LOAD = "load"


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


WORDS: Final[dict[Role, frozenset[str]]] = {
    Role.FLAGS: _words("flagd unleash flipt flagsmith growthbook launchdarkly feature-flag feature-flags"),
    Role.LOAD: _words(
        "locust k6 jmeter gatling vegeta artillery wrk wrk2 loadgen loadgenerator load-gen load-generator",
        "load-test load-tester load-testing loadtest user-sim user-simulator traffic-generator",
    ),
    Role.TELEMETRY: _words(
        "otel otelcol opentelemetry telemetry jaeger zipkin tempo loki mimir thanos cortex prometheus pushgateway",
        "alertmanager grafana lgtm alloy promtail fluentd fluentbit fluent-bit logstash filebeat metricbeat kibana",
        "telegraf statsd graphite cadvisor exporter nodeexporter skywalking kiali signoz datadog newrelic splunk",
        "graylog metrics monitoring logging tracing netdata uptime-kuma opamp",
    ),
    Role.INFRA: _words(
        "consul etcd vault eureka zookeeper zoo nacos config-server configserver config-service discovery",
        "discovery-server discovery-service service-registry naming-server schema-registry polaris",
    ),
    Role.BROKER: _words(
        "kafka rabbitmq rabbit nats jetstream activemq artemis pulsar redpanda mosquitto emqx vernemq nsq nsqd",
        "rocketmq ibmmq mq sqs elasticmq eventbus event-bus message-broker message-queue mqtt amqp",
    ),
    Role.STORE: _words(
        "postgres postgresql pg pgsql pgbouncer pgvector timescale timescaledb postgis mysql mysqldb mariadb percona",
        "mssql sqlserver sql-server azure-sql-edge oracle oracledb db database mongo mongodb mongos ferretdb",
        "redis redisdb valkey keydb dragonfly memcached memcache cache elasticsearch elastic opensearch solr",
        "meilisearch typesense cassandra scylla scylladb couchdb couchbase cockroach cockroachdb clickhouse influx",
        "influxdb questdb victoriametrics neo4j arangodb dgraph dynamodb rethinkdb aerospike riak hazelcast ignite",
        "tidb yugabyte yugabytedb minio s3 seaweedfs azurite qdrant milvus weaviate chroma hbase hdfs spanner",
    ),
}
"""By which words of its name or image a part is known; words of several parts are joined by ``-``."""
ACTORS: Final = _words(
    "ui gui web admin express commander manager backup init migrate migration migrations migrator seed seeder setup",
    "service svc api app client reader writer worker consumer producer gateway proxy sync adapter operator connect",
    "rest dashboard insight tools cli myadmin initializer bootstrap processor handler",
)
"""Words of a part that works with a store or broker rather than being one: ``mongo-express``."""
CONSUMERS: Final = _words(
    "consumer consumers worker workers processor subscriber listener indexer sink notification notifications notifier",
    "audit auditor accounting analytics fraud archiver queue dispatch dispatcher",
)
"""Words of a part that fetches its work from a broker."""
PLACES: Final = _words(
    "host hosts hostname hostnames addr addrs address addresses url urls uri uris endpoint endpoints server servers",
    "service services svc broker brokers bootstrap node nodes seeds peer peers master slave primary replica sentinel",
    "sentinels upstream upstreams target targets backend backends proxy dsn gateway link source contactpoints points",
    "connection connections conn h join replicaof slaveof",
)
"""Last words of settings and flags whose value is a host even if it is a bare word."""
LONG_PLACES: Final = _words("host-name connection-string connection-strings connectionstring connectionstrings")
"""Words anywhere in a setting that say so too."""
NO_CALLS: Final = _words("no-proxy allowed allow cors whitelist trusted redirect advertised virtual listen bind")
"""Words of settings whose hosts are not called: whom to trust, what to be called."""
NO_PLACES: Final = _words(
    "origin origins attributes image images tag tags version",
    "password passwd pwd pass passphrase secret token key credentials user username uid",
)
"""Last words of settings that hold anything but a host."""

_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NOT_WORD: Final = re.compile(r"[^a-z0-9]+")
_HOST: Final = re.compile(
    r"(?=[a-z0-9_.-]{1,253}\Z)(?=[^a-z]*[a-z])[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?", re.IGNORECASE
)
_AUTHORITY_END: Final = re.compile(r"[/?#\\]")
_SEPARATORS: Final = re.compile(r"""[\s,;"'`(){}\[\]|<>&!]+""")
_KEY_GAP: Final = re.compile(r"[\"'`] ?(=>|[:=])| ?(=>|[:=])(?=[ \"'`])")
_USERINFO: Final = re.compile(r"://[^\s/]*@")
_NOTHING: Final = _words(
    "localhost host.docker.internal gateway.docker.internal kubernetes.docker.internal tcp udp unix",
    "true false yes no y n on off none null",
)
_NO_HOST_SCHEMES: Final = frozenset(
    {"file", "unix", "npipe", "data", "classpath", "sqlite", "jar", "s3", "gs", "docker"}
)


def hosts_in(value: str, setting: str = "") -> Iterator[str]:
    """Yield the host names that a value could mean, each once, in their order.

    A bare word counts when the setting's name allows that it is a host, or when there is no such name;
    in a longer text it counts only behind a word for a place (``-h db``, ``Host=db``).

    Examples
    --------
    >>> list(hosts_in("postgres://user:secret@db:5432/x")), list(hosts_in("Host=db;Username=admin"))
    (['db'], ['db'])
    >>> list(hosts_in("orders", "POSTGRES_USER")), list(hosts_in("orders", "ORDERS_HOST"))
    ([], ['orders'])
    """
    if names_no_call(setting):
        return
    seen: set[str] = set()
    for host in _hosts(value[:LONGEST], setting):
        found = host.rstrip(".").lower()
        if found not in seen and is_host(found):
            seen.add(found)
            yield found


def is_host(text: str) -> bool:
    """Tell whether a text can be the name of another machine: no number, and not the machine itself.

    Examples
    --------
    >>> [is_host(name) for name in ("cart", "cart.shop.svc", "10.0.0.1", "localhost", "two words")]
    [True, True, False, False, False]
    """
    return _HOST.fullmatch(text) is not None and text not in _NOTHING and not text.endswith(".localhost")


def names_a_place(setting: str) -> bool:
    """Tell whether a setting of this name holds a host even if its value is a bare word.

    Examples
    --------
    >>> [names_a_place(name) for name in ("DB_HOST", "cartUrl", "HOST_NAME", "DB_NAME", "POSTGRES_USER")]
    [True, True, True, False, False]
    """
    words = [word for word in _split(setting) if not word.isdigit()]
    return not PLACES.isdisjoint(words[-1:]) or not LONG_PLACES.isdisjoint(_runs(words))


def names_no_call(setting: str) -> bool:
    """Tell whether the hosts in a setting of this name are there for another reason than to be called.

    Examples
    --------
    >>> [names_no_call(name) for name in ("NO_PROXY", "ALLOWED_HOSTS", "REDIS_IMAGE", "REDIS_HOST")]
    [True, True, True, False]
    """
    words = _split(setting)
    return not NO_PLACES.isdisjoint(words[-1:]) or not NO_CALLS.isdisjoint(_runs(words))


@lru_cache(maxsize=2**15)
def words_of(name: str) -> tuple[str, ...]:
    """Split a name at signs and capitals, in small letters.

    Examples
    --------
    >>> words_of("ratings-v2"), words_of("cartDb"), words_of("CART_ADDR")
    (('ratings', 'v2'), ('cart', 'db'), ('cart', 'addr'))
    """
    return _split(name)


def _split(name: str) -> tuple[str, ...]:
    return tuple(word for word in _NOT_WORD.split(_CAMEL.sub("-", name).lower()) if word)


@lru_cache(maxsize=2**15)
def role(name: str, image: str = "") -> Role | None:
    """Tell what a part is by its image, or else by its name; None for one that does the system's own work.

    Examples
    --------
    >>> role("astronomy-db").value, role("sessions", "docker.io/library/redis:7").value, role("redis-writer")
    ('store', 'store', None)
    """
    return _role(image_name(image)) or _role(name.split(".", maxsplit=1)[0] if ".svc" in name else name)


def purpose(caller: str, callee: str, setting: str, *, image: str = "") -> Kind:
    """Tell what a call is for, from the names of both ends, the setting that names the callee, and the callee's image.

    Examples
    --------
    >>> [
    ...     purpose(*names, "").value
    ...     for names in (("cart", "redis"), ("checkout", "kafka"), ("audit", "kafka"), ("a", "b"))
    ... ]
    ['store', 'async_produce', 'async_consume', 'sync']
    """
    found = role(callee, image) or _setting_role(setting)
    acting = role(caller)
    if Role.TELEMETRY in (found, acting):
        return Kind.TELEMETRY
    if found is Role.BROKER:
        return Kind.CONSUME if is_consumer(caller, setting) else Kind.PRODUCE
    if found is Role.FLAGS or found is Role.INFRA or found is Role.STORE:
        return _KINDS[found]
    return Kind.LOAD if acting is Role.LOAD else Kind.SYNC


def is_consumer(caller: str, setting: str = "") -> bool:
    """Tell whether a part fetches work from a broker rather than leaving it there, as far as names tell."""
    words = words_of(setting)
    if "producer" in words or "consumer" in words:
        return "consumer" in words
    return not CONSUMERS.isdisjoint(words_of(caller))


_KINDS: Final = {Role.FLAGS: Kind.FLAGS, Role.INFRA: Kind.INFRA, Role.STORE: Kind.STORE}


@lru_cache(maxsize=2**15)
def _role(name: str) -> Role | None:
    words = tuple(stem for word in words_of(name) if (stem := word if word in _ALL else word.rstrip("0123456789")))
    if not words:
        return None
    runs = _runs(words)
    found = next((kind for kind, known in WORDS.items() if not known.isdisjoint(runs)), None)
    if found is None:
        return Role.LOAD if words[-1] == "load" else None
    return None if found in (Role.STORE, Role.BROKER) and not ACTORS.isdisjoint(words) else found


_ALL: Final = frozenset[str]().union(*WORDS.values())


def _runs(words: Sequence[str]) -> set[str]:
    """Give all runs of one to three words, joined as the tables have them."""
    return {"-".join(words[start:end]) for start in range(len(words)) for end in range(start + 1, start + 4)}


def _setting_role(setting: str) -> Role | None:
    found = _role(setting)
    return None if found is Role.LOAD else found


def image_name(image: str) -> str:
    """Give the last part of an image's path, with its maker where that is only ``server``; no tag and digest."""
    *path, last = image.split("@", 1)[0].split("/")
    name = last.split(":", 1)[0]
    return f"{path[-1]}-{name}" if name == "server" and path else name


def _hosts(value: str, setting: str) -> Iterator[str]:
    text = " ".join(_USERINFO.sub("://", value).split())
    takes_bare = " " not in text and (not setting or names_a_place(setting) or _is_called_alike(setting, text))
    tokens = [token for token in _SEPARATORS.split(_KEY_GAP.sub(r"\1\2 ", text)) if token]
    key = ""
    for token in tokens:
        if is_key(token) and len(tokens) > 1:
            key = token.rstrip(":=>").lstrip("-")
            continue
        yield from _in_token(token, key, takes_bare=takes_bare or names_a_place(key))
        key = ""


def is_key(token: str) -> bool:
    """Tell whether a word of a text announces the value behind it: ``--host``, ``host:``."""
    return token.endswith((":", "=", "=>")) or (token.startswith("-") and "=" not in token and "://" not in token)


def _in_token(token: str, key: str, *, takes_bare: bool) -> Iterator[str]:
    """Yield the host of one word: a URL, ``host:port``, ``key=value``, or a bare name."""
    before, equals, value = token.partition("?")[0].rpartition("=")
    key, takes_bare = (before, names_a_place(before)) if equals else (key, takes_bare)
    if names_no_call(key):
        return
    if "://" in token:
        yield from _in_url(token)
        return
    value, has_user = value.rpartition("@")[2], "@" in value
    value = value.removeprefix("tcp:").lstrip("/") if has_user or value.startswith("tcp:") else value
    name, colon, port = _AUTHORITY_END.split(value, maxsplit=1)[0].partition(":")
    is_bare = value in (name, f"{name}:") and (takes_bare or (has_user and "." not in name))
    if is_bare or (colon and _is_port(port.partition(":")[0])):
        yield name


def _in_url(token: str) -> Iterator[str]:
    """Yield the host of each URL that is written into one word, without names and passwords."""
    for before, after in pairwise(token.split("://")):
        scheme = _NOT_WORD.split(before.lower())[-1]
        if scheme in _NO_HOST_SCHEMES:
            continue
        authority = _AUTHORITY_END.split(after.lstrip("/"), maxsplit=1)[0]
        name, _, port = authority.rpartition("@")[2].partition(":")
        if not port or _is_port(port):
            yield name


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and text[0] != "0" and len(text) <= len("65535") and int(text) <= LAST_PORT


def _is_called_alike(setting: str, value: str) -> bool:
    """Tell whether a setting is called like its value: ``REDIS=redis``."""
    words = _split(setting)
    return words == _split(value) and words not in {(), ("user",), ("name",)}
