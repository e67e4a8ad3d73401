"""What is said of the rules of lint and check: on the terminal, and on the page that documents them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cascade.analysis.check import RULES
from cascade.analysis.lint.rules import rule_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascade.analysis.lint.finding import Rule

HEAD: Final = """# Rules of lint and check

Written by `make docs` from the program; do not edit. `cascade lint FILE` applies the rules to a topology, except those
from UNMET-EXPECTATION on, which are looked at by `cascade check FILE` only. `cascade explain RULE` prints what is said
here. How to choose what fails a build, and how to suppress a finding: [How to lint a topology](how-to/lint.md) and
[How to check pull requests](how-to/pull-requests.md).
"""


def listing() -> str:
    """Give one line per rule."""
    width = max(len(rule.name) for rule in RULES)
    return "".join(f"{rule.name:<{width}}  {grades(rule)}: {rule.title}\n" for rule in RULES)


def explanation(name: str) -> str:
    """Give the text of a rule.

    Raises
    ------
    CascadeError
        When there is none of that name.
    """
    rule = rule_of(name, RULES)
    return f"{rule.name} ({grades(rule)})\n\n{rule.text}\n"


def grades(rule: Rule) -> str:
    """Write the severities that a rule's findings can have."""
    return " or ".join(severity.value for severity in rule.severities)


def page() -> str:
    """Give the page of all rules."""
    return "\n".join([HEAD, *table(), *(line for rule in RULES for line in section(rule))]).rstrip() + "\n"


def table() -> Iterator[str]:
    """Yield a table of all rules."""
    yield from ("| rule | severity | about |", "| --- | --- | --- |")
    for rule in RULES:
        yield f"| [{rule.name}](#{rule.name.lower()}) | {grades(rule)} | {rule.title} |"
    yield ""


def section(rule: Rule) -> Iterator[str]:
    """Yield the section of one rule."""
    yield from (f"## {rule.name}", "", f"Severity: {grades(rule)}.", "", rule.text, "")
