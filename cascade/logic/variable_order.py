"""Orders of variables: what is used together stands together.

References
----------
Bouissou, Bruyère, Rauzy, BDD based fault-tree processing: a comparison of variable ordering heuristics, ESREL (1997).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cascade.logic.modules import Module


def orders(module: Module) -> Iterator[tuple[int, ...]]:
    """Yield orders of a module's variables, the most promising first, each once.

    All are depth-first walks from the head; they differ in which input of a gate comes first: that with
    the fewest variables below it, that with the most, or that listed first.
    """
    sizes = weights(module, sum)
    depths = weights(module, lambda below: max(below, default=0.0) + 1.0)
    uses = shares(module)
    keys: list[Callable[[int], float]] = [
        lambda node: sizes[node],
        lambda node: -sizes[node],
        lambda _: 0.0,
        lambda node: -uses[node],
        lambda node: depths[node],
        lambda node: -depths[node],
    ]
    seen = set()
    for key in keys:
        order = walked(module, key)
        if order not in seen:
            seen.add(order)
            yield order


def weights(module: Module, combined: Callable[[Iterator[float]], float]) -> dict[int, float]:
    """Give each node a weight from those of its inputs, 1 to a variable."""
    found = dict.fromkeys(module.variables, 1.0)
    for number, gate in module.gates.items():
        found[number] = combined(found.get(each.node, 1.0) for each in gate.inputs)
    return found


def shares(module: Module) -> dict[int, float]:
    """Give each node its share of the head: a gate shares its own out evenly among its inputs."""
    found = dict.fromkeys((*module.variables, *module.gates), 0.0)
    found[module.head] = 1.0
    for number, gate in reversed(module.gates.items()):
        for each in gate.inputs:
            found[each.node] += found[number] / len(gate.inputs)
    return found


def walked(module: Module, key: Callable[[int], float]) -> tuple[int, ...]:
    """Give the variables as a depth-first walk meets them that turns to the lowest key first."""
    found: dict[int, None] = {}
    seen, waiting = set(), [module.head]
    while waiting:
        node = waiting.pop()
        gate = module.gates.get(node)
        if gate is None:
            found[node] = None
        elif node not in seen:
            seen.add(node)
            inputs = sorted((each.node for each in gate.inputs), key=key)
            waiting += reversed(inputs)
    return tuple(found)
