"""Drawings: well-formed whatever the names are, nothing over another, and true to the run."""

from __future__ import annotations

import base64
import json
import re
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cascade
from cascade.analysis.windows import windows
from cascade.model import Topology
from cascade.report.drawing.bars import bars_svg
from cascade.report.drawing.map import map_svg
from cascade.report.drawing.rankings import of_contingencies, of_montecarlo
from cascade.report.drawing.scene import Scene, scene_of
from cascade.report.drawing.states import State, states_of
from cascade.report.drawing.style import DARK, LIGHT, standalone
from cascade.report.drawing.subject import MOST_BOXES
from cascade.report.drawing.timeline import timeline_svg
from cascade.report.drawing.units import Size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT: Final = Path(__file__).parents[2]
LARGE: Final = ROOT / "tests/realworld/jaeger-dependencies/jaeger-ui-large.json"
SVG: Final = "{http://www.w3.org/2000/svg}"
SECONDS: Final = 2.0
"""Budget for 1,238 services on a busy machine."""
NAMES: Final = st.text(st.characters(exclude_characters=">"), min_size=1, max_size=40).filter(
    lambda name: re.fullmatch(r"[^\s>]+", name) is not None
)

Links = list[tuple[int, int]]


def parsed(drawing: str) -> ET.Element:
    return ET.fromstring(standalone(drawing))  # noqa: S314 - written by us, from names that are hostile


def of_class(drawing: str, name: str) -> list[ET.Element]:
    """Every element with a class."""
    return [found for found in parsed(drawing).iter() if name in found.get("class", "").split()]


def graphs() -> st.SearchStrategy[tuple[int, Links]]:
    """Up to 14 boxes with any arrows between them, cycles too."""
    return st.integers(1, 14).flatmap(
        lambda count: st.tuples(
            st.just(count), st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=40)
        )
    )


def laid_out(count: int, links: Links, domains: Mapping[str, Sequence[str]] | None = None) -> Scene:
    sizes = {f"s{number}": Size(90.0 + 7.0 * number, 30.0 + 16.0 * (number % 3)) for number in range(count)}
    arrows = dict.fromkeys((f"s{caller}", f"s{callee}", "hard") for caller, callee in links)
    return scene_of(sizes, arrows, domains or {}, ["s0"])


def ends(scene: Scene, name: str) -> tuple[float, float]:
    """Where a box begins and ends on the way of the arrows."""
    box = scene.boxes[name].turned if scene.manner.is_downward else scene.boxes[name]
    return box.x, box.x + box.width


@pytest.fixture(scope="module")
def flagship() -> cascade.Replay:
    return cascade.replay(cascade.load(ROOT / "topologies/aws-us-east-1-2025-10-20.yaml"))


@pytest.fixture(scope="module")
def shop() -> cascade.BlastRadius:
    return cascade.blast_radius(cascade.load(ROOT / "topologies/shop.yaml"), scenario="outage")


@settings(max_examples=60, deadline=None)
@given(st.lists(NAMES, min_size=2, max_size=6, unique=True))
def test_no_name_gets_out_of_its_text(names: list[str]) -> None:
    calls = [{"demand": {"rate_rps": 1.0}, "calls": names[1:]}, *({} for _ in names[1:])]
    domains = {names[1] + "<\u202e": names[1:]}
    topology = Topology.model_validate(
        {"name": names[0], "services": dict(zip(names, calls, strict=True)), "domains": domains}
    )
    blast = cascade.blast_radius(topology, [names[1]])

    drawings = [map_svg(topology, link="#part-"), map_svg(blast), timeline_svg(blast)]

    assert {found.tag for drawing in drawings for found in parsed(drawing).iter()} <= {
        SVG + tag
        for tag in (
            "a",
            "circle",
            "defs",
            "desc",
            "g",
            "line",
            "marker",
            "path",
            "rect",
            "style",
            "svg",
            "text",
            "title",
        )
    }
    assert all(char.isprintable() or char == "\n" for drawing in drawings for char in drawing)


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_boxes_never_overlap_and_members_of_a_cycle_are_in_its_frame(graph: tuple[int, Links]) -> None:
    scene = laid_out(*graph)

    boxes = list(scene.boxes.values())
    assert [
        (one.name, other.name)
        for index, one in enumerate(boxes)
        for other in boxes[:index]
        if one.x < other.x + other.width and other.x < one.x + one.width
        and one.y < other.y + other.height and other.y < one.y + one.height
    ] == []  # fmt: skip
    for frame in scene.cycles:
        for box in (scene.boxes[name] for name in frame.names):
            assert frame.x < box.x
            assert box.x + box.width < frame.x + frame.width
            assert frame.y < box.y
            assert box.y + box.height < frame.y + frame.height
    assert all(box.x > 0.0 and box.x + box.width < scene.width for box in boxes)
    assert all(box.y > 0.0 and box.y + box.height < scene.height for box in boxes)


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_arrows_lead_forward_except_within_a_cycle(graph: tuple[int, Links]) -> None:
    scene = laid_out(*graph)

    together = {name: frame.names for frame in scene.cycles for name in frame.names}
    forward = [route for route in scene.routes if route.callee not in together.get(route.caller, ())]
    assert all(
        scene.boxes[route.caller].x + scene.boxes[route.caller].width < scene.boxes[route.callee].x for route in forward
    )
    assert {(route.caller, route.callee) for route in scene.routes} == {
        (f"s{caller}", f"s{callee}") for caller, callee in graph[1] if caller != callee
    }


def points_of(path: str) -> list[tuple[float, float]]:
    """Points along the way of an arrow, a few pixels apart."""
    found: list[tuple[float, float]] = []
    for letter, numbers in re.findall(r"([MHVC])([^MHVC]+)", path):
        values = [float(value) for value in numbers.split()]
        x, y = found[-1] if found else (0.0, 0.0)
        ends = {"M": (values * 4)[:8], "H": [x, y, x, y, values[0], y] * 2, "V": [x, y, x, y, x, values[0]] * 2}
        bends = [x, y, *values] if letter == "C" else [x, y, x, y, *ends[letter][4:6], *ends[letter][4:6]]
        for step in range(1, 41):
            at = step / 40.0
            weights = ((1 - at) ** 3, 3 * at * (1 - at) ** 2, 3 * at * at * (1 - at), at**3)
            found.append(
                (
                    sum(weight * bends[2 * index] for index, weight in enumerate(weights)),
                    sum(weight * bends[2 * index + 1] for index, weight in enumerate(weights)),
                )
            )
    return found


@settings(max_examples=100, deadline=None)
@given(graphs())
def test_no_arrow_runs_through_a_box(graph: tuple[int, Links]) -> None:
    count, links = graph
    scene = laid_out(count, [(min(link), max(link)) for link in links])

    for route in scene.routes:
        for x, y in points_of(route.path)[40:]:
            inside = [
                box.name
                for box in scene.boxes.values()
                if box.x + 0.2 < x < box.x + box.width - 0.2 and box.y + 0.2 < y < box.y + box.height - 0.2
            ]
            assert inside == []


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_an_area_holds_its_members_and_nothing_else(graph: tuple[int, Links]) -> None:
    count, links = graph
    inside = [f"s{number}" for number in range(0, count, 2)]

    scene = laid_out(count, links, {"zone": inside})

    for area in scene.areas:
        covered = {
            box.name
            for box in scene.boxes.values()
            if box.x < area.x + area.width and area.x < box.x + box.width
            and box.y < area.y + area.height and area.y < box.y + box.height
        }  # fmt: skip
        assert covered == {*area.names}
        assert covered <= {*inside}


def test_every_part_and_every_arrow_is_drawn_once(flagship: cascade.Replay) -> None:
    drawing = map_svg(flagship)

    run = flagship.run
    graph = run.topology.graph
    assert sorted(int(box.get("data-part", "")) for box in of_class(drawing, "box")) == [*range(len(run.names))]
    assert {
        (arrow.get("data-from"), arrow.get("data-to")) for arrow in of_class(drawing, "arrow") if arrow.get("data-to")
    } == {(str(run.column(caller)), str(run.column(callee))) for caller, callee in graph.edges}


def test_a_box_says_its_worst_state_and_when(shop: cascade.BlastRadius) -> None:
    boxes = {box.get("data-part"): box for box in of_class(map_svg(shop), "box")}

    cache = boxes[str(shop.run.column("cache"))]
    assert cache.findtext(f"{SVG}title") == "cache: down +10m to +30m"
    assert {"is-worst", "is-down"} <= {*cache.get("class", "").split()}
    assert [found.get("class") for found in cache.iter(f"{SVG}g")][1::2] == [
        "state works", "state hit", "state down", "state back", "state worst",
    ]  # fmt: skip


def test_failure_is_seen_to_come_back_along_arrows(shop: cascade.BlastRadius) -> None:
    strong = {(arrow.get("data-from"), arrow.get("data-to")) for arrow in of_class(map_svg(shop), "spread")}

    column = shop.run.column
    assert (str(column("web")), str(column("catalogue"))) in strong
    assert (str(column("checkout")), str(column("payments"))) not in strong


def test_lanes_are_the_windows_of_the_run(flagship: cascade.Replay) -> None:
    run = flagship.run
    lanes = of_class(timeline_svg(flagship), "lane")

    shown = {
        int(lane.get("data-part", "")): [
            (float(bar.get("data-start", "")), float(bar.get("data-end", "")))
            for bar in lane.iter(f"{SVG}rect")
            if bar.get("class") == "window"
        ]
        for lane in lanes
    }
    expected = {run.column(name): [(w.start_s, w.end_s) for w in windows(run, name)] for name in run.names}
    assert {part: found for part, found in shown.items() if found} == {p: w for p, w in expected.items() if w}


def test_bars_are_where_the_root_says(shop: cascade.BlastRadius) -> None:
    drawing = timeline_svg(shop)
    root = parsed(drawing)

    x0, x1, t0, t1 = (float(root.get(f"data-{key}", "")) for key in ("x0", "x1", "t0", "t1"))
    for bar in of_class(drawing, "window"):
        start_s = float(bar.get("data-start", ""))
        assert float(bar.get("x", "")) == pytest.approx(x0 + (x1 - x0) * (start_s - t0) / (t1 - t0), abs=0.06)


def test_states_over_time_agree_with_what_is_hit(shop: cascade.BlastRadius) -> None:
    run, found = shop.run, states_of(shop.run)

    is_hit = (found == State.HIT) | (found == State.DOWN)
    assert (is_hit == run.hit).all()
    assert (found[0] == State.WORKS).all()
    assert found[:, run.column("cache")].tolist() == sorted(found[:, run.column("cache")].tolist())


def test_the_same_result_gives_the_same_bytes(shop: cascade.BlastRadius) -> None:
    assert map_svg(shop) == map_svg(shop)
    assert timeline_svg(shop) == timeline_svg(shop)


def large() -> Topology:
    """The 1,238 services of a production system, anonymised by those who published it."""
    calls: dict[str, dict[str, None]] = {}
    for link in json.loads(LARGE.read_text(encoding="utf-8")):
        calls.setdefault(link["child"], {})
        calls.setdefault(link["parent"], {})[link["child"]] = None
    services = {name: {"calls": [callee for callee in found if callee != name]} for name, found in calls.items()}
    return Topology.model_validate({"services": services})


def test_a_large_system_is_drawn_in_part_and_says_so() -> None:
    topology = large()
    start = time.process_time()

    drawing = map_svg(topology)

    assert time.process_time() - start < SECONDS
    assert len(topology.services) == 1238
    assert len(of_class(drawing, "box")) == MOST_BOXES
    assert f"the {MOST_BOXES} of 1,238 parts" in (parsed(drawing).findtext(f"{SVG}desc") or "")
    assert len(drawing) < 400_000


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "behind"),
    [
        ("ink", "paper"), ("ink", "box"), ("ink", "band"), ("faint", "paper"), ("faint", "band"), ("faint", "frame"),
        ("faint", "area"), ("hit-ink", "hit"), ("down-ink", "down"), ("back-ink", "back"), ("paper", "ink"),
    ],
)  # fmt: skip
def test_text_stands_out(colours: dict[str, str], text: str, behind: str) -> None:
    one, other = sorted((luminance(colours[text]), luminance(colours[behind])))

    assert (other + 0.05) / (one + 0.05) >= 4.5


def luminance(colour: str) -> float:
    """Relative luminance as the web content accessibility guidelines define it."""
    parts = [int(colour[place : place + 2], 16) / 255.0 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("kind", ["blast", "run", "topology"])
def test_a_notebook_shows_pictures_that_no_viewer_strips(shop: cascade.BlastRadius, kind: str) -> None:
    results: dict[str, Any] = {"blast": shop, "run": shop.run, "topology": shop.run.topology}
    shown = results[kind]._repr_html_()

    sources = re.findall(r'<img src="data:image/svg\+xml;base64,([^"]*)" alt="([^"]+)"/>', shown)
    assert len(sources) == (1 if kind == "topology" else 2)
    for data, _ in sources:
        assert ET.fromstring(base64.b64decode(data)).tag == f"{SVG}svg"  # noqa: S314 - written by us
    assert {*re.findall(r"<([a-z]+)", shown)} <= {"caption", "img", "p", "table", "tbody", "td", "th", "thead", "tr"}
    assert {*re.findall(r'(?<= )([a-z-]+)="', shown)} <= {"alt", "src", "style"}
    assert len(shown) < 100_000


def test_a_notebook_bears_the_largest_results(flagship: cascade.Replay) -> None:
    assert len(flagship._repr_html_()) < 200_000
    assert len(large()._repr_html_()) < 100_000


def test_bars_rank_the_single_points_of_failure(flagship: cascade.Replay) -> None:
    bars = of_contingencies(cascade.contingencies(flagship.run.topology))

    sizes = [bar.size for bar in bars.rows]
    widths = [float(bar.get("width", "")) for bar in of_class(bars_svg(bars), "loss-2")]
    assert len(sizes) > 3
    assert widths[-1] / widths[0] == pytest.approx(sizes[-1] / sizes[0], abs=0.001)


def test_bars_of_samples_hold_all_of_them() -> None:
    uncertain = cascade.load(ROOT / "topologies/shop-uncertain.yaml")

    bars = of_montecarlo(cascade.montecarlo(uncertain, samples=6))

    assert sum(bar.size for bar in bars.rows) == pytest.approx(1.0)


def test_what_is_empty_is_drawn_too() -> None:
    assert of_class(map_svg(Topology()), "box") == []
    assert "Nothing" in map_svg(Topology())
