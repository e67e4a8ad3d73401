"""A question about gates: how does the top event come about, and how likely is it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cascade.logic.gates import Flags, Gates


@dataclass(frozen=True, repr=False)
class FaultTree:
    """Gates with names, the probabilities of their basic events, and the event that is asked about."""

    name: str
    """What the whole is called."""
    nodes: tuple[str, ...]
    """(V,) names."""
    gates: Gates
    """Cycles are allowed as long as nothing in them is negated."""
    negated: Flags
    """(E,) whether an input counts when its node is *not* down."""
    top: int
    """The node that is asked about."""
    probability: NDArray[np.float64]
    """(V,) that a node has failed by itself; 0 for those that cannot, nan where it is not known."""

    def __repr__(self) -> str:
        """Say what it is about."""
        return f"<FaultTree {self.name}: {self.nodes[self.top]}, {int(self.gates.fails.sum())} basic events>"

    @property
    def is_coherent(self) -> bool:
        """Whether nothing is negated: more failures never help."""
        return not bool(self.negated.any())
