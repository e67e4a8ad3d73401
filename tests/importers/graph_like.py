"""How the tests of importers of graph-like files read them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cascade.errors import TopologyError
from cascade.importers.draft import Draft
from cascade.importers.format import Options
from cascade.importers.sources import Document, documents

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cascade.importers.format import Format

REAL: Final = Path(__file__).parents[1] / "realworld"


def real(form: Format, *files: str) -> Draft:
    """Give the draft of real files, which the format must know by their content."""
    opened = documents([REAL / file for file in files])
    assert all(form.recognises(document) for document in opened)
    return drafted(form, opened)


def drafted(form: Format, opened: tuple[Document, ...]) -> Draft:
    """Give the draft of some documents."""
    draft = Draft()
    form.reads(opened, draft, Options())
    return draft


def texts(form: Format, given: Mapping[str, str]) -> Draft:
    """Give the draft of texts by the name of their file."""
    return drafted(form, tuple(Document(name, content=text.encode()) for name, text in given.items()))


def text(form: Format, content: str, name: str = "file") -> Draft:
    """Give the draft of one text."""
    return texts(form, {name: content})


def refusal(form: Format, content: str | bytes, name: str = "file") -> str:
    """Give the one line with which a text is refused."""
    document = Document(name, content=content if isinstance(content, bytes) else content.encode())
    try:
        drafted(form, (document,))
    except TopologyError as error:
        (problem,) = error.problems
        assert "\n" not in str(problem)
        return str(problem)
    return "not refused"


def pairs(draft: Draft) -> set[tuple[str, str]]:
    """Give caller and callee of all calls."""
    return set(draft.edges)


def expected(name: str) -> list[dict[str, str]]:
    """Read a table that was derived by hand."""
    with (REAL / "expected" / f"{name}.csv").open(encoding="utf-8") as table:
        return list(csv.DictReader(table))


def facts(draft: Draft, name: str) -> dict[str, object]:
    """Give what is known of a part, without where it is from."""
    return {key: fact.value for key, fact in draft.components[name].facts.items()}
