"""Findings that are known: a file that says which ones, so that only others fail."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from cascade.loading.source import file_label, problem, read_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cascade.analysis.lint.finding import Finding

SCHEMA: Final = "cascade/baseline/v1"
FINGERPRINT: Final = re.compile("[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Known:
    """A finding that is known."""

    rule: str
    subject: str
    """A service, a call, an expectation, ..."""
    fingerprint: str
    """Made of both, never of numbers or lines."""

    def __str__(self) -> str:
        """Say what it is about."""
        return f"{self.rule} of {self.subject}"


def read_baseline(path: str | Path) -> tuple[Known, ...]:
    """Read the findings that are known from a file that ``cascade check --write-baseline`` wrote.

    Raises
    ------
    TopologyError
        When it cannot be read, or is no such file.
    """
    file = file_label(path)
    try:
        content = json.loads(read_text(path))
    except (ValueError, RecursionError):  # no JSON, numbers of thousands of digits, or lists without end
        content = None
    if not isinstance(content, dict) or content.get("schema") != SCHEMA or not is_listing(content.get("findings")):
        raise problem(file, f"expected a baseline ({SCHEMA}); write it with cascade check --write-baseline {file}")
    return tuple(Known(each["rule"], each["subject"], each["fingerprint"]) for each in content["findings"])


def is_listing(found: Any) -> bool:
    """Whether a value lists known findings."""
    keys = ("rule", "subject", "fingerprint")
    return isinstance(found, list) and all(
        isinstance(each, dict)
        and all(isinstance(each.get(key), str) for key in keys)
        and FINGERPRINT.fullmatch(each["fingerprint"])
        for each in found
    )


def baseline_text(findings: Iterable[Finding]) -> str:
    """Write some findings as known, in an order that does not change with their places."""
    known = {Known(str(each.rule), each.subject, each.fingerprint) for each in findings}
    listing = [asdict(each) for each in sorted(known, key=lambda each: (each.rule, each.subject))]
    return json.dumps({"schema": SCHEMA, "findings": listing}, indent=2, ensure_ascii=False) + "\n"
