"""What is down once some nodes have failed: the least fixed point of the gates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cascade.compiled import compile_logic, compiled

if TYPE_CHECKING:
    from cascade.logic.gates import Flags, Gates, Ints, Links


def down(gates: Gates, failed: Flags) -> Flags:
    """Give what is down (V,) when some nodes have failed by themselves (V,).

    Examples
    --------
    >>> from cascade.logic.gates import make_gates
    >>> pair = make_gates([([1, 2], 2), ([], 1), ([], 1)], [False, True, True])
    >>> down(pair, np.array([False, True, False])).tolist(), down(pair, np.array([False, True, True])).tolist()
    ([False, True, False], [True, True, True])
    """
    compile_logic()
    first_user, users = users_of(gates.first, gates.inputs)
    return spread(gates.least, first_user, users, failed)


@compiled
def users_of(first: Ints, inputs: Links) -> tuple[Ints, Links]:
    """Turn the inputs around: the nodes that have node u as an input are ``users[first_user[u]:first_user[u + 1]]``."""
    size = first.size - 1
    first_user = np.zeros(size + 1, np.int64)
    for k in range(inputs.size):
        first_user[inputs[k] + 1] += 1
    for node in range(size):
        first_user[node + 1] += first_user[node]
    found, fill = np.empty(inputs.size, np.int32), first_user[:-1].copy()
    for node in range(size):
        for k in range(first[node], first[node + 1]):
            found[fill[inputs[k]]] = node
            fill[inputs[k]] += 1
    return first_user, found


@compiled
def spread(least: Links, first_user: Ints, users: Links, failed: Flags) -> Flags:
    """Take down every node that has lost enough of its inputs, until there is none left."""
    is_down, missing = failed.copy(), least.copy()
    waiting, count = np.empty(least.size, np.int32), 0
    for node in range(least.size):
        if failed[node]:
            waiting[count] = node
            count += 1
    while count > 0:
        count -= 1
        node = waiting[count]
        for k in range(first_user[node], first_user[node + 1]):
            user = users[k]
            missing[user] -= 1
            if missing[user] == 0 and not is_down[user]:
                is_down[user] = True
                waiting[count] = user
                count += 1
    return is_down
