"""Services that wait for one another to start."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.analysis.lint.finding import Finding, Rule, Severity
from cascade.analysis.restart import restart
from cascade.logic import fixpoint, order
from cascade.model import Needs
from cascade.model.suppression import RuleId
from cascade.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cascade.analysis.failure_logic import FailureLogic
    from cascade.analysis.lint.subject import Subject

    Waits = Mapping[int, Sequence[int]]

MOST_NAMED: Final = 8
"""Services of a cycle that are named."""


def startup_cycle(subject: Subject) -> Iterator[Finding]:
    """Services that need one another to start never come back together after a full stop.

    While all is well nobody notices: each is up, and the others are needed only to start. After the loss of a
    region, or a power cut, the first waits for the second and the second for the first, until somebody breaks the
    circle by hand, in the middle of the outage.

    Fires, with high severity, once for each cycle through calls with `needs: startup`, directly or through what a
    start-up need itself cannot serve without. Calls that are `hard` make no such cycle by themselves: services
    that only call one another come back together.

    Remedy: let one of them start without the other, from a copy on disk or a static address.

    Source: the theory page, section Single points and cut sets, starting again; Facebook, More details about the
    October 4 outage (2021), where the tools for the repair needed the network that was down.
    """
    if not any(call.policy.needs is Needs.STARTUP for call in subject.calls):
        return
    logic = subject.logic
    stuck = dict(restart(logic).stuck)
    if not stuck:
        return
    waits = waits_for(logic, stuck)
    for cycle in cycles(logic, waits, stuck):
        yield told(subject, logic, cycle, behind(waits, cycle, [logic.node_of[name] for name in stuck]))


def waits_for(logic: FailureLogic, stuck: Mapping[str, Sequence[str]]) -> Waits:
    """Give for each node that is down whatever keeps it down; a service that waits to start only waits for that."""
    failed = np.zeros(logic.gates.size, np.bool_)
    failed[[logic.event_of[name] for name in stuck]] = True
    down = fixpoint.down(logic.gates, failed)
    first, inputs = logic.gates.first, logic.gates.inputs
    found: dict[int, list[int]] = {}
    for node in np.flatnonzero(down).tolist():
        below = inputs[first[node] : first[node + 1]]
        found[node] = below[down[below]].tolist()
    for name, missing in stuck.items():
        found[logic.node_of[name]] = [logic.node_of[to] for to in missing]
    return found


def cycles(logic: FailureLogic, waits: Waits, stuck: Mapping[str, object]) -> Iterator[list[int]]:
    """Yield the shortest cycle through the first service of each set that wait for one another."""
    place = {node: index for index, node in enumerate(waits)}
    first = np.zeros(len(waits) + 1, np.int64)
    np.cumsum([len(nodes) for nodes in waits.values()], out=first[1:])
    inputs = np.array([place[node] for nodes in waits.values() for node in nodes], np.int32)
    component = order.components(first, inputs, np.ones(len(waits), np.bool_))
    seen: set[int] = set()
    for name in sorted(stuck):
        node = logic.node_of[name]
        own = int(component[place[node]])
        if own not in seen and (cycle := way_back(waits, node)):
            seen.add(own)
            yield cycle


def way_back(waits: Waits, start: int) -> list[int]:
    """Give the shortest way from a node to itself, the node first and last; nothing where there is none."""
    before: dict[int, int] = {}
    waiting = deque([start])
    while waiting:
        node = waiting.popleft()
        for other in waits[node]:
            if other == start:
                back = [start, node]
                while back[-1] != start:
                    back.append(before[back[-1]])
                return back[::-1]
            if other not in before:
                before[other] = node
                waiting.append(other)
    return []


def behind(waits: Waits, cycle: Sequence[int], stuck: Sequence[int]) -> int:
    """Count the services outside of a cycle that never start because of it."""
    users: dict[int, list[int]] = {}
    for node, others in waits.items():
        for other in others:
            users.setdefault(other, []).append(node)
    found = set(cycle)
    waiting = list(cycle)
    while waiting:
        new = [user for user in users.get(waiting.pop(), ()) if user not in found]
        found.update(new)
        waiting += new
    return len((found - set(cycle)) & set(stuck))


def told(subject: Subject, logic: FailureLogic, cycle: Sequence[int], others: int) -> Finding:
    """Name a cycle."""
    names = [logic.nodes[node] for node in cycle if logic.nodes[node] in logic.node_of]
    call = next(call for call in subject.calls if (call.caller, call.callee) == (names[0], names[1]))
    also = "" if not others else f"; {others} more wait for them" if others > 1 else "; 1 more waits for them"
    way = " -> ".join(names) if len(names) <= MOST_NAMED else listed(names[:-1], MOST_NAMED)
    return Finding(
        rule=RuleId.STARTUP_CYCLE,
        severity=Severity.HIGH,
        subject=call.name,
        message=f"{len(names) - 1} services can start only after one another: {way}{also}",
        remedy="let one of them start without the other",
        path=call.path,
    )


RULE: Final = Rule(RuleId.STARTUP_CYCLE, (Severity.HIGH,), startup_cycle)
