"""The page itself: one file that asks nobody for anything, made from templates of the package."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cascade.analysis.blast_radius import BlastRadius, assess
from cascade.analysis.replay import Replay, scored
from cascade.analysis.sweep import Sweep
from cascade.loading.provenance import free_parameters
from cascade.report.drawing.states import State
from cascade.report.export import finite
from cascade.report.page.content import Origin, page_of_run, page_of_sweep
from cascade.report.page.drawn import colours, map_of, timeline_of
from cascade.report.tables import Table, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cascade.engine.run import Run
    from cascade.report.page.content import Page

SAFE: Final = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}
"""Signs that could end a script, or a line of one, as JSON may write them, too."""


def report_page(result: Run | BlastRadius | Replay | Sweep, *, text: str = "", command: str = "") -> str:
    """Write a result as one page of HTML that needs nothing but a browser.

    Everything is in the one file: the answer, the map over time, timelines, rankings, and what the answer rests on.
    The same input gives the same bytes.

    Parameters
    ----------
    result : Run, BlastRadius, Replay or Sweep
    text : str, optional
        Of the topology file; the page then says where its numbers are from.
    command : str, optional
        The command line that makes the page again, for its foot.

    Examples
    --------
    >>> import cascade
    >>> shop = cascade.loads("services: {web: {demand: 10/s, calls: [db]}, db: }")
    >>> page = cascade.report_page(cascade.blast_radius(shop, ["db"]))
    >>> "db failing for 30m takes down 1 of 1 other service" in page
    True
    """
    return written(page_of(result, Origin(text, command)))


def page_of(result: Run | BlastRadius | Replay | Sweep, origin: Origin) -> Page:
    """Gather the page of a result."""
    if isinstance(result, Sweep):
        return page_of_sweep(result, origin)
    if isinstance(result, Replay):
        return page_of_run(assess(result.run), result, origin)
    blast = result if isinstance(result, BlastRadius) else assess(result)
    return page_of_run(blast, replay_of(blast.run, origin.text), origin)


def replay_of(run: Run, text: str) -> Replay | None:
    """Score a run against what was observed while it lasts; none where nothing was."""
    start, observed = run.scenario.start, run.topology.observed
    moments = [moment for each in observed for moment in (each.start, each.end) if moment is not None]
    if start is None or not any(0.0 <= run.scenario.seconds(moment) <= run.scenario.duration_s for moment in moments):
        return None
    return scored(run, free_parameters=free_parameters(text) if text else None)


def written(page: Page) -> str:
    """Fill the template."""
    style, script = f"{colours()}{source('page.css')}", source("page.js")
    return environment().get_template("page.html.j2").render(
        page=page,
        policy=policy(style, script),
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        data=Markup(as_data(data_of(page))),  # noqa: S704 - its signs are escaped
        map=Markup(map_of(page)),  # noqa: S704 - drawings escape all that they write
        timeline=Markup(timeline_of(page)),  # noqa: S704 - as above
    )  # fmt: skip


@cache
def environment() -> Environment:
    """Make what fills templates: everything is escaped, and what is not there is an error."""
    made = Environment(
        loader=PackageLoader("cascade.report.page"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.tests["table"] = lambda value: isinstance(value, Table)
    return made


def shown(value: Any) -> Any:
    """Give what a template writes: of a text only signs that can be seen, all on one line."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else visible(value)


def visible(text: str) -> str:
    r"""Give a text without what cannot be seen or turns the direction of writing.

    Examples
    --------
    >>> visible("a\n b\u202ec")
    'a b�c'
    """
    return text if text.isprintable() else printable(" ".join(text.split()))


def source(name: str) -> str:
    """Read a file of the page."""
    return (files("cascade.report.page") / name).read_text(encoding="utf-8")


def policy(style: str, script: str) -> str:
    """Write what a browser may do with the page: apply this style, run this script, and nothing else."""
    return (
        f"default-src 'none'; style-src '{digest(style)}'; script-src '{digest(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def digest(text: str) -> str:
    """Give the hash by which a policy knows a style or a script."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def as_data(content: Mapping[str, Any]) -> str:
    r"""Write data for the script, so that no name in it can end the element that holds it.

    Examples
    --------
    >>> as_data({"name": "</script>"})
    '{"name":"\\u003c/script\\u003e"}'
    """
    return json.dumps(finite(content), ensure_ascii=False, allow_nan=False, separators=(",", ":")).translate(SAFE)


def data_of(page: Page) -> dict[str, Any]:
    """Give what the script knows: what changes when, the names of what does, and what each needs."""
    numbers = page.index.number
    films = [film.document for film in page.films]
    moving = {int(part) for film in films for part in film["changes"]}
    names = {name: number for name, number in numbers.items() if number in moving or name in page.index.told}
    callees = {
        name: [numbers[to] for to, _ in page.relations.callees.get(name, ()) if numbers[to] in moving]
        for name, number in names.items()
        if number in moving
    }
    return {
        "states": [state.word for state in State],
        "moments": page.moments,
        "end_s": page.ends_s,
        "names": {str(number): visible(name) for name, number in names.items()},
        "needs": {str(names[name]): found for name, found in callees.items() if found},
        "films": [
            {**film, "label": visible(film["label"]), "events": [[at, visible(text)] for at, text in film["events"]]}
            for film in films
        ],
    }
