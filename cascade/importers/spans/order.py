"""Whether a service makes its calls one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cascade.importers.spans.statistics import Order
from cascade.wording import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cascade.importers.draft import Draft
    from cascade.importers.spans.names import Names
    from cascade.importers.spans.statistics import Tally

NEARLY_ALL: Final = 0.95
"""Share of requests in which one call must follow the other."""
FEW: Final = 10
"""Requests below which an order is an assumption."""
MOST_ORDERED: Final = 100
"""Callees of a service up to which their order is looked at."""
MOST_NAMED: Final = 5

Pairs = dict[tuple[str, str], Order]


def put_order(tally: Tally, names: Names, draft: Draft) -> None:
    """Say which calls wait for which, and note which are made at once."""
    by_caller: dict[str, Pairs] = {}
    for (number, one, other), order in tally.orders.items():
        first, second = names.of(one), names.of(other)
        if first and second and first != second:
            pairs = by_caller.setdefault(names.services[number], {})
            key = (min(first, second), max(first, second))
            pairs.setdefault(key, Order()).join(order, is_turned=first > second)
    at_once, mixed = [], []
    for caller, pairs in by_caller.items():
        put_after(caller, pairs, draft)
        at_once += [f"{caller} ({a}, {b})" for (a, b), order in pairs.items() if is_mostly_together(order)][:1]
        mixed += [f"{caller} ({a}, {b})" for (a, b), order in pairs.items() if is_mixed(order)][:1]
    note(draft, "calls are made at the same time by", at_once)
    note(draft, "no fixed order of calls in", mixed)


def put_after(caller: str, pairs: Pairs, draft: Draft) -> None:
    """Give each call of a service the calls that it follows, unless they go round in a circle."""
    before: dict[str, dict[str, int]] = {}
    for (a, b), order in pairs.items():
        total = order.first + order.last + order.together
        if order.first >= NEARLY_ALL * total:
            before.setdefault(b, {})[a] = total
        elif order.last >= NEARLY_ALL * total:
            before.setdefault(a, {})[b] = total
    if len(before) > MOST_ORDERED:
        return
    ranks = earlier_of_all(before)
    if ranks is None:
        draft.note(f"the calls of {caller} follow each other in a circle; their order is left out")
        return
    for callee, firsts in sorted(before.items()):
        direct = sorted(first for first in firsts if not any(first in ranks[other] for other in firsts))
        edge = draft.edges.get((caller, callee))
        if edge and (known := [first for first in direct if (caller, first) in draft.edges]):
            count = min(firsts[first] for first in known)
            edge.know("after", known, f"one after the other in {counted(count, 'request')}", is_assumed=count < FEW)


def earlier_of_all(before: Mapping[str, Mapping[str, int]]) -> dict[str, set[str]] | None:
    """Give for each call all that come before it, None where one comes before itself."""
    found: dict[str, set[str]] = {}
    for start in {*before, *(first for firsts in before.values() for first in firsts)}:
        seen: set[str] = set()
        waiting = list(before.get(start, ()))
        while waiting:
            name = waiting.pop()
            if name == start:
                return None
            if name not in seen:
                seen.add(name)
                waiting += before.get(name, ())
        found[start] = seen
    return found


def is_mostly_together(order: Order) -> bool:
    """Tell whether two callees are called at the same time in most requests."""
    return order.together > order.first + order.last


def is_mixed(order: Order) -> bool:
    """Tell whether two callees are called in either order."""
    most = max(order.first, order.last)
    return not is_mostly_together(order) and most < NEARLY_ALL * (order.first + order.last + order.together)


def note(draft: Draft, what: str, callers: list[str]) -> None:
    """Note something of some services, naming a few."""
    if callers:
        more = f" and {len(callers) - MOST_NAMED:,} more" if len(callers) > MOST_NAMED else ""
        draft.note(f"{what} {', '.join(sorted(callers)[:MOST_NAMED])}{more}")
