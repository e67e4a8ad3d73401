"""Steps: short behind what changes abruptly, and what a run comes to does not depend on their length."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings

import cascade
from cascade import Clock, Event, Scenario, Topology
from cascade.engine.clock import AFTER_A_CHANGE_S, GROWTH, ticks
from cascade.engine.stage import Stage
from tests.engine.strategies import storms

TOPOLOGIES: Final = Path(__file__).parents[2] / "topologies"
FINER: Final = 16.0
"""The automatic step is held against one that is so many times shorter, or short enough."""
SHORT_S: Final = 0.03


def failure(name: str) -> Scenario:
    """Let a service fail for half an hour, and give three hours for it to pass."""
    return Scenario(duration_s=12600.0, events=(Event(at=0.0, fail=name, lasts_s=1800.0),))


def assert_step_does_not_matter(topology: Topology, scenario: Scenario) -> None:
    found = Stage(topology).play(scenario)
    step_s = max(found.step_s / FINER, min(found.step_s, SHORT_S))
    finer = Stage(topology, clock=Clock(step_s=step_s)).play(scenario)
    assert found.is_recovered == finer.is_recovered
    assert found.impact_minutes == pytest.approx(finer.impact_minutes, rel=0.01, abs=0.05)


@pytest.mark.parametrize("name", ["retry-storm", "three-tiers"])
def test_what_a_storm_comes_to_does_not_depend_on_the_step(name: str) -> None:
    topology = cascade.load(TOPOLOGIES / f"{name}.yaml")
    for scenario in (*topology.scenarios.values(), *(failure(service) for service in topology.services)):
        assert_step_does_not_matter(topology, scenario)


@given(topology=storms())
@settings(max_examples=12, derandomize=True)
def test_callers_that_try_again_recover_with_all_steps_or_none(topology: Topology) -> None:
    """Always the same cases: of systems at the very edge of a storm, any error decides."""
    for name in list(topology.services)[1:]:
        assert_step_does_not_matter(topology, failure(name))


def test_steps_begin_short_behind_every_change_and_grow_until_the_next() -> None:
    laid = ticks(100.0, [0.0, 20.0, 20.5, 60.0, 200.0], step_s=2.0, samples=10)
    lengths_s = np.diff(laid.times_s)
    assert lengths_s.max() <= 2.0 + 1e-9
    assert laid.times_s[laid.sample_ends] == pytest.approx(np.arange(10.0, 101.0, 10.0))
    for edge_s in (0.0, 20.0, 20.5, 60.0):
        first = int(np.searchsorted(laid.times_s, edge_s - 1e-9))
        assert laid.times_s[first] == pytest.approx(edge_s)
        assert lengths_s[first] == pytest.approx(AFTER_A_CHANGE_S)
        assert (lengths_s[first + 1 :][:20] <= GROWTH * lengths_s[first:][:20] + 1e-9).all()


def test_steps_that_are_short_already_stay_as_they_are() -> None:
    laid = ticks(1.0, [0.5], step_s=AFTER_A_CHANGE_S, samples=1)
    assert np.diff(laid.times_s) == pytest.approx(AFTER_A_CHANGE_S)
