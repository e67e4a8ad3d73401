"""Figures: whatever is hit has its lane, and the same result gives the same picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import pytest

import cascade
from cascade.model import Topology
from cascade.report.figures import plot_series, plot_timeline, save_figure
from cascade.report.map import MOST_BOXES
from cascade.report.map_figures import plot_blast_radius, plot_topology

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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


def test_same_result_gives_the_same_bytes(blast: cascade.BlastRadius, tmp_path: Path) -> None:
    for name in ("one.png", "two.png", "one.svg", "two.svg"):
        save_figure(plot_timeline(blast), tmp_path / name)

    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


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
    axes = plot_series(blast.run, "goodput_rps")

    assert "[1/s]" in axes.get_ylabel()
    assert [line.get_label() for line in axes.lines] == ["web", "vm"]
