"""Any topology as the text of a file: one part a line where it fits, short forms where there is one."""

from __future__ import annotations

import math
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

from cascade.behaviours.demand import Demand
from cascade.behaviours.part import Part
from cascade.laws import given_of
from cascade.loading.layout import block, entry_lines
from cascade.model import Dependency, Domain
from cascade.units import Uncertain, UncertainCount, parse_rate, parse_seconds, parse_share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cascade.model import Topology

SCHEMA_LINE: Final = "# yaml-language-server: $schema=schema.json"
"""How editors find what the keys mean."""
SECTIONS: Final = ("services", "groups", "fleets", "domains", "scenarios", "observed")
"""Keys that stand apart, each of its entries on lines of its own."""
READERS: Final[dict[str, Callable[[str], float]]] = {"/s": parse_rate, "s": parse_seconds, "%": parse_share}
"""By how the model ends a number when it writes one: how a number that ends so is read."""
UNITS: Final[dict[str, dict[str, float]]] = {
    "s": {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0},
    "/s": {"/s": 1.0, "/min": 1 / 60, "/h": 1 / 3600, "/d": 1 / 86400},
    "%": {"%": 0.01},
}
"""In which units it may be written as well."""


def written(topology: Topology) -> str:
    """Write a topology as YAML; what has its default is left out, and numbers lose no digit.

    Examples
    --------
    >>> import cascade
    >>> print(written(cascade.loads("services: {web: {demand: 90/min, calls: [{to: db}]}, db: }")), end="")
    # yaml-language-server: $schema=schema.json
    version: 1
    <BLANKLINE>
    services:
      web: {demand: 1.5/s, calls: [db]}
      db: {}
    """
    said = {name: getattr(topology, name) for name in said_of(topology) if name not in SECTIONS}
    texts = texts_of(topology, said)
    lines = [SCHEMA_LINE, "version: 1", *block({name: plain(value, texts[name]) for name, value in said.items()})]
    for name in SECTIONS:
        if parts := getattr(topology, name):
            lines += ["", f"{name}:", *section(parts)]
    return "\n".join(lines) + "\n"


def section(parts: Mapping[str, Part] | tuple[Part, ...]) -> list[str]:
    """Write named parts, or a list of parts."""
    entries = enumerate(parts) if isinstance(parts, tuple) else parts.items()
    return [line for step, part in entries for line in entry_lines(step, plain_part(part), "  ")]


def plain_part(part: Part) -> Any:
    """Give a part as YAML has it."""
    return plain(part, texts_of(part, said_of(part)))


def texts_of(part: Part, fields: Iterable[str]) -> dict[str, Any]:
    """Give fields as the model writes them; it warns of moments, though it writes them well."""
    return part.model_dump(mode="json", by_alias=True, include=set(fields), warnings=False)


def plain(value: Any, text: Any) -> Any:
    """Give a value as YAML has it; ``text`` is what the model writes for it."""
    if isinstance(value, Part):
        fields = type(value).model_fields
        keys = {name: fields[name].alias or name for name in said_of(value)}
        return shorter(value, {key: plain(getattr(value, name), text[key]) for name, key in keys.items()})
    if isinstance(value, dict):
        return {key: plain(item, text[key]) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return list(map(plain, value, text))
    if isinstance(value, (Uncertain, UncertainCount)):
        return given_of(value.law, partial(exact, kind=kind_of(text)) if kind_of(text) else plain_number)
    return quantity(value, text) if isinstance(value, float) and isinstance(text, str) else text


def said_of(part: Part) -> list[str]:
    """Name the fields that do not have their default."""
    return [
        name
        for name, default in defaults_of(type(part)).items()
        if (value := getattr(part, name)) is not default and value != default
    ]


@cache
def defaults_of(kind: type[Part]) -> dict[str, Any]:
    """Give the default of each field."""
    return {name: field.get_default(call_default_factory=True) for name, field in kind.model_fields.items()}


def kind_of(text: Any) -> str:
    """Give how the numbers in a distribution end, as the model writes them; nothing for plain numbers."""
    while isinstance(text, (dict, list)):
        text = text[0] if isinstance(text, list) else next(iter(text.values()))
    if text == "unlimited":
        return "/s"
    return next((kind for kind in READERS if isinstance(text, str) and text.endswith(kind)), "")


def plain_number(value: float) -> float:
    """Give a number without a unit, whole where it is.

    Examples
    --------
    >>> plain_number(2.0), plain_number(0.5)
    (2, 0.5)
    """
    return int(value) if value.is_integer() else value


def shorter(part: Part, fields: dict[str, Any]) -> Any:
    """Give the short form of a part, where it has one that says it all."""
    if isinstance(part, Dependency) and fields.keys() == {"to"}:
        return fields["to"]
    if isinstance(part, Demand) and fields.keys() == {"rate"} and isinstance(fields["rate"], str):
        return fields["rate"]
    if isinstance(part, Domain) and fields.get("members"):
        members = fields["members"]
        names = list(members) if all(share == "100%" for share in members.values()) else members
        return names if fields.keys() == {"members"} and isinstance(names, list) else fields | {"members": names}
    return fields


def quantity(value: float, text: str) -> Any:
    """Give a number with its unit, of the kind with which the model writes it."""
    kind = kind_of(text)
    return exact(value, kind) if kind else text  # else a word: unlimited


def exact(value: float, kind: str) -> str | float:
    """Give a number in the unit in which it is shortest and no other number; with all its digits, if there is none.

    Examples
    --------
    >>> exact(0.1, "%"), exact(0.25, "s"), exact(5400.0, "s"), exact(1 / 3, "s"), exact(2 / 3, "%")
    ('10%', '250ms', '90m', '0.3333333333333333s', 0.6666666666666666)
    """
    if math.isinf(value):
        return "unlimited"
    units = {"ms": 1e-3} if kind == "s" and 0.0 < value < 1.0 else UNITS[kind]
    texts = [f"{value / size:.12g}{unit}" for unit, size in units.items()]
    right = [text for text in texts if READERS[kind](text) == value]
    if right:
        return min(right, key=len)
    return value if kind == "%" else f"{value!r}{kind}"
