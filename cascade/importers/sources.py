"""Files, folders, standard input: what an importer is given, opened without trust.

Everything is bounded: the size of what is read as a whole, the depth of folders and the number of files;
large traces are read piece by piece from :meth:`Document.stream`.
"""

from __future__ import annotations

import gzip
import io
import json
import shutil
import sys
import tempfile
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, cast

from cascade.errors import CascadeError, TopologyError
from cascade.loading.nodes import Node, parse_all
from cascade.loading.source import STDIN, check_characters, file_label, one_line, problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_WHOLE: Final = 64 * 2**20
"""Largest document that is read as a whole [bytes], after unpacking."""
MAX_STREAM: Final = 16 * 2**30
"""Most that is read of a document piece by piece [bytes], after unpacking."""
MAX_FILES: Final = 10_000
"""Most files of all folders together."""
MAX_JSON_DEPTH: Final = 200
HEAD: Final = 2**16
"""Bytes that are looked at to tell what a document is."""
ENDINGS: Final = (".yaml", ".yml", ".json", ".jsonl", ".ndjson", ".csv", ".graphml", ".gexf", ".dot", ".gv")
"""Of the files of a folder those are read, also with ``.gz`` behind."""


@dataclass(frozen=True)
class Document:
    """One input; read at most once as a whole, or streamed."""

    label: str
    """Its name in messages, comments and evidence."""
    path: Path | None = None
    """None for standard input and texts."""
    content: bytes | None = field(default=None, repr=False)
    """What it holds, where it is no file."""
    spool: IO[bytes] | None = field(default=None, repr=False)
    """Where standard input was put, so that it can be read twice."""

    def stream(self) -> IO[bytes]:
        """Open it for reading from the start, unpacked and bounded.

        Raises
        ------
        TopologyError
            When it cannot be opened.
        """
        try:
            raw = self.spool or (io.BytesIO(self.content or b"") if self.path is None else self.path.open("rb"))
            raw.seek(0)
            start = raw.read(2)
            raw.seek(0)
        except OSError as error:
            raise problem(self.label, (error.strerror or str(error)).lower()) from None
        unpacked = cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if start == b"\x1f\x8b" else raw
        return io.BufferedReader(Bounded(unpacked, self.label, is_kept=self.spool is not None), 2**20)

    @cached_property
    def head(self) -> str:
        """The first characters, for telling what it is."""
        with self.stream() as stream:
            return stream.read(HEAD).decode("utf-8-sig", errors="replace")

    @cached_property
    def text(self) -> str:
        """All of it as text.

        Raises
        ------
        TopologyError
            When it is too large, or no UTF-8.
        """
        with self.stream() as stream:
            content = stream.read(MAX_WHOLE + 1)
        if len(content) > MAX_WHOLE:
            raise problem(self.label, f"too large; expected at most {MAX_WHOLE // 2**20} MB of this format")
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            raise problem(self.label, "expected UTF-8 text", line, 1) from None
        check_characters(text, self.label)
        return text

    @cached_property
    def json(self) -> Any:
        """Its value as JSON.

        Raises
        ------
        TopologyError
            When it is none, at the place where it breaks.
        """
        return parse_json(self.text, self.label)

    @cached_property
    def yaml(self) -> list[Node]:
        """Its YAML documents, each a node with its place; JSON is YAML too. Empty documents are left out.

        Raises
        ------
        TopologyError
            When it is none, at the place where it breaks.
        """
        return parse_all(self.text, self.label)

    def close(self) -> None:
        """Let go of what was put aside."""
        if self.spool is not None:
            self.spool.close()

    def error(self, message: str, line: int = 0, column: int = 0) -> TopologyError:
        """Make the error that says what is wrong with it."""
        return problem(self.label, message, line, column)


class Bounded(io.RawIOBase):
    """A stream that ends in an error rather than never, and whose failures are the user's to put right."""

    def __init__(self, stream: IO[bytes], label: str, *, is_kept: bool = False) -> None:
        super().__init__()
        self.stream, self.label, self.left, self.is_kept = stream, label, MAX_STREAM, is_kept

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes."""
        try:
            chunk = self.stream.read(len(buffer))
        except (OSError, EOFError, zlib.error) as error:
            raise problem(self.label, f"cannot be unpacked: {one_line(str(error)).lower()}") from None
        self.left -= len(chunk)
        if self.left < 0:
            raise problem(self.label, f"too large; expected at most {MAX_STREAM // 2**30} GB")
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        """Close what it reads from; what was put aside can be read again."""
        if not self.is_kept:
            self.stream.close()
        super().close()


def parse_json(text: str, label: str, *, line: int = 1) -> Any:
    """Read a JSON text; ``line`` is where it begins in its file.

    Raises
    ------
    TopologyError
        When it is none, or is nested too deep.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise problem(label, f"not JSON: {error.msg.lower()}", line + error.lineno - 1, error.colno) from None
    except RecursionError:
        raise problem(label, f"nested too deep; expected at most {MAX_JSON_DEPTH} levels", line, 1) from None
    except ValueError as error:  # a number of too many digits
        raise problem(label, f"not JSON: {one_line(str(error)).lower()}", line, 1) from None


def documents(paths: Iterable[str | Path | IO[bytes]]) -> tuple[Document, ...]:
    """Open files or streams; of folders all files of known endings, sorted by name. ``-`` is standard input.

    Raises
    ------
    TopologyError
        When one is not there, or there are too many.
    """
    found = tuple(document for path in paths for document in documents_of(path))
    if len(found) > MAX_FILES:
        raise found[0].error(f"too many files; expected at most {MAX_FILES:,}")
    return found


def documents_of(path: str | Path | IO[bytes]) -> Iterator[Document]:
    """Yield what is behind one path or stream."""
    if not isinstance(path, (str, Path)):
        given: object = path
        if isinstance(given, io.TextIOBase) or not hasattr(given, "read"):
            raise CascadeError(f"expected a path or a binary stream, got {type(path).__name__}")
        yield Document(one_line(str(getattr(path, "name", "<stream>"))), spool=put_aside(path))
        return
    if str(path) == STDIN:
        yield Document(file_label(path), spool=put_aside(sys.stdin.buffer))
        return
    place = Path(path)
    try:
        if place.is_dir():
            files = sorted(file for file in place.rglob("*") if is_wanted(file))
            if not files:
                raise problem(file_label(path), f"no file in it ends with {', '.join(ENDINGS)}")
            yield from (Document(file_label(file), file) for file in files)
            return
        with place.open("rb"):
            pass
    except OSError as error:
        raise problem(file_label(path), (error.strerror or str(error)).lower()) from None
    except ValueError:
        raise problem(file_label(path), "no file can have this name") from None
    yield Document(file_label(path), place)


def put_aside(stream: IO[bytes]) -> IO[bytes]:
    """Copy a stream to where it can be read more than once: to memory, or to a nameless file when it is large."""
    bounded = Bounded(stream, file_label(STDIN), is_kept=True)
    kept = io.BytesIO()
    while kept.tell() < MAX_WHOLE and (chunk := bounded.read(2**20)):
        kept.write(chunk)
    more = bounded.read(1)
    if not more:
        return kept
    file = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the document
    file.write(kept.getvalue() + more)
    shutil.copyfileobj(bounded, file, 2**20)
    return file


def is_wanted(file: Path) -> bool:
    """Tell whether a file of a folder is read."""
    return file.name.removesuffix(".gz").endswith(ENDINGS) and file.is_file()
