"""Who is down when what has failed: a graph of threshold gates, as arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Links = NDArray[np.int32]
    Flags = NDArray[np.bool_]


class Gates(NamedTuple):
    r"""Nodes that are down by themselves, or because enough of their inputs are.

    .. math:: d_v = x_v \lor \left[ \sum_{u \in \mathrm{in}(v)} d_u \ge t_v \right]

    The state of the whole is the *least* fixed point of these equations: a cycle of nodes that
    need each other stays up until something from outside takes it down. A threshold of 1 is an OR
    (any input takes the node down), one of all inputs an AND. No input is listed twice.
    """

    first: Ints
    """(V + 1,) the inputs of node v are ``inputs[first[v]:first[v + 1]]``."""
    inputs: Links
    """(E,) nodes."""
    least: Links
    """(V,) t: inputs that must be down to take the node down; 1 for a node without inputs."""
    fails: Flags
    """(V,) whether the node can fail by itself: whether x is a basic event, or always false."""

    @property
    def size(self) -> int:
        """Nodes."""
        return self.least.size


def make_gates(inputs: Iterable[tuple[Iterable[int], int]], fails: Iterable[bool]) -> Gates:
    """Make gates from the inputs and the threshold of each node.

    Examples
    --------
    >>> gates = make_gates([([1, 2], 2), ([], 1), ([], 1)], [False, True, True])
    >>> gates.first.tolist(), gates.inputs.tolist()
    ([0, 2, 2, 2], [1, 2])
    """
    rows = [(list(sources), least) for sources, least in inputs]
    first = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(sources) for sources, _ in rows], out=first[1:])
    return Gates(
        first=first,
        inputs=np.array([source for sources, _ in rows for source in sources], np.int32),
        least=np.array([least for _, least in rows], np.int32),
        fails=np.array(list(fails), np.bool_),
    )
