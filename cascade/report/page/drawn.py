"""The two pictures of a page, as they stand before anything moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cascade.analysis.sweep import Sweep
from cascade.report.drawing.map import map_svg
from cascade.report.drawing.style import DARK, LIGHT, RULES, variables
from cascade.report.drawing.subject import subject_of
from cascade.report.drawing.timeline import timeline_svg
from cascade.report.lanes import make_lanes

if TYPE_CHECKING:
    from cascade.analysis.blast_radius import BlastRadius
    from cascade.report.page.content import Page

LINK: Final = "#part-"
"""Leads to what is told of a part, its number behind it."""
MOST_BOXES: Final = 100
"""Parts that the map has room for."""

MOST_LANES: Final = 60
"""Parts that the timeline has room for."""


def drawn_parts(subject: BlastRadius | Sweep) -> list[str]:
    """Give the parts that are drawn, which a page has to tell of."""
    lanes = [] if isinstance(subject, Sweep) else make_lanes(subject)[:MOST_LANES]
    return [*subject_of(subject, MOST_BOXES).parts, *(lane.name for lane in lanes)]


def map_of(page: Page) -> str:
    """Draw the map."""
    return map_svg(page.subject, link=LINK, most=MOST_BOXES, name="topology")


def timeline_of(page: Page) -> str:
    """Draw the timeline, where there is one run that has something to show."""
    if isinstance(page.subject, Sweep):
        return ""
    result = page.replay or page.subject
    is_empty = not make_lanes(result)
    return "" if is_empty else timeline_svg(result, link=LINK, most=MOST_LANES, name="lanes", lists_events=False)


def colours() -> str:
    """Write the colours and strokes of the drawings: dark where the reader prefers that, but never on paper."""
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{{variables(DARK)}}}}}"
    return f":root{{{variables(LIGHT)}}}\n{dark}\n{RULES}"
