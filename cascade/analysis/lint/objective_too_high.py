"""Promises that nobody below has made."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.analysis.lint.finding import Finding, Rule, Severity
from cascade.analysis.probabilities import probabilities
from cascade.compiled import compile_logic
from cascade.logic import exact, sweep
from cascade.logic.formula import cone
from cascade.logic.store import OutOfBudget
from cascade.model import Needs
from cascade.model.suppression import RuleId
from cascade.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from cascade.analysis.failure_logic import FailureLogic
    from cascade.analysis.lint.subject import Subject
    from cascade.logic.fault_tree import FaultTree
    from cascade.model import Dependency, Group, Objective

    Items = dict[str, float]

NODES: Final = 2**14
"""Nodes of a diagram up to which the exact answer is looked for."""
MOST_REDUNDANT: Final = 32
"""Failures that take a service down only together with others, up to which it is."""
LITTLE: Final = 1e-9
"""Shares of requests that differ by less are the same."""
MOST_NAMED: Final = 4


def objective_too_high(subject: Subject) -> Iterator[Finding]:
    """A service promises more than the services that it cannot do without.

    Each request that fails because of a hard dependency is a failed request of the caller, so a service with four
    hard dependencies of 99.9% cannot keep more than 99.6%, however well it runs itself.

    Fires for each service with an objective of its own (`slo: {success: ...}`), and for entry points by that of the
    topology where the file states one. High where the objective is above the availability that is attainable: what
    the stated reliability of everything else allows, were the service itself never down (exact, or where that is out
    of reach by its single points alone; parts that state none count as never down; failures last for good there, so
    that a cache does not outlast them). Otherwise callees are taken at
    their word: high where one of them alone promises less, medium where all of them together do, taken as
    independent. Only hard calls count, by the share of requests that make them; a call with a cache or a fallback
    does not. A callee without an objective of its own stands for what it needs itself; a group for as many of its
    members as it needs.

    Remedy: promise less, make the dependency soft or give it a fallback, or hold the callee to more.

    Source: Google, Site Reliability Engineering (2016), chapter 4; B. Treynor, M. Dahlin, V. Rau, B. Beyer, The
    calculus of service availability, ACM Queue 15(2), 2017.
    """
    stated = dict(objectives(subject))
    if not stated:
        return
    attainable = dict(attainable_availabilities(subject, stated))
    promised = promises(subject)
    for name, share in stated.items():
        if name in attainable and share > attainable[name].share + LITTLE:
            yield attainable[name].told(subject, share)
        elif items := needed(subject, name, promised):
            yield from against_promises(subject, name, share, items)


@dataclass(frozen=True, slots=True)
class Attainable:
    """What the reliability of everything else allows a service."""

    name: str
    share: float
    worst: tuple[str, ...]
    """What takes most of it away, written with its availability."""
    is_exact: bool

    def told(self, subject: Subject, objective: float) -> Finding:
        """Say that this is less than the objective."""
        at_most = "" if self.is_exact else "at most "
        worst = f": {listed(self.worst, MOST_NAMED)}" if self.worst else ""
        message = (
            f"{self.name} promises {percent(objective)}, but what it depends on allows {at_most}{percent(self.share)}"
        )
        return finding(subject, self.name, Severity.HIGH, message + worst)


def objectives(subject: Subject) -> Iterator[tuple[str, float]]:
    """Yield the services with an objective that the file states."""
    general = subject.topology.objective if "objective" in subject.topology.model_fields_set else None
    for name, service in subject.services.items():
        if states_success(service.slo):
            assert service.slo is not None, "it states one"
            yield name, service.slo.success_fraction
        elif general is not None and states_success(general) and service.is_entry_point:
            yield name, general.success_fraction


def states_success(objective: Objective | None) -> bool:
    """Whether an objective says which share of requests must succeed."""
    return objective is not None and "success_fraction" in objective.model_fields_set


def attainable_availabilities(subject: Subject, names: Mapping[str, float]) -> Iterator[tuple[str, Attainable]]:
    """Yield what the stated reliabilities allow some services, where any is stated."""
    parts = (subject.services, subject.topology.domains)
    if not any(part.reliability for named in parts for part in named.values()):
        return
    compile_logic()
    q = probabilities(subject.logic).values
    for name in names:
        yield name, attainable_of(subject.logic, name, q)


def attainable_of(logic: FailureLogic, name: str, q: NDArray[np.float64]) -> Attainable:
    """Give what everything but a service itself allows it."""
    tree = logic.tree(name, q)
    takes = sweep.takers(logic.gates, tree.top) & logic.gates.fails & (q > 0.0)
    single = [node for node in np.flatnonzero(takes).tolist() if node != tree.top]
    worst = sorted(single, key=lambda node: (-q[node], logic.nodes[node]))
    shown = tuple(f"{logic.nodes[node]} {percent(1.0 - float(q[node]))}" for node in worst)
    several = [node for node in cone(tree) if logic.gates.fails[node] and q[node] > 0.0 and not takes[node]]
    if several and (exact_share := attainable_exactly(tree, len(several))) is not None:
        return Attainable(name, exact_share, shown, is_exact=True)
    share = math.prod(1.0 - float(q[node]) for node in single)
    return Attainable(name, share, shown, is_exact=not several)


def attainable_exactly(tree: FaultTree, redundant: int) -> float | None:
    """Give the availability of a tree's top without its own failure; none where that takes too long."""
    if redundant > MOST_REDUNDANT:
        return None
    try:
        found = exact.solve(exact.solution_of(tree, node_budget=NODES))
    except OutOfBudget:
        return None
    own = float(tree.probability[tree.top])
    return 1.0 - (found.probability - (own * float(found.birnbaum[tree.top]) if own > 0.0 else 0.0))


def promises(subject: Subject) -> dict[str, Items]:
    """Give for each part the objectives that it stands for, by what promises them."""
    found: dict[str, Items] = {}
    for name in reversed(subject.ways.names):
        group = subject.topology.groups.get(name)
        if group is not None:
            found[name] = of_group(name, group, found)
        elif states_success(slo := subject.services[name].slo):
            assert slo is not None, "it states one"
            found[name] = {name: slo.success_fraction}
        else:
            found[name] = needed(subject, name, found)
    return found


def needed(subject: Subject, name: str, promised: Mapping[str, Items]) -> Items:
    """Give what the hard calls of a service come to."""
    found: Items = {}
    for call in subject.services[name].calls:
        if is_bare(call) and subject.ways.rank[name] < subject.ways.rank[call.to]:
            for item, share in promised[call.to].items():
                borne = 1.0 - min(call.per_request, 1.0) * (1.0 - share)
                found[item] = min(found.get(item, 1.0), borne)
    found.pop(name, None)
    return found


def is_bare(call: Dependency) -> bool:
    """Whether each failure of the callee is one of the caller."""
    return call.needs is Needs.HARD and call.cache is None and call.fallback is None


def of_group(name: str, group: Group, found: Mapping[str, Items]) -> Items:
    """Give what a group promises: what all of its members need, and that enough of them keep the rest of their word."""
    items = [found.get(member, {}) for member in group.members]
    if group.needs == len(group.members):
        return {item: share for member in items for item, share in member.items()}
    shared = {item: min(member[item] for member in items) for item in set[str].intersection(*map(set, items))}
    up = at_least(group.needs, [math.prod(member[item] for item in member.keys() - shared) for member in items])
    return shared | ({name: up} if up < 1.0 else {})


def at_least(count: int, chances: list[float]) -> float:
    """Give the chance that at least so many of some independent things are there.

    Examples
    --------
    >>> round(at_least(1, [0.9, 0.9]), 12), round(at_least(2, [0.9, 0.9]), 12)
    (0.99, 0.81)
    """
    odds = [1.0]
    for chance in chances:
        odds = [
            (odds[k] * (1.0 - chance) if k < len(odds) else 0.0) + (odds[k - 1] * chance if k else 0.0)
            for k in range(len(odds) + 1)
        ]
    return sum(odds[count:])


def against_promises(subject: Subject, name: str, objective: float, items: Items) -> Iterator[Finding]:
    """Compare an objective with what the callees promise: one alone, or all together."""
    together = math.prod(items.values())
    ranked = sorted(items, key=lambda item: (items[item], item))
    promise = f"{name} promises {percent(objective)}, but"
    if objective > items[ranked[0]] + LITTLE:
        message = f"{promise} {ranked[0]}, which it cannot do without, only {percent(items[ranked[0]])}"
        yield finding(subject, name, Severity.HIGH, message)
    elif objective > together + LITTLE:
        each = listed([f"{item} {percent(items[item])}" for item in ranked], MOST_NAMED)
        message = f"{promise} the {len(items)} that it cannot do without only {percent(together)} together: {each}"
        yield finding(subject, name, Severity.MEDIUM, message)


def percent(share: float) -> str:
    """Write a share so that nines can be told apart.

    Examples
    --------
    >>> percent(0.999), percent(0.99), percent(0.9999604)
    ('99.9%', '99%', '99.996%')
    """
    lost = 1.0 - share
    digits = max(2 - math.floor(math.log10(lost * 100.0)) - 1, 0) if lost > 0.0 else 0
    text = f"{share * 100.0:.{min(digits, 12)}f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}%"


def finding(subject: Subject, name: str, severity: Severity, message: str) -> Finding:
    """Make the finding about a service."""
    has_own = states_success(subject.services[name].slo)
    return Finding(
        rule=RuleId.OBJECTIVE_TOO_HIGH,
        severity=severity,
        subject=name,
        message=message,
        remedy="promise less, hold what it needs to more, or make it do without",
        path=("services", name, "slo") if has_own else ("services", name),
    )


RULE: Final = Rule(RuleId.OBJECTIVE_TOO_HIGH, (Severity.HIGH, Severity.MEDIUM), objective_too_high)
