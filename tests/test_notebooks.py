"""The notebooks run from top to bottom, as a newcomer would run them, and show again what they showed."""

from __future__ import annotations

import ast
import base64
import math
import os
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import nbformat
import pytest
from nbclient import NotebookClient

ROOT: Final = Path(__file__).parents[1]
NOTEBOOKS: Final = sorted(ROOT.glob("notebooks/*.ipynb"))
INDEX: Final = (ROOT / "docs/index.md").read_text(encoding="utf-8")
BUDGET_S: Final = 300.0
"""All of them together, kernels that start and the engine that is compiled included: work, not waiting for others."""
WORK: Final = ("children_user", "children_system")
MOST_PICTURE_BYTES: Final = 120_000
LONGEST_FUNCTION: Final = 7
"""Lines of a function in a cell; a longer one belongs where it can be tested."""
NUMBER: Final = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")
PRECISION: Final = 1e-2
"""Of numbers that are shown: other processors round differently, and that can move the last digit."""
ALIEN: Final = re.compile(r"(?<![\w.:/])/(?:home|root|tmp|work|Users|usr|var)/\w|0x[0-9a-f]{6,}|\r|it/s|Warning")
"""Places on a machine or in its memory, progress bars, and warnings."""

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
of_a_kernel = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


@cache
def executed(path: Path) -> tuple[Any, float]:
    """Run a notebook in a kernel of its own, and give it with what it shows, and the work that it took [s]."""
    notebook, before = read(path), os.times()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        NotebookClient(notebook, timeout=2 * BUDGET_S, resources={"metadata": {"path": str(path.parent)}}).execute()
    after = os.times()
    return notebook, sum(getattr(after, kind) - getattr(before, kind) for kind in WORK)


def texts(notebook: Any) -> list[str]:
    """What each cell says in words and numbers."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return ["".join(filter(None, map(text_of, cell.outputs))) for cell in cells]


def text_of(output: Any) -> str:
    data = output.get("data", {})
    return "" if "image/png" in data else str(output.get("text") or data.get("text/plain", ""))


def is_same(text: str, other: str) -> bool:
    """Whether two texts say the same in the same words, with numbers as exact as they can be."""
    numbers, others = ([float(number.replace(",", "")) for number in NUMBER.findall(each)] for each in (text, other))
    words, other_words = ("".join(NUMBER.sub("#", each).split()) for each in (text, other))
    return words == other_words and all(
        math.isclose(one, two, rel_tol=PRECISION, abs_tol=PRECISION) for one, two in zip(numbers, others, strict=True)
    )


@of_a_kernel
@every_notebook
def test_a_notebook_shows_again_what_it_shows(path: Path) -> None:
    notebook, _ = executed(path)

    for found, committed in zip(texts(notebook), texts(read(path)), strict=True):
        assert is_same(found, committed), found


@of_a_kernel
def test_all_notebooks_together_take_less_than_five_minutes() -> None:
    took_s = {path.stem: round(executed(path)[1], 1) for path in NOTEBOOKS}

    assert all(took_s.values()), "the work of a kernel that has ended is known"
    assert sum(took_s.values()) < BUDGET_S, took_s


@every_notebook
def test_notebooks_show_what_they_do_and_link_to_what_exists(path: Path) -> None:
    notebook = read(path)
    pictures = [
        base64.b64decode(output.data["image/png"])
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    links = [link for cell in notebook.cells for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", cell.source)]

    assert pictures
    assert max(map(len, pictures)) <= MOST_PICTURE_BYTES
    assert [link for link in links if "://" not in link and not (path.parent / link).exists()] == []
    assert f"(../notebooks/{path.name})" in INDEX


@every_notebook
def test_a_notebook_was_run_from_top_to_bottom_on_no_machine_in_particular(path: Path) -> None:
    cells = [cell for cell in read(path).cells if cell.cell_type == "code"]
    outputs = [output for cell in cells for output in cell.outputs]

    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"] == []
    assert [found[0] for output in outputs if (found := ALIEN.search(text_of(output) + html_of(output)))] == []


def html_of(output: Any) -> str:
    """Give the HTML of an output without its pictures, whose letters mean nothing."""
    return re.sub(r"base64,[\w+/=]*", "", str(output.get("data", {}).get("text/html", "")))


@every_notebook
def test_no_function_of_a_notebook_is_worth_a_test(path: Path) -> None:
    code = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "code")
    made = [node for node in ast.walk(ast.parse(code)) if isinstance(node, (ast.FunctionDef, ast.ClassDef))]

    assert [node.name for node in made if (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION] == []
    assert [node.name for node in made if isinstance(node, ast.ClassDef)] == []


@pytest.mark.parametrize(
    ("text", "other", "verdict"),
    [
        ("web  down for 30 min", "web down for 30.1 min", True),
        ("web down for 30 min", "web down for 31 min", False),
        ("web down for 30 min", "app down for 30 min", False),
        ("1,200 lost", "1,201 lost", True),
        ("web down", "web down 3", False),
    ],
)
def test_texts_are_compared_by_words_and_numbers(text: str, other: str, *, verdict: bool) -> None:
    assert is_same(text, other) is verdict
