"""The gate: what is looked at, what fails, and what is known."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, Final

import pytest

import cascade
from cascade.analysis.bars import read_bars
from cascade.analysis.baseline import baseline_text
from cascade.analysis.measures import MEASURES

ROOT: Final = Path(__file__).parents[2]
SHOP: Final = """services:
  web:
    demand: 10/s
    slo: {success: 99.9%}
    reliability: {availability: 99.95%}
    calls: [{to: app, timeout: 1s}]
  app:
    reliability: {availability: 99.9%}
    calls: [{to: db, timeout: 1s}, {to: cache, timeout: 1s, needs: soft}]
  db:
    zones: [zone-a]
  cache:
    zones: [zone-a]
scenarios:
  outage:
    events: [{at: 5m, fail: db, for: 5m}]
    expect:
      recovers_within: 10s
      stays_up:
        - web
        - cache
"""
TODAY: Final = dt.date(2026, 10, 1)


def check(text: str, *bars: str, **options: Any) -> cascade.Check:
    return cascade.check(cascade.loads(text), fail_on=bars or ("high",), text=text, today=TODAY, **options)


def found(check: cascade.Check, standing: str = "fails") -> list[tuple[str, str, int]]:
    return [(str(each.rule), each.subject, each.line) for each in check.of(standing)]


def test_everything_is_found_at_its_line() -> None:
    checked = check(SHOP, "high", "blast-radius>50%", "spof>1", "availability<99.9%")

    assert found(checked) == [
        ("UNMET-EXPECTATION", "outage.stays_up.web", 20),
        ("UNMET-OBJECTIVE", "web", 4),
        ("BLAST-RADIUS", "zone-a", 11),
        ("BLAST-RADIUS", "db", 10),
        ("SINGLE-POINT", "zone-a", 11),
        ("SINGLE-POINT", "db", 10),
        ("SINGLE-POINT", "app", 7),
        ("AVAILABILITY", "web", 2),
    ]
    assert [each.expectation.is_met for each in checked.expectations] == [True, False, True]


def test_an_expectation_stands_at_its_key() -> None:
    [recovery, _] = check(SHOP.replace("within: 10s", "within: 1ms"), "unmet-expectation").of("fails")

    assert (recovery.subject, recovery.line, recovery.column) == ("outage.recovers_within", 18, 7)


def test_a_measure_is_of_the_other_services() -> None:
    blast, spof, availability, amplification = check(SHOP).measures

    assert (blast.value, spof.value, amplification.value) == (1.0, 3.0, 1.0)
    assert availability.value == pytest.approx(0.9995 * 0.999)
    shares = {each.subject: value for value, each in blast.ranked}
    assert shares == pytest.approx({"zone-a": 1.0, "db": 2 / 3, "app": 1 / 3})


@pytest.mark.parametrize("name", ["shop", "three-tiers", "social-network", "aws-us-east-1-2025-10-20"])
def test_single_points_are_those_of_the_structure(name: str) -> None:
    topology = cascade.load(ROOT / "topologies" / f"{name}.yaml")
    targets = cascade.spof(topology, order=1).targets

    checked = cascade.check(topology.changed(scenarios={}), fail_on=["spof>=0"])

    single = {name for target in targets for name in target.single_points}
    assert {each.subject for each in checked.of("fails")} == single


@pytest.mark.parametrize(
    ("bar", "count"),
    [
        ("spof>2", 3),
        ("spof>3", 0),
        ("spof>=3", 3),
        ("blast-radius>66.7%", 1),
        ("blast-radius>=0.66", 2),
        ("blast-radius < 40%", 1),
        ("availability<99.86%", 1),
        ("availability<=99.8%", 0),
        ("amplification>1", 0),
        ("unmet-expectation", 1),
        ("Unmet-Objective", 1),
        ("medium", 2),
        ("STARTUP-CYCLE", 0),
    ],
)
def test_a_bar_decides_what_fails(bar: str, count: int) -> None:
    assert len(check(SHOP, bar).of("fails")) == count


@pytest.mark.parametrize(
    ("bar", "words"),
    [
        ("hihg", "no severity, rule or measure 'hihg', did you mean 'high'?"),
        ("NO-TIMOUT", "did you mean 'NO-TIMEOUT'?"),
        ("spoof>0", "no measure 'spoof', did you mean 'spof'?"),
        ("spof>some", "expected a number, like 0, got 'some' in 'spof>some'"),
        ("amplification>nan", "expected a number, like 0, got 'nan' in 'amplification>nan'"),
        ("spof<1e999", "expected a number, like 0, got '1e999' in 'spof<1e999'"),
        ("blast-radius>40", "expected a share, like 40%, got '40' in 'blast-radius>40'"),
        ("blast-radius", "expected 'blast-radius' compared with a number, like blast-radius>40%"),
        ("blast-radius=40%", "expected a measure, one of <=, >=, <, >, and a number, like blast-radius>40%"),
        ("BLAST-RADIUS", "expected 'BLAST-RADIUS' compared with a number"),
        ("new-finding", "new-finding needs something to compare with; name it with --against"),
        ("worse", "'worse' is nothing that a check finds; cascade diff does"),
        ("new-impact", "new-impact needs something to compare with; name it with --against"),
        ("", "expected high, medium, low, a rule, new-finding, or blast-radius, spof, availability, amplification"),
    ],
)
def test_a_bar_that_means_nothing_is_one_line(bar: str, words: str) -> None:
    with pytest.raises(cascade.CascadeError) as error:
        check(SHOP, bar)

    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_what_cannot_be_told_does_not_pass() -> None:
    text = "services:\n  web: {demand: 1/s, calls: [{to: db, timeout: 1s}]}\n  db:\n"

    checked = check(text, "availability<99.9%")

    assert found(checked) == [("AVAILABILITY", "topology", 2)]
    assert "cannot be told: no part states its reliability" in checked.of("fails")[0].message
    assert check(text, "high").is_passed
    assert not check("services: {web: {calls: [{to: db, timeout: 1s}]}, db: }", "spof>9").is_passed


def test_a_baseline_lets_what_is_known_pass_whatever_the_numbers_and_lines(tmp_path: Path) -> None:
    bars = ("high", "spof>0")
    path = tmp_path / "known.json"
    path.write_text(baseline_text(check(SHOP, *bars).of("fails")), encoding="utf-8")
    known = cascade.read_baseline(path)
    moved = "# a line more\n" + SHOP.replace("99.95%", "99.93%").replace("  db:\n", "  queue:\n  db:\n")

    assert check(moved, *bars, baseline=known).is_passed
    assert found(check(moved.replace("[{to: db", "[{to: queue, timeout: 1s}, {to: db"), *bars, baseline=known)) == [
        ("SINGLE-POINT", "queue", 11)
    ]
    assert path.read_text(encoding="utf-8") == baseline_text(reversed(check(SHOP, *bars).of("fails")))


def test_a_baseline_says_what_is_resolved_of_what_was_looked_at() -> None:
    known = [
        cascade.Known(str(each.rule), each.subject, each.fingerprint) for each in check(SHOP, "spof>0").of("fails")
    ]
    mended = SHOP.replace("calls: [{to: app, timeout: 1s}]", "calls: [{to: app, timeout: 1s, needs: soft}]")

    assert [each.subject for each in check(mended, "spof>0", baseline=known).resolved] == ["zone-a", "db", "app"]
    assert check(mended, "high", baseline=known).resolved == ()


QUEUE: Final = SHOP.replace("  db:\n", "  queue:\n  db:\n")
SWAPPED: Final = QUEUE.replace("{to: db, timeout: 1s}", "{to: db, timeout: 1s, needs: soft}, {to: queue, timeout: 1s}")
"""One single point less, and another in its place."""


def test_a_single_point_in_the_place_of_another_fails() -> None:
    checked = check(SWAPPED, "new-single-point", base=cascade.loads(QUEUE))

    assert len(check(SWAPPED, "spof>0").of("fails")) < len(check(QUEUE, "spof>0").of("fails"))
    assert found(checked) == [("NEW-SINGLE-POINT", "queue", 10)]
    assert checked.of("fails")[0].message == "queue alone now takes down web, and did not before"
    assert ("NEW-IMPACT", "queue", 10) in found(checked, "below")
    assert ("NEW-SINGLE-POINT", "queue", 10) in found(check(SWAPPED, base=cascade.loads(QUEUE)))


def test_what_is_known_of_one_change_is_not_known_of_another(tmp_path: Path) -> None:
    """The queue that was allowed to take the app down may not take the cache down, too."""
    path = tmp_path / "known.json"
    base = SHOP.replace("  db:\n", "  queue:\n  db:\n")
    path.write_text(baseline_text(check(SWAPPED, "medium", base=cascade.loads(base)).of("fails")), encoding="utf-8")
    known = cascade.read_baseline(path)
    more = SWAPPED.replace("  cache:\n", "  cache:\n    calls: [{to: queue, timeout: 1s}]\n")

    assert check(SWAPPED, "medium", base=cascade.loads(base), baseline=known).is_passed
    assert found(check(more, "medium", base=cascade.loads(SWAPPED), baseline=known)) == [("NEW-IMPACT", "queue", 10)]


def test_what_was_there_before_is_not_new() -> None:
    bars = ("new-single-point", "new-impact", "new-finding")

    assert check("\n" + QUEUE, *bars, base=cascade.loads(QUEUE)).is_passed
    grown = QUEUE + "objective: {success: 90%}\n"
    grown = grown.replace("services:\n", "services:\n  shop: {demand: 1/s, calls: [{to: web, timeout: 9s}]}\n")
    assert check(grown, *bars[:2], base=cascade.loads(QUEUE)).is_passed


def test_findings_of_measures_and_expectations_are_new_or_not() -> None:
    checked = check(SWAPPED, "spof>0", base=cascade.loads(QUEUE))

    new = {each.finding.subject: each.is_new for each in checked.judged if each.finding.rule == "SINGLE-POINT"}
    assert new == {"queue": True, "app": False}
    assert all(each.is_new is None for each in check(SWAPPED, "spof>0").judged)


def test_what_the_file_says_to_leave_is_left() -> None:
    ignore = """ignore:
  - {rule: SINGLE-POINT, at: db, reason: bought next year}
  - {rule: UNMET-EXPECTATION, at: outage.stays_up.web, reason: known}
  - {rule: UNMET-OBJECTIVE, at: app, reason: none such}
"""
    checked = check(SHOP + ignore, "high", "spof>0")

    assert {each.finding.subject for each in checked.hidden} == {"db", "outage.stays_up.web"}
    assert ("SINGLE-POINT", "app", 7) in found(checked)
    assert [(rule, line) for rule, _, line in found(checked, "below")] == [("SUPPRESSION-UNUSED", 25)]
    assert [each.rule for each in cascade.lint(cascade.loads(SHOP + ignore), today=TODAY)] == []


def test_measures_are_the_words_of_bars() -> None:
    bars = [f"{measure.key}>{'1%' if measure.is_share else 1}" for measure in MEASURES]

    assert [limit.measure for limit in read_bars(bars, [], {m.key: m.is_share for m in MEASURES}).limits] == [
        measure.key for measure in MEASURES
    ]
