"""The command ``replay``: the score, and what it is the score of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from cascade_cli import run

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

OUTAGE: Final = """
services:
  web: {demand: 100/s, calls: [db]}
  db:
scenarios:
  night:
    start: 2025-10-20T02:00:00-07:00
    duration: 2h
    events: [{at: 10m, fail: db, for: 20m}]
observed:
  - {name: shop, service: web, start: 2025-10-20T02:10:00-07:00, end: 2025-10-20T02:33:00-07:00}
"""
SUMMARY: Final = {
    "edges",
    "edges_given",
    "edges_predicted",
    "predicted_within_15min",
    "median_abs_error_s",
    "max_abs_error_s",
    "missed_windows",
    "false_windows",
    "free_parameters",
}


def test_summary_has_the_published_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "outage.yaml"
    path.write_text(OUTAGE, encoding="utf-8")

    assert run(["replay", str(path), "--format", "json"]) == 0

    document = json.loads(capsys.readouterr().out)
    assert set(document["summary"]) == SUMMARY
    assert document["summary"]["predicted_within_15min"] == 1
    assert document["windows"][0]["end"]["observed_s"] == 33 * 60.0


def test_nothing_to_compare_with_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bare.yaml"
    path.write_text("services: {web: }", encoding="utf-8")

    assert run(["replay", str(path)]) == 2

    assert capsys.readouterr().err == "nothing to compare with: topology has no observed windows\n"
