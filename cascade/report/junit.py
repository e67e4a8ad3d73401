"""A check as the JUnit XML that GitLab, Jenkins, Azure and others show: one test case for each thing looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from cascade.analysis.check import RULES, Judged, Standing
from cascade.analysis.introduced import RULES as INTRODUCED
from cascade.analysis.lint.finding import place_of
from cascade.analysis.lint.objective_too_high import percent
from cascade.analysis.measures import MEASURES
from cascade.analysis.promises import RULES as PROMISES
from cascade.model.suppression import RuleId
from cascade.report.check import notes
from cascade.report.tables import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cascade.analysis.check import Check


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that was looked at."""

    group: str
    name: str
    found: tuple[Judged, ...]
    told: str = ""
    """What it came to, in words."""


def junit(check: Check) -> str:
    """Write it; what is below the bar, or known, is told in the output of a case that passes."""
    found = list(cases(check))
    failed = sum(map(is_failed, found))
    counts = {"tests": str(len(found)), "failures": str(failed), "errors": "0"}
    root = ET.Element("testsuites", {"name": "cascade check", **counts})
    suite = ET.SubElement(root, "testsuite", {"name": printable(check.file), **counts, "skipped": "0"})
    properties = ET.SubElement(suite, "properties")
    for name, value in (("fail-on", str(check.bars)), ("verdict", check.headline)):
        ET.SubElement(properties, "property", {"name": name, "value": printable(value)})
    for case in found:
        add_case(suite, case, check)
    if said := "\n".join(map(printable, notes(check))):
        ET.SubElement(suite, "system-out").text = said
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def cases(check: Check) -> Iterator[Case]:
    """Yield what was looked at: rules, expectations, objectives, and measures that are compared with a number."""
    apart = {str(rule.name) for rule in (*PROMISES, *MEASURES, *(() if check.introduced else INTRODUCED))}
    for rule in RULES:
        if rule.name not in apart:
            yield Case("rules", str(rule.name), of_rule(check, rule.name))
    for expected in check.expectations:
        found = of_rule(check, RuleId.UNMET_EXPECTATION, expected.subject)
        yield Case(f"scenario {expected.scenario}", expected.expectation.expected, found, expected.expectation.found)
    for promise in check.promised:
        found = of_rule(check, RuleId.UNMET_OBJECTIVE, promise.name)
        told = f"what is stated allows {percent(promise.availability)}"
        yield Case("objectives", f"{promise.name} keeps {percent(promise.success_fraction)}", found, told)
    for measure, measured in zip(MEASURES, check.measures, strict=True):
        if limits := [limit.text for limit in check.bars.limits if limit.measure == measure.key]:
            yield Case("measures", f"not {' or '.join(limits)}", of_rule(check, measure.name), measured.told)


def of_rule(check: Check, rule: str, subject: str | None = None) -> tuple[Judged, ...]:
    """Give the findings of a rule, all or those about something."""
    return tuple(
        each
        for each in check.judged
        if each.finding.rule == rule and (subject is None or each.finding.subject == subject)
    )


def is_failed(case: Case) -> bool:
    """Whether anything in it fails."""
    return any(each.standing is Standing.FAILS for each in case.found)


def add_case(suite: ET.Element, case: Case, check: Check) -> None:
    """Add one test case."""
    element = ET.SubElement(suite, "testcase", {"name": printable(case.name), "classname": printable(case.group)})
    failing = [each for each in case.found if each.standing is Standing.FAILS]
    if failing:
        attributes = {"type": str(failing[0].finding.rule), "message": printable(failing[0].finding.message)}
        ET.SubElement(element, "failure", attributes).text = listing(check, failing)
    rest = [each for each in case.found if each.standing is not Standing.FAILS]
    told = "\n".join(filter(None, [printable(case.told), listing(check, rest)]))
    if told:
        ET.SubElement(element, "system-out").text = told


def listing(check: Check, found: Iterable[Judged]) -> str:
    """Write findings one per line, with their places; letters that no XML may hold are replaced."""
    return "\n".join(printable(f"{check.file}{place_of(each.finding)}: {each.finding}") for each in found)
