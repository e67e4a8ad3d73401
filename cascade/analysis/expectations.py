"""Whether a scenario came to what it must come to (theory page, section *Expectations*)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.analysis.blast_radius import end_of, find_triggers
from cascade.analysis.impact import requests_lost
from cascade.analysis.sentences import about, reason
from cascade.analysis.windows import windows
from cascade.engine.blame import LEAST_RPS
from cascade.errors import ScenarioError
from cascade.model.references import in_expectations
from cascade.units import format_seconds
from cascade.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascade.engine.run import Run
    from cascade.model.expectation import BacklogBelow, BreakerOpensWithin, Expect, PeakAmplification, RecoversWithin

MOST_NAMED: Final = 5
"""Names that a sentence holds."""
NEAR: Final = 1e-9
"""What is so near to a bound is on it."""
LEAST_COUNT: Final = 1e-3
"""Less of a request than this is none."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing that a scenario must come to, and what it came to."""

    key: str
    """As in the file: ``recovers_within``, ``stays_up``, ..."""
    expected: str
    """In words."""
    found: str
    """In words."""
    is_met: bool
    bound: float | None = None
    """Seconds, requests or a factor; none for ``stays_up``."""
    value: float | None = None
    """What was found, in the same unit; none where that never happened."""
    part: str | None = None
    """The part, or the call, that decided it; none when no single one did."""
    time_s: float | None = None
    """When that was [s since the scenario's start]; none when at no single moment."""

    def __str__(self) -> str:
        """Say it in one line."""
        when = "" if self.time_s is None else f" (at {about(self.time_s)})"
        return f"{self.verdict}: {self.expected}; {self.found}{when}"

    @property
    def verdict(self) -> str:
        """The word for it: ``pass`` or ``FAIL``."""
        return "pass" if self.is_met else "FAIL"


def expectations(run: Run) -> tuple[Expectation, ...]:
    """Hold a run against what its scenario must come to; nothing where that says nothing.

    Raises
    ------
    ScenarioError
        When something is named that does not exist.

    Examples
    --------
    >>> import cascade
    >>> shop = cascade.loads(
    ...     '''
    ...     services: {web: {demand: 10/s, calls: [db]}, db: }
    ...     scenarios: {outage: {events: [{at: 5m, fail: db, for: 5m}], expect: {recovers_within: 1m, stays_up: [web]}}}
    ... '''
    ... )
    >>> for expectation in cascade.expectations(cascade.simulate(shop)):
    ...     print(expectation)
    pass: recovers within 1m; web is back 1.5s after the repair (at 10m)
    FAIL: web stays up; web leaves its objective: is refused by db (at 5m)
    """
    expect = run.scenario.expect
    if expect is None:
        return ()
    for path, message in in_expectations(expect, run.topology):
        raise ScenarioError(f"expect.{path[0]}: {message}")
    return tuple(checked(run, expect))


def checked(run: Run, expect: Expect) -> Iterator[Expectation]:
    """Yield each expectation of a scenario, in the order of the keys."""
    first_s = min((time_s for time_s in run.event_times_s if math.isfinite(time_s)), default=0.0)
    if expect.recovers_within:
        yield recovery(run, expect.recovers_within)
    for name in expect.stays_up:
        yield staying(run, name, first_s)
    if expect.loses_at_most_count is not None:
        yield losses(run, expect.loses_at_most_count, first_s)
    if expect.peak_amplification:
        yield amplification(run, expect.peak_amplification, first_s)
    if expect.breaker_opens_within:
        yield opening(run, expect.breaker_opens_within, first_s)
    if expect.backlog_below:
        yield backlog(run, expect.backlog_below, first_s)


def recovery(run: Run, bound: RecoversWithin) -> Expectation:
    """Time from the last repair of the trigger until every entry point, or each named part, is back for good.

    The trigger is what :func:`~cascade.analysis.blast_radius.find_triggers` gives, or the first event where nothing
    fails. What never falls, or is back before the repair, takes no time. A fault that is never repaired fails it, and
    so does a part that is not back when the run ends. Known to one sample of the run, to the later side.
    """
    names = bound.of or entry_points(run)
    who = f"{listed(bound.of, MOST_NAMED)} " if bound.of else ""
    expected = f"{who}{'recover' if len(bound.of) > 1 else 'recovers'} within {format_seconds(bound.within_s)}"
    answer = partial(Expectation, "recovers_within", expected, bound=bound.within_s)
    repaired_s = repair(run)
    if repaired_s is None:
        return answer("what fails is never repaired", is_met=False)
    back_s = {name: max((window.end_s for window in windows(run, name)), default=0.0) for name in names}
    last = max(names, key=back_s.__getitem__)
    took_s = back_s[last] - repaired_s
    if took_s <= 0.0:
        return answer("all are back by the repair", is_met=True, value=0.0)
    if math.isinf(took_s):
        left_s = run.scenario.duration_s - repaired_s
        return answer(
            f"{last} is not back when the run ends, {about(left_s)} after the repair", is_met=False, part=last
        )
    found = f"{last} is back {lasting(took_s, bound.within_s)} after the repair"
    is_met = took_s <= bound.within_s * (1.0 + NEAR)
    return answer(found, is_met=is_met, value=took_s, part=last, time_s=back_s[last])


def repair(run: Run) -> float | None:
    """Give when all that a scenario is about is undone [s]; none if it never is, nothing happens counts as undone."""
    events = run.scenario.events
    if not events:
        return 0.0
    first = min(range(len(events)), key=run.event_times_s.__getitem__)
    ends_s = [end_of(run, index) for index in find_triggers(run.scenario) or [first]]
    known_s = [end_s for end_s in ends_s if end_s is not None and math.isfinite(end_s)]
    return max(known_s) if len(known_s) == len(ends_s) else None


def entry_points(run: Run) -> tuple[str, ...]:
    """Give the services that users call."""
    return tuple(name for name, service in run.topology.services.items() if service.is_entry_point)


def staying(run: Run, name: str, first_s: float) -> Expectation:
    """Whether a part is never outside its objective after the first event, not even for one step."""
    answer = partial(Expectation, "stays_up", f"{name} stays up", part=name)
    hit = run.is_hit(name)
    after = run.times_s > first_s
    if hit[~after][-1:].any() and hit[after][:1].any():
        found = f"{name} is outside its objective before anything happens"
        return answer(found, is_met=False, time_s=float(run.times_s[hit].min()))
    fall = next((fall for fall in run.falls_of.get(name, ()) if fall.time_s >= first_s), None)
    if fall is not None:
        found = f"{name} leaves its objective: {reason(fall.mechanism, fall.cause)}"
        return answer(found, is_met=False, time_s=fall.time_s)
    if (hit & after).any():
        found = f"{name} leaves its objective"
        return answer(found, is_met=False, time_s=float(run.times_s[hit & after][0]))
    return answer(f"{name} never leaves its objective", is_met=True)


def losses(run: Run, bound_count: float, first_s: float) -> Expectation:
    """Requests lost at all entry points, beyond what is usual, those of entry points within their objective too."""
    lost = {name: requests_lost(run, name, first_s) for name in entry_points(run)}
    worst, total = max(lost, key=lost.__getitem__), sum(lost.values())
    return Expectation(
        "loses_at_most",
        f"at most {plain(bound_count)} requests of users lost",
        f"{plain(total)} lost" + (f", most at {worst}" if lost[worst] > LEAST_COUNT and len(lost) > 1 else ""),
        is_met=total <= bound_count + LEAST_COUNT,
        bound=bound_count,
        value=total,
        part=worst if lost[worst] > LEAST_COUNT else None,
    )


def amplification(run: Run, bound: PeakAmplification, first_s: float) -> Expectation:
    """Highest load of a service after the first event, as a multiple of its load before it.

    The load is all that arrives: first attempts, retries, and what a surge, a failover or the hour adds; mean over a
    sample of the run. A service that nobody called before has no multiple: it is left out, and fails it when named.
    """
    names = [bound.at] if bound.at is not None else list(run.topology.services)
    usual_rps = {name: run.usual_rps[run.column(name)] for name in names}
    whose = f"load of {bound.at}" if bound.at is not None else "load of every service"
    answer = partial(
        Expectation, "peak_amplification", f"{whose} stays below {bound.below:g} times the usual", bound=bound.below
    )
    peaks = {name: peak(run, name, "offered_rps", first_s) for name in names if usual_rps[name] > LEAST_RPS}
    if not peaks:
        return answer(f"nobody calls {bound.at or 'any service'} before the first event", is_met=False, part=bound.at)
    factors = {name: highest / usual_rps[name] for name, (highest, _) in peaks.items()}
    worst = max(factors, key=factors.__getitem__)
    found = f"{worst} gets {factors[worst]:.3g} times its usual {usual_rps[worst]:.3g}/s"
    is_met = factors[worst] < bound.below
    return answer(found, is_met=is_met, value=factors[worst], part=worst, time_s=peaks[worst][1])


def opening(run: Run, bound: BreakerOpensWithin, first_s: float) -> Expectation:
    """Time from the first event until the breaker of a call, or of any call, opens for the first time.

    Known to one step of the run. A breaker that opened before the first event was no answer to it, and fails it.
    """
    opened_s = run.breakers_opened_s
    calls = [bound.call] if bound.call is not None else list(opened_s)
    first = min(calls, key=opened_s.__getitem__)
    whose = f"the circuit breaker of {bound.call}" if bound.call is not None else "a circuit breaker"
    expected = f"{whose} opens within {format_seconds(bound.within_s)}"
    answer = partial(Expectation, "breaker_opens_within", expected, bound=bound.within_s)
    took_s = opened_s[first] - first_s
    if math.isinf(took_s):
        return answer("it never opens" if bound.call is not None else "none ever opens", is_met=False, part=bound.call)
    if took_s < 0.0:
        found = f"that of {first} opened before anything happened"
        return answer(found, is_met=False, part=first, time_s=opened_s[first])
    found = f"that of {first} opens {lasting(took_s, bound.within_s)} after the first event"
    is_met = took_s <= bound.within_s * (1.0 + NEAR)
    return answer(found, is_met=is_met, value=took_s, part=first, time_s=opened_s[first])


def backlog(run: Run, bound: BacklogBelow, first_s: float) -> Expectation:
    """Most work that waits after the first event, what usually waits included, at the ends of the samples."""
    names = [bound.at] if bound.at is not None else list(run.topology.services)
    peaks = {name: peak(run, name, "backlog_count", first_s) for name in names}
    worst = max(names, key=lambda name: peaks[name][0])
    most, time_s = peaks[worst]
    is_fleet = worst in run.topology.fleets
    what = "units of {} out of service" if is_fleet else "waiting at {}"
    return Expectation(
        "backlog_below",
        f"less than {plain(bound.count)} {what.format(bound.at or 'any service')}",
        f"{plain(most)} {what.format(worst)}",
        is_met=most < bound.count,
        bound=bound.count,
        value=most,
        part=worst,
        time_s=time_s,
    )


def peak(run: Run, name: str, series: str, first_s: float) -> tuple[float, float]:
    """Give the highest value of a series after the first event, and when it is first reached [s]."""
    after = np.flatnonzero(run.times_s > first_s)
    if not len(after):
        return 0.0, first_s
    values = run.of(name, series)[after]
    return float(values.max()), float(run.times_s[after[values.argmax()]])


def lasting(took_s: float, bound_s: float) -> str:
    """Write how long something took, so that it never reads like the bound that it exceeds.

    Examples
    --------
    >>> lasting(600.2, 600.0), lasting(598.0, 600.0)
    ('just over 10m', '9m58s')
    """
    text = format_seconds(took_s)
    return f"just over {text}" if took_s > bound_s and text == format_seconds(bound_s) else text


def plain(count: float) -> str:
    """Write a number of things to the tenth.

    Examples
    --------
    >>> plain(1_000_000.0), plain(360.94)
    ('1,000,000', '360.9')
    """
    return f"{count:,.1f}".removesuffix(".0")
