"""Figures: whatever is hit has its lane, and the same result gives the same picture."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.text import Text

import cascade
from cascade.model import Topology
from cascade.report.figures import plot_series, plot_timeline, save_figure
from cascade.report.map import MOST_BOXES
from cascade.report.map_figures import plot_blast_radius, plot_topology
from cascade.report.style import HIT, PHASES, STYLES, ink_on, lightness, sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from matplotlib.axes import Axes
    from matplotlib.transforms import BboxBase


@pytest.fixture(scope="module")
def blast() -> cascade.BlastRadius:
    """Three tiers, a group, a fleet and a queue, under a failure of the database; one name is no mathematics."""
    topology = Topology.model_validate(
        {
            "services": {
                "web": {"demand": {"rate_rps": 100.0}, "calls": ["app", {"to": "mail", "needs": "async"}]},
                "app": {"calls": ["db", "any$search$"]},
                "db": {},
                "a": {},
                "b": {},
                "mail": {"capacity_rps": 120.0, "durable": True, "calls": ["db"]},
                "leases": {"capacity_rps": 5.0, "calls": ["db"]},
                "vm": {"demand": {"rate_rps": 1.0}, "capacity_rps": 1.2},
            },
            "groups": {"any$search$": {"members": ["a", "b"]}},
            "fleets": {
                "hosts": {
                    "size": 1000,
                    "sets_capacity_of": ["vm"],
                    "lease": {"ttl_s": 600.0, "renewed_by": "leases"},
                    "restored_by": {"to": "leases"},
                }
            },
            "scenarios": {
                "night": {
                    "start": "2025-10-19T23:30:00-07:00",
                    "duration_s": 14400.0,
                    "events": [
                        {"at": 600.0, "fail": "db", "lasts_s": 3600.0},
                        {"at": 610.0, "throttle": "web", "rate_rps": 90.0, "note": "costs $5 or $6"},
                    ],
                }
            },
            "observed": [
                {"name": "w", "service": "web", "start": "2025-10-19T23:40:00-07:00"},
                {"name": "a", "service": "a", "never": True},
            ],
        }
    )
    return cascade.blast_radius(topology)


STORM: Final = Path(__file__).parents[2] / "topologies/retry-storm.yaml"
COLUMN_IN: Final = (3.4, 2.8)
"""A figure in the column of a paper."""
APART: Final = 0.14
"""Difference of lightness that is seen in grey."""
WITHOUT_NUMBERS: Final = {"topology", "blast radius", "sweep"}
"""Figures whose axes are names alone."""


@pytest.fixture(scope="module")
def storm() -> cascade.Phases:
    """Give the phases of the retry storm: all but what is unfinished."""
    loads, triggers = np.linspace(20.0, 140.0, 7), np.geomspace(0.3, 60.0, 5)
    return cascade.phases(
        cascade.load(STORM), x=("web: demand", loads.tolist()), y=("trigger: for", triggers.tolist()), halvings=2,
        workers=1,
    )  # fmt: skip


@pytest.fixture(scope="module")
def figures(blast: cascade.BlastRadius, storm: cascade.Phases) -> dict[str, Callable[..., Axes]]:
    """Give every figure that is drawn into axes, ready to be drawn."""
    topology = blast.run.topology
    spof = cascade.spof(topology)
    swept = cascade.sweep(topology, workers=1)
    lost = cascade.montecarlo(with_faults(), samples=64, workers=1)
    return {
        "timeline": lambda **given: cascade.plot_timeline(blast, **given),
        "replay": lambda **given: cascade.plot_timeline(cascade.replay(topology), **given),
        "backlogs": lambda **given: cascade.plot_backlogs(blast, **given),
        "series": lambda **given: cascade.plot_series(blast.run, "goodput_rps", **given),
        "order": lambda **given: cascade.plot_cascade_order(blast, **given),
        "topology": lambda **given: cascade.plot_topology(topology, **given),
        "blast radius": lambda **given: cascade.plot_blast_radius(blast, **given),
        "sweep": lambda **given: cascade.plot_sweep(swept, **given),
        "ranking": lambda **given: cascade.plot_ranking(swept, **given),
        "ranking by structure": lambda **given: cascade.plot_ranking(spof.contingencies, **given),
        "single points": lambda **given: cascade.plot_single_points(spof, **given),
        "cut sets": lambda **given: cascade.plot_cut_sets(spof, **given),
        "phases": lambda **given: cascade.plot_phases(storm, **given),
        "impacts": lambda **given: cascade.plot_impacts(lost, **given),
        "exceedance": lambda **given: cascade.plot_exceedance(lost, **given),
        "convergence": lambda **given: cascade.plot_convergence(lost, **given),
        "sensitivity": lambda **given: cascade.plot_sensitivity(lost, **given),
    }


def with_faults() -> cascade.Topology:
    """Give two tiers of which one fails at times, for a time that nobody knows."""
    law = "{lognormal: {median: 10m, p95: 1h}}"
    return cascade.loads(
        f"services: {{web: {{demand: 10/s, calls: [db]}}, db: {{reliability: {{mttf: 30d, mttr: {law}}}}}}}"
    )


FIGURES: Final = (
    "timeline", "replay", "backlogs", "series", "order", "topology", "blast radius", "sweep", "ranking",
    "ranking by structure", "single points", "cut sets", "phases", "impacts", "exceedance", "convergence",
    "sensitivity",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    plt.close("all")


def test_everything_that_is_hit_has_a_lane_in_the_order_of_the_falls(blast: cascade.BlastRadius) -> None:
    axes = plot_timeline(blast)

    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == [impact.name for impact in blast.impacts]
    assert {"hosts", "vm", "web"} <= set(labels)


def test_replay_shows_what_stayed_up_too(blast: cascade.BlastRadius) -> None:
    axes = plot_timeline(cascade.replay(blast.run.topology))

    assert "a" in [label.get_text() for label in axes.get_yticklabels()]
    assert "stayed up" in [text.get_text() for text in axes.texts]


def test_events_are_numbered_and_explained(blast: cascade.BlastRadius) -> None:
    axes = plot_timeline(blast)

    texts = [text.get_text() for text in axes.figure.texts]
    assert "1" in [text.get_text() for text in axes.texts]
    assert any("fail db for 1h" in text for text in texts)


def test_nothing_hit_is_a_figure_too(blast: cascade.BlastRadius) -> None:
    axes = plot_timeline(cascade.simulate(blast.run.topology, cascade.Scenario()))

    assert [text.get_text() for text in axes.texts] == ["nothing leaves its objective"]


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_same_results_give_the_same_bytes(figures: dict[str, Callable[..., Axes]], kind: str, tmp_path: Path) -> None:
    for name in ("one", "two"):
        _, grid = plt.subplots(5, 4, figsize=(14.0, 16.0), layout="constrained")
        for axes, draw in zip(grid.flat, figures.values(), strict=False):
            draw(axes=axes)
        save_figure(grid.flat[0], tmp_path / f"{name}.{kind}")

    one, two = ((tmp_path / f"{name}.{kind}").read_bytes() for name in ("one", "two"))
    assert len(one) > 20_000
    assert one == two


def test_maps_have_a_box_for_each_part(blast: cascade.BlastRadius) -> None:
    topology = blast.run.topology

    whole, hit = plot_topology(topology), plot_blast_radius(blast)

    parts = {*topology.services, *topology.groups, *topology.fleets}
    assert {str(patch.get_gid()) for patch in whole.patches} == {f"box {name}" for name in parts}
    assert {str(patch.get_gid()) for patch in hit.patches} == {f"box {impact.name}" for impact in blast.impacts}


def test_maps_of_large_systems_show_what_matters_most_and_say_so() -> None:
    tiers = {f"tier-{number}": {"calls": [f"tier-{number + 1}"]} for number in range(3)}
    shops = {f"shop-{number}": {"demand": f"{1 + number}/s", "calls": ["tier-0"]} for number in range(2 * MOST_BOXES)}
    large = Topology.model_validate({"services": {**shops, **tiers, "tier-3": {}}})

    whole, hit = plot_topology(large), plot_blast_radius(cascade.blast_radius(large, ["tier-3"]))

    worst = {f"box shop-{2 * MOST_BOXES - number}" for number in range(1, MOST_BOXES - 3)}
    assert {str(patch.get_gid()) for patch in hit.patches} == {*worst, *(f"box tier-{number}" for number in range(4))}
    assert len(whole.patches) == MOST_BOXES
    for axes in (whole, hit):
        assert any(f"the {MOST_BOXES} of {2 * MOST_BOXES + 4}" in text.get_text() for text in axes.figure.texts)


def test_series_are_drawn_with_their_unit(blast: cascade.BlastRadius) -> None:
    axes = plot_series(blast.run, "goodput_rps", question="How much gets through?")

    assert axes.get_title(loc="left") == "How much gets through?"
    assert "[1/s]" in axes.get_ylabel()
    assert [line.get_label() for line in axes.lines] == ["web", "vm"]


def test_every_public_figure_takes_axes_but_sheets(figures: dict[str, Callable[..., Axes]]) -> None:
    sheets = {"plot_spof", "plot_montecarlo"}
    public = {name for name in cascade.__all__ if name.startswith("plot_")} - sheets

    assert tuple(figures) == FIGURES
    assert all("axes" in getattr(cascade, name).__kwdefaults__ for name in public)
    assert len(public) == len({*FIGURES} - {"replay", "ranking by structure"})


@pytest.mark.parametrize("name", FIGURES)
def test_axes_come_in_and_go_out_and_nothing_else_is_touched(
    figures: dict[str, Callable[..., Axes]], name: str
) -> None:
    figure, grid = plt.subplots(2, 2, figsize=(7.0, 5.6), layout="constrained")
    neighbour = grid[0, 1]
    neighbour.plot([0.0, 1.0], [0.0, 1.0])
    before = (
        list(figure.axes), list(figure.texts), list(figure.legends), figure.get_size_inches().tolist(),
        len(neighbour.get_children()), neighbour.get_xlim(), plt.get_fignums(), dict(plt.rcParams),
    )  # fmt: skip

    assert figures[name](axes=grid[0, 0]) is grid[0, 0]

    after = (
        list(figure.axes), list(figure.texts), list(figure.legends), figure.get_size_inches().tolist(),
        len(neighbour.get_children()), neighbour.get_xlim(), plt.get_fignums(), dict(plt.rcParams),
    )  # fmt: skip
    assert after == before
    assert " ".join(grid[0, 0].get_title(loc="left").split()).endswith("?")
    if name not in WITHOUT_NUMBERS:
        assert grid[0, 0].get_xlabel() or any(label.get_text() for label in grid[0, 0].get_xticklabels())


@pytest.mark.parametrize("name", FIGURES)
def test_nothing_is_cut_off_in_the_column_of_a_paper(figures: dict[str, Callable[..., Axes]], name: str) -> None:
    figure = plt.figure(figsize=COLUMN_IN, layout="constrained")
    axes = figures[name](axes=figure.add_subplot())
    figure.canvas.draw()

    page = figure.bbox.padded(2.0)
    drawn = {text.get_text(): text.get_window_extent() for text in axes.texts if text.get_visible()}
    out = [what for what, box in {**drawn, "all of it": axes.get_tightbbox()}.items() if not inside(box, page)]
    assert out == []
    assert min(float(text.get_fontsize()) for text in axes.texts) >= 4.5
    assert axes.get_window_extent().width > 0.4 * figure.bbox.width


def inside(box: BboxBase | None, page: BboxBase) -> bool:
    """Tell whether a box is within a page."""
    return box is not None and bool(box.x0 >= page.x0 and box.x1 <= page.x1 and box.y0 >= page.y0 and box.y1 <= page.y1)


def test_states_can_be_told_apart_in_grey_and_are_written_on_legibly() -> None:
    greys = [lightness(colour) for colour in PHASES.values()]
    hit = [lightness(HIT(share)) for share in (0.0, 0.5, 1.0)]

    assert all(light - dark > APART for light, dark in pairwise(greys))
    assert all(light - dark > APART for light, dark in pairwise(hit))
    assert len({str(stroke) for _, stroke in STYLES}) == len(STYLES)
    for colour in (*PHASES.values(), *(HIT(share) for share in np.linspace(0.0, 1.0, 11))):
        assert abs(lightness(colour) - lightness(ink_on(colour))) > 0.4


def test_letters_are_smaller_in_a_column_and_as_large_as_papers_ask() -> None:
    small, large = (sizes(plt.figure(figsize=(width, 3.0)).add_subplot()) for width in (3.4, 13.0))

    assert small.title < large.title
    assert min(small.title, small.label, small.tick, small.note) >= 6.5


def test_the_order_of_a_cascade_counts_who_is_hit_and_marks_the_wave(blast: cascade.BlastRadius) -> None:
    axes = cascade.plot_cascade_order(blast)

    labels = [label.get_text().split() for label in axes.get_yticklabels()]
    assert labels == [[impact.name.replace("$", r"\$"), str(row)] for row, impact in enumerate(blast.impacts, 1)]
    marks = [line for line in axes.lines if line.get_marker() != "None"]
    waves = {mark.get_marker(): len(impact.path) for mark, impact in zip(marks, blast.impacts, strict=True)}
    falls_s = [impact.falls_s - blast.trigger_start_s for impact in blast.impacts]
    assert [np.asarray(mark.get_xdata())[0] for mark in marks] == pytest.approx(falls_s)
    assert len(waves) == len({len(impact.path) for impact in blast.impacts}) > 2


def test_a_cascade_of_nothing_is_a_figure_too() -> None:
    calm = cascade.blast_radius(cascade.loads("services: {web: {demand: 1/s}, log: }"), ["log"])

    axes = cascade.plot_cascade_order(replaced(calm))

    assert any("nothing leaves its objective" in text.get_text() for text in axes.texts)


def replaced(blast: cascade.BlastRadius) -> cascade.BlastRadius:
    """Give a blast radius without the part that failed itself."""
    from dataclasses import replace  # noqa: PLC0415 - beside its only use

    return replace(blast, impacts=())


def test_the_ranking_has_the_worst_at_the_top_and_says_what_does_not_come_back() -> None:
    found = cascade.sweep(cascade.load(STORM), lasts_s=300.0, workers=1)

    axes = cascade.plot_ranking(found)

    lengths = [float(bar.get_width()) for bar in axes.patches]  # type: ignore[attr-defined] # all are bars
    assert lengths == sorted(lengths, reverse=True)
    assert [label.get_text() for label in axes.get_yticklabels()] == [found.labels[k] for k in found.ranking]
    assert lengths[0] == pytest.approx(found.columns.rows[found.ranking[0]]["impact_minutes"])
    assert "[user-minutes]" in axes.get_xlabel()


def test_phases_have_the_colours_of_their_states_and_the_boundary_between(storm: cascade.Phases) -> None:
    axes = cascade.plot_phases(storm)

    mesh: Any = axes.collections[0]
    drawn = mesh.to_rgba(mesh.get_array()).reshape(*storm.phase.T.shape, 4)
    for row, column in np.ndindex(*storm.phase.T.shape):
        assert drawn[row, column].tolist() == pytest.approx(
            to_rgba(PHASES[cascade.Phase(int(storm.phase[column, row]))])
        )
    known = np.isfinite(storm.boundary.low)
    line = np.asarray(axes.lines[0].get_ydata())
    assert (storm.boundary.low[known] < line).all()
    assert (line < storm.boundary.high[known]).all()
    assert [axes.get_xlabel(), axes.get_ylabel()] == ["web: demand [1/s]", "trigger: for [s]"]
    assert axes.get_yscale() == "log"
    assert {"comes back", "stays down", "overloaded"} <= {text.get_text() for text in axes.texts}


def test_phases_of_one_point_are_a_figure_too() -> None:
    found = cascade.phases(cascade.load(STORM), x=("web: demand", [20.0]), y=("trigger: for", [1.0]), workers=1)

    assert "comes back" in {text.get_text() for text in cascade.plot_phases(found).texts}


def test_names_of_a_file_are_no_mathematics() -> None:
    text = """
name: $x^2$
services: {u$a$: {demand: 1/s, calls: [d$b$]}, d$b$: }
scenarios: {$s$: {events: [{at: 1m, fail: d$b$, for: 1m}]}}
"""
    topology = cascade.loads(text)
    phases = cascade.phases(topology, x=("u$a$: demand", [1.0]), y=("trigger: for", [60.0]), workers=1)
    blast = cascade.blast_radius(topology)
    swept = cascade.sweep(topology, workers=1)
    _, grid = plt.subplots(2, 3, figsize=(21.0, 9.0))
    cascade.plot_phases(phases, axes=grid[0, 0])
    cascade.plot_cascade_order(blast, axes=grid[0, 1])
    cascade.plot_timeline(blast, axes=grid[0, 2])
    cascade.plot_ranking(swept, axes=grid[1, 0])
    cascade.plot_sweep(swept, axes=grid[1, 1])
    cascade.plot_topology(topology, axes=grid[1, 2])

    for axes in grid.flat:
        texts = [text.get_text() for text in axes.findobj(Text) if "$" in text.get_text()]
        assert texts
        assert all(text.count("$") == text.count(r"\$") for text in texts)
