"""Flags of nodes, looked at many at a time: most of a large system has nothing to do in most steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.compiled import compiled

if TYPE_CHECKING:
    from cascade.engine.system import Flags

BLOCK: Final = 64
"""Nodes that are passed over at once when none of them has anything to do."""


@compiled
def is_any(flags: Flags, first: int, last: int) -> bool:
    """Whether one of a block of flags is set; places without a sign let the processor look at many at once."""
    found = 0
    for i in range(np.uint64(first), np.uint64(last)):
        found |= flags[i]
    return found > 0
