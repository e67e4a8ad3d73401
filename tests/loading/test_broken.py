"""Files with something wrong: each says in its first lines what is to be found, and where."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from jsonschema import Draft202012Validator

import cascade
from cascade.loading.nodes import parse

if TYPE_CHECKING:
    from collections.abc import Iterable

BROKEN: Final = sorted((Path(__file__).parent / "broken").glob("*.yaml"))
SYNTAX: Final = {"bad_indentation", "tab", "unclosed", "unknown_alias", "two_documents", "list_as_key"}
"""Not YAML, or not one document: no schema can see them."""
OUT_OF_SIGHT: Final = (
    r"was given before|has no meaning here|unknown service|unknown call|cannot |calls itself|calls '.*' twice"
    r"|of \d+ members|contains itself|already the name|outside the scenario|needs the scenario's start"
    r"|UTC offset|between 0%|no service has demand|no call has"
)
"""Problems that need more than the shape of a document to be seen."""


def expected(path: Path) -> list[str]:
    """The problems that a file announces."""
    heads = path.read_text(encoding="utf-8").splitlines()
    return [line.removeprefix("# ") for line in heads if re.match(r"# \d+:\d+: ", line)]


def problems(text: str, file: str) -> list[str]:
    """The problems that are found in a text, as a file announces them."""
    with pytest.raises(cascade.TopologyError) as caught:
        cascade.loads(text, file=file)
    return [f"{problem.line}:{problem.column}: {problem.message}" for problem in caught.value.problems]


def structural(found: Iterable[str]) -> list[str]:
    """The problems that a schema can see."""
    return [message for message in found if not re.search(OUT_OF_SIGHT, message)]


def test_there_are_at_least_thirty() -> None:
    assert len(BROKEN) >= 30


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_every_problem_is_told_with_its_place(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert problems(text, path.name) == expected(path) != []


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_windows_line_breaks_and_a_byte_order_mark_change_no_place(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / path.name
    copy.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))

    with pytest.raises(cascade.TopologyError) as caught:
        cascade.load(copy)

    assert [f"{found.line}:{found.column}: {found.message}" for found in caught.value.problems] == expected(path)


@pytest.mark.parametrize("path", [path for path in BROKEN if path.stem not in SYNTAX], ids=lambda path: path.stem)
def test_the_schema_refuses_what_is_wrong_in_structure(path: Path) -> None:
    root, _ = parse(path.read_text(encoding="utf-8"), path.name)

    is_refused = not Draft202012Validator(cascade.json_schema()).is_valid(root.plain)

    assert is_refused == bool(structural(expected(path)))
