"""Which parts a page tells of: all of a small topology, and of a large one what matters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cascade.report.page.cells import Index

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cascade.analysis.sweep import Sweep
    from cascade.model import Topology
    from cascade.report.page.parts import Relations

MOST_PARTS: Final = 150
"""Parts that a page tells of one by one."""
SMALL: Final = 120
"""Parts of a topology of which a page tells all."""


def leading(sweep: Sweep) -> Iterator[Any]:
    """Yield what the worst contingencies hit, the worst first."""
    for place in sweep.ranking.tolist():
        if place in sweep.leading:
            yield sweep.leading[place]


def told_first(names: Iterable[str], topology: Topology, relations: Relations) -> list[str]:
    """Give the parts that a page tells of: all of a small topology, else those that matter and their neighbours."""
    every = {*topology.services, *topology.groups, *topology.fleets, *topology.all_domains}
    found = dict.fromkeys(name for name in names if name in every)
    if len(every) <= SMALL:
        return list(every)
    near = (other for name in list(found) for other in relations.callers.get(name, ()))
    users = (name for name, service in topology.services.items() if service.is_entry_point)
    return list(dict.fromkeys([*found, *near, *users]))[:MOST_PARTS]


def index_of(topology: Topology, names: Iterable[str], told: Iterable[str]) -> Index:
    """Number the parts: those of a run in its order, then the domains."""
    every = dict.fromkeys([*names, *topology.all_domains])
    return Index({name: number for number, name in enumerate(every)}, frozenset(told))


def in_order(names: Iterable[str], index: Index) -> list[str]:
    """Sort parts by their number."""
    return sorted(names, key=index.number.__getitem__)
