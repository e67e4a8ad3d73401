"""The colours and strokes of the drawings, as a style sheet that a page can take over."""

from __future__ import annotations

import re
from typing import Final

LIGHT: Final = {
    "paper": "#ffffff", "ink": "#1a1a1a", "faint": "#5d636c", "line": "#8a9099", "band": "#f3f4f6",
    "box": "#ffffff", "edge": "#454a52", "frame": "#eef0f3", "area": "#e8f1f8", "area-edge": "#5b87a8",
    "hit": "#f2b48c", "hit-ink": "#1a1a1a", "down": "#7a1f00", "down-ink": "#ffffff",
    "back": "#dcedf7", "back-ink": "#00324f", "repair": "#0072b2", "spread": "#b84a00", "backlog": "#7f8fa6",
    "observed": "#33373d",
    "loss-0": "#f2b48c", "loss-1": "#e8985f", "loss-2": "#d55e00", "loss-3": "#a83d00", "loss-4": "#7a1f00",
}  # fmt: skip
"""Colours on white: those of the figures for the same states."""
DARK: Final = {
    "paper": "#15181c", "ink": "#eceef1", "faint": "#a7adb6", "line": "#6d747e", "band": "#1c2026",
    "box": "#20252b", "edge": "#a7adb6", "frame": "#1f242b", "area": "#182a37", "area-edge": "#6ba3c9",
    "hit": "#e8b48f", "hit-ink": "#1a1a1a", "down": "#a3300a", "down-ink": "#ffffff",
    "back": "#123a52", "back-ink": "#d8ecf8", "repair": "#56b4e9", "spread": "#f08a4b", "backlog": "#8396b0",
    "observed": "#d5d9de",
    "loss-0": "#e8b48f", "loss-1": "#e39a66", "loss-2": "#dd6e22", "loss-3": "#bf4a12", "loss-4": "#a3300a",
}  # fmt: skip
"""Colours on black, the same order from light to dark."""
FONT: Final = '"Helvetica Neue",Helvetica,Arial,"Liberation Sans",sans-serif'
RULES: Final = f"""
.cascade{{font-family:{FONT};font-size:13px;max-width:100%;height:auto}}
.cascade text{{fill:var(--ink)}}
.cascade .paper{{fill:var(--paper)}}
.cascade .faint,.cascade .tick,.cascade .note{{fill:var(--faint)}}
.cascade .small{{font-size:11px}}
.cascade .head{{fill:var(--line)}}
.cascade .head-spread{{fill:var(--spread)}}
.cascade .arrow{{fill:none;stroke:var(--line);stroke-width:1.2}}
.cascade .soft{{stroke-dasharray:6 3}}
.cascade .async{{stroke-dasharray:1.5 3}}
.cascade .startup{{stroke-dasharray:8 3 1.5 3}}
.cascade .control{{stroke-dasharray:2 5}}
.cascade .keeps{{stroke-dasharray:9 3 1.5 3 1.5 3}}
.cascade .arrow.spread{{stroke:var(--spread);stroke-width:2.4}}
.cascade .cycle rect{{fill:var(--frame);stroke:var(--line);stroke-dasharray:4 3}}
.cascade .area rect{{fill:var(--area);fill-opacity:.6;stroke:var(--area-edge);stroke-width:1.2}}
.cascade .cycle text,.cascade .area text{{font-size:11px;fill:var(--faint)}}
.cascade .shape{{fill:var(--box);stroke:var(--edge);stroke-width:1.1}}
.cascade .group .shape{{stroke-width:3}}
.cascade .entry{{fill:none;stroke:var(--ink);stroke-width:2.2}}
.cascade .is-entry .label{{font-weight:bold}}
.cascade .mark{{fill:var(--box);stroke:var(--ink);stroke-width:1.3}}
.cascade .mark .full{{fill:var(--ink)}}
.cascade .state{{display:none}}
.cascade .state text{{font-size:11px}}
.cascade .is-worst .state.worst,.cascade .is-works:not(.is-worst) .state.works,
.cascade .is-hit:not(.is-worst) .state.hit,.cascade .is-down:not(.is-worst) .state.down,
.cascade .is-back:not(.is-worst) .state.back{{display:inline}}
.cascade .is-hit .shape{{fill:var(--hit)}}
.cascade .is-down .shape{{fill:var(--down)}}
.cascade .is-back .shape{{fill:var(--back);stroke:var(--repair)}}
.cascade .is-hit text{{fill:var(--hit-ink)}}
.cascade .is-down text{{fill:var(--down-ink)}}
.cascade .is-back text{{fill:var(--back-ink)}}
.cascade .is-hit .mark{{fill:var(--hit);stroke:var(--hit-ink)}}
.cascade .is-hit .mark .full{{fill:var(--hit-ink)}}
.cascade .is-down .mark{{fill:var(--down);stroke:var(--down-ink)}}
.cascade .is-down .mark .full{{fill:var(--down-ink)}}
.cascade .is-back .mark{{fill:var(--back);stroke:var(--back-ink)}}
.cascade a:focus .shape,.cascade a:hover .shape{{stroke:var(--repair);stroke-width:3}}
.cascade .band{{fill:var(--band)}}
.cascade .rule{{stroke:var(--line);stroke-width:1;stroke-opacity:.45}}
.cascade .axis{{stroke:var(--line)}}
.cascade .window{{fill:none;stroke:var(--edge);stroke-width:1}}
.cascade .loss-0{{fill:var(--loss-0)}}.cascade .loss-1{{fill:var(--loss-1)}}.cascade .loss-2{{fill:var(--loss-2)}}
.cascade .loss-3{{fill:var(--loss-3)}}.cascade .loss-4{{fill:var(--loss-4)}}
.cascade .backlog{{fill:var(--backlog);fill-opacity:.55;stroke:var(--backlog);stroke-width:1}}
.cascade .observed{{fill:none;stroke:var(--observed);stroke-width:1.6}}
.cascade .assumed{{stroke-dasharray:2 3}}
.cascade .error{{stroke:var(--repair);stroke-width:3}}
.cascade .event{{stroke:var(--faint);stroke-width:1;stroke-dasharray:3 3}}
.cascade .event-number circle{{fill:var(--ink)}}
.cascade .event-number text{{fill:var(--paper);font-size:11px;font-weight:bold}}
.cascade .repair{{stroke:var(--repair);stroke-width:2}}
.cascade .playhead{{stroke:var(--ink);stroke-width:2}}
"""
"""What everything looks like, given the colours."""


def variables(colours: dict[str, str]) -> str:
    """Write colours as custom properties."""
    return "".join(f"--{name}:{colour};" for name, colour in colours.items())


def sheet() -> str:
    """Give the style sheet of a drawing that stands alone: light, or dark where the reader prefers that."""
    dark = f"@media (prefers-color-scheme:dark){{.cascade{{{variables(DARK)}}}}}"
    return f".cascade{{{variables(LIGHT)}}}{dark}{RULES}"


def standalone(drawing: str) -> str:
    """Give a drawing its style sheet and a background, so that it can be a file or an image.

    Examples
    --------
    >>> standalone('<svg class="cascade"><title>a</title></svg>').startswith('<svg class="cascade"><style>')
    True
    """
    background = '<rect class="paper" width="100%" height="100%" rx="6"/>'
    compact = sheet().replace("\n", "")
    head, rest = re.match(r"(?s)(<svg[^>]*>)(.*)", drawing).groups()  # type: ignore[union-attr] # all of ours begin so
    return f"{head}<style>{compact}</style>{background}{rest}"
