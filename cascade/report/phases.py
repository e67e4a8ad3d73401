"""What is said of phases: how many points come back, and where the system tips."""

from __future__ import annotations

import math
from typing import Final

from cascade.analysis.phases import Phase, Phases
from cascade.report.tables import Block, Table
from cascade.report.text import blocks

WORDS: Final = {
    Phase.COMES_BACK: "comes back",
    Phase.UNFINISHED: "not over in time",
    Phase.STAYS_DOWN: "stays down",
    Phase.OVERLOADED: "overloaded",
}


@blocks.register(Phases)
def _(found: Phases) -> list[Block]:
    heads = (f">{found.study.x.label}", *(f">{WORDS[phase]}" for phase in Phase), f">tips at {found.study.y.label}")
    rows = tuple(row_of(found, column) for column in range(found.x_values.size))
    return [found.headline, Table(f"Points by {found.study.x.name}, and where it tips", heads, rows)]


def row_of(found: Phases, column: int) -> tuple[str, ...]:
    """Give a row for one value of x."""
    counts = [int((found.phase[column] == phase).sum()) for phase in Phase]
    low, high = found.boundary.low[column], found.boundary.high[column]
    tips = "never" if math.isnan(low) else f"{low:.4g} to {high:.4g}"
    return (f"{found.x_values[column]:g}", *(f"{count}" if count else "" for count in counts), tips)
