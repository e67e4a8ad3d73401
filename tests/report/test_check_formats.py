"""A check in the formats of others: what their schemas say, and what names in a topology file could do to them."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import jsonschema
import pytest

import cascade
from cascade.analysis.check import RULES
from cascade.report.check_formats import WRITERS
from cascade.report.formats import CheckFormat
from cascade.report.html import as_notebook

PUBLISHED: Final = Path(__file__).with_name("published")
HOSTILE: Final = (
    "plain",
    "a|b",
    "`tick`",
    "<script/x",
    "@team",
    "#1",
    "::error::x,y%0A",
    "]]&amp;",
    "[link](http://x)",
    "{0}",
    "$a$",
    "esc\\e\\u0001\\ufffe",
    '\\"quoted\\"',
    "naïve-服务",
)
"""Names as they stand between double quotes in YAML."""


def made(file: str = "shop: 1, 100%.yaml", fail_on: tuple[str, ...] = ("high", "spof>0", "availability<99%")) -> Any:
    """Check a topology in which every hostile name is called without a timeout, and one call is left as it is."""
    calls = ", ".join(f'"{name}"' for name in HOSTILE)
    services = "\n".join(f'  "{name}":' for name in HOSTILE)
    text = f"""services:
  web: {{demand: 10/s, calls: [{calls}]}}
{services}
scenarios:
  "night|@ops":
    duration: 10m
    events: [{{at: 2m, fail: plain, for: 1m}}]
    expect:
      recovers_within: 1s
      stays_up: [web]
ignore:
  - {{rule: NO-TIMEOUT, at: web -> plain, reason: "one\\nline | <b>"}}
"""
    return cascade.check(cascade.loads(text), fail_on=fail_on, text=text, file=file)


def written(form: CheckFormat, **options: Any) -> str:
    return WRITERS[form](made(**options))


@pytest.fixture(scope="module")
def log() -> Any:
    return json.loads(written(CheckFormat.SARIF))


def test_sarif_is_as_its_schema_says(log: Any) -> None:
    schema = json.loads((PUBLISHED / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))

    errors = jsonschema.Draft4Validator(schema).iter_errors(log)

    assert [f"{error.json_path}: {error.message}" for error in errors] == []


def test_sarif_names_rules_places_and_fingerprints(log: Any) -> None:
    [run] = log["runs"]
    found = made()
    shown = [each for each in run["results"] if "suppressions" not in each]

    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [str(rule.name) for rule in RULES]
    assert all(RULES[each["ruleIndex"]].name == each["ruleId"] for each in run["results"])
    assert [each["partialFingerprints"]["cascadeFinding/v1"] for each in shown] == [
        each.finding.fingerprint for each in found.judged
    ]
    assert [each["level"] == "error" for each in shown] == [each.standing == "fails" for each in found.judged]
    for each, judged in zip(shown, found.judged, strict=True):
        place = each["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "shop%3A%201%2C%20100%25.yaml"
        assert place["region"] == {"startLine": judged.finding.line, "startColumn": judged.finding.column}
    [hidden] = [each for each in run["results"] if "suppressions" in each]
    assert hidden["suppressions"][0]["kind"] == "inSource"


def test_sarif_takes_no_name_for_a_link_or_a_placeholder(log: Any) -> None:
    texts = [each["message"]["text"] for each in log["runs"][0]["results"]]

    assert any("\\[link\\](http" in text for text in texts)
    assert any("{{0}}" in text for text in texts)


def test_sarif_of_a_text_without_places_has_no_results() -> None:
    found = cascade.check(cascade.loads("services: {web: {calls: [db]}, db: }"), fail_on=["low"])

    assert not found.is_passed
    assert json.loads(WRITERS[CheckFormat.SARIF](found))["runs"][0]["results"] == []


def test_junit_is_as_its_schema_says() -> None:
    xmlschema = pytest.importorskip("xmlschema", reason="the XML schema of JUnit needs xmlschema")
    schema = xmlschema.XMLSchema(str(PUBLISHED / "junit-10.xsd"))

    assert [error.reason for error in schema.iter_errors(io.StringIO(written(CheckFormat.JUNIT)))] == []


def test_junit_has_a_case_for_everything_that_was_looked_at() -> None:
    root = ET.fromstring(written(CheckFormat.JUNIT))  # noqa: S314 - just written
    failed = {case.get("name") for case in root.iter("testcase") if case.find("failure") is not None}

    assert failed == {"web stays up", "not spof>0", "not availability<99%"}
    assert {case.get("classname") for case in root.iter("testcase")} == {"rules", "scenario night|@ops", "measures"}
    assert len([*root.iter("testcase")]) == int(root.get("tests", "")) == 11 + 2 + 2
    assert len(failed) == int(root.get("failures", ""))


def test_annotations_end_where_they_should() -> None:
    lines = written(CheckFormat.GITHUB).splitlines()

    *found, last = lines
    assert last.startswith("cascade check ")
    assert len(found) == len(made().judged)
    for line in found:
        match = re.fullmatch(r"::(error|warning|notice) file=([^,:]+),line=(\d+),col=\d+,title=([^,:]+)::(.*)", line)
        assert match
        assert match[2] == "shop%3A 1%2C 100%25.yaml"
        assert re.search(r"%(?!25|0A|0D)", match[5]) is None
    assert any("::error::x,y%250A" in line for line in found)
    levels = [re.match(r"::(\w+)", line)[1] for line in found]  # type: ignore[index] # matched above
    assert levels == sorted(levels, key=["error", "warning", "notice"].index)


def test_no_name_in_the_log_is_a_command() -> None:
    known = [cascade.Known("NO-TIMEOUT", "##[stop-commands]x", "0" * 16)]
    found = cascade.check(cascade.loads("services: {web: }"), baseline=known, text="", file="##[add-mask]e")

    assert "##[" not in WRITERS[CheckFormat.GITHUB](found)
    assert "## [stop-commands]x" in WRITERS[CheckFormat.GITHUB](found)


def test_the_summary_is_nothing_but_text() -> None:
    text = written(CheckFormat.MARKDOWN)
    outside = re.sub(r"```mermaid\n.*?```", "", text, flags=re.DOTALL)

    assert text.startswith("<!-- cascade:check -->\n")
    assert re.findall(r"<(?!!-- cascade:check|/?(?:details|summary)>)", re.sub(r"\\.", "", outside)) == []
    assert re.search(r"[@][a-z]|(?<!\\)#\d|(?<![\\])\$|(?<!\\)`", outside) is None
    for line in outside.splitlines():
        assert not line.startswith("|") or line.replace("\\|", "").count("|") in {3, 4, 5, 6}


def test_the_graph_of_the_summary_has_numbers_for_names() -> None:
    text = written(CheckFormat.MARKDOWN)

    [graph] = re.findall(r"```mermaid\nflowchart LR\n(.*?)\n```", text, flags=re.DOTALL)
    assert all(re.fullmatch(r'  n\d+(\["[\w#; .:/-]*"\]| --> n\d+)', line) for line in graph.splitlines())


def test_the_graph_is_of_what_a_change_lets_failures_take_down() -> None:
    text = "services:\n  web: {demand: 1/s, calls: [{to: db, timeout: 1s, needs: soft}]}\n  db:\n"
    base, changed = cascade.loads(text), text.replace(", needs: soft", "")

    summary = WRITERS[CheckFormat.MARKDOWN](cascade.check(cascade.loads(changed), text=changed, base=base))

    assert "What failures take down since this change" in summary
    assert 'n0["db"]\n  n1["web"]\n  n0 --> n1\n```' in summary
    assert "mermaid" not in WRITERS[CheckFormat.MARKDOWN](cascade.check(base))


@pytest.mark.parametrize("count", [30, 3_000])
def test_the_summary_has_room_in_a_comment(count: int) -> None:
    names = [f"{'&@$|' * 45}{place}" for place in range(count)]
    calls = ", ".join(f'"{name}"' for name in names)
    services = "\n".join(f'  "{name}":' for name in names)
    text = f"services:\n  web: {{demand: 1/s, calls: [{calls}]}}\n{services}\n"
    found = cascade.check(cascade.loads(text), fail_on=["low", "spof>0"], text=text)

    summary = WRITERS[CheckFormat.MARKDOWN](found)

    assert len(found.judged) == 2 * count
    assert len(summary.encode()) < 65_536
    assert summary.count("<details>") == summary.count("</details>")
    assert ("more have no room here" in summary) == (count > 1_000)


@pytest.mark.parametrize("form", [form for form in CheckFormat if form is not CheckFormat.CSV])
def test_no_name_moves_a_cursor_or_breaks_a_file(form: CheckFormat) -> None:
    text = written(form)

    assert "\x1b" not in text
    assert "\x01" not in text
    assert text.endswith("\n")
    assert text == written(form)


def test_a_notebook_shows_it_without_markup_of_others() -> None:
    assert "<script" not in as_notebook(made())
