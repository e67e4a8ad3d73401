"""The engine against what can be worked out by hand: stationary queues, and first-order transients.

Each test says a law in its name or docstring, and holds a run to its formula. Stationary laws need one run at rest;
transients are stepped finely enough for the tolerance given.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest

import cascade

if TYPE_CHECKING:
    from numpy.typing import NDArray

AT_REST: Final = 1e-6
"""Tolerance of a rest that has a formula without approximation."""
STEPPED: Final = 0.01
"""Tolerance of a transient, for steps of a hundredth of its time constant or less."""


def play(
    parts: str, *events: str, duration_s: float = 10.0, step_s: float = 0.1, start: str | None = None
) -> cascade.Run:
    """Play events on a topology, both in YAML, and keep a sample every second."""
    begins = f"start: '{start}', " if start else ""
    scenario = f"{{{begins}duration: {duration_s}s, events: [{', '.join(events)}]}}"
    topology = cascade.loads(f"{parts}\nscenarios: {{it: {scenario}}}")
    return cascade.simulate(topology, "it", clock=cascade.Clock(step_s=step_s, samples=round(duration_s)))


def at(run: cascade.Run, time_s: float, name: str, series: str) -> float:
    """Give the value of a series in the sample that ends at a time."""
    return float(run.of(name, series)[np.searchsorted(run.times_s, time_s - 1e-6)])


def last(run: cascade.Run, name: str, series: str) -> float:
    return float(run.of(name, series)[-1])


def erlang_b(servers: int, load: float) -> float:
    """Give the share of arrivals that find all servers busy, and leave (load in Erlang)."""
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


def erlang_c(servers: int, load: float) -> float:
    """Give the share of arrivals that have to wait."""
    blocked = erlang_b(servers, load)
    return blocked / (1.0 - load / servers * (1.0 - blocked))


def birth_and_death(births: list[float], deaths: list[float]) -> NDArray[np.float64]:
    """Give the stationary chance of each state; ``births[n]`` leads from n to n + 1, ``deaths[n]`` back."""
    weights = np.cumprod([1.0, *(up / down for up, down in zip(births, deaths, strict=True))])
    chances: NDArray[np.float64] = weights / weights.sum()
    return chances


# Stationary queues


@pytest.mark.parametrize("used", [0.3, 0.6, 0.8, 0.95])
@pytest.mark.parametrize("servers", [1, 2, 10])
def test_waiting_for_workers_is_that_of_erlang_c(servers: int, used: float) -> None:
    rate = used * servers / 0.1
    run = play(f"services: {{a: {{demand: {rate}/s, concurrency: {{max: {servers}}}, service_time: 100ms}}}}")
    waiting = erlang_c(servers, used * servers) * used / (1.0 - used)

    assert last(run, "a", "backlog_count") == pytest.approx(waiting, rel=0.02, abs=1e-3)
    assert last(run, "a", "in_work_count") == pytest.approx(used * servers, rel=0.02)
    assert last(run, "a", "sojourn_s") == pytest.approx(0.1 + waiting / rate, rel=0.02)


@pytest.mark.parametrize("offered", [0.5, 1.0, 2.0])
@pytest.mark.parametrize(("servers", "room"), [(1, 0), (5, 0), (20, 0), (1, 4), (3, 10)])
def test_a_full_waiting_room_loses_what_erlang_says(servers: int, room: int, offered: float) -> None:
    """Without a waiting room this is Erlang B; with one, M/M/c/(c+K)."""
    rate = offered * servers / 0.1
    run = play(
        f"services: {{a: {{demand: {rate}/s, concurrency: {{max: {servers}, queue: {room}}}, service_time: 100ms}}}}"
    )
    places = servers + room
    states = birth_and_death([rate] * places, [min(n, servers) / 0.1 for n in range(1, places + 1)])

    assert last(run, "a", "refused_rps") / rate == pytest.approx(states[-1], rel=0.02, abs=1e-3)


@pytest.mark.parametrize(("callers", "servers"), [(4, 1), (10, 2), (30, 5)])
def test_callers_that_are_always_busy_are_machines_under_repair(callers: int, servers: int) -> None:
    """M/M/c//N: each of N busy workers thinks for 200 ms, then waits for one of c that take 100 ms."""
    run = play(f"""
services:
  callers: {{demand: 10000/s, service_time: 200ms, concurrency: {{max: {callers}, queue: 100000}}, calls: [repair]}}
  repair: {{service_time: 100ms, concurrency: {{max: {servers}}}}}
""", duration_s=60.0)  # fmt: skip
    states = birth_and_death(
        [(callers - n) / 0.2 for n in range(callers)], [min(n, servers) / 0.1 for n in range(1, callers + 1)]
    )
    served = float(states @ [min(n, servers) / 0.1 for n in range(callers + 1)])

    assert last(run, "repair", "goodput_rps") == pytest.approx(served, rel=0.02)


@pytest.mark.parametrize("used", [0.5, 0.9])
def test_the_sojourn_in_a_queue_with_one_worker_is_nearly_exponential(used: float) -> None:
    """Its mean is that of M/M/1; its variance, which the fluid only follows, is somewhat small."""
    run = play(f"""
services:
  caller: {{demand: {used * 10}/s, calls: [{{to: callee, timeout: 500ms}}]}}
  callee: {{service_time: 100ms, concurrency: {{max: 1}}}}
""")  # fmt: skip
    in_time = -math.expm1(-(10.0 - used * 10.0) * 0.5)

    assert last(run, "caller", "success_fraction") == pytest.approx(in_time, abs=0.04)


@pytest.mark.parametrize("stages", [1, 3, 6])
def test_the_sojourn_in_a_chain_is_an_erlang_distribution(stages: int) -> None:
    names = [f"s{n}" for n in range(stages)]
    chain = "\n".join(
        f"  {name}: {{service_time: 100ms, calls: [{after}]}}"
        for name, after in zip(names, [*names[1:], ""], strict=True)
    )
    run = play(f"services:\n  user: {{demand: 5/s, calls: [{{to: s0, timeout: 400ms}}]}}\n{chain}")
    late = sum(4.0**n / math.factorial(n) for n in range(stages)) * math.exp(-4.0)

    assert last(run, "user", "success_fraction") == pytest.approx(1.0 - late, rel=STEPPED)


@pytest.mark.parametrize(("serial", "crosstalk"), [(0.0, 0.0), (0.05, 0.0), (0.02, 0.001)])
def test_contention_slows_the_work_down_to_a_fixpoint(serial: float, crosstalk: float) -> None:
    """Work B = rate S (1 + serial (B - 1) + crosstalk B (B - 1)), the smaller root."""
    slowdown = f"{{serial: {serial}, crosstalk: {crosstalk}}}"
    run = play(f"services: {{a: {{demand: 100/s, service_time: 100ms, contention: {slowdown}}}}}")
    # with 10 = rate S: 10 k B^2 + (10 s - 10 k - 1) B + 10 (1 - s) = 0
    roots = np.roots([10 * crosstalk, 10 * serial - 10 * crosstalk - 1, 10 * (1 - serial)])

    assert last(run, "a", "in_work_count") == pytest.approx(float(roots.min()), rel=0.001)


@pytest.mark.parametrize("workers", [1, 8, 40])
def test_contention_limits_the_throughput_as_the_scalability_law_says(workers: int) -> None:
    run = play(f"""
services:
  a:
    demand: 1000/s
    service_time: 100ms
    concurrency: {{max: {workers}, queue: 1000}}
    contention: {{serial: 0.05, crosstalk: 0.002}}
""", duration_s=60.0)  # fmt: skip
    slower = 1.0 + 0.05 * (workers - 1) + 0.002 * workers * (workers - 1)

    assert last(run, "a", "goodput_rps") == pytest.approx(workers / 0.1 / slower, rel=STEPPED)


# Load and backlogs


@pytest.mark.parametrize("limit", ["capacity: 100/s", "concurrency: {max: 10}, service_time: 100ms"])
def test_a_backlog_drains_in_its_length_over_the_spare_rate(limit: str) -> None:
    """At half the capacity 80/s - 50/s pile up for 60 s, and 100/s - 80/s drain them in 90 s."""
    run = play(
        f"services: {{a: {{demand: 80/s, {limit}}}}}",
        "{at: 10s, degrade: a, capacity: 50%, for: 60s}",
        duration_s=240.0,
    )

    assert at(run, 70.0, "a", "backlog_count") == pytest.approx(1800.0, rel=STEPPED)
    assert at(run, 115.0, "a", "backlog_count") == pytest.approx(900.0, rel=0.02)
    drained = run.times_s[(run.of("a", "backlog_count") > 40.0) & (run.times_s > 20.0)].max()
    assert drained == pytest.approx(160.0, abs=4.0)


def test_workers_that_wait_for_a_dead_callee_are_held_for_the_timeout() -> None:
    """Ten workers, each held for 100 ms and a timeout of 900 ms, serve 10/s, however much is asked."""
    run = play("""
services:
  a: {demand: 50/s, service_time: 100ms, concurrency: {max: 10, queue: 1000}, calls: [{to: b, timeout: 900ms}]}
  b: {service_time: 1ms}
""", "{at: 10s, degrade: b, latency: 1000000}", duration_s=60.0)  # fmt: skip

    assert last(run, "a", "failed_rps") == pytest.approx(10.0, rel=STEPPED)


def test_work_past_its_deadline_is_dropped_and_fails_for_the_caller() -> None:
    """At 150/s for a capacity of 100/s a third expires, and nothing waits for longer than the deadline."""
    run = play("""
services:
  user: {demand: 150/s, calls: [a]}
  a: {capacity: 100/s, work_deadline: 3s}
""", duration_s=60.0)  # fmt: skip

    assert run.of("a", "backlog_count").max() <= 300.0 * (1.0 + AT_REST)
    assert last(run, "a", "backlog_count") == pytest.approx(300.0, rel=STEPPED)
    assert last(run, "a", "dropped_rps") == pytest.approx(50.0, rel=STEPPED)
    assert last(run, "user", "success_fraction") == pytest.approx(2.0 / 3.0, rel=STEPPED)


def test_a_durable_queue_keeps_what_arrives_while_its_service_is_down() -> None:
    run = play("services: {a: {demand: 10/s, durable: true, capacity: 30/s}}", "{at: 10s, fail: a, for: 60s}",
               duration_s=140.0)  # fmt: skip

    assert at(run, 70.0, "a", "backlog_count") == pytest.approx(600.0, rel=STEPPED)
    assert at(run, 85.0, "a", "backlog_count") == pytest.approx(300.0, rel=0.02)
    assert run.of("a", "goodput_rps").sum() == pytest.approx(1400.0, rel=STEPPED)


def test_other_queues_refuse_what_arrives_while_their_service_is_down() -> None:
    run = play("services: {a: {demand: 10/s, capacity: 30/s}}", "{at: 10s, fail: a, for: 60s}", duration_s=100.0)

    assert run.of("a", "refused_rps").sum() == pytest.approx(600.0, rel=AT_REST)
    assert run.of("a", "backlog_count").max() < 10.0


def test_a_purge_drops_what_waits() -> None:
    run = play("services: {a: {demand: 20/s, capacity: 10/s}}", "{at: 30s, purge: a}", duration_s=60.0)

    assert run.of("a", "dropped_rps").sum() == pytest.approx(at(run, 30.0, "a", "backlog_count"), rel=0.02)
    assert at(run, 31.0, "a", "backlog_count") == pytest.approx(10.0, rel=0.2)


def test_low_priority_gives_way() -> None:
    run = play("""
services:
  batch: {demand: 80/s, calls: [{to: a, priority: low}]}
  user: {demand: 70/s, calls: [a]}
  a: {rate_limit: 100/s}
""")  # fmt: skip

    assert last(run, "user", "success_fraction") == pytest.approx(1.0, rel=AT_REST)
    assert last(run, "batch", "success_fraction") == pytest.approx(30.0 / 80.0, rel=AT_REST)


# Success


@pytest.mark.parametrize("errors", [(0.1,), (0.1, 0.5), (0.02, 0.3, 0.4, 0.25)])
def test_hard_dependencies_in_a_row_multiply(errors: tuple[float, ...]) -> None:
    names = [f"s{n}" for n in range(len(errors))]
    chain = [f"  {name}: {{calls: [{after}]}}" for name, after in zip(names, [*names[1:], ""], strict=True)]
    chain[0] = chain[0].replace("{", "{demand: 10/s, ", 1)
    events = [f"{{at: 1s, degrade: {name}, errors: {share}}}" for name, share in zip(names, errors, strict=True)]
    run = play("services:\n" + "\n".join(chain), *events)

    assert last(run, "s0", "success_fraction") == pytest.approx(math.prod(1.0 - e for e in errors), rel=AT_REST)


@pytest.mark.parametrize(("calls", "success"), [(0.5, 1.0 - 0.5 * 0.2), (1.0, 0.8), (3.0, 0.8**3)])
def test_a_request_needs_all_its_calls(calls: float, success: float) -> None:
    """Each succeeds with 0.8; below one call per request only that share of the requests needs it."""
    run = play(f"services: {{a: {{demand: 10/s, calls: [{{to: b, per_request: {calls}}}]}}, b: }}",
               "{at: 1s, degrade: b, errors: 20%}")  # fmt: skip

    assert last(run, "a", "success_fraction") == pytest.approx(success, rel=AT_REST)
    assert last(run, "b", "offered_rps") == pytest.approx(10.0 * calls, rel=AT_REST)


def test_a_call_after_another_is_made_for_what_has_succeeded() -> None:
    run = play("services: {a: {demand: 10/s, calls: [b, {to: c, after: [b]}]}, b: , c: }",
               "{at: 1s, degrade: b, errors: 30%}")  # fmt: skip

    assert last(run, "c", "offered_rps") == pytest.approx(7.0, rel=AT_REST)


@pytest.mark.parametrize("share", [0.25, 1.0])
def test_a_soft_dependency_costs_its_degradation(share: float) -> None:
    run = play("services: {a: {demand: 10/s, calls: [{to: b, needs: soft, degradation: 30%}]}, b: }",
               f"{{at: 1s, degrade: b, errors: {share}}}")  # fmt: skip

    assert last(run, "a", "success_fraction") == pytest.approx(1.0 - 0.3 * share, rel=AT_REST)


@pytest.mark.parametrize(("members", "needed"), [(1, 1), (3, 1), (3, 2), (5, 3)])
def test_a_group_is_up_while_as_many_members_as_it_needs(members: int, needed: int) -> None:
    names = [f"m{n}" for n in range(members)]
    parts = f"""
services: {{user: {{demand: 10/s, calls: [g]}}, {": , ".join(names)}: }}
groups: {{g: {{members: [{", ".join(names)}], needs: {needed}}}}}
"""
    spare = members - needed
    failing = [f"{{at: 2s, fail: {name}}}" for name in names]
    enough, too_few = play(parts, *failing[:spare]), play(parts, *failing[: spare + 1])

    assert last(enough, "user", "success_fraction") == pytest.approx(1.0, rel=AT_REST)
    assert last(enough, names[-1], "offered_rps") == pytest.approx(10.0 / needed, rel=AT_REST)
    assert last(too_few, "user", "success_fraction") == pytest.approx(0.0, abs=AT_REST)


def test_calls_move_to_the_survivors_with_the_time_constant_of_the_failover() -> None:
    run = play("""
services: {user: {demand: 10/s, calls: [g]}, m1: , m2: }
groups: {g: {members: [m1, m2], failover: 20s}}
""", "{at: 10s, fail: m1}", duration_s=60.0)  # fmt: skip
    since_s = run.times_s[10:] - 10.0

    assert run.of("user", "success_fraction")[10:] == pytest.approx(1.0 - 0.5 * np.exp(-since_s / 20.0), rel=STEPPED)


def test_an_ordered_group_uses_the_first_member_that_is_up() -> None:
    run = play("""
services: {user: {demand: 10/s, calls: [g]}, m1: , m2: , m3: }
groups: {g: {members: [m1, m2, m3], mode: ordered}}
""", "{at: 2s, fail: m1, for: 6s}", "{at: 4s, fail: m2}")  # fmt: skip
    loads = np.array([run.of(name, "offered_rps") for name in ("m1", "m2", "m3")])

    assert loads[:, 1] == pytest.approx([10.0, 0.0, 0.0], abs=AT_REST)
    assert loads[:, 3] == pytest.approx([0.0, 10.0, 0.0], abs=AT_REST)
    assert loads[:, 6] == pytest.approx([0.0, 0.0, 10.0], abs=AT_REST)
    assert loads[:, 9] == pytest.approx([10.0, 0.0, 0.0], abs=AT_REST)


def test_a_fallback_covers_what_it_notices() -> None:
    run = play("""
services: {a: {demand: 10/s, calls: [{to: b, fallback: {to: c, covers: 80%, worth: 50%}}]}, b: , c: }
""", "{at: 1s, fail: b}")  # fmt: skip

    assert last(run, "a", "success_fraction") == pytest.approx(0.4, rel=AT_REST)
    assert last(run, "c", "offered_rps") == pytest.approx(8.0, rel=AT_REST)


# Retries


def retrying(policy: str) -> str:
    return f"services: {{a: {{demand: 10/s, calls: [{{to: b, retry: {policy}}}]}}, b: }}"


@pytest.mark.parametrize("attempts", [1, 2, 4, 10])
@pytest.mark.parametrize("errors", [0.2, 0.5, 1.0])
def test_retries_multiply_the_load_on_a_failing_callee(attempts: int, errors: float) -> None:
    """Each attempt fails with chance q: 1 + q + ... + q^(n-1) attempts, of which all fail with chance q^n."""
    run = play(retrying(f"{{max_attempts: {attempts}, backoff: {{max: 100ms}}}}"),
               f"{{at: 1s, degrade: b, errors: {errors}}}", duration_s=30.0)  # fmt: skip

    assert last(run, "b", "offered_rps") == pytest.approx(10.0 * sum(errors**k for k in range(attempts)), rel=AT_REST)
    assert last(run, "a", "success_fraction") == pytest.approx(1.0 - errors**attempts, rel=AT_REST, abs=AT_REST)


def test_retries_of_two_tiers_multiply() -> None:
    again = "retry: {max_attempts: 3, backoff: {max: 100ms}}"
    run = play(f"""
services: {{a: {{demand: 10/s, calls: [{{to: b, {again}}}]}}, b: {{calls: [{{to: c, {again}}}]}}, c: }}
""", "{at: 1s, fail: c}", duration_s=30.0)  # fmt: skip

    assert last(run, "c", "offered_rps") == pytest.approx(90.0, rel=AT_REST)


def test_endless_retries_of_a_dead_callee_pile_up() -> None:
    """All calls since the failure are asked once per back-off of 5 s: 10/s (1 + t / 5 s)."""
    run = play(retrying("{max_attempts: unlimited, backoff: {initial: 5s}}"), "{at: 10s, fail: b}", duration_s=60.0)

    assert at(run, 60.0, "b", "offered_rps") == pytest.approx(10.0 * (1.0 + 49.5 / 5.0), rel=STEPPED)


@pytest.mark.parametrize("step_s", [0.01, 1.0])
@pytest.mark.parametrize(("ratio", "floor"), [(0.2, 0.0), (0.5, 2.0)])
def test_a_retry_budget_caps_the_load(ratio: float, floor: float, step_s: float) -> None:
    """However the step compares with the back-off, which begins with 50 ms."""
    run = play(retrying(f"{{max_attempts: 4, budget: {{ratio: {ratio}, min_per_second: {floor}/s}}}}"),
               "{at: 1s, fail: b}", duration_s=30.0, step_s=step_s)  # fmt: skip

    assert last(run, "b", "offered_rps") == pytest.approx(10.0 * (1.0 + ratio) + floor, rel=STEPPED)


# What callers keep


def test_a_cache_hides_a_failure_for_one_lifetime_of_its_entries() -> None:
    """Entries of all ages expire one by one, the last of them one TTL after the failure."""
    run = play("services: {a: {demand: 10/s, calls: [{to: b, cache: {ttl: 40s}}]}, b: }",
               "{at: 10s, fail: b, for: 80s}", duration_s=100.0)  # fmt: skip
    since_s = run.times_s[10:89] - 10.0

    assert run.of("a", "success_fraction")[10:89] == pytest.approx(1.0 - np.minimum(since_s / 40.0, 1.0), abs=0.02)
    assert last(run, "a", "success_fraction") == pytest.approx(1.0, rel=AT_REST)


def test_a_believed_failure_outlasts_the_repair_by_at_most_one_negative_lifetime() -> None:
    run = play("services: {a: {demand: 10/s, calls: [{to: b, cache: {ttl: 5s, negative_ttl: 40s}}]}, b: }",
               "{at: 10s, fail: b, for: 300s}", duration_s=400.0)  # fmt: skip
    success = run.of("a", "success_fraction")

    assert at(run, 310.0, "a", "success_fraction") == pytest.approx(0.0, abs=0.03)
    assert success[run.times_s > 310.0].min() < 0.2
    assert success[run.times_s >= 351.0] == pytest.approx(1.0, abs=AT_REST)


def test_a_hit_rate_keeps_its_share_of_the_calls_away() -> None:
    run = play("services: {a: {demand: 10/s, calls: [{to: b, cache: {hit: 80%, ttl: 1h}}]}, b: }")

    assert last(run, "b", "offered_rps") == pytest.approx(2.0, rel=AT_REST)


def test_a_breaker_opens_waits_probes_and_closes() -> None:
    """It opens at 10 s ln 2, stays open for 20 s, probes with a tenth, and closes 10 s ln 2 after the repair."""
    run = play("""
services: {a: {demand: 10/s, calls: [{to: b, circuit_breaker: {window: 10s, open_for: 20s}}]}, b: }
""", "{at: 10s, fail: b, for: 20s}", duration_s=60.0, step_s=0.05)  # fmt: skip
    opens, half_opens = 10.0 + 10.0 * math.log(2.0), 30.0 + 10.0 * math.log(2.0)
    closes = half_opens + 10.0 * math.log(2.0)
    load, times = run.of("b", "offered_rps"), run.times_s

    assert load[times < opens] == pytest.approx(10.0, rel=AT_REST)
    assert load[(times > opens + 1.5) & (times < half_opens)] == pytest.approx(0.0, abs=AT_REST)
    assert load[(times > half_opens + 1.5) & (times < closes)] == pytest.approx(1.0, rel=AT_REST)
    assert load[times > closes + 1.5] == pytest.approx(10.0, rel=AT_REST)


# Recovery


def test_capacity_comes_back_with_the_time_constant_of_the_warm_up() -> None:
    run = play("services: {a: {demand: 10/s, capacity: 100/s, recovery: {warm_up: 20s}}}",
               "{at: 10s, fail: a, for: 10s}", duration_s=120.0)  # fmt: skip
    warm = -np.expm1(-(run.times_s[20:] - 20.0) / 20.0)

    assert run.of("a", "in_service_fraction")[10:19] == pytest.approx(0.0, abs=AT_REST)
    assert run.of("a", "in_service_fraction")[20:] == pytest.approx(warm, abs=STEPPED)


def test_a_restart_delays_by_its_length() -> None:
    run = play("services: {a: {demand: 10/s, recovery: {restart: 30s}}}", "{at: 10s, fail: a, for: 10s}",
               duration_s=80.0)  # fmt: skip

    assert run.of("a", "refused_rps").sum() == pytest.approx(10.0 * 40.0, abs=3.0)
    assert at(run, 49.0, "a", "in_service_fraction") == 0.0
    assert at(run, 52.0, "a", "in_service_fraction") == 1.0


def test_a_manual_stop_lasts_until_it_is_restored() -> None:
    run = play("services: {a: {demand: 10/s, recovery: {mode: manual}}}", "{at: 5s, fail: a, for: 5s}",
               "{at: 20s, restore: a}", duration_s=30.0)  # fmt: skip

    assert run.of("a", "goodput_rps").sum() == pytest.approx(10.0 * 15.0, abs=1.5)
    assert last(run, "a", "in_service_fraction") == 1.0


def test_a_service_crashes_when_its_calls_have_failed_for_long_enough() -> None:
    run = play("services: {a: {demand: 10/s, recovery: {crashes_after: 20s, restart: 10s}, calls: [b]}, b: }",
               "{at: 10s, fail: b, for: 30s}", duration_s=60.0)  # fmt: skip
    up = run.of("a", "in_service_fraction")

    assert up[run.times_s < 29.0] == pytest.approx(1.0)
    assert up[(run.times_s > 31.0) & (run.times_s < 49.0)] == pytest.approx(0.0)
    assert up[run.times_s > 51.0] == pytest.approx(1.0)


def test_services_that_need_each_other_to_start_do_not_come_back() -> None:
    run = play("""
services:
  a: {demand: 10/s, calls: [{to: b, needs: startup}]}
  b: {demand: 10/s, calls: [{to: a, needs: startup}]}
""", "{at: 2s, fail: a, for: 10s}", "{at: 2s, fail: b, for: 10s}", duration_s=60.0)  # fmt: skip

    assert last(run, "a", "goodput_rps") == last(run, "b", "goodput_rps") == 0.0


# Fleets


@pytest.mark.parametrize("mean_life_s", [200.0, 800.0])
def test_a_saturated_repair_keeps_its_rate_times_the_mean_life_in_service(mean_life_s: float) -> None:
    run = play(f"""
services: {{repair: {{capacity: 10/s}}}}
fleets: {{hosts: {{size: 10000, mean_life: {mean_life_s}s, restored_by: {{to: repair}}}}}}
""", duration_s=8000.0, step_s=1.0)  # fmt: skip

    assert last(run, "hosts", "in_service_fraction") == pytest.approx(10.0 * mean_life_s / 10000.0, rel=STEPPED)


def test_an_idle_repair_leaves_out_what_is_on_its_way() -> None:
    """Units live for 900 s and are usable 100 s after their loss: nine tenths are in service."""
    run = play("""
services: {repair: }
fleets: {hosts: {size: 1000, mean_life: 900s, restored_by: {to: repair, usable_after: 100s}}}
""")  # fmt: skip

    assert last(run, "hosts", "in_service_fraction") == pytest.approx(0.9, rel=0.001)


def test_lost_units_come_back_as_fast_as_they_are_repaired() -> None:
    """Of 1000 units 500 are lost at once, and a repair of 10/s takes 50 s for them."""
    run = play("""
services: {repair: {capacity: 10/s}}
fleets: {hosts: {size: 1000, restored_by: {to: repair}}}
""", "{at: 10s, lose: hosts, share: 50%}", duration_s=80.0)  # fmt: skip
    share = np.minimum(0.5 + (run.times_s[10:] - 10.0) / 100.0, 1.0)

    assert run.of("hosts", "in_service_fraction")[10:] == pytest.approx(share, abs=0.02)


def test_leases_that_are_not_renewed_expire_evenly_over_one_lifetime() -> None:
    run = play("""
services: {renewals: }
fleets: {hosts: {size: 1000, lease: {ttl: 64s, renewed_by: renewals}}}
""", "{at: 10s, fail: renewals}", duration_s=100.0)  # fmt: skip
    left = np.maximum(1.0 - (run.times_s[10:] - 10.0) / 64.0, 0.0)

    assert run.of("hosts", "in_service_fraction")[10:] == pytest.approx(left, abs=0.02)
    assert at(run, 9.0, "renewals", "offered_rps") == pytest.approx(1000.0 / 64.0, rel=STEPPED)


@pytest.mark.parametrize("velocity", [0.3, 1.0])
def test_health_checks_remove_and_return_units_exponentially(velocity: float) -> None:
    """With the time constants of removal and return, and never more than the velocity limit."""
    check = f"{{through: checker, removal: 20s, return: 40s, max_removed: {velocity}}}"
    run = play(f"""
services: {{checker: }}
fleets: {{hosts: {{size: 1000, health_check: {check}}}}}
""", "{at: 10s, fail: checker, for: 60s}", duration_s=200.0)  # fmt: skip
    share, times = run.of("hosts", "in_service_fraction"), run.times_s
    removed = np.minimum(-np.expm1(-(times[10:70] - 10.0) / 20.0), velocity)
    returning = removed[-1] * np.exp(-(times[70:] - 70.0) / 40.0)

    assert share[10:70] == pytest.approx(1.0 - removed, abs=STEPPED)
    assert share[70:] == pytest.approx(1.0 - returning, abs=STEPPED)


def test_health_checks_that_terminate_stop_at_their_velocity_limit() -> None:
    run = play("""
services: {checker: , repair: }
fleets:
  hosts:
    size: 1000
    health_check: {through: checker, removal: 5s, max_removed: 30%, terminates: true}
    restored_by: {to: repair, usable_after: 1h}
""", "{at: 10s, fail: checker}", duration_s=100.0)  # fmt: skip

    assert run.of("hosts", "in_service_fraction").min() == pytest.approx(0.7, abs=STEPPED)


def test_capacity_and_success_follow_the_units_in_service() -> None:
    run = play("""
services: {a: {demand: 10/s, capacity: 100/s}, b: {demand: 10/s}}
fleets: {hosts: {size: 10, sets_capacity_of: [a], sets_success_of: [b]}}
""", "{at: 2s, lose: hosts, share: 30%}")  # fmt: skip

    assert last(run, "a", "capacity_rps") == pytest.approx(70.0, rel=AT_REST)
    assert last(run, "b", "success_fraction") == pytest.approx(0.7, rel=AT_REST)


@pytest.mark.parametrize(("timeout_s", "collapses"), [(10.0, True), (100.0, False)])
def test_a_repair_collapses_when_its_work_times_out(timeout_s: float, *, collapses: bool) -> None:
    """Leases end at twice the rate of the repair for 50 s: the wait grows to 50 s, and abandoned work is repeated."""
    run = play(f"""
services: {{repair: {{capacity: 10/s}}, renewals: }}
fleets:
  hosts:
    size: 1000
    lease: {{ttl: 50s, renewed_by: renewals}}
    restored_by: {{to: repair, timeout: {timeout_s}s, retry_after: 0s}}
""", "{at: 10s, fail: renewals, for: 50s}", duration_s=600.0)  # fmt: skip

    assert (last(run, "hosts", "in_service_fraction") < 0.9) == collapses
    if collapses:
        assert last(run, "repair", "offered_rps") > 10.0


# Events


def test_a_throttle_admits_its_rate() -> None:
    run = play("services: {a: {demand: 100/s}}", "{at: 10s, throttle: a, rate: 30/s, for: 10s}", duration_s=30.0)

    assert run.of("a", "goodput_rps")[10:20] == pytest.approx(30.0, rel=AT_REST)
    assert run.of("a", "refused_rps")[10:20] == pytest.approx(70.0, rel=AT_REST)
    assert run.of("a", "goodput_rps")[20:] == pytest.approx(100.0, rel=AT_REST)


def test_a_throttle_moves_evenly_to_the_next() -> None:
    run = play("services: {a: {demand: 100/s}}", "{at: 10s, throttle: a, rate: 20/s}",
               "{at: 20s, throttle: a, rate: 80/s, over: 30s}", duration_s=60.0)  # fmt: skip
    middles = run.times_s[20:50] - 0.5

    assert run.of("a", "goodput_rps")[20:50] == pytest.approx(20.0 + 2.0 * (middles - 20.0), abs=0.2)
    assert run.of("a", "goodput_rps")[50:] == pytest.approx(80.0, rel=AT_REST)


def test_a_surge_multiplies_the_demand_evenly() -> None:
    run = play("services: {a: {demand: 100/s}}", "{at: 10s, surge: a, factor: 3, over: 20s}", duration_s=40.0)
    middles = run.times_s[10:30] - 0.5

    assert run.of("a", "offered_rps")[10:30] == pytest.approx(100.0 + 10.0 * (middles - 10.0), abs=1.0)
    assert run.of("a", "offered_rps")[30:] == pytest.approx(300.0, rel=AT_REST)


def test_a_flap_fails_for_its_part_of_each_period() -> None:
    run = play("services: {a: {demand: 10/s}}", "{at: 10s, flap: a, period: 20s, down: 5s, for: 80s}", duration_s=100.0)
    is_down = (run.times_s > 10.0) & (run.times_s <= 90.0) & ((run.times_s - 10.0 - 0.5) % 20.0 < 5.0)

    assert run.of("a", "refused_rps") == pytest.approx(10.0 * is_down, abs=AT_REST)


def test_a_call_that_is_switched_off_costs_nothing_until_it_is_back() -> None:
    run = play("services: {a: {demand: 10/s, calls: [b]}, b: }", "{at: 5s, fail: b}",
               "{at: 10s, switch_off: a -> b, for: 10s}", duration_s=30.0)  # fmt: skip
    success, load = run.of("a", "success_fraction"), run.of("b", "offered_rps")

    assert success[5:10] == pytest.approx(0.0, abs=AT_REST)
    assert success[10:20] == pytest.approx(1.0, rel=AT_REST)
    assert load[10:20] == pytest.approx(0.0, abs=AT_REST)
    assert success[20:] == pytest.approx(0.0, abs=AT_REST)
    assert load[20:] == pytest.approx(10.0, rel=AT_REST)


def test_degradations_of_one_service_multiply_and_end_one_by_one() -> None:
    run = play("services: {a: {demand: 10/s, capacity: 100/s}}", "{at: 5s, degrade: a, capacity: 50%, for: 20s}",
               "{at: 10s, degrade: a, capacity: 40%, for: 10s}", duration_s=30.0)  # fmt: skip
    capacity = run.of("a", "capacity_rps")

    assert [capacity[n] for n in (3, 8, 15, 22, 28)] == pytest.approx([100.0, 50.0, 20.0, 50.0, 100.0], rel=AT_REST)


def test_a_restoration_takes_faults_back_evenly() -> None:
    run = play("services: {a: {demand: 10/s, capacity: 100/s}}", "{at: 5s, degrade: a, capacity: 20%}",
               "{at: 10s, restore: a, over: 20s}", duration_s=40.0)  # fmt: skip
    back = np.clip((run.times_s - 10.0) / 20.0, 0.0, 1.0)

    assert run.of("a", "capacity_rps")[5:] == pytest.approx((20.0 + 80.0 * back)[5:], abs=STEPPED * 100.0)


def test_demand_swings_with_the_day() -> None:
    run = play("services: {a: {demand: {rate: 100/s, daily_swing: 40%, daily_peak: 15h}}}", duration_s=86400.0,
               step_s=600.0, start="2025-06-01T06:00:00+02:00")  # fmt: skip
    hours = (run.times_s + 6 * 3600.0) / 3600.0

    assert run.of("a", "offered_rps") == pytest.approx(100.0 + 40.0 * np.cos(2 * np.pi * (hours - 15) / 24), rel=0.005)


def test_each_call_falls_back_by_itself_on_a_service_that_they_share() -> None:
    text = """
services:
  web:
    demand: 30/s
    calls: [{to: one, fallback: {to: spare}}, {to: other, fallback: {to: spare}}, spare]
  one: {rate_limit: 20/s}
  other: {rate_limit: 25/s}
  spare:
"""
    run = cascade.simulate(cascade.loads(text), cascade.Scenario(duration_s=60.0))

    assert run.of("spare", "offered_rps")[-1] == pytest.approx(30.0 + 10.0 + 5.0)
    assert run.of("web", "success_fraction")[-1] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("call", "expected_rps"),
    [
        ("per_request: 0.5", 50.0),
        ("per_request: 2", 200.0),
        ("needs: soft", 100.0),
        ("degradation: 30%, needs: soft", 100.0),
    ],
)
def test_a_fallback_gets_all_calls_that_fail_whatever_they_bear_on(call: str, expected_rps: float) -> None:
    text = f"services: {{web: {{demand: 100/s, calls: [{{to: a, {call}, fallback: {{to: spare}}}}]}}, a: , spare: }}"
    down = cascade.Scenario(duration_s=60.0, events=(cascade.Event(at=0.0, fail="a"),))

    run = cascade.simulate(cascade.loads(text), down)

    assert run.of("spare", "offered_rps")[-1] == pytest.approx(expected_rps)


@pytest.mark.parametrize(("timeout", "success"), [("900ms", 0.0), ("1001ms", 1.0 - math.exp(-1.0)), ("3s", 1.0)])
def test_nothing_answers_before_a_delay_that_is_always_the_same(timeout: str, success: float) -> None:
    text = f"services: {{web: {{demand: 10/s, calls: [{{to: db, timeout: {timeout}}}]}}, db: {{service_time: 1ms}}}}"
    late = cascade.Scenario(duration_s=60.0, events=(cascade.Event(at=0.0, degrade="db", delay_s=1.0),))

    run = cascade.simulate(cascade.loads(text), late)

    assert run.of("web", "success_fraction")[-1] == pytest.approx(success, abs=0.01)


def test_a_breaker_that_fails_exactly_at_its_threshold_has_no_rest() -> None:
    text = """
services:
  web: {demand: 40/s, calls: [{to: db, circuit_breaker: {failure_rate: 50%, window: 1s, open_for: 1s}}]}
  db: {rate_limit: 20/s}
"""
    run = cascade.simulate(cascade.loads(text), cascade.Scenario(duration_s=60.0))

    assert not run.is_settled_at_start
