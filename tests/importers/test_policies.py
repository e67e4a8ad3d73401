"""Istio, Gateway API, Linkerd and Envoy: what their rules mean for calls that other sources know."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import cascade
from cascade.errors import TopologyError
from cascade.importers.draft import Draft, Evidence, Kind, Origin
from cascade.importers.format import Format, Options
from cascade.importers.formats import envoy, gateway_api, istio, linkerd, topology
from cascade.importers.merge import Part
from cascade.importers.policies import CallPolicy, apply, names_in, spelled
from cascade.importers.reading import Imported, imported
from cascade.importers.remarks import Remarks
from cascade.importers.sources import Document

REAL: Final = Path(__file__).parents[1] / "realworld"
BOOKINFO: Final = REAL / "istio" / "bookinfo"
BOUTIQUE: Final = REAL / "kubernetes" / "online-boutique" / "istio-manifests.yaml"
FORMATS: Final = (istio.FORMAT, gateway_api.FORMAT, linkerd.FORMAT, envoy.FORMAT)
ENVOY_BACKOFF: Final = {"initial": "25ms", "multiplier": 2, "max": "250ms", "jitter": "full"}


def drafted(form: Format, *texts: str | Path) -> Draft:
    draft = Draft()
    documents = [
        Document(text.name, text) if isinstance(text, Path) else Document(f"{n}.yaml", content=text.encode())
        for n, text in enumerate(texts)
    ]
    form.reads(documents, draft, Options())
    return draft


def laid_over(calls: str, form: Format, *texts: str | Path) -> Imported:
    """Lay rules over a topology, all the way to what the engine gets."""
    stated = drafted(topology.FORMAT, f"version: 1\nservices:\n{calls}")
    parts = [Part(topology.FORMAT, stated), Part(form, drafted(form, *texts))]
    return imported(parts, Options(), "system")


def facts(form: Format, text: str) -> dict[str, Any]:
    """Give what some rules say of calls to ``b``."""
    known: dict[str, Any] = {}
    for policy in drafted(form, text).policies:
        if spelled(policy.callee)[0] == "b":
            known |= {key: fact.value for key, fact in policy.facts.items()}
    return known


def virtual_service(rule: str, more: str = "") -> str:
    return f"""
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: b{more}}}
spec: {{hosts: [b], http: [{{route: [{{destination: {{host: b}}}}]{rule}}}]}}
"""


# What a rule is worth


@pytest.mark.parametrize(
    ("rule", "timeout", "attempts"),
    [
        ("", None, None),
        (", timeout: 0s", None, None),
        (", timeout: 10s", "10s", None),
        (", retries: {attempts: 2}", None, 3),
        (", retries: {attempts: 0}", None, 1),
        (", timeout: 10s, retries: {attempts: 2}", "10s", 3),
        (", retries: {attempts: 2, perTryTimeout: 2s}", "2s", 3),
        (", timeout: 10s, retries: {attempts: 3, perTryTimeout: 2s}", "2s", 4),
        (", timeout: 6s, retries: {attempts: 3, perTryTimeout: 2s}", "2s", 3),
        (", timeout: 3s, retries: {attempts: 3, perTryTimeout: 2s}", "2s", 1),
        (", timeout: 1s, retries: {attempts: 3, perTryTimeout: 2s}", "1s", 1),
        (", timeout: 0.3s, retries: {attempts: 2, perTryTimeout: 100ms}", "100ms", 3),
        (", retries: {attempts: 40, perTryTimeout: 1h1m}", "3660s", 10),
    ],
)
def test_istio_counts_retries_and_times_the_whole_call(rule: str, timeout: str | None, attempts: int | None) -> None:
    found = facts(istio.FORMAT, virtual_service(rule))

    assert found.get("timeout") == timeout
    assert found.get("retry", {}).get("max_attempts") == attempts
    if attempts and attempts > 1:
        assert found["retry"]["backoff"] == ENVOY_BACKOFF


def test_slowness_is_not_retried_without_a_timeout_for_one_try() -> None:
    [policy] = drafted(istio.FORMAT, virtual_service(", timeout: 10s, retries: {attempts: 2}")).policies

    assert "slowness is never retried" in policy.facts["timeout"].why
    [policy] = drafted(
        istio.FORMAT, virtual_service(", timeout: 3s, retries: {attempts: 2, perTryTimeout: 2s}")
    ).policies
    assert "of 3 only 1 of 2s fit into 3s" in policy.facts["retry"].why


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("timeouts: {request: 10s}", {"timeout": "10s"}),
        ("timeouts: {request: 10s, backendRequest: 2s}", {"timeout": "2s"}),
        ("retry: {attempts: 2}", {"retry": {"max_attempts": 3}}),
        (
            "timeouts: {request: 10s, backendRequest: 2s}, retry: {attempts: 3, backoff: 50ms, codes: [500, 503]}",
            {"timeout": "2s", "retry": {"max_attempts": 4, "backoff": {"initial": "50ms", "multiplier": 1}}},
        ),
    ],
)
def test_gateway_api_routes_that_hang_on_a_service(rule: str, expected: dict[str, Any]) -> None:
    text = f"""
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: r}}
spec: {{parentRefs: [{{kind: Service, group: "", name: b}}], rules: [{{backendRefs: [{{name: b, port: 80}}], {rule}}}]}}
"""
    assert facts(gateway_api.FORMAT, text) == expected


BUDGET: Final = """
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackendTrafficPolicy
metadata: {name: p}
spec:
  targetRefs: [{group: "", kind: Service, name: b}]
  retryConstraint: {budget: {percent: 30, interval: 10s}, minRetryRate: {count: 5, interval: 2s}}
"""


def test_a_gateway_api_budget_limits_the_retries_of_a_route() -> None:
    found = laid_over(
        "  a: {calls: [{to: b, retry: {max_attempts: 3}}]}\n  b:",
        gateway_api.FORMAT,
        BUDGET,
    )
    [call] = found.topology.services["a"].calls

    assert call.retry
    assert call.retry.budget
    assert (call.retry.budget.ratio_fraction, call.retry.budget.min_per_second_rps) == (0.3, 2.5)


@pytest.mark.parametrize(
    ("annotations", "timeout", "attempts"),
    [
        ("retry.linkerd.io/http: 5xx", None, 2),
        ('retry.linkerd.io/http: 5xx, retry.linkerd.io/limit: "2"', None, 3),
        ("retry.linkerd.io/http: 5xx, retry.linkerd.io/timeout: 400ms, timeout.linkerd.io/request: 2s", "400ms", 2),
        ("timeout.linkerd.io/request: 2s, timeout.linkerd.io/response: 1s", "1s", None),
        ('retry.linkerd.io/grpc: internal, retry.linkerd.io/limit: "3", timeout.linkerd.io/response: 1s', "1s", 4),
    ],
)
def test_linkerd_annotations(annotations: str, timeout: str | None, attempts: int | None) -> None:
    text = f"""
apiVersion: v1
kind: Service
metadata: {{name: b, namespace: shop, annotations: {{{annotations}}}}}
"""
    found = facts(linkerd.FORMAT, text)

    assert found.get("timeout") == timeout
    assert found.get("retry", {}).get("max_attempts") == attempts


PROFILE: Final = """
apiVersion: v1
kind: Service
metadata: {name: b, namespace: shop, annotations: {retry.linkerd.io/limit: "1"}}
---
apiVersion: linkerd.io/v1alpha2
kind: ServiceProfile
metadata: {name: b.shop.svc.cluster.local, namespace: shop}
spec:
  routes: [{name: GET /, condition: {method: GET}, isRetryable: true, timeout: 300ms}]
  retryBudget: {retryRatio: 0.5, minRetriesPerSecond: 3, ttl: 10s}
"""


def test_a_service_profile_retries_within_its_budget_alone_and_overrules_annotations() -> None:
    draft = drafted(linkerd.FORMAT, PROFILE)

    [policy] = draft.policies
    assert policy.facts["timeout"].value == "300ms"
    assert policy.facts["retry"].value["max_attempts"] == 10
    assert policy.facts["retry"].value["budget"] == {"ratio": "50%", "min_per_second": "3/s"}
    assert any("overrules" in note for note in draft.notes)


@pytest.mark.parametrize(
    ("rule", "timeout", "attempts", "backoff"),
    [
        ("", "15s", None, None),
        (", timeout: 0s", None, None, None),
        (", timeout: 0.25s", "250ms", None, None),
        (", retry_policy: {retry_on: 5xx}", "15s", 2, ENVOY_BACKOFF),
        (", retry_policy: {retry_on: 5xx, num_retries: 3, per_try_timeout: 0.3s}", "300ms", 4, ENVOY_BACKOFF),
        (
            ", retryPolicy: {retryOn: 5xx, numRetries: 1, retryBackOff: {baseInterval: 0.1s, maxInterval: 2s}}",
            "15s",
            2,
            {"initial": "100ms", "multiplier": 2, "max": "2s", "jitter": "full"},
        ),
    ],
)
def test_envoy_routes(rule: str, timeout: str | None, attempts: int | None, backoff: dict[str, Any] | None) -> None:
    text = f"""
virtual_hosts: [{{name: all, domains: ["*"], routes: [{{match: {{prefix: /}}, route: {{cluster: b{rule}}}}}]}}]
"""
    found = facts(envoy.FORMAT, text)

    assert found.get("timeout") == timeout
    assert found.get("retry", {}).get("max_attempts") == attempts
    assert found.get("retry", {}).get("backoff") == backoff


FRONT_PROXY: Final = """
node: {cluster: front, id: front-1}
static_resources:
  listeners:
  - filter_chains:
    - filters:
      - typed_config:
          route_config:
            virtual_hosts:
            - domains: ["*"]
              retry_policy: {retry_on: 5xx, num_retries: 2, per_try_timeout: 1s}
              routes:
              - {match: {prefix: /a}, route: {cluster: cluster_a, timeout: 5s}}
              - {match: {prefix: /old}, redirect: {path_redirect: /new}}
              - match: {prefix: /}
                route:
                  weighted_clusters: {clusters: [{name: cluster_a, weight: 75}, {name: cluster_b, weight: 25}]}
          http_filters:
          - name: envoy.filters.http.fault
            typed_config:
              delay: {fixed_delay: 5s, percentage: {numerator: 1000, denominator: TEN_THOUSAND}}
              upstream_cluster: cluster_b
  clusters:
  - name: cluster_a
    connect_timeout: 0.25s
    circuit_breakers: {thresholds: [{max_requests: 100, max_connections: 4294967295}]}
    load_assignment:
      endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: a, port_value: 80}}}}]}]
  - name: cluster_b
    connect_timeout: 0.25s
    load_assignment:
      endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 10.0.0.1, port_value: 80}}}}]}]
"""


def test_an_envoy_at_the_front_calls_its_clusters() -> None:
    draft = drafted(envoy.FORMAT, FRONT_PROXY)

    assert set(draft.edges) == {("front", "a")}
    assert draft.components["a"].aliases == {"cluster_a"}
    by_name = {policy.callee: policy for policy in draft.policies if policy.facts}
    assert by_name["cluster_a"].other_names == ("a",)
    assert by_name["cluster_a"].facts["timeout"].value == "1s"
    assert by_name["cluster_b"].facts["per_request"].value == 0.25
    assert by_name["cluster_b"].caller == "front"
    [scenario] = draft.scenarios.values()
    assert scenario["events"] == [{"at": "5m", "degrade": "cluster_b", "delay": "5s", "delayed": "10%", "for": "20m"}]
    [limits] = [note for note in draft.notes if "Circuit breakers of Envoy" in note]
    assert "max_requests 100" in limits
    assert "max_connections" not in limits


def test_a_dump_of_a_mesh_names_hosts_and_draws_no_calls() -> None:
    dump = {
        "configs": [
            {"bootstrap": {"node": {"cluster": "productpage.shop"}}},
            {
                "dynamic_route_configs": [
                    {
                        "route_config": {
                            "virtual_hosts": [
                                {"routes": [{"match": {"prefix": "/"}, "route": {"cluster": cluster, "timeout": "0s"}}]}
                                for cluster in (
                                    "outbound|9080|v2|reviews.shop.svc.cluster.local",
                                    "inbound|9080||",
                                )
                            ]
                        }
                    }
                ]
            },
        ]
    }
    dump["configs"][1]["dynamic_route_configs"][0]["route_config"]["virtual_hosts"][0]["retry_policy"] = {  # type: ignore[index]
        "num_retries": 2
    }
    draft = drafted(envoy.FORMAT, json.dumps(dump))

    assert not draft.edges
    assert {(policy.callee, policy.caller) for policy in draft.policies} == {
        ("reviews.shop.svc.cluster.local", "productpage.shop"),
        ("reviews-v2.shop.svc.cluster.local", "productpage.shop"),
    }


# Which calls a rule is about


@pytest.mark.parametrize(
    ("host", "part", "alias", "is_meant"),
    [
        ("reviews", "reviews", "", True),
        ("reviews.shop", "reviews", "", True),
        ("reviews.shop.svc.cluster.local", "reviews", "", True),
        ("reviews", "reviews.shop", "", True),
        ("reviews.shop", "reviews.test", "", False),
        ("reviews.shop", "reviews", "reviews.test", False),
        ("reviews", "reviews-v1", "reviews", True),
        ("reviews", "reviews-v1", "", False),
        ("cluster_a", "cluster-a", "", True),
        ("example.com", "example", "", False),
        ("www.example.com", "www.example.com", "", True),
    ],
)
def test_a_host_means_the_part_of_that_name(host: str, part: str, alias: str, *, is_meant: bool) -> None:
    draft = Draft()
    draft.component(part).aliases |= {alias} - {""}

    assert names_in(draft).find(host) == ([part] if is_meant else [])


def test_what_is_said_for_one_caller_comes_first_and_the_rest_holds_for_all() -> None:
    rules = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: b, namespace: shop}
spec:
  hosts: [b]
  http:
  - match: [{sourceLabels: {app: a}}]
    route: [{destination: {host: b}}]
    timeout: 1s
  - route: [{destination: {host: b}}]
    timeout: 2s
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: nobody}
spec: {hosts: [nobody], http: [{route: [{destination: {host: nobody}}], timeout: 2s}]}
"""
    found = laid_over(
        "  a: {calls: [b]}\n  c: {calls: [b]}\n  d: {calls: [{to: b, timeout: 7s}]}\n  b:", istio.FORMAT, rules
    )

    timeouts = {name: call.timeout_s for name, service in found.topology.services.items() for call in service.calls}
    assert timeouts == {"a": 1.0, "c": 2.0, "d": 7.0}
    assert any("1 of 3 rules of the mesh match nothing" in note for note in found.report.notes)
    assert any("timeout of d -> b (7s" in note for note in found.report.notes)
    assert "derived: timeout of VirtualService b" in found.text


def test_rules_for_users_at_a_gateway_are_no_rules_for_calls() -> None:
    rules = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: ["*"]
  gateways: [shop-gateway]
  http: [{route: [{destination: {host: b}}], timeout: 2s}]
"""
    found = laid_over("  a: {calls: [b]}\n  b:", istio.FORMAT, rules)

    [call] = found.topology.services["a"].calls
    assert call.timeout_s is None
    assert any("gateway" in note and "2s" in note for note in found.report.notes)


def test_where_rules_for_a_host_differ_by_request_the_one_for_all_requests_holds() -> None:
    text = virtual_service(", timeout: 9s").replace("http: [", "http: [{match: [{uri: {prefix: /slow}}], "
        "route: [{destination: {host: b}}], timeout: 60s}, ")  # fmt: skip
    [policy] = drafted(istio.FORMAT, text).policies
    assert policy.facts["timeout"].value == "9s"
    assert not policy.facts["timeout"].is_assumed

    only = text.replace("{route: [{destination: {host: b}}], timeout: 9s}", "{match: [{uri: {prefix: /x}}], "
        "route: [{destination: {host: b}}], timeout: 9s}")  # fmt: skip
    [policy] = drafted(istio.FORMAT, only).policies
    assert policy.facts["timeout"].value == "60s"
    assert policy.facts["timeout"].is_assumed


def test_outlier_detection_and_connection_pools_are_told_and_become_no_circuit_breaker() -> None:
    rules = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: b}
spec:
  host: b
  trafficPolicy:
    connectionPool:
      tcp: {maxConnections: 100, connectTimeout: 30ms}
      http: {http2MaxRequests: 1000, http1MaxPendingRequests: 2147483647}
    outlierDetection: {consecutive5xxErrors: 7, interval: 5m, baseEjectionTime: 15m}
"""
    found = laid_over("  a: {calls: [b]}\n  b:", istio.FORMAT, rules)

    [call] = found.topology.services["a"].calls
    assert call.circuit_breaker is None
    assert "b (7 errors in a row, out for 900s, at most 10%)" in " ".join(found.report.notes)
    assert "b (tcp.maxConnections 100, http.http2MaxRequests 1000, tcp.connectTimeout 30ms)" in " ".join(
        found.report.notes
    )


# The real files


def test_bookinfo_has_an_entry_point_a_part_outside_and_three_faults() -> None:
    draft = drafted(istio.FORMAT, *sorted(BOOKINFO.glob("*.yaml")))

    assert {name: sorted(part.facts) for name, part in draft.components.items()} == {
        "www.googleapis.com": ["description"],
        "productpage": ["entry_point"],
    }
    assert {name: scenario["events"] for name, scenario in draft.scenarios.items()} == {
        "details-abort": [{"at": "5m", "degrade": "details", "errors": "100%", "for": "20m"}],
        "ratings-abort": [{"at": "5m", "degrade": "ratings", "errors": "100%", "for": "20m"}],
        "ratings-delay": [{"at": "5m", "degrade": "ratings", "delay": "7s", "for": "20m"}],
    }
    assert not draft.edges
    assert any("more than once" in note and "VirtualService ratings" in note for note in draft.notes)


def test_a_split_by_weight_is_a_share_of_the_calls_where_versions_are_parts() -> None:
    found = laid_over(
        "  page: {calls: [reviews-v1, reviews-v2, reviews-v3]}\n  reviews-v1:\n  reviews-v2:\n  reviews-v3:",
        istio.FORMAT,
        BOOKINFO / "destination-rule-all.yaml",
        BOOKINFO / "virtual-service-reviews-90-10.yaml",
    )

    calls = {call.to: call.per_request for call in found.topology.services["page"].calls}
    assert calls == {"reviews-v1": 0.9, "reviews-v2": 0.1, "reviews-v3": 0.0}
    assert any("90 to reviews-v1 / 10 to reviews-v2" in note for note in found.report.notes)


def test_a_fault_strikes_the_version_that_its_rule_leads_to_where_there_is_one() -> None:
    fault = BOOKINFO / "virtual-service-ratings-test-delay.yaml"
    found = laid_over("  reviews: {calls: [ratings-v1, ratings-v2]}\n  ratings-v1:\n  ratings-v2:", istio.FORMAT, fault)
    [event] = found.topology.scenarios["ratings-delay"].events
    assert (event.target, event.delay_s, event.delayed_fraction) == ("ratings-v1", 7.0, 1.0)

    found = laid_over("  a: {calls: [b]}\n  b:", istio.FORMAT, fault)
    assert not found.topology.scenarios
    assert any("match nothing" in note for note in found.report.notes)


def test_the_values_that_requests_are_matched_by_are_kept_to_the_file() -> None:
    found = laid_over("  reviews: {calls: [ratings]}\n  ratings:", istio.FORMAT, *sorted(BOOKINFO.glob("*.yaml")))

    assert "headers end-user" in found.text
    assert "jason" not in found.text + str(found.report)


def test_the_rules_of_online_boutique_are_read_by_both_formats() -> None:
    outside = drafted(istio.FORMAT, BOUTIQUE)
    entry = drafted(gateway_api.FORMAT, BOUTIQUE)

    assert set(outside.components) == {"accounts.google.com", "metadata.google.internal"}
    assert [(name, sorted(part.facts)) for name, part in entry.components.items()] == [("frontend", ["entry_point"])]


@pytest.mark.parametrize(
    ("path", "names"),
    [
        *((path, ["istio"]) for path in sorted(BOOKINFO.glob("*.yaml"))),
        (BOUTIQUE, ["istio", "gateway-api"]),
        (REAL / "kubernetes/sock-shop/complete-demo.yaml", []),
        (REAL / "compose/sock-shop/docker-compose.yml", []),
        (REAL / "zipkin/envoy.json", []),
        (REAL / "slo/sloth-k8s-getting-started.yml", []),
        (REAL / "backstage/www-artist-component.yaml", []),
    ],
    ids=lambda value: value.name if isinstance(value, Path) else None,
)
def test_files_are_known_by_what_is_in_them(path: Path, names: list[str]) -> None:
    assert [form.name for form in FORMATS if form.recognises(Document(path.name, path))] == names


def test_what_kubectl_gives_is_a_list_and_json_is_yaml() -> None:
    [rule] = yaml.safe_load_all(virtual_service(", timeout: 4s"))
    listing = json.dumps({"apiVersion": "v1", "kind": "List", "items": [rule, None, 7]}, indent=1)

    assert facts(istio.FORMAT, listing) == {"timeout": "4s"}


# What goes wrong


@pytest.mark.parametrize(
    ("form", "text", "message"),
    [
        (istio.FORMAT, "kind: [", "0.yaml:2:1: not YAML"),
        (
            istio.FORMAT,
            "apiVersion: v1\nkind: List\nitems: []",
            "0.yaml: nothing of networking.istio.io in it; expected",
        ),
        (gateway_api.FORMAT, "apiVersion: v1\nkind: Pod", "0.yaml: nothing of gateway.networking.k8s.io or"),
        (linkerd.FORMAT, "- 1", "0.yaml: nothing of linkerd.io or"),
        (envoy.FORMAT, "admin: {}", "0.yaml: no routes or clusters of Envoy in it; export them with curl"),
        (envoy.FORMAT, "a: &a [*a]", "0.yaml:1:8: the anchor '&a' contains itself"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(form: Format, text: str, message: str) -> None:
    with pytest.raises(TopologyError) as error:
        drafted(form, text)

    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("rule", [", timeout: 5", ", timeout: soon", ", timeout: [1s]", ", timeout: -1s"])
def test_a_time_without_a_unit_is_passed_over_and_told(rule: str) -> None:
    draft = drafted(istio.FORMAT, virtual_service(rule))

    assert not draft.policies
    assert any("durations need a unit" in note and "0.yaml:5" in note for note in draft.notes)


def test_a_policy_for_a_group_and_a_scenario_for_its_members() -> None:
    draft = Draft()
    origin = Origin(Evidence.ROUTE, "file", 1, "rule")
    draft.edge("page", "reviews", Kind.SYNC, origin)
    draft.components.pop("reviews")
    draft.component("v1")
    draft.groups["reviews"] = {"members": ["v1", "reviews"]}
    draft.scenarios["slow"] = {"events": [{"at": "1m", "degrade": "reviews", "delay": "1s"}]}
    apply([CallPolicy(callee="reviews", facts={}, origin=origin, scenario="slow")], draft)

    assert [event["degrade"] for event in draft.scenarios["slow"]["events"]] == ["v1"]


def test_long_lists_of_remarks_are_cut_off() -> None:
    remarks, draft = Remarks(), Draft()
    for count in range(1000):
        remarks.add("Many", str(count))
    remarks.tell(draft)

    assert draft.notes[0].endswith("11 and 988 more")


SAMPLES: Final = [
    *[(istio.FORMAT, path.read_text(encoding="utf-8")) for path in sorted(BOOKINFO.glob("*.yaml"))],
    (istio.FORMAT, BOUTIQUE.read_text(encoding="utf-8")),
    (gateway_api.FORMAT, BOUTIQUE.read_text(encoding="utf-8")),
    (istio.FORMAT, virtual_service(", timeout: 3s, retries: {attempts: 2, perTryTimeout: 1s, retryOn: 5xx}")),
    (gateway_api.FORMAT, BUDGET),
    (linkerd.FORMAT, PROFILE),
    (envoy.FORMAT, FRONT_PROXY),
]
ODD: Final[list[Any]] = [
    None,
    True,
    -1,
    10**30,
    0.5,
    float("inf"),
    "",
    "x y>z",
    "1e9s",
    "9" * 99 + "s",
    [],
    {},
    [[]],
    {"a": {}},
    [None],
]


def spoilt(value: Any, chance: random.Random) -> Any:
    """Give a value with pieces of it replaced by what should not be there."""
    if chance.random() < 0.08:
        return chance.choice(ODD)
    if isinstance(value, dict):
        return {key: spoilt(part, chance) for key, part in value.items()}
    if isinstance(value, list):
        return [spoilt(part, chance) for part in value]
    return value


@given(sample=st.sampled_from(SAMPLES), seed=st.integers(0, 2**32), cut=st.floats(0.0, 1.0), is_cut=st.booleans())
@settings(max_examples=300, deadline=None)
def test_whatever_a_file_holds_it_is_read_or_refused(
    sample: tuple[Format, str], seed: int, cut: float, *, is_cut: bool
) -> None:
    form, text = sample
    if is_cut:
        text = text[: round(cut * len(text))]
    else:
        parts = [spoilt(part, random.Random(seed)) for part in yaml.safe_load_all(text)]
        text = yaml.safe_dump_all(parts)
    form.recognises(Document("0.yaml", content=text.encode()))
    refusal = ""
    try:
        found = laid_over("  page: {calls: [reviews, b]}\n  reviews: {calls: [ratings]}\n  ratings:\n  b:", form, text)
        assert isinstance(found.topology, cascade.Topology)
    except TopologyError as error:
        refusal = str(error)
    assert "\n" not in refusal
    assert "<imported>" not in refusal  # what is read gives a topology that holds together
