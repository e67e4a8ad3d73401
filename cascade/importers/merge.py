"""Several sources of one system become one draft, and where they disagree is told."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from cascade.importers.draft import Draft, Edge, Kind, know
from cascade.importers.findings import Disagreement
from cascade.importers.names import SUFFIXES, fit
from cascade.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cascade.importers.format import Format, Options

GENERIC: Final = (Kind.SYNC, Kind.ALLOWED)
"""Kinds that say no more than that there is a call."""
CLUSTER: Final = re.compile(r"\.svc(\.cluster\.local)?$")
"""What a cluster puts behind the names of its Services."""
LIKENESS: Final = 0.45
"""How alike two names must be to be offered as one part."""
SHORTEST_WORD: Final = 3
COMMON: Final = frozenset({"service", "server", "svc", "app", "api", "the", "default"})
"""Words that any part may have in its name."""
MOST_COMPARED: Final = 300
"""Unmatched names of one source that are compared with those of others."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one format said."""

    format: Format
    draft: Draft
    label: str = ""
    """Its format with its files; empty where there are none."""

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        return self.label or self.format.title

    @property
    def describes_calls(self) -> bool:
        """Whether a part without calls in it can be believed to make none."""
        return bool(self.draft.record.get("describes_calls", self.format.describes_calls))

    @property
    def cannot_know(self) -> tuple[str, ...]:
        """What it cannot say."""
        return tuple(self.draft.record.get("cannot_know", self.format.cannot_know))


@dataclass(frozen=True, slots=True)
class Merged:
    """One draft of several sources."""

    draft: Draft
    disagreements: tuple[Disagreement, ...]
    suggestions: tuple[tuple[str, str], ...]
    """(name, alike name of another source) of parts that only one source knows, and that could be one."""


def merged(parts: Sequence[Part], options: Options) -> Merged:
    """Put the drafts together under one name for each part; the first source that names a part names it."""
    whole = Draft()
    called = names_of(parts, options.aliases, whole)
    for number, (part, names) in enumerate(zip(parts, called, strict=True)):
        for edge in part.draft.edges.values():
            edge.source = number
        take_over(part.draft, names, whole, number)
    whole.name = next((part.draft.name for part in parts if part.draft.name), "")
    return Merged(whole, tuple(disagreements(parts, called)), tuple(alike(called)))


def names_of(parts: Sequence[Part], aliases: Mapping[str, str], whole: Draft) -> list[dict[str, str]]:
    """Give for each source what each of its parts is called in the topology; what could be several stays apart."""
    is_alone = len(parts) == 1
    known: dict[str, set[str]] = {}
    found = []
    for part in parts:
        names = {}
        shared = Counter(map(first_label, part.draft.components))
        for name, component in part.draft.components.items():
            if name in aliases:
                names[name] = fit(aliases[name])
            elif is_alone:
                names[name] = CLUSTER.sub("", name) or name
            else:
                keys = [key for other in (name, *sorted(component.aliases)) for key in keys_of(other, aliases, shared)]
                candidates = next((known[key] for key in keys if key in known), set[str]())
                names[name] = next(iter(candidates)) if len(candidates) == 1 else plain(name, shared)
                if len(candidates) > 1:
                    those = listed(sorted(candidates), last="or")
                    whole.note(f"{name} of one source could be {those} of another, and was left apart (--alias)")
        for name, component in part.draft.components.items():
            for other in (names[name], name, *sorted(component.aliases)):
                for key in keys_of(other, aliases, shared):
                    known.setdefault(key, set()).add(names[name])
        found.append(names)
    return found


def keys_of(name: str, aliases: Mapping[str, str], shared: Mapping[str, int]) -> Iterator[str]:
    """Yield the spellings under which the same part may stand elsewhere, the most exact first.

    Without its namespace a name is only looked for where its source has no other of that name.
    """
    spelled = CLUSTER.sub("", aliases.get(name, name)).lower().replace("_", "-")
    yield spelled
    if is_namespaced(name) and shared.get(first_label(name), 0) <= 1:
        yield spelled.split(".", maxsplit=1)[0]


def plain(name: str, shared: Mapping[str, int]) -> str:
    """Take the namespace off a name, when no other part of its source would then be called the same."""
    short = first_label(name)
    return short if short and shared[short] == 1 else name


def first_label(name: str) -> str:
    """Give a name without its namespace; addresses and names of the internet have none."""
    return CLUSTER.sub("", name).split(".", maxsplit=1)[0] if is_namespaced(name) else name


def is_namespaced(name: str) -> bool:
    """Tell whether a name is a part and its namespace: two labels, the last of which ends no name of the internet.

    Examples
    --------
    >>> [is_namespaced(name) for name in ("web.shop", "web.shop.svc.cluster.local", "shop.com", "10.0.0.1", "web")]
    [True, True, False, False, False]
    """
    labels = CLUSTER.sub("", name).split(".")
    return len(labels) == 2 and labels[1].lower() not in SUFFIXES and not labels[0].isdigit()  # noqa: PLR2004 - as said


def take_over(draft: Draft, names: Mapping[str, str], whole: Draft, number: int) -> None:
    """Put what one source found into the whole."""
    for name, component in draft.components.items():
        own = whole.component(names[name])
        for key, fact in component.facts.items():
            know(own.facts, key, replace(fact, value=renamed_fact(key, fact.value, names), source=number))
        own.aliases |= component.aliases | ({name} - {names[name]})
        own.is_store = own.is_store or component.is_store
        own.origins += component.origins
    for edge in draft.edges.values():
        put(edge, names, whole)
    whole.scenarios |= draft.scenarios
    for name, group in draft.groups.items():
        members = [names.get(member, member) for member in group.get("members", ())]
        whole.groups[names.get(name, name)] = group | {"members": members}
    whole.sections |= draft.sections
    whole.stated |= {names[name] for name in draft.stated}
    whole.policies += draft.policies
    whole.notes += [note for note in draft.notes if note not in whole.notes]
    whole.unresolved += [(names.get(name, name), what) for name, what in draft.unresolved]
    whole.left_out += [(names.get(one, one), names.get(other, other), why) for one, other, why in draft.left_out]


def renamed_fact(key: str, value: object, names: Mapping[str, str]) -> object:
    """Give the value of a fact with the names in it that it has in the topology."""
    if key == "after" and isinstance(value, list):
        return [names.get(name, name) for name in value]
    return value


def put(edge: Edge, names: Mapping[str, str], whole: Draft) -> None:
    """Put one call into the whole; counts of a second source do not add up with those of the first."""
    caller, callee = names[edge.caller], names[edge.callee]
    if caller == callee and edge.caller != edge.callee:
        whole.left_out.append((edge.caller, edge.callee, f"both are called {caller} here"))
        return
    known = whole.edges.get((caller, callee))
    if known is None:
        facts = {key: replace(fact, value=renamed_fact(key, fact.value, names)) for key, fact in edge.facts.items()}
        whole.edges[caller, callee] = Edge(
            caller, callee, edge.kind, list(edge.origins), facts, edge.calls, edge.errors, edge.source
        )
        return
    known.origins += [origin for origin in edge.origins if origin not in known.origins]
    for key, fact in edge.facts.items():
        known.know(key, renamed_fact(key, fact.value, names), fact.why, is_assumed=fact.is_assumed)
    if known.kind in GENERIC and edge.kind not in GENERIC:
        known.kind = edge.kind
    if known.source == edge.source:
        known.calls, known.errors = known.calls + edge.calls, known.errors + edge.errors
    elif known.calls <= 0.0:
        known.calls, known.errors, known.source = edge.calls, edge.errors, edge.source


def disagreements(parts: Sequence[Part], called: Sequence[Mapping[str, str]]) -> Iterator[Disagreement]:
    """Yield the calls that not all sources name which know both ends."""
    speaking = [
        (part.name, {*names.values()}, {(names[a], names[b]) for a, b in part.draft.edges})
        for part, names in zip(parts, called, strict=True)
        if not part.format.is_overlay
    ]
    pairs = dict.fromkeys(
        (names[a], names[b])
        for part, names in zip(parts, called, strict=True)
        for a, b in part.draft.edges
        if names[a] != names[b]
    )
    for caller, callee in pairs:
        found = tuple(title for title, _, edges in speaking if (caller, callee) in edges)
        missing = tuple(
            title for title, known, edges in speaking if {caller, callee} <= known and (caller, callee) not in edges
        )
        if found and missing:
            yield Disagreement(caller, callee, found, missing)


def alike(called: Sequence[Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield names that only one source has, each with one of another source that looks like it."""
    by_source = [set(names.values()) for names in called]
    for index, names in enumerate(by_source):
        others = sorted({name for rest in by_source[index + 1 :] for name in rest} - names)[:MOST_COMPARED]
        by_word: dict[str, list[str]] = {}
        for name in others:
            for word in words_of(name):
                by_word.setdefault(word, []).append(name)
        shared = {name for place, rest in enumerate(by_source) if place != index for name in rest}
        for name in sorted(names - shared)[:MOST_COMPARED]:
            near = [other for word in words_of(name) for other in by_word.get(word, ())]
            if match := get_close_matches(name, near, n=1, cutoff=LIKENESS):
                yield name, match[0]


def words_of(name: str) -> set[str]:
    """Give the words of a name that can tell parts apart."""
    words = set(re.split(r"[^a-z]+", name.lower()))
    return {word for word in words if len(word) >= SHORTEST_WORD} - COMMON
