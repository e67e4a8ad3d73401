"""The report as its reader has it: in a browser, offline, with keyboard or mouse, on paper, with and without script."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Final

import pytest
from axe_playwright_python.sync_playwright import Axe

import cascade
from cascade.report.page.film import end_of, frame_times
from cascade_cli import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator, Page

    Open = Callable[..., Page]

ROOT: Final = Path(__file__).parents[2]
TOPOLOGIES: Final = ROOT / "topologies"
FLAGSHIP: Final = TOPOLOGIES / "aws-us-east-1-2025-10-20.yaml"
LARGE: Final = ROOT / "tests" / "realworld" / "jaeger-dependencies" / "jaeger-ui-large.json"
HOSTILE: Final = Path(__file__).with_name("hostile.yaml")
DESK: Final = {"width": 1280, "height": 900}
PHONE: Final = {"width": 390, "height": 844}
MOST_BYTES: Final = 2_000_000
MOST_S: Final = 2.0


@dataclass(frozen=True)
class Reports:
    """The pages that are looked at, each written once."""

    folder: Path

    def __getitem__(self, name: str) -> Path:
        path = self.folder / f"{name}.html"
        if not path.exists():
            assert run(["report", *self.arguments(name), "--quiet", "-o", str(path)]) == 0
        return path

    def arguments(self, name: str) -> list[str]:
        if name == "large":
            large = self.folder / "large.yaml"
            assert run(["import", "auto", str(LARGE), "-o", str(large)]) == 0
            found = cascade.contingencies(cascade.load(large))
            return [str(large), found.names[int(found.affected_count.argmax())]]
        return {
            "flagship": [str(FLAGSHIP)],
            "failed": [str(TOPOLOGIES / "shop.yaml"), "payments"],
            "ranking": [str(TOPOLOGIES / "three-tiers.yaml"), "--ranking", "--store", str(self.folder / "store")],
            "empty": [str(Path(__file__).with_name("calm.yaml"))],
            "hostile": [str(HOSTILE)],
        }[name]


EVERY: Final = ("flagship", "failed", "ranking", "empty", "hostile", "large")


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Reports:
    return Reports(tmp_path_factory.mktemp("reports"))


def moment(page: Page) -> int:
    """Give the frame that is shown."""
    return int(page.get_by_role("slider", name="Moment").input_value())


def wait_for(page: Page, is_so: Callable[[int], bool]) -> None:
    """Wait until the time on the page has come so far; the page lets nobody evaluate texts."""
    for _ in range(100):
        if is_so(moment(page)):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"the time stays at {moment(page)}")


def box(page: Page, name: str) -> Locator:
    """Find a part on the map."""
    return page.locator("#map").get_by_role("link", name=re.compile(rf"^{re.escape(name)}:"))


def serious(page: Page) -> list[str]:
    """Give what a screen reader would stumble over."""
    found = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {node['html'][:120]}"
        for each in found
        if each["impact"] in {"serious", "critical"}
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("name", EVERY)
def test_a_page_asks_nobody_and_complains_about_nothing(name: str, reports: Reports, open_page: Open) -> None:
    page = open_page(reports[name], viewport=DESK)

    assert page.get_by_role("heading", level=1).inner_text()
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0


def test_play_runs_until_it_is_paused(reports: Reports, open_page: Open) -> None:
    page = open_page(reports["flagship"], viewport=DESK)
    page.get_by_role("slider", name="Moment").fill("0")

    page.get_by_role("button", name="Play").click()
    wait_for(page, lambda frame: frame > 3)
    page.get_by_role("button", name="Pause").click()
    stopped = moment(page)
    page.wait_for_timeout(300)

    assert moment(page) == stopped


def test_the_map_shows_who_is_down_at_the_moment_of_the_slider(reports: Reports, open_page: Open) -> None:
    page = open_page(reports["failed"], viewport=DESK)
    blast = cascade.blast_radius(cascade.load(TOPOLOGIES / "shop.yaml"), ["payments"])
    slider = page.get_by_role("slider", name="Moment")

    slider.fill("0")
    before = page.locator("#map .is-hit, #map .is-down").count()
    slider.fill(str(frame_times(end_of(blast.run)).searchsorted(20 * 60.0)))
    during = page.locator("#map .is-hit, #map .is-down").count()
    slider.fill(slider.get_attribute("max") or "")
    after = page.locator("#map .is-hit, #map .is-down").count()

    assert (before, after) == (0, 0)
    assert during == len(blast.impacts)


def test_the_keyboard_is_enough(reports: Reports, open_page: Open) -> None:
    page = open_page(reports["flagship"], viewport=DESK)
    keys = page.keyboard

    page.locator("h1").click()
    keys.press("Home")
    assert moment(page) == 0
    keys.press("ArrowRight")
    one = moment(page)
    keys.press("End")
    last = moment(page)
    keys.press("ArrowLeft")
    assert 0 < one < moment(page) < last
    keys.press("Home")
    keys.press("Space")
    wait_for(page, lambda frame: frame > 0)
    keys.press("Space")

    box(page, "dynamodb-dns-record").focus()
    keys.press("Enter")
    panel = page.get_by_role("complementary", name="Chosen part")
    assert "dynamodb-dns-record" in panel.inner_text()
    keys.press("Escape")
    assert not panel.is_visible()
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("dynamodb-dns-record:")


def test_a_part_tells_why_it_fell_and_what_it_waits_for(reports: Reports, open_page: Open) -> None:
    page = open_page(reports["flagship"], viewport=DESK)
    blast = cascade.blast_radius(cascade.load(FLAGSHIP))
    impact = max(blast.impacts, key=lambda impact: len(impact.path))

    box(page, impact.name).click()
    panel = page.get_by_role("complementary", name="Chosen part").inner_text()

    assert impact.why in panel
    assert all(name in panel for name in impact.path)


def test_a_click_into_the_timeline_moves_the_time(reports: Reports, open_page: Open) -> None:
    page = open_page(reports["flagship"], viewport=DESK)
    page.get_by_role("slider", name="Moment").fill("0")
    timeline = page.locator("#timeline svg")
    timeline.scroll_into_view_if_needed()
    area = timeline.bounding_box()
    assert area is not None

    timeline.click(position={"x": area["width"] * 0.5, "y": area["height"] * 0.3})

    assert moment(page) > 0


def test_a_table_is_sorted_by_its_heads_and_searched(reports: Reports, open_page: Open) -> None:
    page = open_page(reports["flagship"], viewport=DESK)
    grid = page.locator("#ranking .grid").first
    lost = grid.get_by_role("columnheader", name="Lost")

    lost.get_by_role("button").click()
    assert lost.get_attribute("aria-sort") == "ascending"
    ascending = amounts(grid, lost)
    lost.get_by_role("button").click()
    assert lost.get_attribute("aria-sort") == "descending"
    descending = amounts(grid, lost)

    assert ascending == sorted(ascending) != sorted(ascending, reverse=True) == descending

    rows = grid.locator("tbody tr:visible")
    every = rows.count()
    grid.get_by_role("searchbox").fill("lambda")
    found = rows.all_inner_texts()
    assert 0 < len(found) < every
    assert all("lambda" in row.lower() for row in found)
    assert str(len(found)) in grid.get_by_role("status").inner_text()


def amounts(grid: Locator, head: Locator) -> list[float]:
    """Give the numbers of a column in the order in which they stand; cells without one have to be the last."""
    column = 1 + int(head.evaluate("head => head.cellIndex"))
    cells = grid.locator(f"tbody tr td:nth-child({column})")
    keys = cells.evaluate_all("cells => cells.map(cell => cell.dataset.key ?? cell.innerText)")
    written = [key for key in keys if key]
    assert keys == written + [""] * (len(keys) - len(written))
    assert len(written) < len(keys)
    return [float(key) for key in written]


def test_a_map_that_is_too_wide_can_be_made_to_fit_by_a_button_beside_it(reports: Reports, open_page: Open) -> None:
    page = open_page(reports["flagship"], viewport=DESK)
    button, area = page.get_by_role("button", name="Fit to width"), page.locator("#map .scroll")

    above, below = button.bounding_box(), area.bounding_box()
    assert above is not None
    assert below is not None
    assert above["y"] + above["height"] <= below["y"]
    assert area.evaluate("area => area.scrollWidth <= area.clientWidth")
    button.click()
    assert area.evaluate("area => area.scrollWidth > area.clientWidth")
    assert not open_page(reports["failed"], viewport=DESK).get_by_role("button", name="Fit to width").is_visible()


def test_a_failure_chosen_in_the_ranking_is_shown_on_the_map(reports: Reports, open_page: Open) -> None:
    page = open_page(reports["ranking"], viewport=DESK)

    page.locator("#ranking").get_by_role("button", name=re.compile("^Show")).first.click()

    assert page.locator("#map .is-hit, #map .is-down").count() > 0


def test_paper_has_everything_and_no_buttons(reports: Reports, open_page: Open) -> None:
    page = open_page(reports["failed"], viewport=DESK, color_scheme="dark")

    page.emulate_media(media="print")

    assert page.locator("#player:visible, input:visible, select:visible, button.show:visible").count() == 0
    assert page.locator("details .part-text:visible").count() == page.locator("details .part-text").count() > 0
    assert light(page)
    assert page.pdf()[:5] == b"%PDF-"


@pytest.mark.parametrize("name", ["large", "ranking"])
def test_nothing_on_paper_is_cut_off_or_over_another(name: str, reports: Reports, open_page: Open) -> None:
    page = open_page(reports[name], viewport={"width": 700, "height": 1000})

    page.emulate_media(media="print")

    cut = "areas => areas.filter(each => each.scrollHeight > each.clientHeight + 1).length"
    assert page.locator(".scroll").evaluate_all(cut) == 0
    assert page.locator("#still").all_inner_texts() == ([] if name == "large" else ["Shown: database fails, +0s."])


def light(page: Page) -> bool:
    """Tell whether the page is dark on light."""
    colours = page.evaluate(
        """() => ['color', 'backgroundColor'].map(key =>
            getComputedStyle(document.body)[key].match(/\\d+/g).slice(0, 3).map(Number).reduce((a, b) => a + b))"""
    )
    return bool(colours[0] < colours[1])


def test_without_script_all_is_there_to_read(reports: Reports, open_page: Open) -> None:
    page = open_page(reports["failed"], viewport=DESK, java_script_enabled=False)
    blast = cascade.blast_radius(cascade.load(TOPOLOGIES / "shop.yaml"), ["payments"])

    assert page.get_by_role("heading", level=1).inner_text() == blast.headline
    assert page.locator("button:visible, input:visible, select:visible").count() == 0
    for impact in blast.impacts:
        assert page.locator("#ranking").get_by_text(impact.name).first.is_visible()
    page.locator("#parts summary").first.click()
    assert page.locator("#parts .part-text").first.is_visible()
    assert page.locator("#map .is-down").count() > 0


def test_who_wants_no_motion_gets_steps(reports: Reports, open_page: Open) -> None:
    page = open_page(reports["flagship"], viewport=DESK, reduced_motion="reduce")
    before = moment(page)

    page.wait_for_timeout(400)

    assert moment(page) == before
    page.get_by_role("button", name="Next change").click()
    assert moment(page) != before


@pytest.mark.parametrize(("scheme", "viewport"), [("light", DESK), ("dark", PHONE)], ids=["day", "night"])
@pytest.mark.parametrize("name", ["flagship", "ranking", "hostile", "empty"])
def test_a_screen_reader_finds_its_way(
    name: str, scheme: str, viewport: dict[str, int], reports: Reports, open_page: Open
) -> None:
    page = open_page(reports[name], viewport=viewport, color_scheme=scheme)

    assert serious(page) == []
    page.locator("#map [data-part]").first.click(force=True)
    assert serious(page) == []


def test_a_screen_reader_finds_its_way_without_script(reports: Reports, open_page: Open, tmp_path: Path) -> None:
    still = tmp_path / "still.html"
    still.write_text(
        re.sub(r"<script>.*</script>", "", reports["flagship"].read_text("utf-8"), flags=re.DOTALL), "utf-8"
    )

    assert serious(open_page(still, viewport=DESK)) == []


@pytest.mark.parametrize("name", EVERY)
def test_a_phone_scrolls_down_only(name: str, reports: Reports, open_page: Open) -> None:
    page = open_page(reports[name], viewport=PHONE)

    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_page_enlarged_fourfold_has_room_for_what_it_is_about(reports: Reports, open_page: Open) -> None:
    page = open_page(reports["flagship"], viewport={"width": 320, "height": 256})

    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    moment, whole = page.locator("#moment").bounding_box(), page.locator("#whole").bounding_box()
    assert moment is not None
    assert whole is not None
    assert moment["y"] >= whole["y"] + whole["height"]
    assert page.locator("#player").evaluate("player => getComputedStyle(player).position") == "static"


def test_names_with_markup_are_names(reports: Reports, open_page: Open) -> None:
    page = open_page(reports["hostile"], viewport=DESK)

    page.locator("#map [data-part]").first.click()
    page.get_by_role("button", name="Play").click()
    page.get_by_role("searchbox").first.fill("<svg/onload")

    assert "<svg/onload=window.caught=1//" in page.locator("#ranking").inner_text()
    assert page.evaluate("window.caught") is None
    assert page.locator("img, iframe, object, embed, a[href^='javascript']").count() == 0


def test_a_page_of_1238_services_is_small_and_opens_at_once(reports: Reports, open_page: Open) -> None:
    path = reports["large"]
    took_s = []
    for _ in range(3):
        begin = perf_counter()
        page = open_page(path, viewport=DESK)
        page.get_by_role("heading", level=1).wait_for()
        page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        took_s.append(perf_counter() - begin)

    assert path.stat().st_size < MOST_BYTES
    assert min(took_s) < MOST_S


def test_every_section_of_a_large_page_is_a_click_away(reports: Reports, open_page: Open) -> None:
    page = open_page(reports["large"], viewport=DESK)

    for section in ("Evidence", "Single points", "Parts"):
        page.evaluate("scrollTo(0, 0)")
        link = page.get_by_role("navigation").get_by_role("link", name=section)
        link.click()
        page.wait_for_timeout(100)
        place = page.locator(link.get_attribute("href") or "").bounding_box()
        assert place is not None
        assert 0 <= place["y"] < 40


def test_1238_services_move_fluently(reports: Reports, open_page: Open) -> None:
    page = open_page(reports["large"], viewport=DESK)
    page.get_by_role("slider", name="Moment").fill("0")

    page.get_by_role("button", name="Play").click()
    lasted_ms = page.evaluate(
        """() => new Promise(done => {
            const seen = [];
            const next = now => { seen.push(now); seen.length < 60 ? requestAnimationFrame(next) : done(seen); };
            requestAnimationFrame(next);
        })"""
    )

    gaps = sorted(after - before for before, after in pairwise(lasted_ms))
    assert gaps[len(gaps) // 2] < 34.0
