"""The command ``sweep``: tables and formats, pairs, and a store that answers at once."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from cascade.engine.stage import Stage
from cascade.report.formats import Format
from cascade_cli import run

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT: Final = Path(__file__).parents[2]
SHOP: Final = str(ROOT / "topologies" / "shop.yaml")
QUICK: Final = ("--for", "5m", "--horizon", "30m", "--step", "1s", "--workers", "1")


@pytest.fixture
def answer(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run the command on the shop and give what it prints."""

    def ask(*arguments: str) -> str:
        assert run(["sweep", SHOP, *QUICK, *arguments]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return out

    return ask


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_answer_begins_with_how_many_hit_users(answer: Callable[..., str]) -> None:
    first = " ".join(answer().split("\n\n")[0].split())

    assert first.startswith("11 single failures, each for 5m: 9 hit users; the worst, ")


def test_the_tables_are_the_same_runs_from_several_sides(answer: Callable[..., str]) -> None:
    document = json.loads(answer("--format", "json"))
    contingencies = rows(answer("--format", "csv"))
    entries = rows(answer("--format", "csv", "--table", "entries"))
    parts = rows(answer("--format", "csv", "--table", "parts"))

    assert [row["fails"] for row in contingencies] == [row["fails"][0] for row in document["contingencies"]]
    impact = [row["impact_user_minutes"] for row in document["contingencies"]]
    assert impact == sorted(impact, reverse=True)
    [web] = document["entry_points"]
    assert (web["name"], web["hit_by"]) == ("web", len(entries)) == ("web", 9)
    assert web["recovery_s"] == max(float(row["recovery_s"]) for row in entries)
    assert [row["name"] for row in parts] == [row["name"] for row in document["parts"]]
    hits = sum(row["parts_hit"] for row in document["contingencies"])
    assert hits == sum(int(row["hit_by"]) for row in parts) > 0


def test_pairs_are_added_on_demand(answer: Callable[..., str]) -> None:
    screened, every = (
        json.loads(answer("--order", "2", "--pairs", which, "--format", "json")) for which in ("screened", "all")
    )

    assert (screened["pairs_simulated"], screened["pairs"]) == (5, 52)
    assert (every["pairs_simulated"], every["pairs"]) == (52, 52)
    known = {tuple(row["fails"]): row["impact_user_minutes"] for row in every["contingencies"]}
    assert {
        tuple(row["fails"]): row["impact_user_minutes"] for row in screened["contingencies"]
    }.items() <= known.items()


def test_top_says_how_many_rows(answer: Callable[..., str]) -> None:
    shown = answer("--top", "2", "--table", "contingencies")

    assert shown.startswith("What each failure does: the worst 2 of 11\n")
    assert [line.split()[0] for line in shown.splitlines()[-2:]] == ["1", "2"]


@pytest.mark.parametrize("form", Format)
def test_a_finished_store_is_asked_and_nothing_is_played(
    form: Format, answer: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ("--store", str(tmp_path / "runs.db"))
    first = answer("--format", form, *store)
    monkeypatch.setattr(Stage, "play", lambda *_: pytest.fail("played again"))

    assert answer("--format", form, *store) == first


def test_a_store_of_another_question_is_one_line(
    answer: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "runs.db"
    answer("--store", str(store))

    assert run(["sweep", SHOP, *QUICK, "--for", "6m", "--store", str(store)]) == 2

    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "seconds of failure is 300 there and 360 here" in err


def test_the_map_is_drawn(answer: Callable[..., str], tmp_path: Path) -> None:
    answer("--plot", str(tmp_path / "heat.png"))

    assert (tmp_path / "heat.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--order", "3"), "--order"),
        (("--pairs", "some"), "--pairs"),
        (("--table", "everything"), "--table"),
        (("--top", "0"), "--top"),
        (("--horizon", "5m"), "expected to follow each run for longer than things fail, got 5m"),
        (("--for", "0s"), "expected things to fail for some time, got 0s"),
        (("--step", "0s"), "expected a step of some length, got 0s"),
        (("--step", "1us"), "a step of 1e-06 s is too short to follow 30m"),
        (("--for", "90000d", "--horizon", "300000d"), "expected 100000d or less, got '300000d'"),
        (("--scheduler", "tcp://10.0.0.1:8786"), "dask"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_cannot_be_asked_is_one_line(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sweep", SHOP, *QUICK, *arguments]) == 2

    out, err = capsys.readouterr()
    assert not out
    assert err.count("\n") == 1
    assert words in err


def test_no_services_are_no_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "empty.yaml"
    file.write_text("services: {}\n", encoding="utf-8")

    assert run(["sweep", str(file), "--plot", str(tmp_path / "empty.png")]) == 0

    assert capsys.readouterr().out == "Nothing to simulate: topology has no services.\n"
