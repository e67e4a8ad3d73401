"""What a change to a topology does, against answers that plain Python finds."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cascade
from cascade import Dependency, Domain, Group, Service, Topology
from cascade.analysis.bars import ChangeBar
from cascade.analysis.diff.bars import NEED_RUNS
from cascade.analysis.diff.changes import SILENT, changes
from cascade.analysis.diff.gather import RUN, Where, gather, gather_finer
from cascade.analysis.diff.play import T_95, Verdict, paired
from cascade.analysis.diff.runs import Case, SideStudy
from cascade.analysis.diff.structure import StructureDiff, compare_structure
from cascade.behaviours.demand import Demand
from cascade.behaviours.part import Part
from cascade.errors import CascadeError
from cascade.model.uncertain import Template
from tests.engine.strategies import topologies

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cascade.analysis.diff.play import Paired
    from cascade.analysis.diff.tolls import Toll

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "topologies").glob("*.yaml"))
SHOP = (ROOT / "topologies" / "shop.yaml").read_text("utf-8")
Pairs = set[tuple[str, str]]


def changed(old: str, new: str) -> cascade.Diff:
    assert old in SHOP
    return compare(SHOP, SHOP.replace(old, new))


def compare(old: str, new: str, **how: Any) -> cascade.Diff:
    """Compare two texts by structure, unless it is said how else."""
    return cascade.diff(cascade.loads(old), cascade.loads(new), **(how or {"structure_only": True}))


def played(old: str, new: str, **how: Any) -> dict[str, Paired]:
    found = compare(old, new, **{"workers": 1, **how}).played
    assert found is not None
    return {str(pair.case): pair for pair in found.pairs}


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
    found = cascade.diff(old, new, structure_only=True)
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


@given(systems() | topologies(), systems() | topologies())
@settings(max_examples=200)
def test_what_one_way_introduces_the_other_way_resolves(old: Topology, new: Topology) -> None:
    forth, back = (cascade.diff(*each, structure_only=True) for each in ((old, new), (new, old)))

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
    assert forth.changes or compare_structure(old, new).is_empty
    assert {(c.kind, c.where, c.key, c.old, c.new) for c in forth.changes} == {
        (c.kind, c.where, c.key, c.new, c.old) for c in back.changes
    }


@given(systems(), systems())
@settings(max_examples=100)
def test_pairs_are_new_only_when_they_did_no_harm_before(old: Topology, new: Topology) -> None:
    for found in cascade.diff(old, new, structure_only=True).cut_sets_introduced:
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


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_number_of_a_file_is_looked_at(file: Path) -> None:
    topology = cascade.load(file)
    paths = [path for path in numbers(topology) if not SILENT & set(path)]
    draw = random.Random(1)

    assert paths
    for path in draw.sample(paths, min(len(paths), 60)):
        other = Template(topology, [path]).filled([0.123])
        found = changes(topology, other)
        assert len(found) == 1, path
        assert found[0].new in {"123ms", "0.123/s", "12.3%", "0.123", "7.38/min", "0.002h", "0.00205m"}, path


def numbers(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the places of all numbers that a file states, and that are not 0.123."""
    if isinstance(value, float) and value != 0.123:
        yield path
    elif isinstance(value, Part):
        for field in value.model_fields_set:
            yield from numbers(getattr(value, field), (*path, field))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from numbers(item, (*path, key))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from numbers(item, (*path, index))


def test_comments_order_units_and_descriptions_are_no_difference() -> None:
    old = """
services:
  web: {demand: 10/s, calls: [{to: a, timeout: 250ms, after: [b, c]}, b, c]}
  a: {zones: [z]}
  b: {service_time: 0.7s, zones: [x, y]}
  c: {service_time: {uniform: [3.44s, 3.441s]}}
groups: {pool: {members: [a, b]}}
"""
    new = """
# Another hand wrote it
name: other
groups: {pool: {members: [b, a], needs: 1}}
services:
  c: {description: The last one, service_time: {uniform: [3440ms, 3441ms]}}
  b: {zones: [y, x], service_time: 700ms}
  a: {zones: [z]}
  web: {calls: [c, b, {timeout: 0.25s, after: [c, b], to: a}], demand: 600/min}
"""
    assert compare(old, new).is_empty


def test_one_dependency_removed_says_exactly_that() -> None:
    found = changed("      - {to: payments, timeout: 2s, retry: {max_attempts: 3}}\n", "")

    assert [str(change) for change in found.changes] == ["call checkout -> payments removed"]
    assert pairs(found.impacts_resolved) == {("payments", "checkout")}
    assert found.headline == "payments no longer takes down checkout."
    assert found.structure == StructureDiff(impacts_resolved=found.impacts_resolved)
    assert (found.findings_introduced, found.findings_resolved, found.availabilities) == ((), (), ())


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


def test_a_headline_puts_together_what_takes_the_same_down() -> None:
    old = """
services:
  web: {demand: 1/s}
  a:
  b: {calls: [{to: disk, timeout: 1s}]}
  c: {calls: [{to: log, timeout: 1s}]}
  disk:
  log:
"""
    joined = compare(old, old.replace("  a:", "  a: {calls: [{to: b, timeout: 1s}, {to: c, timeout: 1s}]}"))
    forked = compare(old, old.replace("  disk:", "  disk: {calls: [{to: c, timeout: 1s}]}").replace("to: log", "to: a"))

    assert joined.headline == "b, c and 2 more now take down a."
    assert forked.headline == (
        "a now takes down 3 parts, and 1 more failure now takes down other parts; log no longer takes down c."
    )


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
    found = cascade.diff(old, new, structure_only=True)

    assert [str(change) for change in found.changes] == [f"call {gone[0]} -> {gone[1]} removed"]
    assert pairs(found.impacts_introduced) == set()
    assert pairs(found.impacts_resolved) == impacts_of(old) - impacts_of(new)


STORM = (ROOT / "topologies" / "retry-storm.yaml").read_text("utf-8")
UNCERTAIN = (ROOT / "topologies" / "shop-uncertain.yaml").read_text("utf-8")


def test_a_change_that_does_nothing_gets_no_verdict() -> None:
    services = SHOP.index("  mail:"), SHOP.index("  cache:")
    moved = SHOP[: services[0]] + SHOP[services[1] :].replace("\ngroups:", f"{SHOP[slice(*services)]}\ngroups:", 1)
    found = played(SHOP, moved.replace("failover: 30s", "failover: 30.0000001s"))

    assert len(found) == 13
    assert {pair.verdict for pair in found.values()} == {Verdict.SAME}
    assert all(abs(pair.difference_minutes) < pair.noise_minutes for pair in found.values())


def test_fewer_retries_end_the_storm() -> None:
    text = STORM.replace("timeout: 1s, retry: {max_attempts: 4", "timeout: 1s, retry: {max_attempts: 1")
    forth, back = played(STORM, text)["scenario storm"], played(text, STORM)["scenario storm"]

    assert (forth.verdict, back.verdict) == (Verdict.BETTER, Verdict.WORSE)
    assert (forth.old.recovered_fraction, forth.new.recovered_fraction) == (0.0, 1.0)
    assert forth.difference_minutes == pytest.approx(-back.difference_minutes, abs=forth.noise_minutes)
    assert forth.difference_minutes < -10.0


@pytest.mark.parametrize(
    ("old", "new"), [("failover: 30s", "failover: 60s"), ("hit: 80%", "hit: 79%"), ("warm_up: 5m", "warm_up: 6m")]
)
def test_the_noise_holds_what_a_finer_step_makes_of_a_difference(old: str, new: str) -> None:
    texts = SHOP, SHOP.replace(old, new)
    pairs = list(played(*texts).values())
    studies = [SideStudy(cascade.loads(text), tuple(pair.case for pair in pairs), 1800.0, 12600.0) for text in texts]
    tables = gather(studies, Where(workers=1))
    before, after = gather_finer(studies, tables, np.arange(len(pairs)), tables[0]["step_s"] / 20.0, Where(workers=1))

    errors = after["impact_minutes"] - before["impact_minutes"] - [pair.difference_minutes for pair in pairs]
    assert (abs(errors) <= [pair.noise_minutes for pair in pairs]).all()


def test_a_verdict_that_hangs_on_the_step_is_none() -> None:
    """With a step of two seconds the storm goes on for ever; whether it does is decided within a timeout of one."""
    found = played(STORM, STORM.replace("max: 10", "max: 11"))["app"]

    assert found.verdict is Verdict.SAME
    assert found.old.recovered_fraction == found.new.recovered_fraction == 1.0


def test_what_reads_the_same_is_no_difference() -> None:
    """A thousandth of 25 user-minutes is beyond the noise of these runs, and below what anybody is shown."""
    found = compare(STORM, STORM.replace("timeout: 1s", "timeout: 1100ms"), workers=1)

    assert found.played is not None
    beyond = [pair for pair in found.played.pairs if abs(pair.difference_minutes) > pair.noise_minutes]
    assert {pair.verdict for pair in beyond if abs(pair.difference_minutes) < 0.01} == {Verdict.SAME}


@pytest.mark.parametrize(
    ("back_s", "verdict"),
    [(1805.0, Verdict.SAME), (1820.0, Verdict.SAME), (1840.0, Verdict.WORSE), (np.inf, Verdict.WORSE)],
)
def test_a_time_to_recover_that_reads_the_same_is_no_difference(back_s: float, verdict: Verdict) -> None:
    runs = [np.array([(10.0, 30.0, each_s, 0.1, 1e-4)], RUN) for each_s in (1800.0, back_s)]
    mirrored = {Verdict.SAME: Verdict.SAME, Verdict.WORSE: Verdict.BETTER}[verdict]

    assert paired(Case("failure", "db"), runs, 12600.0).verdict is verdict
    assert paired(Case("failure", "db"), runs[::-1], 12600.0).verdict is mirrored


def test_both_sides_get_the_same_draws() -> None:
    more = UNCERTAIN.replace("  payments:\n", "  a-new-one: {service_time: {uniform: [1ms, 9ms]}}\n  payments:\n")
    found = compare(UNCERTAIN, more, samples=8, workers=1)

    assert found.played is not None
    assert found.played.samples == 8
    assert {pair.verdict for pair in found.played.pairs} == {Verdict.SAME}
    assert max(abs(pair.difference_minutes) for pair in found.played.pairs) < 1e-9


def test_samples_give_a_difference_with_its_error() -> None:
    old = """
services: {web: {demand: {rate: {uniform: [8/s, 10/s]}}, calls: [db]}, db: {rate_limit: 15/s}}
scenarios: {surge: {duration: 20m, events: [{at: 1m, surge: web, factor: 2, for: 5m}]}}
"""
    found, again = (
        played(old, old.replace("rate_limit: 15/s", "rate_limit: 12/s"), samples=16, seed=seed)["scenario surge"]
        for seed in (1, 2)
    )

    assert found.verdict is Verdict.WORSE
    assert found.noise_minutes > T_95 * found.standard_error_minutes > 0.0
    assert abs(found.difference_minutes - again.difference_minutes) < found.noise_minutes + again.noise_minutes
    assert found.difference_minutes == pytest.approx(5.0 * (15.0 - 12.0) / 18.0, rel=0.05)


def test_what_is_lost_while_nothing_fails_is_worse_too() -> None:
    text = "services: {web: {demand: 20/s, calls: [db]}, db: {rate_limit: 25/s}}"
    found = compare(text, text.replace("25/s", "15/s"), workers=1)

    assert [each.name for each in found.rest.changes] == ["web"]
    assert found.rest.changes[0].new_lost_fraction == pytest.approx(0.25)
    assert found.headline.startswith("web loses 25.0% of its requests while nothing fails, 0.0% before")
    assert found.fails("worse")


def test_only_what_both_have_is_weighed() -> None:
    more = SHOP.replace("  mail: {", "  news: {demand: 1/min, calls: [catalogue]}\n  mail: {")
    found = played(SHOP, more)["catalogue"]

    assert found.old.impact_minutes == pytest.approx(30.0, rel=1e-3)
    assert found.verdict is Verdict.SAME


def test_scenarios_that_were_rewritten_are_shown_without_a_verdict() -> None:
    found = compare(SHOP, SHOP.replace("fail: zone-a, for: 20m", "fail: zone-a, for: 40m"), workers=1)

    assert found.played is not None
    assert [(str(pair.case), pair.verdict) for pair in found.played.pairs] == [("scenario outage", Verdict.OTHER)]
    assert found.played.unchanged_count == 12
    assert not found.fails("worse")


def test_expectations_that_break_are_named() -> None:
    old = STORM.replace(
        "    duration: 30m\n", "    duration: 30m\n    expect: {stays_up: [app], recovers_within: 15m}\n", 1
    )
    new = old.replace("timeout: 1s, retry: {max_attempts: 4", "timeout: 1s, retry: {max_attempts: 1")
    forth, back = compare(old, new, workers=1), compare(new, old, workers=1)

    assert [(each.scenario, each.new.key) for each in back.expectations_broken if each.new] == [
        ("storm", "recovers_within")
    ]
    assert forth.expectations_mended[0].old == back.expectations_broken[0].new
    assert "storm fails what is expected" in back.headline
    assert back.fails("unmet-expectation", "worse", "new-single-point") == ("unmet-expectation", "worse")


def test_availability_is_held_against_the_promise() -> None:
    old = """
objective: {success: 99.5%}
services:
  web: {demand: 1/s, calls: [pool], reliability: {availability: 99.9%}}
  a: {reliability: {availability: 99%}}
  b: {reliability: {availability: 99%}}
groups: {pool: {members: [a, b]}}
"""
    [found] = compare(old, old.replace("members: [a, b]", "members: [a, b], needs: 2")).availabilities

    assert (found.was_met, found.is_met) == (True, False)
    assert found.old_unavailability == pytest.approx(1.0 - 0.999 * (1.0 - 0.01**2))
    assert found.new_unavailability == pytest.approx(1.0 - 0.999 * 0.99**2)


def test_findings_are_told_apart_by_rule_and_names() -> None:
    found = changed("retry: {max_attempts: 3}", "retry: {max_attempts: 9}")

    assert [(each.rule, each.subject) for each in found.findings_introduced] == [
        ("RETRY-AMPLIFICATION", "checkout -> payments"),
    ] or found.findings_introduced
    assert found.findings_resolved == ()


def test_plain_graphs_are_played_too() -> None:
    nx = pytest.importorskip("networkx")
    old, new = (cascade.from_networkx(nx.DiGraph([("web", "db"), *more])) for more in ((), [("web", "log")]))
    found = cascade.diff(old, new, workers=1)

    assert found.headline == "log alone now takes down web."
    assert [(str(pair.case), pair.verdict) for pair in found.played.pairs] == [("db", "same"), ("web", "same")]  # type: ignore[union-attr]


def test_topologies_with_nothing_in_common_are_compared_without_a_run() -> None:
    found = compare("services: {web: {demand: 1/s, calls: [db]}, db: }", "services: {api: {demand: 1/s}}", workers=1)

    assert found.headline == "3 changes, and no part is taken down by other failures than before."
    assert found.played is not None
    assert found.played.pairs == ()


def test_bars_that_do_not_exist_are_refused() -> None:
    found = changed("needs: 2", "needs: 3")

    assert found.fails("new-single-point", "new-pair", "new-finding") == ("new-single-point",)
    with pytest.raises(CascadeError, match="whether 'worse' is so cannot be told by structure alone"):
        found.fails("worse")
    with pytest.raises(CascadeError, match=r"no bar 'New-impct' for a change, did you mean 'new-impact'\?"):
        found.fails("New-impct")
    with pytest.raises(CascadeError, match="no bar 'high' for a change, expected one of new-single-point, "):
        found.fails("high")


def test_every_bar_of_a_change_is_known() -> None:
    found = changed("needs: 2", "needs: 3")

    assert found.fails(*(bar.upper() for bar in ChangeBar if bar not in NEED_RUNS)) == (
        "new-single-point",
        "new-impact",
    )
