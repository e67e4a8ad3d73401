"""Through what a failure reached each node, by the shortest way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cascade.compiled import compile_logic, compiled
from cascade.logic import fixpoint

if TYPE_CHECKING:
    from cascade.logic.gates import Flags, Gates, Ints, Links


def cause_paths(gates: Gates, failed: Flags) -> tuple[Links, Links]:
    """Give the rounds (V,) in which nodes go down, and the inputs (V,) through which they do.

    In each round all nodes go down that lost enough inputs in the rounds before: 0 for what has
    failed itself, -1 for what stays up. A node goes down through the last input that its gate lacked
    (of those of one round the one with the lowest index), -1 for none.

    Examples
    --------
    >>> from cascade.logic.gates import make_gates
    >>> chain = make_gates([([1], 1), ([2], 1), ([], 1)], [True, True, True])
    >>> [each.tolist() for each in cause_paths(chain, np.array([False, False, True]))]
    [[2, 1, 0], [1, 2, -1]]
    """
    compile_logic()
    first_user, users = fixpoint.users_of(gates.first, gates.inputs)
    steps = rounds(gates.least, first_user, users, failed)
    return steps, last_inputs(gates.first, gates.inputs, steps)


@compiled
def rounds(least: Links, first_user: Ints, users: Links, failed: Flags) -> Links:
    """Give the round in which each node goes down (V,), -1 for never."""
    steps, missing = np.full(least.size, -1, np.int32), least.copy()
    queue, head, tail = np.empty(least.size, np.int32), 0, 0
    for node in range(least.size):
        if failed[node]:
            steps[node] = 0
            queue[tail] = node
            tail += 1
    while head < tail:
        node = queue[head]
        head += 1
        for k in range(first_user[node], first_user[node + 1]):
            user = users[k]
            missing[user] -= 1
            if missing[user] == 0 and steps[user] < 0:
                steps[user] = steps[node] + 1
                queue[tail] = user
                tail += 1
    return steps


@compiled
def last_inputs(first: Ints, inputs: Links, steps: Links) -> Links:
    """Give the input of the round before (V,), the one with the lowest index, -1 for none."""
    through = np.full(steps.size, -1, np.int32)
    for node in range(steps.size):
        for k in range(first[node], first[node + 1]):
            other = inputs[k]
            if steps[node] > 0 and steps[other] == steps[node] - 1 and (through[node] < 0 or other < through[node]):
                through[node] = other
    return through
