"""The ways that requests take, in an order in which callers come first and nothing is gone round.

A cycle is one set of parts here. Inside of it only those calls lead *onward* that take a request further
away, counted in calls, from where it came into the cycle. So each part of a way is passed once, the order
in which a file lists its parts does not matter, and the work grows with the calls, not with the ways.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.compiled import compile_logic
from cascade.logic import order

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cascade.analysis.lint.subject import Call, Subject

QUICK: Final = 50_000
"""Calls up to which the search for cycles is over before its compiled code would be ready."""


@dataclass(frozen=True, slots=True)
class Step:
    """A request goes from one part to another: by a call, or from a group to a member."""

    source: str
    target: str
    call: Call | None
    """None from a group to a member."""
    share_fraction: float
    """Requests that go there per request of the source."""


@dataclass(frozen=True)
class Ways:
    """All steps, and the order of the parts."""

    steps_from: Mapping[str, Sequence[Step]]
    names: tuple[str, ...]
    """Services and groups, who calls before who is called."""
    rank: Mapping[str, tuple[int, int]]
    """Set of parts that are in a cycle together, callers first, and calls from where requests come into it."""

    def is_onward(self, step: Step) -> bool:
        """Whether a step leads further, and not round in a cycle."""
        return self.rank[step.source] < self.rank[step.target]

    def steps(self) -> Iterator[Step]:
        """Yield all steps, each after those that lead onward to its source."""
        for name in self.names:
            yield from self.steps_from.get(name, ())


def ways_of(subject: Subject) -> Ways:
    """Find the steps of a topology and their order."""
    names = sorted([*subject.services, *subject.topology.groups])
    steps_from: dict[str, list[Step]] = defaultdict(list)
    for step in all_steps(subject):
        steps_from[step.source].append(step)
    cycle = cycles_of(names, steps_from)
    depth = depths(subject, steps_from, cycle)
    rank = {name: (cycle[name], depth[name]) for name in names}
    return Ways(steps_from, tuple(sorted(names, key=rank.__getitem__)), rank)


def all_steps(subject: Subject) -> Iterator[Step]:
    """Yield each call, and each member of a group with its share."""
    for call in subject.calls:
        if call.policy.is_call:
            yield Step(call.caller, call.callee, call, call.policy.per_request)
    for name, group in subject.topology.groups.items():
        for place, member in enumerate(group.members):
            share = 1.0 / len(group.members) if group.mode == "active-active" else float(place == 0)
            yield Step(name, member, None, share)


def cycles_of(names: Sequence[str], steps_from: Mapping[str, Sequence[Step]]) -> dict[str, int]:
    """Number the sets of parts that are in a cycle together, callers first."""
    place = {name: index for index, name in enumerate(names)}
    targets = [sorted(place[step.target] for step in steps_from.get(name, ())) for name in names]
    first = np.zeros(len(names) + 1, np.int64)
    np.cumsum([len(row) for row in targets], out=first[1:])
    inputs = np.array([target for row in targets for target in row], np.int32)
    if inputs.size > QUICK:
        compile_logic()
    found = order.components(first, inputs, np.ones(len(names), np.bool_))
    return {name: -int(component) for name, component in zip(names, found, strict=True)}


def depths(subject: Subject, steps_from: Mapping[str, Sequence[Step]], cycle: Mapping[str, int]) -> dict[str, int]:
    """Count the calls from where requests come into the cycle that a part is in; 0 where that is not known."""
    inner: dict[str, list[str]] = defaultdict(list)
    entered = {name for name, service in subject.services.items() if service.is_entry_point}
    for step in (step for steps in steps_from.values() for step in steps):
        if cycle[step.source] == cycle[step.target]:
            inner[step.source].append(step.target)
        else:
            entered.add(step.target)
    found = dict.fromkeys(entered, 0)
    waiting = deque(found)
    while waiting:
        name = waiting.popleft()
        for target in inner[name]:
            if target not in found:
                found[target] = found[name] + 1
                waiting.append(target)
    return {name: found.get(name, 0) for name in cycle}
