"""Gates in an order in which everything stands after what it depends on, cycles of ORs taken as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cascade.compiled import compile_logic, compiled

if TYPE_CHECKING:
    from cascade.logic.gates import Flags, Gates, Ints, Links


class Condensed(NamedTuple):
    """Gates whose nodes are sets of nodes that go down together, in an order for one pass.

    A set is a cycle of ORs: whatever takes one of its nodes down takes all. A threshold stands alone, and
    counts an input twice when two of its inputs have become one.
    """

    row_of: Links
    """(V,) row of each node."""
    first: Ints
    """(K + 1,) the inputs of row r are ``inputs[first[r]:first[r + 1]]``."""
    inputs: Links
    """Rows; those outside a row's component stand before it."""
    least: Links
    """(K,) inputs that must be down."""
    start: Ints
    """(C + 1,) component c is the rows ``start[c]:start[c + 1]``."""
    loops: Flags
    """(C,) whether a component must be passed over until nothing changes."""
    member: Links
    """(V,) nodes in the order of their rows."""
    first_member: Ints
    """(K + 1,) the nodes of row r are ``member[first_member[r]:first_member[r + 1]]``."""


def condense(gates: Gates) -> Condensed:
    """Bring gates into order.

    Examples
    --------
    >>> from cascade.logic.gates import make_gates
    >>> circle = make_gates([([1], 1), ([0, 2], 1), ([], 1)], [True, True, True])
    >>> found = condense(circle)
    >>> found.row_of.tolist(), found.inputs.tolist()
    ([1, 1, 0], [0])
    """
    compile_logic()
    is_or = gates.least == 1
    together = components(gates.first, gates.inputs, is_or)
    first, inputs, least = merged(gates.first, gates.inputs, gates.least, together)
    only_ors = bool(is_or.all())  # then the sets are the components already
    block = np.arange(least.size) if only_ors else components(first, inputs, np.ones(least.size, np.bool_))
    by_block = np.argsort(block, kind="stable").astype(np.int32)
    place = np.empty(by_block.size, np.int32)
    place[by_block] = np.arange(by_block.size, dtype=np.int32)
    ordered_first, ordered_inputs = reordered(first, inputs, by_block, place)
    sizes = np.bincount(block)
    start = np.zeros(sizes.size + 1, np.int64)
    np.cumsum(sizes, out=start[1:])
    row_of = place[together]
    first_member, member = grouped(row_of, by_block.size)
    return Condensed(
        row_of=row_of,
        first=ordered_first,
        inputs=ordered_inputs,
        least=least[by_block],
        start=start,
        loops=sizes > 1,
        member=member,
        first_member=first_member,
    )


@compiled
def components(first: Ints, inputs: Links, follows: Flags) -> Links:  # noqa: C901 - recursion by hand, so that depth costs no stack
    """Number the strongly connected components (V,), what is depended on first.

    Only the inputs of nodes that ``follows`` marks are followed.

    References
    ----------
    Tarjan, Depth-first search and linear graph algorithms, SIAM Journal on Computing 1 (1972).
    """
    size = first.size - 1
    component = np.full(size, -1, np.int32)
    number = np.full(size, -1, np.int32)
    lowest = np.zeros(size, np.int32)
    path, edge, waiting = np.empty(size, np.int32), np.empty(size, np.int64), np.empty(size, np.int32)
    met, found, above = 0, 0, 0
    for root in range(size):
        if number[root] >= 0:
            continue
        depth = 0
        path[0] = root
        number[root] = lowest[root] = met
        met += 1
        edge[0] = first[root]
        waiting[above] = root
        above += 1
        while depth >= 0:
            node = path[depth]
            last = first[node + 1] if follows[node] else first[node]
            if edge[depth] < last:
                other = inputs[edge[depth]]
                edge[depth] += 1
                if number[other] < 0:
                    depth += 1
                    path[depth] = other
                    edge[depth] = first[other]
                    number[other] = lowest[other] = met
                    met += 1
                    waiting[above] = other
                    above += 1
                elif component[other] < 0:
                    lowest[node] = min(lowest[node], number[other])
                continue
            depth -= 1
            if depth >= 0:
                lowest[path[depth]] = min(lowest[path[depth]], lowest[node])
            if lowest[node] == number[node]:
                while True:
                    above -= 1
                    component[waiting[above]] = found
                    if waiting[above] == node:
                        break
                found += 1
    return component


@compiled
def grouped(row_of: Links, rows: int) -> tuple[Ints, Links]:
    """List the nodes of each row: where they start (K + 1,), and all of them (V,) in the order of their rows."""
    first_member = np.zeros(rows + 1, np.int64)
    for node in range(row_of.size):
        first_member[row_of[node] + 1] += 1
    for row in range(rows):
        first_member[row + 1] += first_member[row]
    member, fill = np.empty(row_of.size, np.int32), first_member[:-1].copy()
    for node in range(row_of.size):
        member[fill[row_of[node]]] = node
        fill[row_of[node]] += 1
    return first_member, member


@compiled
def merged(first: Ints, inputs: Links, least: Links, row_of: Links) -> tuple[Ints, Links, Links]:
    """Give the gates of sets of nodes: first, inputs and thresholds; an OR lists each other set once."""
    rows = int(row_of.max()) + 1 if row_of.size > 0 else 0
    first_member, member = grouped(row_of, rows)
    new_first = np.zeros(rows + 1, np.int64)
    new_inputs, new_least = np.empty(inputs.size, np.int32), np.ones(rows, np.int32)
    seen, count = np.full(rows, -1, np.int32), 0
    for row in range(rows):
        for m in range(first_member[row], first_member[row + 1]):
            node = member[m]
            new_least[row] = least[node]
            for k in range(first[node], first[node + 1]):
                other = row_of[inputs[k]]
                if least[node] == 1 and (other == row or seen[other] == row):
                    continue
                seen[other] = row
                new_inputs[count] = other
                count += 1
        new_first[row + 1] = count
    return new_first, new_inputs[:count].copy(), new_least


@compiled
def reordered(first: Ints, inputs: Links, order: Links, place: Links) -> tuple[Ints, Links]:
    """Give the gates with row ``order[r]`` in place r."""
    new_first, new_inputs = np.zeros(first.size, np.int64), np.empty(inputs.size, np.int32)
    count = 0
    for row in range(order.size):
        for k in range(first[order[row]], first[order[row] + 1]):
            new_inputs[count] = place[inputs[k]]
            count += 1
        new_first[row + 1] = count
    return new_first, new_inputs
