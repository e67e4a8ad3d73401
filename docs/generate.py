"""Write ``docs/reference.md`` from the program: keys of topology files, Python names, commands, series."""

from __future__ import annotations

import contextlib
import enum
import functools
import inspect
import io
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter

import cascade
from cascade.analysis.sentences import OWN
from cascade.behaviours.part import Part
from cascade.engine.run import SERIES
from cascade.laws import SHAPES, form_of
from cascade.loading.schema import DISTRIBUTIONS, field_docstrings, json_schema, summary
from cascade.model.expectation import PlainSeconds
from cascade.units import format_seconds, parse_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Schema = dict[str, Any]

CALLED: Final = {"Duration": "duration", "Rate": "rate", "Limit": "rate or `unlimited`", "Share": "share"}
"""How a quantity is called in the tables."""
EXAMPLES: Final = {
    "Duration": ("`250ms`, `1.5s`, `1h30m`", "`NAME_s`, seconds"),
    "Rate": ("`1200/s`, `90/min`", "`NAME_rps`, per second"),
    "Limit": ("`30/s`, `unlimited`", "`NAME_rps`, per second, or `math.inf`"),
    "Share": ("`80%`, `0.8`", "`NAME_fraction`, 0 to 1"),
}
"""How it is written in a file and in Python."""
SIMPLE: Final = {"integer": "whole number", "number": "number", "boolean": "`true`, `false`", "string": "text"}
"""How the other types are called."""
UNSAID: Final = ({"type": "null"}, *({"$ref": f"#/$defs/{name}"} for name in DISTRIBUTIONS))
"""What is said once for all keys."""
ROOT_PART: Final = "Topology"
PLAIN_DURATION: Final = TypeAdapter(PlainSeconds).json_schema()["pattern"]
"""How a duration looks that is no distribution."""
WIDTH: Final = "100"
"""Columns of the commands' help."""


def reference() -> str:
    """Give the whole page."""
    return "\n".join(
        [
            "# Reference",
            "",
            "Written by `make docs` from the program; do not edit. What the quantities mean is on the",
            "[theory page](theory.md).",
            "",
            "- [Keys of a topology file](#keys-of-a-topology-file)",
            "- [Commands](#commands)",
            "- [Python](#python)",
            "- [Series of a run](#series-of-a-run)",
            "- [Mechanisms](#mechanisms)",
            "",
            *keys(json_schema()),
            *commands(),
            *python(),
            *series(),
            *mechanisms(),
        ]
    )


def keys(schema: Schema) -> Iterator[str]:
    """Yield a table of keys for each part of a topology file, in the order in which a reader meets them."""
    definitions: dict[str, Schema] = schema["$defs"]
    places = places_of(schema, definitions)
    yield from ("## Keys of a topology file", "")
    yield from ("A number that has a unit is written with it:", "")
    yield from table("quantity", "written", "in Python")
    for name in CALLED:
        yield row(CALLED[name], *EXAMPLES[name])
    yield ""
    yield "Each of them, and most plain numbers, may also be [a distribution](how-to/montecarlo.md#distributions):"
    yield f"{'; '.join(f'`{form_of(kind)}`' for kind in SHAPES)}. Where nothing is drawn, the median stands for it."
    yield ""
    for name, found in places.items():
        part = schema if name == ROOT_PART else definitions[name]
        yield from (f"### {name}", "", part["description"], "")
        if name != ROOT_PART:
            yield from (f"At {', '.join(f'`{place}`' for place in found)}.", "")
        yield from table("key", "value", "default", "meaning")
        for key, entry in part["properties"].items():
            is_required = key in part.get("required", ())
            yield row(
                f"`{key}`",
                value_of(entry, definitions),
                default_of(entry, is_required=is_required),
                entry["description"],
            )
        yield ""


def places_of(schema: Schema, definitions: dict[str, Schema]) -> dict[str, list[str]]:
    """Give the parts of a file in reading order, each with the places where it can stand."""
    found: dict[str, list[str]] = {ROOT_PART: []}
    waiting = [("", schema)]
    while waiting:
        prefix, part = waiting.pop(0)
        for key, entry in part["properties"].items():
            for name, step in parts_in(entry, key):
                place = f"{prefix}{step}"
                if "properties" not in definitions[name]:
                    continue
                if name not in found:
                    waiting.append((f"{place}.", definitions[name]))
                found.setdefault(name, []).append(place)
    return found


def parts_in(entry: Schema, step: str) -> Iterator[tuple[str, str]]:
    """Yield the definitions that an entry refers to, each with the place below the entry."""
    if "$ref" in entry:
        yield entry["$ref"].rsplit("/", 1)[1], step
    for choice in entry.get("anyOf", ()):
        yield from parts_in(choice, step)
    if "items" in entry:
        yield from parts_in(entry["items"], f"{step}[]")
    if isinstance(entry.get("additionalProperties"), dict):
        yield from parts_in(entry["additionalProperties"], f"{step}.NAME")


def value_of(entry: Schema, definitions: dict[str, Schema]) -> str:
    """Say what may stand at a key."""
    if "$ref" in entry:
        return named(entry["$ref"].rsplit("/", 1)[1], definitions)
    if "anyOf" in entry:
        return " or ".join(value_of(choice, definitions) for choice in entry["anyOf"] if choice not in UNSAID)
    match entry["type"]:
        case "array":
            return f"list of {value_of(entry['items'], definitions)}"
        case "object":
            return f"by name: {value_of(entry['additionalProperties'], definitions)}"
        case kind:
            return words(entry) or SIMPLE[kind] + bounds(entry)


def named(name: str, definitions: dict[str, Schema]) -> str:
    """Say what a definition allows, or where that stands."""
    if name in CALLED:
        return CALLED[name]
    return (
        f"[{name}](#{name.lower()})" if "properties" in definitions[name] else value_of(definitions[name], definitions)
    )


def words(entry: Schema) -> str:
    """List the words that may stand at a key; nothing when there are too many to list."""
    if entry.get("pattern") == PLAIN_DURATION:
        return CALLED["Duration"]
    if "examples" in entry:
        return " or ".join(f"`{example}`" for example in entry["examples"])
    choices = entry.get("enum", [entry["const"]] if "const" in entry else [])
    if listed := re.fullmatch(r"\^\(([a-z|]+)\)\$", entry.get("pattern", "")):
        choices = listed[1].split("|")
    if entry.get("format") == "date-time":
        return "moment"
    return ", ".join(f"`{choice}`" for choice in choices)


def bounds(entry: Schema) -> str:
    """Say in which range a number must lie."""
    least, above, most = entry.get("minimum"), entry.get("exclusiveMinimum"), entry.get("maximum")
    parts = []
    if above is not None:
        parts.append(f"above {above:g}")
    if least is not None:
        parts.append(f"at least {least:g}")
    if most is not None:
        parts.append(f"at most {most:g}")
    return f", {', '.join(parts)}" if parts else ""


def default_of(entry: Schema, *, is_required: bool) -> str:
    """Say what holds when a key is not given."""
    if is_required:
        return "required"
    match entry.get("default"):
        case None:
            return "none"
        case dict():
            return "its defaults"
        case str(text) if entry.get("$ref") == "#/$defs/Duration":
            return f"`{format_seconds(parse_seconds(text))}`"
        case value:
            return f"`{json.dumps(value).removesuffix('.0').strip(chr(34))}`"


def commands() -> Iterator[str]:
    """Yield the help of every command."""
    from cascade_cli import COMMANDS, run  # noqa: PLC0415 - the command line is the top layer

    yield from ("## Commands", "")
    for name in COMMANDS:
        text = captured(lambda name=name: run([name, "--help"]))  # type: ignore[misc]
        yield from (f"### cascade {name}", "", "```text", *text.strip().splitlines(), "```", "")
    yield from ("Exit codes: 0 done, 1 a finding meets `--fail-on`, 2 bad input or usage, 130 interrupted.", "")


def captured(action: Callable[[], object]) -> str:
    """Give what an action prints."""
    os.environ["COLUMNS"], os.environ["NO_COLOR"] = WIDTH, "1"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        action()
    return "\n".join(line.rstrip() for line in printed.getvalue().splitlines())


def python() -> Iterator[str]:
    """Yield what each public name is and has."""
    yield from ("## Python", "", "`import cascade`; every name below is `cascade.NAME`.", "")
    for name in cascade.__all__:
        thing = getattr(cascade, name)
        yield from (f"### cascade.{name}", "", first_line(thing), "", f"From `{thing.__module__}`.", "")
        if not isinstance(thing, type):
            yield from ("```python", signature(name, thing), "```", "")
        elif issubclass(thing, Part):
            yield from (f"Its fields are the keys of [{name}](#{name.lower()}), with the unit in the name.", "")
        elif issubclass(thing, enum.Enum):
            yield from (f"One of {', '.join(f'`{member.name}`' for member in thing)}.", "")
        yield from attributes(thing)


def attributes(thing: Any) -> Iterator[str]:
    """Yield a table of a class's fields, properties and methods."""
    if not isinstance(thing, type):
        return
    fields = {} if issubclass(thing, Part | enum.Enum) else fields_of(thing)
    rows = [row(f"`{name}`", f"`{kind}`", text) for name, (kind, text) in fields.items()]
    for name, member in vars(thing).items():
        if name.startswith("_") or name in fields:
            continue
        if isinstance(member, (property, functools.cached_property)):
            getter: Any = member.fget if isinstance(member, property) else member.func
            rows.append(row(f"`{name}`", f"`{inspect.get_annotations(getter)['return']}`", first_line(member)))
        elif inspect.isfunction(member):
            text = signature(name, member)
            call, _, gives = text.partition(" -> ")
            rows.append(row(f"`{call}`", f"`{gives}`", first_line(member)))
    if rows:
        yield from (*table("attribute", "type", "meaning"), *rows, "")


def fields_of(thing: type) -> dict[str, tuple[str, str]]:
    """Give every public field of a class with its type and the text under it."""
    meanings = field_docstrings(thing)
    return {
        name: (kind, summary(meanings.get(name, "")))
        for name, kind in inspect.get_annotations(thing).items()
        if not name.startswith("_")
    }


class Bare(str):
    """An annotation that is shown as it is written."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Leave the quotes away."""
        return str(self)


def signature(name: str, function: Any) -> str:
    """Write how a function is called."""
    found = inspect.signature(function)
    parameters = [
        parameter.replace(annotation=Bare(parameter.annotation))
        for parameter in found.parameters.values()
        if parameter.name != "self"
    ]
    gives = Bare(found.return_annotation)
    text = f"{name}{found.replace(parameters=parameters, return_annotation=gives)}"
    return text if len(text) <= int(WIDTH) else wrapped(name, parameters, gives)


def wrapped(name: str, parameters: list[inspect.Parameter], gives: str) -> str:
    """Write a long signature with one parameter a line."""
    lines = []
    for parameter in parameters:
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and "    *," not in lines:
            lines.append("    *,")
        lines.append(f"    {parameter},")
    return "\n".join([f"{name}(", *lines, f") -> {gives}"])


def first_line(thing: Any) -> str:
    """Give the first paragraph of a docstring."""
    return summary(inspect.getdoc(thing) or "")


def series() -> Iterator[str]:
    """Yield the series that a run keeps."""
    yield from ("## Series of a run", "", "`run.of(name, series)`, columns of `run.frame`, keys of `run.series`.", "")
    yield from (*table("series", "meaning"), *(row(f"`{name}`", text) for name, text in SERIES.items()), "")


def mechanisms() -> Iterator[str]:
    """Yield the mechanisms by which a service falls."""
    yield from ("## Mechanisms", "", "Why a service left its objective; see [Falls](theory.md#falls).", "")
    yield from (*table("mechanism", "in words"), *(row(f"`{kind.name}`", text) for kind, text in OWN.items()), "")


def table(*headings: str) -> tuple[str, str]:
    """Begin a table."""
    return row(*headings), row(*["---"] * len(headings))


def row(*cells: str) -> str:
    """Write a row of a table."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def main(path: Path) -> None:
    """Write the page to a file."""
    path.write_text(reference().rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("reference.md"))
