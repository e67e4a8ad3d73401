"""What the runs of a store are of: which topology, which settings, which Cascade.

Runs are numbered in the order of the parts, and sums are made in that order, so the order is part of a topology;
comments, the layout of its file, the units in it and what changes no result (name, description, observations) are not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cascade.behaviours.part import Part
from cascade.wording import listed

if TYPE_CHECKING:
    from cascade.model import Topology
    from cascade.studies.study import Study

SILENT: Final = {"name", "description", "imported", "observed", "ignore"}
"""Fields of a topology that change no result."""
NAMED: Final = {
    "services": "service",
    "groups": "group",
    "fleets": "fleet",
    "domains": "domain",
    "scenarios": "scenario",
}
"""Fields that hold parts by name, with what one is called."""
DECIDING: Final = ("*.py", "analysis/*.py", "behaviours/*.py", "engine/*.py", "model/*.py", "studies/*.py")
"""Modules whose sources decide what a run comes to."""
DIGITS: Final = 12
"""Hexadecimal digits of a hash: enough for what one person can have."""
PLAIN: Final = {str, int, float, bool, type(None)}

Setting = str | int | float | None


@dataclass(frozen=True)
class Identity:
    """What decides the results of a study; two studies with equal identities have equal results."""

    version: str
    """Of Cascade, with a hash of its sources: a release is not all that can change results."""
    parts: Mapping[str, str]
    """Hash of each part of the topology, in their order, and of what is said for all of it."""
    settings: Mapping[str, Setting]
    """As the study gives them."""

    @property
    def topology(self) -> str:
        """Hash of the whole topology."""
        return digest(repr(tuple(self.parts.items())))

    @property
    def key(self) -> str:
        """Hash of it all."""
        return digest(repr((self.version, self.topology, sorted(self.settings.items()))))

    def differences(self, other: Identity) -> list[str]:
        """Say what differs in another identity, ``there``, from this one, ``here``."""
        found = []
        if self.version != other.version:
            found.append(f"Cascade is {other.version} there and {self.version} here")
        if self.topology != other.topology:
            found.append(f"the topology differs ({listed(changed(self.parts, other.parts), 3)})")
        for name in sorted({*self.settings, *other.settings}):
            here, there = (shown(who.settings, name) for who in (self, other))
            if here != there:
                found.append(f"{name.removesuffix('_s').replace('_', ' ')} is {there} there and {here} here")
        return found


def identity_of(study: Study) -> Identity:
    """Give the identity of a study."""
    settings = {name: study.settings[name] for name in sorted(study.settings)}
    return Identity(version(), parts_of(study.topology), settings)


def shown(settings: Mapping[str, Setting], name: str) -> str:
    """Write a setting."""
    value = settings.get(name)
    text = str(value).removesuffix(".0")
    return "not given" if value is None else f"{text} s" if name.endswith("_s") else text


def changed(here: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    """Name the parts that are not the same, or say that only their order is another."""
    names = [name for name in {**there, **here} if here.get(name) != there.get(name)]
    return names or ["the order of its parts"]


def parts_of(topology: Topology) -> dict[str, str]:
    """Hash each part of a topology, in their order."""
    hashes = {
        f"{called} {name}": digest(canonical(part))
        for field, called in NAMED.items()
        for name, part in getattr(topology, field).items()
    }
    rest = texts_of(topology, SILENT | NAMED.keys())
    return {**hashes, "what is said for all parts": digest(repr(rest))}


def canonical(value: Any) -> str:
    """Write a value such that equal values have equal texts, whatever they are read from."""
    if type(value) in PLAIN:
        return repr(value)
    if isinstance(value, Part):
        return "{" + ",".join(f"{name}:{text}" for name, text in texts_of(value)) + "}"
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{name!r}:{canonical(item)}" for name, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(canonical, value)) + "]"
    if law := getattr(value, "law", None):  # a number that stands for a distribution
        return f"{type(value).__name__}({law!r})"
    return repr(value)


def texts_of(part: Part, without: AbstractSet[str] = frozenset()) -> list[tuple[str, str]]:
    """Write the fields that do not have their default, which a file may say or leave out."""
    given = part.model_fields_set - without
    said = [
        (name, default, canonical(getattr(part, name)))
        for name, default in defaults_of(type(part)).items()
        if name in given
    ]
    return [(name, text) for name, default, text in said if text != default]


@cache
def defaults_of(kind: type[Part]) -> dict[str, str]:
    """Write the default of each field."""
    return {name: canonical(field.get_default(call_default_factory=True)) for name, field in kind.model_fields.items()}


@cache
def version() -> str:
    """Give the version of Cascade that is running, with a hash of the sources that decide results."""
    root = Path(__file__).parents[1]
    sources = [path.read_bytes() for some in DECIDING for path in sorted(root.glob(some))]
    try:
        release = metadata.version("cascade-blast-radius")
    except metadata.PackageNotFoundError:
        release = "0"
    return f"{release}+{hashlib.sha256(b''.join(sources)).hexdigest()[:DIGITS]}"


def digest(text: str) -> str:
    """Give the hash of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
