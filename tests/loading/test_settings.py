"""A topology with other settings: what changes, what stays, and what is said of mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

import cascade

TOPOLOGIES: Final = sorted((Path(__file__).parents[2] / "topologies").glob("*.yaml"))
SHOP: Final = """
services:
  web: {demand: 10/s, calls: [{to: db, timeout: 2s, retry: {max_attempts: 3, backoff: {initial: 70ms}}}, cache]}
  db: {concurrency: {max: 4}}
  cache:
domains: {a: [db, cache]}
scenarios: {outage: {events: [{at: 1m, fail: a, for: 10m}]}}
"""


@pytest.mark.parametrize("path", TOPOLOGIES, ids=lambda path: path.stem)
def test_no_setting_changes_nothing(path: Path) -> None:
    topology = cascade.load(path)

    assert cascade.with_settings(topology, {}) == topology


def test_settings_are_changed_and_all_else_stays() -> None:
    before = cascade.loads(SHOP)
    after = cascade.with_settings(
        before,
        {
            "web: demand": "20/s",
            "web -> db: retry.max_attempts": 2,
            "web -> db: timeout": None,
            "web -> cache: circuit_breaker": {},
            "objective.success": "99%",
            "outage: events.0.for": "5m",
        },
    )
    wanted = """
services:
  web: {demand: 20/s, calls: [{to: db, retry: {max_attempts: 2, backoff: {initial: 70ms}}},
        {to: cache, circuit_breaker: {}}]}
  db: {concurrency: {max: 4}}
  cache:
objective: {success: 99%}
domains: {a: [db, cache]}
scenarios: {outage: {events: [{at: 1m, fail: a, for: 5m}]}}
"""

    assert after == cascade.loads(wanted)
    assert before == cascade.loads(SHOP)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"wbe: demand": "1/s"}, "unknown part or scenario 'wbe', did you mean 'web'?"),
        ({"wbe -> db: timeout": "1s"}, "unknown service 'wbe', did you mean 'web'?"),
        ({"web -> dbs: timeout": "1s"}, "web does not call 'dbs', did you mean 'db'?"),
        ({"web -> db: timout": "1s"}, "web -> db: timout: unknown key 'timout', did you mean 'timeout'?"),
        (
            {"web -> db: retry.max_attempts": 0},
            "web -> db: retry.max_attempts: expected a number of at least 1 or 'unlimited', got '0'",
        ),
        ({"web: calls": ["nobody"]}, "web: calls: unknown service or group 'nobody'"),
        ({"db: concurrency": 4}, "db: concurrency: expected a mapping, got '4'"),
        (
            {"outage: events.7.for": "1s"},
            "expected a position up to 1 in the list, got 7 in 'scenarios.outage.events.7.for'",
        ),
        (
            {"web -> db: retry.max_attempts": "unlimited", "web -> db: retry.budget.ratio": "20%"},
            (
                "web -> db: retry.max_attempts and web -> db: retry.budget.ratio: "
                "a retry budget needs a finite max_attempts: unlimited retries never give up"
            ),
        ),
    ],
)
def test_mistakes_are_told_in_one_line_each(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(cascade.CascadeError) as error:
        cascade.with_settings(cascade.loads(SHOP), settings)

    assert str(error.value) == message


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(cascade.TopologyError) as error:
        cascade.with_settings(cascade.loads(SHOP), {"web: demand": "7", "db: service_time": 1})

    assert len(error.value.problems) == 2
