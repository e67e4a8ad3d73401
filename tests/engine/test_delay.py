"""Delays that faults add to answers: what they do to callers with a timeout, to workers and to each other."""

from __future__ import annotations

import numpy as np
import pytest

import cascade


def during(events: str, *, caller: str = "", callee: str = "service_time: 10ms", name: str = "a") -> dict[str, float]:
    """Give the series of a service while events last."""
    topology = cascade.loads(f"""
services:
  a: {{demand: 10/s, calls: [{{to: b, timeout: 2s{caller}}}]}}
  b: {{{callee}}}
scenarios: {{it: {{duration: 3m, events: [{events}]}}}}
""")
    run = cascade.simulate(topology, "it")
    at = int(np.searchsorted(run.times_s, 120.0))
    return {series: float(values[at, run.column(name)]) for series, values in run.series.items()}


def test_a_delay_is_added_to_every_answer() -> None:
    found = during("{at: 1m, degrade: b, delay: 1.5s}")

    assert found["sojourn_s"] == pytest.approx(1.51)
    assert found["success_fraction"] == 1.0


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_only_the_share_that_is_delayed_comes_too_late(share: float) -> None:
    found = during(f"{{at: 1m, degrade: b, delay: 7s, delayed: {share:.0%}}}")

    assert found["success_fraction"] == pytest.approx(1.0 - share, abs=1e-6)


def test_attempts_that_come_too_late_are_made_again() -> None:
    found = during("{at: 1m, degrade: b, delay: 7s, delayed: 50%}", caller=", retry: {backoff: {initial: 0s}}")

    assert found["success_fraction"] == pytest.approx(1.0 - 0.5**3, abs=1e-3)


def test_delays_add_up_and_are_taken_back() -> None:
    events = "{at: 30s, degrade: b, delay: 500ms}, {at: 1m, degrade: b, delay: 1s, over: 30s}"

    assert during(events)["sojourn_s"] == pytest.approx(1.51)
    assert during(f"{events}, {{at: 110s, restore: b}}")["sojourn_s"] == pytest.approx(0.01)


def test_a_delayed_answer_holds_its_worker() -> None:
    found = during("{at: 1m, degrade: b, delay: 1s}", callee="service_time: 10ms, concurrency: {max: 100}", name="b")

    assert found["in_work_count"] == pytest.approx(10.1, rel=0.01)


def test_a_soft_call_that_is_never_in_time_takes_its_timeout_and_no_more() -> None:
    """The time of such a call is certain, so that a caller further up who waits longer gets all answers."""
    topology = cascade.loads("""
services:
  page: {demand: 10/s, calls: [{to: middle, timeout: 3s}]}
  middle: {calls: [{to: slow, needs: soft, timeout: 2.5s}]}
  slow: {service_time: 1ms}
scenarios: {it: {duration: 3m, events: [{at: 1m, degrade: slow, delay: 1m}]}}
""")
    run = cascade.simulate(topology, "it")

    assert run.of("page", "success_fraction")[-1] == 1.0
    assert run.of("page", "sojourn_s")[-1] == pytest.approx(2.5)
