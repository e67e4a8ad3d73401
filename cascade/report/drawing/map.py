"""The map of a topology, or of what happened in a run, as SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cascade.report.drawing import svg
from cascade.report.drawing.legend import legend, notes
from cascade.report.drawing.letters import broken, fitted, width_of
from cascade.report.drawing.scene import scene_of
from cascade.report.drawing.states import State
from cascade.report.drawing.subject import MOST_BOXES, subject_of
from cascade.report.drawing.units import Size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cascade.analysis.blast_radius import BlastRadius
    from cascade.analysis.replay import Replay
    from cascade.analysis.sweep import Sweep
    from cascade.engine.run import Run
    from cascade.model import Topology
    from cascade.report.drawing.routes import Box, Route
    from cascade.report.drawing.scene import Frame, Scene
    from cascade.report.drawing.subject import Subject

LEAST_WIDTH: Final = 640.0
LABEL: Final = 13.0
SMALL: Final = 11.0
LINE: Final = 16.0
TIGHT: Final = 14.0
"""Height of a line of small letters."""
LONG: Final = 21
"""Letters of a state with its times that still stand in one line."""
PAD: Final = 11.0
NARROWEST: Final = 84.0
WIDEST: Final = 160.0
"""Width at which a name is broken into lines."""
MOST_LINES: Final = 3
BOLD: Final = 1.08
"""How much wider bold letters are."""
ROUND: Final = 14.0
"""What the round ends of a fleet add to its width."""
MARK: Final = 16.0
"""Room for the mark of a state, before its word."""
ENTRIES: Final = ("M-17 10H-4M-9 5.5L-4 10L-9 14.5", "M14 -17V-4M9.5 -9L14 -4L18.5 -9")
"""The arrow of what users call, from the left and from above."""
MARKS: Final = {
    State.WORKS: '<circle cx="5.5" cy="0" r="4.5"/>',
    State.HIT: '<path d="M5.5 -5.5L11 0L5.5 5.5L0 0Z"/><path class="full" d="M0 0H11L5.5 5.5Z"/>',
    State.DOWN: '<rect class="full" x="0.5" y="-5" width="10" height="10"/>',
    State.BACK: '<circle cx="5.5" cy="0" r="4.5"/><path d="M3 0L5 2.2L8.2 -2.2" fill="none"/>',
}
"""A shape for each state: a ring, a half-filled diamond, a full square, a ring with a tick."""


def map_svg(
    shown: Topology | Run | BlastRadius | Replay | Sweep, *, link: str | None = None,
    states: Sequence[State] = tuple(State), most: int = MOST_BOXES, name: str = "map",
) -> str:  # fmt: skip
    """Draw what depends on what, callers to the left of what they call; of a run, with the worst of each part.

    The boxes are ``<g class="box" data-part="3">``, numbered as in ``run.names``. A script that plays the run
    takes ``is-worst`` from a box, and gives it one of ``is-works``, ``is-hit``, ``is-down`` and ``is-back``.

    Parameters
    ----------
    shown : Topology, Run, BlastRadius, Replay or Sweep
    link : str, optional
        Makes each box a link to this text with the number of the part, ``#part-`` for example.
    states : sequence of State
        What each box can be shown in by a script; nothing for a picture that stays as it is.
    most : int
        Boxes that are drawn of a larger system: what loses most, or has most arrows.
    name : str
        Begins every ``id`` in the drawing; two drawings on one page need different ones.

    Examples
    --------
    >>> import cascade
    >>> map_svg(cascade.loads("services: {web: {calls: [db]}, db: }")).count("data-part")
    2
    """
    subject = subject_of(shown, most)
    sizes = {part: size_of(subject, part) for part in subject.parts}
    scene = scene_of(sizes, subject.arrows, subject.domains, subject.entries)
    width = max(scene.width, LEAST_WIDTH)
    explained, below = legend(subject, scene, width)
    written, height = notes(subject.left_out, width, below)
    body = [
        heads(name),
        *(area(frame, "area") for frame in scene.areas),
        *(area(frame, "cycle") for frame in scene.cycles),
        *arrows(subject, scene, name),
        *(box(subject, scene, found, link, states) for found in in_reading_order(scene)),
        *explained,
        *written,
    ]
    told = " ".join((*subject.told, scene.manner.words, *subject.left_out))
    attributes: svg.Attributes = {"role": "group"} if link is not None else {}
    return svg.root(name, (width, height), subject.question, told, {"class": "cascade map", **attributes}, body)


def size_of(subject: Subject, name: str) -> Size:
    """Give the room that the label of a part, and its state, need; round ends need more."""
    is_bold = name in subject.entries
    lines = label_lines(name, is_bold=is_bold)
    widths = [width_of(line, LABEL) * (BOLD if is_bold else 1.0) for line in lines]
    told = told_of(subject, name)
    widths += [MARK * (not row) + width_of(line, SMALL) for row, line in enumerate(told)]
    ends = ROUND if kind_of(subject, name) == "fleet" else 0.0
    height = LINE * len(lines) + TIGHT * len(told) + 14.0 + 2.0 * bool(told)
    return Size(max(NARROWEST, max(widths) + 2.0 * PAD + ends), height)


def told_of(subject: Subject, name: str) -> list[str]:
    """Say the worst that a part went through: in one line, or all of a map in two where that is too long for some."""
    worst = subject.worst.get(name)
    if worst is None:
        return []
    is_long = any(len(found.text) > LONG for found in subject.worst.values())
    return [worst.state.word, worst.when] if is_long and worst.when else [worst.text]


def label_lines(name: str, *, is_bold: bool) -> list[str]:
    """Break the name of a part into lines that fit its box."""
    return broken(name, LABEL * (BOLD if is_bold else 1.0), WIDEST - 2.0 * PAD, MOST_LINES)


def in_reading_order(scene: Scene) -> list[Box]:
    """Give the boxes column by column, or row by row of a map that goes downward."""
    if scene.manner.is_downward:
        return sorted(scene.boxes.values(), key=lambda box: (box.middle, box.x))
    return sorted(scene.boxes.values(), key=lambda box: (box.x + box.width / 2.0, box.y))


def heads(name: str) -> str:
    """Write the heads of arrows."""
    tip = '<path d="M0 0L8 4L0 8Z"/>'
    fixed: svg.Attributes = {
        "viewBox": "0 0 8 8", "refX": 7.0, "refY": 4.0, "markerUnits": "userSpaceOnUse", "orient": "auto",
    }  # fmt: skip
    made = "".join(
        svg.element(
            "marker", {"id": f"{name}-{kind}", "class": kind, "markerWidth": size, "markerHeight": size, **fixed}, tip
        )
        for kind, size in (("head", 8.0), ("head-spread", 11.0))
    )
    return f"<defs>{made}</defs>"


def area(frame: Frame, kind: str) -> str:
    """Draw the outline of a domain or of a cycle behind its boxes."""
    corner: svg.Attributes = {"x": frame.x, "y": frame.y, "width": frame.width, "height": frame.height, "rx": 10.0}
    label = svg.text(
        frame.label if kind == "cycle" else fitted(frame.label, SMALL, frame.width - 16.0),
        {"x": frame.x + 9.0, "y": frame.y + 15.0},
    )
    inside = f"{frame.label}: {', '.join(frame.names)}"
    return svg.element("g", {"class": kind}, svg.title(inside), svg.element("rect", corner), label)


def arrows(subject: Subject, scene: Scene, name: str) -> Iterator[str]:
    """Draw the arrows, those along which failure came back on top."""
    for route in sorted(scene.routes, key=lambda route: (route.caller, route.callee) in subject.spread):
        yield arrow(subject, route, name)


def arrow(subject: Subject, route: Route, name: str) -> str:
    """Draw one arrow."""
    is_spread = (route.caller, route.callee) in subject.spread
    kind = f"arrow {route.kind} spread" if is_spread else f"arrow {route.kind}"
    tip = "head-spread" if is_spread else "head"
    return svg.element(
        "path",
        {
            "class": kind, "data-from": str(subject.parts[route.caller]), "data-to": str(subject.parts[route.callee]),
            "d": route.path, "marker-end": f"url(#{name}-{tip})",
        },
    )  # fmt: skip


def box(subject: Subject, scene: Scene, found: Box, link: str | None, states: Sequence[State]) -> str:
    """Draw one part: round a fleet, with a thick edge a group, bold and with an arrow what users call."""
    worst = subject.worst.get(found.name)
    kind, is_entry = kind_of(subject, found.name), found.name in subject.entries
    classes = ["box", kind, *(["is-entry"] if is_entry else [])]
    if worst is not None:
        classes += ["is-worst", f"is-{worst.state.word}"]
    said = f"{found.name}: {worst.text}" if worst is not None else f"{found.name}: {kind}"
    round_px = found.height / 2.0 if kind == "fleet" else 5.0
    shape: svg.Attributes = {"class": "shape", "width": found.width, "height": found.height, "rx": round_px}
    parts = [svg.title(said), svg.element("rect", shape), *words(subject, found, states)]
    if is_entry:
        parts.append(svg.element("path", {"class": "entry", "d": ENTRIES[scene.manner.is_downward]}))
    place = f"translate({svg.number(found.x)} {svg.number(found.y)})"
    number = subject.parts[found.name]
    drawn = svg.element("g", {"class": " ".join(classes), "data-part": str(number), "transform": place}, *parts)
    return drawn if link is None else svg.element("a", {"href": f"{link}{number}", "aria-label": said}, drawn)


def kind_of(subject: Subject, name: str) -> str:
    """Say what a part is."""
    if name in subject.topology.services:
        return "service"
    return "group" if name in subject.topology.groups else "fleet"


def words(subject: Subject, found: Box, states: Sequence[State]) -> Iterator[str]:
    """Write the name in a box, and every state that it can be in; the style shows one."""
    lines, told = label_lines(found.name, is_bold=found.name in subject.entries), told_of(subject, found.name)
    y = (found.height - LINE * len(lines) - TIGHT * len(told) - 2.0 * bool(told)) / 2.0 + 12.0
    for row, line in enumerate(lines):
        place: svg.Attributes = {"class": "label", "x": found.width / 2.0, "text-anchor": "middle"}
        yield svg.text(line, {**place, "y": y + row * LINE})
    if told:
        level = y + len(lines) * LINE - 3.0
        for state in states:
            yield state_mark(state, state.word, [state.word], found.width, level)
        yield state_mark(subject.worst[found.name].state, "worst", told, found.width, level)


def state_mark(state: State, kind: str, told: Sequence[str], width: float, y: float) -> str:
    """Draw the mark of a state before its word, and below it when that was."""
    left = max((width - MARK - width_of(told[0], SMALL)) / 2.0, 5.0)
    place = f"translate({svg.number(left)} {svg.number(y)})"
    mark = f'<g class="mark">{MARKS[state]}</g>'
    rows = [svg.text(told[0], {"x": MARK, "y": 4.0})]
    rows += [svg.text(line, {"x": width / 2.0 - left, "y": 4.0 + TIGHT, "text-anchor": "middle"}) for line in told[1:]]
    return svg.element("g", {"class": f"state {kind}", "transform": place}, mark, *rows)
