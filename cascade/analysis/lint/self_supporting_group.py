"""Groups that are up only because they are up."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.analysis.lint.finding import Finding, Rule, Severity
from cascade.compiled import compile_logic
from cascade.logic import fixpoint, order, sweep
from cascade.model.suppression import RuleId
from cascade.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from cascade.analysis.failure_logic import FailureLogic
    from cascade.analysis.lint.subject import Subject
    from cascade.logic.gates import Gates

    Flags = NDArray[np.bool_]

QUICK: Final = 50_000
"""Inputs of gates up to which the search for loops is over before its compiled code would be ready."""
MOST_NAMED: Final = 4


def self_supporting_group(subject: Subject) -> Iterator[Finding]:
    """Members of a group need the group itself, and so hold it up on paper only.

    A group of a and b, of which one is enough, seems to survive the loss of b: a is up. But where a calls the group
    itself, a is up only because the group is, and the group because a is. No real request comes to an end in such a
    loop. `cascade spof` and the simulator follow the rule that parts which need one another stay up until something
    takes them down, which is right for services that call one another, and too good for redundancy.

    Fires once for each set of redundant groups that stand in a loop through their members, directly or over other
    services. Two readings are compared: that rule, and the grounded one, by which a member counts only once
    something outside of the loop holds it up. High where they differ though nothing has failed, or after some single
    failure, which is named; medium where only several failures at once would show it.

    Remedy: let the members call one another, or what is below the group, but not the group; or take those that do
    out of it.

    Source: the theory page, section Single points and cut sets, least fixed point; A. Van Gelder, K. Ross,
    J. Schlipf, The well-founded semantics for general logic programs, Journal of the ACM 38 (1991).
    """
    groups = sorted(subject.redundant_groups())
    for loop in loops(subject.logic, groups) if groups else ():
        leaning = leaning_members(subject, loop)
        if any(leaning.values()):
            yield told(leaning, *when_it_shows(subject.logic, loop))


def loops(logic: FailureLogic, groups: Sequence[str]) -> list[list[str]]:
    """Give the sets of redundant groups that are in a cycle together, or with themselves."""
    gates = logic.gates
    if gates.inputs.size > QUICK:
        compile_logic()
    component = order.components(gates.first, gates.inputs, np.ones(gates.size, np.bool_))
    sizes = np.bincount(component)
    found: dict[int, list[str]] = defaultdict(list)
    for name in groups:
        own = int(component[logic.node_of[name]])
        if sizes[own] > 1:
            found[own].append(name)
    return [*found.values()]


def leaning_members(subject: Subject, loop: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Give the members of each group of a loop that are down without these groups."""
    logic = subject.logic
    down = fixpoint.down(logic.gates, flags(logic.gates, [logic.node_of[name] for name in loop]))
    groups = subject.topology.groups
    return {name: tuple(member for member in groups[name].members if down[logic.node_of[member]]) for name in loop}


def when_it_shows(logic: FailureLogic, loop: Sequence[str]) -> tuple[Severity, str]:
    """Say after which failures a group of a loop is up on paper only."""
    nodes = [logic.node_of[name] for name in loop]
    nothing = np.zeros(logic.gates.size, np.bool_)
    them, are = ("it", "it is") if len(loop) == 1 else ("them", "they are")
    if grounded(logic.gates, nodes, nothing)[nodes].any():
        return Severity.HIGH, f"so that nothing else holds {them} up even now"
    if (failure := worst_single(logic, nodes)) is not None:
        return Severity.HIGH, f"so that {are} up on paper only once {failure} has failed"
    return Severity.MEDIUM, f"so that {are} up on paper only after some failures"


def flags(gates: Gates, nodes: Sequence[int]) -> Flags:
    """Mark some nodes (V,)."""
    marked = np.zeros(gates.size, np.bool_)
    marked[list(nodes)] = True
    return marked


def grounded(gates: Gates, loop: Sequence[int], failed: Flags) -> Flags:
    """Give what is down when the groups of a loop must be held up from outside of it.

    They are down to begin with; one after the other comes back once enough of its members are up.
    """
    waiting = list(loop)
    while True:
        down = fixpoint.down(gates, failed | flags(gates, waiting))
        still = [node for node in waiting if failed[node] or is_taken(gates, node, down)]
        if len(still) == len(waiting):
            return down
        waiting = still


def is_taken(gates: Gates, node: int, down: Flags) -> bool:
    """Whether enough inputs of a node are down to take it down."""
    inputs = gates.inputs[gates.first[node] : gates.first[node + 1]]
    return bool(down[inputs].sum() >= gates.least[node])


def worst_single(logic: FailureLogic, loop: Sequence[int]) -> str | None:
    """Name the single failure after which most is up on paper only; none where there is no such failure."""
    gates = logic.gates
    hidden, worst = 0, None
    for node in suspects(gates, loop):
        failed = flags(gates, [node])
        on_paper = grounded(gates, loop, failed) & ~fixpoint.down(gates, failed)
        if on_paper[list(loop)].any() and int(on_paper.sum()) > hidden:
            hidden, worst = int(on_paper.sum()), logic.nodes[node]
    return worst


def suspects(gates: Gates, loop: Sequence[int]) -> list[int]:
    """Give the single failures after which a group would be down if no leaning member ever counted, and is not."""
    leaning = fixpoint.down(gates, flags(gates, loop))
    least = gates.least.copy()
    for node in loop:
        least[node] -= leaning[gates.inputs[gates.first[node] : gates.first[node + 1]]].sum()
    if (least[list(loop)] <= 0).any():
        return np.flatnonzero(gates.fails).tolist()
    takes = np.zeros(gates.size, np.bool_)
    for node in loop:
        takes |= sweep.takers(gates._replace(least=least), node) & ~sweep.takers(gates, node)
    return np.flatnonzero(takes & gates.fails).tolist()


def told(leaning: Mapping[str, Sequence[str]], severity: Severity, shows: str) -> Finding:
    """Say who leans on whom, and when that shows."""
    members = sorted({member for each in leaning.values() for member in each})
    lean = f"{listed(members, MOST_NAMED)} {'needs' if len(members) == 1 else 'need'} {listed([*leaning], MOST_NAMED)}"
    which = "which it should hold up" if len(members) == 1 else "which they should hold up"
    first = min(name for name, each in leaning.items() if each)
    return Finding(
        rule=RuleId.SELF_SUPPORTING_GROUP,
        severity=severity,
        subject=first,
        message=f"{lean}, {which}, {shows}",
        remedy="take such members out of the group, or let them do without it",
        path=("groups", first, "members"),
    )


RULE: Final = Rule(RuleId.SELF_SUPPORTING_GROUP, (Severity.HIGH, Severity.MEDIUM), self_supporting_group)
