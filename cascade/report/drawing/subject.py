"""What a map shows of a topology or a run, and what it leaves out, before anything has a place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from cascade.analysis.sweep import Sweep
from cascade.model import Topology
from cascade.report.drawing.states import State, Worst, impacts_of, worst_before, worst_of
from cascade.report.lanes import run_of
from cascade.report.map import Arrow, most_connected, worst_hit
from cascade.report.moments import setting
from cascade.wording import counted, listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from cascade.analysis.blast_radius import BlastRadius
    from cascade.analysis.impact import Impact
    from cascade.analysis.replay import Replay
    from cascade.engine.run import Run

MOST_BOXES: Final = 150
"""Parts that a map can show and still be read."""
MOST_AREAS: Final = 8
MOST_NAMED: Final = 12
"""Names that a description holds."""
CALLS: Final = ("hard", "soft", "async", "startup", "control")
"""Kinds of arrows that are calls; the others keep groups and fleets together."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a map is about."""

    topology: Topology
    parts: dict[str, int]
    """The parts that are shown, with their numbers in the topology."""
    entries: frozenset[str]
    """Where requests come in."""
    arrows: tuple[tuple[str, str, str], ...]
    """Caller, callee and kind."""
    domains: dict[str, tuple[str, ...]]
    worst: dict[str, Worst]
    """The worst that each part went through; empty without a run."""
    spread: frozenset[tuple[str, str]]
    """Arrows along which failure came back."""
    question: str
    told: tuple[str, ...]
    """What it shows, in sentences."""
    left_out: tuple[str, ...]
    """What it does not show, in sentences."""


def subject_of(shown: Topology | Run | BlastRadius | Replay | Sweep, most: int = MOST_BOXES) -> Subject:
    """Choose what a map shows, and how it is put in words."""
    if isinstance(shown, Topology):
        question = f"What depends on what in {shown.name}?"
        return chosen(shown, {}, question, most)
    if isinstance(shown, Sweep):
        question = f"What does each failure take down in {shown.topology.name}?"
        subject = chosen(shown.topology, {}, question, most, hit_by(shown))
        return replace(subject, worst=dict.fromkeys(subject.parts, Worst(State.WORKS, "")))
    run, impacts = run_of(shown), impacts_of(shown)
    subject = chosen(run.topology, impacts, f"What takes what down? {setting(run)}", most)
    worst = {name: worst_of(run, impact) for name, impact in impacts.items()}
    before = {name: worst_before(run, name) for name in getattr(shown, "hit_before", ())}
    return replace(
        subject,
        worst={name: worst.get(name) or before.get(name) or worst_of(run, None) for name in subject.parts},
        told=(*subject.told, damage(worst)),
    )


def chosen(
    topology: Topology, impacts: Mapping[str, Impact], question: str, most: int, first: Sequence[str] = ()
) -> Subject:
    """Choose the parts of a topology that there is room for, with everything between them."""
    every = {name: number for number, name in enumerate([*topology.services, *topology.groups, *topology.fleets])}
    arrows = arrows_of(topology)
    names = part_of(list(every), arrows, impacts, most, first)
    domains, hidden = shown_domains(topology, names)
    if len(names) < len(every):
        which = "that lose most, with what led to them" if impacts else "with most arrows"
        which = "that the worst failures hit" if first else which
        hidden = [f"Shown are the {len(names):,} of {counted(len(every), 'part')} {which}.", *hidden]
    return Subject(
        topology=topology,
        parts={name: every[name] for name in names},
        entries=frozenset(name for name, service in topology.services.items() if service.is_entry_point),
        arrows=tuple(arrows),
        domains=domains,
        worst={},
        spread=spread_of(impacts, {arrow[:2] for arrow in arrows}),
        question=question,
        told=(outline_of(topology),),
        left_out=tuple(hidden),
    )


def arrows_of(topology: Topology) -> list[tuple[str, str, str]]:
    """Give everything that needs another, with the kind of its arrow."""
    edges: dict[tuple[str, str], str] = {
        (caller, callee): attributes["needs"] for caller, callee, attributes in topology.graph.edges(data=True)
    }
    return [(caller, callee, kind if kind in CALLS else "keeps") for (caller, callee), kind in edges.items()]


def spread_of(impacts: Mapping[str, Impact], arrows: Collection[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Give the arrows along which failure spread: back from the callee, or forth with more load than can be done."""
    pairs = [(impact.name, impact.path[-2]) for impact in impacts.values() if len(impact.path) > 1]
    back = {pair for pair in pairs if pair in arrows}
    forth = {(cause, name) for name, cause in pairs if (name, cause) not in arrows}
    return frozenset(back | (forth & {*arrows}))


def part_of(
    every: list[str],
    arrows: Iterable[tuple[str, str, str]],
    impacts: Mapping[str, Impact],
    most: int,
    first: Sequence[str] = (),
) -> list[str]:
    """Give the parts that there is room for: all, or those that come first, or that are hit, or with most arrows."""
    if len(every) <= most:
        return every
    if first:
        kept = {*first[:most]}
        return [name for name in every if name in kept]
    if impacts:
        hit = {impact.name for impact, _ in worst_hit([(impact, 0) for impact in impacts.values()], most)}
        return [name for name in every if name in hit]
    return most_connected(every, [Arrow(caller, callee, None) for caller, callee, _ in arrows], most)


def hit_by(sweep: Sweep) -> list[str]:
    """Give what the worst failures hit, each with what failed, the worst first."""
    hit: dict[str, None] = {}
    for place in sweep.ranking.tolist():
        if place in sweep.leading:
            found = (sweep.names[part] for part in sweep.leading[place]["part"].tolist())
            hit |= dict.fromkeys((*sweep.study.contingencies[place], *found))
    return list(hit)


def shown_domains(topology: Topology, names: Collection[str]) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """Give the domains that can be drawn as areas, none over another, and say which cannot."""
    here = {*names}
    inside = {
        domain: tuple(name for name in members if name in here) for domain, members in topology.all_domains.items()
    }
    whole = {
        domain: members
        for domain, members in inside.items()
        if members and all(topology.all_domains[domain][name] >= 1.0 for name in members)
    }
    drawn: dict[str, tuple[str, ...]] = {}
    for domain, members in sorted(whole.items(), key=lambda pair: -len(pair[1])):
        if len(drawn) < MOST_AREAS and not any({*members} & {*others} for others in drawn.values()):
            drawn[domain] = members
    hidden = [domain for domain, members in inside.items() if members and domain not in drawn]
    said = [f"Failure domains without an area of their own here: {listed(hidden, MOST_NAMED)}."] if hidden else []
    return drawn, said


def outline_of(topology: Topology) -> str:
    """Say how large a topology is, and where requests come in."""
    sizes = ((len(topology.services), "service"), (len(topology.groups), "group"), (len(topology.fleets), "fleet"))
    text = listed([counted(count, what) for count, what in sizes if count]) or "Nothing"
    entries = [name for name, service in topology.services.items() if service.is_entry_point]
    return f"{text}; requests come in at {listed(entries, MOST_NAMED)}." if entries else f"{text}."


def damage(worst: Mapping[str, Worst]) -> str:
    """Say what is hit, in the order in which it falls."""
    if not worst:
        return "Nothing leaves its objective."
    down = sum(found.state is State.DOWN for found in worst.values())
    told = [f"{name} {found.text}" for name, found in worst.items()]
    return f"{counted(len(worst), 'part')} hit, {down:,} of them down: {listed(told, MOST_NAMED)}."
