"""The pages say what the program has: equations, sections, files, keys, links."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from cascade.engine.run import Mechanism

ROOT: Final = Path(__file__).parents[1]
PAGES: Final = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
THEORY: Final = (ROOT / "docs/theory.md").read_text(encoding="utf-8")
SOURCES: Final = {path: path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("cascade/**/*.py"))}
MECHANISMS: Final = 37
"""Mechanisms of real outages that the theory page has to place."""
MISSING: Final = re.compile(r"not there yet")


def sections(page: str) -> list[str]:
    return re.findall(r"^#+ (.+)$", page, flags=re.MULTILINE)


def anchors(page: str) -> set[str]:
    """Give the anchors of a page's headings, as GitHub makes them."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in sections(page)}


def table_rows(page: str, section: str) -> list[list[str]]:
    """Give the rows of the table of a section, its head apart."""
    text = re.search(rf"^## {section}$(.*?)(?=^## |\Z)", page, flags=re.MULTILINE | re.DOTALL)
    assert text
    rows = [line.strip("| ").split(" | ") for line in text[1].splitlines() if line.startswith("|")]
    return rows[2:]


def code_exists(name: str) -> bool:
    """Tell whether some module holds ``module.function``, or is that file."""
    if name.endswith(".py"):
        return any(path.as_posix().endswith(f"/{name}") for path in SOURCES)
    owner, _, member = name.rpartition(".")
    return any(
        (path.stem == owner or f"class {owner}" in text) and re.search(rf"def {member}\b", text)
        for path, text in SOURCES.items()
    )


def test_equations_are_numbered_without_gaps() -> None:
    numbers = [int(number) for number in re.findall(r"\\tag\{(\d+)\}", THEORY)]

    assert numbers == list(range(1, len(numbers) + 1))


def test_every_displayed_equation_has_a_number() -> None:
    displayed = re.findall(r"^\$\$.*\$\$$", THEORY, flags=re.MULTILINE)

    assert len(displayed) == THEORY.count("$$") / 2 == THEORY.count(r"\tag{")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_sections_and_equations_that_code_names_exist(path: Path) -> None:
    docstring = " ".join(SOURCES[path].split())
    named = re.findall(r"[Tt]heory[^()]*?sections? ((?:\*[^*]+\*(?:,| and)? ?)+)", docstring)
    equations = [int(number) for number in re.findall(r"Eq\. \((\d+)\)", docstring)]

    missing = {name for group in named for name in re.findall(r"\*([^*]+)\*", group)} - set(sections(THEORY))

    assert missing == set()
    assert all(1 <= number <= THEORY.count(r"\tag{") for number in equations)


@pytest.mark.parametrize("path", sorted(ROOT.glob("cascade/behaviours/*.py")), ids=lambda path: path.stem)
def test_every_behaviour_and_its_equation_are_on_the_theory_page(path: Path) -> None:
    if path.stem not in {"__init__", "part"}:
        assert f"`behaviours/{path.name}`" in THEORY
        assert "Eq. (" in SOURCES[path]


def test_code_that_the_theory_page_names_exists() -> None:
    paragraphs = re.findall(r"Code:(.+?)(?:\n\n|\Z)", THEORY, flags=re.DOTALL)
    places = [*paragraphs, *(row[-1] for row in table_rows(THEORY, "Mechanisms"))]

    named = [name for place in places for name in re.findall(r"`([\w/]+\.\w+)`", place)]

    assert len(named) > 30
    assert [name for name in named if not code_exists(name)] == []


def test_every_mechanism_of_real_outages_has_its_place() -> None:
    rows = table_rows(THEORY, "Mechanisms")

    assert [int(row[0]) for row in rows] == list(range(1, MECHANISMS + 1))
    assert all(MISSING.search(row[2]) or len(row[2]) > 3 for row in rows)


def test_every_cause_that_a_run_can_name_is_explained() -> None:
    assert [kind.name for kind in Mechanism if f"`{kind.name}`" not in THEORY] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?:|mailto:", target):
            continue
        file, _, anchor = target.partition("#")
        other = (page.parent / file) if file else page
        if not other.exists() or (anchor and anchor not in anchors(other.read_text(encoding="utf-8"))):
            broken.append(target)

    assert broken == []


def test_the_reference_is_what_the_program_writes(tmp_path: Path) -> None:
    written = tmp_path / "reference.md"

    subprocess.run([sys.executable, ROOT / "docs/generate.py", written], check=True, cwd=ROOT)

    assert written.read_text(encoding="utf-8") == (ROOT / "docs/reference.md").read_text(encoding="utf-8")
