from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cascade
from cascade.report.drawing.states import states_of_part
from cascade.report.page.cells import Index
from cascade.report.page.content import Origin, page_of_run
from cascade.report.page.film import (
    BACK,
    DOWN,
    HIT,
    WORKS,
    cut,
    end_of,
    end_of_sweep,
    film_of_run,
    films_of_sweep,
    frame_times,
    in_frames,
)
from cascade.report.page.parts import steps_to
from cascade.report.page.write import as_data
from cascade_cli import run

ROOT: Final = Path(__file__).parents[2]
TOPOLOGIES: Final = ROOT / "topologies"
LARGE: Final = ROOT / "tests" / "realworld" / "jaeger-dependencies" / "jaeger-ui-large.json"
ADDRESSES: Final = {
    "href",
    "src",
    "action",
    "formaction",
    "data",
    "poster",
    "srcset",
    "xlink:href",
    "ping",
    "background",
}
"""Attributes with which an element asks somebody for something."""
HARMLESS: Final = {
    "a", "aside", "body", "button", "caption", "circle", "code", "dd", "defs", "desc", "details", "div", "dl", "dt",
    "figcaption", "figure", "footer", "g", "h1", "h2", "h3", "h4", "head", "header", "html", "input", "label", "li",
    "line", "link", "main", "marker", "meta", "nav", "ol", "option", "output", "p", "path", "rect",
    "script", "section", "select", "span", "style", "summary", "svg", "table", "tbody", "td", "text", "th", "thead",
    "title", "tr", "tspan", "ul",
}  # fmt: skip
"""Elements of which a page is made."""


class Reader(HTMLParser):
    """Takes a page apart."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts.setdefault(self._open[-1], []).append(data)

    def found(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]

    @property
    def text(self) -> str:
        kept = (text for tag, texts in self.texts.items() if tag not in {"script", "style"} for text in texts)
        return " ".join(" ".join(kept).split())

    @property
    def data(self) -> Any:
        [text] = [text for text in self.texts["script"] if text.startswith("{")]
        return json.loads(text)


def of_file(name: str, *nodes: str) -> str:
    text = (TOPOLOGIES / f"{name}.yaml").read_text(encoding="utf-8")
    return cascade.report_page(cascade.blast_radius(cascade.loads(text), nodes), text=text, command="cascade report")


@pytest.fixture(scope="module")
def flagship() -> str:
    """Give the page of an outage that was observed."""
    return of_file("aws-us-east-1-2025-10-20")


@pytest.fixture(scope="module")
def ranking() -> str:
    """Give the page of every single failure."""
    return cascade.report_page(cascade.sweep(cascade.load(TOPOLOGIES / "shop.yaml"), workers=1))


@pytest.fixture(params=["flagship", "ranking"])
def page(request: pytest.FixtureRequest) -> str:
    """Give a page of each kind."""
    return str(request.getfixturevalue(request.param))


def test_a_page_asks_nobody_for_anything(page: str) -> None:
    read = Reader(page)

    asked = {value for _, found in read.elements for name, value in found.items() if name in ADDRESSES}
    assert {value for value in asked if not value.startswith("#")} == {"data:,"}
    assert re.findall(r"url\((?!#)|@import|\bfetch\b|XMLHttpRequest|import\(", page) == []
    assert "innerHTML" not in page
    assert {tag for tag, _ in read.elements} <= HARMLESS


def test_the_policy_runs_the_page_s_own_script_and_nothing_else(page: str) -> None:
    read = Reader(page)
    [policy] = [
        found["content"] for found in read.found("meta") if found.get("http-equiv") == "Content-Security-Policy"
    ]

    rules = {words[0]: words[1:] for words in map(str.split, policy.split(";"))}
    [style], [*_, script] = read.texts["style"], read.texts["script"]
    own = [f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in (style, script)]
    assert rules["default-src"] == ["'none'"]
    assert [*rules["style-src"], *rules["script-src"]] == own
    assert rules["base-uri"] == rules["form-action"] == ["'none'"]
    assert [name for _, found in read.elements for name in found if name == "style" or name.startswith("on")] == []
    assert [found.get("type") for found in read.found("script")] == ["application/json", None]


def test_all_that_is_promised_is_there(flagship: str, ranking: str) -> None:
    common = {
        "over-time",
        "map",
        "player",
        "slider",
        "play",
        "ranking",
        "structure",
        "parts",
        "evidence",
        "panel",
        "data",
    }

    assert common | {"timeline", "observed", "grid-impacts", "grid-observed", "grid-assumptions"} <= {
        *Reader(flagship).ids
    }
    assert common | {"grid-failures", "film"} <= {*Reader(ranking).ids}
    assert "24 of 24 predicted edges within 15 minutes" in Reader(flagship).text
    for page in (flagship, ranking):
        assert len(Reader(page).ids) == len({*Reader(page).ids})


def test_headings_go_down_one_level_at_a_time(page: str) -> None:
    levels = [int(tag[1]) for tag, _ in Reader(page).elements if re.fullmatch("h[1-6]", tag)]

    assert levels[0] == 1
    assert max(later - earlier for earlier, later in pairwise(levels)) == 1


def test_every_link_within_the_page_leads_somewhere(page: str) -> None:
    assert_links_lead_somewhere(page)


def assert_links_lead_somewhere(page: str) -> None:
    read = Reader(page)

    links = {found["href"] for found in read.found("a")}
    assert links
    assert {f"#{name}" for name in read.ids} >= links


def test_every_figure_is_told_in_a_table(flagship: str) -> None:
    drawn = {found["data-part"] for tag, found in Reader(flagship).elements if "lane" in found.get("class", "").split()}
    table = flagship[
        flagship.index('id="grid-impacts"') : flagship.index("</table>", flagship.index('id="grid-impacts"'))
    ]
    told = set(re.findall(r'href="#part-(\d+)"', table))
    boxes = {found["data-part"] for _, found in Reader(flagship).elements if "box" in found.get("class", "").split()}

    assert len(told) > 30
    assert drawn - told <= {number for number in drawn if "stays up" in flagship}
    assert {f"part-{number}" for number in boxes} <= {*Reader(flagship).ids}


def test_each_step_of_a_path_has_its_time() -> None:
    page = of_file("shop")

    told = page[page.index("From the fault to web") :]
    steps = re.sub("<[^>]+>", "", told[: told.index("</ol>")]).split("+10m: ")
    assert "".join(step.strip() for step in steps[1:]) == (
        "failsdatabase-1fails with zone-adatabaseis refused by database-1"
        "catalogueneeds database, which failswebneeds catalogue, which fails"
    )


def test_no_step_of_a_path_is_told_as_fallen_later_than_where_it_leads() -> None:
    blast = cascade.blast_radius(cascade.load(TOPOLOGIES / "aws-us-east-1-2025-10-20.yaml"))
    fell_s = {impact.name: impact.falls_s for impact in blast.impacts}
    paths = {impact.name: [*steps_to(blast, impact, Index({}, frozenset()))] for impact in blast.impacts}

    late = [step for name, steps in paths.items() for step in steps if fell_s.get(step.name, 0.0) > fell_s[name] + 60.0]
    assert {step.text for step in late} == {"hampered, but within its objective then"}
    assert paths["regional-customer-workload"][0].name == "dynamodb-dns-record"


def test_a_run_and_a_replay_have_the_page_of_their_blast_radius() -> None:
    topology = cascade.load(TOPOLOGIES / "aws-us-east-1-2025-10-20.yaml")
    blast, replayed = cascade.blast_radius(topology), cascade.replay(topology)

    assert cascade.report_page(blast.run) == cascade.report_page(blast) == cascade.report_page(replayed)


def test_a_part_tells_who_needs_it_and_what_it_waited_for_only_while_both_were_hit() -> None:
    topology = cascade.load(TOPOLOGIES / "aws-us-east-1-2025-10-20.yaml")
    blast = cascade.blast_radius(topology)
    impacts = {impact.name: impact for impact in blast.impacts}

    parts = page_of_run(blast, None, Origin()).parts

    for part in parts:
        callers, needed = {*topology.graph.predecessors(part.name)}, {*topology.graph.successors(part.name)}
        waits = part.fate.waits if part.fate else ()
        hit = {
            name
            for name in needed & impacts.keys()
            if part.name in impacts
            and any(
                one.start_s < other.end_s and other.start_s < one.end_s
                for one in impacts[part.name].windows
                for other in impacts[name].windows
            )
        }
        if part.name in callers | topology.all_domains.keys():
            continue
        assert {link.name for link in part.callers} <= callers
        assert len(part.callers) + part.callers_more == len(callers)
        assert {link.name for link in waits} <= hit
        assert len(waits) + (part.fate.waits_more if part.fate else 0) == len(hit)
        assert len(part.calls) + part.calls_more == len(needed - hit)
    assert sum(bool(part.fate and part.fate.waits) for part in parts) > 20
    back = [row[4] for row in page_of_run(blast, None, Origin()).grids[0].rows]
    assert [cell.text for cell in sorted(back, key=lambda cell: cell.key or 0.0)][-1] == "not in run"


def test_a_failure_of_a_ranking_shows_what_it_does_alone() -> None:
    topology = cascade.load(TOPOLOGIES / "shop.yaml")
    sweep = cascade.sweep(topology, workers=1)
    times_s = frame_times(end_of_sweep(sweep))

    films = {film.label: film for film in films_of_sweep(sweep, times_s)}

    assert len(films) > 5
    for place, label in enumerate(sweep.labels):
        run = cascade.simulate(topology, sweep.study.scenario(place))
        for part, name in enumerate(run.names):
            listed = films[label].changes.get(part, ())
            states = states_of_part(run, name)
            assert max(listed[1::2], default=WORKS) == (BACK if states.max() == BACK else WORKS)
            if listed:
                worst = max(state for state in listed[1::2] if state != BACK)
                assert (label, name, worst) == (label, name, states[states < BACK].max())
                at_s = [float(run.times_s[np.flatnonzero(found)[0]]) for found in (states > WORKS, states == BACK)]
                assert times_s[listed[0]] == pytest.approx(at_s[0], abs=times_s[1] + 10.0)
                assert times_s[listed[-2]] == pytest.approx(at_s[1], abs=times_s[1] + 10.0)


def test_a_row_of_the_ranking_shows_its_own_film(ranking: str) -> None:
    table = ranking[ranking.index('id="grid-failures"') :]
    rows = re.findall(r'data-film="(\d+)"[^>]*>Show<span class="unseen"> on the map what (\S+) takes', table)

    assert len(rows) > 5
    assert [Reader(ranking).data["films"][int(film)]["label"] for film, _ in rows] == [label for _, label in rows]


def test_states_are_cut_into_frames() -> None:
    states = np.array([[WORKS, WORKS], [HIT, WORKS], [DOWN, WORKS], [WORKS, WORKS]], np.int8)

    changes, start = cut(in_frames(states, np.array([10.0, 20.0, 30.0, 40.0]), frame_times(40.0)))

    assert changes == {0: [10, HIT, 20, DOWN, 30, BACK]}
    assert start == 20


def test_the_work_that_waits_is_told_of_every_frame() -> None:
    run = cascade.simulate(cascade.load(TOPOLOGIES / "aws-us-east-1-2025-10-20.yaml"))
    film, times_s = film_of_run(run, times := frame_times(end_of(run))), times.tolist()

    assert len(film.waiting) > 10
    for part, notes in film.waiting.items():
        counts = run.series["backlog_count"][:, part]
        for frame, (start_s, end_s) in enumerate(pairwise(times_s)):
            most = counts[(run.times_s > start_s) & (run.times_s <= end_s)].max(initial=0.0)
            said = next((text for at, text in zip(notes[-2::-2], notes[::-2], strict=True) if int(at) <= frame), "")
            assert number_of(str(said)) == pytest.approx(most, rel=0.17, abs=1.0)


def number_of(text: str) -> float:
    return float(text[:-1]) * 1e3 ** (" kMG".index(text[-1])) if text[-1:] in {*"kMG"} and text else float(text or 0.0)


def test_what_was_hit_before_it_began_is_not_said_to_work() -> None:
    topology = cascade.loads(
        "services: {web: {demand: 100/s, calls: [db]}, db: {capacity: 50/s, queue: 10}, log: }\n"
        "scenarios: {night: {duration: 30m, events: [{at: 5m, fail: log, for: 5m}]}}"
    )
    blast = cascade.blast_radius(topology)

    page = cascade.report_page(blast)

    assert blast.hit_before == ("web", "db")
    assert 'aria-label="web: hit before it began"' in page
    assert page.count("It was outside its objective before anything happened") == 2


def test_events_go_by_the_numbers_of_the_timeline_and_are_told_when_they_happen() -> None:
    topology = cascade.loads(
        "services: {web: {demand: 1/s, calls: [db]}, db: }\n"
        "scenarios: {night: {duration: 3h, events: [{at: 10m2s, fail: db, for: 5m, note: one},"
        " {at: 10m2s, purge: db, note: two}, {at: 1h, restore: web, note: three}]}}"
    )
    read = Reader(page := cascade.report_page(cascade.blast_radius(topology)))

    table = page[page.index("What happens from outside") : page.index("</table>")]
    rows = [re.findall("<td[^>]*>([^<]*)</td>", row) for row in re.findall("<tr>.*?</tr>", table)]
    events = read.data["films"][0]["events"]
    assert rows[1:] == [["1", "+10m", "one; two"], ["2", "+1h", "three"]]
    assert [read.data["moments"][frame] for frame, _ in events] == ["+10m", "+1h"]
    assert re.findall('<g class="event-number"><title>([^<]*)', page) == ["+10m  one; two", "+1h  three"]


def test_data_cannot_end_its_element() -> None:
    hostile = "</script><!--<script>&\u2028"

    written = as_data({"name": hostile})

    assert not {"<", ">", "&", "\u2028"} & {*written}
    assert json.loads(written) == {"name": hostile}


HOSTILE: Final = (
    "<script", "'\"<img", '"onload="alert(1)', "{{7*7}}", "{%raw%}", "{#x", "javascript:alert(1)", "]]",
    "</script", "<!--",
    "&lt;b", "${1}", "a\u202eb", "#part-1", "url(x", "\u00e9\u4e2d",
)  # fmt: skip
"""What names may hold that are no more than that: no blank, no ``>``."""
MARKUP: Final = (
    "</script></style></title><script>alert(1)</script><img src=//evil onerror=alert(1)>{{7*7}}{% x %}\u202e"
)
"""What may stand in any other text of a file."""


def hostile_topology(names: tuple[str, ...], text: str) -> cascade.Topology:
    """Make a topology in which all that is written is hostile: each part calls the next, the first for users."""
    services = {
        name: cascade.Service(
            description=text,
            demand={"rate_rps": 10.0} if number == 0 else None,
            zones=(f"{name}-zone",),
            calls=[{"to": names[number + 1], "evidence": [text], "confidence_fraction": 0.5}]
            if name != names[-1]
            else [],
        )
        for number, name in enumerate(names)
    }
    event = cascade.Event(at=600.0, fail=names[-1], lasts_s=60.0, note=text)
    scenario = cascade.Scenario(description=text, duration_s=3600.0, events=(event,))
    return cascade.Topology(name=text, description=text, services=services, scenarios={names[0]: scenario})


def assert_harmless(page: str, names: tuple[str, ...]) -> None:
    """Hold that a page is made of our elements only, and that names stand in it as text."""
    read = Reader(page)

    assert {tag for tag, _ in read.elements} <= HARMLESS
    assert len(read.found("script")) == 2
    assert [name for _, found in read.elements for name in found if name.startswith("on") or name == "style"] == []
    links = {value for _, found in read.elements for name, value in found.items() if name in ADDRESSES}
    assert {link for link in links if not re.fullmatch(r"#[\w-]+", link)} == {"data:,"}
    assert "\u202e" not in page
    assert "49" not in read.text.split()
    heads = [text for text in read.texts["h3"] if text.strip()]
    assert [name for name in names if name.isprintable() and name not in heads] == []


def test_a_topology_cannot_script_its_page() -> None:
    topology = hostile_topology(HOSTILE, MARKUP)

    text = f"services:\n  web:\n    demand: 1/s  # assumed: {MARKUP}\n"

    page = cascade.report_page(cascade.blast_radius(topology), text=text, command=f"cascade report '{MARKUP}'")

    assert_harmless(page, HOSTILE)
    assert "<img src=//evil onerror=alert(1)>" in Reader(page).text
    assert "alert(1)" in json.dumps(Reader(page).data)
    assert_harmless(cascade.report_page(cascade.sweep(topology, workers=1)), HOSTILE)


NAMES: Final = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"], exclude_characters=">"), min_size=1
)


@settings(max_examples=25)
@given(st.lists(st.one_of(st.sampled_from(HOSTILE[:-5]), NAMES), min_size=2, max_size=4, unique=True), st.text())
def test_no_name_and_no_text_can_script_a_page(names: list[str], text: str) -> None:
    topology = hostile_topology(tuple(names), text)

    assert_harmless(cascade.report_page(cascade.blast_radius(topology)), ())


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    pages = []
    for seed in ("1", "2"):
        target = tmp_path / seed
        arguments = ["report", "topologies/shop.yaml", "database-1", "-o", str(target)]
        command = [sys.executable, "-c", "from cascade_cli import main; main()", *arguments]
        subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True)
        pages.append(target.read_bytes())

    assert pages[0] == pages[1]
    assert str(ROOT).encode() not in pages[0]
    assert b"<code>cascade report topologies/shop.yaml database-1 --for 30m</code>" in pages[0]


def test_a_page_of_nothing_says_so() -> None:
    topology = cascade.loads(
        "services: {web: {demand: 1/s}, log: }\nscenarios: {calm: {}, spare: {events: [{at: 1m, fail: log, for: 1m}]}}"
    )

    calm = Reader(cascade.report_page(cascade.blast_radius(topology, scenario="calm")))
    spare = Reader(cascade.report_page(cascade.blast_radius(topology, scenario="spare")))
    empty = Reader(cascade.report_page(cascade.sweep(cascade.loads("services: {}"), workers=1)))

    assert "Nothing leaves its objective." in calm.text
    assert calm.texts["dt"][:3] == ["services hit", "entry points hit", "requests of users lost"]
    assert calm.texts["dd"][:3] == ["0 of 2", "0 of 1", "0"]
    assert "timeline" not in calm.ids
    assert "log failing for 1m takes no other service down." in spare.text
    assert "There is nothing to rank." in empty.text


def test_a_large_topology_is_told_by_what_matters_in_it(tmp_path: Path) -> None:
    assert run(["import", "auto", str(LARGE), "-o", str(tmp_path / "large.yaml")]) == 0
    text = (tmp_path / "large.yaml").read_text(encoding="utf-8")
    blast = cascade.blast_radius(cascade.loads(text), ["Service43"])
    cascade.report_page(blast, text=text)  # compiles where nobody has

    start = time.perf_counter()
    page = cascade.report_page(blast, text=text)

    assert time.perf_counter() - start < 10.0
    assert len(page.encode()) < 1_000_000
    assert len(blast.impacts) > 400
    assert "150 parts that matter here are told of; 1,088 others are not." in Reader(page).text
    assert_links_lead_somewhere(page)


@pytest.mark.parametrize(("arguments", "code"), [((), 1), (("--exit-zero",), 0)])
def test_what_is_expected_decides_the_exit_code(
    arguments: tuple[str, ...], code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, page = tmp_path / "shop.yaml", tmp_path / "page.html"
    file.write_text(
        "services: {web: {demand: 1/s, calls: [db]}, db: }\n"
        "scenarios: {gone: {events: [{at: 10m, fail: db, for: 5m}], expect: {stays_up: [web]}}}\n",
        encoding="utf-8",
    )

    assert run(["report", str(file), "-o", str(page), *arguments]) == code

    read = Reader(page.read_text(encoding="utf-8"))
    assert "Misses 1 of 1 expectation of the scenario." in read.text
    assert "cascade report shop.yaml" in read.text
    assert " ".join(capsys.readouterr().out.split()).startswith(f"{page}: db failing for 5m")


def test_a_file_without_scenarios_is_ranked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "plain.yaml"
    file.write_text("services: {web: {demand: 1/s, calls: [db]}, db: }", encoding="utf-8")

    assert run(["report", str(file), "-o", "-"]) == 0

    page = capsys.readouterr().out
    assert "2 single failures, each for 30m" in Reader(page).text
    assert [film["label"] for film in Reader(page).data["films"]] == ["db", "web"]


def test_one_question_at_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", str(TOPOLOGIES / "shop.yaml"), "web", "--ranking"]) == 2

    assert (
        capsys.readouterr().err == "expected --ranking, names of what fails or a scenario, got more than one of them\n"
    )
