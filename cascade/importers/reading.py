"""From files of any known format to a topology, its text and a report."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from cascade.errors import CascadeError
from cascade.importers.coverage import report_on
from cascade.importers.draft import Draft
from cascade.importers.findings import sentences
from cascade.importers.format import Format, Options
from cascade.importers.merge import Part, merged
from cascade.importers.settle import settle
from cascade.importers.sources import Document, documents
from cascade.importers.write import written
from cascade.loading.read import loads
from cascade.units import closest
from cascade.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from typing import IO

    from cascade.importers.findings import Report
    from cascade.model import Topology

FORMATS: Final = (
    "topology", "compose", "kubernetes", "jaeger", "otlp", "zipkin", "dependencies", "prometheus", "kiali", "isotope",
    "backstage", "slo", "istio", "gateway_api", "linkerd", "envoy", "graphs", "trace_csv", "edge_list",
)  # fmt: skip
"""Modules of this package, each one format; the order in which ``auto`` tries them."""
AUTO: Final = "auto"
MOST_NOTES: Final = 12
"""Notes that stand above a topology as comments; the report has all."""
MOST_UNKNOWN: Final = 8
"""Files of no known format that are named."""
MOST_NAMED: Final = 3
"""Files that a source is named by."""


@dataclass(frozen=True)
class Imported:
    """A topology that was imported, the text of its file, and what there is to say of it."""

    topology: Topology
    text: str
    report: Report

    def __repr__(self) -> str:
        """Say the headline."""
        return f"<Imported: {self.report.headline}>"

    def _repr_html_(self) -> str:
        from cascade.report.html import as_notebook  # noqa: PLC0415 - how it looks in a notebook

        return as_notebook(self.report)


def formats() -> tuple[Format, ...]:
    """Give all formats, in the order in which ``auto`` tries them."""
    return tuple(importlib.import_module(f"cascade.importers.formats.{name}").FORMAT for name in FORMATS)


def format_named(name: str) -> Format:
    """Give one format.

    Raises
    ------
    CascadeError
        When there is none of that name.
    """
    found = {form.name: form for form in formats()}
    name = name.replace("_", "-")
    if name not in found:
        raise CascadeError(
            f"unknown format '{name}'{closest(name, [*found, AUTO])}; there are {', '.join([AUTO, *found])}"
        )
    return found[name]


def read(paths: Iterable[str | Path | IO[bytes]], form: str = AUTO, *, options: Options | None = None) -> Imported:
    """Import files as one topology.

    Parameters
    ----------
    paths : iterable of path or binary stream
        Files or folders, unpacked or as ``.gz``; ``-`` is standard input.
    form : str, optional
        Name of their format; by default each file says by its content what it is, and files of several
        formats are merged.
    options : Options, optional
        What counts as a call, aliases, entry points.

    Raises
    ------
    TopologyError
        When a file cannot be read as what it is.
    CascadeError
        When there is no such format.
    """
    return read_merged([(paths, form)], options=options)


def read_merged(
    sources: Iterable[tuple[Iterable[str | Path | IO[bytes]], str]], *, options: Options | None = None
) -> Imported:
    """Import several sources of one system, each files and their format (``auto`` for any), as one topology.

    What the first source says of a part or call comes before what others say.

    Raises
    ------
    TopologyError
        When a file cannot be read as what it is.
    CascadeError
        When there is no such format, or nothing to import.
    """
    options = options or Options()
    parts, first = parts_of(sources, options)
    return imported(parts, options, name_of(first))


def parts_of(
    sources: Iterable[tuple[Iterable[str | Path | IO[bytes]], str]], options: Options
) -> tuple[list[Part], Document]:
    """Read several sources, those that only say how calls are made last; gives the first document, too.

    Raises
    ------
    TopologyError
        When a file cannot be read as what it is.
    CascadeError
        When there is no such format, or nothing to import.
    """
    opened = [(documents(each_of(paths)), form) for paths, form in sources]
    every = [document for found, _ in opened for document in found]
    if not every:
        raise CascadeError("nothing to import; name a file, a folder, or - for standard input")
    try:
        sorted_out = [pair for found, form in opened if found for pair in by_format(found, form)]
        sorted_out.sort(key=lambda pair: pair[0].is_overlay)
        parts = [drafted(one, files, options) for one, files in sorted_out]
        note_unknown(parts, every, sorted_out)
    finally:
        for document in every:
            document.close()
    return parts, every[0]


def drafted(form: Format, files: Sequence[Document], options: Options) -> Part:
    """Read files of one format."""
    draft = Draft()
    form.reads(files, draft, options)
    return Part(form, draft, source_text(form, files))


def each_of(paths: Any) -> Iterable[str | Path | IO[bytes]]:
    """Give several files or streams, also where one was given in place of several."""
    is_one = isinstance(paths, (str, PurePath)) or hasattr(paths, "read")
    return (paths,) if is_one else paths


def note_unknown(
    parts: Sequence[Part], opened: Sequence[Document], read: Sequence[tuple[Format, list[Document]]]
) -> None:
    """Name the files that no format claims, so that none is missed in silence."""
    known = {id(document) for _, files in read for document in files}
    unknown = [document.label for document in opened if id(document) not in known]
    if unknown and parts:
        parts[0].draft.note(f"Of no known format, and not read: {listed(unknown, MOST_UNKNOWN)}")


def by_format(opened: Sequence[Document], form: str) -> list[tuple[Format, list[Document]]]:
    """Sort documents by their format.

    Raises
    ------
    TopologyError
        When nothing knows what one of them is.
    """
    if form != AUTO:
        return [(format_named(form), list(opened))]
    known = formats()
    found: dict[str, tuple[Format, list[Document]]] = {}
    for document in opened:
        matching = [form for form in known if form.recognises(document)]
        base = [form for form in matching if not form.is_overlay][:1]
        for one in (*base, *(form for form in matching if form.is_overlay)):  # a file can hold parts and rules
            found.setdefault(one.name, (one, []))[1].append(document)
        if not matching and len(opened) == 1:
            names = ", ".join(form.name for form in known)
            raise document.error(f"of no format that can be told by its content; name one of {names}")
    if not found:
        raise opened[0].error("neither this file nor the others are of a known format; name one")
    return sorted(found.values(), key=lambda pair: pair[0].is_overlay)


def source_text(form: Format, files: Sequence[Document]) -> str:
    """Name a source in a sentence."""
    names = [PurePath(document.label).name for document in files]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"{form.title} ({', '.join(names[:MOST_NAMED])}{more})"


def name_of(first: Document) -> str:
    """Call a system after its first file, where nothing else names it."""
    return PurePath(first.label).name.split(".")[0].strip("<>-") or "topology"


def imported(parts: Sequence[Part], options: Options, name: str) -> Imported:
    """Make a topology of drafts."""
    whole = merged(parts, options)
    apply_policies(whole.draft)
    settled = settle(whole.draft, options)
    report = report_on(parts, whole, settled, options)
    record = {
        "sources": list(report.sources),
        "describes_calls": report.describes_calls,
        "cannot_know": list(report.cannot_know),
        "weak_calls": [f"{edge.caller} -> {edge.callee}" for edge in settled.weak if options.edges is None],
    }
    head = [*sentences(report), *report.notes[:MOST_NOTES]]
    text = written(settled, name=whole.draft.name or name, imported=record, head=head)
    return Imported(loads(text, file="<imported>"), text, report)


def apply_policies(draft: Draft) -> None:
    """Give calls what rules about their callees say."""
    if draft.policies:
        from cascade.importers.policies import apply  # noqa: PLC0415 - only overlays need it

        apply(draft.policies, draft)
