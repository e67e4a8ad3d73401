"""How a time of a run is written: as the clock on the wall where there is one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from cascade.analysis.sentences import about

if TYPE_CHECKING:
    from cascade.engine.run import Run
    from cascade.model import Event

DAYS_OF_WEEK: Final = 7


def moment_text(run: Run, time_s: float | None) -> str:
    """Write a time of a run: ``Mon 02:25``, or ``+1h30m`` where the scenario has no start."""
    if time_s is None or not math.isfinite(time_s):
        return "never"
    moment = run.moment(time_s)
    if moment is None:
        return f"+{about(time_s)}"
    end = run.moment(run.scenario.duration_s)
    assert end is not None
    start = run.scenario.start
    assert start is not None
    if end.date() == start.date():
        return f"{moment:%H:%M:%S}"
    if (end.date() - start.date()).days >= DAYS_OF_WEEK:
        return f"{moment:%d %b %H:%M}"
    return f"{moment:%a %H:%M}"


def setting(run: Run) -> str:
    """Say which scenario was played, when it starts and how long it is followed."""
    named = run.scenario_name in run.topology.scenarios
    text = f"{run.topology.name}: {run.scenario_name if named else run.scenario.description or 'a scenario'}"
    moment = run.moment(0.0)
    if moment is not None:
        text += f", from {moment:%a %d %B %Y %H:%M} (UTC{moment:%z})"
    return f"{text}, followed for {about(run.scenario.duration_s)}"


def events_of(run: Run) -> list[tuple[float, str]]:
    """Give when each event took effect [s] and what it did, in the order of time."""
    texts = [event.note or event_text(event) for event in run.scenario.events]
    return sorted(zip(run.event_times_s, texts, strict=True), key=lambda pair: pair[0])


def event_text(event: Event) -> str:
    """Say what an event does."""
    text = f"{event.action.replace('_', ' ')} {event.target}"
    if event.rate_rps is not None:
        text += " no longer" if math.isinf(event.rate_rps) else f" to {event.rate_rps:g}/s"
    if event.action == "surge":
        text += f" by a factor of {event.factor:g}"
    if event.action in ("fail", "lose") and event.share_fraction < 1.0:
        text += f" by {event.share_fraction:.0%}"
    if event.lasts_s is not None:
        text += f" for {about(event.lasts_s)}"
    return text
