"""Where the boxes, frames, areas and arrows of a map are [px]: callers left of what they call, or above it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Final

from cascade.graph.layers import circles
from cascade.report.drawing.layering import layers_of
from cascade.report.drawing.manner import DOWNWARD, RIGHTWARD, Manner
from cascade.report.drawing.ordering import order_of
from cascade.report.drawing.placing import Spring, Stack, heights
from cascade.report.drawing.routes import Box, Pass, Route, around, through
from cascade.report.drawing.units import ROW_GAP, Size, Unit, unit_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from cascade.report.drawing.layering import Layers

    Arrow = tuple[str, str, str]
    """Caller, callee and the kind of the arrow."""
    Corner = tuple[float, float]

PAGE: Final = Size(1280.0, 1800.0)
"""What is wider is laid out downward, if that is smaller."""
LANE: Final = 10.0
"""Room for an arrow that passes a column."""
COLUMN_GAP: Final = 56.0
WIDEST_GAP: Final = 160.0
PER_ARROW: Final = 1.8
"""What each arrow adds to the gap that it crosses."""
MARGIN: Final = 32.0
FEW_LOOSE: Final = 3
"""Boxes without arrows that still find room in the first column."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The outline of a cycle, or of the members of a domain that stand together."""

    label: str
    names: tuple[str, ...]
    x: float
    y: float
    width: float
    height: float

    @property
    def turned(self) -> Frame:
        """The same on a map whose sides change places."""
        return Frame(self.label, self.names, self.y, self.x, self.height, self.width)


@dataclass(frozen=True, slots=True)
class Scene:
    """A map, laid out."""

    manner: Manner

    boxes: dict[str, Box]
    cycles: tuple[Frame, ...]
    areas: tuple[Frame, ...]
    routes: tuple[Route, ...]
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Units in columns, before they are drawn."""

    manner: Manner
    units: list[Unit]
    layers: Layers
    columns: list[list[Stack]]
    y: list[float]
    """Middle of each unit, then of each lane [px]."""
    spans: list[tuple[float, float]]
    """Left and right side of each column [px]."""
    corners: list[Corner]
    number_of: dict[str, int]
    """Unit of each name."""


def scene_of(
    sizes: Mapping[str, Size], arrows: Iterable[Arrow], domains: Mapping[str, Collection[str]],
    keeps_first: Collection[str] = (),
) -> Scene:  # fmt: skip
    """Lay out boxes of some sizes, with the arrows between them and areas around them; downward what is too wide.

    Parameters
    ----------
    sizes : mapping of str to Size
        What is drawn, by name.
    arrows : iterable of (caller, callee, kind)
        What has an end that is not drawn is left out.
    domains : mapping of str to collection of str
        The names in each area; a name is in one of them at most.
    keeps_first : collection of str
        What stays where the map begins: where requests come in.
    """
    drawn = [arrow for arrow in arrows if arrow[0] in sizes and arrow[1] in sizes and arrow[0] != arrow[1]]
    home = {name: label for label, names in domains.items() for name in names if name in sizes}
    scene = laid_out(RIGHTWARD, sizes, drawn, home, keeps_first)
    if scene.width <= PAGE.width:
        return scene
    return min(scene, laid_out(DOWNWARD, sizes, drawn, home, keeps_first), key=excess)


def excess(scene: Scene) -> float:
    """Give how much larger than a page a map is, the longer side counting."""
    return max(scene.width / PAGE.width, scene.height / PAGE.height)


def laid_out(
    manner: Manner, sizes: Mapping[str, Size], arrows: Sequence[Arrow], home: Mapping[str, str],
    keeps_first: Collection[str],
) -> Scene:  # fmt: skip
    """Lay out a map in one manner, and what has no arrows below it."""
    linked = {name for arrow in arrows for name in arrow[:2]}
    loose = [name for name in sizes if name not in linked]
    if linked and len(loose) <= FEW_LOOSE:
        loose = []
    held = {name: size for name, size in sizes.items() if name not in {*loose}}
    plan = plan_of(manner, held, arrows, home, keeps_first)
    boxes = boxes_of(plan)
    routes = [route_of(plan, boxes, arrow) for arrow in arrows]
    cycles, areas = cycles_of(plan), areas_of(plan, home)
    sides = [number for span in plan.spans for number in span], plan.y
    if manner.is_downward:
        boxes = {name: box.turned for name, box in boxes.items()}
        routes = [route.turned for route in routes]
        cycles, areas = [frame.turned for frame in cycles], [frame.turned for frame in areas]
        sides = sides[1], sides[0]
    frames: list[Frame | Box] = [*cycles, *areas, *boxes.values()]
    right = max([frame.x + frame.width for frame in frames] + sides[0], default=MARGIN)
    bottom = max([frame.y + frame.height for frame in frames] + sides[1], default=MARGIN - 2.0 * ROW_GAP)
    scattered = grid(sorted(loose, key=lambda name: home.get(name, "")), sizes, bottom + 2.0 * ROW_GAP, right)
    areas += scattered_areas(scattered, home)
    right = max([right, *(box.x + box.width for box in scattered.values())])
    bottom = max([bottom, *(box.y + box.height for box in scattered.values())])
    return Scene(manner, boxes | scattered, tuple(cycles), tuple(areas), tuple(routes), right + MARGIN, bottom + MARGIN)


def plan_of(
    manner: Manner, sizes: Mapping[str, Size], arrows: Sequence[Arrow], home: Mapping[str, str],
    keeps_first: Collection[str],
) -> Plan:  # fmt: skip
    """Put everything into columns, and each column into its order and height."""
    cells = {name: size.turned for name, size in sizes.items()} if manner.is_downward else sizes
    units = [unit_of(names, cells, manner) for names in circles(sizes, [arrow[:2] for arrow in arrows])]
    number_of = {name: number for number, unit in enumerate(units) for name in unit.names}
    pairs = dict.fromkeys((number_of[caller], number_of[callee]) for caller, callee, _ in arrows)
    layers = layers_of(
        [len(unit.rows) + unit.is_cycle for unit in units],
        [pair for pair in pairs if pair[0] != pair[1]],
        [any(name in keeps_first for name in unit.names) for unit in units],
        max(manner.rows, math.ceil(manner.rows_factor * math.sqrt(len(sizes)))),
    )
    clubs = clubs_of(units, home)
    order = order_of(layers, clubs)
    units = as_wide_as_their_column(units, layers.depth)
    columns = [stacks_of(column, units, clubs, manner) for column in order]
    plan = Plan(manner, units, layers, columns, [], [], [], number_of)
    return with_places(plan, heights(columns, springs_of(plan, arrows), len(layers.depth)))


def with_places(plan: Plan, y: Sequence[float]) -> Plan:
    """Give a plan its heights, which begin at the margin, and the corners of its units."""
    stacks = [stack for column in plan.columns for stack in column]
    top = min((y[stack.places[0]] - stack.offsets[0] - stack.size / 2.0 for stack in stacks), default=0.0)
    y = [height - top + MARGIN - ROW_GAP / 2.0 for height in y]
    spans = spans_of(plan)
    corners = [
        (sum(spans[plan.layers.depth[number]]) / 2.0 - unit.width / 2.0, y[number] - unit.height / 2.0)
        for number, unit in enumerate(plan.units)
    ]
    return replace(plan, y=y, spans=spans, corners=corners)


def as_wide_as_their_column(units: Sequence[Unit], depth: Sequence[int]) -> list[Unit]:
    """Make the boxes of a column equally wide, frames of cycles apart."""
    widest: dict[int, float] = {}
    for unit, column in zip(units, depth, strict=False):
        if not unit.is_cycle:
            widest[column] = max(widest.get(column, 0.0), unit.width)
    return [
        unit if unit.is_cycle else replace(unit, cell=Size(widest[column], unit.height))
        for unit, column in zip(units, depth, strict=False)
    ]


def clubs_of(units: Sequence[Unit], home: Mapping[str, str]) -> dict[int, int]:
    """Give the units that a domain has wholly, with the number of the domain."""
    labels = {label: number for number, label in enumerate(dict.fromkeys(home.values()))}
    found = {number: {home.get(name) for name in unit.names} for number, unit in enumerate(units)}
    return {
        number: labels[label]
        for number, homes in found.items()
        if len(homes) == 1 and (label := next(iter(homes))) is not None
    }


def stacks_of(column: Sequence[int], units: Sequence[Unit], clubs: Mapping[int, int], manner: Manner) -> list[Stack]:
    """Let the members of a domain move as one; what moves alone is a stack of one."""
    stacks = []
    for club, group in groupby(column, key=lambda place: clubs.get(place, -1 - place)):
        places = tuple(group)
        tall = [units[place].height + ROW_GAP if place < len(units) else LANE for place in places]
        head, foot = manner.area_across if club >= 0 else (0.0, 0.0)
        size = head + sum(tall) + foot
        ends = [head + sum(tall[: row + 1]) for row in range(len(tall))]
        offsets = tuple(end - height / 2.0 - size / 2.0 for end, height in zip(ends, tall, strict=True))
        stacks.append(Stack(places, offsets, size))
    return stacks


def springs_of(plan: Plan, arrows: Sequence[Arrow]) -> list[Spring]:
    """Give the wishes of the arrows to be level; lanes wish that most."""
    found: dict[tuple[int, float, int, float], float] = {}
    count = len(plan.units)
    for caller, callee, _ in arrows:
        start, end = plan.number_of[caller], plan.number_of[callee]
        if start == end:
            continue
        chain = [start, *plan.layers.lanes[start, end], end]
        for left, right in pairwise(chain):
            left_px = port(plan, caller) if left == start else 0.0
            right_px = port(plan, callee) if right == end else 0.0
            found[left, left_px, right, right_px] = 3.0 if min(left, right) >= count else 1.0
    return [Spring(*ends, weight) for ends, weight in found.items()]


def port(plan: Plan, name: str) -> float:
    """Give how far below the middle of its unit the arrows of a name arrive and leave."""
    unit = plan.units[plan.number_of[name]]
    return unit.corner_of(*unit.cells()[name])[1] + unit.cell.height / 2.0 - unit.height / 2.0


def spans_of(plan: Plan) -> list[tuple[float, float]]:
    """Give the sides of the columns, with wider gaps where more arrows cross."""
    crossing = [0] * len(plan.columns)
    for left, _ in plan.layers.links:
        crossing[plan.layers.depth[left]] += 1
    spans, x = [], MARGIN
    for column, arrows in zip(plan.columns, crossing, strict=True):
        units = [plan.units[place] for stack in column for place in stack.places if place < len(plan.units)]
        width = max((unit.width for unit in units), default=0.0)
        spans.append((x, x + width))
        x += width + min(COLUMN_GAP + PER_ARROW * arrows, WIDEST_GAP)
    return spans


def boxes_of(plan: Plan) -> dict[str, Box]:
    """Give the box of each name."""
    found = {}
    for unit, (x, y) in zip(plan.units, plan.corners, strict=True):
        for name, (row, column) in unit.cells().items():
            right, down = unit.corner_of(row, column)
            found[name] = Box(name, x + right, y + down, unit.cell.width, unit.cell.height)
    return found


def cycles_of(plan: Plan) -> list[Frame]:
    """Give the frames of the cycles."""
    return [
        Frame(f"cycle of {len(unit.names)}", unit.names, x, y, unit.width, unit.height)
        for unit, (x, y) in zip(plan.units, plan.corners, strict=True)
        if unit.is_cycle
    ]


def areas_of(plan: Plan, home: Mapping[str, str]) -> list[Frame]:
    """Give the outlines of the domains: one for the members that stand together in a column."""
    found = []
    for stack in (stack for column in plan.columns for stack in column):
        units = [place for place in stack.places if place < len(plan.units)]
        homes = {home.get(name) for place in units for name in plan.units[place].names}
        label = next(iter(homes), None)
        if label is None or len(homes) > 1:
            continue
        left = min(plan.corners[place][0] for place in units)
        right = max(plan.corners[place][0] + plan.units[place].width for place in units)
        top = plan.corners[units[0]][1]
        bottom = plan.corners[units[-1]][1] + plan.units[units[-1]].height
        names = tuple(name for place in units for name in plan.units[place].names)
        found.append(outline(label, names, (left, top, right, bottom), plan.manner))
    return found


def outline(label: str, names: tuple[str, ...], sides: tuple[float, float, float, float], manner: Manner) -> Frame:
    """Give the outline of a domain around what has some sides."""
    left, top, right, bottom = sides
    (before, after), (above, under) = manner.area_along, manner.area_across
    return Frame(label, names, left - before, top - above, right - left + before + after, bottom - top + above + under)


def route_of(plan: Plan, boxes: Mapping[str, Box], arrow: Arrow) -> Route:
    """Give the way of one arrow."""
    caller, callee, kind = arrow
    start, end = plan.number_of[caller], plan.number_of[callee]
    if start == end:
        cells = plan.units[start].cells()
        return Route(*arrow, around(boxes[caller], boxes[callee], cells[caller], cells[callee]))
    lanes = [
        Pass(*plan.spans[plan.layers.depth[lane]], plan.y[lane]) for lane in plan.layers.lanes[start, end]
    ]  # fmt: skip
    passes = [*way_out(plan, boxes[caller]), *lanes, *way_in(plan, boxes[callee])]
    return Route(caller, callee, kind, through(boxes[caller], passes, boxes[callee]))


def way_out(plan: Plan, box: Box) -> list[Pass]:
    """Give how an arrow leaves its column: level, or below its row where others of its cycle stand beside it."""
    number = plan.number_of[box.name]
    unit, right = plan.units[number], plan.spans[plan.layers.depth[number]][1]
    row, column = unit.cells()[box.name]
    if column + 1 < len(unit.rows[row]):
        return [Pass(box.x + box.width + ROW_GAP, right, box.y + box.height + ROW_GAP / 2.0)]
    return [Pass(box.x + box.width, right, box.middle)]


def way_in(plan: Plan, box: Box) -> list[Pass]:
    """Give how an arrow enters the column of what it leads to."""
    number = plan.number_of[box.name]
    left = plan.spans[plan.layers.depth[number]][0]
    _, column = plan.units[number].cells()[box.name]
    if column:
        return [Pass(left, box.x - ROW_GAP, box.y - ROW_GAP / 2.0)]
    return [Pass(left, box.x, box.middle)]


def grid(names: Sequence[str], sizes: Mapping[str, Size], top: float, width: float) -> dict[str, Box]:
    """Put boxes without arrows into rows below the others."""
    if not names:
        return {}
    wide = max(sizes[name].width for name in names)
    (before, after), (above, under) = RIGHTWARD.area_along, RIGHTWARD.area_across
    step = wide + before + after + ROW_GAP
    down = max(sizes[name].height for name in names) + above + under + ROW_GAP
    across = max(int((max(width, 960.0) - MARGIN) // step), 1)
    return {
        name: Box(
            name, MARGIN + index % across * step, top + index // across * down, wide, sizes[name].height
        )
        for index, name in enumerate(names)
    }  # fmt: skip


def scattered_areas(boxes: Mapping[str, Box], home: Mapping[str, str]) -> list[Frame]:
    """Give the outlines of the domains of boxes in rows."""
    found = []
    for (label, _), group in groupby(boxes.values(), key=lambda box: (home.get(box.name), box.y)):
        members = list(group)
        if label is not None:
            first, last = members[0], members[-1]
            bottom = max(box.y + box.height for box in members)
            names = tuple(box.name for box in members)
            found.append(outline(label, names, (first.x, first.y, last.x + last.width, bottom), RIGHTWARD))
    return found
