"""Changes to a topology file: what its value is after them, and what is said about each."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from cascade.errors import CascadeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Path = tuple[str | int, ...]
Change = tuple[Path, Any] | tuple[Path, Any, str]
"""Where, what, and a comment that says why. A place in ``calls`` may be named by its callee."""


class Removed(Enum):
    """The value of what is taken out."""

    REMOVED = "removed"


REMOVED: Final = Removed.REMOVED


@dataclass(slots=True)
class Notes:
    """Comments on what changes, by key or position."""

    text: str = ""
    below: dict[str | int, Notes] = field(default_factory=dict)

    def at(self, step: str | int) -> Notes:
        """Give those on one entry."""
        return self.below.get(step, NO_NOTES)

    def all(self) -> Iterator[str]:
        """Yield its own, and those on what is in it."""
        if self.text:
            yield self.text
        for notes in self.below.values():
            yield from notes.all()


NO_NOTES: Final = Notes()


class Changed:
    """A value with changes; what they leave alone remains the same object."""

    def __init__(self, root: Any) -> None:
        """Begin with the value itself."""
        self.root = root
        self.notes = Notes()
        self.own: dict[int, Any] = {}
        """Lists and mappings that were copied, by identity."""

    def change(self, path: Path, value: Any, comment: str = "") -> None:
        """Make one change.

        Raises
        ------
        CascadeError
            When there is no such place.
        """
        if not path:
            raise CascadeError("expected the place of a change below the top")
        holder, walked = self.copied(self.root, ()), []
        self.root, notes = holder, self.notes
        for place, step in enumerate(path):
            found = position(holder, step) if isinstance(holder, list) else str(step)
            walked.append(found)
            notes = notes.below.setdefault(found, Notes())
            if place == len(path) - 1:
                put(holder, found, value if value is REMOVED else plain(value), path)
                notes.below.clear()
                notes.text = comment
                return
            below = entry(holder, found, step)
            if below is None and value is REMOVED:
                return
            below = self.copied(longer(below, tuple(walked), path[place + 1]), tuple(walked))
            put(holder, found, below, path)
            holder = below

    def copied(self, value: Any, walked: Path) -> Any:
        """Give a list or mapping that may be changed."""
        if id(value) in self.own:
            return value
        if not isinstance(value, (dict, list)):
            raise CascadeError(f"expected a mapping at '{name_of(walked)}'")
        copy = value.copy()
        self.own[id(copy)] = copy
        return copy


def position(items: list[Any], step: str | int) -> int:
    """Give the position of an item; a name stands for what bears it, and if nothing does, for a new one."""
    if isinstance(step, int):
        return step
    for place, item in enumerate(items):
        if step in ((item.get("to"), item.get("name")) if isinstance(item, dict) else (item,)):
            return place
    return len(items)


def entry(holder: Any, found: str | int, step: str | int) -> Any:
    """Give what is at a place; an item that is named and not there yet begins with its name."""
    if isinstance(found, str):
        value = holder.get(found)
    else:
        value = holder[found] if 0 <= found < len(holder) else step if isinstance(step, str) else None
    return None if value is REMOVED else value


def put(holder: Any, found: str | int, value: Any, path: Path) -> None:
    """Put a value to its place in a list or mapping."""
    if isinstance(found, str):
        if value is not REMOVED or found in holder:
            holder[found] = value
    elif not 0 <= found <= len(holder):
        raise CascadeError(f"expected a position up to {len(holder)} in the list, got {found} in '{name_of(path)}'")
    elif found < len(holder):
        holder[found] = value
    elif value is not REMOVED:
        holder.append(value)


def longer(value: Any, path: Path, step: str | int) -> Any:
    """Give the long form of a value that something is to be put into: of a bare name, a bare rate, nothing."""
    if value is None:
        return [] if isinstance(step, int) or path[-1] == "calls" else {}
    if isinstance(value, str) and path[-2:-1] == ("calls",):
        return {"to": value}
    if isinstance(value, str) and path[-1] == "demand":
        return {"rate": value}
    if isinstance(value, list) and isinstance(step, str) and path[0] == "domains":
        return dict.fromkeys(value, "100%") if path[-1] == "members" else {"members": value}
    return value


def plain(value: Any) -> Any:
    """Give a value as YAML has it: texts as keys, lists, mappings and single values."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def kept(value: Any) -> Any:
    """Give a value without what was removed."""
    if isinstance(value, dict):
        return {key: kept(item) for key, item in value.items() if item is not REMOVED}
    if isinstance(value, list):
        return [kept(item) for item in value if item is not REMOVED]
    return value


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are written alike; 1 is 1.0, but not true."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def name_of(path: Path) -> str:
    """Write a place."""
    return ".".join(map(str, path))


def changed(root: Any, changes: Iterable[Change]) -> Changed:
    """Make all changes, one after the other; positions in lists are those of the value as it was."""
    found = Changed(root)
    for change in changes:
        found.change(*change)
    return found
