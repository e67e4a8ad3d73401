"""Every result in every format: readable, harmless, and without numbers that JSON does not know."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from cascade import blast_radius, replay, simulate
from cascade.analysis.windows import windows
from cascade.model import Scenario, Topology
from cascade.report.export import csv_text, export, harmless, json_text
from cascade.report.formats import Format
from cascade.report.html import MOST_ROWS
from cascade.report.sheet import Sheet
from cascade.report.tables import Table, as_html, as_markdown, as_text

if TYPE_CHECKING:
    from collections.abc import Callable

NASTY: Final = "=HYPERLINK(1)|<b\x1b[31m"
"""A name that a spreadsheet, a Markdown reader, a browser and a terminal would each act upon."""


@pytest.fixture(scope="module")
def topology() -> Topology:
    """A shop with a name that nobody should trust, and an observed window that the replay misses."""
    return Topology.model_validate(
        {
            "name": "shop",
            "services": {
                "web": {"demand": {"rate_rps": 10.0}, "calls": [NASTY, "db"]},
                NASTY: {},
                "db": {},
                "aside": {"demand": {"rate_rps": 1.0}},
            },
            "scenarios": {
                "night": {
                    "start": "2025-10-20T02:00:00-07:00",
                    "duration_s": 7200.0,
                    "events": [{"at": 600.0, "fail": NASTY}, {"at": 1800.0, "restore": NASTY}],
                }
            },
            "observed": [
                {"name": "w", "service": "web", "start": "2025-10-20T02:10:00-07:00", "note": "=1+1"},
                {
                    "name": "missed",
                    "service": "aside",
                    "start": "2025-10-20T03:00:00-07:00",
                    "end": "2025-10-20T03:30:00-07:00",
                },
            ],
        }
    )


QUESTIONS: Final[dict[str, Callable[[Topology], Any]]] = {
    "simulate": simulate,
    "blast-radius": blast_radius,
    "replay": replay,
}


@pytest.fixture(scope="module", params=QUESTIONS, ids=str)
def answer(request: pytest.FixtureRequest, topology: Topology) -> tuple[str, Any]:
    return request.param, QUESTIONS[request.param](topology)


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def test_json_names_its_schema_and_holds_only_numbers(answer: tuple[str, Any]) -> None:
    command, result = answer

    document = json.loads(export(result, Format.JSON), parse_constant=refuse)

    assert document["schema"] == f"cascade/{command}/v1"
    assert document["start"] == "2025-10-20T02:00:00-07:00"
    assert document["duration_s"] == 7200.0


def test_csv_is_a_table_without_formulas_or_numbers_without_bound(answer: tuple[str, Any]) -> None:
    rows = list(csv.reader(io.StringIO(export(answer[1], Format.CSV))))

    numbers = {"inf", "-inf", "nan"}
    assert len(rows) > 1
    assert {len(row) for row in rows} == {len(rows[0])}
    assert not [cell for row in rows for cell in row if cell in numbers]
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "@"))]


def test_markdown_escapes_what_it_would_read_as_markup(answer: tuple[str, Any]) -> None:
    text = export(answer[1], Format.MARKDOWN)

    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    widths = [{line.replace(r"\|", "").count("|") for line in table} for table in tables]
    assert tables
    assert "\x1b" not in text
    assert {len(found) for found in widths} == {1}


def test_text_moves_no_cursor_and_fits_the_terminal(answer: tuple[str, Any]) -> None:
    text = export(answer[1], Format.TEXT)

    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 120


def test_notebook_shows_names_as_text(topology: Topology) -> None:
    shown = blast_radius(topology)._repr_html_()

    assert "<b" not in shown
    assert "&lt;b" in shown


def test_notebook_shows_the_beginning_of_long_tables() -> None:
    shops = {f"shop-{number}": {"demand": "1/s", "calls": ["db"]} for number in range(MOST_ROWS)}
    large = Topology.model_validate({"services": {**shops, "db": {}}})

    shown = blast_radius(large, ["db"])._repr_html_()

    assert f": the first {MOST_ROWS} of {MOST_ROWS + 1}</caption>" in shown
    assert shown.count("<td>shop-1</td>") == 1


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx"])
def test_formulas_are_made_harmless(text: str) -> None:
    assert csv_text(Sheet(("a",), [(text,)])) == f"a\n'{text}\n"


def test_csv_has_its_columns_when_nothing_is_hit(topology: Topology) -> None:
    nothing = blast_radius(topology, scenario=Scenario(duration_s=600.0))

    assert export(nothing, Format.CSV).startswith("name,kind,is_entry_point,falls_s,")


def test_numbers_stay_numbers() -> None:
    assert harmless(-1.5) == -1.5


def test_what_has_no_bound_is_null() -> None:
    assert json.loads(json_text({"a": [float("inf"), float("nan"), 1.0]})) == {"a": [None, None, 1.0]}


def test_columns_line_up_and_indentation_is_kept() -> None:
    table = Table("", ("who", ">n"), (("a", "1"), ("  bb", "22")))

    assert as_text([table]).splitlines() == ["who    n", "----  --", "a      1", "  bb  22"]
    assert "| &nbsp;&nbsp;bb | 22 |" in as_markdown([table])
    assert "&nbsp;&nbsp;bb" in as_html([table])


def test_json_of_a_run_tells_the_windows(topology: Topology) -> None:
    run = simulate(topology)

    document = json.loads(export(run, Format.JSON))

    web = next(part for part in document["parts"] if part["name"] == "web")
    hit_s = [time for time, is_hit in zip(document["times_s"], web["is_hit"], strict=True) if is_hit]
    assert hit_s[0] == windows(run, "web")[0].start_s
