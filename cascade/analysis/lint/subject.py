"""A topology under the lint, with what several rules look up, each thing found once."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from cascade.analysis.causes import Question, leaves
from cascade.analysis.failure_logic import Builder, plain_logic
from cascade.analysis.lint.ways import Ways, ways_of
from cascade.graph.plain import PlainServices
from cascade.model import Needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascade.analysis.failure_logic import FailureLogic
    from cascade.analysis.lint.finding import Path
    from cascade.loading.nodes import Node
    from cascade.model import Dependency, Service, Topology

BREAK: Final = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""Where YAML begins a new line."""


@dataclass(frozen=True)
class Call:
    """One call of a service, with its place in the topology."""

    caller: str
    index: int
    """Among the calls of its caller."""
    policy: Dependency

    @property
    def callee(self) -> str:
        """The service or group that is called."""
        return self.policy.to

    @property
    def name(self) -> str:
        """As files and people call it."""
        return f"{self.caller} -> {self.policy.to}"

    @property
    def path(self) -> Path:
        """Where it stands in a topology file."""
        return ("services", self.caller, "calls", self.index)

    @property
    def is_awaited(self) -> bool:
        """Whether the caller waits for the answer."""
        return self.policy.needs in (Needs.HARD, Needs.SOFT)

    @cached_property
    def attempts(self) -> float:
        """Attempts in all, the first included."""
        retry = self.policy.retry
        if retry is None:
            return 1.0
        return math.inf if retry.max_attempts == "unlimited" else float(retry.max_attempts)

    @cached_property
    def whole_s(self) -> float:
        """Longest time that the caller spends on it: all attempts, and the mean waits between them [s]."""
        if self.policy.timeout_s is None or math.isinf(self.attempts):
            return math.inf
        count = round(self.attempts)
        waits_s = self.policy.retry.backoff.waits_s(count - 1) if self.policy.retry else ()
        return count * self.policy.timeout_s + sum(waits_s)


class Subject:
    """A topology and what is looked up in it."""

    def __init__(self, topology: Topology, text: str = "", file: str = "<text>") -> None:
        self.topology = topology
        self.text = text
        """The YAML that it was read from; empty where there is none."""
        self.file = file

    @cached_property
    def root(self) -> Node | None:
        """The text as nodes that know their places; none where there is no text."""
        if not self.text:
            return None
        from cascade.loading.nodes import parse  # noqa: PLC0415 - a topology without findings is not read again

        return parse(self.text, self.file)[0]

    def place_of(self, path: Path, *, at_key: bool = False) -> tuple[int, int]:
        """Give line and column of what stands in the text under a path, or of its key; zeros where there is no text."""
        if self.root is None:
            return 0, 0
        from cascade.loading.problems import placed  # noqa: PLC0415 - as above

        found = placed(self.root, path, "", self.file, at_key=at_key)
        return found.line, found.column

    def comment_at(self, path: Path) -> str:
        """Give the comment behind what stands in the text under a path."""
        line, _ = self.place_of(path)
        return self.text_lines[line - 1].partition("#")[2] if line else ""

    @cached_property
    def text_lines(self) -> list[str]:
        """The lines of the text, as YAML counts them."""
        return BREAK.split(self.text)

    @cached_property
    def services(self) -> dict[str, Service]:
        """All services, each made once."""
        return dict(self.topology.services.items())

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """All calls, start-up and control-plane needs included, in the order of the file."""
        return tuple(
            Call(name, index, policy)
            for name, service in self.services.items()
            for index, policy in enumerate(service.calls)
        )

    @cached_property
    def calls_from(self) -> dict[str, list[Call]]:
        """The calls of each service."""
        found: dict[str, list[Call]] = {name: [] for name in self.services}
        for call in self.calls:
            found[call.caller].append(call)
        return found

    @cached_property
    def callers_of(self) -> dict[str, list[Call]]:
        """The calls by which requests come to a service, directly or as the member of a group."""
        found: dict[str, list[Call]] = {}
        for call in self.calls:
            if call.policy.is_call:
                for name in self.answering(call.callee):
                    found.setdefault(name, []).append(call)
        return found

    def answering(self, callee: str) -> tuple[str, ...]:
        """Give the services that answer a call: the callee, or the members of that group."""
        return tuple(dict.fromkeys(leaves(self.topology, callee)))

    @cached_property
    def ways(self) -> Ways:
        """The ways that requests take."""
        return ways_of(self)

    @cached_property
    def builder(self) -> Builder:
        """What made the failure logic; knows the node of each cause."""
        return Builder(self.topology, Question())

    @cached_property
    def logic(self) -> FailureLogic:
        """What takes what down, for good and with nothing left."""
        services = self.topology.services
        if isinstance(services, PlainServices):
            return plain_logic(self.topology, Question(), services)
        return self.builder.build()

    def redundant_groups(self) -> Iterator[str]:
        """Yield the groups that are meant to bear the loss of a member."""
        for name, group in self.topology.groups.items():
            if group.needs < len(group.members):
                yield name
