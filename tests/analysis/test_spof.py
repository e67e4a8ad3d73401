"""What can take users down, on systems small enough to see the answer."""

from __future__ import annotations

import math
import random
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

import cascade
from cascade.analysis.causes import Question, Verdict
from cascade.analysis.failure_logic import failure_logic
from cascade.errors import ScenarioError
from cascade.logic import fixpoint
from cascade.report.export import export
from cascade.report.formats import Format

ROOT = Path(__file__).parents[2]
SHOP = """
services:
  web: {demand: 10/s, calls: [app, {to: search, needs: soft, degradation: 30%}]}
  app: {calls: [db, {to: config, cache: {ttl: 10m}}, {to: pay, fallback: {to: pay2}}]}
  search:
  pay:
  pay2:
  config:
  db-1: {zones: [a]}
  db-2: {zones: [b]}
  db-3: {zones: [b]}
groups: {db: {members: [db-1, db-2, db-3], needs: 2}}
"""


def names(sets: object) -> set[frozenset[str]]:
    return {frozenset(each) for each in sets}  # type: ignore[attr-defined]


def test_cut_sets_see_groups_zones_and_fallbacks() -> None:
    [web] = cascade.spof(cascade.loads(SHOP), order=2).targets

    assert web.counts == (4, 6)
    assert names(web.cut_sets()) == {
        frozenset(each)
        for each in (
            ("web",),
            ("app",),
            ("config",),
            ("b",),
            ("db-2", "db-3"),
            ("db-1", "db-2"),
            ("db-1", "db-3"),
            ("a", "db-2"),
            ("a", "db-3"),
            ("pay", "pay2"),
        )
    }


def test_a_cache_hides_the_failure_for_its_ttl() -> None:
    shop = cascade.loads(SHOP)
    before, after = (cascade.contingencies(shop, Question(after_s=s)) for s in (599.0, 601.0))

    assert before.of("config").entry_points == ()
    assert after.of("config").entry_points == ("web",)
    assert before.affected_count[before.names.index("config")] == 0
    assert after.affected_count[after.names.index("config")] == 2


def test_soft_dependencies_count_when_the_loss_does() -> None:
    shop = cascade.loads(SHOP)

    assert cascade.contingencies(shop, Question(loss_fraction=0.3)).of("search").entry_points == ("web",)
    assert cascade.contingencies(shop, Question(loss_fraction=0.31)).of("search").entry_points == ()


def test_each_fallen_part_says_why_and_by_which_way() -> None:
    found = cascade.contingencies(cascade.loads(SHOP)).of("b")

    assert [(fallen.name, fallen.gate) for fallen in found.fallen] == [
        ("db-2", "needs b"),
        ("db-3", "needs b"),
        ("db", "needs 2 of 3; lost db-2, db-3"),
        ("app", "needs db"),
        ("web", "needs app"),
    ]
    assert found.fallen[-1].path == ("b", "db-2", "db", "app", "web")


def test_false_redundancy_is_named_with_what_is_shared() -> None:
    found = cascade.spof(cascade.loads(SHOP)).false_redundancies

    assert [(group.group, [(cause.name, cause.members) for cause in group.shared]) for group in found] == [
        ("db", [("b", ("db-2", "db-3"))])
    ]


def test_a_start_up_cycle_never_starts_though_it_serves() -> None:
    text = """{services: {web: {demand: 1/s, calls: [dns]}, dns: {calls: [{to: store, needs: startup}]},
    store: {calls: [dns]}, log: {calls: [{to: web, needs: startup}]}, idle: }}"""
    found = cascade.spof(cascade.loads(text))

    assert dict(found.restart.stuck) == {"dns": ("store",), "log": ("web",)}
    assert found.contingencies.of("store").entry_points == ()
    restart = cascade.contingencies(cascade.loads(text), Question(verdict=Verdict.RESTART))
    assert restart.of("store").entry_points == ("web",)


def test_copies_that_fail_at_once_are_no_single_point() -> None:
    shop = "services: {web: {demand: 1/s, calls: [app]}, app: {replicas: 2, reliability: {availability: 99%}}}"
    found = cascade.spof(cascade.loads(shop))

    assert ("app x2",) in list(found.targets[0].cut_sets())
    assert found.targets[0].single_points == ("app",)
    assert found.headline.startswith("1 part of 2 takes web down alone")


def test_probabilities_follow_replicas_zones_and_common_causes() -> None:
    text = """
services:
  web: {demand: 1/s, calls: [app], reliability: {availability: 100%}}
  app: {replicas: 3, zones: [a, b], reliability: {availability: 90%, beta: 20%}}
domains:
  a: {reliability: {rate: 1/d, mttr: 24m}}
  b: {reliability: {mttf: 99h, mttr: 1h}}
"""
    [web] = cascade.spof(cascade.loads(text)).targets
    qa = (24 / 1440) / (1 + 24 / 1440)
    alone = 0.8 * 0.1
    places = (1 - (1 - qa) * (1 - alone**2)) * (1 - 0.99 * (1 - alone))

    assert web.unavailability is not None
    assert web.unavailability.value == pytest.approx(1 - (1 - 0.02) * (1 - places), rel=1e-12)
    assert web.unavailability.downtime_s == pytest.approx(web.unavailability.value * 365.25 * 86400)
    assert web.counts == (2, 2)
    assert web.sets is not None
    assert names(web.cut_sets()) == {frozenset(each) for each in (("web",), ("app",), ("a", "b"), ("a", "app x1 in b"))}


def test_a_domain_takes_its_share_of_its_members_failures() -> None:
    text = """
services:
  web: {demand: 1/s, calls: [pair], reliability: {availability: 100%}}
  one: {reliability: {availability: 90%}}
  two: {reliability: {availability: 90%}}
groups: {pair: {members: [one, two]}}
domains: {rack: {members: [one, two], beta: 10%}}
"""
    [web] = cascade.spof(cascade.loads(text)).targets

    assert web.unavailability is not None
    assert web.unavailability.value == pytest.approx(1 - (1 - 0.01) * (1 - 0.09**2), rel=1e-12)


def test_an_objective_above_what_its_dependencies_allow_is_said() -> None:
    text = """{services: {web: {demand: 1/s, calls: [db], slo: {success: 99.95%}, reliability: {availability: 99%}},
    db: {reliability: {availability: 99.9%}}}}"""
    found = cascade.spof(cascade.loads(text))

    assert found.targets[0].attainable_availability == pytest.approx(0.999)
    assert "web promises 0.9995 and its dependencies allow 0.999 at most" in " ".join(
        export(found, Format.TEXT).split()
    )


def test_the_flagship_hangs_on_one_record() -> None:
    found = cascade.spof(cascade.load(ROOT / "topologies" / "aws-us-east-1-2025-10-20.yaml"))

    record = found.contingencies.of("dynamodb-dns-record")
    assert len(record.fallen) >= 26
    assert record.entry_points == ("redshift-clusters", "regional-customer-workload")
    assert all("dynamodb-dns-record" in target.single_points for target in found.targets)
    assert "ec2-running-instances" in found.untouched
    assert [group.group for group in found.false_redundancies] == ["dynamodb-dns-enactors"]
    assert found.restart.stuck == ()


def test_the_social_network_survives_as_often_as_published() -> None:
    network = cascade.load(ROOT / "topologies" / "social-network.yaml")
    single = network.changed(services={name: each.changed(replicas=1) for name, each in network.services.items()})

    assert survived(single) == pytest.approx(0.161, abs=0.0005)  # sampled there; 0.186 live
    assert survived(network) == pytest.approx(0.305, abs=0.0005)  # sampled there; 0.305 live


def survived(topology: cascade.Topology) -> float:
    """Share of requests that survive when 30 % of the containers are killed, rounded up."""
    share = 0.0
    for name, service in topology.services.items():
        if service.is_entry_point:
            found = cascade.signature(topology, name)
            share += service.weight * float(found.up_fraction[math.ceil(0.3 * found.units)])
    return share


@pytest.mark.parametrize("seed", range(20))
def test_the_signature_is_that_of_all_choices(seed: int) -> None:
    topology = small(random.Random(seed))
    target = "s0"
    logic = failure_logic(topology)

    found = cascade.signature(topology, target)

    for count in range(found.units + 1):
        survived = []
        for failed in combinations(topology.services, count):
            marks = np.zeros(logic.gates.size, np.bool_)
            marks[[logic.event_of[name] for name in failed]] = True
            survived.append(not fixpoint.down(logic.gates, marks)[logic.node_of[target]])
        assert found.up_fraction[count] == pytest.approx(np.mean(survived))


def small(draw: random.Random) -> cascade.Topology:
    """Draw seven services with a group and cycles."""
    names = [f"s{index}" for index in range(7)]
    group = cascade.Group(members=tuple(draw.sample(names[1:], 3)), needs=draw.randint(1, 3))
    services = {
        name: {
            "reliability": {"availability_fraction": 0.9},
            "calls": [{"to": to} for to in draw.sample([other for other in [*names, "g"] if other != name], 2)],
        }
        for name in names
    }
    return cascade.Topology.model_validate({"services": services, "groups": {"g": group}})


def test_an_unknown_target_is_refused() -> None:
    with pytest.raises(ScenarioError, match="unknown service, group or fleet 'wbe', did you mean 'web'"):
        cascade.spof(cascade.loads(SHOP), ["wbe"])
    with pytest.raises(ScenarioError, match="unknown service, fleet or domain 'db'"):
        cascade.contingencies(cascade.loads(SHOP)).of("db")
