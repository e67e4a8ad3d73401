"""Where the boxes, frames, areas and arrows of a map are [px]: callers left of what they call."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Final

from cascade.graph.layers import circles
from cascade.report.drawing.layering import layers_of
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

LANE: Final = 10.0
"""Room for an arrow that passes a column."""
COLUMN_GAP: Final = 56.0
WIDEST_GAP: Final = 160.0
PER_ARROW: Final = 1.8
"""What each arrow adds to the gap that it crosses."""
AREA: Final = 10.0
"""Between the boxes of a domain and its outline."""
AREA_HEAD: Final = 22.0
"""The same at the top, where its label stands."""
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


@dataclass(frozen=True, slots=True)
class Scene:
    """A map, laid out."""

    boxes: dict[str, Box]
    cycles: tuple[Frame, ...]
    areas: tuple[Frame, ...]
    routes: tuple[Route, ...]
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Units in columns, before they are drawn."""

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
    keeps_left: Collection[str] = (),
) -> Scene:  # fmt: skip
    """Lay out boxes of some sizes, with the arrows between them and areas around them.

    Parameters
    ----------
    sizes : mapping of str to Size
        What is drawn, by name.
    arrows : iterable of (caller, callee, kind)
        What has an end that is not drawn is left out.
    domains : mapping of str to collection of str
        The names in each area; a name is in one of them at most.
    keeps_left : collection of str
        What stays at the left: where requests come in.
    """
    drawn = [arrow for arrow in arrows if arrow[0] in sizes and arrow[1] in sizes and arrow[0] != arrow[1]]
    linked = {name for arrow in drawn for name in arrow[:2]}
    loose = [name for name in sizes if name not in linked]
    if linked and len(loose) <= FEW_LOOSE:
        loose = []
    home = {name: label for label, names in domains.items() for name in names if name in sizes}
    plan = plan_of({name: size for name, size in sizes.items() if name not in {*loose}}, drawn, home, keeps_left)
    boxes = boxes_of(plan)
    routes = [route_of(plan, boxes, arrow) for arrow in drawn]
    areas = areas_of(plan, home)
    right, bottom = extent(boxes, plan, areas)
    scattered = grid(sorted(loose, key=lambda name: home.get(name, "")), sizes, bottom + 2.0 * ROW_GAP, right)
    boxes |= scattered
    areas += scattered_areas(scattered, home)
    right, bottom = extent(boxes, plan, areas)
    return Scene(boxes, tuple(cycles_of(plan)), tuple(areas), tuple(routes), right + MARGIN, bottom + MARGIN)


def plan_of(
    sizes: Mapping[str, Size], arrows: Sequence[Arrow], home: Mapping[str, str], keeps_left: Collection[str]
) -> Plan:
    """Put everything into columns, and each column into its order and height."""
    units = [unit_of(names, sizes) for names in circles(sizes, [arrow[:2] for arrow in arrows])]
    number_of = {name: number for number, unit in enumerate(units) for name in unit.names}
    pairs = dict.fromkeys((number_of[caller], number_of[callee]) for caller, callee, _ in arrows)
    layers = layers_of(
        [len(unit.rows) + unit.is_cycle for unit in units],
        [pair for pair in pairs if pair[0] != pair[1]],
        [any(name in keeps_left for name in unit.names) for unit in units],
    )
    clubs = clubs_of(units, home)
    order = order_of(layers, clubs)
    units = as_wide_as_their_column(units, layers.depth)
    columns = [stacks_of(column, units, clubs) for column in order]
    plan = Plan(units, layers, columns, [], [], [], number_of)
    y = heights(columns, springs_of(plan, arrows), len(layers.depth))
    top = min((y[stack.places[0]] - stack.offsets[0] - stack.size / 2.0 for column in columns for stack in column),
              default=0.0)  # fmt: skip
    y = [height - top + MARGIN - ROW_GAP / 2.0 for height in y]
    spans = spans_of(plan)
    corners = [
        (sum(spans[layers.depth[number]]) / 2.0 - unit.width / 2.0, y[number] - unit.height / 2.0)
        for number, unit in enumerate(units)
    ]
    return replace(plan, y=y, spans=spans, corners=corners)


def as_wide_as_their_column(units: Sequence[Unit], depth: Sequence[int]) -> list[Unit]:
    """Make the boxes of a column equally wide, frames of cycles apart."""
    widest: dict[int, float] = {}
    for unit, column in zip(units, depth, strict=False):
        if not unit.is_cycle:
            widest[column] = max(widest.get(column, 0.0), unit.width)
    return [
        unit if unit.is_cycle else Unit(unit.rows, Size(widest[column], unit.height))
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


def stacks_of(column: Sequence[int], units: Sequence[Unit], clubs: Mapping[int, int]) -> list[Stack]:
    """Let the members of a domain move as one; what moves alone is a stack of one."""
    stacks = []
    for club, group in groupby(column, key=lambda place: clubs.get(place, -1 - place)):
        places = tuple(group)
        tall = [units[place].height + ROW_GAP if place < len(units) else LANE for place in places]
        head, foot = (AREA_HEAD, AREA) if club >= 0 else (0.0, 0.0)
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
        found.append(outline(label, names, (left, top, right, bottom)))
    return found


def outline(label: str, names: tuple[str, ...], sides: tuple[float, float, float, float]) -> Frame:
    """Give the outline of a domain around what has some sides."""
    left, top, right, bottom = sides
    return Frame(label, names, left - AREA, top - AREA_HEAD, right - left + 2.0 * AREA, bottom - top + AREA_HEAD + AREA)


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
    step = wide + 2.0 * AREA + ROW_GAP
    down = max(sizes[name].height for name in names) + AREA_HEAD + AREA + ROW_GAP
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
            found.append(outline(label, names, (first.x, first.y, last.x + last.width, bottom)))
    return found


def extent(boxes: Mapping[str, Box], plan: Plan, areas: Sequence[Frame]) -> tuple[float, float]:
    """Give the right and the lower end of everything."""
    right = [box.x + box.width for box in boxes.values()]
    right += [x + unit.width for unit, (x, _) in zip(plan.units, plan.corners, strict=True)]
    bottom = [box.y + box.height for box in boxes.values()] + plan.y
    bottom += [y + unit.height for unit, (_, y) in zip(plan.units, plan.corners, strict=True)]
    bottom += [area.y + area.height for area in areas]
    return max(right, default=MARGIN), max(bottom, default=MARGIN - 2.0 * ROW_GAP)
