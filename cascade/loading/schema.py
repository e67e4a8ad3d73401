"""The JSON Schema of a topology file, from the classes that read it; editors complete and check with it."""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter

from cascade.behaviours.part import Part
from cascade.loading.fields import keys_of
from cascade.model import Event, Topology
from cascade.units import Distribution, Fraction, Limit, QuantityDistribution, Rps, Seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
IDENTIFIER: Final = "urn:cascade:topology:v1"
DISTRIBUTIONS: Final = {"Distribution": Distribution, "QuantityDistribution": QuantityDistribution}
"""Distributions of plain numbers and of those with a unit, by the name that they have in the schema."""
QUANTITIES: Final = {**DISTRIBUTIONS, "Duration": Seconds, "Rate": Rps, "Limit": Limit, "Share": Fraction}
"""The number types that have a unit, likewise."""
EXPECTED_ALONE: Final = {
    "recovers_within": ("RecoversWithin", "within"),
    "breaker_opens_within": ("BreakerOpensWithin", "within"),
    "peak_amplification": ("PeakAmplification", "below"),
    "backlog_below": ("BacklogBelow", "count"),
}
"""Expectations of which the bound may stand alone, with the part and the key that it then stands for."""


def json_schema() -> dict[str, Any]:
    """Give the JSON Schema (2020-12) of a topology file, with every field's meaning as description.

    Examples
    --------
    >>> json_schema()["properties"]["services"]["description"]
    'By name.'
    """
    generated = Topology.model_json_schema()
    definitions: dict[str, dict[str, Any]] = generated.pop("$defs")
    parts = {part.__name__: part for part in descendants(Part)}
    for name, schema in {**definitions, Topology.__name__: generated}.items():
        if name in parts:
            describe(schema, parts[name])
    quantities = {name: TypeAdapter(kind).json_schema() for name, kind in QUANTITIES.items()}
    close_names(generated)
    allow_short_forms(generated, definitions)
    demand_one_action(definitions[Event.__name__])
    whole = {"$schema": DIALECT, "$id": IDENTIFIER, **generated, "$defs": definitions}
    named: dict[str, Any] = with_names(whole, quantities)
    named["$defs"] = dict(sorted({**named["$defs"], **quantities}.items()))
    return named


def schema_text() -> str:
    """Give the schema as the text of a file."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def descendants(part: type[Part]) -> Iterator[type[Part]]:
    """Yield all classes that are made from a class."""
    for child in part.__subclasses__():
        yield child
        yield from descendants(child)


def describe(schema: dict[str, Any], part: type[Part]) -> None:
    """Add what the fields of a class mean, and their defaults as a file would write them."""
    schema["description"] = summary(inspect.getdoc(part) or "")
    meanings = field_docstrings(part)
    defaults = part.model_construct().model_dump(mode="json", by_alias=True, exclude_none=True)
    for key, field in keys_of(part).items():
        entry = schema["properties"][key]
        entry.pop("title", None)
        entry.pop("default", None)
        name = next(name for name, other in part.model_fields.items() if other is field)
        entry["description"] = summary(meanings[name])
        if defaults.get(key) not in (None, [], {}, ""):
            entry["default"] = defaults[key]


def field_docstrings(part: type) -> dict[str, str]:
    """Give the text under each field of a class."""
    [definition] = ast.parse(textwrap.dedent(inspect.getsource(part))).body
    assert isinstance(definition, ast.ClassDef)
    meanings = {}
    for field, after in zip(definition.body, definition.body[1:], strict=False):
        match field, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                meanings[name] = text
    return meanings


def summary(docstring: str) -> str:
    """Give the first paragraph of a docstring as one line of Markdown."""
    return " ".join(docstring.strip().split("\n\n")[0].split()).replace("``", "`")


def close_names(topology: dict[str, Any]) -> None:
    """Refuse names that do not match the pattern of names, where pydantic would let them pass."""
    for entry in topology["properties"].values():
        if "patternProperties" in entry:
            [(pattern, part)] = entry.pop("patternProperties").items()
            entry["propertyNames"] = {"minLength": 1, "maxLength": 200, "pattern": pattern}
            entry["additionalProperties"] = part


def allow_short_forms(topology: dict[str, Any], definitions: dict[str, dict[str, Any]]) -> None:
    """Allow what may stand for a mapping: a bare rate, a bare name, a list of names, nothing."""
    names = {"type": "array", "items": {"type": "string"}}
    service = definitions["Service"]["properties"]
    service["demand"]["anyOf"].insert(0, TypeAdapter(Rps).json_schema())
    service["calls"]["items"] = {"anyOf": [{"type": "string"}, service["calls"]["items"]]}
    for key, (part, inner) in EXPECTED_ALONE.items():
        bound = definitions[part]["properties"][inner]
        alone = {word: value for word, value in bound.items() if word not in {"title", "description", "default"}}
        definitions["Expect"]["properties"][key]["anyOf"].insert(0, alone)
    members = definitions["Domain"]["properties"]["members"]
    allowed = {key: members.pop(key) for key in ("type", "additionalProperties")}
    members["anyOf"] = [names, allowed]
    for kind, short in (("services", {"type": "null"}), ("domains", names)):
        entries = topology["properties"][kind]
        entries["additionalProperties"] = {"anyOf": [short, entries["additionalProperties"]]}


def demand_one_action(event: dict[str, Any]) -> None:
    """Demand exactly one action of an event, and the keys that it cannot do without."""
    for action in Event.ACTIONS:
        del event["properties"][action]["anyOf"]
        event["properties"][action]["type"] = "string"
    event["oneOf"] = [{"required": [action]} for action in Event.ACTIONS]
    event["dependentRequired"] = {"throttle": ["rate"], "flap": ["period", "down", "for"]}


def with_names(schema: Any, quantities: dict[str, dict[str, Any]]) -> Any:
    """Refer to quantities by their name instead of repeating them."""
    if isinstance(schema, list):
        return [with_names(part, quantities) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: with_names(value, quantities) for key, value in schema.items()}
    choices = schema.get("anyOf", [])
    for name, quantity in quantities.items():
        forms = quantity["anyOf"]
        if forms == choices[: len(forms)]:
            del found["anyOf"]
            more = with_names(choices[len(forms) :], quantities)
            reference = {"$ref": f"#/$defs/{name}"}
            found |= {"anyOf": [reference, *more]} if more else reference
    return found
