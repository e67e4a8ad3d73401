"""What ``cascade montecarlo`` says and draws."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Final

import jsonschema
import matplotlib.pyplot as plt
import pytest

import cascade
from cascade.report.schemas import document_schema
from cascade_cli import run

if TYPE_CHECKING:
    from pathlib import Path

TEXT: Final = """
name: two tiers
services:
  web: {demand: {lognormal: {median: 10/s, p95: 20/s}}, calls: [{to: db, timeout: {uniform: [1s, 2s]}}]}
  db: {replicas: 2, reliability: {mttf: 20d, mttr: {lognormal: {median: 10m, p95: 1h}}, beta: 50%}}
scenarios:
  outage: {duration: 1h, events: [{at: 1m, fail: db, for: {uniform: [5m, 15m]}}]}
"""
QUICK: Final = ("--samples", "64", "--step", "2s", "--workers", "1")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give a topology file with distributions and rates."""
    path = tmp_path_factory.mktemp("montecarlo") / "two.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return str(path)


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run the command, and give what it says."""
    assert run(["montecarlo", *arguments]) == 0

    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_the_answer_comes_first_with_its_error(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, file, *QUICK).splitlines()

    assert re.match(r"Expected loss in a year: \d+ ± \d+ user-minutes, in [\d.]+ incidents; all of it begins", lines[0])
    text = "\n".join(lines)
    for title in ("How much is lost", "How seldom", "What the loss begins with", "What drives it", "How it converges"):
        assert title in text
    assert "64 samples, 8 times 8 quasi-random points (seed 1), 2 uncertain numbers" in text
    assert "Never fail here, for nothing says how often: web." in text


def test_the_document_is_as_published_and_agrees_with_python(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(said(capsys, file, *QUICK, "--format", "json"))
    found = cascade.montecarlo(cascade.load(file), samples=64, clock=cascade.Clock(step_s=2.0), workers=1)

    assert [
        e.message for e in jsonschema.Draft202012Validator(document_schema("montecarlo")).iter_errors(document)
    ] == []
    assert document["expected_loss"] == found.mean_loss.value
    assert document["year"]["mean"] == found.mean_loss.value
    assert sum(part["loss_fraction"] for part in document["parts"]) == pytest.approx(1.0)
    assert document["uncertain"] == ["web -> db: timeout", "web: demand.rate"]
    levels = document["exceedance"]
    assert [level["per_year"] for level in levels] == sorted((level["per_year"] for level in levels), reverse=True)


def test_the_table_has_a_row_per_sample_with_what_was_drawn(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    rows = list(csv.DictReader(io.StringIO(said(capsys, file, *QUICK, "--format", "csv"))))

    assert len(rows) == 64
    assert all(1.0 <= float(row["web -> db: timeout"]) <= 2.0 for row in rows)
    assert {row["fails_first"] for row in rows} <= {"db (one replica)", "db (all replicas)"}


def test_names_are_no_formulas_in_the_heads_of_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text("services: {'=1+1': {demand: {uniform: [1/s, 2/s]}}}\nscenarios: {a: {}}", encoding="utf-8")

    heads = said(capsys, str(path), *QUICK, "--format", "csv").splitlines()[0]

    assert heads.endswith(",'=1+1: demand.rate")


def test_any_sample_is_replayed_alone(file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = list(csv.DictReader(io.StringIO(said(capsys, file, *QUICK, "--format", "csv"))))
    worst = max(rows, key=lambda row: float(row["impact_user_minutes"]))
    picture = tmp_path / "sample.png"

    text = said(capsys, file, *QUICK, "--sample", worst["sample"], "--plot", str(picture))

    impact = float(re.findall(r"played alone: ([\d.,]+) user-minutes", text)[0].replace(",", ""))
    assert impact == pytest.approx(float(worst["impact_user_minutes"]), rel=0.01)
    assert "db failing for" in text
    assert f"{float(worst['web -> db: timeout']):.4g}s" in text
    assert "stands for it" not in text  # nothing is left uncertain
    assert picture.stat().st_size > 10_000


@pytest.mark.parametrize("method", ["given", "sobol", "none"])
def test_a_scenario_is_sampled_and_drawn(
    method: str, file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "scenario.png"

    text = said(
        capsys,
        file,
        *QUICK,
        "--scenario",
        "outage",
        "--sensitivity",
        method,
        "--plot",
        str(picture),
        "-o",
        str(tmp_path / "a"),
    )

    answer = (tmp_path / "a").read_text(encoding="utf-8")
    assert text == ""
    assert answer.startswith("Expected loss in scenario outage: ")
    assert ("event 1 (fail db): for" in answer) == (method != "none")
    assert picture.stat().st_size > 50_000


def test_more_samples_go_on_from_a_store(file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = ("--store", str(tmp_path / "runs.db"))
    said(capsys, file, *QUICK, *store)

    longer = json.loads(said(capsys, file, *QUICK, "-n", "128", *store, "--format", "json"))
    fresh = json.loads(
        said(capsys, file, *QUICK, "-n", "128", "--store", str(tmp_path / "other.db"), "--format", "json")
    )

    assert longer == fresh
    assert run(["montecarlo", file, *QUICK, *store, "--seed", "2"]) == 2
    assert "seed is 1 there and 2 here" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--until", "5"), "expected a share between 0% and 100%"),
        (("--samples", "0"), "greater than or equal to 1"),
        (("--sensitivity", "sobel"), "'sobel' is not one of"),
        (("--horizon", "2"), "expected a duration with its unit"),
        (("--sample", str(2**40)), "expected the number of a sample"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_what_cannot_be_asked_is_one_line(
    arguments: tuple[str, ...], words: str, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["montecarlo", file, *arguments]) == 2

    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert words in err


@pytest.mark.parametrize(
    ("lasts", "numbers"), [("5m", set()), ("{uniform: [5m, 7m]}", {"6", "7", "8"})], ids=["certain", "uncertain"]
)
def test_axes_of_losses_that_are_much_alike_have_plain_numbers(lasts: str, numbers: set[str]) -> None:
    text = f"services: {{web: {{demand: 1/s}}}}\nscenarios: {{a: {{events: [{{at: 1m, fail: web, for: {lasts}}}]}}}}"

    axes = cascade.plot_exceedance(cascade.montecarlo(cascade.loads(text), samples=64, workers=1))
    axes.get_figure(root=True).draw_without_rendering()  # type: ignore[union-attr] # it is in one

    low, high = axes.get_xlim()
    ticks = [*axes.xaxis.get_major_ticks(), *axes.xaxis.get_minor_ticks()]
    said = {tick.label1.get_text() for tick in ticks if low <= tick.get_loc() <= high} - {""}
    assert said == numbers
    plt.close("all")


def test_figures_are_axes_in_axes_out(file: str) -> None:
    found = cascade.montecarlo(cascade.load(file), samples=64, clock=cascade.Clock(step_s=2.0), workers=1)
    for draw in (cascade.plot_impacts, cascade.plot_exceedance, cascade.plot_convergence, cascade.plot_sensitivity):
        axes = plt.figure().add_subplot()
        assert draw(found, axes=axes) is axes
        assert axes.get_title(loc="left").endswith("?")
        assert axes.get_xlabel()
        plt.close("all")
