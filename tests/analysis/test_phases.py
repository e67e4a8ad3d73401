"""Phases: what comes back by itself and what does not, against closed forms and against single runs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

import cascade
from cascade import Phase
from cascade.analysis.phases import phases_study
from cascade.analysis.settings import find_setting
from cascade.errors import Interrupted, StudyError
from cascade.loading.changes import changed

STORM: Final = Path(__file__).parents[2] / "topologies/retry-storm.yaml"
ATTEMPTS: Final = 3
CAPACITY_RPS: Final = 100.0


def storm(**scenario: Any) -> cascade.Topology:
    """Give one tier that asks another one up to three times; its trigger leaves a twentieth of the capacity."""
    trigger = {"at": 60.0, "degrade": "db", "capacity_fraction": 0.05, "for": 60.0}
    retry = {"max_attempts": ATTEMPTS, "backoff": {"initial_s": 0.001}}
    return cascade.Topology.model_validate(
        {
            "name": "storm",
            "services": {
                "web": {"demand": {"rate_rps": 80.0}, "calls": [{"to": "db", "timeout_s": 1.0, "retry": retry}]},
                "db": {"capacity_rps": CAPACITY_RPS},
            },
            "scenarios": {"storm": {"duration_s": 1800.0, "events": [trigger], **scenario}},
        }
    )


def test_retries_keep_a_service_down_at_the_loads_of_the_closed_form() -> None:
    edge_rps = CAPACITY_RPS / ATTEMPTS
    loads = np.array([0.3, 0.6, 0.97, 1.03, 1.5, 2.2]) * edge_rps

    found = cascade.phases(storm(), x=("web: demand", loads.tolist()), y=("trigger: for", [300.0]), workers=1)

    is_down = found.phase[:, 0] == Phase.STAYS_DOWN
    assert is_down.tolist() == [False, False, False, True, True, True]


def test_a_backlog_that_shrinks_is_gone_when_the_closed_form_says_so() -> None:
    load_rps, trigger_s = 20.0, 120.0
    grown_count = (ATTEMPTS * load_rps - 0.05 * CAPACITY_RPS) * trigger_s
    drained_s = grown_count / (CAPACITY_RPS - ATTEMPTS * load_rps)

    found = cascade.phases(storm(), x=("web: demand", [load_rps]), y=("trigger: for", [trigger_s]), workers=1)

    assert found.phase[0, 0] == Phase.COMES_BACK
    assert found.recovery_s[0, 0] == pytest.approx(drained_s, rel=0.05)


def test_what_shrinks_too_slowly_is_unfinished_and_comes_back_when_followed_for_longer() -> None:
    x, y = ("web: demand", [0.97 * CAPACITY_RPS / ATTEMPTS]), ("trigger: for", [300.0])

    short, long = (cascade.phases(storm(duration_s=time_s), x=x, y=y, workers=1) for time_s in (1800.0, 14400.0))

    assert [short.phase[0, 0], long.phase[0, 0]] == [Phase.UNFINISHED, Phase.COMES_BACK]


def test_a_load_that_is_too_much_without_a_fault_is_overloaded() -> None:
    found = cascade.phases(storm(), x=("web: demand", ["80/s", "120/s"]), y=("trigger: for", ["0s", "1m"]), workers=1)

    assert found.phase.tolist() == [[Phase.COMES_BACK, Phase.STAYS_DOWN], [Phase.OVERLOADED, Phase.OVERLOADED]]
    assert "2 are overloaded" in found.headline


@pytest.mark.parametrize("name", ["web", "db"])
def test_a_limit_below_the_load_is_overloaded_too_though_it_is_as_usual(name: str) -> None:
    found = cascade.phases(storm(), x=(f"{name}: rate_limit", ["30/s", "500/s"]), y=("trigger: for", ["0s"]), workers=1)

    assert found.phase[:, 0].tolist() == [Phase.OVERLOADED, Phase.COMES_BACK]


def test_halving_narrows_the_smallest_trigger_and_single_runs_agree_on_both_sides() -> None:
    topology, clock = cascade.load(STORM), cascade.Clock(step_s=0.1)

    found = cascade.phases(
        topology, x=("web: demand", [60, 100]), y=("trigger: for", [0.2, 5.0]), halvings=7, clock=clock, workers=1
    )

    low, high = found.boundary.low, found.boundary.high
    assert (high - low).tolist() == pytest.approx([4.8 / 2**7] * 2)
    assert low[1] < low[0]
    for load_rps, below_s, above_s in zip(found.x_values, low, high, strict=True):
        for trigger_s, is_down in ((below_s, False), (above_s, True)):
            run = cascade.simulate(at(topology, load_rps, trigger_s), clock=clock)
            assert bool(run.is_hit("web")[-1]) is is_down


def at(topology: cascade.Topology, load_rps: float, trigger_s: float) -> cascade.Topology:
    """Give the retry storm with another load and another trigger, by way of its file."""
    changes = [
        (("services", "web", "demand"), f"{load_rps}/s"),
        (("scenarios", "storm", "events", 0, "for"), f"{trigger_s}s"),
    ]
    written = topology.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return cascade.Topology.model_validate(changed(written, changes).root)


def test_points_are_those_of_the_batch_engine_whoever_plays_them_and_go_on_from_a_store(tmp_path: Path) -> None:
    axes: Any = {"x": ("web: demand", [20.0, 80.0]), "y": ("trigger: capacity", ["5%", "100%"])}
    told: list[tuple[int, int]] = []

    def stop(done: int, every: int) -> None:
        told.append((done, every))
        if done:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        cascade.phases(storm(), **axes, store=tmp_path / "kept", workers=1, progress=stop)
    again = cascade.phases(
        storm(), **axes, store=tmp_path / "kept", workers=1, progress=lambda *counts: told.append(counts)
    )
    alone = cascade.phases(storm(), **axes, workers=1)

    assert told[0] == (0, 6)
    assert told[2][0] > 0
    assert again.phase.tolist() == alone.phase.tolist() == [[0, 0], [2, 0]]
    assert again.impact_minutes.tobytes() == alone.impact_minutes.tobytes()


def test_a_longer_trigger_is_followed_for_as_long_after_its_end() -> None:
    study = phases_study(storm(), x=("demand", [1.0]), y=("trigger: for", ["1m", "2h"]))

    ends_s = [study.scenario_of(study.template.filled(study.numbers(point))).duration_s for point in study.points]

    assert ends_s == [1800.0, 1800.0 + 7140.0]


def test_settings_are_named_as_reports_name_them() -> None:
    topology = storm()
    names = ("web: demand", "web -> db: retry.max_attempts", "db: capacity", "trigger: capacity", "event 1: for")

    found = [find_setting(topology, "storm", name) for name in names]

    assert [setting.label for setting in found] == [
        "web: demand [1/s]", "web -> db: retry.max_attempts", "db: capacity [1/s]", "trigger: capacity [share]",
        "event 1: for [s]",
    ]  # fmt: skip
    assert found[3].paths == (("scenarios", "storm", "events", 0, "capacity_fraction"),)
    assert find_setting(topology, "storm", "demand").numbers(1.5) == [120.0]


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (("demnd", [1]), "expected a name like"),
        (("web: demnd", [1]), "there is no demnd, did you mean 'demand'?"),
        (("wab: demand", [1]), "there is no part 'wab' in storm, did you mean 'web'?"),
        (("web -> web: timeout", [1]), "there is no call 'web -> web'"),
        (("web: description", [1]), "it is not a number"),
        (("web: concurrency.max", [1]), "it has no concurrency to change"),
        (("event 2: for", [1]), "there is no event 2 in the scenario storm, which has 1"),
        (("web: demand", ["5 bananas"]), "expected a rate with its unit, like 1200/s"),
        (("web: demand", [math.nan]), "expected a rate from 0/s"),
        (("web -> db: retry.max_attempts", [11]), "expected a number of at most 10"),
        (("web -> db: retry.max_attempts", ["unlimited"]), "expected a number, got 'unlimited'"),
        (("demand", [-1.0]), "expected a factor from 0"),
        (("demand", []), "expected some values"),
        (("event 1: for", [1]), "expected two settings, got one twice"),
    ],
)
def test_what_cannot_be_set_is_said_in_one_line(x: Any, said: str) -> None:
    with pytest.raises(StudyError) as error:
        cascade.phases(storm(), x=x, y=("trigger: for", [1.0]), workers=1)

    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_fault_without_an_end_is_refused_and_one_that_is_taken_back_is_not() -> None:
    endless: dict[str, Any] = {"at": 60.0, "degrade": "db", "capacity_fraction": 0.05}
    axes: Any = {"x": ("web: demand", [20.0]), "y": ("trigger: capacity", [0.5])}

    with pytest.raises(StudyError, match="'degrade db' never ends, so that nothing can come back"):
        phases_study(storm(events=[endless]), **axes)
    assert len(phases_study(storm(events=[endless, {"at": 90.0, "restore": "db"}]), **axes)) == 2
    with pytest.raises(StudyError, match="nothing happens in the scenario storm"):
        phases_study(storm(events=[]), x=("demand", [1.0]), y=("trigger: for", [1.0]))


def test_whole_numbers_are_halved_to_neighbours() -> None:
    found = cascade.phases(
        storm(), x=("trigger: for", [300.0]), y=("web -> db: retry.max_attempts", [1, 10]), halvings=9, workers=1
    )

    assert [found.boundary.low[0], found.boundary.high[0]] == [1.0, 2.0]


def test_the_frame_has_a_row_per_point() -> None:
    found = cascade.phases(storm(), x=("web: demand", [20.0, 80.0]), y=("trigger: for", [60.0]), workers=1)

    assert found.frame.columns.tolist() == [
        "web: demand [1/s]", "trigger: for [s]", "phase", "recovery_s", "impact_minutes",
    ]  # fmt: skip
    assert found.frame["phase"].tolist() == ["comes_back", "stays_down"]
    assert found.frame["impact_minutes"].is_monotonic_increasing


def test_phases_show_themselves_with_where_they_tip_and_every_name_escaped() -> None:
    named = storm().changed(name="<b>storm</b>")

    found = cascade.phases(named, x=("web: demand", [20.0, 80.0]), y=("trigger: for", [0.1, 60.0]), workers=1)
    shown = found._repr_html_()

    assert "&lt;b&gt;storm" in shown
    assert "<b>storm" not in shown
    assert "0.1 to 60" in shown
    assert shown.count("never") == 1
