"""What a change to a topology does, against answers that plain Python finds."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cascade
from cascade import Dependency, Domain, Group, Service, Topology
from cascade.analysis.diff_structure import StructureDiff
from cascade.behaviours.demand import Demand

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cascade.analysis.diff_tolls import Toll

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "topologies").glob("*.yaml"))
SHOP = (ROOT / "topologies" / "shop.yaml").read_text("utf-8")
Pairs = set[tuple[str, str]]


def changed(old: str, new: str) -> cascade.Diff:
    assert old in SHOP
    return cascade.diff(cascade.loads(SHOP), cascade.loads(SHOP.replace(old, new)))


def pairs(tolls: Iterable[Toll]) -> Pairs:
    return {(toll.fails, part) for toll in tolls for part in (*toll.takes, *toll.takes_only_here)}


@st.composite
def systems(draw: st.DrawFn) -> Topology:
    """Draw hard calls in any direction, groups of groups, and zones; of the same few names."""
    names = [name for name in "abcdef" if draw(st.booleans())] or ["a"]
    any_of = st.lists(st.sampled_from(names), unique=True)
    groups = {}
    if len(names) > 1 and draw(st.booleans()):
        members = tuple(draw(st.lists(st.sampled_from(names), unique=True, min_size=1)))
        groups["g"] = Group(members=members, needs=draw(st.integers(1, len(members))))
        if draw(st.booleans()):
            groups["h"] = Group(members=("g", names[0]), needs=draw(st.integers(1, 2)))
    services = {
        name: Service(
            demand=Demand(rate_rps=1.0) if draw(st.booleans()) else None,
            calls=tuple(
                Dependency(to=to)
                for to in draw(st.lists(st.sampled_from([*names, *groups]), unique=True, max_size=3))
                if to != name
            ),
        )
        for name in names
    }
    domains = {"z": Domain(members=dict.fromkeys(draw(any_of), 1.0))} if draw(st.booleans()) else {}
    return Topology(services=services, groups=groups, domains=domains)


def fallen(topology: Topology, failed: str) -> set[str]:
    """Follow a failure by plain Python until nothing more goes down."""
    down = {failed} | set(topology.domains[failed].members) if failed in topology.domains else {failed}
    while True:
        lost = {name for name, each in topology.services.items() if any(call.to in down for call in each.calls)}
        lost |= {
            name
            for name, group in topology.groups.items()
            if sum(member not in down for member in group.members) < group.needs
        }
        if lost <= down:
            return down - {failed} - set(topology.domains)
        down |= lost


def impacts_of(topology: Topology) -> Pairs:
    return {(failed, part) for failed in (*topology.services, *topology.domains) for part in fallen(topology, failed)}


@given(systems(), systems())
@settings(max_examples=200)
def test_impacts_and_single_points_are_those_that_plain_python_finds(old: Topology, new: Topology) -> None:
    found = cascade.diff(old, new)
    before, after = impacts_of(old), impacts_of(new)

    assert pairs(found.impacts_introduced) == after - before
    assert pairs(found.impacts_resolved) == before - after
    if all(any(service.demand for service in side.services.values()) for side in (old, new)):
        users_old, users_new = (
            {pair for pair in impacts if pair[1] in side.services and side.services[pair[1]].demand}
            for side, impacts in ((old, before), (new, after))
        )
        assert pairs(found.single_points_introduced) == users_new - users_old
        assert pairs(found.single_points_resolved) == users_old - users_new
    for toll in found.impacts_introduced:
        both = {*old.services, *old.groups}
        assert set(toll.takes) <= both
        assert both.isdisjoint(toll.takes_only_here)


@given(systems(), systems())
@settings(max_examples=100)
def test_what_one_way_introduces_the_other_way_resolves(old: Topology, new: Topology) -> None:
    forth, back = cascade.diff(old, new), cascade.diff(new, old)

    for what in ("single_points", "impacts", "false_redundancies", "cut_sets"):
        for here, there in (("introduced", "resolved"), ("resolved", "introduced")):
            mine, theirs = getattr(forth, f"{what}_{here}"), getattr(back, f"{what}_{there}")
            if what in {"single_points", "impacts"}:
                assert pairs(mine) == pairs(theirs)
            elif what == "cut_sets":
                assert set(mine) == set(theirs)
            else:
                assert {(each.group, frozenset(each.causes)) for each in mine} == {
                    (each.group, frozenset(each.causes)) for each in theirs
                }
    assert {(c.kind, c.where, c.key, c.old, c.new) for c in forth.changes} == {
        (c.kind, c.where, c.key, c.new, c.old) for c in back.changes
    }


@given(systems(), systems())
@settings(max_examples=100)
def test_pairs_are_new_only_when_they_did_no_harm_before(old: Topology, new: Topology) -> None:
    for found in cascade.diff(old, new).cut_sets_introduced:
        before = {part for name in found.names if name in impacts_names(old) for part in fallen(old, name)}
        assert found.target not in {*before, *found.names}
        assert all(found.target not in fallen(new, name) for name in found.names)


def impacts_names(topology: Topology) -> set[str]:
    return {*topology.services, *topology.domains}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_does_not_differ_from_itself(file: Path) -> None:
    found = cascade.diff(cascade.load(file), cascade.loads(file.read_text("utf-8")))

    assert found.is_empty
    assert found.headline == "No difference."


def test_comments_order_units_and_descriptions_are_no_difference() -> None:
    old = """
services:
  web: {demand: 10/s, calls: [{to: a, timeout: 250ms, after: [b, c]}, b, c]}
  a: {zones: [z]}
  b: {service_time: 0.7s}
  c:
groups: {pool: {members: [a, b]}}
"""
    new = """
# Another hand wrote it
name: other
groups: {pool: {members: [b, a], needs: 1}}
services:
  c: {description: The last one}
  b: {service_time: 700ms}
  a: {zones: [z]}
  web: {calls: [c, b, {timeout: 0.25s, after: [c, b], to: a}], demand: 600/min}
"""
    assert cascade.diff(cascade.loads(old), cascade.loads(new)).is_empty


def test_one_dependency_removed_says_exactly_that() -> None:
    found = changed("      - {to: payments, timeout: 2s, retry: {max_attempts: 3}}\n", "")

    assert [str(change) for change in found.changes] == ["call checkout -> payments removed"]
    assert pairs(found.impacts_resolved) == {("payments", "checkout")}
    assert found.headline == "payments no longer takes down checkout."
    assert found.structure == StructureDiff(impacts_resolved=found.impacts_resolved)


def test_a_lost_redundancy_is_named() -> None:
    found = changed("needs: 2, failover: 30s", "needs: 3, failover: 1m")

    assert [str(change) for change in found.changes] == ["database: needs 2 -> 3", "database: failover 30s -> 1m"]
    assert [(toll.fails, toll.takes) for toll in found.single_points_introduced] == [
        (name, ("web",)) for name in ("database-1", "database-2", "database-3", "zone-a")
    ]
    assert found.headline == "database-1, database-2 and 2 more each alone now take down web."


def test_a_shared_zone_makes_redundancy_false() -> None:
    found = changed(
        "database-2: {concurrency: {max: 2, queue: 50}, service_time: 20ms}",
        "database-2: {concurrency: {max: 2, queue: 50}, service_time: 20ms, zones: [zone-a]}",
    )

    assert [(each.group, each.causes) for each in found.false_redundancies_introduced] == [("database", ("zone-a",))]
    assert found.false_redundancies_resolved == ()
    assert found.headline == ("zone-a alone now takes down web; database does not survive the loss of zone-a.")


def test_what_is_new_is_not_worse() -> None:
    found = changed("  mail: {durable", "  news: {demand: 1/s, calls: [catalogue, mail]}\n  mail: {durable")

    assert [str(change) for change in found.changes] == ["service news added"]
    assert ("mail", "news") in pairs(found.single_points_introduced)
    assert not any(toll.takes for toll in (*found.single_points_introduced, *found.impacts_introduced))
    assert found.headline == "1 change, and no part is taken down by other failures than before."


def test_counts_that_stay_the_same_hide_nothing() -> None:
    found = changed(
        "inventory: {service_time: 10ms, calls: [{to: database, timeout: 500ms}]}", "inventory: {calls: [payments]}"
    )

    assert pairs(found.impacts_introduced) == {("payments", "inventory")}
    assert ("zone-a", "inventory") not in pairs(found.impacts_resolved)


def test_settings_are_written_as_in_the_file() -> None:
    found = changed(
        "{to: payments, timeout: 2s, retry: {max_attempts: 3}}",
        "{to: payments, timeout: 5s, retry: {max_attempts: 4, backoff: {initial: 1s}}, fallback: {}}",
    )

    assert [str(change) for change in found.changes] == [
        "checkout -> payments: timeout 2s -> 5s",
        "checkout -> payments: retry.max_attempts 3 -> 4",
        "checkout -> payments: retry.backoff.initial 50ms -> 1s",
        "checkout -> payments: fallback none -> {}",
    ]
    scenario = changed("fail: zone-a, for: 20m", "fail: zone-a, for: 0.5h")
    assert [str(change) for change in scenario.changes] == ["outage, fail zone-a: for 20m -> 30m"]


def test_plain_graphs_are_compared_without_their_services() -> None:
    nx = pytest.importorskip("networkx")
    draw = random.Random(3)
    edges = {(caller, callee) for caller in range(40) for callee in draw.sample(range(caller + 1, 42), 2)}
    gone = min(edges)
    old, new = (cascade.from_networkx(nx.DiGraph(sorted(each))) for each in (edges, edges - {gone}))
    found = cascade.diff(old, new)

    assert [str(change) for change in found.changes] == [f"call {gone[0]} -> {gone[1]} removed"]
    assert pairs(found.impacts_introduced) == set()
    assert pairs(found.impacts_resolved) == impacts_of(old) - impacts_of(new)
