"""What a blast radius says, held against systems small enough to say it by hand."""

from __future__ import annotations

from typing import Any, Final

import pytest

import cascade
from cascade import BlastRadius, Mechanism, blast_radius
from cascade.analysis.structure import single_points
from cascade.model import Topology

LASTS_S: Final = 1800.0
QUIET_S: Final = 600.0


def topology(**changes: Any) -> Topology:
    """A shop: web needs app, which needs the database and two of three searches; mail is left in a queue."""
    return Topology.model_validate(
        {
            "name": "shop",
            "services": {
                "web": {
                    "demand": {"rate_rps": 100.0},
                    "calls": [{"to": "app"}, {"to": "mail", "needs": "async", "per_request": 0.1}],
                },
                "app": {"calls": ["db", "search"]},
                "db": {},
                "search-a": {},
                "search-b": {},
                "search-c": {},
                "mail": {"capacity_rps": 12.0, "durable": True},
                "status": {"demand": {"rate_rps": 5.0}},
                "leases": {"capacity_rps": 5.0, "calls": ["db"]},
                "vm": {"demand": {"rate_rps": 1.0}, "capacity_rps": 1.5, "queue": 50},
            },
            "groups": {"search": {"members": ["search-a", "search-b", "search-c"], "needs": 2}},
            "fleets": {
                "hosts": {
                    "size": 1000,
                    "sets_capacity_of": ["vm"],
                    "lease": {"ttl_s": 600.0, "renewed_by": "leases"},
                    "restored_by": {"to": "leases"},
                }
            },
            "domains": {"zone": {"members": ["search-a", "search-b"]}},
        }
        | changes
    )


@pytest.fixture(scope="module")
def database() -> BlastRadius:
    return blast_radius(topology(), ["db"], lasts_s=LASTS_S)


def names(blast: BlastRadius) -> list[str]:
    return [impact.name for impact in blast.impacts]


def test_impacts_come_in_the_order_of_their_falls(database: BlastRadius) -> None:
    falls_s = [impact.falls_s for impact in database.impacts]

    assert names(database)[0] == "db"
    assert falls_s == sorted(falls_s)
    assert set(names(database)) == {"db", "app", "web", "leases", "hosts", "vm"}


def test_path_leads_from_the_fault_through_what_failed_first(database: BlastRadius) -> None:
    paths = {impact.name: impact.path for impact in database.impacts}

    assert paths["web"] == ("db", "app", "web")
    assert paths["vm"] == ("db", "leases", "hosts", "vm")


def test_mechanism_says_how_it_came(database: BlastRadius) -> None:
    by_name = {impact.name: impact for impact in database.impacts}

    assert by_name["db"].mechanism is Mechanism.FAULT
    assert by_name["web"].why == "needs app, which fails"
    assert by_name["vm"].why == "loses the capacity that hosts gives it"


def test_requests_lost_are_those_that_failed_beyond_the_usual(database: BlastRadius) -> None:
    web = next(impact for impact in database.impacts if impact.name == "web")

    assert web.requests_lost == pytest.approx(100.0 * LASTS_S, rel=0.01)
    assert web.depth_fraction == pytest.approx(1.0)


def test_what_outlasts_the_repair_is_the_work_that_is_left(database: BlastRadius) -> None:
    assert database.repaired_s == pytest.approx(QUIET_S + LASTS_S)
    assert {impact.name for impact in database.outlasting} >= {"hosts"}
    assert "web" not in {impact.name for impact in database.outlasting}


def test_untouched_entry_points_are_named(database: BlastRadius) -> None:
    assert database.entry_points["status"] is None
    assert database.entry_points["web"] is not None


def test_headline_counts_other_services_and_what_stays_down(database: BlastRadius) -> None:
    assert database.headline.startswith("db failing for 30m takes down 4 of 9 other services")
    assert "; 1 of them stays down after the repair, longest vm (+" in database.headline


def test_single_points_are_found_through_groups_and_fleets() -> None:
    shop = topology()
    every = [*shop.services, *shop.groups, *shop.fleets, *shop.all_domains]

    found = {point.name: set(point.entry_points) for point in single_points(shop, every)}

    assert found == {
        "db": {"web", "vm"},
        "app": {"web"},
        "zone": {"web"},
        "leases": {"vm"},
        "hosts": {"vm"},
    }


def test_failed_domain_is_where_the_path_of_its_members_begins() -> None:
    blast = blast_radius(topology(), ["zone"], lasts_s=LASTS_S)

    by_name = {impact.name: impact for impact in blast.impacts}
    assert blast.trigger == ("zone",)
    assert by_name["search"].mechanism is Mechanism.QUORUM_LOST
    assert by_name["search-a"].why == "fails with zone"
    assert by_name["web"].path[:1] == ("zone",)
    assert by_name["web"].path[-3:] == ("search", "app", "web")


def test_two_of_three_members_are_enough() -> None:
    blast = blast_radius(topology(), ["search-a"], lasts_s=LASTS_S)

    assert names(blast) == ["search-a"]
    assert blast.headline == "search-a failing for 30m takes no other service down."


def test_headline_names_the_scenario_where_nothing_fails() -> None:
    shop = cascade.loads(
        """
        services: {web: {demand: 10/s, calls: [db]}, db: {concurrency: {max: 1}, service_time: 50ms}}
        scenarios:
          night: {duration: 10m}
          sale: {duration: 10m, events: [{at: 1m, surge: web, factor: 5, for: 5m}]}
        """
    )

    assert cascade.blast_radius(shop, scenario="night").headline == "The scenario night takes no service down."
    assert cascade.blast_radius(shop, scenario="sale").headline.startswith(
        "The scenario sale takes down 1 of 2 services"
    )


def test_fleet_without_restoration_is_whole_again_after_the_failure() -> None:
    alone = topology(fleets={"hosts": {"size": 10, "sets_capacity_of": ["vm"]}})

    blast = blast_radius(alone, ["hosts"], lasts_s=LASTS_S)

    returns_s = [impact.returns_s for impact in blast.impacts]
    assert names(blast) == ["hosts", "vm"]
    assert returns_s == pytest.approx([QUIET_S + LASTS_S] * 2, abs=30.0)


def test_scenario_tells_what_failed_and_when_it_was_repaired() -> None:
    events = [
        {"at": 300.0, "throttle": "status", "rate_rps": 4.9},
        {"at": 600.0, "fail": "app"},
        {"at": 1500.0, "restore": "app"},
    ]
    blast = blast_radius(topology(scenarios={"night": {"duration_s": 3600.0, "events": events}}))

    assert (blast.trigger, blast.trigger_start_s, blast.repaired_s) == (("app",), 600.0, 1500.0)


def test_what_is_hit_before_anything_happens_is_told_apart() -> None:
    services = {"slow": {"demand": {"rate_rps": 10.0}, "capacity_rps": 5.0, "queue": 10}, "db": {}}

    blast = blast_radius(topology(services=services, groups={}, fleets={}, domains={}), ["db"])

    assert blast.hit_before == ("slow",)
    assert names(blast) == ["db"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"nodes": ["ap"]}, "cannot fail 'ap' in shop, did you mean 'app'?"),
        ({}, "expected the name of what fails: shop has no scenario"),
        ({"nodes": ["db"], "scenario": "night"}, "expected either names of what fails or a scenario, got both"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_reason(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(cascade.ScenarioError) as refusal:
        blast_radius(topology(), **arguments)

    assert str(refusal.value) == message


def test_long_chains_spread_step_by_step() -> None:
    length = 1500
    services: dict[str, Any] = {f"s{i}": {"calls": [f"s{i + 1}"]} for i in range(length - 1)}
    services["s0"]["demand"] = {"rate_rps": 1.0}
    chain = topology(services=services | {f"s{length - 1}": {}}, groups={}, fleets={}, domains={})

    blast = blast_radius(chain, [f"s{length - 1}"], clock=cascade.Clock(step_s=30.0, samples=200))

    assert [(impact.name, depth) for impact, depth in blast.spread[:2]] == [("s1499", 0), ("s1498", 1)]
    assert blast.impacts[-1].name == "s0"
