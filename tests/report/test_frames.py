"""Frames: long and wide hold the same numbers, with units in the names."""

from __future__ import annotations

import pandas as pd
import pytest

import cascade
from cascade.engine.run import SERIES
from cascade.model import Topology
from cascade.report.frames import impacts_frame, replay_frame


@pytest.fixture(scope="module")
def topology() -> Topology:
    night = {
        "start": "2025-10-20T02:00:00-07:00",
        "duration_s": 3600.0,
        "events": [{"at": 600.0, "fail": "db", "lasts_s": 600.0}],
    }
    services = {"web": {"demand": {"rate_rps": 10.0}, "calls": ["db"]}, "db": {}}
    observed = [{"name": "w", "service": "web", "start": "2025-10-20T02:10:00-07:00"}]
    return Topology.model_validate({"services": services, "scenarios": {"night": night}, "observed": observed})


def test_long_and_wide_hold_the_same_numbers(topology: Topology) -> None:
    run = cascade.simulate(topology)

    wide = run.frame.pivot_table(index="time_s", columns="name", values="goodput_rps", sort=False)

    pd.testing.assert_frame_equal(wide, run.wide("goodput_rps"), check_names=False)
    assert run.wide("goodput_rps").columns.name == "goodput_rps"


def test_long_frame_has_every_series_and_the_moment(topology: Topology) -> None:
    run = cascade.simulate(topology)

    assert list(run.frame.columns) == ["moment", "name", "is_hit", *SERIES]
    assert run.frame["moment"].iloc[-1] == run.moment(3600.0)
    assert "moment" not in cascade.simulate(topology, cascade.Scenario()).frame


def test_results_are_frames_by_name(topology: Topology) -> None:
    impacts = impacts_frame(cascade.blast_radius(topology))

    assert list(impacts.index) == ["db", "web"]
    assert impacts.loc["web", "cause"] == "db"
    assert replay_frame(cascade.replay(topology)).loc["w", "start_basis"] == "given"
