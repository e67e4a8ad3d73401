"""The outage of 20 October 2025, replayed: what the issue of the tool is, held as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

import cascade
from cascade import Event, Run, Scenario, Topology

FLAGSHIP: Final = Path(__file__).parents[1] / "topologies" / "aws-us-east-1-2025-10-20.yaml"
OUTAGE: Final = "outage"


@pytest.fixture(scope="module")
def topology() -> Topology:
    return cascade.load(FLAGSHIP)


@pytest.fixture(scope="module")
def replay(topology: Topology) -> cascade.Replay:
    return cascade.replay(topology, OUTAGE)


def hit_h(run: Run, name: str) -> float:
    """How long a service is hit [h]."""
    return float(run.is_hit(name).mean()) * run.scenario.duration_s / 3600.0


def with_events(topology: Topology, *events: Event) -> Run:
    outage: Scenario = topology.scenarios[OUTAGE]
    return cascade.simulate(topology, outage.changed(events=events))


def test_the_replay_meets_the_record(replay: cascade.Replay) -> None:
    summary = replay.summary

    assert summary["missed_windows"] == 0
    assert summary["false_windows"] == 0
    assert summary["edges"] == summary["edges_given"] + summary["edges_predicted"]
    assert summary["edges_predicted"] >= 20
    assert summary["predicted_within_15min"] >= 0.9 * summary["edges_predicted"]
    assert summary["median_abs_error_s"] <= 300.0


def test_events_are_the_trigger_and_what_operators_did(topology: Topology) -> None:
    """No event acts on a service that is scored, but for admission limits and a purge of DWFM's queue."""
    scored = {window.service for window in topology.observed}
    pushed = {
        (event.action, event.target)
        for event in topology.scenarios[OUTAGE].events
        if event.target in scored and event.action not in {"throttle", "purge"}
    }

    assert pushed == {("restore", "lambda-sqs-pollers")}


def test_running_instances_stay_up(replay: cascade.Replay) -> None:
    assert not replay.run.is_hit("ec2-running-instances").any()


def test_nothing_happens_without_the_trigger(topology: Topology) -> None:
    assert not with_events(topology).hit.any()


def test_leases_collapse_until_operators_throttle(topology: Topology) -> None:
    trigger, bridge, repair, *_ = topology.scenarios[OUTAGE].events
    run = with_events(topology, trigger, bridge, repair)

    assert run.is_hit("ec2-dwfm")[-1]
    assert run.of("droplet-leases", "in_service_fraction")[-1] < 0.5
    assert not run.is_hit("dynamodb-regional-endpoint")[-1]


def test_the_repair_waits_for_tooling_that_is_down_itself(topology: Topology) -> None:
    trigger, _bridge, repair, *_ = topology.scenarios[OUTAGE].events
    run = with_events(topology, trigger, repair)

    assert repair.needs == "internal-tooling"
    assert run.event_times_s[1] == float("inf")
    assert run.is_hit("dynamodb-dns-record")[-1]


def test_throttling_two_hours_earlier_saves_two_hours_of_leases(topology: Topology, replay: cascade.Replay) -> None:
    outage = topology.scenarios[OUTAGE]
    assert outage.start is not None
    early = outage.start.replace(day=20, hour=2, minute=30)
    on_dwfm = [e for e in outage.events if e.target == "ec2-dwfm" and e.rate_rps != float("inf")]
    events = (e.changed(at=early) if e in on_dwfm else e for e in outage.events)
    run = with_events(topology, *events)

    assert hit_h(run, "droplet-leases") < hit_h(replay.run, "droplet-leases") - 1.5


def test_a_velocity_limit_spares_the_targets_of_load_balancers(topology: Topology, replay: cascade.Replay) -> None:
    fleets = {
        name: fleet.changed(health_check=fleet.health_check.changed(max_removed_fraction=0.1))
        if fleet.health_check
        else fleet
        for name, fleet in topology.fleets.items()
    }
    run = cascade.simulate(topology.changed(fleets=fleets), OUTAGE)

    assert hit_h(run, "sts") < hit_h(replay.run, "sts") - 1.0
    assert hit_h(run, "ec2-launch") == pytest.approx(hit_h(replay.run, "ec2-launch"), abs=0.2)
