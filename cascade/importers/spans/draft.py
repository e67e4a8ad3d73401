"""The counts of spans become parts, calls and notes of a draft."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from cascade.importers.draft import Evidence, Kind, Origin
from cascade.importers.hosts import Role as Purpose
from cascade.importers.hosts import is_consumer, purpose, role
from cascade.importers.spans.model import Nature
from cascade.importers.spans.names import Names, plain
from cascade.importers.spans.notes import put_notes, window_s
from cascade.importers.spans.order import put_order
from cascade.importers.spans.statistics import Made, Tally, Times
from cascade.importers.values import rate_text, seconds_text
from cascade.wording import counted

if TYPE_CHECKING:
    from cascade.importers.draft import Draft, Edge
    from cascade.importers.spans.model import Spans

FIRMNESS: Final = (Kind.SYNC, Kind.STORE, Kind.CONSUME, Kind.PRODUCE)
"""What a call is for that is made for several ends: the first of these."""
WEIGHTS: Final = {"critical": 4, "high": 2, "medium": 1, "low": 0.5}
"""Weight of an entry point by its ``service.criticality``."""
OUTSIDE_SHARE: Final = 0.05
"""Least share of a service's requests that begin traces for it to be an entry point though others call it."""
DIGITS: Final = 4


def put(spans: Spans, draft: Draft) -> None:
    """Put what some spans tell into a draft."""
    tally = Tally(spans)
    tally.add_all()
    names = Names(tally)
    for number, served in sorted(tally.served.items()):
        component = draft.component(names.services[number])
        origin = Origin(Evidence.TRACE, spans.files[served.file], 0, counted(served.requests, "request"))
        component.origins.append(origin)
    edges = put_calls(tally, names, draft)
    put_stores(tally, names, draft)
    put_times(tally, names, draft)
    put_entry_points(tally, names, draft, {callee for _, callee in edges})
    put_order(tally, names, draft)
    put_notes(tally, names, draft, edges)


def put_calls(tally: Tally, names: Names, draft: Draft) -> dict[tuple[str, str], Made]:
    """Put all calls into a draft; gives their counts."""
    edges: dict[tuple[str, str], Made] = {}
    requests = Counter[str]()
    for number, served in tally.served.items():
        requests[names.services[number]] += served.requests
    for (number, target), made in tally.made.items():
        if callee := names.of(target):
            edges.setdefault((names.services[number], callee), Made()).join(made)
    for (peer, number), made in tally.from_peers.items():
        caller = names.of_peers[peer]
        if caller not in requests or (caller, names.services[number]) not in edges:
            edges.setdefault((caller, names.services[number]), Made()).join(made)
    seen = {names.services[number] for number in tally.served}
    for (caller, callee), made in edges.items():
        if caller == callee:
            draft.left_out.append((caller, callee, "a service that calls itself"))
            continue
        put_call(draft, tally, made, (caller, callee), has_spans=callee in seen)
        count = requests[caller] or made.requests
        why = f"{counted(made.calls, 'call')} in {counted(count, 'request')} of {caller}"
        draft.edges[caller, callee].know("per_request", rounded(made.calls / count), why)
    return edges


def put_call(draft: Draft, tally: Tally, made: Made, pair: tuple[str, str], *, has_spans: bool) -> Edge:
    """Put a call into a draft."""
    files = sorted(made.files)
    more = f" of {len(files):,} files" if len(files) > 1 else ""
    what = f"{counted(made.calls, 'call')} in {counted(max(made.traces, 1), 'trace')}{more}"
    origin = Origin(Evidence.TRACE, tally.spans.files[files[0]], 0, what)
    edge = draft.edge(*pair, kind_of(made, pair, has_spans=has_spans), origin)
    edge.calls, edge.errors = float(made.calls), float(made.errors)
    return edge


def kind_of(made: Made, pair: tuple[str, str], *, has_spans: bool) -> Kind:
    """Tell what a call is for: as its spans say, else as the names do; a service that answers is waited for."""
    found = next((kind for kind in FIRMNESS if made.kinds[kind]), Kind.SYNC)
    if found is not Kind.SYNC:
        return found
    if has_spans:
        is_data = role(plain(pair[1])) is Purpose.STORE
        is_load = role(pair[0]) is Purpose.LOAD
        return Kind.STORE if is_data else Kind.LOAD if is_load else Kind.SYNC
    named = purpose(pair[0], plain(pair[1]), "")
    return Kind.PRODUCE if named is Kind.CONSUME and not is_consumer(pair[0]) else named


def put_stores(tally: Tally, names: Names, draft: Draft) -> None:
    """Mark what keeps data, and the host names of parts."""
    for number, peer in enumerate(tally.spans.peers.values):
        part = draft.components.get(names.of_peers[number])
        if part and peer.nature in {Nature.STORE, Nature.BROKER}:
            part.is_store = True
    answering = {names.services[number] for number in tally.served}
    for name, component in draft.components.items():
        if name not in answering and role(plain(name)) in {Purpose.STORE, Purpose.BROKER}:
            component.is_store = True
    for part_name, hosts in names.aliases().items():
        if part_name in draft.components:
            draft.components[part_name].aliases |= hosts


def put_times(tally: Tally, names: Names, draft: Draft) -> None:
    """Put service times into a draft: own time where spans show it, else what callers waited."""
    own: dict[str, Times] = {}
    for number, served in tally.served.items():
        own.setdefault(names.services[number], Times()).join(served.own)
    for name, times in own.items():
        if times.count:
            why = f"mean of {counted(times.count, 'span')} without their calls, {percentiles(times)}"
            draft.component(name).know("service_time", seconds_text(times.mean_s), why)
    waited: dict[str, Times] = {}
    for (_, target), made in tally.made.items():
        name = names.of(target)
        if name and not (name in own and own[name].count):
            waited.setdefault(name, Times()).join(made.times)
    for name, times in waited.items():
        if times.count and name in draft.components:
            why = f"mean of {counted(times.count, 'call')} as callers saw them, network included, {percentiles(times)}"
            draft.component(name).know("service_time", seconds_text(times.mean_s), why, is_assumed=True)


def percentiles(times: Times) -> str:
    """Say how times are spread."""
    return f"p50 {short(times.percentile(0.5))}, p99 {short(times.percentile(0.99))}"


def short(time_s: float) -> str:
    """Write a time with as many digits as a percentile has."""
    return seconds_text(float(f"{time_s:.3g}"))


def put_entry_points(tally: Tally, names: Names, draft: Draft, called: set[str]) -> None:
    """Say where requests come in, and how many where the window is known."""
    window = window_s(tally)
    arrivals: dict[str, tuple[int, int]] = {}
    for number, served in tally.served.items():
        name = names.services[number]
        roots, brought = arrivals.get(name, (0, 0))
        from_outside = served.roots + (0 if name in called else served.started)
        is_entry = from_outside and (name not in called or from_outside >= OUTSIDE_SHARE * served.requests)
        arrivals[name] = (roots + from_outside * bool(is_entry), brought + served.delivered)
        weigh(tally, number, name, draft, is_entry=bool(is_entry))
    for name, (roots, brought) in arrivals.items():
        component = draft.component(name)
        if roots:
            component.know("entry_point", value=True, why=f"{counted(roots, 'request')} from outside the traces")
        if window and (count := roots + brought):
            why = f"{counted(count, 'request')} in {window:,.0f}s of sampled traces, so at least this"
            component.know("demand", rate_text(count / window), why, is_assumed=True)


def weigh(tally: Tally, number: int, name: str, draft: Draft, *, is_entry: bool) -> None:
    """Give an entry point the weight that its criticality means."""
    word = tally.spans.weights.get(number)
    if is_entry and word in WEIGHTS:
        draft.component(name).know("weight", WEIGHTS[word], f"service.criticality is {word}", is_assumed=True)


def rounded(value: float) -> float | int:
    """Give a number with as many digits as a count supports."""
    short = float(f"{value:.{DIGITS}g}")
    return int(short) if short.is_integer() else short
