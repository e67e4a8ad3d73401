"""Untrusted XML as a tree with places; nothing in it is expanded, fetched or run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from cascade.loading.source import one_line, problem

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH: Final = 200
"""Most elements within one another."""
MAX_ELEMENTS: Final = 3_000_000
"""Most elements of a document."""


@dataclass(slots=True)
class Element:
    """One element, with its place in the file."""

    tag: str
    attributes: dict[str, str]
    line: int
    column: int
    children: list[Element] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What stands in it, beside other elements."""
        return "".join(self.texts)

    def each(self, *tags: str) -> Iterator[Element]:
        """Yield the children with one of some tags."""
        return (child for child in self.children if child.tag in tags)


def parse_xml(text: str, file: str) -> Element:
    """Read a document.

    Raises
    ------
    TopologyError
        When it is no well-formed XML, declares a document type or entities, or is nested too deep.

    Examples
    --------
    >>> parse_xml("<a><b/></a>", "x.xml").children[0].tag
    'b'
    """
    reader = Reader(file)
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.EntityDeclHandler = reader.refuse
    reader.parser = parser
    try:
        parser.Parse(text.encode(), True)  # noqa: FBT003 - as expat wants it
    except expat.ExpatError as error:
        what = one_line(expat.errors.messages[error.code])
        raise problem(file, f"no well-formed XML: {what}", error.lineno, error.offset + 1) from None
    assert reader.root is not None, "a well-formed document has an element"
    return reader.root


class Reader:
    """Builds the tree."""

    parser: expat.XMLParserType

    def __init__(self, file: str) -> None:
        self.file = file
        self.root: Element | None = None
        self.open: list[Element] = []
        self.count = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Begin an element."""
        line, column = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1
        self.count += 1
        if self.count > MAX_ELEMENTS:
            raise problem(self.file, f"too many elements; expected at most {MAX_ELEMENTS:,}", line, column)
        if len(self.open) >= MAX_DEPTH:
            raise problem(self.file, f"nested too deep; expected at most {MAX_DEPTH} levels", line, column)
        element = Element(tag, attributes, line, column)
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)

    def end(self, _tag: str) -> None:
        """End the innermost element."""
        self.open.pop()

    def characters(self, text: str) -> None:
        """Keep the text of an element."""
        self.open[-1].texts.append(text)

    def refuse(self, *_: object) -> None:
        """Refuse what could make a document expand, or read something else."""
        line, column = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1
        raise problem(self.file, "document types and entities are not allowed; take the DOCTYPE out", line, column)
