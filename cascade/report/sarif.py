"""A check in the Static Analysis Results Interchange Format (SARIF 2.1.0), which code scanning reads."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from cascade.analysis.check import RULES, Standing
from cascade.analysis.lint.finding import Severity
from cascade.engine.simulate import version
from cascade.report.annotations import level_of, relative
from cascade.report.export import json_text
from cascade.report.tables import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascade.analysis.check import Check
    from cascade.analysis.lint.finding import Finding, Rule

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MOST_RESULTS: Final = 25_000
"""Results that GitHub takes of a run; the worst come first."""
LEVELS: Final = {
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
FINGERPRINT: Final = "cascadeFinding/v1"
"""Name of the fingerprint; the number changes with what it is made of."""

Json = dict[str, Any]


def sarif(check: Check) -> str:
    """Write the findings that have a line; what is measured has none, and is not in it."""
    places = {str(rule.name): place for place, rule in enumerate(RULES)}
    return json_text(
        {
            "$schema": SCHEMA,
            "version": "2.1.0",
            "runs": [
                {
                    "tool": {"driver": driver()},
                    "automationDetails": {"id": f"cascade-check/{uri_of(check)}/"},
                    "columnKind": "unicodeCodePoints",
                    "results": list(islice(results(check, places), MOST_RESULTS)),
                }
            ],
        }
    )


def driver() -> Json:
    """Say what found it, and by which rules."""
    return {"name": "Cascade", "version": version(), "rules": [described(rule) for rule in RULES]}


def described(rule: Rule) -> Json:
    """Describe one rule."""
    first, _, rest = rule.text.partition("\n\n")
    return {
        "id": str(rule.name),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": " ".join(rest.split("\n\n", maxsplit=1)[0].split()) or first},
        "help": {"text": rule.text, "markdown": rule.text},
        "defaultConfiguration": {"level": LEVELS[rule.severities[0]]},
        "properties": {"tags": ["resilience"]},
    }


def results(check: Check, places: dict[str, int]) -> Iterator[Json]:
    """Yield what was found where, and then what the file itself says to leave."""
    for each in check.judged:
        if each.finding.line:
            suppressed = [{"kind": "external", "justification": "in the baseline"}]
            yield {
                **result(check, each.finding, places),
                "level": level_of(each),
                **({"suppressions": suppressed} if each.standing is Standing.KNOWN else {}),
            }
    for hidden in check.hidden:
        if hidden.finding.line:
            reason = printable(hidden.suppression.reason)
            yield {
                **result(check, hidden.finding, places),
                "level": "note",
                "suppressions": [{"kind": "inSource", "justification": reason}],
            }


def result(check: Check, finding: Finding, places: dict[str, int]) -> Json:
    """Say what was found, and where."""
    return {
        "ruleId": str(finding.rule),
        "ruleIndex": places[str(finding.rule)],
        "message": {"text": message(finding)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": uri_of(check)},
                    "region": {"startLine": finding.line, "startColumn": finding.column},
                }
            }
        ],
        "partialFingerprints": {FINGERPRINT: finding.fingerprint},
    }


def message(finding: Finding) -> str:
    """Write what is wrong, so that nothing in it is taken for a link or a placeholder."""
    text = printable(f"{finding.message}; {finding.remedy}")
    return "".join(f"\\{sign}" if sign in "[]\\" else sign * 2 if sign in "{}" else sign for sign in text)


def uri_of(check: Check) -> str:
    """Give the path of the topology file as a relative reference."""
    path = quote(relative(check.file), safe="/")
    return f"file://{path}" if path.startswith("/") else path
