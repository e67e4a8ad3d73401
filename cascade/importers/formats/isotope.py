"""Service graphs of isotope, the mock services of the Istio project: each service is a script of calls and pauses."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cascade.importers.draft import Evidence, Kind, Origin
from cascade.importers.format import CAPACITY, RATES, SOFTNESS, TIMEOUTS, Format
from cascade.importers.values import name_of, number_of, seconds_text
from cascade.units import parse_seconds, parse_share

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cascade.importers.draft import Component, Draft
    from cascade.importers.format import Options
    from cascade.importers.sources import Document
    from cascade.loading.nodes import Node

MOST_REPLICAS: Final = 10**6
MOST_NAMED: Final = 5
"""Most services that one note names."""
PERCENT: Final = 0.01
_SERVICES: Final = re.compile(r"^services:[ \t]*\r?\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*-[ \t]", re.MULTILINE)
_OWN_WORD: Final = re.compile(
    r"^[ \t-]*(?:isEntrypoint|script|numReplicas|numRbacPolicies|errorRate|call)[ \t]*:|MockServiceGraph", re.MULTILINE
)


@dataclass(slots=True)
class Script:
    """What a service does for one request."""

    caller: str
    times: dict[str, float] = field(default_factory=dict)
    """Mean calls to each callee."""
    after: dict[str, list[str]] = field(default_factory=dict)
    """By callee: whose answers are waited for before it is called."""
    lines: dict[str, int] = field(default_factory=dict)
    sleep_s: float = 0.0


def recognises(document: Document) -> bool:
    """Tell by a list of services with scripts, replicas or error rates."""
    head = document.head
    return bool(_SERVICES.search(head)) and bool(_OWN_WORD.search(head))


def reads(documents: Sequence[Document], draft: Draft, _options: Options) -> None:
    """Read services, their calls and the order of these, pauses and replicas."""
    for document in documents:
        failing = 0
        for root in document.yaml:
            defaults = root.below("defaults") or root.below("default")
            for service in services_of(root, document):
                failing += read_service(service, defaults, document, draft)
        if failing:
            draft.note(
                f"{document.label}: {failing} services fail by themselves now and then (errorRate); left out, as a "
                "topology says how often a service is down, not which of its requests fail."
            )
    if missing := [name for name, part in draft.components.items() if not part.origins]:
        draft.note(f"Called but not described: {', '.join(missing[:MOST_NAMED])}, {len(missing)} in all.")


def services_of(root: Node, document: Document) -> Iterator[Node]:
    """Yield the services of a graph.

    Raises
    ------
    TopologyError
        When it is no graph of isotope.
    """
    services = root.below("services")
    if services is None or not isinstance(services.plain, list):
        place = (root.line, root.column) if services is None else (services.line, services.column)
        raise document.error("expected a list 'services' of isotope, each with 'name' and 'script'", *place)
    for _, service in services.entries():
        name = service.below("name")
        if name is None or name_of(name.plain) is None:
            raise document.error("expected a service with a 'name'", service.line, service.column)
        yield service


def read_service(service: Node, defaults: Node | None, document: Document, draft: Draft) -> int:
    """Put one service into the draft; give 1 when it fails by itself now and then."""
    node = service.below("name")
    name = name_of(node.plain if node else None)
    assert name is not None, "checked when it was found"
    part = draft.component(name)
    origin = Origin(Evidence.GRAPH, document.label, service.line, "services")
    if origin not in part.origins:
        part.origins.append(origin)
    put_settings(part, service, defaults)
    script = Script(name)
    if steps := setting("script", service, defaults):
        read_steps(steps, script, document)
    if script.sleep_s > 0.0:
        part.know("service_time", seconds_text(script.sleep_s), "sleep")
    put_calls(script, document, draft)
    rate = setting("errorRate", service, defaults)
    return int(rate is not None and share_of(rate.plain) not in {None, 0.0})


def setting(key: str, service: Node, defaults: Node | None) -> Node | None:
    """Give a setting of a service, else that of all."""
    return service.below(key) or (defaults.below(key) if defaults else None)


def put_settings(part: Component, service: Node, defaults: Node | None) -> None:
    """Put replicas, and whether users come in here."""
    replicas = setting("numReplicas", service, defaults)
    count = number_of(replicas.plain) if replicas else None
    if count is not None and count.is_integer() and 1 <= count <= MOST_REPLICAS:
        part.know("replicas", int(count), "numReplicas")
    entry = setting("isEntrypoint", service, defaults)
    if entry is not None and entry.plain is True:
        part.know("entry_point", True, "isEntrypoint")  # noqa: FBT003 - a value


def read_steps(steps: Node, script: Script, document: Document) -> None:
    """Follow the steps of a script: one after the other, those of a list within it at once.

    Raises
    ------
    TopologyError
        When a step is none.
    """
    if not isinstance(steps.plain, list):
        raise document.error("expected a script, a list of steps", steps.line, steps.column)
    before: list[str] = []
    for _, step in steps.entries():
        commands = [command for _, command in step.entries()] if isinstance(step.plain, list) else [step]
        new: list[str] = []
        longest_s = 0.0
        for command in commands:
            longest_s = max(longest_s, read_command(command, before, new, script, document))
        script.sleep_s += longest_s
        before = new or before


def read_command(command: Node, before: list[str], new: list[str], script: Script, document: Document) -> float:
    """Read one call or pause; give the length of the pause [s]."""
    pause, call = command.below("sleep"), command.below("call")
    if pause is not None:
        return pause_of(pause, document)
    if call is None or not isinstance(command.plain, dict):
        raise document.error("expected 'call: SERVICE' or 'sleep: DURATION'", command.line, command.column)
    to = call.below("service") if isinstance(call.plain, dict) else call
    callee = name_of(to.plain) if to else None
    if callee is None:
        raise document.error("expected the name of the service that is called", call.line, call.column)
    if callee not in script.times:
        new.append(callee)
        script.after[callee] = list(before)
        script.lines[callee] = call.line
    script.times[callee] = script.times.get(callee, 0.0) + probability_of(call)
    return 0.0


def pause_of(pause: Node, document: Document) -> float:
    """Give the length of a pause [s]; of a random one the mean is not known."""
    if isinstance(pause.plain, str):
        try:
            return parse_seconds(pause.plain.replace(" ", "").replace("µs", "us")[:64])
        except ValueError:
            pass
    raise document.error("expected a duration, as in 'sleep: 10ms'", pause.line, pause.column)


def probability_of(call: Node) -> float:
    """Give how likely a call is made; isotope writes percent, and makes every call where nothing is said."""
    said = call.below("probability") if isinstance(call.plain, dict) else None
    percent = number_of(str(said.plain).removesuffix("%")) if said else None
    return 1.0 if not percent else min(percent * PERCENT, 1.0)


def share_of(value: object) -> float | None:
    """Give a share that is written as ``5%`` or ``0.05``."""
    try:
        return parse_share(str(value)[:64].replace(" ", ""))
    except ValueError:
        return None


def put_calls(script: Script, document: Document, draft: Draft) -> None:
    """Put the calls of one service into the draft."""
    for callee, times in script.times.items():
        if callee == script.caller:
            draft.left_out.append((callee, callee, "calls itself"))
            continue
        origin = Origin(Evidence.GRAPH, document.label, script.lines[callee], "script")
        edge = draft.edge(script.caller, callee, Kind.SYNC, origin)
        if times != 1.0:
            edge.know("per_request", float(f"{times:.6g}"), "calls in the script, each times its probability")
        if after := [name for name in script.after[callee] if name != script.caller]:
            edge.know("after", after, "the order of the script")


FORMAT: Final = Format(
    name="isotope",
    title="service graphs of isotope",
    describes_calls=True,
    cannot_know=(RATES, CAPACITY, TIMEOUTS, SOFTNESS),
    recognises=recognises,
    reads=reads,
)
