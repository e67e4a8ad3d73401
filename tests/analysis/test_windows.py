"""Windows in which a service was hit."""

from __future__ import annotations

import math

import numpy as np
import pytest

import cascade
from cascade.analysis.windows import Window, length_within, merged, windows
from cascade.model import Topology


@pytest.fixture(scope="module")
def run() -> cascade.Run:
    topology = Topology.model_validate({"services": {"web": {"demand": {"rate_rps": 10.0}, "calls": ["db"]}, "db": {}}})
    events = [cascade.Event(at=at, fail="db", lasts_s=300.0) for at in (600.0, 1200.0, 5000.0)]
    last = cascade.Event(at=7000.0, fail="db")
    return cascade.simulate(topology, cascade.Scenario(duration_s=7200.0, events=(*events, last)))


def test_windows_are_where_the_samples_are_hit(run: cascade.Run) -> None:
    found = windows(run, "web", merge_gap_s=0.0)

    spacing_s = float(np.diff(run.times_s).max())
    expected = [(600.0, 900.0), (1200.0, 1500.0), (5000.0, 5300.0), (7000.0, math.inf)]
    assert [(w.start_s, w.end_s) for w in found] == [pytest.approx(pair, abs=2.0 * spacing_s) for pair in expected]


def test_gaps_shorter_than_ten_minutes_are_no_recovery(run: cascade.Run) -> None:
    assert len(windows(run, "web")) == len(windows(run, "web", merge_gap_s=0.0)) - 1


def test_time_within_counts_only_what_overlaps() -> None:
    parts = merged([Window("a", 0.0, 10.0), Window("a", 12.0, 20.0), Window("a", 40.0, math.inf)], 5.0)

    assert len(parts) == 2
    assert length_within(parts, 15.0, 50.0) == pytest.approx(5.0 + 10.0)
