"""What a page says of one part: why it fell, through what, what it waits for, and what its own loss would do."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cascade.analysis.sentences import about, brief, count
from cascade.analysis.sweep_sentences import amount
from cascade.report.drawing.states import worst_of
from cascade.report.moments import moment_text
from cascade.wording import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cascade.analysis.blast_radius import BlastRadius
    from cascade.analysis.contingencies import Contingencies
    from cascade.analysis.impact import Impact
    from cascade.analysis.windows import Window
    from cascade.model import Topology
    from cascade.report.page.cells import Index

MOST_LINKS: Final = 6
"""Neighbours of a part that are listed one by one."""
MOST_STEPS: Final = 12
"""Steps of a path that are told."""
SAME_S: Final = 60.0
"""What falls so little later is told as one with what fell before [s]."""
NEEDS: Final = {
    "hard": "cannot do without it",
    "soft": "does worse without it",
    "async": "leaves work for it",
    "startup": "needs it to start",
    "control": "needs it to be changed",
    "member": "is one of its members",
    "cache": "keeps its answers",
    "fallback": "stands in when a call fails",
    "capacity": "gives it capacity",
    "success": "serves its requests",
    "lease": "renews the leases of its units",
    "health_check": "probes its units",
    "restoration": "brings its units back",
}
"""What a part is to the one that needs it, by the kind of the need."""


@dataclass(frozen=True, slots=True)
class Link:
    """A part that is spoken of, with what is said of it."""

    name: str
    part: int | None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Fate:
    """What a run did to a part."""

    state: str
    """The worst: hit or down."""
    summary: str
    why: str
    steps: tuple[Link, ...]
    """From the fault to it, each one the reason of the next."""
    waited: frozenset[str]
    """All that it needs and that was hit while it was."""
    waits: tuple[Link, ...]
    """What it needs and what was hit while it was."""
    waits_more: int
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PartText:
    """All that a page says of one part."""

    number: int
    name: str
    kind: str
    description: str
    note: str
    """What is to be known before anything else is said of it."""
    fate: Fate | None
    """None for what nothing happened to."""
    loss: tuple[str, ...]
    """What its own failure does, in sentences."""
    calls: tuple[Link, ...]
    """What it needs, what it waited for left out."""
    calls_more: int
    callers: tuple[Link, ...]
    callers_more: int

    @property
    def summary(self) -> str:
        """Say in a few words what happened to it."""
        return self.fate.summary if self.fate else ""


@dataclass(frozen=True)
class Relations:
    """Who needs whom in a topology, and how."""

    callees: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """For each part what it needs, with the kind of the need."""
    callers: dict[str, list[str]] = field(default_factory=dict)


def relations_of(topology: Topology) -> Relations:
    """Give who needs whom."""
    found = Relations()
    needs: str
    for caller, callee, needs in topology.graph.edges(data="needs"):
        found.callees.setdefault(caller, []).append((callee, needs))
        found.callers.setdefault(callee, []).append(caller)
    for domain, members in topology.all_domains.items():
        found.callees[domain] = [(name, "") for name in members]
    return found


def kind_of(topology: Topology, name: str) -> str:
    """Say what a name stands for."""
    if service := topology.services.get(name):
        words = "entry point" if service.is_entry_point else "service"
        return f"{words}, {service.replicas:,} replicas" if service.replicas > 1 else words
    if group := topology.groups.get(name):
        return f"group, needs {group.needs} of {len(group.members)}"
    if fleet := topology.fleets.get(name):
        return f"fleet of {fleet.size:,}"
    return "failure domain"


def description_of(topology: Topology, name: str) -> str:
    """Give what the file says of a part."""
    part: Any = topology.services.get(name) or topology.fleets.get(name)
    return part.description if part else ""


def tell(  # noqa: PLR0913 - all that is known of a part
    topology: Topology,
    name: str,
    index: Index,
    relations: Relations,
    *,
    fate: Fate | None,
    loss: Sequence[str],
    note: str = "",
) -> PartText:
    """Put together what is said of a part."""
    waited = fate.waited if fate else frozenset()
    callees = [each for each in relations.callees.get(name, ()) if each[0] not in waited]
    callers = relations.callers.get(name, [])
    return PartText(
        number=index.number[name],
        name=name,
        kind=kind_of(topology, name),
        description=description_of(topology, name),
        note=note,
        fate=fate,
        loss=tuple(loss),
        calls=tuple(Link(to, index.link(to), NEEDS.get(needs, "")) for to, needs in callees[:MOST_LINKS]),
        calls_more=max(len(callees) - MOST_LINKS, 0),
        callers=tuple(Link(who, index.link(who)) for who in callers[:MOST_LINKS]),
        callers_more=max(len(callers) - MOST_LINKS, 0),
    )


def fate_of(blast: BlastRadius, impact: Impact, index: Index, relations: Relations) -> Fate:
    """Say what a run did to a part."""
    run = blast.run
    until = "not back within the run" if impact.returns_s is None else f"back {moment_text(run, impact.returns_s)}"
    waits = tuple(waits_of(blast, impact, index, relations))
    state = worst_of(run, impact).state.word
    return Fate(
        state=state,
        summary=f"{state} from {moment_text(run, impact.falls_s)} for {about(impact.outage_s)}, {until}",
        why=f"{moment_text(run, impact.falls_s)}: {impact.why}.",
        steps=tuple(steps_to(blast, impact, index)),
        waited=frozenset(link.name for link in waits),
        waits=waits[:MOST_LINKS],
        waits_more=max(len(waits) - MOST_LINKS, 0),
        facts=tuple(facts_of(blast, impact)),
    )


def steps_to(blast: BlastRadius, impact: Impact, index: Index) -> Iterator[Link]:
    """Follow the path from the fault to a part, each step with its time and reason."""
    by_name = {each.name: each for each in blast.impacts}
    path = whole_path(impact, by_name)
    for name in path if len(path) <= MOST_STEPS else (*path[:2], *path[2 - MOST_STEPS :]):
        yield Link(name, index.link(name), step_text(blast, impact, name, by_name.get(name)))


def step_text(blast: BlastRadius, impact: Impact, name: str, step: Impact | None) -> str:
    """Say what one step of the path to a part is, and when it fell."""
    if step is not None and step.falls_s > impact.falls_s + SAME_S:
        return "hampered, but within its objective then"
    time_s = step.falls_s if step else blast.trigger_start_s
    why = step.why if step else "fails" if name in blast.trigger else "is where it begins"
    return f"{moment_text(blast.run, time_s)}: {why}"


def whole_path(impact: Impact, by_name: Mapping[str, Impact]) -> tuple[str, ...]:
    """Give the path to a part, all the way from the fault.

    What many callees pull down together can fall a moment before the one that weighs most; its own path goes on from
    there.
    """
    path = impact.path
    first = by_name.get(path[0])
    while first is not None and first.falls_s <= impact.falls_s + SAME_S and {*first.path[:-1]}.isdisjoint(path):
        if len(first.path) == 1:
            break
        path = (*first.path[:-1], *path)
        first = by_name.get(path[0])
    return path


def waits_of(blast: BlastRadius, impact: Impact, index: Index, relations: Relations) -> Iterator[Link]:
    """Say what a part needs that was hit while it was hit itself, and when."""
    by_name = {each.name: each for each in blast.impacts}
    for name, needs in relations.callees.get(impact.name, ()):
        callee = by_name.get(name)
        if callee is not None and any(overlap(a, b) for a in impact.windows for b in callee.windows):
            when = listed([window_text(blast, window) for window in callee.windows], 3)
            yield Link(name, index.link(name), f"{NEEDS.get(needs, needs)}; hit {when}")


def overlap(one: Window, other: Window) -> bool:
    """Whether two windows have time in common.

    Examples
    --------
    >>> from cascade.analysis.windows import Window
    >>> overlap(Window("a", 0.0, 9.0), Window("b", 8.0, 20.0)), overlap(Window("a", 0.0, 9.0), Window("b", 9.0, 20.0))
    (True, False)
    """
    return one.start_s < other.end_s and other.start_s < one.end_s


def window_text(blast: BlastRadius, window: Window) -> str:
    """Write a window."""
    end = moment_text(blast.run, window.end_s) if math.isfinite(window.end_s) else "the end of the run"
    return f"{moment_text(blast.run, window.start_s)} to {end}"


def facts_of(blast: BlastRadius, impact: Impact) -> Iterator[tuple[str, str]]:
    """Give the numbers of an impact, with their names."""
    yield "Hit", "; ".join(window_text(blast, window) for window in impact.windows[:6])
    if len(impact.windows) > 6:  # noqa: PLR2004 - as many as are written
        yield "and", f"{len(impact.windows) - 6} more times"
    yield "Worst", f"{impact.depth_fraction:.0%} {'of its units out' if impact.kind == 'fleet' else 'of requests lost'}"
    if impact in blast.outlasting and impact.outlasts_s:
        yield "After the repair", f"+{about(impact.outlasts_s)}"
    if impact.requests_lost >= 1.0:
        yield "Requests lost", count(impact.requests_lost)
    if impact.peak_backlog_count >= 1.0:
        what = "units out of service" if impact.kind == "fleet" else "waiting"
        yield "Peak", f"{brief(impact.peak_backlog_count)} {what}"
    if impact.peak_backlog_age_s >= 1.0:
        yield "Oldest work", about(impact.peak_backlog_age_s)


def losses(found: Contingencies) -> dict[str, list[str]]:
    """Say for each part what its loss takes down by structure alone, how that ranks, and what takes it down."""
    said: dict[str, list[str]] = {}
    total, services = len(found.names), found.logic.topology.services
    for rank, place in enumerate(found.ranking.tolist(), start=1):
        name, others, users = (
            found.names[place],
            int(found.affected_count[place]),
            int(found.entry_points_lost_count[place]),
        )
        users -= name in services and services[name].is_entry_point
        takes = f"takes {counted(others, 'other service')} down for good" if others else "takes no other service down"
        among = f", {counted(users, 'other entry point')} among them" if users > 0 else ""
        ranks = f"; rank {rank:,} of {total:,}" if others else ""
        lines = [f"By structure alone, its loss {takes}{among}{ranks}."]
        if hits := int(found.hit_count[place]):
            worst = found.worst[place]
            alone = f"{counted(hits, 'other part')} {'take' if hits > 1 else 'takes'} it down alone"
            lines.append(f"{alone}; the one that takes most with it is {worst}." if worst else f"{alone}.")
        said[name] = lines
    return said


def cost_text(minutes: float, parts: int, back: str) -> str:
    """Say what a simulated failure costs."""
    return f"Simulated, its failure costs {amount(minutes)}, hits {counted(parts, 'other part')}, and {back}."
