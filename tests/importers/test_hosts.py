"""Hosts in settings, and what calls to them are for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.importers.draft import Kind
from cascade.importers.hosts import Role, hosts_in, is_host, names_no_call, purpose, role

NAMED = [
    ("X", "postgres://user:pw@db:5432/x", ["db"]),
    ("X", "redis://:p@ss,word@redis:6379/0", ["redis"]),
    ("X", "mongodb://u:p,w@m1:27017,m2:27017,m3:27017/db?replicaSet=rs0", ["m1", "m2", "m3"]),
    ("X", "jdbc:mysql://db:3306/x", ["db"]),
    ("X", "jdbc:oracle:thin:@orc:1521:xe", ["orc"]),
    ("X", "jdbc:oracle:thin:@//orc:1521/xe", ["orc"]),
    ("X", "user:pw@tcp(db:3306)/x", ["db"]),
    ("X", "Host=db;Username=user;Password=secret;Database=orders", ["db"]),
    ("X", "Server=tcp:sql,1433;Database=orders;User Id=sa", ["sql"]),
    ("X", "Data Source=db;User=me", ["db"]),
    ("X", "PLAINTEXT://kafka:9092,CONTROLLER://kafka:9093", ["kafka"]),
    ("X", "1@kafka:9093", ["kafka"]),
    ("X", "a:1,b:2;c:3 d:4", ["a", "b", "c", "d"]),
    ("X", "{host: db, port: 5}", ["db"]),
    ("X", '{"host":"db","port":5}', ["db"]),
    ("X", "etcd1=http://etcd1:2380,etcd2=http://etcd2:2380", ["etcd1", "etcd2"]),
    ("X", "dns:///cart:7070", ["cart"]),
    ("X", "http://Cart.Shop.svc.cluster.local.:7070/", ["cart.shop.svc.cluster.local"]),
    ("JAVA_OPTS", "-Dspring.data.mongodb.host=mongo -Xmx64m", ["mongo"]),
    ("command", "-d 60 -r 200 -c 2 -h edge-router", ["edge-router"]),
    ("command", "--wait tcp://db:3306 --server api --name user", ["db", "api"]),
    ("MEMCACHED_SERVERS", "mc1,mc2", ["mc1", "mc2"]),
    ("CART_ADDR", "cart:", ["cart"]),
    ("ConnectionStrings__Redis", "basketdata", ["basketdata"]),
    ("REDIS", "redis", ["redis"]),
    ("", "cart", ["cart"]),
]
NOT_NAMED = [
    ("X", "10.0.0.1:80,localhost:2,[::1]:5,0.0.0.0"),
    ("X", "waiting for user orders"),
    ("X", "me@example.com"),
    ("X", "sqlite:///db"),
    ("X", "/etc/db/config"),
    ("POSTGRES_USER", "user"),
    ("POSTGRES_DB", "orders"),
    ("DB_PASSWORD", "db:5432"),
    ("COMPOSE_PROFILES", "web"),
    ("REDIS_IMAGE", "redis:7"),
    ("NO_PROXY", "db,cache:80"),
    ("OTEL_RESOURCE_ATTRIBUTES", "service.name=cart,host.name=frontend"),
    ("REV_SERVER", "true"),
    ("X", "Server=;Password=abc:123;UID=x:4"),
    ("command", "worker"),
    ("X", ""),
]


@pytest.mark.parametrize(("setting", "value", "expected"), NAMED)
def test_hosts_are_found_in_every_form(setting: str, value: str, expected: list[str]) -> None:
    found = list(hosts_in(value, setting))

    assert found == expected


@pytest.mark.parametrize(("setting", "value"), NOT_NAMED)
def test_what_is_no_host_is_not_taken_for_one(setting: str, value: str) -> None:
    found = list(hosts_in(value, setting))

    assert found == []


@given(st.text(), st.text())
def test_any_value_gives_hosts_or_none(value: str, setting: str) -> None:
    found = list(hosts_in(value, setting))

    assert len(found) == len(set(found))
    assert all(is_host(host) for host in found)


@pytest.mark.parametrize("sign", [" ", "=", "://", "a=", "@", ":", "http://", '"', '":'])
def test_long_values_take_little_time(sign: str) -> None:
    found = list(hosts_in(sign * 100_000, "HOST"))

    assert len(found) <= 2


@pytest.mark.parametrize(
    ("caller", "callee", "setting", "image", "expected"),
    [
        ("cart", "sessions", "", "docker.io/library/redis:7@sha256:0", Kind.STORE),
        ("ordering", "sqldata", "", "mcr.microsoft.com/mssql/server:2019", Kind.STORE),
        ("user", "user-db", "", "", Kind.STORE),
        ("user", "thing", "DB_HOST", "", Kind.STORE),
        ("checkout", "kafka", "KAFKA_ADDR", "", Kind.PRODUCE),
        ("audit-worker", "events", "", "confluentinc/cp-kafka", Kind.CONSUME),
        ("shop", "rabbitmq", "RABBIT_CONSUMER_HOST", "", Kind.CONSUME),
        ("checkout", "otel-collector", "", "", Kind.TELEMETRY),
        ("otel-collector", "cart", "", "", Kind.TELEMETRY),
        ("prometheus", "postgres", "", "", Kind.TELEMETRY),
        ("cart", "flagd", "", "", Kind.FLAGS),
        ("cart", "consul", "", "", Kind.INFRA),
        ("load-generator", "frontend", "", "", Kind.LOAD),
        ("load-generator", "flagd", "", "", Kind.FLAGS),
        ("frontend", "image-provider", "IMAGE_PROVIDER_HOST", "", Kind.SYNC),
        ("frontend", "redis-writer", "", "", Kind.SYNC),
        ("frontend", "cart", "", "", Kind.SYNC),
    ],
)
def test_names_tell_what_a_call_is_for(caller: str, callee: str, setting: str, image: str, expected: Kind) -> None:
    assert purpose(caller, callee, setting, image=image) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mongodb-geo", Role.STORE),
        ("mysql8", Role.STORE),
        ("mongo-express", None),
        ("kafka-ui", None),
        ("kafka-1", Role.BROKER),
        ("redis-exporter", Role.TELEMETRY),
        ("load", Role.LOAD),
        ("load-balancer", None),
        ("", None),
    ],
)
def test_names_tell_what_a_part_is(name: str, expected: Role | None) -> None:
    assert role(name) is expected


def test_settings_about_trust_name_no_callees() -> None:
    assert [names_no_call(name) for name in ("CORS_ORIGIN", "KAFKA_ADVERTISED_LISTENERS", "IMAGE_PROVIDER_HOST")] == [
        True,
        True,
        False,
    ]
