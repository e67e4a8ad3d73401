"""What a rule of the lint is, and what it finds."""

from __future__ import annotations

import hashlib
import inspect
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cascade.model import Suppression

Path = tuple[str | int, ...]
"""Keys and positions in a topology file, outermost first."""
DIGEST: Final = 16
"""Characters of a fingerprint."""


class Severity(StrEnum):
    """How bad it is, the worst first."""

    HIGH = "high"
    """Carries a failure on, or makes it worse, as soon as there is one."""
    MEDIUM = "medium"
    """Does so under load, or together with something else."""
    LOW = "low"
    """Should be tidied up."""
    INFO = "info"
    """Worth knowing."""

    @property
    def rank(self) -> int:
        """Place in the order, 0 for the worst."""
        return [*Severity].index(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing in a topology that a rule speaks about."""

    rule: str
    """Name of the rule, for good the same."""
    severity: Severity
    subject: str
    """A service, a group, or a call as ``caller -> callee``."""
    message: str
    """What is wrong, in one sentence, with the numbers."""
    remedy: str
    """What would put it right."""
    path: Path = ()
    """Where in a topology file it stands."""
    line: int = 0
    """Line of the text, from 1; 0 where there is none."""
    column: int = 0
    """Column of the text, from 1; 0 where there is none."""
    taken: tuple[str, ...] = ()
    """What goes down, where that makes it another finding."""

    def __str__(self) -> str:
        """Give the finding without its place."""
        return f"{self.rule} ({self.severity}): {self.message}; {self.remedy}"

    @property
    def fingerprint(self) -> str:
        """Tells a finding from others as long as rule and names stay, whatever becomes of numbers and lines."""
        names = (self.rule, self.subject, *sorted(self.taken))
        return hashlib.sha256("\n".join(names).encode()).hexdigest()[:DIGEST]


@dataclass(frozen=True, slots=True)
class Rule:
    """Something to look for in a topology."""

    name: str
    severities: tuple[Severity, ...]
    """Those that its findings can have, the worst first."""
    find: Callable[..., Iterable[Finding]]
    """Yields what it finds; its docstring is the text of the rule."""

    @property
    def text(self) -> str:
        """When it fires, why that matters, what helps, and where that is from."""
        return inspect.getdoc(self.find) or ""

    @property
    def title(self) -> str:
        """What it is about, in one sentence."""
        return self.text.split("\n\n")[0].replace("\n", " ")


@dataclass(frozen=True, slots=True)
class Hidden:
    """A finding that the topology file itself says to leave."""

    finding: Finding
    suppression: Suppression


@dataclass(frozen=True)
class Findings:
    """What the lint has found in a topology, the worst first."""

    findings: tuple[Finding, ...]
    hidden: tuple[Hidden, ...]
    """What is known and accepted."""
    file: str
    """As the topology is called in messages."""
    caveats: tuple[str, ...]
    """What nobody knows about the topology, so that the lint cannot see it."""

    def __iter__(self) -> Iterator[Finding]:
        """Yield what is not hidden."""
        return iter(self.findings)

    def __len__(self) -> int:
        """Count what is not hidden."""
        return len(self.findings)

    @property
    def lines(self) -> tuple[str, ...]:
        """Each finding as ``file:line:column: RULE (severity): message; remedy``."""
        return tuple(f"{self.file}{place_of(finding)}: {finding}" for finding in self.findings)

    @property
    def headline(self) -> str:
        """How many there are of each severity."""
        hidden = f"; {len(self.hidden):,} hidden" if self.hidden else ""
        if not self.findings:
            return f"no findings{hidden}"
        found = [finding.severity for finding in self.findings]
        counts = [f"{found.count(severity):,} {severity}" for severity in Severity if severity in found]
        noun = "finding" if len(found) == 1 else "findings"
        return f"{len(found):,} {noun}: {', '.join(counts)}{hidden}"


def place_of(finding: Finding) -> str:
    """Write where a finding stands, if that is known."""
    return f":{finding.line}:{finding.column}" if finding.line else ""
