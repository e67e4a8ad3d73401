"""Every contingency simulated: ranked, seen from both sides, and held against one simulation at a time."""

from __future__ import annotations

import json
import math
import pickle
import random
from itertools import combinations
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
import pytest

import cascade
from cascade.analysis.cut_sets import cut_sets
from cascade.analysis.pairs import every_pair, pair_count, pairs, singles
from cascade.analysis.sweep import LASTS_S, sweep_study
from cascade.engine.outcome import Ending
from cascade.engine.stage import Stage
from cascade.errors import ScenarioError
from cascade.model.service import Concurrency
from cascade.report.export import export
from cascade.report.formats import Format
from cascade.report.frames import frame_of
from cascade.report.sweep import View
from tests.benchmarks.test_speed import retry_storm

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LASTS: float = 120.0
HORIZON: float = 900.0
STEP = cascade.Clock(step_s=0.5)
RESOLUTION_S = 1.01
"""Two steps: a run that is watched notes the beginning of a step, a sample its end."""
TOPOLOGIES = {
    "group and zones": """
services:
  web: {demand: 10/s, weight: 3, calls: [app, {to: search, needs: soft, degradation: 30%}]}
  admin: {demand: 1/s, calls: [{to: db, timeout: 1s}]}
  app: {calls: [db, {to: mail, needs: async}]}
  search:
  mail: {durable: true, capacity: 12/s}
  db-1: {zones: [a]}
  db-2: {zones: [b]}
  db-3: {zones: [b]}
groups: {db: {members: [db-1, db-2, db-3], needs: 2}}
""",
    "fleet": """
services:
  users: {demand: 2/s, capacity: 3/s, calls: [leases]}
  leases: {calls: [store]}
  store: {recovery: {warm_up: 1m}}
fleets:
  hosts: {size: 100, sets_capacity_of: [users], lease: {ttl: 1m, renewed_by: leases}, restored_by: {to: leases}}
domains: {rack: [store, hosts]}
""",
}


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture(params=TOPOLOGIES)
def topology(request: pytest.FixtureRequest) -> cascade.Topology:
    return cascade.loads(TOPOLOGIES[request.param])


def swept(topology: cascade.Topology, **options: Any) -> cascade.Sweep:
    return cascade.sweep(topology, lasts_s=LASTS, horizon_s=HORIZON, clock=STEP, workers=1, **options)


def simulated(sweep: cascade.Sweep) -> list[cascade.Run]:
    """Play each contingency by itself, every step a sample."""
    clock = cascade.Clock(step_s=STEP.step_s, samples=round(HORIZON / 0.5))
    study = sweep.study
    return [cascade.simulate(sweep.topology, study.scenario(index), clock=clock) for index in range(len(study))]


def back_s(run: cascade.Run, name: str) -> float:
    """When a part is back for good: nan when it was never hit, inf when it is not back."""
    places = np.flatnonzero(run.is_hit(name))
    if not places.size:
        return math.nan
    return math.inf if places[-1] == len(run.times_s) - 1 else float(run.times_s[places[-1]])


def test_entry_points_come_back_when_one_simulation_says_so(topology: cascade.Topology) -> None:
    found = swept(topology)

    for index, run in enumerate(simulated(found)):
        expected = [back_s(run, name) for name in found.entry_points]
        back = found.columns.recovery_s[index]
        seen = np.where(back < RESOLUTION_S, np.nan, back)  # the samples do not show what is over so soon
        np.testing.assert_allclose(seen, expected, atol=RESOLUTION_S)


def test_what_is_hit_and_for_how_long_is_that_of_one_simulation(topology: cascade.Topology) -> None:
    found = swept(topology)
    runs = simulated(found)

    for row, each, run in zip(found.columns.rows, found.study.contingencies, runs, strict=True):
        hit = set(run.falls_of)
        assert row["affected_count"] == len(hit - {*each})
        assert row["violated_minutes"] == pytest.approx(run.hit.sum() * 0.5 / 60.0, abs=len(hit) * RESOLUTION_S / 60.0)
        assert (row["ending"] == Ending.RECOVERED) == all(not math.isinf(back_s(run, name)) for name in hit)
    for name, part in zip(found.names, found.columns.parts, strict=True):
        outage_s = {
            index: math.inf if math.isinf(back_s(run, name)) else run.is_hit(name).sum() * 0.5
            for index, run in enumerate(runs)
            if name in run.falls_of and name not in found.study.contingencies[index]
        }
        assert part["hit_count"] == len(outage_s)
        assert part["worst"] == -1 or outage_s[int(part["worst"])] == pytest.approx(
            max(outage_s.values()), abs=RESOLUTION_S
        )
        assert part["outage_s"] == pytest.approx(max(outage_s.values(), default=0.0), abs=RESOLUTION_S)


def test_impact_is_what_users_lose_over_time(topology: cascade.Topology) -> None:
    found = swept(topology)

    for row, run in zip(found.columns.rows, simulated(found), strict=True):
        lost = 0.0
        for name in found.entry_points:
            is_up = run.of(name, "in_service_fraction") > 0.0
            asks = run.of(name, "offered_rps") > 0.0
            share = 1.0 - np.where(is_up, run.of(name, "success_fraction"), 0.0)
            lost += topology.services[name].weight * float((share * asks).sum()) * 0.5 / 60.0
        assert row["impact_minutes"] == pytest.approx(lost, rel=0.01, abs=0.05)


def test_the_worst_for_users_comes_first_and_equals_go_by_name() -> None:
    text = """{services: {web: {demand: 1/s, calls: [b, a, {to: c, per_request: 0.5}]}, b: , a: , c: , idle: ,
    zulu: {demand: 1/s, weight: 9}}}"""
    found = swept(cascade.loads(text))

    assert [found.labels[index] for index in found.ranking] == ["zulu", "a", "b", "web", "c", "idle"]
    assert found.columns.rows["impact_minutes"][found.ranking].round(2).tolist() == [18.0, 2.0, 2.0, 2.0, 1.0, 0.0]
    assert found.headline == (
        "6 single failures, each for 2m: 5 hit users; the worst, zulu, costs 18 user-minutes and hits 0 other parts."
    )


def test_what_never_recovers_is_said() -> None:
    storm = retry_storm()
    found = swept(storm)
    full = {name: with_queue(service) for name, service in storm.services.items()}
    stuck = cascade.sweep(storm.changed(services=full), lasts_s=60.0, horizon_s=3600.0, workers=1)

    assert [found.labels[index] for index in np.flatnonzero(~found.is_recovered)] == ["db"]
    assert "1 does not recover within 15m; the worst, db," in found.headline
    assert "1 never recovers; the worst, db," in stuck.headline
    assert stuck.is_stuck.tolist() == [False, False, True]
    assert math.isinf(stuck.columns.recovery_s[2, 0])
    text = " ".join(export(stuck, Format.TEXT).split())
    assert "web, not back" in text
    assert "Stuck, though what failed is repaired, until somebody intervenes: db." in text


def with_queue(service: cascade.Service) -> cascade.Service:
    """Give a service a waiting room that can be full."""
    if service.concurrency is None:
        return service
    full: cascade.Service = service.changed(concurrency=Concurrency(max=service.concurrency.max, queue=200))
    return full


def test_fleets_are_given_back_and_domains_take_their_members() -> None:
    study = sweep_study(cascade.loads(TOPOLOGIES["fleet"]))

    assert [study.label(index) for index in range(len(study))] == ["users", "leases", "store", "hosts", "rack"]
    events = study.scenario(3).events
    assert [(event.action, event.target, event.at) for event in events] == [
        ("fail", "hosts", 0.0)
    ]  # it restores itself
    text = "{services: {vm: {demand: 1/s, capacity: 2/s}}, fleets: {pool: {size: 9, sets_capacity_of: [vm]}}}"
    [fails, back] = sweep_study(cascade.loads(text)).scenario(1).events
    assert (fails.target, fails.lasts_s, back.action, back.at) == ("pool", LASTS_S, "restore", LASTS_S)


def test_a_study_can_be_sent_away() -> None:
    study = sweep_study(
        cascade.loads(TOPOLOGIES["group and zones"]), order=2, clock=STEP, horizon_s=HORIZON, lasts_s=60.0
    )
    other = pickle.loads(pickle.dumps(study))  # noqa: S301 - our own

    assert other.settings == study.settings
    assert other.player()(2).bits == study.player()(2).bits


def test_what_structure_says_stands_beside() -> None:
    found = swept(cascade.loads(TOPOLOGIES["group and zones"]), order=2)
    static = cascade.contingencies(found.topology)

    for label, lost in zip(found.labels, found.columns.static_lost_count, strict=True):
        assert lost == len(static.of(*label.split(" + ")).entry_points)


def random_system(draw: random.Random) -> cascade.Topology:
    """Make a system of hard calls, groups and zones in which nothing is ever short of capacity."""
    names = [f"s{index}" for index in range(8)]
    services: dict[str, Any] = {name: {"zones": [draw.choice("ab")] if draw.random() < 0.4 else []} for name in names}
    groups: dict[str, Any] = {}
    for index in range(draw.randint(1, 3)):
        members = draw.sample(names[3:], draw.randint(2, 4))
        groups[f"g{index}"] = {"members": members, "needs": draw.randint(1, len(members) - 1)}
    for place, name in enumerate(names):
        below = [*names[place + 1 :], *(group for group, row in groups.items() if min(row["members"]) > name)]
        services[name]["calls"] = draw.sample(below, min(len(below), draw.randint(0, 2)))
    services["s0"]["demand"] = services["s1"]["demand"] = "1/s"
    return cascade.loads(json.dumps({"services": services, "groups": groups}))


@pytest.mark.parametrize("seed", range(12))
def test_pairs_that_cost_more_than_their_two_alone_are_among_the_screened(seed: int) -> None:
    topology = random_system(random.Random(seed))
    found = swept(topology, order=2, pairs="all")

    worse = {
        each for each, excess in zip(found.study.contingencies, found.excess_minutes, strict=True) if excess > 0.05
    }
    assert worse <= {*pairs(topology)}
    assert {*pairs(topology)} <= {*every_pair(topology)}
    assert len([*every_pair(topology)]) == pair_count(topology) <= math.comb(len(singles(topology)), 2)


@pytest.mark.parametrize("seed", range(12))
def test_every_minimal_cut_set_of_two_is_among_the_screened(seed: int) -> None:
    topology = random_system(random.Random(100 + seed))
    known = {frozenset(each) for each in pairs(topology)}

    for part in (*topology.services, *topology.groups):
        assert {frozenset(each) for each in cut_sets(topology, [part]) if len(each) == 2} <= known


def test_some_pairs_are_worse_together() -> None:
    found = swept(cascade.loads(TOPOLOGIES["group and zones"]), order=2)

    together = dict(zip(found.labels, found.excess_minutes, strict=True))
    assert together["db-1 + db-2"] == pytest.approx(4 * 2.0, rel=0.05)
    assert math.isnan(together["db-1"])
    assert "Simulated: 5 of 42 pairs, those that weaken the same redundancy" in " ".join(
        export(found, Format.TEXT).split()
    )


def test_a_zone_and_what_is_in_it_make_no_pair() -> None:
    topology = cascade.loads(TOPOLOGIES["group and zones"])

    assert {("db-1", "a"), ("db-2", "b"), ("db-3", "b")}.isdisjoint(every_pair(topology))
    assert set(combinations([name for (name,) in singles(topology)], 2)) - {*every_pair(topology)} == {
        ("db-1", "a"),
        ("db-2", "b"),
        ("db-3", "b"),
    }


def test_zones_that_are_not_all_are_a_pair_all_the_same() -> None:
    text = "{services: {web: {demand: 1/s, replicas: 3, zones: [a, b, c]}}}"

    assert pairs(cascade.loads(text)) == (("a", "b"), ("a", "c"), ("b", "c"))


def test_too_many_pairs_are_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cascade.analysis.pairs.MOST_PAIRS", 10)

    with pytest.raises(ScenarioError, match="42 pairs are too many to simulate, expected 10 at most; screen them"):
        pairs(cascade.loads(TOPOLOGIES["group and zones"]), screened=False)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"horizon_s": 60.0, "lasts_s": 60.0}, "expected to follow each run for longer than things fail, got 1m"),
        ({"order": 3}, "expected 1 or 2 failures at once, got 3"),
        ({"pairs": "some"}, "expected screened pairs or all, got 'some'"),
        ({"lasts_s": 0.0}, "expected things to fail for some time, got 0s"),
        ({"clock": cascade.Clock(step_s=0.0)}, "expected a step of some length, got 0s"),
    ],
)
def test_what_means_nothing_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        cascade.sweep(cascade.loads(TOPOLOGIES["fleet"]), **options)


def test_a_finished_store_answers_without_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    topology = cascade.loads(TOPOLOGIES["fleet"])
    first = swept(topology, store=tmp_path / "runs.db")
    monkeypatch.setattr(Stage, "play", lambda *_: pytest.fail("played again"))

    again = swept(topology, store=tmp_path / "runs.db")

    assert export(again, Format.JSON) == export(first, Format.JSON)
    assert export(again, Format.TEXT) == export(first, Format.TEXT)


def test_frames_hold_what_the_tables_say() -> None:
    found = swept(cascade.loads(TOPOLOGIES["fleet"]))

    assert found.frame["fails"].tolist() == [found.labels[index] for index in found.ranking]
    assert found.recovery.loc["rack", "users"] == found.columns.recovery_s[4, 0]
    long = frame_of(View(found, "entries"))
    assert len(long) == np.count_nonzero(~np.isnan(found.columns.recovery_s))
    assert set(frame_of(View(found, "parts"))["name"]) == {*found.names}


@pytest.mark.parametrize("text", ["services: {}", "services: {a: {calls: [b]}, b: }"])
@pytest.mark.parametrize("form", Format)
def test_nobody_to_hit_is_no_error(text: str, form: Format) -> None:
    found = swept(cascade.loads(text))

    assert export(found, form)
    assert found._repr_html_()
    cascade.plot_sweep(found).figure.canvas.draw()


def test_the_map_shows_who_is_hit_and_what_does_not_come_back() -> None:
    axes = cascade.plot_sweep(swept(retry_storm()))

    assert [label.get_text() for label in axes.get_yticklabels()] == ["db", "api", "web"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["web", "api", "db"]
    assert [text.get_text() for text in axes.texts].count("×") == 2
    assert [label.get_fontweight() for label in axes.get_xticklabels()] == ["bold", "normal", "normal"]


def test_every_failure_on_the_map_hits_something_on_it() -> None:
    services = {f"user-{index}": {"demand": "1/s", "calls": [f"own-{index}"]} for index in range(50)}
    own: dict[str, Any] = {f"own-{index}": {} for index in range(50)}
    axes = cascade.plot_sweep(swept(cascade.loads(json.dumps({"services": services | own}))))

    shown = {label.get_text().replace("user", "own") for label in axes.get_xticklabels()}
    assert len(shown) == 30
    assert {label.get_text().replace("user", "own") for label in axes.get_yticklabels()} <= shown


def test_names_are_no_mathematics_and_do_not_touch() -> None:
    text = json.dumps({"services": {"a$b$" + "x" * 60: {"demand": "1/s", "calls": ["c" * 70]}, "c" * 70: {}}})
    axes = cascade.plot_sweep(swept(cascade.loads(text)))

    figure = axes.figure
    figure.canvas.draw()
    boxes = [label.get_window_extent() for label in axes.get_yticklabels()]
    assert all(box.x0 >= 0.0 for box in boxes)
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
