"""Rules of a mesh about requests to a host: their limits as keys of a call, and faults as a scenario."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from cascade.behaviours.retry import MAX_CLASSES
from cascade.importers.draft import Fact
from cascade.importers.policies import CallPolicy
from cascade.importers.values import percent_text, seconds_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cascade.importers.draft import Draft, Origin

ENVOY_BACKOFF_S: Final = 0.025
"""First back-off of Envoy, and so of Istio, where none is given."""
ENVOY_MOST: Final = 10
"""Longest back-off of Envoy as a multiple of the first."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Timeouts and retries of a rule, as the source counts them."""

    source: str
    """What says so: ``VirtualService reviews``."""
    whole_s: float | None = None
    """Longest time of the call over all attempts [s]; 0 for none."""
    whole_word: str = "timeout"
    """What the source calls it."""
    try_s: float | None = None
    """Longest time of one attempt [s]; 0 for none."""
    try_word: str = "perTryTimeout"
    retries: int | None = None
    """Further attempts after the first; None where nothing is said of retries."""
    retries_word: str = "retries.attempts"
    backoff: dict[str, Any] | None = None
    """As a topology file writes it."""
    why: str = ""
    """What else is to be said of the retries."""

    @property
    def attempts(self) -> int | None:
        """Attempts in all, the first one included."""
        return None if self.retries is None else self.retries + 1

    def facts(self) -> dict[str, Fact]:
        """Give what it means for a call."""
        found = {}
        if (timeout := self.timeout()) is not None:
            found["timeout"] = timeout
        if (retry := self.retry()) is not None:
            found["retry"] = retry
        return found

    def timeout(self) -> Fact | None:
        """Give the longest wait for one attempt."""
        if self.try_s and not (self.whole_s and self.whole_s < self.try_s):
            return Fact(seconds_text(self.try_s), f"{self.try_word} of {self.source}")
        if not self.whole_s:
            return None
        slow = ""
        if self.retries:
            slow = f" over all attempts; no {self.try_word}, so slowness is never retried"
        return Fact(seconds_text(self.whole_s), f"{self.whole_word} of {self.source}{slow}")

    def retry(self) -> Fact | None:
        """Give the attempts, the first one included, as many as fit into the time of the whole call."""
        if self.attempts is None:
            return None
        most, why = self.attempts, f"{self.retries_word} {self.retries} of {self.source}, and the first attempt"
        if self.whole_s and self.try_s and most * self.try_s > self.whole_s * (1.0 + 1e-9):
            most = max(1, math.floor(self.whole_s / self.try_s + 1e-9))
            why += (
                f"; of {self.attempts} only {most} of {seconds_text(self.try_s)} fit into {seconds_text(self.whole_s)}"
            )
        if most > MAX_CLASSES:
            most, why = MAX_CLASSES, f"{why}; {MAX_CLASSES} are the most that are told apart"
        value: dict[str, Any] = {"max_attempts": most}
        if self.backoff and most > 1:
            value["backoff"] = self.backoff
        if self.whole_s and not self.try_s and most > 1:
            why += "; an attempt that times out is not repeated, which the model does not tell from errors"
        return Fact(value, f"{why}; {self.why}" if self.why and most > 1 else why)


def envoy_backoff(first_s: float | None, longest_s: float | None = None) -> dict[str, Any]:
    """Give the back-off of Envoy: doubled each time, at most ten times the first, and a random share of that."""
    first = first_s or ENVOY_BACKOFF_S
    longest = max(longest_s or ENVOY_MOST * first, first)
    return {"initial": seconds_text(first), "multiplier": 2, "max": seconds_text(longest), "jitter": "full"}


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a rule sends requests."""

    host: str
    part: tuple[str, ...] = ()
    """Names that the version of the host can have as a part of its own."""
    weight: float = 0.0
    """Relative to the other destinations of the rule."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What a rule does to requests on purpose."""

    delay_s: float = 0.0
    delayed: float = 0.0
    """Share of the requests that are delayed."""
    errors: float = 0.0
    """Share of the requests that get an error instead of an answer."""

    @property
    def text(self) -> str:
        """What happens, in words."""
        delay = f"delays {percent_text(self.delayed)} of them by {seconds_text(self.delay_s)}" if self.delayed else ""
        errors = f"answers {percent_text(self.errors)} of them with an error" if self.errors else ""
        return " and ".join(filter(None, (delay, errors)))

    @property
    def event(self) -> dict[str, Any]:
        """What an event of a scenario says of it."""
        found: dict[str, Any] = {}
        if self.delayed:
            found["delay"] = seconds_text(self.delay_s)
            if self.delayed < 1.0:
                found["delayed"] = percent_text(self.delayed)
        if self.errors:
            found["errors"] = percent_text(self.errors)
        return found


@dataclass(frozen=True, kw_only=True)
class Route:
    """One rule: which requests it takes, where they go, and within which limits."""

    origin: Origin
    limits: Limits
    destinations: tuple[Destination, ...] = ()
    conditions: tuple[str, ...] = ()
    """What a request must have to be taken, by kind: ``uri``, ``headers``; none for all requests."""
    callers: tuple[str, ...] = ()
    """Whose requests it takes; those of all where empty."""
    fault: Fault | None = None


@dataclass(slots=True)
class Rules:
    """The rules about some hosts, in the order in which they are tried."""

    hosts: tuple[str, ...]
    routes: list[Route] = field(default_factory=list)

    def policies(self) -> Iterator[CallPolicy]:
        """Yield what they mean for the calls to the hosts, to where these are sent, and to versions of these."""
        by_caller: dict[str | None, list[Route]] = {}
        for route in self.routes:
            for caller in route.callers or (None,):
                by_caller.setdefault(caller, []).append(route)
        for caller, routes in by_caller.items():
            yield from policies_for(self.hosts, routes, caller)
            for host, to_host in by_host(routes).items():
                if host not in self.hosts:
                    yield from policies_for((host,), to_host, caller, shares=True)
                yield from self.versions(host, to_host, caller)

    def versions(self, host: str, routes: Sequence[Route], caller: str | None) -> Iterator[CallPolicy]:
        """Yield what they mean for calls to versions of a host that are parts of their own."""
        parts = dict.fromkeys(one.part for route in routes for one in route.destinations if one.host == host)
        for part in parts:
            if part:
                to_part = [route for route in routes if any(one.part == part for one in route.destinations)]
                for policy in policies_for((part[0],), to_part, caller, shares=True):
                    yield replace(policy, other_names=part[1:], is_optional=True)


def by_host(routes: Iterable[Route]) -> dict[str, list[Route]]:
    """Give the rules that lead to each host."""
    found: dict[str, list[Route]] = {}
    for route in routes:
        for host in dict.fromkeys(one.host for one in route.destinations):
            found.setdefault(host, []).append(route)
    return found


def policies_for(
    hosts: Iterable[str], routes: Sequence[Route], caller: str | None, *, shares: bool = False
) -> Iterator[CallPolicy]:
    """Yield what the rules that lead to some hosts mean for calls to them."""
    if not routes:
        return
    route = next((route for route in routes if not route.conditions), routes[0])
    facts = route.limits.facts()
    others = sum(other.limits.facts() != facts for other in routes)
    if others and route.conditions:
        more = f"; {others} other rules for it say otherwise" if others > 1 else "; another rule for it says otherwise"
        facts = {key: replace(fact, why=fact.why + more, is_assumed=True) for key, fact in facts.items()}
    for host in hosts:
        share = share_of(host, route) if shares and not route.conditions else None
        own = facts | ({"per_request": share} if share else {})
        if own:
            yield CallPolicy(callee=host, caller=caller, facts=own, origin=route.origin)


def share_of(part: str, route: Route) -> Fact | None:
    """Give the calls to a version per call to its host, where a rule splits them."""
    total = sum(one.weight for one in route.destinations)
    own = sum(one.weight for one in route.destinations if part == one.host or part in one.part)
    if total <= 0.0 or own >= total:
        return None
    why = f"{own:g} of {total:g} requests by weight in {route.limits.source}, for one call per request"
    return Fact(float(f"{own / total:.6g}"), why, is_assumed=True)


def split_text(route: Route) -> str:
    """Say how a rule splits requests."""
    return " / ".join(f"{one.weight:g} to {one.part[0] if one.part else one.host}" for one in route.destinations)


def inject(draft: Draft, name: str, route: Route, callee: Destination) -> None:
    """Write an injected fault as a scenario, and the policy that finds the parts that it strikes."""
    if route.fault is None or not route.fault.text:
        return
    kind = "delay" if route.fault.delayed else "abort"
    title = next(one for one in numbered(f"{name}-{kind}") if one not in draft.scenarios)
    matching = f"; there only of requests that match on {' and '.join(route.conditions)}" if route.conditions else ""
    draft.scenarios[title] = {
        "description": f"{route.limits.source} takes requests to {callee.host} and {route.fault.text}{matching}.",
        "duration": "30m",
        "events": [{"at": "5m", "degrade": callee.host, **route.fault.event, "for": "20m"}],
    }
    names = (*callee.part, callee.host)
    draft.policies.append(
        CallPolicy(callee=names[0], facts={}, origin=route.origin, other_names=names[1:], scenario=title)
    )


def numbered(name: str) -> Iterator[str]:
    """Yield a name, and then the same with a number behind it."""
    yield name
    count = 2
    while True:
        yield f"{name}-{count}"
        count += 1
