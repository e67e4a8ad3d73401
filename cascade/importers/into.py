"""What files say is put into a topology file that somebody keeps, every other byte as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cascade.importers.coverage import report_on
from cascade.importers.draft import origin_text
from cascade.importers.format import Options
from cascade.importers.formats import topology
from cascade.importers.merge import Part, merged
from cascade.importers.reading import apply_policies, drafted, parts_of
from cascade.importers.settle import settle
from cascade.importers.sources import Document
from cascade.importers.write import proof_of
from cascade.loading.edit import edited
from cascade.loading.read import loads
from cascade.loading.source import file_label, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cascade.importers.draft import Component, Draft, Edge, Fact
    from cascade.importers.findings import Report
    from cascade.importers.settle import Settled
    from cascade.loading.changes import Change


def put(
    into: str | Path, paths: Sequence[str | Path], form: str, *, options: Options | None = None
) -> tuple[str, Report]:
    """Give the text of a topology file with what other files say put into it, and what there is to say of that.

    What they say takes the place of what stands there; comments name where a value is from now.

    Raises
    ------
    TopologyError
        When a file cannot be read, or the topology cannot be changed in place.
    """
    options, text = options or Options(), read_text(into)
    base = drafted(topology.FORMAT, [Document(file_label(into), content=text.encode())], options)
    known = {key: set(facts) for key, facts in facts_of(base.draft)}
    set_assumed(base.draft, is_assumed=True)  # so that whatever other sources say takes its place
    parts = [base, *parts_of([(paths, form)], options)[0]]
    whole = merged(parts, options)
    apply_policies(whole.draft)
    settled = settle(whole.draft, options)
    result = edited(text, changes(settled, base, known), file=file_label(into))
    loads(result, file=file_label(into))
    set_assumed(settled.draft, is_assumed=False)
    return result, report_on(parts, whole, settled, options)


def facts_of(draft: Draft) -> Iterator[tuple[Any, dict[str, Fact]]]:
    """Yield the facts of all parts and calls of a draft."""
    yield from ((name, component.facts) for name, component in draft.components.items())
    yield from ((pair, edge.facts) for pair, edge in draft.edges.items())


def set_assumed(draft: Draft, *, is_assumed: bool) -> None:
    """Let what the topology states count as a guess, or as stated."""
    for _, facts in facts_of(draft):
        for key, fact in facts.items():
            if fact.why == topology.WHY:
                facts[key] = replace(fact, is_assumed=is_assumed)


def changes(settled: Settled, base: Part, known: dict[Any, set[str]]) -> Iterator[Change]:
    """Yield what is to be changed in the text."""
    for component in settled.draft.services:
        if component.name not in base.draft.components:
            yield ("services", component.name), {}, origin_text(component.origins) if component.origins else ""
        yield from changed_facts(("services", component.name), component, known.get(component.name, set()))
    added: dict[str, int] = {}
    for edge in settled.edges:
        if (edge.caller, edge.callee) in base.draft.edges:
            yield from changed_facts(
                ("services", edge.caller, "calls", edge.callee), edge, known[edge.caller, edge.callee]
            )
        else:
            place = len([pair for pair in base.draft.edges if pair[0] == edge.caller]) + added.get(edge.caller, 0)
            added[edge.caller] = added.get(edge.caller, 0) + 1
            guessed = "".join(f"assumed: {key}, {fact.why}; " for key, fact in edge.facts.items() if fact.is_assumed)
            yield ("services", edge.caller, "calls", place), call_of(edge), f"{guessed}{origin_text(edge.origins)}"
    for name, scenario in settled.draft.scenarios.items():
        if name not in base.draft.scenarios:
            yield ("scenarios", name), scenario


def changed_facts(path: tuple[str, ...], part: Component | Edge, known: set[str]) -> Iterator[Change]:
    """Yield the facts of a part or call that another source states."""
    for key, fact in part.facts.items():
        is_new = not fact.is_assumed or key not in known
        if is_new and fact.why != topology.WHY:
            yield (*path, key), fact.value, f"{'assumed' if fact.is_assumed else 'derived'}: {fact.why}"


def call_of(edge: Edge) -> dict[str, Any]:
    """Give a new call as a topology file holds it."""
    found: dict[str, Any] = {"to": edge.callee} | {key: fact.value for key, fact in edge.facts.items()}
    return found | proof_of(edge)
