"""What the lint finds: each rule where it should and where it should not, and against answers by brute force."""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
import math
import random
import re
import time
from itertools import pairwise, product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import networkx as nx
import pytest

import cascade
from cascade.analysis.bars import read_bars
from cascade.analysis.check import CHECK_RULES
from cascade.analysis.check import RULES as EVERY_RULE
from cascade.analysis.lint.finding import Severity
from cascade.analysis.lint.retry_amplification import ErrorClass, worst_ways
from cascade.analysis.lint.rules import RULES, rule_of
from cascade.analysis.lint.subject import Subject
from cascade.importers.routes import Limits
from cascade.model.suppression import RuleId

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascade.analysis.lint import Finding, Findings

ROOT: Final = Path(__file__).parents[2]
JAEGER: Final = ROOT / "tests/realworld/jaeger-dependencies/jaeger-ui-large.json"
TODAY: Final = dt.date(2026, 10, 1)
SECONDS: Final = 2.0
"""Budget for 1,238 services on a busy machine; it takes a tenth of that."""


def lint(text: str) -> Findings:
    return cascade.lint(cascade.loads(text), text=text, today=TODAY)


def found(text: str, rule: str) -> list[Finding]:
    """What one rule finds in a text."""
    return [finding for finding in lint(text) if finding.rule == rule]


def only(text: str, rule: str) -> Finding:
    """The only finding of a rule."""
    [finding] = found(text, rule)
    return finding


CLEAN: Final = """
services:
  web:
    demand: 100/s
    slo: {success: 99%}
    concurrency: {max: 50}
    calls:
      - {to: app, timeout: 2s}
      - {to: search, needs: soft, timeout: 1s, fallback: {to: popular}}
      - {to: mail, needs: async}
  app:
    slo: {success: 99.9%}
    calls: [{to: stores, timeout: 400ms, retry: {max_attempts: 3, budget: {ratio: 20%}}}]
  search:
  popular:
  mail:
  store-1:
  store-2:
  dns: {calls: [{to: store-1, needs: startup}]}
groups: {stores: {members: [store-1, store-2]}}
"""


def test_a_clean_topology_gives_nothing() -> None:
    assert [str(finding) for finding in lint(CLEAN)] == []
    assert lint(CLEAN).headline == "no findings"


def test_the_shop_is_clean() -> None:
    assert [*lint((ROOT / "topologies/shop.yaml").read_text(encoding="utf-8"))] == []


# Retry amplification


def chained(*calls: str) -> str:
    """A chain of services a, b, c, ... with these policies of the calls between them."""
    names = "abcdefgh"[: len(calls) + 1]
    services = [
        f"  {caller}: {{calls: [{{to: {callee}, {policy}}}]}}"
        for caller, callee, policy in zip(names, names[1:], calls, strict=False)
    ]
    return "\n".join(["services:", *services, f"  {names[-1]}:"])


TRIES: Final = "timeout: 1s, retry: {max_attempts: 3}"


def test_attempts_multiply_along_a_chain() -> None:
    c, d = sorted(found(chained(TRIES, TRIES, TRIES), "RETRY-AMPLIFICATION"), key=lambda each: each.subject)

    assert (c.subject, c.severity, d.subject, d.severity) == ("c", Severity.MEDIUM, "d", Severity.HIGH)
    assert c.message == "one request becomes 9 attempts on c when it fails or is slow: a -(3)-> b -(3)-> c"
    assert d.message.startswith("one request becomes 27 attempts on d ")
    assert (d.line, d.column) == (4, 43)


@pytest.mark.parametrize(
    "calls",
    [
        (TRIES,),
        (TRIES, "timeout: 1s"),
        (TRIES, f"{TRIES}, needs: async"),  # its failure does not reach its caller
        (TRIES, f"{TRIES}, needs: soft"),
        (TRIES, f"{TRIES}, fallback: {{}}"),
        ("retry: {max_attempts: 3, budget: {ratio: 20%}}", TRIES),
        ("needs: async, retry: {max_attempts: unlimited}", TRIES),
    ],
)
def test_what_does_not_multiply_is_not_told(calls: tuple[str, ...]) -> None:
    assert found(chained(*calls), "RETRY-AMPLIFICATION") == []


def test_what_is_asked_for_at_the_beginning_of_a_way_may_be_asynchronous_and_that_is_said() -> None:
    finding = only(chained(f"{TRIES}, needs: async", TRIES), "RETRY-AMPLIFICATION")

    assert finding.message.endswith("9 attempts on c when it fails or is slow: a -(3, async)-> b -(3)-> c")


def test_slowness_is_repeated_only_where_an_attempt_ends() -> None:
    finding = only(chained(TRIES, "retry: {max_attempts: 3}"), "RETRY-AMPLIFICATION")

    assert "9 attempts on c when it fails: " in finding.message


def test_slowness_passes_through_a_soft_call_that_never_ends() -> None:
    ways = worst_ways(Subject(cascade.loads(chained(TRIES, "needs: soft", TRIES))), ErrorClass.SLOWNESS)

    assert ways["d"].attempts == 9.0


def test_retries_without_end_are_without_bound() -> None:
    finding = only(chained("timeout: 1s, retry: {max_attempts: unlimited}"), "RETRY-AMPLIFICATION")

    assert (finding.severity, "attempts without end on b" in finding.message) == (Severity.HIGH, True)


def test_the_members_of_a_group_pass_failures_on() -> None:
    text = f"""
services:
  a: {{calls: [{{to: pool, {TRIES}}}]}}
  b: {{calls: [{{to: c, {TRIES}}}]}}
  b2: {{calls: [{{to: c, timeout: 1s}}]}}
  c:
groups: {{pool: {{members: [b, b2]}}}}
"""

    assert "a -(3)-> pool -> b -(3)-> c" in only(text, "RETRY-AMPLIFICATION").message


def test_a_long_way_is_written_shortly() -> None:
    names = [f"s{index}" for index in range(2001)]
    services: dict[str, Any] = {name: {} for name in names}
    for caller, callee in pairwise(names):
        services[caller] = {"calls": [{"to": callee, "timeout_s": 1.0, "retry": {}}]}

    begin = time.process_time()
    findings = [each for each in cascade.lint(cascade.Topology(services=services)) if each.subject == "s40"]

    assert time.process_time() - begin < SECONDS
    assert findings[0].message == (
        "one request becomes 1.2e+19 attempts on s40 when it fails or is slow: s0 -(3)-> s1 -(3)-> s2 -(3)-> s3 "
        "-(3)-> s4 -(3)-> s5 ... 31 more ... s36 -(3)-> s37 -(3)-> s38 -(3)-> s39 -(3)-> s40"
    )


def drawn(rng: random.Random, *, count: int, cycles: bool) -> cascade.Topology:
    """A random system of calls of every kind."""
    names = [f"s{index}" for index in range(count)]
    services: dict[str, Any] = {name: {"calls": []} for name in names}
    for caller, callee in product(range(count), repeat=2):
        if caller != callee and (cycles or caller < callee) and rng.random() < 0.45:
            call: dict[str, Any] = {"to": names[callee], "needs": rng.choice(["hard", "hard", "hard", "soft", "async"])}
            if rng.random() < 0.7:
                call["timeout_s"] = 1.0
            if rng.random() < 0.7:
                call["retry"] = {"max_attempts": rng.randint(1, 4)}
                if rng.random() < 0.2:
                    call["retry"]["budget"] = {}
            if rng.random() < 0.1:
                call["fallback"] = {}
            services[names[caller]]["calls"].append(call)
    services[names[0]]["demand"] = {"rate_rps": 1.0}
    return cascade.Topology(services=services)


def simple_paths(topology: cascade.Topology, start: str, seen: tuple[str, ...] = ()) -> Iterator[list[Any]]:
    """Every way from a service that passes no service twice, as its calls."""
    for call in topology.services[start].calls:
        if call.to not in {*seen, start}:
            yield [call]
            for rest in simple_paths(topology, call.to, (*seen, start)):
                yield [call, *rest]


def by_enumeration(topology: cascade.Topology, *, slow: bool) -> dict[str, float]:
    """The largest product of attempts on a way to each service whose last call is retried, by its definition."""

    def attempts(call: Any) -> float:
        if call.retry is None or (slow and call.timeout_s is None):
            return 1.0
        return min(call.retry.max_attempts, 1.2) if call.retry.budget else float(call.retry.max_attempts)

    def passes(call: Any) -> bool:
        if slow and call.timeout_s is None:
            return bool(call.needs != "async")
        return bool(call.needs == "hard" and call.fallback is None)

    found: dict[str, float] = {}
    for start in topology.services:
        for path in simple_paths(topology, start):
            if attempts(path[-1]) > 1.0 and all(passes(call) for call in path[1:]):
                times = math.prod(map(attempts, path))
                found[path[-1].to] = max(found.get(path[-1].to, 0.0), times)
    return found


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("kind", ErrorClass)
def test_the_worst_way_is_that_of_all_simple_paths(seed: int, kind: ErrorClass) -> None:
    topology = drawn(random.Random(seed), count=7, cycles=False)

    ways = worst_ways(Subject(topology), kind)

    expected = by_enumeration(topology, slow=kind is ErrorClass.SLOWNESS)
    assert {name: way.attempts for name, way in ways.items()} == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("kind", ErrorClass)
def test_a_way_through_cycles_passes_nothing_twice_and_is_never_overstated(seed: int, kind: ErrorClass) -> None:
    topology = drawn(random.Random(seed), count=6, cycles=True)

    ways = worst_ways(Subject(topology), kind)

    expected = by_enumeration(topology, slow=kind is ErrorClass.SLOWNESS)
    assert ways.keys() == expected.keys()
    for name, way in ways.items():
        steps = way.end(way.count)
        passed = [steps[0].source, *(step.target for step in steps)]
        assert len({*passed}) == len(passed)
        assert way.attempts <= expected[name] * (1.0 + 1e-9)


# Timeouts


def test_bookinfo_has_its_inverted_timeout() -> None:
    text = (ROOT / "topologies/bookinfo.yaml").read_text(encoding="utf-8")

    finding = only(text, "TIMEOUT-INVERSION")

    assert (finding.subject, finding.severity) == ("reviews -> ratings", Severity.HIGH)
    assert finding.message == "reviews tries ratings for 10s, but productpage waits at most 6s (2 x 3s) for reviews"
    assert text.splitlines()[finding.line - 1][finding.column - 1 :].startswith("10s")
    assert found(text.replace("timeout: 10s", "timeout: 2.5s"), "TIMEOUT-INVERSION") == []


@pytest.mark.parametrize(
    ("above", "below", "severity"),
    [
        ("timeout: 1s", "timeout: 1s", None),
        ("timeout: 1s", "timeout: 1.1s", "high"),
        ("timeout: 1s", "timeout: 600ms, retry: {max_attempts: 2, backoff: {initial: 0s}}", "high"),
        ("timeout: 1s", "timeout: 400ms, retry: {max_attempts: 2, backoff: {initial: 100ms}}", None),
        ("timeout: 1s", "timeout: 400ms, retry: {max_attempts: 2, backoff: {initial: 300ms}}", "high"),
        ("timeout: 1s, retry: {max_attempts: 3}", "timeout: 2s", "medium"),
        ("timeout: 1s, retry: {max_attempts: 3}", "timeout: 4s", "high"),
        ("timeout: 1s", "timeout: 100ms, retry: {max_attempts: unlimited}", "high"),
        ("timeout: 1s, retry: {max_attempts: unlimited}", "timeout: 4s", "medium"),
        ("timeout: 1s, needs: async", "timeout: 4s", None),
        ("timeout: 1s", "timeout: 4s, needs: async", None),
        ("timeout: 1s", "timeout: 4s, needs: soft", "high"),
        ("timeout: 1s", "needs: hard", None),
    ],
)
def test_a_callee_may_take_no_longer_than_its_caller_waits(above: str, below: str, severity: str | None) -> None:
    severities = [finding.severity.value for finding in found(chained(above, below), "TIMEOUT-INVERSION")]

    assert severities == ([severity] if severity else [])


def test_the_caller_that_waits_least_is_named_also_through_a_group() -> None:
    text = """
services:
  web: {calls: [{to: pool, timeout: 2s}]}
  job: {calls: [{to: b, timeout: 1s}]}
  b: {calls: [{to: c, timeout: 3s}]}
  c:
groups: {pool: {members: [b]}}
"""

    assert only(text, "TIMEOUT-INVERSION").message == "b tries c for 3s, but job waits at most 1s for b, as does 1 more"


def test_a_call_without_a_timeout_is_worse_where_workers_are_limited() -> None:
    text = """
services:
  web: {concurrency: {max: 8}, calls: [app, {to: log, needs: async}, {to: dns, needs: startup}]}
  app: {calls: [{to: db, needs: soft}, {to: cache, timeout: 1s}]}
  db:
  cache:
  log:
  dns:
"""
    high, medium = found(text, "NO-TIMEOUT")

    assert (high.subject, high.severity) == ("web -> app", Severity.HIGH)
    assert "holds one of its 8 workers per replica" in high.message
    assert (medium.subject, medium.severity) == ("app -> db", Severity.MEDIUM)
    assert (high.line, high.column, medium.line, medium.column) == (3, 40, 4, 17)


@pytest.mark.parametrize(
    ("call", "count"),
    [
        ("retry: {max_attempts: 2}", 1),
        ("retry: {max_attempts: 1}", 0),
        ("retry: {max_attempts: 2}, timeout: 1s", 0),
        ("retry: {max_attempts: 2}, needs: async", 0),
    ],
)
def test_attempts_that_never_end_are_never_repeated(call: str, count: int) -> None:
    assert len(found(chained(call), "SLOWNESS-NOT-RETRIED")) == count


def test_what_importers_know_of_a_timeout_over_all_attempts_is_told() -> None:
    facts = Limits(source="VirtualService b", whole_s=10.0, retries=2).facts()
    text = f"""
services:
  a:
    calls:
      - to: b
        timeout: {facts["timeout"].value}  # derived: {facts["timeout"].why}
        retry: {{max_attempts: 3}}
  b:
"""

    assert only(text, "SLOWNESS-NOT-RETRIED").line == 7
    assert found(re.sub("#.*", "", text), "SLOWNESS-NOT-RETRIED") == []


# Budgets


def hot(call: str, *, share: str = "1") -> str:
    return f"""
services:
  web: {{demand: 10/s, calls: [{{to: app, timeout: 9s, per_request: {share}}}]}}
  other: {{demand: 10/s}}
  app: {{calls: [{{to: db, timeout: 1s, {call}}}]}}
  db:
"""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (hot("retry: {max_attempts: 3}"), "gets 0.5 calls per request of users"),
        (hot("retry: {max_attempts: 3}, per_request: 4"), "gets 2 calls per request of users"),
        (hot("retry: {max_attempts: 3}", share="0.9"), None),
        (hot("retry: {max_attempts: 2}"), None),
        (hot("retry: {max_attempts: 3, budget: {}}"), None),
        (hot("retry: {max_attempts: 3}, needs: async"), "gets 0.5 calls per request of users"),
        (hot("retry: {max_attempts: unlimited}, needs: async"), None),
    ],
)
def test_retries_need_a_budget_where_half_of_all_requests_pass(text: str, reason: str | None) -> None:
    messages = [finding.message for finding in found(text, "RETRY-WITHOUT-BUDGET")]

    assert [message.partition(", which ")[2] for message in messages] == ([reason] if reason else [])


def test_retries_need_a_budget_where_several_callers_make_them() -> None:
    text = """
services:
  a: {calls: [{to: db, timeout: 1s, retry: {}}]}
  b: {calls: [{to: db, timeout: 1s, retry: {}}]}
  c: {calls: [{to: db, timeout: 1s}, {to: e, timeout: 1s, retry: {}}]}
  db:
  e:
"""

    messages = {finding.subject: finding.message for finding in found(text, "RETRY-WITHOUT-BUDGET")}

    assert messages.keys() == {"a -> db", "b -> db"}
    assert messages["a -> db"].endswith("which is retried like this by 2 services")


# Structure


def test_a_start_up_cycle_is_named_with_those_that_wait_for_it() -> None:
    text = """
services:
  web: {calls: [{to: auth, needs: startup}]}
  auth: {calls: [{to: dns, timeout: 1s}]}
  dns: {calls: [{to: cluster, needs: startup}]}
  cluster: {calls: [{to: machines, timeout: 1s}]}
  machines: {calls: [{to: dns, needs: startup}]}
"""
    finding = only(text, "STARTUP-CYCLE")

    assert (finding.subject, finding.severity) == ("dns -> cluster", Severity.HIGH)
    assert finding.message == (
        "3 services can start only after one another: dns -> cluster -> machines -> dns; 1 more waits for them"
    )


@pytest.mark.parametrize(
    "text",
    [
        "services: {a: {calls: [{to: b, timeout: 1s}]}, b: {calls: [{to: a, timeout: 500ms}]}}",
        "services: {a: {calls: [{to: b, needs: startup}]}, b: {calls: [{to: c, needs: startup}]}, c: }",
    ],
)
def test_services_that_start_one_after_the_other_are_no_cycle(text: str) -> None:
    assert found(text, "STARTUP-CYCLE") == []


FALLBACK: Final = """
services:
  web: {{calls: [{{to: main, timeout: 1s, fallback: {{to: {instead}}}}}, {{to: auth, timeout: 1s}}]}}
  main: {{zones: [z1], calls: [{{to: store, timeout: 500ms}}, {{to: auth, timeout: 500ms}}]}}
  spare: {{zones: [z2], calls: [{{to: store, timeout: 500ms}}, {{to: auth, timeout: 500ms}}]}}
  near: {{zones: [z1]}}
  above: {{calls: [{{to: main, timeout: 500ms}}]}}
  apart: {{zones: [z2]}}
  store:
  auth:
"""


@pytest.mark.parametrize(
    ("instead", "shared"),
    [
        ("spare", "store fails, it takes"),  # auth takes web down in any case
        ("near", "z1 fails, it takes"),
        ("main", "main, store or z1 fails, that takes"),
        ("above", "main, store or z1 fails, that takes"),
        ("apart", None),
    ],
)
def test_a_fallback_must_not_stand_on_what_has_failed(instead: str, shared: str | None) -> None:
    messages = [each.message for each in found(FALLBACK.format(instead=instead), "FALLBACK-SHARES-PATH")]

    assert messages == ([f"when {shared} main down together with its fallback {instead}"] if shared else [])


def test_a_built_in_reply_shares_nothing() -> None:
    assert found(chained("fallback: {worth: 50%}"), "FALLBACK-SHARES-PATH") == []


def with_fallbacks(rng: random.Random) -> cascade.Topology:
    """A random system with hard calls, groups and fallbacks."""
    names = [f"s{index}" for index in range(7)]
    groups = {f"g{index}": {"members": rng.sample(names, 3), "needs": rng.randint(1, 3)} for index in range(2)}
    services: dict[str, Any] = {}
    for name in names:
        callees = rng.sample([other for other in [*names, *groups] if other != name], rng.randint(0, 2))
        services[name] = {"calls": [{"to": callee} for callee in callees]}
        for call in services[name]["calls"]:
            others = [other for other in [*names, *groups] if other != name]
            if rng.random() < 0.4:
                call["fallback"] = {"to": rng.choice(others)}
    return cascade.Topology(services=services, groups=groups)


def without_call(topology: cascade.Topology, caller: str, callee: str) -> cascade.Topology:
    service = topology.services[caller]
    rest = service.changed(calls=tuple(call for call in service.calls if call.to != callee))
    return topology.changed(services={**topology.services, caller: rest})  # type: ignore[no-any-return]


def down(topology: cascade.Topology, name: str) -> set[str]:
    from cascade.analysis.contingencies import contingency  # noqa: PLC0415 - only here
    from cascade.analysis.failure_logic import failure_logic  # noqa: PLC0415 - only here

    return {name, *(fallen.name for fallen in contingency(failure_logic(topology), [name]).fallen)}


@pytest.mark.parametrize("seed", range(60))
def test_shared_paths_are_those_of_single_contingencies(seed: int) -> None:
    topology = with_fallbacks(random.Random(seed))
    expected = {}
    for caller, service in topology.services.items():
        for call in service.calls:
            if call.fallback is not None:
                rest = without_call(topology, caller, call.to)
                shared = {
                    name
                    for name in topology.services
                    if name != caller
                    and {call.to, call.fallback.to} <= down(rest, name)
                    and caller not in down(rest, name)
                }
                if shared:
                    expected[f"{caller} -> {call.to}"] = shared

    findings = [each for each in cascade.lint(topology) if each.rule == "FALLBACK-SHARES-PATH"]

    assert {each.subject for each in findings} == expected.keys()
    for each in findings:
        named = each.message.removeprefix("when ").partition(" fails")[0]
        assert {*re.findall(r"s\d", named)} <= expected[each.subject]


# Objectives


def promising(objective: str, rest: str) -> str:
    return f"services:\n  web: {{slo: {{success: {objective}}}, calls: [a, b]}}\n{rest}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            promising("99.9%", "  a: {slo: {success: 99.5%}}\n  b:"),
            "web promises 99.9%, but a, which it cannot do without, only 99.5%",
        ),
        (
            promising("99.9%", "  a: {slo: {success: 99.9%}}\n  b: {slo: {success: 99.95%}}"),
            "web promises 99.9%, but the 2 that it cannot do without only 99.85% together: a 99.9% and b 99.95%",
        ),
        (promising("99.8%", "  a: {slo: {success: 99.9%}}\n  b: {slo: {success: 99.95%}}"), None),
        (
            promising("99.9%", "  a: {calls: [c]}\n  b: {calls: [c]}\n  c: {slo: {success: 99%}}"),
            "web promises 99.9%, but c, which it cannot do without, only 99%",
        ),
        (promising("99.9%", "  a: {calls: [{to: c, needs: soft}]}\n  b:\n  c: {slo: {success: 99%}}"), None),
        (promising("99.9%", "  a: {calls: [{to: c, per_request: 0.1}]}\n  b:\n  c: {slo: {success: 99%}}"), None),
        (promising("99.9%", "  a: {calls: [{to: c, fallback: {}}]}\n  b:\n  c: {slo: {success: 99%}}"), None),
        (promising("99.9%", "  a: {slo: {backlog_age: 1m}}\n  b:"), None),
        ("services:\n  web: {calls: [a]}\n  a: {slo: {success: 50%}}", None),
    ],
)
def test_no_promise_is_better_than_those_it_rests_on(text: str, message: str | None) -> None:
    assert [each.message for each in found(text, "OBJECTIVE-TOO-HIGH")] == ([message] if message else [])


def test_a_group_promises_what_enough_of_its_members_do() -> None:
    text = """
services:
  web: {slo: {success: SLO}, calls: [pool]}
  a: {slo: {success: 99%}}
  b: {slo: {success: 99%}}
groups: {pool: {members: [a, b]}}
"""

    assert found(text.replace("SLO", "99.99%"), "OBJECTIVE-TOO-HIGH") == []
    assert (
        "pool, which it cannot do without, only 99.99%"
        in only(text.replace("SLO", "99.995%"), "OBJECTIVE-TOO-HIGH").message
    )


RELIABLE: Final = """
services:
  web: {slo: {success: SLO}, reliability: {availability: 90%}, calls: [a, pool]}
  a: {reliability: {availability: 99.9%}}
  b: {reliability: {availability: 99%}}
  c: {reliability: {availability: 99%}}
groups: {pool: {members: [b, c]}}
"""


def test_where_reliability_is_stated_what_is_attainable_is_exact() -> None:
    attainable = 0.999 * (1.0 - 0.01**2)

    finding = only(RELIABLE.replace("SLO", f"{attainable + 1e-6:.9f}"), "OBJECTIVE-TOO-HIGH")

    assert finding.message.endswith("but what it depends on allows 99.89%: a 99.9%")
    assert found(RELIABLE.replace("SLO", f"{attainable - 1e-6:.9f}"), "OBJECTIVE-TOO-HIGH") == []


def test_entry_points_are_held_to_the_objective_of_the_topology_where_it_is_stated() -> None:
    text = "services:\n  web: {demand: 1/s, calls: [a]}\n  a: {reliability: {availability: 90%}}\n"

    assert found(text, "OBJECTIVE-TOO-HIGH") == []
    assert only(f"{text}objective: {{success: 95%}}\n", "OBJECTIVE-TOO-HIGH").subject == "web"


# Loops of redundancy


@pytest.mark.parametrize(
    ("text", "severity", "shows"),
    [
        (
            "services: {a: {calls: [pool]}, b: {calls: [pool]}}\ngroups: {pool: {members: [a, b]}}",
            "high",
            "a and b need pool, which they should hold up, so that nothing else holds it up even now",
        ),
        (
            "services: {a: {calls: [pool]}, b: }\ngroups: {pool: {members: [a, b]}}",
            "high",
            "a needs pool, which it should hold up, so that it is up on paper only once b has failed",
        ),
        (
            "services: {a: {calls: [pool]}, b: , c: }\ngroups: {pool: {members: [a, b, c]}}",
            "medium",
            "a needs pool, which it should hold up, so that it is up on paper only after some failures",
        ),
        (  # each of two groups has a member on the other, and a third that both share
            "services: {a: {calls: [q]}, b: {calls: [p]}, c: }\ngroups: {p: {members: [a, c]}, q: {members: [b, c]}}",
            "high",
            "a and b need p and q, which they should hold up, so that they are up on paper only once c has failed",
        ),
    ],
)
def test_members_that_need_their_group_do_not_hold_it_up(text: str, severity: str, shows: str) -> None:
    finding = only(text, "SELF-SUPPORTING-GROUP")

    assert (finding.severity.value, finding.message) == (severity, shows)
    assert finding.line == 2


@pytest.mark.parametrize(
    "text",
    [
        "services: {a: {calls: [b]}, b: {calls: [a]}, c: }\ngroups: {pool: {members: [b, c]}}",
        "services: {a: {calls: [{to: pool, needs: async}]}, b: }\ngroups: {pool: {members: [a, b]}}",
        "services: {a: {calls: [pool]}, b: }\ngroups: {pool: {members: [a, b], needs: 2}}",
    ],
)
def test_other_loops_are_left_alone(text: str) -> None:
    assert found(text, "SELF-SUPPORTING-GROUP") == []


def by_definition(topology: cascade.Topology, failed: set[str], *, grounded: bool) -> set[str]:
    """The redundant groups that are down: held up by anything, or only by what does not hang in the air."""
    redundant = {name: group for name, group in topology.groups.items() if group.needs < len(group.members)}
    needs = {name: {call.to for call in service.calls} for name, service in topology.services.items()}
    needs |= {name: {*group.members} for name, group in topology.groups.items() if name not in redundant}
    held = set() if grounded else {*redundant}
    while True:
        up = {name for name in needs if name not in failed}
        while fallen := {name for name in up if not needs[name] <= up | held}:
            up -= fallen
        now = {name for name, group in redundant.items() if sum(m in up | held for m in group.members) >= group.needs}
        if now == held:
            return {*redundant} - held
        held = now


@pytest.mark.parametrize("seed", range(150))
def test_high_means_that_the_readings_differ_now_or_after_a_single_failure(seed: int) -> None:
    rng = random.Random(seed)
    names, groups = [f"s{index}" for index in range(6)], [f"g{index}" for index in range(3)]
    topology = cascade.Topology(
        services={
            name: {
                "calls": [
                    {"to": callee} for callee in rng.sample([*groups, *names], rng.randint(0, 1)) if callee != name
                ]
            }
            for name in names
        },
        groups={name: {"members": rng.sample(names, 3), "needs": rng.randint(1, 3)} for name in groups},
    )
    cases: list[set[str]] = [set(), *({name} for name in names)]
    differ = any(
        by_definition(topology, failed, grounded=True) != by_definition(topology, failed, grounded=False)
        for failed in cases
    )

    findings = [each for each in cascade.lint(topology) if each.rule == "SELF-SUPPORTING-GROUP"]

    assert any(each.severity is Severity.HIGH for each in findings) == differ


# Suppressions

NOISY: Final = "services: {web: {calls: [db, cache]}, db: , cache: }\n"


def test_what_is_known_is_hidden_until_its_day() -> None:
    entry = "ignore: [{rule: NO-TIMEOUT, at: web->db, reason: local, until: 2026-10-01}]\n"

    findings = lint(NOISY + entry)

    assert [each.subject for each in findings] == ["web -> cache"]
    [hidden] = findings.hidden
    assert (hidden.finding.subject, hidden.finding.line, hidden.suppression.reason) == ("web -> db", 1, "local")
    assert findings.headline == "1 finding: 1 medium; 1 hidden"


def test_from_the_day_after_it_counts_again_and_that_is_told() -> None:
    text = f"{NOISY}ignore: [{{rule: NO-TIMEOUT, reason: local, until: 2026-09-30}}]\n"

    findings = lint(text)

    assert [each.rule for each in findings] == ["NO-TIMEOUT", "NO-TIMEOUT", "SUPPRESSION-EXPIRED"]
    expired = findings.findings[-1]
    assert expired.message == "the suppression of NO-TIMEOUT was until 2026-09-30: local"
    assert (expired.severity, expired.line, expired.column) == (Severity.LOW, 2, 10)


def test_what_hides_nothing_is_told() -> None:
    text = f"{NOISY}ignore:\n  - {{rule: NO-TIMEOUT, at: web -> dbs, reason: local, until: 2020-01-01}}\n"

    unused = lint(text).findings[-1]

    assert (unused.rule, unused.severity, unused.line) == ("SUPPRESSION-UNUSED", Severity.INFO, 3)
    assert unused.message == "the suppression of NO-TIMEOUT at web -> dbs hides nothing, did you mean 'web -> db'"


def test_a_suppression_needs_a_known_rule_a_reason_and_a_day_that_exists() -> None:
    entries = "{rule: NO-TIMOUT, reason: a}, {rule: NO-TIMEOUT}, {rule: NO-TIMEOUT, reason: a, until: 2027-02-30}"

    with pytest.raises(cascade.TopologyError) as caught:
        cascade.loads(f"services: {{a: }}\nignore: [{entries}]\n")

    unknown, missing, day = [problem.message for problem in caught.value.problems]
    assert unknown.endswith("got 'NO-TIMOUT', did you mean 'NO-TIMEOUT'?")
    assert missing == "missing key 'reason'"
    assert day == "expected a day, like 2027-01-31, got '2027-02-30'"


# The whole


def test_fingerprints_stay_when_numbers_change_and_lines_move() -> None:
    before = lint("services: {web: {concurrency: {max: 3}, calls: [db]}, db: }")
    after = lint("# new\nservices:\n  db:\n  web: {concurrency: {max: 9}, calls: [db]}")

    assert [each.fingerprint for each in before] == [each.fingerprint for each in after]
    assert before.findings[0].message != after.findings[0].message
    assert len({each.fingerprint for each in lint(NOISY)}) == 2


@pytest.mark.parametrize("seed", range(30))
def test_the_order_of_the_file_does_not_matter(seed: int) -> None:
    rng = random.Random(seed)
    topology = drawn(rng, count=8, cycles=True) if seed % 2 else with_fallbacks(rng)
    names, groups = [*topology.services], [*topology.groups]
    rng.shuffle(names)
    rng.shuffle(groups)
    shuffled = topology.changed(
        services={name: topology.services[name] for name in names},
        groups={name: topology.groups[name] for name in groups},
    )

    def facts(topology: cascade.Topology) -> set[tuple[str, str, str]]:
        return {(each.fingerprint, each.severity, each.message) for each in cascade.lint(topology)}

    assert facts(topology) == facts(shuffled)


def test_without_a_text_there_are_no_lines() -> None:
    findings = cascade.lint(cascade.loads(NOISY))

    assert [each.line for each in findings] == [0, 0]
    assert findings.lines[0].startswith("topology: NO-TIMEOUT (medium): ")


def test_bars_are_severities_or_rules() -> None:
    findings = lint(NOISY)
    rules = [rule.name for rule in RULES]

    def met(*bars: str) -> int:
        return sum(map(read_bars(bars, rules).meets, findings))

    assert met("high") == met("STARTUP-CYCLE") == 0
    assert met("medium") == met("low") == len(findings) == 2
    assert met("high", "no-timeout") == 2
    with pytest.raises(cascade.CascadeError, match="no severity or rule 'NO-TIMOUT', did you mean 'NO-TIMEOUT'"):
        met("NO-TIMOUT")


def test_every_rule_says_when_it_fires_what_helps_and_where_that_is_from() -> None:
    named = {rule.name for rule in EVERY_RULE}

    assert {*RuleId} | {"SUPPRESSION-EXPIRED", "SUPPRESSION-UNUSED"} == named
    for rule in EVERY_RULE:
        assert len(rule.title) < 120
        assert "\nFires" in rule.text
        assert "\nRemedy: " in rule.text
        assert "\nSource: " in rule.text or rule.name.startswith("SUPPRESSION") or rule in CHECK_RULES
        assert rule_of(rule.name.lower(), EVERY_RULE) is rule


def test_the_page_of_rules_is_what_the_program_writes(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("generate_rules", ROOT / "docs/generate_rules.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    module.main(tmp_path / "rules.md")

    written = (tmp_path / "rules.md").read_text(encoding="utf-8")
    assert written == (ROOT / "docs/rules.md").read_text(encoding="utf-8"), "run: make docs"


def jaeger() -> nx.DiGraph[str]:
    graph: nx.DiGraph[str] = nx.DiGraph()
    for edge in json.loads(JAEGER.read_text(encoding="utf-8")):
        if edge["parent"] != edge["child"]:
            graph.add_edge(edge["parent"], edge["child"])
    return graph


def test_a_graph_of_thousands_of_calls_takes_no_time() -> None:
    topology = cascade.from_networkx(jaeger())

    begin = time.process_time()
    findings = cascade.lint(topology)

    assert time.process_time() - begin < SECONDS
    assert len(findings) == jaeger().number_of_edges()


def test_no_way_is_counted_out_where_every_call_of_a_large_mesh_is_retried() -> None:
    graph = jaeger()
    policy = {"timeout_s": 1.0, "retry": {"max_attempts": 3}}
    topology = cascade.Topology(
        services={name: {"calls": [{"to": callee, **policy} for callee in graph[name]]} for name in graph}
    )

    begin = time.process_time()
    findings = cascade.lint(topology)

    assert time.process_time() - begin < SECONDS
    assert {each.rule for each in findings} == {"RETRY-AMPLIFICATION", "TIMEOUT-INVERSION", "RETRY-WITHOUT-BUDGET"}


@pytest.mark.parametrize("path", sorted((ROOT / "topologies").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_finding_stands_where_its_subject_is_named(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    for finding in cascade.lint(cascade.loads(text), text=text):
        assert 1 <= finding.line <= len(text.splitlines())
        assert finding.column >= 1
