"""Every command of a how-to page does what the page shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.how_to import BLOCK, PAGES, commands, fits, is_run, make_folder, output

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_of_a_page_print_what_it_shows(page: Path, tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    ran = 0
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        for command, expected in commands(block):
            if is_run(command):
                found = output(command, folder)
                assert fits(expected, found), "\n".join([f"$ {command}", *found])
                ran += 1

    assert ran > 0


@pytest.mark.parametrize(
    ("expected", "found", "verdict"),
    [
        (["a"], ["a"], True),
        (["a"], ["a", "b"], False),
        (["a", "..."], ["a", "b", "c"], True),
        (["a", "...", "c"], ["a", "b", "c"], True),
        (["a", "...", "c"], ["a", "b"], False),
        (["..."], [], True),
    ],
)
def test_three_dots_stand_for_any_lines(expected: list[str], found: list[str], *, verdict: bool) -> None:
    assert fits(expected, found) is verdict
