"""What many sets of failures take down by structure: thousands of them in one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.logic import masks
from cascade.logic.order import condense
from cascade.logic.sweep import width

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from cascade.analysis.failure_logic import FailureLogic

MOST_BITS: Final = 2**26
"""Answers that are held at a time."""


def taken_down(
    logic: FailureLogic, failures: Sequence[Sequence[str]], nodes: NDArray[np.int64]
) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """Yield, batch by batch, where it begins, and which nodes (K,) are down under each of its failures: (K, B).

    Examples
    --------
    >>> import cascade
    >>> from cascade.analysis.failure_logic import failure_logic
    >>> logic = failure_logic(cascade.loads("services: {web: {calls: [db]}, db: }"))
    >>> [(begin, is_down.tolist()) for begin, is_down in taken_down(logic, [("web",), ("db",)], np.array([0, 1]))]
    [(0, [[True, True], [False, True]])]
    """
    condensed = condense(logic.gates)
    size = condensed.least.size
    words = max(min(width(size), MOST_BITS // (64 * max(nodes.size, 1))), 1)
    mask, live = masks.room(size, words)
    for begin in range(0, len(failures), 64 * words):
        batch = failures[begin : begin + 64 * words]
        bit = np.repeat(np.arange(len(batch)), [len(names) for names in batch])
        rows = condensed.row_of[[logic.event_of[name] for names in batch for name in names]]
        np.bitwise_or.at(mask, (rows, bit >> 6), np.uint64(1) << (bit & 63).astype(np.uint64))
        live[rows] = True
        masks.flow(condensed, 0, mask, live)
        found = np.ascontiguousarray(mask[condensed.row_of[nodes]]).astype("<u8").view(np.uint8)
        yield begin, np.unpackbits(found, axis=1, count=len(batch), bitorder="little").astype(np.bool_)
        masks.clear(mask, live, 0)
