"""Fallbacks that fail together with what they stand in for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.analysis.causes import Part
from cascade.analysis.lint.finding import Finding, Rule, Severity
from cascade.logic import sweep
from cascade.logic.gates import Gates
from cascade.model.suppression import RuleId
from cascade.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cascade.analysis.lint.subject import Call, Subject

MOST_NAMED: Final = 4
"""Shared causes that are named."""


def fallback_shares_path(subject: Subject) -> Iterator[Finding]:
    """A single failure takes a callee down together with the fallback that should stand in for it.

    A fallback is redundancy, and redundancy that stands on the same store, the same zone or the same resolver is
    none: when the common part fails, the call fails, its fallback fails, and the load of both comes at once.

    Fires, with high severity, for each call whose callee and whose `fallback.to` are both down after one single
    failure, by the same rules as `cascade spof`: services, fleets and failure domains are tried, for good and with
    nothing left. Named is what takes both. A failure that takes the caller down in any case, whatever becomes of
    this call, is left out: no fallback could help there. Built-in replies (a fallback without `to`) share nothing.

    Remedy: a fallback that does without the shared part: a copy in another zone, a cache that the caller holds
    itself, a built-in reply.

    Source: J. Gabrielson, Avoiding fallback in distributed systems, Amazon Builders' Library; mechanism 31 of the
    theory page.
    """
    calls = [call for call in subject.calls if call.policy.fallback and call.policy.fallback.to]
    if not calls:
        return
    gates = subject.logic.gates
    hits = sweep.sweep(with_nodes(gates, [(pair := both_of(subject, call), len(pair)) for call in calls])).hit_count
    for place, call in enumerate(calls):
        if hits[gates.size + place] > 0 and (shared := shared_causes(subject, call)):
            yield told(call, shared)


def both_of(subject: Subject, call: Call) -> tuple[int, ...]:
    """Give the nodes of a callee and of its fallback; one, where they are the same."""
    assert call.policy.fallback is not None, "only such calls are looked at"
    nodes = subject.logic.node_of
    return tuple(dict.fromkeys((nodes[call.callee], nodes[str(call.policy.fallback.to)])))


def shared_causes(subject: Subject, call: Call) -> tuple[str, ...]:
    """Name the single failures that take both, and that the caller would survive but for this call."""
    logic = subject.logic
    caller = logic.node_of[call.caller]
    pair, others = both_of(subject, call), tuple(dict.fromkeys(other_causes(subject, call)))
    gates = with_nodes(without_inputs(logic.gates, caller), [(pair, len(pair)), (others, 1)])
    takes_both, takes_caller = (sweep.takers(gates, logic.gates.size + more)[: logic.gates.size] for more in (0, 1))
    shared = takes_both & ~takes_caller & logic.gates.fails & (logic.orders == 1)
    own = {caller, logic.event_of[call.caller]}
    return tuple(sorted(logic.nodes[node] for node in np.flatnonzero(shared).tolist() if node not in own))


def other_causes(subject: Subject, call: Call) -> Iterator[int]:
    """Yield the nodes of all that takes the caller down besides this call."""
    causes = subject.builder.causes
    left_s = causes.question.after_s
    of_this = list(causes.of_call(subject.services[call.caller], call.policy, left_s))
    for cause in causes.of(Part(call.caller, left_s)):
        if cause in of_this:
            of_this.remove(cause)
        else:
            yield subject.builder.cause(cause)


def with_nodes(gates: Gates, added: Sequence[tuple[tuple[int, ...], int]]) -> Gates:
    """Add nodes that cannot fail by themselves, each with its inputs and with how many of them take it down."""
    ends = gates.first[-1] + np.cumsum([len(inputs) for inputs, _ in added])
    inputs = np.array([node for nodes, _ in added for node in nodes], np.int32)
    return Gates(
        first=np.concatenate((gates.first, ends)).astype(np.int64),
        inputs=np.concatenate((gates.inputs, inputs)),
        least=np.concatenate((gates.least, np.array([least for _, least in added], np.int32))),
        fails=np.concatenate((gates.fails, np.zeros(len(added), np.bool_))),
    )


def without_inputs(gates: Gates, node: int) -> Gates:
    """Give the gates with a node that nothing takes down but itself."""
    begin, end = int(gates.first[node]), int(gates.first[node + 1])
    first, least = gates.first.copy(), gates.least.copy()
    first[node + 1 :] -= end - begin
    least[node] = 1
    return gates._replace(first=first, least=least, inputs=np.delete(gates.inputs, slice(begin, end)))


def told(call: Call, names: Sequence[str]) -> Finding:
    """Name what is shared."""
    assert call.policy.fallback is not None, "only such calls are looked at"
    fails = "fails, it takes" if len(names) == 1 else "fails, that takes"
    return Finding(
        rule=RuleId.FALLBACK_SHARES_PATH,
        severity=Severity.HIGH,
        subject=call.name,
        message=(
            f"when {listed(names, MOST_NAMED, last='or')} {fails} {call.callee} down together with its fallback "
            f"{call.policy.fallback.to}"
        ),
        remedy="fall back on something that does without it",
        path=(*call.path, "fallback"),
    )


RULE: Final = Rule(RuleId.FALLBACK_SHARES_PATH, (Severity.HIGH,), fallback_shares_path)
