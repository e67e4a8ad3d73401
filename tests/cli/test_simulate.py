"""The command ``simulate``: failures on the command line, the run over time."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Final

import pytest

from cascade_cli import run

if TYPE_CHECKING:
    from pathlib import Path

SHOP: Final = "{services: {web: {demand: 100/s, calls: [db]}, db: , 'odd@name': }}"


@pytest.fixture
def shop(tmp_path: Path) -> str:
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP, encoding="utf-8")
    return str(path)


def test_failures_start_and_end_when_asked(shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["simulate", shop, "--fail", "db@10m+20m", "--samples", "60", "--format", "json"]) == 0

    document = json.loads(capsys.readouterr().out)
    assert document["falls"][0] == {"name": "db", "time_s": 600.0, "mechanism": "fault", "cause": None}
    assert [(event["time_s"], event["target"]) for event in document["events"]] == [(600.0, "db")]
    assert len(document["times_s"]) == 60


def test_rows_are_one_per_time_and_service(shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["simulate", shop, "--samples", "10", "--format", "csv"]) == 0

    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert len(rows) == 10 * 3
    assert float(rows[0]["goodput_rps"]) == pytest.approx(100.0)


def test_failure_without_duration_is_for_good_and_names_may_hold_an_at(
    shop: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["simulate", shop, "--fail", "odd@name@1m", "--fail", "db@2m"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert {("+1m", "fail", "odd@name"), ("+2m", "fail", "db")} <= {tuple(line.split()) for line in lines}


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        ("db", "expected a failure like db@10m+30m (what, when, how long), got 'db'"),
        ("db@10", "got 'db@10'"),
        ("wep@10m", "cannot fail 'wep' in topology, did you mean 'web'?"),
    ],
)
def test_failures_that_cannot_be_read_are_refused(
    shop: str, failure: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["simulate", shop, "--fail", failure]) == 2

    assert message in capsys.readouterr().err
