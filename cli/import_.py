"""The command ``import``."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cascade.errors import CascadeError
from cascade.report.formats import Format
from cascade_cli.options import OutputOption, write
from cascade_cli.results import deliver

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cascade.importers.draft import Evidence
    from cascade.importers.format import Options
    from cascade.importers.reading import Imported


class ImportFormat(StrEnum):
    """What is written: the topology, or what there is to say of the import."""

    YAML = "yaml"
    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


FormatArgument = Annotated[str, typer.Argument(metavar="FORMAT", help="compose, kubernetes, otlp, ...; auto decides.")]
FilesArgument = Annotated[list[str], typer.Argument(metavar="FILE", help="Files, folders, .gz; - is standard input.")]
MergeOption = Annotated[
    list[str] | None, typer.Option("--merge", metavar="FILE", help="Another source of the same system, of any format.")
]
IntoOption = Annotated[
    Path | None, typer.Option("--into", metavar="TOPOLOGY", help="Put what is found into this file, in place.")
]
EdgesOption = Annotated[
    str | None, typer.Option("--edges", metavar="KIND,...", help="Evidence that makes a call: env, depends_on, ...")
]
AliasOption = Annotated[list[str] | None, typer.Option("--alias", metavar="NAME=NAME", help="One part, two names.")]
EntryOption = Annotated[list[str] | None, typer.Option("--entry", metavar="NAME", help="What users call.")]
ProfileOption = Annotated[list[str] | None, typer.Option("--profile", metavar="NAME", help="A Compose profile.")]
GuessOption = Annotated[bool, typer.Option("--guess-by-name", help="Take x-service and x-db for a call.")]
WrittenOption = Annotated[ImportFormat, typer.Option("--format", help="yaml is the topology; the others, the report.")]


def import_(
    source: FormatArgument,
    files: FilesArgument,
    merge: MergeOption = None,
    into: IntoOption = None,
    edges: EdgesOption = None,
    alias: AliasOption = None,
    entry: EntryOption = None,
    profile: ProfileOption = None,
    guess_by_name: GuessOption = False,
    form: WrittenOption = ImportFormat.YAML,
    output: OutputOption = None,
) -> None:
    """Make a topology of the FILEs that you have, and say what they can and cannot tell.

    Several formats at once (with auto, or --merge) become one topology, and where they disagree is told.
    """
    from cascade.importers.format import Options  # noqa: PLC0415 - so that --help is quick

    options = Options(
        edges=evidence_of(edges),
        aliases=pairs_of(alias or ()),
        guess_by_name=guess_by_name,
        profiles=frozenset(profile or ()),
        entry_points=frozenset(entry or ()),
    )
    if into is not None:
        put_into(into, source, [*files, *(merge or ())], options, output)
        return
    show(found_in(source, files, merge or (), options), form, output)


def found_in(source: str, files: Sequence[str], merge: Sequence[str], options: Options) -> Imported:
    """Import the files of one format, and with them those of others."""
    from cascade.importers import reading  # noqa: PLC0415 - so that --help is quick

    return reading.read_merged([(files, source), *(([file], reading.AUTO) for file in merge)], options=options)


def show(found: Imported, form: ImportFormat, output: Path | None) -> None:
    """Write the topology with its report beside it, or the report alone."""
    if form is not ImportFormat.YAML:
        deliver(found.report, Format(form), output)
        return
    write(found.text, output)
    if output is not None and str(output) != "-":
        deliver(found.report, Format.TEXT, None)
    else:
        sys.stderr.write(f"{found.report.headline}\n")


def put_into(into: Path, source: str, files: Sequence[str], options: Options, output: Path | None) -> None:
    """Change a topology file by what is found, every other byte as it is."""
    from cascade.importers.into import put  # noqa: PLC0415 - so that --help is quick

    text, report = put(str(into), files, source, options=options)
    target = output or into
    write(text, target)
    if str(target) != "-":
        deliver(report, Format.TEXT, None)


def evidence_of(text: str | None) -> frozenset[Evidence] | None:
    """Read a list of kinds of evidence."""
    if text is None:
        return None
    from cascade.importers.draft import Evidence  # noqa: PLC0415 - so that --help is quick
    from cascade.units import closest  # noqa: PLC0415 - as above

    known = [kind.value for kind in Evidence]
    for word in text.split(","):
        if word.strip() not in {*known, "all"}:
            hint = closest(word.strip(), known) or f", expected some of {', '.join(known)}, or all"
            raise CascadeError(f"--edges: unknown evidence '{word.strip()}'{hint}")
    words = [word.strip() for word in text.split(",")]
    return frozenset(Evidence) if "all" in words else frozenset(map(Evidence, words))


def pairs_of(texts: Sequence[str]) -> dict[str, str]:
    """Read ``name=name`` pairs."""
    found = {}
    for text in texts:
        name, sign, other = text.partition("=")
        if not (name and sign and other):
            raise CascadeError(f"--alias: expected NAME=NAME, like cart=carts, got '{text}'")
        found[name] = other
    return found
