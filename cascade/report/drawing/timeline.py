"""The timeline of a run as SVG: one lane for each part that is hit, with events and what was observed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final

from cascade.analysis.blast_radius import BlastRadius
from cascade.report import lanes as layout
from cascade.report.drawing import svg
from cascade.report.drawing.lane_bars import Scale, lane_svg, said_of, tall
from cascade.report.drawing.letters import width_of
from cascade.report.moments import moment_text, setting
from cascade.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cascade.analysis.replay import Replay
    from cascade.engine.run import Run
    from cascade.report.lanes import Curve, Lane, Mark

WIDTH: Final = 1180.0
LEFT: Final = 228.0
"""Room for the names."""
RIGHT: Final = 190.0
"""Room for how long each was hit."""
LEGEND: Final = 34.0
NUMBER: Final = 20.0
"""Room for a row of the numbers of events."""
AXIS: Final = 40.0
LINE: Final = 17.0
SMALL: Final = 11.0
MOST_TOLD: Final = 12


@dataclass(frozen=True, slots=True)
class Chart:
    """What a timeline shows, and where."""

    result: Run | BlastRadius | Replay
    lanes: tuple[Lane, ...]
    every: int
    """Lanes that there would be."""
    curves: Mapping[str, Curve]
    marks: tuple[Mark, ...]
    scale: Scale
    top: float
    """Where the lanes begin [px]."""
    bottom: float

    @property
    def run(self) -> Run:
        """What was played."""
        return layout.run_of(self.result)


def timeline_svg(
    result: Run | BlastRadius | Replay,
    *,
    link: str | None = None,
    most: int = layout.MOST_LANES,
    name: str = "timeline",
    lists_events: bool = True,
) -> str:
    """Draw who was down and when each was back.

    The root carries ``data-x0`` and ``data-x1`` [px], and the times ``data-t0`` and ``data-t1`` [s] that they stand
    for; a script can show and move the line ``playhead``. Lanes are ``<g class="lane" data-part="3">``, numbered as
    in ``run.names``.

    Parameters
    ----------
    result : Run, BlastRadius or Replay
    link : str, optional
        Makes each lane a link to this text with the number of the part, ``#part-`` for example.
    most : int
        Lanes that are drawn: those of the first parts to fall.
    name : str
        Begins every ``id`` in the drawing; two drawings on one page need different ones.
    lists_events : bool
        Whether it says below the lanes what the numbers stand for; not needed beside a table that does.

    Examples
    --------
    >>> import cascade
    >>> blast = cascade.blast_radius(cascade.loads("services: {web: {demand: 1/s, calls: [db]}, db: }"), ["db"])
    >>> timeline_svg(blast).count('class="lane"')
    2
    """
    chart = chart_of(result, most)
    texts, height = notes(chart, chart.marks if lists_events else ())
    playhead: svg.Attributes = {
        "class": "playhead",
        "x1": LEFT,
        "x2": LEFT,
        "y1": chart.top,
        "y2": chart.bottom,
        "display": "none",
    }
    body = [
        *legend(chart), *bands(chart), *rules(chart), *drawn_lanes(chart, link), *event_lines(chart), *texts,
        svg.element("line", playhead),
    ]  # fmt: skip
    attributes: svg.Attributes = {
        "class": "cascade timeline", "data-x0": chart.scale.x0, "data-x1": chart.scale.x1, "data-t0": "0",
        "data-t1": repr(chart.scale.until_s),
    }  # fmt: skip
    attributes |= {"role": "group"} if link is not None else {}
    question = f"Who is down, and when is each back? {setting(chart.run)}"
    return svg.root(name, (WIDTH, height), question, told(chart), attributes, body)


def chart_of(result: Run | BlastRadius | Replay, most: int) -> Chart:
    """Choose what a timeline shows, and measure it."""
    run = layout.run_of(result)
    every = layout.make_lanes(result)
    lanes = tuple(every[:most])
    until_s = layout.last_moment(run, lanes)
    marks = tuple(layout.make_marks(run, until_s))
    curves = {curve.name: curve for curve in layout.make_curves(run, len(run.names))}
    top = LEGEND + NUMBER * (1 + max((mark.level for mark in marks), default=-1)) + 8.0
    bottom = top + max(sum(tall(lane, curves.get(lane.name)) for lane in lanes), 30.0)
    return Chart(result, lanes, len(every), curves, marks, Scale(LEFT, WIDTH - RIGHT, until_s), top, bottom)


def told(chart: Chart) -> str:
    """Say in words what the timeline shows."""
    if not chart.lanes:
        return "Nothing leaves its objective."
    run = chart.run
    lines = [
        f"{lane.name} from {moment_text(run, lane.windows[0].start_s)} for {lane.outage}" if lane.windows
        else f"{lane.name} stays up"
        for lane in chart.lanes
    ]  # fmt: skip
    said = f"In the order in which they fall: {listed(lines, MOST_TOLD)}."
    return f"{said} {left_out(chart)}".strip()


def left_out(chart: Chart) -> str:
    """Say what has no lane."""
    missing = chart.every - len(chart.lanes)
    return f"Shown are the first {len(chart.lanes)} of {chart.every:,} that are hit." if missing else ""


def lane_tops(chart: Chart) -> list[float]:
    """Give where each lane begins [px], and where the last one ends."""
    talls = (tall(lane, chart.curves.get(lane.name)) for lane in chart.lanes)
    return list(accumulate(talls, initial=chart.top))


def bands(chart: Chart) -> Iterator[str]:
    """Draw a band behind every second lane."""
    for y, end in list(pairwise(lane_tops(chart)))[::2]:
        yield svg.element("rect", {"class": "band", "y": y, "width": WIDTH, "height": end - y})


def drawn_lanes(chart: Chart, link: str | None) -> Iterator[str]:
    """Draw the lanes from top to bottom."""
    if not chart.lanes:
        yield svg.text("nothing leaves its objective", {"class": "faint", "x": LEFT + 12.0, "y": chart.top + 20.0})
        return
    yield svg.text("hit for", {"class": "small note", "x": chart.scale.x1 + 10.0, "y": chart.top - 8.0})
    for lane, y in zip(chart.lanes, lane_tops(chart), strict=False):
        drawn = lane_svg(chart.run, lane, chart.curves.get(lane.name), chart.scale, y)
        place: svg.Attributes = {"href": f"{link}{chart.run.column(lane.name)}", "aria-label": said_of(chart.run, lane)}
        yield drawn if link is None else svg.element("a", place, drawn)


def rules(chart: Chart) -> Iterator[str]:
    """Draw the axis, and a line at each round time."""
    times_s, labels = layout.ticks(chart.run, chart.scale.until_s)
    sides: svg.Attributes = {"x1": chart.scale.x0, "x2": chart.scale.x1, "y1": chart.bottom, "y2": chart.bottom}
    yield svg.element("line", {"class": "axis", **sides})
    for time_s, label in zip(times_s, labels, strict=True):
        x = chart.scale.x(time_s)
        yield svg.element("line", {"class": "rule", "x1": x, "x2": x, "y1": chart.top, "y2": chart.bottom + 5.0})
        for row, line in enumerate(label.split("\n")):
            place: svg.Attributes = {"class": "small tick", "x": x, "text-anchor": "middle"}
            yield svg.text(line, {**place, "y": chart.bottom + 18.0 + 14.0 * row})


def event_lines(chart: Chart) -> Iterator[str]:
    """Draw a line and a number at each event, and a line at the repair of the fault."""
    for mark in chart.marks:
        x, y = chart.scale.x(mark.time_s), LEGEND + 6.0 + NUMBER * mark.level
        yield svg.element("line", {"class": "event", "x1": x, "x2": x, "y1": y + 8.0, "y2": chart.bottom})
        yield svg.element(
            "g", {"class": "event-number"}, svg.title(mark.text), svg.element("circle", {"cx": x, "cy": y, "r": 8.5}),
            svg.text(str(mark.number), {"x": x, "y": y + 4.0, "text-anchor": "middle"}),
        )  # fmt: skip
    repaired_s = chart.result.repaired_s if isinstance(chart.result, BlastRadius) else None
    if repaired_s is not None and repaired_s <= chart.scale.until_s:
        x = chart.scale.x(repaired_s)
        line: svg.Attributes = {"class": "repair", "x1": x, "x2": x, "y1": chart.top - 4.0, "y2": chart.bottom}
        yield svg.element("line", line)


def notes(chart: Chart, marks: Sequence[Mark]) -> tuple[list[str], float]:
    """Write what the numbers stand for in two columns, and what is left out; give the height of it all."""
    lines = layout.mark_lines(marks)
    rows = -(-len(lines) // 2)
    top = chart.bottom + AXIS + (22.0 if lines else 8.0)
    written = []
    for index, (number, words) in enumerate(lines):
        column, row = divmod(index, rows)
        x, y = 16.0 + column * (WIDTH / 2.0), top + row * LINE
        written.append(
            svg.text(number, {"class": "small", "x": x + 14.0, "y": y, "text-anchor": "end", "font-weight": "bold"})
        )
        written.append(svg.text(words, {"class": "small", "x": x + 22.0, "y": y}))
    y = top + rows * LINE
    if said := left_out(chart):
        written.append(svg.text(said, {"class": "small note", "x": 16.0, "y": y + 4.0}))
        y += LINE + 4.0
    return written, y + 4.0


def legend(chart: Chart) -> Iterator[str]:
    """Explain what is drawn, in one row at the top."""
    if not chart.lanes:
        return
    items = [
        (svg.element("rect", {"class": f"loss-{level}", "width": 22.0, "height": 12.0}), said)
        for level, said in ((4, "all requests lost"), (2, "half lost"), (0, "few lost, or late"))
    ]
    if any(lane.observed for lane in chart.lanes):
        items.append((bracket(""), "observed"))
        items.append((bracket(" assumed"), "observed, time assumed"))
        items.append((svg.element("line", {"class": "error", "x2": 22.0, "y1": 6.0, "y2": 6.0}), "error of the replay"))
    if any(lane.name in chart.curves for lane in chart.lanes):
        items.append((svg.element("rect", {"class": "backlog", "width": 22.0, "height": 12.0}), "work waiting"))
    if isinstance(chart.result, BlastRadius) and chart.result.repaired_s is not None:
        items.append(
            (svg.element("line", {"class": "repair", "x1": 11.0, "x2": 11.0, "y1": -2.0, "y2": 14.0}), "repaired")
        )
    x = LEFT
    for swatch, said in items:
        word = svg.text(said, {"class": "small note", "x": 28.0, "y": 10.0})
        yield svg.element("g", {"transform": f"translate({svg.number(x)} 8)"}, swatch, word)
        x += 28.0 + width_of(said, SMALL) + 18.0


def bracket(kind: str) -> str:
    """Draw the outline of an observed window."""
    return svg.element("rect", {"class": f"observed{kind}", "y": 1.0, "width": 22.0, "height": 10.0})
