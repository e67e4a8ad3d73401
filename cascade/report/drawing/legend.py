"""What stands under a map: its strokes and shapes explained, and what it leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cascade.report.drawing import svg
from cascade.report.drawing.letters import width_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cascade.report.drawing.scene import Scene
    from cascade.report.drawing.subject import Subject

LEFT: Final = 32.0
SMALL: Final = 11.0
LINE: Final = 16.0
ROW: Final = 24.0
SWATCH: Final = 38.0
KINDS: Final = {
    "hard": "hard", "soft": "soft", "async": "asynchronous", "startup": "to start", "control": "to be changed",
    "keeps": "member of a group, keeper of a fleet, cache or fallback",
}  # fmt: skip
"""How the kinds of arrows are called, as in the figures."""
ENTRY: Final = '<path class="entry" d="M8 0H30M24 -5L30 0L24 5"/>'


def legend(subject: Subject, scene: Scene, width: float) -> tuple[list[str], float]:
    """Explain strokes and shapes in rows under the map; give where the last row ends [px]."""
    x, y = LEFT, scene.height + 4.0
    drawn = []
    for swatch, said in items(subject, scene):
        wide = SWATCH + 8.0 + width_of(said, SMALL) + 20.0
        if x + wide > width and x > LEFT:
            x, y = LEFT, y + ROW
        word = svg.text(said, {"class": "small note", "x": SWATCH + 8.0, "y": 4.0})
        drawn.append(svg.element("g", {"transform": f"translate({svg.number(x)} {svg.number(y)})"}, swatch, word))
        x += wide
    return ([svg.element("g", {"class": "legend"}, *drawn)], y + ROW) if drawn else ([], y)


def items(subject: Subject, scene: Scene) -> list[tuple[str, str]]:
    """Give what is to be explained: a piece of it, and the words."""
    shown = {route.kind for route in scene.routes}
    found = [(line_swatch(kind), said) for kind, said in KINDS.items() if kind in shown]
    if any((route.caller, route.callee) in subject.spread for route in scene.routes):
        found.append((line_swatch("spread"), "failure spread along it"))
    topology = subject.topology
    if any(name in topology.services and topology.services[name].is_entry_point for name in subject.parts):
        found.append((ENTRY, "requests come in"))
    if any(name in topology.groups for name in subject.parts):
        found.append((shape_swatch("group"), "group"))
    if any(name in topology.fleets for name in subject.parts):
        found.append((shape_swatch("fleet"), "fleet"))
    return found


def notes(sentences: Iterable[str], width: float, y: float) -> tuple[list[str], float]:
    """Write sentences below one another; give where the last one ends [px]."""
    written = []
    for line in (line for said in sentences for line in broken_words(said, width - 2.0 * LEFT)):
        written.append(svg.text(line, {"class": "small note", "x": LEFT, "y": y + 4.0}))
        y += LINE
    return written, y + 10.0


def broken_words(said: str, width: float) -> list[str]:
    """Break a sentence between its words into lines of a width."""
    lines = [""]
    for word in said.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and width_of(longer, SMALL) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def line_swatch(kind: str) -> str:
    """Draw a piece of an arrow."""
    return f'<path class="arrow {kind}" d="M0 0H{SWATCH:g}"/>'


def shape_swatch(kind: str) -> str:
    """Draw the shape of a part."""
    round_px = 8 if kind == "fleet" else 3
    return f'<g class="{kind}"><rect class="shape" x="6" y="-8" width="28" height="16" rx="{round_px}"/></g>'
