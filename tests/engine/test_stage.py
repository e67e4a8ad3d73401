"""Runs of which only the outcome is kept: the same alone and among others, in parts and in full, and as whole runs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import cascade
from cascade import Clock, Event, Scenario, Topology
from cascade.engine.outcome import Ending
from cascade.engine.stage import Stage
from tests.engine.strategies import DURATION_S, cases

STEP_S = 0.25
TOLERANCE = 1e-4
"""Difference that stepping only what is reached may make to what was lost, of the time played."""
MANY = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
Case = tuple[Topology, Scenario]
STORM = """
services:
  web: {demand: 100/s, calls: [{to: db, timeout: 250ms, retry: {max_attempts: 4, backoff: {initial: 50ms}}}]}
  db: {concurrency: {max: 4, queue: 1000}, service_time: 25ms}
"""


def bad_minute(duration_s: float) -> Scenario:
    return Scenario(duration_s=duration_s, events=(Event(at=60.0, degrade="db", capacity_fraction=0.25, lasts_s=60.0),))


def stage_of(topology: Topology, *, is_full: bool = False) -> Stage:
    return Stage(topology, clock=Clock(step_s=STEP_S), is_full=is_full)


@given(case=cases(), other=st.sampled_from(["fail", "surge"]))
@MANY
def test_a_run_among_others_gives_the_same_bits_as_alone(case: Case, other: str) -> None:
    topology, scenario = case
    alone = stage_of(topology).play(scenario)
    stage = stage_of(topology)
    name = next(iter(topology.services))
    event = Event(at=5.0, fail=name, lasts_s=20.0) if other == "fail" else Event(at=5.0, surge=name, factor=3.0)
    stage.play(Scenario(duration_s=60.0, events=(event,)))
    assert stage.play(scenario).bits == alone.bits
    assert stage.play(scenario).bits == alone.bits


@given(case=cases(cycles=False))
@MANY
def test_stepping_what_is_reached_gives_what_stepping_everything_gives(case: Case) -> None:
    assert_same(case, TOLERANCE * DURATION_S)


@given(case=cases())
@MANY
def test_around_cycles_it_gives_the_same_to_a_step(case: Case) -> None:
    """Load that multiplies around a cycle grows from any difference, however small."""
    assert_same(case, STEP_S)


def is_well_at_rest(topology: Topology) -> bool:
    """Whether nothing is outside its objective before anything happens: overload can rest where nothing keeps it."""
    run = cascade.simulate(topology, Scenario(duration_s=DURATION_S), clock=Clock(step_s=STEP_S, samples=1))
    return run.is_settled_at_start and not run.hit.any()


def assert_same(case: Case, most_s: float) -> None:
    topology, scenario = case
    assume(is_well_at_rest(topology))
    part, whole = stage_of(topology).play(scenario), stage_of(topology, is_full=True).play(scenario)
    assert np.abs(part.entries["lost_s"] - whole.entries["lost_s"]).max(initial=0.0) <= most_s
    assert part.is_recovered == whole.is_recovered
    assert part.hits["part"].tolist() == whole.hits["part"].tolist()
    for column in ("fell_s", "back_s", "outage_s"):
        assert part.hits[column] == pytest.approx(whole.hits[column], abs=2 * STEP_S), column


@given(case=cases())
@MANY
def test_an_outcome_is_what_the_whole_run_shows(case: Case) -> None:
    topology, scenario = case
    outcome = stage_of(topology).play(scenario)
    run = cascade.simulate(topology, scenario, clock=Clock(step_s=STEP_S, samples=1))
    fell_s = {fall.name: fall.time_s for fall in reversed(run.falls)}
    usual = {name for name, time_s in fell_s.items() if time_s <= 0.0}
    found = {run.names[hit["part"]]: hit for hit in outcome.hits}
    assert set(found) - usual == set(fell_s) - usual
    for name in set(found) - usual:
        assert found[name]["fell_s"] == pytest.approx(fell_s[name], abs=1e-3)


def test_a_storm_that_feeds_itself_is_proved_stuck_long_before_the_end() -> None:
    storm = cascade.loads(STORM)
    day, hour = (bad_minute(duration_s) for duration_s in (86400.0, 3600.0))
    stage = Stage(storm, clock=Clock(step_s=0.25))
    outcome = stage.play(day)
    assert outcome.ending is Ending.STUCK
    assert outcome.impact_minutes == pytest.approx((86400.0 - 60.0) / 60.0, rel=2e-3)
    assert stage.play(hour).ending is Ending.STUCK


@pytest.mark.parametrize("over_s", [0.0, 60.0])
def test_what_is_at_rest_while_it_is_broken_is_restored(over_s: float) -> None:
    shop = cascade.loads("services: {web: {demand: 10/s, calls: [db]}, db: }")
    events = (Event(at=60.0, fail="db"), Event(at=660.0, restore="db", over_s=over_s))
    outcome = Stage(shop, clock=Clock(step_s=0.25)).play(Scenario(duration_s=3600.0, events=events))
    assert outcome.ending is Ending.RECOVERED
    assert outcome.impact_minutes == pytest.approx(10.0, rel=1e-2)


def test_a_backlog_that_grows_for_ever_is_not_called_stuck() -> None:
    late = cascade.loads(
        "services: {web: {demand: 20/s, concurrency: {max: 1}, service_time: 40ms, calls: [db]}, db: }"
    )
    slow = Event(at=5.0, degrade="web", latency=2.0)
    outcome = Stage(late, clock=Clock(step_s=0.25)).play(Scenario(duration_s=600.0, events=(slow,)))
    assert outcome.ending is Ending.UNFINISHED
    assert outcome.peak_backlog_count > 1000
