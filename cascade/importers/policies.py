"""What a mesh does with calls, put on the calls that other sources know."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from cascade.importers.names import SUFFIXES
from cascade.importers.remarks import Remarks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cascade.importers.draft import Draft, Edge, Fact, Origin

BUDGET: Final = "retry.budget"
"""A fact that is part of another one, and said somewhere else."""


@dataclass(frozen=True, kw_only=True)
class CallPolicy:
    """Facts about the calls to a part, whoever makes them."""

    callee: str
    """Host or part: ``reviews``, ``reviews.default``, ``reviews.default.svc.cluster.local``."""
    caller: str | None = None
    """Whose calls; None for those of all."""
    facts: dict[str, Fact]
    """By key of a call in a topology file; none when only a fault is injected."""
    origin: Origin
    """Where the rule stands."""
    other_names: tuple[str, ...] = ()
    """What the callee is called instead, where it is not known under its name."""
    scenario: str = ""
    """Scenario of the draft that injects a fault into the callee."""
    is_optional: bool = False
    """Whether it is no loss when there is no such part: one version of a part that need not be told apart."""


@dataclass(frozen=True, slots=True)
class Names:
    """Which parts go by a name."""

    parts: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    """By label: each part with the namespaces that it is known to be in."""

    def add(self, part: str, names: Iterable[str]) -> None:
        """Note the names of a part."""
        for name in names:
            label, namespace = spelled(name)
            known = self.parts.setdefault(label, {}).setdefault(part, set())
            known |= {namespace} - {""}

    def find(self, name: str) -> list[str]:
        """Give the parts that a name can mean; where one side states no namespace, any will do."""
        label, namespace = spelled(name)
        found = self.parts.get(label, {})
        return [part for part, known in found.items() if not namespace or not known or namespace in known]


def spelled(name: str) -> tuple[str, str]:
    """Split a name into the part and its namespace, empty where none is given; names of the internet stay whole.

    Examples
    --------
    >>> spelled("reviews"), spelled("reviews.shop"), spelled("reviews.shop.svc.cluster.local"), spelled("example.com")
    (('reviews', ''), ('reviews', 'shop'), ('reviews', 'shop'), ('example.com', ''))
    """
    whole = name.lower().replace("_", "-").rstrip(".")
    labels = whole.split(".")
    if "svc" in labels[2:]:
        place = labels.index("svc", 2)
        return labels[place - 2], labels[place - 1]
    if len(labels) == 2 and labels[1] not in SUFFIXES:  # noqa: PLR2004 - name and namespace
        return labels[0], labels[1]
    return whole, ""


def apply(policies: Sequence[CallPolicy], draft: Draft) -> None:
    """Put policies on the calls that they are about; what is said for one caller comes before what is said for all."""
    names = names_in(draft)
    edges: dict[str, list[Edge]] = {}
    for edge in draft.edges.values():
        edges.setdefault(edge.callee, []).append(edge)
    remarks = Remarks()
    idle, total = 0, 0
    for policy in sorted(policies, key=lambda policy: (BUDGET in policy.facts, policy.caller is None)):
        parts = parts_of(policy, names)
        hit = [edge for part in parts for edge in edges.get(part, ()) if is_from(edge, policy.caller, names)]
        for edge in hit:
            put(edge, policy, remarks)
        if policy.scenario:
            aim(draft, policy, parts)
        is_idle = not parts if policy.scenario else not hit
        total += not policy.is_optional
        idle += is_idle and not policy.is_optional
        if is_idle and not policy.is_optional:
            remarks.add("Rules of the mesh about calls or parts that no source knows", host_of(policy))
    remarks.tell(draft)
    if idle:
        draft.note(f"{idle} of {total} rules of the mesh match nothing; add a source that knows who calls whom")


def host_of(policy: CallPolicy) -> str:
    """Name what a policy is about, a fault by the host rather than by the version of it."""
    return policy.other_names[-1] if policy.scenario and policy.other_names else policy.callee


def names_in(draft: Draft) -> Names:
    """Give all names of the parts of a draft; groups are called too."""
    names = Names()
    for component in draft.components.values():
        names.add(component.name, (component.name, *sorted(component.aliases)))
    for group in draft.groups:
        names.add(group, (group,))
    return names


def parts_of(policy: CallPolicy, names: Names) -> list[str]:
    """Give the parts that a policy is about: by the callee's name, or by the first other one that is known."""
    return next((found for name in (policy.callee, *policy.other_names) if (found := names.find(name))), [])


def is_from(edge: Edge, caller: str | None, names: Names) -> bool:
    """Tell whether a policy for a caller is about a call."""
    return caller is None or edge.caller in names.find(caller)


def put(edge: Edge, policy: CallPolicy, remarks: Remarks) -> None:
    """Note on a call what a policy says; what is known already stays, and is told where it is something else."""
    for key, fact in policy.facts.items():
        if key == BUDGET:
            add_budget(edge, fact)
            continue
        known = edge.facts.get(key)
        if key == "per_request" and edge.calls > 0.0:
            continue
        if known and not known.is_assumed and not fact.is_assumed and not agrees(known.value, fact.value):
            was = known.value if isinstance(known.value, (str, int, float)) else "what is known"
            remarks.add(
                "Stated twice, and the first is kept",
                f"{key} of {edge.caller} -> {edge.callee} ({was}; otherwise {policy.origin})",
            )
        edge.know(key, fact.value, fact.why, is_assumed=fact.is_assumed)


def agrees(one: Any, other: Any) -> bool:
    """Tell whether two values say the same, as far as both say something."""
    if isinstance(one, dict) and isinstance(other, dict):
        return all(agrees(one[key], other[key]) for key in one.keys() & other.keys())
    return bool(one == other)


def add_budget(edge: Edge, budget: Fact) -> None:
    """Limit retries, where there are any."""
    known = edge.facts.get("retry")
    if known and isinstance(known.value, dict) and "budget" not in known.value:
        value = known.value | {"budget": budget.value}
        edge.facts["retry"] = replace(known, value=value, why=f"{known.why}; {budget.why}")


def aim(draft: Draft, policy: CallPolicy, parts: Sequence[str]) -> None:
    """Let the events of an injected fault strike the parts of that name, or drop it when there is none."""
    scenario = draft.scenarios.get(policy.scenario)
    if scenario is None:
        return
    struck = [service for part in parts for service in members(draft, part, frozenset())]
    events = [event | {"degrade": name} for event in scenario["events"] for name in dict.fromkeys(struck)]
    if events:
        draft.scenarios[policy.scenario] = scenario | {"events": events}
    else:
        del draft.scenarios[policy.scenario]


def members(draft: Draft, part: str, above: frozenset[str]) -> Iterator[str]:
    """Yield the services that a part stands for: itself, or the members of a group."""
    if part not in draft.groups:
        yield part
    elif part not in above:
        for member in draft.groups[part].get("members", ()):
            yield from members(draft, member, above | {part})
