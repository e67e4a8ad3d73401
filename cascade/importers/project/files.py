"""The files of a Compose project: layers, their variables, and what they include from their own folder.

Nothing outside the folder of a given file is opened, and nothing that is no plain file.
"""

from __future__ import annotations

from collections import ChainMap
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cascade.importers.project.interpolation import Variables, read_env
from cascade.importers.sources import Document
from cascade.loading.source import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cascade.importers.draft import Draft
    from cascade.loading.nodes import Node

ENV: Final = ".env"
MAIN: Final = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
"""Names of the file that the others are laid over."""
MAX_ENV: Final = 2**20
"""Largest file of variables that is read [bytes]."""
MAX_OPENED: Final = 200
"""Most files that are read beside the given ones."""
MOST_NOTES: Final = 50
MAX_INCLUDED: Final = 10
"""Deepest chain of files that include one another."""


def tell(draft: Draft, text: str) -> None:
    """Note something, unless there is too much already for anybody to read."""
    if len(draft.notes) < MOST_NOTES:
        draft.note(text)


@dataclass
class Beside:
    """The folder of a given file, and what was opened there."""

    folder: Path | None
    """None for standard input, beside which there is nothing."""
    draft: Draft = field(repr=False)
    opened: dict[Path, Document] = field(default_factory=dict, repr=False)

    def open(self, name: str, base: Path | None, what: str) -> Document | None:
        """Open a file by a name that is written in a file of a folder; notes say why there is none."""
        if self.folder is None or base is None:
            tell(self.draft, f"{what} '{one_line(name)}' was not read: standard input has no folder beside it")
            return None
        path = self.place(name, base)
        if path is None:
            tell(self.draft, f"{what} '{one_line(name)}' was not read: only files in the folder of the given file are")
            return None
        if path not in self.opened:
            if not path.is_file() or len(self.opened) >= MAX_OPENED:
                tell(self.draft, f"{what} '{one_line(name)}' was not read: no such file beside the given one")
                return None
            self.opened[path] = Document(one_line(str(Path(base) / name)), path)
        return self.opened[path]

    def place(self, name: str, base: Path) -> Path | None:
        """Give where a file is, None where that is outside the folder."""
        if not name or "://" in name or "\0" in name or Path(name).is_absolute():
            return None
        try:
            path = (base / name).resolve()
            return path if self.folder and path.is_relative_to(self.folder.resolve()) else None
        except (OSError, ValueError, RuntimeError):
            return None

    def env(self, name: str, base: Path | None, outer: Mapping[str, str], what: str) -> dict[str, str]:
        """Read a file of variables."""
        document = self.open(name, base, what)
        return {} if document is None else env_values(document, outer)

    def own_env(self, base: Path | None, outer: Mapping[str, str]) -> dict[str, str]:
        """Read the ``.env`` of a folder, if it has one."""
        return self.env(ENV, base, outer, "the file") if self.is_there(ENV, base) else {}

    def is_there(self, name: str, base: Path | None) -> bool:
        """Tell whether a file could be opened."""
        path = None if base is None else self.place(name, base)
        return path is not None and path.is_file()


@dataclass(frozen=True)
class Layer:
    """One YAML document of a project."""

    document: Document
    root: Node
    variables: Variables
    beside: Beside
    base: Path | None
    """Folder that relative names start from."""

    @property
    def label(self) -> str:
        """Name of its file."""
        return self.document.label

    @cached_property
    def services(self) -> dict[str, Node]:
        """Its services by name.

        Raises
        ------
        TopologyError
            When they are no mapping.
        """
        node = self.root.below("services")
        if node is None or node.plain is None:
            return {}
        if not isinstance(node.children, dict):
            what = "expected a mapping of names to services; is this a Compose file?"
            raise self.document.error(f"services: {what}", node.line, node.column)
        return node.children

    @cached_property
    def lines(self) -> list[str]:
        """Its text by lines, where tags in it have a meaning."""
        text = self.document.text
        return text.splitlines() if "!reset" in text or "!override" in text else []

    def tag(self, node: Node) -> str:
        """Give the tag that says how a value is laid over an earlier one: ``!reset``, ``!override``, or nothing."""
        if not 0 < node.line <= len(self.lines):
            return ""
        start = self.lines[node.line - 1][node.column - 1 :].split(maxsplit=2)[:2]
        return next((word for word in start if word in ("!reset", "!override")), "")

    def other(self, name: str) -> Layer | None:
        """Give the first layer of another file of the folder."""
        document = self.beside.open(name, self.base, "the extended file")
        if document is None or self.base is None or not document.yaml:
            return None
        return Layer(document, document.yaml[0], self.variables, self.beside, (self.base / name).parent)


def layers(documents: Sequence[Document], outer: Mapping[str, str], draft: Draft) -> list[Layer]:
    """Give all layers, each behind those that it is laid over.

    Raises
    ------
    TopologyError
        When one of the files is no Compose file.
    """
    env_files = [document for document in documents if is_env(document)]
    files = sorted((document for document in documents if not is_env(document)), key=rank)
    besides: dict[Path | None, Beside] = {}
    given: dict[str, str] = {}
    for document in env_files:
        given |= env_values(document, ChainMap(dict(outer), given))
    project = folder(files[0]) if files else None
    found: list[Layer] = []
    for document in files:
        beside = besides.setdefault(folder(document), Beside(folder(document), draft))
        own = besides.setdefault(project, Beside(project, draft)).own_env(project, outer)
        known = Variables(ChainMap(dict(outer), given, own, beside.own_env(beside.folder, outer)))
        found += layers_of(document, known, beside, beside.folder, ())
    return found


def layers_of(
    document: Document, variables: Variables, beside: Beside, base: Path | None, through: tuple[str, ...]
) -> Iterator[Layer]:
    """Yield the layers of a file: first what it includes, then its own.

    Raises
    ------
    TopologyError
        When it is no YAML, or no mapping.
    """
    for root in document.yaml:
        if not isinstance(root.children, dict):
            what = "expected a mapping with 'services'; is this a Compose file?"
            raise document.error(what, root.line, root.column)
        layer = Layer(document, root, variables, beside, base)
        if len(through) < MAX_INCLUDED:
            yield from included(layer, (*through, document.label))
        yield layer


def included(layer: Layer, through: tuple[str, ...]) -> Iterator[Layer]:
    """Yield the layers of the files that a file includes."""
    node = layer.root.below("include")
    for _, entry in node.entries() if node is not None and isinstance(node.children, list) else ():
        is_long = isinstance(entry.children, dict)
        names = texts(entry.below("path") if is_long else entry)
        env_names = texts(entry.below("env_file")) if is_long else []
        for name in map(layer.variables.fill, names):
            document = layer.beside.open(name, layer.base, "the included file")
            if document is None or document.label in through or layer.base is None:
                continue
            base = (layer.base / name).parent
            values: dict[str, str] = {}
            for env_name in env_names:
                values |= layer.beside.env(env_name, layer.base, layer.variables.values, "the file of variables")
            values = values or layer.beside.own_env(base, layer.variables.values)
            known = Variables(ChainMap(dict(layer.variables.values), values), layer.variables.missing)
            yield from layers_of(document, known, layer.beside, base, through)


def texts(node: Node | None) -> list[str]:
    """Give the texts of a value that is a text or a list of texts."""
    if node is None:
        return []
    values = node.plain if isinstance(node.plain, list) else [node.plain]
    return [value for value in values if isinstance(value, str)]


def env_values(document: Document, outer: Mapping[str, str]) -> dict[str, str]:
    """Give the variables of a file.

    Raises
    ------
    TopologyError
        When it is too large, or no text.
    """
    if len(document.text) > MAX_ENV:
        raise document.error(f"too large; expected at most {MAX_ENV // 2**20} MB of variables")
    return read_env(document.text, outer)


def is_env(document: Document) -> bool:
    """Tell whether a document holds variables, by its name."""
    name = "" if document.path is None else document.path.name
    return name.startswith(ENV) or name.endswith(ENV)


def rank(document: Document) -> int:
    """Give the place of a file in the order in which files are laid over one another."""
    name = "" if document.path is None else document.path.name.removesuffix(".gz")
    return 0 if name in MAIN else 2 if ".override." in name else 1


def folder(document: Document) -> Path | None:
    """Give the folder of a file."""
    return None if document.path is None else document.path.parent
