"""The command ``blast-radius``: the question in words, files and figures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pytest

from cascade_cli import run

if TYPE_CHECKING:
    from pathlib import Path

SHOP: Final = """
name: shop
services:
  web: {demand: 100/s, calls: [app]}
  app: {calls: [db]}
  db:
scenarios:
  night:
    start: 2025-10-20T02:00:00-07:00
    duration: 2h
    events: [{at: 10m, fail: app, for: 20m}]
"""


@pytest.fixture
def shop(tmp_path: Path) -> str:
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP, encoding="utf-8")
    return str(path)


def test_says_first_what_a_manager_needs_to_know(shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["blast-radius", shop, "db", "--for", "20m"]) == 0

    headline, *rest = capsys.readouterr().out.splitlines()
    assert headline == (
        "db failing for 20m takes down 2 of 2 other services for up to 20m; 120,000 requests of users lost."
    )
    assert any(line.split()[1:4] == ["app", "-100%", "+30m"] for line in rest)


def test_plays_the_first_scenario_when_nothing_is_named(shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["blast-radius", shop, "--format", "json"]) == 0

    document = json.loads(capsys.readouterr().out)
    assert document["scenario"] == "night"
    assert document["trigger"] == ["app"]
    assert [impact["name"] for impact in document["impacts"]] == ["app", "web"]


def test_writes_report_and_figure_to_files(shop: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report, figure = tmp_path / "report.md", tmp_path / "timeline.png"

    assert run(["blast-radius", shop, "--format", "markdown", "-o", str(report), "--plot", str(figure)]) == 0

    assert capsys.readouterr().out == ""
    assert "| app |" in report.read_text(encoding="utf-8")
    assert figure.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bd"], "cannot fail 'bd' in shop"),
        (["apps"], "cannot fail 'apps' in shop, did you mean 'app'?"),
        (["db", "--for", "5"], "got '5'"),
        (["db", "--scenario", "night"], "expected either names of what fails or a scenario"),
        (["--scenario", "nigth"], "no scenario 'nigth' in shop, did you mean 'night'?"),
        (["-o", "missing/report.txt"], "missing/report.txt: cannot be written: no such file or directory"),
        (["--plot", "timeline.doc"], "timeline.doc: expected a picture that ends in .png, .svg or .pdf"),
    ],
)
def test_what_is_wrong_is_one_line_on_standard_error(
    shop: str, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["blast-radius", shop, *arguments]) == 2

    shown = capsys.readouterr()
    assert message in shown.err
    assert shown.err.count("\n") == 1
    assert shown.out == ""
