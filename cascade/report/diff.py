"""What is said of the difference between two topologies."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from cascade.analysis.diff import Diff
from cascade.analysis.diff import sentences as say
from cascade.analysis.diff.play import Verdict
from cascade.analysis.lint.objective_too_high import percent
from cascade.analysis.sentences import about
from cascade.analysis.sweep_sentences import short
from cascade.report.tables import Block, Table
from cascade.report.text import blocks
from cascade.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cascade.analysis.diff.objectives import AvailabilityChange, ExpectationChange
    from cascade.analysis.diff.play import Paired
    from cascade.analysis.diff.structure import SharedFailure, TogetherDown
    from cascade.analysis.diff.tolls import Toll
    from cascade.analysis.lint import Finding

    Rows = list[tuple[str, ...]]

MOST_ROWS: Final = 20
"""Rows of a table that a person reads."""
MOST_NAMED: Final = 3
"""Names in a cell."""


@blocks.register(Diff)
def _(diff: Diff) -> list[Block]:
    found: list[Block] = [diff.headline]
    found += [shortened(table) for table in tables(diff) if table.rows]
    if diff.played is not None:
        found += say.of_played(diff.played)
    return [*found, *of_left_out(diff), *([] if diff.is_empty else diff.caveats)]


def shortened(table: Table) -> Table:
    """Give the first rows of a table, and say so in its title."""
    if len(table.rows) <= MOST_ROWS:
        return table
    return Table(f"{table.title}: {MOST_ROWS} of {len(table.rows):,}", table.heads, table.rows[:MOST_ROWS])


def of_left_out(diff: Diff) -> Iterator[str]:
    """Say of which entry points pairs, or availabilities, were not compared."""
    if names := diff.availabilities_left_out:
        yield f"Availability is out of reach, and was not compared, for {listed(names, 6)}."
    if names := diff.structure.pairs_left_out:
        yield f"Pairs of failures were not compared for {listed(names, 6)}."


def tables(diff: Diff) -> Iterator[Table]:
    """Yield everything that differs, as tables; some of them empty."""
    yield changes_table(diff)
    yield points_table(diff)
    yield impacts_table(diff)
    yield redundancies_table(diff)
    yield pairs_table(diff)
    yield rest_table(diff)
    yield runs_table(diff, Verdict.WORSE, Verdict.BETTER, Verdict.OTHER)
    yield expectations_table(diff)
    yield availabilities_table(diff)
    yield findings_table(diff)


def changes_table(diff: Diff) -> Table:
    """Tell what differs between the files."""
    rows = tuple(
        (each.action, str(each).removesuffix(f" {each.action}") if each.kind != "setting" else str(each))
        for each in diff.changes
    )
    return Table("What was changed", ("", "what"), rows)


def points_table(diff: Diff) -> Table:
    """Tell what takes entry points down alone."""
    rows = toll_rows(diff.single_points_introduced, "new") + toll_rows(diff.single_points_resolved, "gone")
    return Table("Single points of failure", ("", "fails", "takes down alone"), tuple(rows))


def impacts_table(diff: Diff) -> Table:
    """Tell what takes any other part down."""
    rows = toll_rows(diff.impacts_introduced, "new") + toll_rows(diff.impacts_resolved, "gone")
    return Table("What one failure takes down", ("", "fails", "takes down"), tuple(rows))


def toll_rows(tolls: Sequence[Toll], what: str) -> Rows:
    """Write what failures take down, what takes most first."""
    return [(what, toll.fails, taken(toll, what)) for toll in sorted(tolls, key=lambda toll: -len(toll.takes))]


def taken(toll: Toll, what: str) -> str:
    """Name what a failure takes down; parts that only one side has stand in brackets."""
    names = listed(toll.takes, MOST_NAMED) if toll.takes else ""
    alone = f"({what} itself: {listed(toll.takes_only_here, MOST_NAMED)})" if toll.takes_only_here else ""
    return f"{names} {alone}".strip()


def redundancies_table(diff: Diff) -> Table:
    """Tell which redundant groups a single failure takes down."""

    def rows(groups: Sequence[SharedFailure], what: str) -> Rows:
        return [(what, each.group, listed(each.causes, MOST_NAMED)) for each in groups]

    found = rows(diff.false_redundancies_introduced, "new") + rows(diff.false_redundancies_resolved, "gone")
    return Table("False redundancy", ("", "group", "does not survive"), tuple(found))


def pairs_table(diff: Diff) -> Table:
    """Tell which failures take entry points down together."""

    def rows(sets: Sequence[TogetherDown], what: str) -> Rows:
        return [(what, " + ".join(each.names), each.target) for each in sets]

    found = rows(diff.cut_sets_introduced, "new") + rows(diff.cut_sets_resolved, "gone")
    return Table("Pairs of failures", ("", "fail together", "take down"), tuple(found))


def rest_table(diff: Diff) -> Table:
    """Tell what users lose while nothing fails."""
    rows = tuple(
        (
            "worse" if each.is_worse else "better",
            each.name,
            f"{each.old_lost_fraction:.1%}",
            f"{each.new_lost_fraction:.1%}",
        )
        for each in diff.rest.changes
    )
    return Table("Requests lost while nothing fails", ("", "entry point", ">before", ">after"), rows)


def runs_table(diff: Diff, *verdicts: Verdict) -> Table:
    """Tell what the same failures and scenarios cost on both sides."""
    played = diff.played
    pairs = [pair for pair in played.pairs if pair.verdict in verdicts] if played else []
    heads = ("", "what happens", ">before", ">after", ">user-min", ">noise", ">over before", ">after")
    return Table("The same failures on both sides, in user-minutes", heads, tuple(map(run_row, pairs)))


def run_row(pair: Paired) -> tuple[str, ...]:
    """Write one failure or scenario on both sides."""
    difference = short(abs(pair.difference_minutes))
    sign = "" if difference == "0" else "+" if pair.difference_minutes > 0.0 else "-"
    return (
        "changed" if pair.verdict is Verdict.OTHER else pair.verdict,
        str(pair.case),
        short(pair.old.impact_minutes),
        short(pair.new.impact_minutes),
        "" if pair.verdict is Verdict.OTHER else f"{sign}{difference}",
        "" if pair.verdict is Verdict.OTHER else f"±{short(pair.noise_minutes)}",
        over(pair.old.back_s),
        over(pair.new.back_s),
    )


def over(back_s: float) -> str:
    """Say after how long all is well again."""
    return "not over" if math.isinf(back_s) else about(back_s)


def expectations_table(diff: Diff) -> Table:
    """Tell what is expected of scenarios and met on one side only."""
    rows = [expectation_row(each, "broken") for each in diff.expectations_broken]
    rows += [expectation_row(each, "kept") for each in diff.expectations_mended]
    return Table("What is expected of scenarios", ("", "scenario", "expected", "before", "after"), tuple(rows))


def expectation_row(change: ExpectationChange, what: str) -> tuple[str, ...]:
    """Write what is expected of a scenario, and what it came to."""
    expected = change.new or change.old
    assert expected is not None, "one side expects it"
    before, after = ("not expected" if side is None else side.found for side in (change.old, change.new))
    return what, change.scenario, expected.expected, before, after


def availabilities_table(diff: Diff) -> Table:
    """Tell how available entry points are in the long run."""
    heads = ("entry point", ">before", ">after", ">promised", "kept before", "kept after")
    return Table("Availability in the long run", heads, tuple(map(availability_row, diff.availabilities)))


def availability_row(change: AvailabilityChange) -> tuple[str, ...]:
    """Write how available one entry point is."""
    words = {None: "", True: "yes", False: "no"}
    promised = change.new_objective if change.new_objective is not None else change.old_objective
    return (
        change.name,
        percent(1.0 - change.old_unavailability),
        percent(1.0 - change.new_unavailability),
        "" if promised is None else percent(promised),
        words[change.was_met],
        words[change.is_met],
    )


def findings_table(diff: Diff) -> Table:
    """Tell what the lint finds on one side only."""

    def rows(findings: Sequence[Finding], what: str) -> Rows:
        return [(what, each.rule, each.subject, each.message) for each in findings]

    found = rows(diff.findings_introduced, "new") + rows(diff.findings_resolved, "gone")
    return Table("What the lint finds", ("", "rule", "about", "what"), tuple(found))
