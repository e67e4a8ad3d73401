"""On real files the importers find every call that is stated, and none that is not."""

from __future__ import annotations

import pytest

from tests.importers.quality import CASES, PAGE, Case, page, score


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.expected)
def test_all_stated_calls_are_found_and_no_others(case: Case) -> None:
    found = score(case)

    assert found.missing == ()
    assert found.false == ()
    assert found.tempted == ()
    assert found.found > 0


def test_the_page_says_what_was_measured() -> None:
    assert page() == PAGE.read_text(encoding="utf-8"), "run: make quality"
