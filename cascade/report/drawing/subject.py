"""What a map shows of a topology or a run, and what it leaves out, before anything has a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cascade.model import Topology
from cascade.report.drawing.states import State, Worst, impacts_of, worst_of
from cascade.report.lanes import run_of
from cascade.report.map import Arrow, most_connected, worst_hit
from cascade.report.moments import setting
from cascade.wording import counted, listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

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


def subject_of(shown: Topology | Run | BlastRadius | Replay) -> Subject:
    """Choose what a map shows."""
    topology = shown if isinstance(shown, Topology) else run_of(shown).topology
    impacts = {} if isinstance(shown, Topology) else impacts_of(shown)
    every = {name: number for number, name in enumerate([*topology.services, *topology.groups, *topology.fleets])}
    arrows = arrows_of(topology)
    names = chosen(list(every), arrows, impacts)
    domains, hidden = shown_domains(topology, names)
    left_out = [*hidden]
    if len(names) < len(every):
        which = "that lose most, with what led to them" if impacts else "with most arrows"
        left_out.insert(0, f"Shown are the {len(names):,} of {counted(len(every), 'part')} {which}.")
    worst = {}
    told = [outline_of(topology)]
    question = f"What depends on what in {topology.name}?"
    if not isinstance(shown, Topology):
        run = run_of(shown)
        worst = {name: worst_of(run, impacts.get(name)) for name in names}
        question = f"What takes what down? {setting(run)}"
        told.append(damage(impacts, {name: worst_of(run, impact) for name, impact in impacts.items()}))
    spread = spread_of(impacts, {arrow[:2] for arrow in arrows})
    parts = {name: every[name] for name in names}
    return Subject(topology, parts, tuple(arrows), domains, worst, spread, question, tuple(told), tuple(left_out))


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


def chosen(every: list[str], arrows: Iterable[tuple[str, str, str]], impacts: Mapping[str, Impact]) -> list[str]:
    """Give the parts that there is room for: all, or those that are hit, or those with most arrows."""
    if len(every) <= MOST_BOXES:
        return every
    if impacts:
        hit = {impact.name for impact, _ in worst_hit([(impact, 0) for impact in impacts.values()], MOST_BOXES)}
        return [name for name in every if name in hit]
    return most_connected(every, [Arrow(caller, callee, None) for caller, callee, _ in arrows], MOST_BOXES)


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


def damage(impacts: Mapping[str, Impact], worst: Mapping[str, Worst]) -> str:
    """Say what is hit, in the order in which it falls."""
    if not impacts:
        return "Nothing leaves its objective."
    states = [found.state for found in worst.values()]
    down = sum(state is State.DOWN for state in states)
    told = [f"{name} {worst[name].text}" for name in impacts]
    return f"{counted(len(states), 'part')} hit, {down:,} of them down: {listed(told, MOST_NAMED)}."
