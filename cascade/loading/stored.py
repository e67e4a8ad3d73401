"""A topology as data that is quickly read again: tables of its distinct values, each made of values before it.

Services are much alike, and so are their calls: equal parts are written once, and shared when they are made again,
since they cannot change. Data can ask for nothing but parts of a topology; whatever they say, no code of theirs runs.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import asdict
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final, get_args

from cascade.behaviours.part import Part
from cascade.laws import Law
from cascade.loading.fields import choices
from cascade.model import Needs, Topology
from cascade.model.suppression import RuleId
from cascade.units import Uncertain, UncertainCount

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence, Sized

Table = dict[str, Any]
"""Values of one kind, as JSON can hold them."""
Key = tuple[int, str, tuple[str, ...]]
"""Of a table: how many tables its values build on, their kind, and for parts the fields that were given."""


def law_of(given: dict[str, Any]) -> Law:
    """Give the distribution with some content."""
    return Law(**{**given, "numbers": tuple(given["numbers"])})


PLAIN: Final = {str, int, float, bool, type(None)}
"""What JSON knows itself."""
LEAVES: Final[dict[str, tuple[type, Callable[[Any], Any], Callable[[Any], Any]]]] = {
    "moment": (dt.datetime, dt.datetime.isoformat, dt.datetime.fromisoformat),
    "day": (dt.date, dt.date.isoformat, dt.date.fromisoformat),
    "needs": (Needs, str, Needs),
    "rule": (RuleId, str, RuleId),
    "uncertain": (Uncertain, lambda number: asdict(number.law), lambda law: Uncertain(law_of(law))),
    "uncertain count": (UncertainCount, lambda number: asdict(number.law), lambda law: UncertainCount(law_of(law))),
}
"""What it does not: the class, how it is written, how it is read."""


class NotStorable(Exception):  # noqa: N818 - says what the value is
    """A value is of a kind that is not known here."""


def parts_in(annotation: Any) -> Iterator[type[Part]]:
    """Yield the classes of what an annotation allows, with all that is in it."""
    for choice in choices(annotation):
        if isinstance(choice, type) and issubclass(choice, Part):
            yield choice
            for field in choice.model_fields.values():
                yield from parts_in(field.annotation)
        else:
            for argument in get_args(choice):
                yield from parts_in(argument)


PARTS: Final = {part.__name__: part for part in parts_in(Topology)}
CHANGEABLE: Final = {part for part in PARTS.values() if any(f.get_default() == {} for f in part.model_fields.values())}
"""Those that hold mappings, which can change: they are never shared."""


def tables_of(topology: Topology) -> list[Table]:
    """Write a topology.

    Raises
    ------
    NotStorable
        When there is something in it that cannot be written.
    """
    writer = _Writer()
    writer.numbers_of([topology])
    return list(writer.tables())


def topology_of(tables: Iterable[Table]) -> Topology:
    """Make a topology from its tables.

    Raises
    ------
    Exception
        Of nearly any kind, when these are no tables of a topology.

    Examples
    --------
    >>> import cascade
    >>> shop = cascade.loads("services: {web: {calls: [db]}, db: }")
    >>> topology_of(tables_of(shop)) == shop
    True
    """
    values: list[Any] = []
    for table in tables:
        values += values_of(table, values)
    [topology] = values[-1:]
    if not isinstance(topology, Topology):
        raise TypeError(topology)
    return topology


def values_of(table: Table, before: list[Any]) -> list[Any]:
    """Give the values of one table, made of those before."""
    kind, rows, value = table["kind"], table["rows"], before.__getitem__
    if kind == "plain":
        if not PLAIN.issuperset(map(type, rows)):
            raise TypeError(kind)
        return list(rows)
    if kind == "tuple":
        return [tuple(map(value, row)) for row in rows]
    if kind == "dict":
        return [dict(zip(map(value, keys), map(value, values), strict=True)) for keys, values in rows]
    if kind in LEAVES:
        return list(map(LEAVES[kind][2], rows))
    return list(parts(PARTS[kind], table["given"], (map(value, row) for row in rows)))


def parts(kind: type[Part], given: list[str], rows: Iterable[Iterable[Any]]) -> Iterator[Part]:
    """Make parts of one class of which the same fields were given, as pickle would."""
    fields = kind.model_fields
    defaults = {name: None if name in given else field.get_default() for name, field in fields.items()}
    if not fields.keys() >= set(given) >= {name for name, field in fields.items() if field.is_required()}:
        raise KeyError(kind, given)
    own = [name for name, default in defaults.items() if default == {}]
    state = {"__pydantic_fields_set__": set(given), "__pydantic_extra__": None, "__pydantic_private__": None}
    make, put = kind.__new__, object.__setattr__
    for row in rows:
        content = defaults.copy()
        for name, value in zip(given, row, strict=True):
            content[name] = value
        for name in own:
            content[name] = {}
        part = make(kind)
        put(part, "__dict__", content)
        for name, value in state.items():
            put(part, name, value)
        yield part


def by_key(keys: Sequence[Any], values: Sequence[Any], number: Callable[[Any, Sequence[Any]], list[int]]) -> list[int]:
    """Number values, those with equal keys together."""
    if len(set(keys)) == 1:
        return number(keys[0], values)
    groups: defaultdict[Any, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        groups[key].append(place)
    found = [0] * len(values)
    for key, places in groups.items():
        for place, one in zip(places, number(key, [values[place] for place in places]), strict=True):
            found[place] = one
    return found


def regrouped(numbers: list[int], like: Iterable[Sized]) -> list[tuple[int, ...]]:
    """Divide numbers into groups as long as others.

    Examples
    --------
    >>> regrouped([7, 8, 9], ["a", "", "bc"])
    [(7,), (), (8, 9)]
    """
    left = iter(numbers)
    return [tuple(islice(left, len(group))) for group in like]


class _Writer:
    """Numbers the values of a topology, equal ones alike; many at a time, which is much quicker than one by one."""

    def __init__(self) -> None:
        self.numbers: defaultdict[Any, dict[Any, int]] = defaultdict(dict)
        """Of each known value, by its kind and by what it is made of."""
        self.heights: list[int] = []
        """By number: how many tables a value builds on."""
        self.members: defaultdict[Key, list[int]] = defaultdict(list)
        """Numbers of the values in each table."""
        self.contents: list[Any] = []
        """By number: the plain value, or the numbers of what it is made of."""

    def numbers_of(self, values: Sequence[Any]) -> list[int]:
        """Give the numbers of values, new ones where they were not seen before."""
        return by_key(list(map(type, values)), values, self.of_kind)

    def of_kind(self, kind: type, values: Sequence[Any]) -> list[int]:
        """Give the numbers of values of one class."""
        if kind in PLAIN:
            return self.known("plain", kind, values, values)
        if kind is tuple:
            return self.made("tuple", (), regrouped(self.numbers_of(list(chain.from_iterable(values))), values))
        if kind is dict:
            keys = regrouped(self.numbers_of(list(chain.from_iterable(values))), values)
            inner = regrouped(self.numbers_of([item for value in values for item in value.values()]), values)
            return [self.new((self.height(k + v), "dict", ()), (k, v)) for k, v in zip(keys, inner, strict=True)]
        if PARTS.get(kind.__name__) is kind:
            return by_key([frozenset(part.model_fields_set) for part in values], values, partial(self.parts, kind))
        for name, (leaf, write, _) in LEAVES.items():
            if kind is leaf:
                written = list(map(write, values))
                return self.known(name, name, list(map(repr, written)), written)
        raise NotStorable(kind)

    def parts(self, kind: type[Part], given: frozenset[str], parts: Sequence[Part]) -> list[int]:
        """Give the numbers of parts of one class of which the same fields were given."""
        names = tuple(name for name in kind.model_fields if name in given)
        columns = [self.numbers_of([part.__dict__[name] for part in parts]) for name in names]
        rows = list(zip(*columns, strict=True)) if names else [()] * len(parts)
        if kind in CHANGEABLE:
            return [self.new((self.height(row), kind.__name__, names), row) for row in rows]
        return self.made(kind.__name__, names, rows)

    def known(self, name: str, group: Any, keys: Sequence[Any], contents: Sequence[Any]) -> list[int]:
        """Give the numbers of values that are made of no others."""
        numbers = self.numbers[group]
        for key, content in zip(keys, contents, strict=True):
            if key not in numbers:
                numbers[key] = self.new((0, name, ()), content)
        return list(map(numbers.__getitem__, keys))

    def made(self, kind: str, given: tuple[str, ...], rows: Sequence[tuple[int, ...]]) -> list[int]:
        """Give the numbers of values that are made of others."""
        numbers = self.numbers[kind, given]
        for row in rows:
            if row not in numbers:
                numbers[row] = self.new((self.height(row), kind, given), row)
        return list(map(numbers.__getitem__, rows))

    def height(self, content: tuple[int, ...]) -> int:
        """Give how many tables what is made of some values builds on."""
        return 1 + max(map(self.heights.__getitem__, content), default=0)

    def new(self, table: Key, content: Any) -> int:
        """Number a value that was not seen before."""
        number = len(self.contents)
        self.contents.append(content)
        self.heights.append(table[0])
        self.members[table].append(number)
        return number

    def tables(self) -> Iterator[Table]:
        """Yield the tables, each after those that it builds on."""
        ordered = sorted(self.members)
        places = [0] * len(self.contents)
        for place, number in enumerate(number for key in ordered for number in self.members[key]):
            places[number] = place
        place_of = places.__getitem__
        for key in ordered:
            _, kind, given = key
            contents = [self.contents[number] for number in self.members[key]]
            if kind == "dict":
                contents = [[list(map(place_of, side)) for side in content] for content in contents]
            elif kind != "plain" and kind not in LEAVES:
                contents = [list(map(place_of, content)) for content in contents]
            yield {"kind": kind, "given": given, "rows": contents}
