"""Istio's own experiment with its sample: seven seconds of delay that ratings survives and reviews v2 does not.

The answer is in the source of the sample: the page gives reviews two attempts of three seconds, and reviews v2 gives
ratings ten, so the page has given up before ratings has answered. With v3, which gives ratings 2.5 s, it has not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pytest

import cascade
from cascade.importers.draft import Draft
from cascade.importers.format import Options
from cascade.importers.formats import istio, topology
from cascade.importers.merge import Part
from cascade.importers.reading import imported
from cascade.importers.sources import Document

ROOT: Final = Path(__file__).parents[2]
FAULT: Final = ROOT / "tests/realworld/istio/bookinfo/virtual-service-ratings-test-delay.yaml"
BOOKINFO: Final = (ROOT / "topologies/bookinfo.yaml").read_text(encoding="utf-8")
DURING_S: Final = 900.0


def play(text: str) -> tuple[cascade.Run, int]:
    """Merge a topology with the fault as Istio has it, play it, and give the sample in the middle of the fault."""
    stated, injected = Draft(), Draft()
    topology.reads([Document("bookinfo.yaml", content=text.encode())], stated, Options())
    istio.reads([Document(FAULT.name, FAULT)], injected, Options())
    parts = [Part(topology.FORMAT, stated), Part(istio.FORMAT, injected)]
    merged = imported(parts, Options(), "bookinfo")
    run = cascade.simulate(merged.topology, "ratings-delay")
    return run, int(np.searchsorted(run.times_s, DURING_S))


def test_with_reviews_v2_the_page_gives_up_on_reviews_after_six_seconds() -> None:
    run, during = play(BOOKINFO)

    assert run.of("ratings", "sojourn_s")[during] == pytest.approx(7.005, rel=1e-3)
    assert run.of("ratings", "success_fraction")[during] == 1.0  # reviews waits for it
    assert run.of("reviews", "sojourn_s")[during] == pytest.approx(7.01, rel=1e-3)
    assert run.of("reviews", "success_fraction")[during] == 0.0  # nobody waits for reviews
    assert run.of("productpage", "sojourn_s")[during] == pytest.approx(6.0, abs=0.01)
    assert run.of("productpage", "success_fraction")[during] == pytest.approx(0.5)
    assert run.of("reviews", "offered_rps")[during] == pytest.approx(10.0)  # both attempts arrive


def test_with_reviews_v3_the_page_has_its_reviews_after_two_and_a_half() -> None:
    run, during = play(BOOKINFO.replace("timeout: 10s", "timeout: 2.5s"))

    assert run.of("ratings", "success_fraction")[during] == 0.0  # reviews gives up on it in time
    assert run.of("reviews", "success_fraction")[during] == 1.0
    assert run.of("productpage", "sojourn_s")[during] == pytest.approx(2.51, abs=0.01)
    assert run.of("productpage", "success_fraction")[during] == 1.0
    assert run.of("reviews", "offered_rps")[during] == pytest.approx(5.0)


def test_the_timeout_is_the_wrong_way_round() -> None:
    parts = cascade.loads(BOOKINFO)
    (to_reviews,) = [call for call in parts.services["productpage"].calls if call.to == "reviews"]
    (to_ratings,) = parts.services["reviews"].calls

    assert to_reviews.retry
    assert to_reviews.timeout_s
    assert to_ratings.timeout_s
    assert to_ratings.timeout_s > to_reviews.timeout_s * to_reviews.retry.classes
