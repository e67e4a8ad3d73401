"""A topology with other settings, each named as reports name it and written as a file writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from cascade.errors import Problem, ScenarioError, TopologyError
from cascade.loading.anew import told, validated
from cascade.loading.changes import REMOVED, changed, kept
from cascade.loading.problems import refusals
from cascade.loading.source import one_line
from cascade.loading.write import plain_part
from cascade.units import closest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cascade.model import Topology

Path = tuple[str | int, ...]

KINDS: Final = ("services", "groups", "fleets", "domains", "scenarios")
"""Where a name is looked for, in this order."""
ARROW: Final = " -> "
COLON: Final = ": "


def with_settings(topology: Topology, settings: Mapping[str, Any]) -> Topology:
    """Give a topology with some settings changed; all else is as it was.

    Parameters
    ----------
    topology : Topology
    settings : mapping
        What each place is to hold. A place is named as in reports: ``web: demand.rate``, ``web -> db: timeout``,
        ``objective.success``. A value is written as in a topology file (``"250ms"``, ``"20%"``, a mapping for a whole
        part); None goes back to the default.

    Raises
    ------
    ScenarioError
        When a place names a part or a call that does not exist.
    TopologyError
        When a key or a value is not one that a file could have there.

    Examples
    --------
    >>> import cascade
    >>> shop = cascade.loads("services: {web: {demand: 10/s, calls: [db]}, db: }")
    >>> faster = cascade.with_settings(shop, {"web -> db: timeout": "250ms", "web -> db: retry.max_attempts": 2})
    >>> call = faster.services["web"].calls[0]
    >>> call.timeout_s, call.retry.max_attempts
    (0.25, 2)
    >>> cascade.with_settings(shop, {"web -> db: timeout": 3})
    Traceback (most recent call last):
    cascade.errors.TopologyError: web -> db: timeout: expected a duration with its unit, like 250ms, 1.5s, 20m or \
1h30m; a bare number leaves the unit to guess, got '3'
    """
    paths = {place: path_of(topology, place) for place in settings}
    changes = [(path, REMOVED if settings[place] is None else settings[place]) for place, path in paths.items()]
    root = kept(changed(plain_part(topology), changes).root)
    try:
        return validated(root)
    except ValidationError as error:
        raise TopologyError(told(problems_in(error, paths, root))) from None


def path_of(topology: Topology, place: str) -> Path:
    """Find where a setting stands in a file.

    Examples
    --------
    >>> import cascade
    >>> path_of(cascade.loads("services: {web: {calls: [db]}, db: }"), "web -> db: timeout")
    ('services', 'web', 'calls', 'db', 'timeout')
    """
    name, colon, keys = place.partition(COLON)
    if not colon:
        return steps(place)
    caller, arrow, callee = name.partition(ARROW)
    if arrow:
        return ("services", *call_of(topology, caller, callee), *steps(keys))
    kind = next((kind for kind in KINDS if name in getattr(topology, kind)), None)
    if kind is None:
        known = [known for each in KINDS for known in getattr(topology, each)]
        raise ScenarioError(f"unknown part or scenario '{name}'{closest(name, known)}")
    return (kind, name, *steps(keys))


def call_of(topology: Topology, caller: str, callee: str) -> tuple[str, str, str]:
    """Give the steps to a call, below the services."""
    if caller not in topology.services:
        raise ScenarioError(f"unknown service '{caller}'{closest(caller, topology.services)}")
    callees = [call.to for call in topology.services[caller].calls]
    if callee not in callees:
        raise ScenarioError(f"{caller} does not call '{callee}'{closest(callee, callees)}")
    return caller, "calls", callee


def steps(keys: str) -> Path:
    """Give keys one by one; a number is a position in a list."""
    return tuple(int(key) if key.isdecimal() else key for key in keys.split("."))


def problems_in(error: ValidationError, paths: Mapping[str, Path], root: Any) -> Iterator[Problem]:
    """Yield what is wrong, each with the setting that it comes from."""
    for path, message, _ in refusals(error):
        named = named_as(path, root)
        place = next((place for place, steps in paths.items() if named[: len(steps)] == steps), "")
        yield Problem(place or " and ".join(paths), 0, 0, one_line(message))


def named_as(path: Sequence[str | int], root: Any) -> Path:
    """Give a path with callees in place of the positions of calls."""
    if len(path) < 4 or path[0] != "services" or path[2] != "calls":  # noqa: PLR2004 - down to one call
        return tuple(path)
    call = root["services"][path[1]]["calls"][path[3]]
    return (*path[:3], call["to"] if isinstance(call, dict) else call, *path[4:])
