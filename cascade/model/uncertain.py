"""The numbers of a topology that are distributions: where they stand, and the topology with other numbers there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cascade.behaviours.part import Part, yaml_key
from cascade.model.scenario import Event
from cascade.units import Uncertain, UncertainCount

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cascade.laws import Law
    from cascade.model.topology import Topology

Path = tuple[str | int, ...]
"""Fields, names and positions, outermost first."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a distribution stands."""

    path: Path
    name: str
    """As reports call it, like ``web -> db: timeout``."""
    law: Law


def places(topology: Topology) -> tuple[Place, ...]:
    """Find all distributions of a topology; their order does not depend on that of its parts.

    Examples
    --------
    >>> import cascade
    >>> shop = cascade.loads("services: {web: {calls: [{to: db, timeout: {uniform: [1s, 2s]}}]}, db: }")
    >>> [place.name for place in places(shop)]
    ['web -> db: timeout']
    """
    found = [Place(path, name_of(topology, path), number.law) for path, number in numbers_in(topology)]
    return tuple(sorted(found, key=lambda place: (place.name, str(place.path))))


def count(topology: Topology) -> int:
    """Count the distributions of a topology."""
    return sum(1 for _ in numbers_in(topology))


def numbers_in(value: Any, path: Path = ()) -> Iterator[tuple[Path, Uncertain | UncertainCount]]:
    """Yield the distributions in a value, each with its path; what has its default is none."""
    if isinstance(value, (Uncertain, UncertainCount)):
        yield path, value
    elif isinstance(value, Part):
        for field in value.model_fields_set:
            yield from numbers_in(getattr(value, field), (*path, field))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from numbers_in(item, (*path, key))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from numbers_in(item, (*path, index))


def name_of(topology: Topology, path: Path) -> str:
    """Say what stands under a path.

    Examples
    --------
    >>> import cascade
    >>> shop = cascade.loads("services: {web: {service_time: 1s}}")
    >>> name_of(shop, ("services", "web", "service_time_s")), name_of(shop, ("objective", "success_fraction"))
    ('web: service_time', 'objective.success')
    """
    kind, *rest = path
    if not isinstance(getattr(topology, str(kind)), dict) or len(rest) < 2:  # noqa: PLR2004 - a name and a key
        return keys(path)
    name, *rest = rest
    if kind == "services" and rest[0] == "calls":
        return f"{name} -> {topology.services[str(name)].calls[int(rest[1])].to}: {keys(rest[2:])}"
    if kind == "scenarios" and rest[0] == "events":
        event = topology.scenarios[str(name)].events[int(rest[1])]
        return f"{name}, event {int(rest[1]) + 1} ({event.action} {event.target}): {key_of_event(str(rest[2]))}"
    return f"{name}: {keys(rest)}"


def keys(path: Iterable[str | int]) -> str:
    """Write a path as keys of a file."""
    return ".".join(yaml_key(str(step)) for step in path)


def key_of_event(field: str) -> str:
    """Give the key of a field of an event."""
    return Event.model_fields[field].alias or field


def settled(topology: Topology) -> Topology:
    """Give a topology with the median in place of each distribution."""
    found = list(numbers_in(topology))
    medians = [int(number) if isinstance(number, int) else float(number) for _, number in found]
    whole: Topology = Template(topology, [path for path, _ in found]).filled(medians)
    return whole


class Template:
    """A topology, or a part of one, in which some numbers are put in again and again; they are not checked."""

    def __init__(self, base: Any, paths: Sequence[Path]) -> None:
        self.base = base
        self._tree: dict[str | int, Any] = {}
        for index, path in enumerate(paths):
            node = self._tree
            for step in path[:-1]:
                node = node.setdefault(step, {})
            node[path[-1]] = index

    def filled(self, numbers: Sequence[float]) -> Any:
        """Give the topology with numbers in the order of the paths."""
        return replaced(self.base, self._tree, numbers) if self._tree else self.base


def replaced(value: Any, tree: dict[str | int, Any], numbers: Sequence[float]) -> Any:
    """Give a value with other numbers at the leaves of a tree."""

    def below(step: Any, node: Any) -> Any:
        if isinstance(node, int):
            return numbers[node]
        return replaced(getattr(value, step) if isinstance(value, Part) else value[step], node, numbers)

    changed: dict[Any, Any] = {step: below(step, node) for step, node in tree.items()}
    if isinstance(value, Part):
        copied = value.model_copy(update=changed)
        if "domains" in changed:
            vars(copied).pop("all_domains", None)  # it was made of the shares that were there before
        return copied
    if isinstance(value, dict):
        return {**value, **changed}
    return tuple(changed.get(index, item) for index, item in enumerate(value))
