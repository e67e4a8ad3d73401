"""One lane of a timeline: its name, the windows in which it was hit, what waits and what was observed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.analysis.sentences import about
from cascade.report import lanes as layout
from cascade.report.drawing import svg
from cascade.report.drawing.letters import fitted
from cascade.report.moments import moment_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from cascade.analysis.replay import Comparison, Edge
    from cascade.engine.run import Run
    from cascade.report.lanes import Curve, Lane

LABEL: Final = 13.0
BAR: Final = 14.0
PAD: Final = 6.0
BACKLOG: Final = 15.0
"""Height of the area of what waits."""
OBSERVED: Final = 9.0
"""Height of an observed window."""
GAP: Final = 3.0
LEVELS: Final = (0.05, 0.35, 0.65, 0.995)
"""Shares of requests lost at which the shade of a bar changes."""
STUB: Final = 26.0
"""Length of a window of which the source states one end only [px]."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Where a time is."""

    x0: float
    x1: float
    until_s: float

    def x(self, time_s: float) -> float:
        """Give the place of a time; what is later than the end is at the end [px]."""
        return self.x0 + (self.x1 - self.x0) * min(time_s / self.until_s, 1.0)


def tall(lane: Lane, curve: Curve | None) -> float:
    """Height of a lane [px]."""
    more = (GAP + OBSERVED if lane.observed else 0.0) + (GAP + BACKLOG if curve else 0.0)
    return 2.0 * PAD + BAR + more


def lane_svg(run: Run, lane: Lane, curve: Curve | None, scale: Scale, y: float) -> str:
    """Draw a lane that begins at a height [px]."""
    inside = [svg.title(said_of(run, lane)), name_of(lane, scale, y + PAD + BAR - 3.0)]
    y += PAD
    inside += windows_of(run, lane, scale, y)
    notes = [lane.outage if lane.windows else "stays up"]
    below = y + BAR + GAP
    for row in lane.observed:
        inside += observed_of(row, scale, below)
    notes += errors_of(lane)
    if lane.observed:
        below += OBSERVED + GAP
    if curve is not None:
        inside.append(backlog_of(run, curve, scale, below))
        notes.append(curve.label)
    inside += notes_of(notes, scale, y)
    return svg.element("g", {"class": "lane", "data-part": str(run.column(lane.name))}, *inside)


def said_of(run: Run, lane: Lane) -> str:
    """Say when a part was hit."""
    spans = [
        f"from {moment_text(run, window.start_s)} "
        + (f"to {moment_text(run, window.end_s)}" if math.isfinite(window.end_s) else "on")
        for window in lane.windows
    ]
    return f"{lane.name}: hit {', '.join(spans)}" if spans else f"{lane.name}: stays up"


def name_of(lane: Lane, scale: Scale, y: float) -> str:
    """Write the name of a lane, bold what users call."""
    place: svg.Attributes = {"class": "label", "x": scale.x0 - 10.0, "y": y, "text-anchor": "end"}
    weight: svg.Attributes = {"font-weight": "bold"} if lane.is_entry_point else {}
    return svg.text(fitted(lane.name, LABEL, scale.x0 - 20.0), place | weight)


def windows_of(run: Run, lane: Lane, scale: Scale, y: float) -> Iterator[str]:
    """Draw the windows of a lane, darker where more is lost."""
    level = levels_of(run, lane.name, scale)
    for shade, cells in groupby(enumerate(level.tolist()), key=lambda pair: pair[1]):
        found = [cell for cell, _ in cells]
        if shade >= 0:
            place: svg.Attributes = {
                "x": scale.x0 + found[0],
                "y": y,
                "width": float(len(found)),
                "height": BAR,
            }
            yield svg.element("rect", {"class": f"loss-{shade}", **place})
    for window in lane.windows:
        left, right = scale.x(window.start_s), scale.x(window.end_s)
        place = {"x": left, "y": y, "width": max(right - left, 1.5), "height": BAR}
        ends = {"data-start": repr(window.start_s), "data-end": repr(window.end_s)}
        yield svg.element("rect", {"class": "window", **place, **ends})


def levels_of(run: Run, name: str, scale: Scale) -> NDArray[np.int64]:
    """Give the shade of each pixel of a lane: the worst within it; -1 where nothing is lost."""
    loss = layout.loss_in(run, name)
    shade = np.where(np.isnan(loss), -1, np.searchsorted(LEVELS, np.nan_to_num(loss), side="right"))
    pixels = int(scale.x1 - scale.x0)
    edges_s = np.arange(pixels + 1) * scale.until_s / pixels
    first = np.minimum(np.searchsorted(run.times_s, edges_s[:-1], side="right"), len(shade) - 1)
    last = np.minimum(np.searchsorted(run.times_s, edges_s[1:], side="left"), len(shade) - 1)
    found = np.maximum(shade[first], shade[last])
    inner = np.flatnonzero(last - first > 1)
    for pixel in inner.tolist():
        found[pixel] = shade[first[pixel] : last[pixel] + 1].max()
    return found


def observed_of(row: Comparison, scale: Scale, y: float) -> Iterator[str]:
    """Draw an observed window as an outline, open where the source does not state its end, and the errors."""
    if row.never:
        return
    start_s, end_s = row.start.observed_s, row.end.observed_s
    left = scale.x(start_s) if start_s is not None else scale.x(end_s or 0.0) - STUB
    right = scale.x(end_s) if end_s is not None else left + STUB
    is_firm = row.start.is_scored and row.end.is_scored
    kind = "observed" if is_firm else "observed assumed"
    up, down, to = svg.number(y), svg.number(y + OBSERVED), svg.number(right)
    opening = f"M{svg.number(left)} {up}V{down}" if start_s is not None else f"M{svg.number(left)} {down}"
    ending = f"H{to}V{up}" if end_s is not None else f"H{to}"
    yield svg.element("path", {"class": kind, "d": opening + ending}, svg.title(said_observed(row)))
    for edge in (row.start, row.end):
        yield from error_of(edge, scale, y - GAP / 2.0)


def error_of(edge: Edge, scale: Scale, y: float) -> Iterator[str]:
    """Draw how far an edge of a simulated window is from the observed one, where that can be seen."""
    if edge.observed_s is None or edge.simulated_s is None or not math.isfinite(edge.simulated_s):
        return
    x1, x2 = scale.x(edge.observed_s), scale.x(edge.simulated_s)
    if abs(x1 - x2) >= 1.0:
        yield svg.element("line", {"class": "error", "x1": x1, "x2": x2, "y1": y, "y2": y})


def said_observed(row: Comparison) -> str:
    """Say what was observed and how far off the replay is."""
    errors = [f"{word} {signed(error_s)}" for word, error_s in scored(row)]
    return f"observed: {row.name}; simulated {', '.join(errors)}" if errors else f"observed: {row.name}"


def errors_of(lane: Lane) -> list[str]:
    """Say in one line how far off the replay is, start and end of each window that the source states."""
    found = [row for row in lane.observed if scored(row)]
    if len(found) == 1:
        return [", ".join(f"{word} {signed(error_s)}" for word, error_s in scored(found[0]))]
    pairs = [" to ".join(signed(error_s) for _, error_s in scored(row)) for row in found]
    if any(row.never for row in lane.observed):
        return ["observed to stay up"]
    return [f"off by {'; '.join(pairs)}"] if pairs else []


def scored(row: Comparison) -> list[tuple[str, float]]:
    """Give the errors of the ends of an observed window that the source states [s]."""
    ends = (("start", row.start), ("end", row.end))
    return [(word, edge.error_s) for word, edge in ends if edge.is_scored and edge.error_s is not None]


def signed(error_s: float) -> str:
    """Write an error, to the minute.

    Examples
    --------
    >>> signed(-121.0), signed(10.0), signed(7300.0), signed(float("inf"))
    ('-2m', '0m', '+2h2m', 'missing')
    """
    if not math.isfinite(error_s):
        return "missing"
    minutes = round(error_s / 60.0)
    return f"{'+' if minutes > 0 else '-'}{about(abs(minutes) * 60.0)}" if minutes else "0m"


def backlog_of(run: Run, curve: Curve, scale: Scale, y: float) -> str:
    """Draw what waits as an area, as a share of its peak."""
    times_s = np.linspace(0.0, scale.until_s, 1 + int(scale.x1 - scale.x0) // 3)
    share = np.interp(times_s, run.times_s, curve.share)
    visible = np.flatnonzero(share > 0.5 / BACKLOG)
    inner = slice(max(int(visible[0]) - 1, 0), int(visible[-1]) + 2) if len(visible) else slice(0)
    points = [
        (scale.x(time_s), svg.number(y + BACKLOG * (1.0 - part)))
        for time_s, part in zip(times_s[inner].tolist(), share[inner].tolist(), strict=True)
    ]
    turns = [
        point
        for before, point, after in zip([None, *points], points, [*points[1:], None], strict=False)
        if before is None or after is None or not before[1] == point[1] == after[1]
    ]
    line = "L".join(f"{svg.number(x)} {level}" for x, level in turns)
    foot = svg.number(y + BACKLOG)
    path = f"M{svg.number(turns[0][0])} {foot}L{line}V{foot}Z" if turns else ""
    return svg.element("path", {"class": "backlog", "d": path}, svg.title(f"{curve.name}: {curve.label}"))


def notes_of(notes: list[str], scale: Scale, y: float) -> Iterator[str]:
    """Write how long a part was hit in the margin, and below it what else is to be said."""
    x = scale.x1 + 10.0
    for row, said in enumerate(notes):
        kind = "small note" if row else "small"
        yield svg.text(said, {"class": kind, "x": x, "y": y + BAR - 3.0 + 12.5 * row})
