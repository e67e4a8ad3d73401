"""Rest: what no longer changes is not computed again (theory, section *Numerics*).

A node whose state stays the same in a step stays the same as long as nothing that reaches it
changes, so the step passes it over. In a large system of which a small part is hit, most are.
"""

from __future__ import annotations

from typing import Final

from cascade.compiled import compiled

SAME: Final = 1e-13
"""Change in a step that counts as none: of a number above one relative to it, else as it is."""
SAME_IN_SUM: Final = 1e-8
"""The same for runs of which only the outcome is kept (theory, section *Many runs*)."""


@compiled
def same(one: float, other: float, tolerance: float) -> bool:
    """Whether a value has not changed."""
    return abs(one - other) <= tolerance * max(abs(one), 1.0)
