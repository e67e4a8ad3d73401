"""What differs between two topology files, as far as it can matter: what is there, and how it is set."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from cascade.behaviours.part import Part
from cascade.graph.plain import PlainServices
from cascade.loading.layout import line_text
from cascade.loading.write import plain, plain_part, texts_of
from cascade.model import Dependency, Event, Group, Observed
from cascade.model.suppression import Suppression
from cascade.units import Uncertain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cascade.laws import Law
    from cascade.model import Topology

    Named = Mapping[str, Any]

SILENT: Final = {"version", "name", "description", "note", "evidence", "imported"}
"""Fields that tell the reader something, and change no result."""
SETS: Final = {"after", "of", "sets_capacity_of", "sets_success_of", "stays_up", "zones"}
"""Lists of names whose order means nothing."""
ALIKE: Final = 1e-12
"""Relative difference of numbers that were only written in different units."""
KINDS: Final = {
    "services": "service",
    "groups": "group",
    "fleets": "fleet",
    "domains": "domain",
    "scenarios": "scenario",
    "observed": "observed window",
    "ignore": "accepted finding",
    "calls": "call",
    "events": "event",
}
"""What stands under a key, in the singular."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two files: something that comes, goes, or is set to another value."""

    kind: str
    """``service``, ``call``, ``scenario``, ..., or ``setting``."""
    where: str
    """What it is about: ``web``, ``web -> db``; empty for the whole file."""
    key: str
    """Which setting, like ``retry.max_attempts``; empty for the thing itself."""
    old: str | None
    """As a file writes it; none where it is not there."""
    new: str | None
    section: str = ""
    """Key at the top of the file under which it stands."""

    @property
    def action(self) -> str:
        """What happens to it: ``added``, ``removed`` or ``changed``."""
        if self.kind == "setting":
            return "changed"
        return "added" if self.old is None else "removed"

    def __str__(self) -> str:
        """Write it on one line: ``web -> db: timeout 1s -> 5s``."""
        if self.kind != "setting":
            return f"{self.kind} {self.where} {self.action}"
        where = f"{self.where}: " if self.where else ""
        return f"{where}{self.key} {self.old or 'none'} -> {self.new or 'none'}"


def changes(old: Topology, new: Topology) -> tuple[Change, ...]:
    """Find what differs between two topologies; what changes no result is not looked at.

    Examples
    --------
    >>> import cascade
    >>> before = cascade.loads("services: {web: {calls: [{to: db, timeout: 250ms}]}, db: }")
    >>> after = cascade.loads("services: {db: , log: , web: {calls: [{timeout: 5s, to: db}]}}")
    >>> [str(change) for change in changes(before, after)]
    ['web -> db: timeout 250ms -> 5s', 'service log added']
    """
    return tuple(
        replace(change, section=name) for name in type(old).model_fields for change in in_field("", "", old, new, name)
    )


def in_part(where: str, above: str, old: Part, new: Part) -> Iterator[Change]:
    """Yield the differences between two parts of one kind."""
    for name in type(old).model_fields:
        yield from in_field(where, above, old, new, name)


def in_field(where: str, above: str, old: Part, new: Part, name: str) -> Iterator[Change]:
    """Yield the differences between two parts in one field."""
    before, after = getattr(old, name), getattr(new, name)
    if name in SILENT or is_same(before, after) or is_reordered(name, old, new):
        return
    if (holder := holder_of(name, before or after)) is not None:
        yield from in_named(name, where, holder(before), holder(after))
    else:
        key = f"{above}{type(old).model_fields[name].alias or name}"
        yield from in_value(where, key, before, after, partial(written, old, name), partial(written, new, name))


def in_value(  # noqa: PLR0913, PLR0917 - two values, and how each is written
    where: str, key: str, before: Any, after: Any, old_form: Callable[[], Any], new_form: Callable[[], Any]
) -> Iterator[Change]:
    """Yield the differences between two values of one setting."""
    forms = old_form(), new_form()
    if before is None or after is None:
        forms = given(before, forms[0]), given(after, forms[1])
    are_parts = isinstance(before, Part) and isinstance(after, Part)
    if are_parts and any(isinstance(form, dict) for form in forms):
        yield from in_part(where, f"{key}.", before, after)
    elif isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys((*before, *after)):
            if not is_same(before.get(name), after.get(name)):
                yield setting(where, f"{key}.{name}", each_in(forms[0], name), each_in(forms[1], name))
    else:
        yield setting(where, key, *forms)


def setting(where: str, key: str, old: Any, new: Any) -> Change:
    """Make the change of one setting."""
    return Change("setting", where, key, text_of(old), text_of(new))


def in_named(field: str, where: str, old: Named, new: Named) -> Iterator[Change]:
    """Yield what comes, goes or changes among the things under one key."""
    joint = {"calls": " -> ", "events": ", "}.get(field, "")
    for name in names_that_differ(old, new):
        inner = f"{where}{joint}{name}" if where else name
        if name in old and name in new:
            yield from in_part(inner, "", old[name], new[name])
        else:
            before, after = (text_of(plain_part(side[name])) if name in side else None for side in (old, new))
            yield Change(KINDS[field], inner, "", before, after)


def names_that_differ(old: Named, new: Named) -> Iterator[str]:
    """Yield the names under which two mappings do not have the same, in the order of the old one."""
    names = dict.fromkeys((*old, *new))
    if isinstance(old, PlainServices) and isinstance(new, PlainServices):
        yield from (name for name in names if plain_needs(old, name) != plain_needs(new, name))
    else:
        yield from (name for name in names if name not in old or name not in new or old[name] != new[name])


def plain_needs(services: PlainServices, name: str) -> object:
    """Give all that a plain graph knows of a service, without making it."""
    index = services.place.get(name)
    if index is None or index >= services.count:
        return None
    return bool(services.is_entry_point[index]), {services.nodes[callee] for callee in services.callees(index)}


def holder_of(field: str, value: Any) -> Callable[[Any], Named] | None:
    """Give how the things under a key are named; none where the value is no collection of things."""
    if field in {"services", "groups", "fleets", "domains", "scenarios"}:
        return dict_itself
    return by_name if field in KINDS and isinstance(value, tuple) else None


def dict_itself(value: Any) -> Named:
    """Give a mapping as it is."""
    named: Named = value
    return named


def by_name(items: tuple[Part, ...]) -> Named:
    """Give the things of a list by what tells them apart; the second of that name gets a number, and so on."""
    found: dict[str, Any] = {}
    for item in items:
        name, count = name_of(item), 2
        while name in found:
            name, count = f"{name_of(item)} ({count})", count + 1
        found[name] = item
    return found


def name_of(item: Part) -> str:
    """Give what tells a thing in a list from others."""
    match item:
        case Dependency():
            return item.to
        case Event():
            return f"{item.action} {item.target}"
        case Observed():
            return item.name
        case Suppression():
            return f"{item.rule} at {item.at}" if item.at else str(item.rule)
    raise TypeError(type(item).__name__)


def is_reordered(field: str, old: Part, new: Part) -> bool:
    """Tell whether two lists hold the same names, in an order that means nothing."""
    is_free = field in SETS or (
        field == "members"
        and isinstance(old, Group)
        and isinstance(new, Group)
        and "ordered" not in {old.mode, new.mode}
    )
    return is_free and sorted(getattr(old, field)) == sorted(getattr(new, field))


def is_same(one: Any, other: Any) -> bool:
    """Tell whether two values are alike, but for the digits that writing a number in another unit costs."""
    if type(one) is float and type(other) is float:
        return math.isclose(one, other, rel_tol=ALIKE)
    if isinstance(one, Uncertain) and isinstance(other, Uncertain):
        return is_same_law(one.law, other.law)
    return bool(one == other)


def is_same_law(one: Law, other: Law) -> bool:
    """Tell whether two distributions are alike, but for such digits."""
    pairs = zip((*one.numbers, one.low, one.high), (*other.numbers, other.low, other.high), strict=False)
    are_alike = all(math.isclose(here, there, rel_tol=ALIKE) for here, there in pairs)
    return (one.kind, len(one.numbers)) == (other.kind, len(other.numbers)) and are_alike


def written(part: Part, field: str) -> Any:
    """Give the value of a field as a topology file has it."""
    [text] = texts_of(part, [field]).values()
    return plain(getattr(part, field), text)


def given(value: Any, form: Any) -> Any:
    """Give a part that stands alone with all that its file says of it, the defaults that it repeats among it."""
    if not isinstance(value, Part) or not isinstance(form, dict):
        return form
    keys = {name: type(value).model_fields[name].alias or name for name in type(value).model_fields}
    texts = texts_of(value, value.model_fields_set)
    return {key: plain(getattr(value, name), texts[key]) for name, key in keys.items() if key in texts}


def each_in(form: Any, name: str) -> Any:
    """Give one entry of a written mapping, none where there is none; a list of names stands for all of each."""
    if isinstance(form, list):
        return "100%" if name in form else None
    return form.get(name)


def text_of(form: Any) -> str | None:
    """Write a value on one line."""
    return None if form is None else line_text(form)
