"""What is left of a topology when the places that are wrong are left out.

References are checked on it, so that one wrong number does not hide a wrong name.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cascade.loading.fields import annotation_at, keys_of, part_of
from cascade.model import Topology

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from cascade.loading.nodes import Node

Path = tuple[str | int, ...]
"""Keys and positions, outermost first."""

_ACTIONS_ON: Final = {
    "demand": {"surge"},
    "calls": {"switch_off", "switch_on"},
    "health_check": {"switch_off", "switch_on"},
    "zones": {"fail", "restore", "flap"},
}
"""What events do with parts: without the part they look wrong though they are right."""


def sound_rest(root: Node, wrong: Iterable[Path]) -> Node | None:
    """Give the nodes without those that are wrong; nothing when too much of the topology would be missing."""
    gone = {removable(path) for path in wrong}
    kept = [path for path in gone if path is not None]
    if len(kept) < len(gone):
        return None
    actions = set().union(*(_ACTIONS_ON.get(str(path[-1]), set()) for path in kept))
    return without(root, {*kept, *events_with(actions, root)})


def events_with(actions: set[str], root: Node) -> Iterator[Path]:
    """Yield the paths of the events that do something."""
    scenarios = root.below("scenarios")
    for name, scenario in scenarios.entries() if scenarios else ():
        events = scenario.below("events")
        for index, event in events.entries() if events else ():
            if any(event.below(action) for action in actions):
                yield "scenarios", name, "events", index


def removable(path: Path) -> Path | None:
    """Give the smallest part around a place that a topology can do without."""
    if path[:1] == ("scenarios",):
        return path[:4] if path[2:3] == ("events",) else path[:2]
    if path[:1] == ("observed",):
        return path[:2]
    while len(path) > 2:  # noqa: PLR2004 - the kind and the name, which others refer to
        part = part_of(annotation_at(Topology, path[:-1]))
        field = keys_of(part).get(str(path[-1])) if part else None
        if part and not (field and field.is_required()):
            return path
        path = path[:-1]
    return None


def without(node: Node, paths: Collection[Sequence[str | int]]) -> Node:
    """Give a node without what stands under some paths."""
    if not paths or node.children is None:
        return node
    below: dict[str | int, list[Sequence[str | int]]] = defaultdict(list)
    for first, *more in paths:
        below[first].append(more)
    gone = {step for step, deeper in below.items() if [] in deeper}
    if isinstance(node.children, dict):
        mapping = {key: without(child, below[key]) for key, child in node.children.items() if key not in gone}
        return replace(node, children=mapping, plain={key: child.plain for key, child in mapping.items()})
    items = [without(child, below[index]) for index, child in enumerate(node.children) if index not in gone]
    return replace(node, children=items, plain=[child.plain for child in items])
