"""The code of the pages about figures runs, and each figure has its picture there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

import cascade
from tests.gallery import PAGES, figures

if TYPE_CHECKING:
    from pathlib import Path

LARGEST: Final = 80_000
"""Size of a picture [bytes]."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_code_of_a_page_draws_what_it_shows(page: Path) -> None:
    shown = 0
    for picture, figure in figures(page):
        figure.draw_without_rendering()
        assert picture is not None
        assert 1_000 < picture.stat().st_size < LARGEST
        shown += 1

    assert shown > 0


def test_every_figure_of_the_library_is_in_the_gallery() -> None:
    text = PAGES[0].read_text(encoding="utf-8")

    assert [name for name in cascade.__all__ if name.startswith("plot_") and f"cascade.{name}(" not in text] == []
