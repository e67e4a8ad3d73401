"""The difference between two topologies for programs and spreadsheets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cascade.analysis.diff import Diff
from cascade.report.document import document

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cascade.analysis.diff.changes import Change
    from cascade.analysis.diff.objectives import AvailabilityChange, ExpectationChange
    from cascade.analysis.diff.play import Paired, Played, Result
    from cascade.analysis.diff.structure import SharedFailure, TogetherDown
    from cascade.analysis.diff.tolls import Toll
    from cascade.analysis.lint import Finding
    from cascade.report.diff_schema import (
        AvailabilityOfDiffDocument,
        ChangeDocument,
        DiffDocument,
        ExpectationOfDiffDocument,
        FindingOfDiffDocument,
        PairedDocument,
        PlayedDocument,
        ResultDocument,
        SideDocument,
        TollDocument,
    )

HEADS = ("what", "is", "name", "about", "old", "new", "difference", "noise")
"""Columns of a sheet: a row for each thing that differs."""


@document.register(Diff)
def _(diff: Diff) -> DiffDocument:
    return {
        "schema": "cascade/diff/v1",
        "headline": diff.headline,
        "caveats": list(diff.caveats),
        "old": diff.old.name,
        "new": diff.new.name,
        "is_empty": diff.is_empty,
        "changes": list(map(change_values, diff.changes)),
        "introduced": side_values(
            diff.single_points_introduced,
            diff.impacts_introduced,
            diff.false_redundancies_introduced,
            diff.cut_sets_introduced,
            diff.findings_introduced,
        ),
        "resolved": side_values(
            diff.single_points_resolved,
            diff.impacts_resolved,
            diff.false_redundancies_resolved,
            diff.cut_sets_resolved,
            diff.findings_resolved,
        ),
        "pairs_left_out": list(diff.structure.pairs_left_out),
        "availabilities": list(map(availability_values, diff.availabilities)),
        "availabilities_left_out": list(diff.availabilities_left_out),
        "expectations": list(map(expectation_values, diff.expectations)),
        "at_rest": [
            {
                "entry_point": each.name,
                "old_lost_fraction": each.old_lost_fraction,
                "new_lost_fraction": each.new_lost_fraction,
            }
            for each in diff.rest.changes
        ],
        "was_settled": diff.rest.was_settled,
        "is_settled": diff.rest.is_settled,
        "played": None if diff.played is None else played_values(diff.played),
    }


def change_values(change: Change) -> ChangeDocument:
    """Give what differs between the files."""
    return {
        "action": change.action,
        "kind": change.kind,
        "where": change.where,
        "key": change.key,
        "old": change.old,
        "new": change.new,
    }


def side_values(
    points: Sequence[Toll],
    impacts: Sequence[Toll],
    groups: Sequence[SharedFailure],
    sets: Sequence[TogetherDown],
    findings: Sequence[Finding],
) -> SideDocument:
    """Give what only one of the two has."""
    return {
        "single_points": list(map(toll_values, points)),
        "impacts": list(map(toll_values, impacts)),
        "false_redundancies": [{"group": each.group, "causes": list(each.causes)} for each in groups],
        "pairs": [{"entry_point": each.target, "fail": list(each.names)} for each in sets],
        "findings": list(map(finding_values, findings)),
    }


def toll_values(toll: Toll) -> TollDocument:
    """Give what one failure takes down."""
    return {"fails": toll.fails, "takes": list(toll.takes), "takes_only_here": list(toll.takes_only_here)}


def finding_values(finding: Finding) -> FindingOfDiffDocument:
    """Give a finding, without its place: the two files have different ones."""
    return {
        "rule": str(finding.rule),
        "severity": finding.severity.value,
        "subject": finding.subject,
        "message": finding.message,
        "fingerprint": finding.fingerprint,
    }


def availability_values(change: AvailabilityChange) -> AvailabilityOfDiffDocument:
    """Give how available an entry point is."""
    return {
        "entry_point": change.name,
        "old_unavailability": change.old_unavailability,
        "new_unavailability": change.new_unavailability,
        "old_objective": change.old_objective,
        "new_objective": change.new_objective,
        "was_met": change.was_met,
        "is_met": change.is_met,
    }


def expectation_values(change: ExpectationChange) -> ExpectationOfDiffDocument:
    """Give what is expected of a scenario."""
    expected = change.new or change.old
    assert expected is not None, "one side expects it"
    return {
        "scenario": change.scenario,
        "expected": expected.expected,
        "is_met": None if change.new is None else change.new.is_met,
        "old": None if change.old is None else change.old.found,
        "new": None if change.new is None else change.new.found,
    }


def played_values(played: Played) -> PlayedDocument:
    """Give the runs of both sides."""
    return {
        "failure_s": played.lasts_s,
        "followed_s": played.horizon_s,
        "samples": played.samples,
        "seed": played.seed,
        "not_played": played.unchanged_count,
        "runs": list(map(paired_values, played.pairs)),
    }


def paired_values(pair: Paired) -> PairedDocument:
    """Give one failure or scenario on both sides."""
    return {
        "kind": pair.case.kind,
        "name": pair.case.name,
        "verdict": pair.verdict.value,
        "old": result_values(pair.old),
        "new": result_values(pair.new),
        "difference_user_minutes": rounded(pair.difference_minutes),
        "noise_user_minutes": rounded(pair.noise_minutes),
        "standard_error_user_minutes": rounded(pair.standard_error_minutes),
    }


def result_values(result: Result) -> ResultDocument:
    """Give what one side came to."""
    return {
        "impact_user_minutes": rounded(result.impact_minutes),
        "back_s": rounded(result.back_s),
        "recovered_fraction": result.recovered_fraction,
    }


def rounded(value: float) -> float:
    """Give a number with the six digits that mean something."""
    return float(f"{value:.6g}")


def rows(diff: Diff) -> Iterator[tuple[Any, ...]]:
    """Yield a row for each thing that differs, under :data:`HEADS`."""
    for change in diff.changes:
        yield change.kind, change.action, change.where, change.key, change.old, change.new, None, None
    yield from rows_of_structure(diff, "introduced")
    yield from rows_of_structure(diff, "resolved")
    yield from rows_of_promises(diff)
    for each in diff.rest.changes:
        old, new = each.old_lost_fraction, each.new_lost_fraction
        yield "at rest", "worse" if each.is_worse else "better", each.name, "share lost", old, new, new - old, None
    for pair in diff.played.pairs if diff.played else ():
        before, after = rounded(pair.old.impact_minutes), rounded(pair.new.impact_minutes)
        difference, noise = rounded(pair.difference_minutes), rounded(pair.noise_minutes)
        yield pair.case.kind, pair.verdict.value, pair.case.name, "user-minutes", before, after, difference, noise


def rows_of_structure(diff: Diff, word: str) -> Iterator[tuple[Any, ...]]:
    """Yield a row for everything that is introduced, or resolved."""
    for what, field in (("single point", "single_points"), ("impact", "impacts")):
        for toll in getattr(diff, f"{field}_{word}"):
            for name in (*toll.takes, *toll.takes_only_here):
                yield what, word, toll.fails, name, None, None, None, None
    for group in getattr(diff, f"false_redundancies_{word}"):
        for cause in group.causes:
            yield "false redundancy", word, cause, group.group, None, None, None, None
    for each in getattr(diff, f"cut_sets_{word}"):
        yield "pair", word, " + ".join(each.names), each.target, None, None, None, None
    for finding in getattr(diff, f"findings_{word}"):
        yield "finding", word, str(finding.rule), finding.subject, None, None, None, None


def rows_of_promises(diff: Diff) -> Iterator[tuple[Any, ...]]:
    """Yield a row for each availability and each expectation that differs."""
    for each in diff.availabilities:
        old, new = each.old_unavailability, each.new_unavailability
        kept = "" if each.is_met is None else "kept" if each.is_met else "not kept"
        yield "unavailability", kept, each.name, None, old, new, new - old, None
    for change in diff.expectations:
        values = expectation_values(change)
        word = "met" if values["is_met"] is not False else "not met"
        yield "expectation", word, change.scenario, values["expected"], values["old"], values["new"], None, None
