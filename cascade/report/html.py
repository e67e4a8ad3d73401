"""How results show themselves in a notebook: what is said, pictures, tables; nothing that a viewer would strip.

Viewers take scripts, style sheets and inline drawings out of a notebook that nobody vouched for: drawings are images.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from functools import singledispatch
from typing import TYPE_CHECKING, Final

from cascade.analysis.blast_radius import BlastRadius
from cascade.analysis.contingencies import Contingencies
from cascade.analysis.montecarlo import MonteCarlo
from cascade.analysis.replay import Replay
from cascade.analysis.spof import Spof
from cascade.analysis.sweep import Sweep
from cascade.engine.run import Run
from cascade.graph.layers import shape_of
from cascade.model import Topology
from cascade.report import check, diff, imports, montecarlo, phases, structure, sweep  # noqa: F401 - they teach the function below their results
from cascade.report.drawing import rankings, svg
from cascade.report.drawing.bars import Bars, bars_svg
from cascade.report.drawing.map import map_svg
from cascade.report.drawing.style import standalone
from cascade.report.drawing.timeline import timeline_svg
from cascade.report.shapes import domains_table, groups_table, scenarios_table
from cascade.report.tables import Block, as_html
from cascade.report.text import blocks, lanes_table
from cascade.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_ROWS: Final = 60
"""Rows of a table that a notebook can bear."""
BOXES: Final = (60, 40, 25)
"""Parts on a map in a notebook: fewer where it would be too large."""
LANES: Final = (50, 30)
MOST_BYTES: Final = 55_000
"""Size of a picture that a notebook can bear."""
MOST_PARTS: Final = 5_000
"""Parts of a topology that is looked at more closely unasked."""


def as_notebook(result: object) -> str:
    """Give a result as a fragment of HTML: what it says first, pictures, the rest; all names in it are escaped."""
    first, *rest = map(shortened, said_of(result))
    return "\n".join([as_html([first]), *pictures(result), as_html(rest)])


def said_of(result: object) -> list[Block]:
    """Give the paragraphs and tables of a result, but for what its pictures show."""
    if isinstance(result, Run):
        drawn = lanes_table(result)
        return [block for block in blocks(result) if block != drawn]
    if not isinstance(result, Topology):
        return blocks(result)
    if len(result.services) > MOST_PARTS:
        return [f"{result.name}: {counted(len(result.services), 'service')}."]
    sentences = [block for block in blocks(shape_of(result)) if isinstance(block, str)]
    tables = (groups_table(result), domains_table(result), scenarios_table(result))
    return [*sentences, *(table for table in tables if table.rows)]


def shortened(block: Block) -> Block:
    """Give the first rows of a long table, and say so in its title."""
    if isinstance(block, str) or len(block.rows) <= MOST_ROWS:
        return block
    title = f"{block.title}: the first {MOST_ROWS} of {len(block.rows)}"
    return replace(block, title=title, rows=block.rows[:MOST_ROWS])


@singledispatch
def pictures(_result: object) -> list[str]:
    """Draw a result; most are tables only."""
    return []


@pictures.register
def _(topology: Topology) -> list[str]:
    if not 0 < len(topology.services) <= MOST_PARTS:
        return []
    return [image(lambda most: map_svg(topology, most=most), BOXES)]


@pictures.register(Run)
@pictures.register(BlastRadius)
@pictures.register(Replay)
def _(result: Run | BlastRadius | Replay) -> list[str]:
    return [
        image(lambda most: map_svg(result, states=(), most=most), BOXES),
        image(lambda most: timeline_svg(result, most=most), LANES),
    ]


@pictures.register
def _(swept: Sweep) -> list[str]:
    return compared(rankings.of_sweep(swept))


@pictures.register
def _(found: Contingencies) -> list[str]:
    return compared(rankings.of_contingencies(found))


@pictures.register
def _(spof: Spof) -> list[str]:
    return compared(rankings.of_contingencies(spof.contingencies))


@pictures.register
def _(found: MonteCarlo) -> list[str]:
    return compared(rankings.of_montecarlo(found))


def compared(bars: Bars) -> list[str]:
    """Draw bars, where there are two or more to compare."""
    return [image(lambda _: bars_svg(bars), (0,))] if len(bars.rows) > 1 else []


def image(draw: Callable[[int], str], sizes: tuple[int, ...]) -> str:
    """Give a drawing as an image, the largest that is not too large."""
    for most in sizes:
        drawing = draw(most)
        if len(drawing) <= MOST_BYTES:
            break
    data = b64encode(standalone(drawing).encode()).decode()
    shown: svg.Attributes = {"src": f"data:image/svg+xml;base64,{data}", "alt": svg.spoken(drawing)}
    return f"<p>{svg.element('img', shown)}</p>"
