"""The engine against the event-by-event simulator, and the page that says how well they agree."""

from __future__ import annotations

import re

import pytest

from tests.reference.agreement import PAGE, TOPOLOGIES, compare

SAMPLE = (3, 14, 28, 42)
"""Topologies compared at every test, storms that last among them; the page has all."""


@pytest.mark.parametrize("seed", SAMPLE)
def test_engine_agrees_with_the_simulator(seed: int) -> None:
    comparison = compare(seed, simulations=1)

    assert comparison.has_same_verdict
    assert comparison.agrees, comparison.deviations


def test_published_table_says_what_the_page_claims() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if re.match(r"\| \d", line)
    ]
    compared = [row for row in rows if row[13] != "not at rest"]
    agree = [row for row in compared if row[12] == "yes"]

    assert len(rows) == TOPOLOGIES
    assert len(compared) >= 50
    assert len(agree) >= 0.9 * len(compared)
    assert f"Of {len(compared)} topologies, {len(agree)} " in text
