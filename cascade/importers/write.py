"""A settled draft as the text of a topology file, with a comment for everything that is known, guessed or missing."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

from cascade.importers.draft import firmest, origin_text
from cascade.loading.layout import block_key, flow, scalar_text
from cascade.loading.source import one_line
from cascade.loading.write import SCHEMA_LINE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cascade.importers.draft import Component, Edge, Fact
    from cascade.importers.settle import Settled

WIDTH: Final = 110
"""Columns of comments that have a line to themselves."""
LONGEST_COMMENT: Final = 160
ORDER: Final = ("demand", "weight", "replicas", "zones", "concurrency", "capacity", "queue", "service_time", "slo")
"""Facts of a service in the order in which they are written; others follow."""
SURE: Final = 0.9
"""Confidence from which it is not written down."""


def written(settled: Settled, *, name: str, imported: dict[str, Any], head: Iterable[str]) -> str:
    """Write the topology; ``head`` are sentences that stand above it as comments."""
    draft, lines = settled.draft, [SCHEMA_LINE, "#"]
    for sentence in head:
        lines += [f"# {line}" for line in wrap(one_line(sentence), WIDTH, break_on_hyphens=False)]
    lines += ["version: 1", f"name: {scalar_text(name)}", f"imported: {flow(imported)}", "", "services:"]
    if not draft.services:
        lines[-1] += " {}"
    calls: dict[str, list[Edge]] = {}
    for edge in settled.edges:
        calls.setdefault(edge.caller, []).append(edge)
    for component in draft.services:
        lines += service_lines(component, calls.get(component.name, []))
    for title, parts in {"groups": draft.groups, **draft.sections, "scenarios": draft.scenarios}.items():
        if parts and not isinstance(parts, (dict, list)):
            lines += ["", f"{title}: {scalar_text(parts)}"]
        elif parts:
            lines += ["", f"{title}:"]
            lines += section_lines(parts)
    return "\n".join(lines) + "\n"


def section_lines(parts: Any) -> list[str]:
    """Write the entries of a section."""
    if isinstance(parts, dict):
        return [f"  {block_key(str(key))} {flow(value)}" for key, value in parts.items()]
    return [f"  - {flow(value)}" for value in parts]


def service_lines(component: Component, calls: list[Edge]) -> Iterator[str]:
    """Yield the lines of one service."""
    missing = missing_of(component)
    comment = f"  # missing: {', '.join(missing)}" if missing else ""
    yield f"  {block_key(component.name)}{comment}"
    for key in sorted(component.facts, key=lambda key: (ORDER.index(key) if key in ORDER else len(ORDER), key)):
        yield f"    {key}: {flow(component.facts[key].value)}{tag(component.facts[key])}"
    if calls:
        yield "    calls:"
    for edge in calls:
        yield from call_lines(edge)


def missing_of(component: Component) -> list[str]:
    """Name what the engine would want to know of a service, and nobody said."""
    facts = component.facts
    found = [] if "service_time" in facts else ["service_time"]
    return found if {"concurrency", "capacity"} & facts.keys() else [*found, "capacity"]


def call_lines(edge: Edge) -> Iterator[str]:
    """Yield the lines of one call: one where nothing but its evidence is known."""
    known: dict[str, Any] = {"to": edge.callee}
    proof = proof_of(edge)
    comment = shortened(origin_text(edge.origins))
    missing = "" if "timeout" in edge.facts or edge.facts.get("needs") else "; missing: timeout"
    if not edge.facts:
        yield f"      - {flow(known | proof)}  # {comment}{missing}"
        return
    yield f"      - to: {scalar_text(edge.callee)}  # {comment}{missing}"
    for key, fact in edge.facts.items():
        yield f"        {key}: {flow(fact.value)}{tag(fact)}"
    for key, value in proof.items():
        yield f"        {key}: {flow(value)}"


def proof_of(edge: Edge) -> dict[str, Any]:
    """Give what speaks for a call, and how sure that is, as a topology file holds it."""
    found: dict[str, Any] = {"evidence": list(dict.fromkeys(origin.evidence.value for origin in firmest(edge.origins)))}
    return found if edge.confidence >= SURE else found | {"confidence": f"{edge.confidence:.0%}"}


def tag(fact: Fact) -> str:
    """Give the comment that says where a value is from, as :mod:`cascade.loading.provenance` reads it."""
    return f"  # {'assumed' if fact.is_assumed else 'derived'}: {shortened(fact.why)}"


def shortened(text: str) -> str:
    """Keep a comment on its line."""
    text = one_line(text)
    return text if len(text) <= LONGEST_COMMENT else f"{text[: LONGEST_COMMENT - 3]}..."
