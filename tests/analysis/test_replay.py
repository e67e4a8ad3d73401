"""How a replay is scored: what counts as given, predicted, missed and false."""

from __future__ import annotations

import math
from typing import Any, Final

import pytest

import cascade
from cascade.analysis.replay import Replay, replay
from cascade.model import Topology

START: Final = "2025-10-20T02:00:00+00:00"


def at(minutes: float) -> str:
    """A moment of the test outage."""
    return f"2025-10-20T{2 + int(minutes // 60):02d}:{int(minutes % 60):02d}:00+00:00"


def replayed(*observed: dict[str, Any], **fault: Any) -> Replay:
    """Replay a failure of the database from 02:10 to 03:10 that web follows at once, and ping ignores."""
    topology = Topology.model_validate(
        {
            "services": {
                "web": {"demand": {"rate_rps": 10.0}, "calls": ["db"]},
                "db": {},
                "ping": {"demand": {"rate_rps": 1.0}},
            },
            "scenarios": {
                "night": {
                    "start": START,
                    "duration_s": 14400.0,
                    "events": [{"at": 600.0, "fail": "db", "lasts_s": 3600.0} | fault],
                }
            },
            "observed": [{"name": f"{row['service']} {index}", **row} for index, row in enumerate(observed)],
        }
    )
    return replay(topology)


def test_edges_near_an_event_or_its_end_are_given_and_all_others_predicted() -> None:
    result = replayed({"service": "web", "start": at(11), "end": at(75)}, {"service": "db", "end": at(71)})

    bases = [(row.start.basis, row.end.basis) for row in result.rows]
    assert bases == [("given", "predicted"), ("not stated", "given")]
    assert {key: result.summary[key] for key in ("edges", "edges_given", "edges_predicted")} == {
        "edges": 3,
        "edges_given": 2,
        "edges_predicted": 1,
    }


def test_end_of_a_ramp_gives_an_edge_away() -> None:
    result = replayed({"service": "web", "start": at(41), "end": at(90)}, over_s=1800.0)

    assert result.rows[0].start.basis == "given"


@pytest.mark.parametrize(("end", "near", "error_min"), [(75, 1, -5), (84, 1, -14), (95, 0, -25)])
def test_error_is_simulated_minus_observed_and_near_means_fifteen_minutes(end: int, near: int, error_min: int) -> None:
    result = replayed({"service": "web", "start": at(11), "end": at(end)})

    assert result.rows[0].end.error_s == pytest.approx(60.0 * error_min, abs=15.0)
    assert result.summary["predicted_within_15min"] == near
    assert result.summary["max_abs_error_s"] == pytest.approx(-60.0 * error_min, abs=15.0)


def test_a_window_that_is_not_there_is_missed_and_its_errors_have_no_bound() -> None:
    result = replayed({"service": "ping", "start": at(30), "end": at(50)})

    assert result.summary["missed_windows"] == 1
    assert result.summary["predicted_within_15min"] == 0
    assert math.isinf(result.summary["median_abs_error_s"])


def test_assumed_edges_are_shown_but_never_scored() -> None:
    result = replayed({"service": "ping", "start": at(30), "end": at(50), "assumed": ["start"]})

    assert [row.is_missed for row in result.rows] == [False]
    assert result.summary["edges"] == 1
    assert result.rows[0].start.basis == "assumed"


def test_windows_that_nobody_observed_are_false_but_only_for_observed_services() -> None:
    unobserved = replayed({"service": "ping", "never": True})
    elsewhere = replayed({"service": "web", "start": at(120), "end": at(150)})

    assert unobserved.summary["false_windows"] == 0
    assert [window.name for window in elsewhere.false_windows] == ["web"]


def test_negative_control_that_is_hit_is_false() -> None:
    result = replayed({"service": "web", "never": True})

    assert result.summary["false_windows"] == 1
    assert result.summary["edges"] == 0
    assert result.summary["median_abs_error_s"] is None


def test_nothing_observed_or_no_start_is_refused() -> None:
    bare = Topology.model_validate({"services": {"web": {"demand": {"rate_rps": 1.0}}}})
    timeless = bare.changed(observed=[{"name": "w", "service": "web", "never": True}])

    with pytest.raises(cascade.ScenarioError, match="no observed windows"):
        replay(bare)
    with pytest.raises(cascade.ScenarioError, match="has no start"):
        replay(timeless)
