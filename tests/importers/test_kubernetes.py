"""Kubernetes manifests: real ones against edges derived by hand, and each trap that real ones hold."""

from __future__ import annotations

import base64
import contextlib
import csv
import json
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cascade.errors import TopologyError
from cascade.importers.draft import Draft, Evidence, Kind
from cascade.importers.format import Options
from cascade.importers.formats.kubernetes import FORMAT
from cascade.importers.sources import Document, documents

REAL: Final = Path(__file__).parents[1] / "realworld"
FILES: Final = REAL / "kubernetes"
BOUTIQUE: Final = FILES / "online-boutique" / "kubernetes-manifests.yaml"
SOCKS: Final = FILES / "sock-shop" / "complete-demo.yaml"


def read(*texts: str, **options: Any) -> Draft:
    draft = Draft()
    given = [Document(f"file-{number}.yaml", content=text.encode()) for number, text in enumerate(texts, start=1)]
    FORMAT.reads(given, draft, Options(**options))
    return draft


def read_files(*paths: Path, **options: Any) -> Draft:
    draft = Draft()
    FORMAT.reads(documents(paths), draft, Options(**options))
    return draft


def rows(name: str) -> list[dict[str, str]]:
    with (REAL / "expected" / f"{name}.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def stated(name: str) -> set[tuple[str, str, str]]:
    return {(row["caller"], row["callee"], row["kind"]) for row in rows(name) if row["in_file"] == "yes"}


def found(draft: Draft) -> set[tuple[str, str, str]]:
    return {(edge.caller, edge.callee, edge.kind.value) for edge in draft.edges.values()}


def pairs(draft: Draft) -> set[tuple[str, str]]:
    return set(draft.edges)


def said(draft: Draft) -> str:
    return "\n".join(draft.notes)


def meta(name: str, namespace: str = "") -> dict[str, Any]:
    return {"name": name, "namespace": namespace} if namespace else {"name": name}


def workload(name: str, kind: str = "Deployment", *, namespace: str = "", **more: Any) -> dict[str, Any]:
    """Make a workload of one container; ``labels``, ``replicas`` and ``pod`` say more, the rest is the container's."""
    labels, spec, pod = more.pop("labels", {"app": name}), more.pop("spec", {}), more.pop("pod", {})
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", **more}], **pod}}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": meta(name, namespace),
        "spec": {"template": template, **spec},
    }


def service(name: str, selector: dict[str, str] | None = None, *, namespace: str = "", **spec: Any) -> dict[str, Any]:
    selector = {"app": name} if selector is None else selector
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": meta(name, namespace),
        "spec": {"selector": selector, **spec},
    }


def both(name: str, *, namespace: str = "", **more: Any) -> list[dict[str, Any]]:
    return [workload(name, namespace=namespace, **more), service(name, namespace=namespace)]


def config(name: str, kind: str = "ConfigMap", **content: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": meta(name), **content}


def env(**values: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def manifest(*objects: Any) -> str:
    return yaml.safe_dump_all(objects, sort_keys=False)


# Real files


@pytest.mark.parametrize(("files", "name"), [(BOUTIQUE, "online-boutique.k8s"), (SOCKS, "sock-shop.k8s")])
def test_every_stated_call_is_found_with_its_kind_and_no_other(files: Path, name: str) -> None:
    draft = read_files(files)

    assert found(draft) == stated(name)
    assert pairs(draft).isdisjoint({(row["caller"], row["callee"]) for row in rows(f"{name}.not_edges")})


@pytest.mark.parametrize("name", ["online-boutique", "sock-shop"])
def test_network_policies_alone_give_what_they_allow(name: str) -> None:
    draft = read_files(FILES / name / "network-policies", aliases={"cart": "carts"})

    assert found(draft) == stated(f"{name}.networkpolicy")
    assert "cortex" not in draft.components
    assert {one.evidence for edge in draft.edges.values() for one in edge.origins} == {Evidence.NETWORK_POLICY}


def test_a_service_that_no_file_defines_is_told_and_not_invented() -> None:
    boutique, socks = read_files(BOUTIQUE), read_files(SOCKS)

    assert boutique.unresolved == [("frontend", "shoppingassistantservice")]
    assert socks.unresolved == [("shipping", "zipkin.jaeger.svc.cluster.local")]
    assert "shoppingassistantservice" not in boutique.components


def test_two_services_of_one_workload_are_names_of_one_part_which_users_reach() -> None:
    frontend = read_files(BOUTIQUE).components["frontend"]

    assert frontend.aliases == {"frontend-external"}
    assert frontend.facts["entry_point"].why == "Service frontend-external is of type LoadBalancer"


def test_a_call_says_where_it_is_from() -> None:
    edge = read_files(BOUTIQUE).edges["cartservice", "redis-cart"]

    assert (edge.origins[0].what, edge.origins[0].line) == ("env REDIS_ADDR", 334)
    assert edge.origins[0].file.endswith(BOUTIQUE.name)


def test_settings_of_init_containers_are_no_second_call() -> None:
    origins = read_files(BOUTIQUE).edges["loadgenerator", "frontend"].origins

    assert [one.what for one in origins] == ["env FRONTEND_ADDR", "command line"]


def test_old_labels_in_policies_get_a_suggestion_and_an_alias_mends_them() -> None:
    folder = FILES / "sock-shop"
    told, mended = read_files(folder), read_files(folder, aliases={"cart": "carts"})

    assert ("front-end", "cart") in told.unresolved
    assert "name 'cart'; did you mean 'carts'? Then say so: --alias cart=carts" in said(told)
    assert pairs(mended) - pairs(told) == {("front-end", "carts"), ("orders", "carts"), ("carts", "carts-db")}
    assert mended.edges["user", "user-db"].kind is Kind.STORE


def test_rules_of_istio_and_values_of_helm_in_the_same_folder_are_named() -> None:
    notes = said(read_files(FILES / "online-boutique"))

    assert "cascade import istio reads them: 2 ServiceEntry and 1 VirtualService" in notes
    assert "helm-values.yaml" in notes


# What is one part, and how it is called


def versions(name: str, *numbers: int, replicas: int = 1) -> list[dict[str, Any]]:
    return [
        workload(f"{name}-v{one}", labels={"app": name, "version": f"v{one}"}, spec={"replicas": replicas})
        for one in numbers
    ]


def test_versions_behind_one_service_are_one_part_under_its_name() -> None:
    draft = read(manifest(*versions("reviews", 1, 2, 3, replicas=2), service("reviews"), *versions("details", 1)))

    assert draft.components["reviews"].facts["replicas"].value == 6
    assert draft.components["reviews"].aliases == {"reviews-v1", "reviews-v2", "reviews-v3"}
    assert "reviews-v1, reviews-v2 and reviews-v3 are behind one Service" in said(draft)
    assert "details-v1" in draft.components  # no Service, no other name


def test_services_of_single_versions_do_not_take_versions_apart() -> None:
    own = [service(f"reviews-v{one}", {"app": "reviews", "version": f"v{one}"}) for one in (1, 2)]

    draft = read(manifest(*versions("reviews", 1, 2), *own, service("reviews")))

    assert list(draft.components) == ["reviews"]


def test_a_service_in_front_of_parts_with_services_of_their_own_leaves_them_apart() -> None:
    draft = read(
        manifest(
            workload("redis-master", labels={"app": "redis", "role": "master"}),
            workload("redis-replicas", labels={"app": "redis", "role": "replica"}),
            service("redis-master", {"app": "redis", "role": "master"}),
            service("redis-replicas", {"app": "redis", "role": "replica"}),
            service("redis-headless", {"app": "redis"}, clusterIP="None"),
            workload("web", env=env(REDIS_HOST="redis-headless")),
        )
    )

    assert pairs(draft) == {("web", "redis-master"), ("web", "redis-replicas")}


@pytest.mark.parametrize(
    ("workload_name", "label", "services", "expected"),
    [
        ("details-v1", "details", ["details"], "details"),
        ("emoji", "emoji-svc", ["emoji-svc"], "emoji-svc"),
        ("mysql-deployment", "database", ["mysql-service"], "mysql-service"),
        ("orders", "orders", ["orders-metrics"], "orders"),
        ("web-v2", "shop", ["web-metrics", "web"], "web"),
        ("db", "db", ["postgres", "db"], "db"),
    ],
)
def test_a_part_has_the_name_that_callers_know(
    workload_name: str, label: str, services: list[str], expected: str
) -> None:
    one = workload(workload_name, labels={"app": label})

    draft = read(manifest(one, *(service(name, {"app": label}) for name in services)))

    assert list(draft.components) == [expected]
    assert draft.components[expected].aliases == {workload_name, *services} - {expected}


def test_the_same_name_in_two_namespaces_has_its_namespace_behind_it() -> None:
    draft = read(
        manifest(
            *both("redis", namespace="shop"),
            *both("redis", namespace="blog"),
            *both("web", namespace="shop", env=env(REDIS_HOST="redis", OTHER_URL="http://redis.blog:80")),
            *both("news", namespace="blog", env=env(REDIS_ADDR="redis.blog.svc.cluster.local:6379")),
        )
    )

    assert list(draft.components) == ["redis.shop", "redis.blog", "web", "news"]
    assert pairs(draft) == {("web", "redis.shop"), ("web", "redis.blog"), ("news", "redis.blog")}


def test_pods_and_replica_sets_of_a_controller_are_no_parts_of_their_own() -> None:
    owner = {"ownerReferences": [{"kind": "ReplicaSet", "name": "cart-579f59597d", "controller": True}]}
    pods = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"cart-579f59597d-{end}", "labels": {"pod-template-hash": "579f59597d"}, **owner},
            "spec": {"containers": [{"name": "main", "env": env(DB_HOST="db")}]},
        }
        for end in ("wc2lz", "x9k4d")
    ]
    old = workload("cart-1", "ReplicaSet")
    old["metadata"]["ownerReferences"] = [{"kind": "Deployment", "name": "cart"}]

    together = read(manifest(workload("cart"), old))
    alone = read(manifest(*pods, *both("db")))

    assert list(together.components) == ["cart"]
    assert alone.components["cart"].facts["replicas"].value == 2
    assert pairs(alone) == {("cart", "db")}


def test_objects_that_are_given_again_count_once_and_patches_do_not() -> None:
    patch = workload("web", spec={"replicas": 5})
    draft = read(
        manifest(patch, *both("cart")),
        manifest(*both("web", image="web:1", env=env(CART_ADDR="cart:80")), *both("cart")),
    )

    assert pairs(draft) == {("web", "cart")}
    assert draft.components["web"].facts["replicas"].value == 1
    assert "Given more than once, of which the first counts: web and cart." in draft.notes


def test_jobs_and_tests_of_helm_are_no_callers() -> None:
    job = workload("migrate", "Job", env=env(DB_HOST="db")) | {"apiVersion": "batch/v1"}
    test: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "probe", "annotations": {"helm.sh/hook": "test"}},
        "spec": {"containers": [{"name": "wget", "args": ["db:80"]}]},
    }

    draft = read(manifest(job, test, *both("db")))

    assert list(draft.components) == ["db"]
    assert "Jobs are no services, and what they call is left out: migrate." in draft.notes


# What settings name


def test_pods_of_a_stateful_set_are_called_by_their_own_hosts() -> None:
    hosts = "mongodb://u:p@db-0.db:27017,db-1.db.shop.svc.cluster.local:27017/x?replicaSet=rs0"
    headless = service("db", clusterIP="None", namespace="shop")

    draft = read(
        manifest(
            workload("db", "StatefulSet", namespace="shop", env=env(PEERS="db-0.db,db-1.db"), spec={"replicas": 2}),
            headless,
            *both("web", namespace="shop", env=env(MONGO_URL=hosts)),
        )
    )

    assert pairs(draft) == {("web", "db")}
    assert draft.unresolved == []


def test_a_service_for_a_single_pod_leads_to_its_workload() -> None:
    pod = {"app": "db", "statefulset.kubernetes.io/pod-name": "db-0"}

    draft = read(
        manifest(
            workload("db", "StatefulSet"), service("db-writer", pod), workload("web", env=env(DB_HOST="db-writer"))
        )
    )

    assert pairs(draft) == {("web", "db")}
    assert list(draft.components) == ["db", "web"]


def test_external_names_are_parts_outside_or_other_names_of_inside_ones() -> None:
    draft = read(
        manifest(
            service("ledger", {}, type="ExternalName", externalName="ledger.eu-west-1.rds.amazonaws.com"),
            service("old-cart", {}, type="ExternalName", externalName="cart.shop.svc.cluster.local"),
            *both("cart", namespace="shop"),
            workload("web", env=env(LEDGER_HOST="ledger", CART_ADDR="old-cart:80")),
            workload("audit", env=env(DB_URL="postgres://u@ledger.eu-west-1.rds.amazonaws.com/x")),
        )
    )

    assert pairs(draft) == {("web", "ledger"), ("web", "cart"), ("audit", "ledger")}
    assert "Outside the cluster (ExternalName): ledger." in draft.notes


def test_values_of_config_maps_count_with_prefix_by_key_and_as_files() -> None:
    draft = read(
        manifest(
            config("hosts", data={"CART_ADDR": "cart:80", "nginx.conf": "# mail:25\nproxy_pass http://orders:8080;\n"}),
            *(one for name in ("cart", "orders", "mail", "db") for one in both(name)),
            workload("one", envFrom=[{"prefix": "SHOP_", "configMapRef": {"name": "hosts"}}]),
            workload(
                "two",
                env=[{"name": "CART", "valueFrom": {"configMapKeyRef": {"name": "hosts", "key": "CART_ADDR"}}}],
            ),
            workload("three", pod={"volumes": [{"name": "v", "configMap": {"name": "hosts"}}]}),
            workload("four", envFrom=[{"configMapRef": {"name": "elsewhere"}}]),
        )
    )
    by_file = draft.edges["three", "orders"].origins[0]

    assert {pair for pair in pairs(draft) if pair[0] != "one"} == {
        ("two", "cart"),
        ("three", "cart"),
        ("three", "orders"),
    }
    assert ("one", "cart") in pairs(draft)
    assert draft.edges["two", "cart"].origins[0].what == "env CART from ConfigMap hosts"
    assert (by_file.evidence, by_file.what) == (Evidence.CONFIG, "nginx.conf in ConfigMap hosts")
    assert "ConfigMaps that are not in the files, so their hosts are not known: elsewhere." in draft.notes


@pytest.mark.parametrize(
    ("form", "line"), [("|\n    # hosts\n    url: http://cart:80", 7), ('"# hosts\\nurl: http://cart"', 5)]
)
def test_a_host_in_a_mounted_file_has_its_line_where_the_file_is_written_out(form: str, line: int) -> None:
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n  app.yaml: {form}\n"
    mounts = {"volumes": [{"name": "v", "configMap": {"name": "c"}}]}

    draft = read(text, manifest(*both("cart"), workload("web", pod=mounts)))

    assert (draft.edges["web", "cart"].origins[0].file, draft.edges["web", "cart"].origins[0].line) == (
        "file-1.yaml",
        line,
    )


def test_only_the_entries_that_a_volume_chooses_are_looked_through() -> None:
    volume = {"name": "v", "configMap": {"name": "all", "items": [{"key": "a.yaml", "path": "a.yaml"}]}}

    draft = read(
        manifest(
            config("all", data={"a.yaml": "host: cart", "b.yaml": "host: orders"}),
            *both("cart"),
            *both("orders"),
            workload("web", pod={"volumes": [volume]}),
        )
    )

    assert pairs(draft) == {("web", "cart")}


def test_secrets_give_hosts_and_nothing_else() -> None:
    encoded = base64.b64encode(b"redis://:hunter2@cache:6379").decode()
    draft = read(
        manifest(
            config("dsn", "Secret", stringData={"DATABASE_URL": "postgres://admin:hunter2@db:5432/shop"}),
            config("more", "Secret", data={"CACHE_URL": encoded, "KEY": "/////w==", "AUTH_SERVER": "aHVudGVyMg=="}),
            *both("db"),
            *both("cache"),
            workload(
                "web", envFrom=[{"secretRef": {"name": "dsn"}}, {"secretRef": {"name": "more"}}],
                args=["--peer=$(AUTH_SERVER):80"],
            ),
        )
    )  # fmt: skip

    assert found(draft) == {("web", "db", "store"), ("web", "cache", "store")}
    assert "hunter2" not in repr(draft)
    assert draft.unresolved == []


def test_references_to_other_variables_are_followed() -> None:
    own = {"name": "NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}
    draft = read(
        manifest(
            *(one for name in ("cart", "orders", "mail", "db") for one in both(name, namespace="shop")),
            workload(
                "web",
                namespace="shop",
                env=[
                    own,
                    *env(HOST="cart", URL="http://$(HOST):80", FULL="$(HOST).$(NAMESPACE).svc", NOT="$$(HOST)"),
                    *env(LATER="http://$(AFTER)/", AFTER="mail"),
                ],
                args=["--orders", "$(ORDERS_SERVICE_HOST):$(ORDERS_SERVICE_PORT)", "--db=${DB_ADDR:-db:5432}"],
            ),
        )
    )

    assert pairs(draft) == {("web", "cart"), ("web", "orders"), ("web", "db")}


def test_variables_that_name_each_other_over_and_over_stay_small() -> None:
    growing = env(V0="x" * 1000) + [{"name": f"V{n}", "value": f"$(V{n - 1})$(V{n - 1})"} for n in range(1, 2000)]

    draft = read(manifest(workload("web", env=growing)))

    assert list(draft.components) == ["web"]


def test_scripts_that_wait_for_a_host_name_it() -> None:
    waiting = (
        "until nc -z mysql 3306; do sleep 1; done; nslookup cart.$(cat /var/run/secrets/x/serviceaccount/namespace).svc"
    )
    init = {"initContainers": [{"name": "wait", "command": ["sh", "-c", waiting]}]}

    draft = read(manifest(*both("mysql"), *both("cart"), *both("until"), workload("web", pod=init)))

    assert pairs(draft) == {("web", "mysql"), ("web", "cart")}
    assert draft.edges["web", "mysql"].origins[0].evidence is Evidence.COMMAND


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POSTGRES_USER", "orders"),
        ("OTEL_SERVICE_NAME", "orders"),
        ("NO_PROXY", "orders,.svc"),
        ("LOG_LEVEL", "info"),
        ("ORDERS_ENABLED", "true"),
        ("JAVA_OPTS", "-Xms64m -Djava.security.egd=file:/dev/urandom"),
        ("TIME_FORMAT", "2006-01-02T15:04:05Z"),
    ],
)
def test_values_that_are_no_hosts_give_neither_calls_nor_references(name: str, value: str) -> None:
    draft = read(manifest(*both("orders"), workload("web", env=env(**{name: value}))))

    assert (pairs(draft), draft.unresolved) == (set(), [])


def test_what_a_call_is_for_follows_from_names_and_images() -> None:
    draft = read(
        manifest(
            *both("sessions", image="docker.io/library/redis:7"),
            *both("kafka", image="bitnami/kafka"),
            *both("otel-collector"),
            workload(
                "web", env=env(SESSIONS_HOST="sessions", KAFKA_ADDR="kafka:9092", OTLP_ENDPOINT="otel-collector:4317")
            ),
        )
    )

    assert found(draft) == {
        ("web", "sessions", "store"),
        ("web", "kafka", "async_produce"),
        ("web", "otel-collector", "telemetry"),
    }
    assert draft.components["sessions"].is_store
    assert draft.components["kafka"].is_store


# Scale, zones, entry points


def test_replicas_are_what_the_files_say_or_the_default_of_kubernetes() -> None:
    scaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": meta("orders"),
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "orders"}, "minReplicas": 2, "maxReplicas": 9},
    }
    draft = read(
        manifest(
            workload("plain"), workload("three", spec={"replicas": 3}), workload("orders", spec={"replicas": 7}),
            scaler, workload("agent", "DaemonSet"), workload("off", spec={"replicas": 0}),
        )
    )  # fmt: skip
    known = {name: fact.value for name, one in draft.components.items() if (fact := one.facts.get("replicas"))}

    assert known == {"plain": 1, "three": 3, "orders": 2}
    assert "default of Kubernetes" in draft.components["plain"].facts["replicas"].why
    assert "orders up to 9" in said(draft)
    assert "how many nodes there are is not in the files: agent" in said(draft)
    assert "taken as one replica each: off" in said(draft)


def test_zones_are_taken_where_they_are_named() -> None:
    zone = "topology.kubernetes.io/zone"
    rule = {"matchExpressions": [{"key": zone, "operator": "In", "values": ["a", "b"]}]}
    affinity = {
        "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [rule]}},
    }
    spread = [{"topologyKey": zone, "maxSkew": 1}]
    draft = read(
        manifest(
            workload("one", pod={"nodeSelector": {zone: "a"}}), workload("two", pod={"affinity": affinity}),
            workload("any", pod={"topologySpreadConstraints": spread, "nodeSelector": {"kubernetes.io/os": "linux"}}),
        )
    )  # fmt: skip
    known = {name: fact.value for name, one in draft.components.items() if (fact := one.facts.get("zones"))}

    assert known == {"one": ["a"], "two": ["a", "b"]}


def test_what_ingresses_routes_and_open_services_lead_to_is_an_entry_point() -> None:
    path = {"path": "/", "backend": {"service": {"name": "shop", "port": {"number": 80}}}}
    old = {"apiVersion": "extensions/v1beta1", "kind": "Ingress", "metadata": meta("old")}
    draft = read(
        manifest(
            *(one for name in ("shop", "blog", "api", "inner", "quiet") for one in both(name)),
            workload("db", image="postgres"), service("db", type="NodePort"),
            {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta("new"),
             "spec": {"rules": [{"http": {"paths": [path]}}]}},
            old | {"spec": {"backend": {"serviceName": "blog", "servicePort": 80}}},
            {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GRPCRoute", "metadata": meta("api"),
             "spec": {"parentRefs": [{"name": "gw"}], "rules": [{"backendRefs": [{"name": "api", "port": 80}]}]}},
            {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": meta("mesh"),
             "spec": {"parentRefs": [{"kind": "Service"}], "rules": [{"backendRefs": [{"name": "inner"}]}]}},
        )
    )  # fmt: skip

    assert {name for name, one in draft.components.items() if "entry_point" in one.facts} == {"shop", "blog", "api"}
    assert draft.components["shop"].facts["entry_point"].why == "Ingress new leads to it"


# Policies


def policy(name: str, pods: Any, *peers: Any, namespace: str = "") -> dict[str, Any]:
    rules = [{"from": list(peers)}] if peers else []
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": meta(name, namespace),
        "spec": {"podSelector": pods, "ingress": rules},
    }


def pods(**labels: str) -> dict[str, Any]:
    return {"podSelector": {"matchLabels": labels}}


def test_policies_follow_namespaces_and_expressions() -> None:
    one_of = {"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "api"]}]}}
    elsewhere = pods(app="scraper") | {"namespaceSelector": {"matchLabels": {"team": "ops"}}}
    by_name = pods(app="web") | {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "blog"}}}
    draft = read(
        manifest(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ops", "labels": {"team": "ops"}}},
            *(one for name in ("web", "api", "db") for one in both(name, namespace="shop")),
            *both("scraper", namespace="ops"),
            *both("scraper", namespace="blog"),
            policy("db", {"matchLabels": {"app": "db"}}, one_of, elsewhere, by_name, namespace="shop"),
        )
    )

    assert pairs(draft) == {("web", "db"), ("api", "db"), ("scraper.ops", "db")}


@pytest.mark.parametrize(
    ("selector", "peers"),
    [
        ({}, [pods(app="web")]),
        ({"matchLabels": None}, [pods(app="web")]),
        (None, [pods(app="web")]),
        ({"matchLabels": {"app": "db"}}, []),
        ({"matchLabels": {"app": "db"}}, [{"podSelector": {}}]),
        ({"matchLabels": {"app": "db"}}, [{"ipBlock": {"cidr": "10.0.0.0/8"}}]),
        ({"matchLabels": {"app": "db"}}, [{"namespaceSelector": {}}]),
        ({"matchLabels": {"app": "db"}}, [pods(app="db")]),
    ],
)
def test_policies_that_name_no_caller_or_no_callee_allow_no_calls(selector: Any, peers: list[Any]) -> None:
    draft = read(manifest(*both("web"), *both("db"), policy("p", selector, *peers)))

    assert draft.edges == {}


# The forms that manifests come in


def test_output_of_helm_with_comments_and_empty_documents_is_read() -> None:
    text = "---\n# Source: shop/templates/empty.yaml\n---\n\n---\n" + manifest(*both("web")) + "---\n# end\n"

    assert list(read(text).components) == ["web"]


def test_lists_in_yaml_and_json_say_the_same_as_single_documents() -> None:
    objects = [*both("cart"), *both("web", env=env(CART_ADDR="cart:80"))]
    items = {"apiVersion": "v1", "kind": "List", "items": objects}
    typed = {"apiVersion": "v1", "kind": "ServiceList", "items": [{"metadata": meta("cart"), "spec": {}}]}

    single = read(manifest(*objects))
    forms = (manifest(items), json.dumps(items), json.dumps(objects), "\n".join(map(json.dumps, objects)))

    assert all(found(read(text)) == found(single) == {("web", "cart", "sync")} for text in forms)
    assert list(read(json.dumps(typed)).components) == ["cart"]


def test_where_no_service_is_given_workloads_answer_to_their_names() -> None:
    draft = read(manifest(workload("cart"), workload("web", env=env(CART_ADDR="cart:80"))))

    assert pairs(draft) == {("web", "cart")}


def test_custom_kinds_are_counted_in_one_note() -> None:
    monitor = {"apiVersion": "monitoring.coreos.com/v1", "kind": "ServiceMonitor", "metadata": meta("x")}
    account = config("x", "ServiceAccount")

    draft = read(manifest(workload("web"), monitor, monitor, account))

    assert draft.notes == ["Kinds that are not known here were passed over: 2 ServiceMonitor."]


def test_the_same_files_give_the_same_draft() -> None:
    once, again = (repr(read_files(FILES / "online-boutique")) for _ in range(2))

    assert once == again


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("kubernetes/online-boutique/kubernetes-manifests.yaml", True),
        ("kubernetes/sock-shop/complete-demo.yaml", True),
        ("kubernetes/sock-shop/network-policies/netpol-cart-access.yaml", True),
        ("kubernetes/online-boutique/istio-manifests.yaml", False),
        ("kubernetes/online-boutique/helm-values.yaml", False),
        ("istio/bookinfo/destination-rule-all.yaml", False),
        ("istio/bookinfo/bookinfo-gateway.yaml", False),
        ("backstage/artist-lookup-component.yaml", False),
        ("slo/openslo-getting-started.yml", False),
        ("slo/sloth-k8s-getting-started.yml", False),
        ("compose/sock-shop/docker-compose.yml", False),
        ("isotope/canonical.yaml", False),
        ("kiali/service_graph.json", False),
        ("otlp-trace/opentelemetry-proto-trace.json", False),
    ],
)
def test_its_files_are_told_from_others(path: str, expected: bool) -> None:  # noqa: FBT001 - a column of the table
    assert FORMAT.recognises(Document(path, REAL / path)) is expected


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        ([{"apiVersion": "openslo/v1", "kind": "Service", "metadata": meta("x")}], False),
        ([{"apiVersion": "v1", "kind": "List", "items": [workload("web")]}], True),
        ([{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "security.istio.io/v1", "kind": "A"}]}], False),
        ([{"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute"}], False),
        ([{"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute"}, service("web")], True),
        ([{"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "x": ["y"] * 40_000}], True),
    ],
)  # fmt: skip
def test_lists_and_mixtures_are_told_by_what_is_in_them(objects: list[Any], expected: bool) -> None:  # noqa: FBT001
    assert FORMAT.recognises(Document("x.yaml", content=manifest(*objects).encode())) is expected
    if len(objects) == 1:
        assert FORMAT.recognises(Document("x.json", content=json.dumps(objects[0]).encode())) is expected


# Broken inputs


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Values.name }}-x\n",
            "file-1.yaml:4:",
        ),
        (
            'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: "{{ .Release.Name }}"\n',
            "looks like a template ({{ }}); render it first, as helm template CHART does, or leave it out",
        ),
        ("a: {b: c", "file-1.yaml:2:1: not YAML"),
        ('{"apiVersion": "v1", "kind": "List", "items": [', "file-1.yaml:1:48: not JSON"),
        ("services: {web: {image: x}}", "holds no Kubernetes object (apiVersion, kind); expected manifests"),
        ("apiVersion: networking.istio.io/v1\nkind: Sidecar", "holds only rules of Istio; they add to a topology"),
        ("apiVersion: argoproj.io/v1\nkind: Workflow", "holds no workload, Service or policy of Kubernetes"),
        ("apiVersion: v1\nkind: Service\nmetadata: []", "objects without a usable metadata.name"),
        ("", "holds no Kubernetes object"),
        ('{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": ' + "[" * 500 + "]" * 500 + "}",
         "nested too deep"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(TopologyError) as raised:
        read(text)

    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_very_many_calls_are_refused_rather_than_followed() -> None:
    many = config("all", data={f"k{number}": f"http://s{number}:80" for number in range(1000)})
    mounts = {"volumes": [{"name": "v", "configMap": {"name": "all"}}]}
    items = [many, *(workload(f"w{number}", pod=mounts) for number in range(600))]

    with pytest.raises(TopologyError, match="settings name too many parts"):
        read(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))


ODD: Final[tuple[Any, ...]] = (
    *(None, True, -1, 1e300, 10**400, "", "\u2028x\x00", "a b>c", "x" * 300),
    *([], [None], {}, {"a": []}, [[1]]),
)
LONGEST: Final = 200


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, child in children for place in places(child, (*path, key)))]


def put(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    if not path:
        return odd
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[path[0]] = put(value[path[0]], path[1:], odd)
    return changed


RICH: Final[list[Any]] = [
    *both("cart", env=env(A_HOST="redis", B="$(A_HOST):1")),
    *both("web", envFrom=[{"configMapRef": {"name": "c"}}, {"secretRef": {"name": "s"}}], args=["--x=cart:80", "-h"]),
    config("c", data={"CART": "cart:80", "f.conf": "host: cart\nurl: http://db:1"}),
    config("s", "Secret", data={"X": "Y2FydDo4MA=="}, stringData={"Y_URL": "http://cart:80"}),
    policy("p", {"matchLabels": {"app": "cart"}}, pods(app="web"), {"namespaceSelector": {"matchLabels": {"a": "b"}}}),
    {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": meta("h"),
     "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "minReplicas": 2, "maxReplicas": 3}},
    {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta("i"),
     "spec": {"rules": [{"http": {"paths": [{"backend": {"service": {"name": "web"}}}]}}]}},
    service("out", {}, type="ExternalName", externalName="db.example.com"),
]  # fmt: skip
PLACES: Final = [path for path in places(RICH) if path]


@settings(max_examples=150, deadline=None)
@given(
    changes=st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(ODD)), min_size=1, max_size=4),
    as_json=st.booleans(),
)
def test_odd_values_anywhere_give_a_draft_or_one_clear_line(changes: list[tuple[Any, Any]], *, as_json: bool) -> None:
    value: Any = RICH
    for path, odd in changes:
        try:
            value = put(value, path, odd)
        except (KeyError, IndexError, TypeError):  # an earlier change has taken the place away
            continue
    text = json.dumps(value) if as_json else yaml.safe_dump_all(value if isinstance(value, list) else [value])
    try:
        draft = read(text)
    except TopologyError as error:
        problems = error.problems
    else:
        problems = ()
        assert all(name.isprintable() and len(name) <= LONGEST for name in draft.components)
    assert len(problems) <= 1


@settings(max_examples=60, deadline=None)
@given(end=st.integers(0, 30_000), junk=st.text(max_size=8), at=st.integers(0, 30_000))
def test_files_that_are_cut_off_or_damaged_give_a_draft_or_one_clear_line(end: int, junk: str, at: int) -> None:
    text = BOUTIQUE.read_text(encoding="utf-8")
    damaged = (text[:at] + junk + text[at:])[: end + 1]
    document = Document("x.yaml", content=damaged.encode("utf-8", errors="replace"))

    FORMAT.recognises(document)
    with contextlib.suppress(TopologyError):
        FORMAT.reads([document], Draft(), Options())
