"""The ways that requests take, in an order in which callers come first and nothing is gone round.

A cycle is one set of parts here. Inside of it those calls lead *onward* that do not lead back to where a walk
from the users has come through. So each part of a way is passed once, the order in which a file lists its
parts does not matter, and the work grows with the calls, not with the ways.
"""

from __future__ import annotations

from collections import defaultdict
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
    """Set of parts that are in a cycle together, callers first, and place in a walk through it."""

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
    place = places(subject, steps_from, cycle)
    rank = {name: (cycle[name], place[name]) for name in names}
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


def places(subject: Subject, steps_from: Mapping[str, Sequence[Step]], cycle: Mapping[str, int]) -> dict[str, int]:
    """Number the parts of each cycle so that a step is onward unless it leads back to where its way came through.

    The walk begins where users come in, then where others call the cycle, by name; it is the order in which a
    search in depth leaves the parts, turned round.
    """
    inner: dict[str, list[str]] = defaultdict(list)
    entered = set()
    for step in (step for steps in steps_from.values() for step in steps):
        if cycle[step.source] == cycle[step.target]:
            inner[step.source].append(step.target)
        else:
            entered.add(step.target)
    users = sorted(name for name, service in subject.services.items() if service.is_entry_point)
    left: list[str] = []
    met: set[str] = set()
    for root in (*users, *sorted(entered), *sorted(cycle)):
        if root in met:
            continue
        met.add(root)
        walk = [(root, iter(sorted(inner[root])))]
        while walk:
            name, rest = walk[-1]
            target = next((target for target in rest if target not in met), None)
            if target is None:
                left.append(name)
                walk.pop()
            else:
                met.add(target)
                walk.append((target, iter(sorted(inner[target]))))
    return {name: -number for number, name in enumerate(left)}
