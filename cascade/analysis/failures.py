"""Failures asked for in passing: scenarios made of what fails, when and for how long."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cascade.analysis.sentences import about
from cascade.engine.plan import members
from cascade.engine.simulate import find_scenario
from cascade.errors import ScenarioError
from cascade.model import Event, Scenario
from cascade.units import closest, parse_seconds
from cascade.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cascade.model import Topology

FAILURE: Final = re.compile(r"(?P<name>.+)@(?P<at>[^@+]+)(\+(?P<lasts>[^@+]+))?")
QUIET_S: Final = 600.0
"""Time before a failure, so that a figure shows what is usual [s]."""
FOLLOWED_S: Final = 7200.0
"""A failure is followed at least this long after its end [s]."""
FOLLOWED: Final = 6.0
"""And at least this many times as long as it lasted."""


def scenario_of_failures(topology: Topology, nodes: Sequence[str], lasts_s: float) -> Scenario:
    """Give the scenario in which some parts fail together, ten minutes in, and are then repaired.

    Raises
    ------
    ScenarioError
        When a name does not exist.
    """
    fails = [Event(at=QUIET_S, fail=name, lasts_s=lasts_s, trigger=True) for name in dict.fromkeys(nodes)]
    return scenario_with(topology, fails)


def scenario_with(topology: Topology, fails: Sequence[Event], scenario: Scenario | str | None = None) -> Scenario:
    """Give a scenario with some failures added; without one, they are all that happens.

    Raises
    ------
    ScenarioError
        When a name does not exist, or a failure comes after the end of the scenario.
    """
    known = [*topology.services, *topology.groups, *topology.fleets, *topology.all_domains]
    for event in fails:
        if event.target not in known:
            raise ScenarioError(f"cannot fail '{event.target}' in {topology.name}{closest(event.target, known)}")
    if scenario is None:
        scenario = Scenario(
            description=f"{listed([event.target for event in fails])} failing",
            duration_s=max((until_s(event) for event in fails), default=FOLLOWED_S),
        )
    _, base = find_scenario(topology, scenario)
    for event in fails:
        if base.seconds(event.at) > base.duration_s:
            raise ScenarioError(f"'{event.target}' cannot fail after {about(base.duration_s)}, the end")
    events = (*base.events, *fails, *(repair for event in fails for repair in repairs(topology, event)))
    return base.changed(events=events)  # type: ignore[no-any-return]


def until_s(event: Event) -> float:
    """Give how long a failure is worth following [s]."""
    lasts_s = event.lasts_s or 0.0
    assert isinstance(event.at, float), "made from durations"
    return event.at + lasts_s + max(FOLLOWED_S, FOLLOWED * lasts_s)


def repairs(topology: Topology, event: Event) -> Iterable[Event]:
    """Give back the fleets that a failure took and that nothing restores."""
    if event.lasts_s is None:
        return
    assert isinstance(event.at, float), "made from durations"
    for name, _ in members(topology, event.target):
        if name in topology.fleets and topology.fleets[name].restored_by is None:
            yield Event(at=event.at + event.lasts_s, restore=name)


def parse_failure(text: str) -> Event:
    """Read ``db@10m+30m``: what fails, when, and (unless for good) for how long.

    Raises
    ------
    ScenarioError
        When it is written otherwise.

    Examples
    --------
    >>> parse_failure("db@10m+30m").lasts_s
    1800.0
    """
    if match := FAILURE.fullmatch(text):
        try:
            lasts_s = parse_seconds(match["lasts"]) if match["lasts"] else None
            return Event(at=parse_seconds(match["at"]), fail=match["name"], lasts_s=lasts_s)
        except ValueError:
            pass  # said below, with what was expected
    raise ScenarioError(f"expected a failure like db@10m+30m (what, when, how long), got '{text[:64]}'")
