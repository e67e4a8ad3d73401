"""The gate for changes: everything that is wrong with a topology, and whether that is bad enough to stop."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from cascade.analysis import introduced, promises
from cascade.analysis.bars import Bars, ChangeBar, read_bars
from cascade.analysis.caveats import caveats
from cascade.analysis.checked import Checked
from cascade.analysis.diff.structure import compare_structure
from cascade.analysis.lint import linted, settled
from cascade.analysis.lint.rules import RULES as LINT_RULES
from cascade.analysis.measures import MEASURES
from cascade.errors import CascadeError
from cascade.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cascade.analysis.baseline import Known
    from cascade.analysis.contingencies import Contingency
    from cascade.analysis.diff.structure import StructureDiff
    from cascade.analysis.lint.finding import Finding, Hidden, Rule
    from cascade.analysis.measures import Measured
    from cascade.analysis.promises import Expected, Promised
    from cascade.model import Topology

DEFAULT_BARS: Final = ("high",)
"""What fails when nothing is said; expectations and objectives that are not met are of high severity."""
CHECK_RULES: Final[tuple[Rule, ...]] = (*promises.RULES, *MEASURES, *introduced.RULES)
"""What is looked at beside the rules of the lint."""
RULES: Final[tuple[Rule, ...]] = (*LINT_RULES, *CHECK_RULES)
"""Everything that is looked at."""


class Standing(StrEnum):
    """What becomes of a finding, the worst first."""

    FAILS = "fails"
    """It meets the bar."""
    BELOW = "below"
    """It does not."""
    KNOWN = "known"
    """It is in the baseline."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding, and what becomes of it."""

    finding: Finding
    standing: Standing
    is_new: bool | None
    """Whether the base does not have it; none without a base."""


@dataclass(frozen=True, repr=False)
class Check:
    """What is wrong with a topology, and whether that is bad enough to stop."""

    topology: Topology
    file: str
    """As the topology is called in messages."""
    bars: Bars
    judged: tuple[Judged, ...]
    """All findings: those that fail first, and the worst of them."""
    hidden: tuple[Hidden, ...]
    """What the file itself says to leave."""
    expectations: tuple[Expected, ...]
    promised: tuple[Promised, ...]
    """Objectives of which the model can say something."""
    measures: tuple[Measured, ...]
    introduced: StructureDiff | None
    """What failures take down and did not in the base; none without a base."""
    worst: Contingency | None
    """The failure that takes most services down, if any takes one."""
    resolved: tuple[Known, ...]
    """What the baseline has and nobody finds any more."""
    caveats: tuple[str, ...]
    """What nobody knows about the topology."""

    def __repr__(self) -> str:
        """Say the headline."""
        return f"<Check: {self.headline}>"

    @property
    def is_passed(self) -> bool:
        """Whether nothing fails."""
        return not self.of(Standing.FAILS)

    def of(self, standing: str) -> tuple[Finding, ...]:
        """Give the findings of one standing."""
        return tuple(each.finding for each in self.judged if each.standing == standing)

    def accepted(self) -> Check:
        """Give the same check with everything that it found known."""
        judged = tuple(replace(each, standing=Standing.KNOWN) for each in self.judged)
        return replace(self, judged=judged, resolved=())

    @property
    def headline(self) -> str:
        """Say whether it passes, and what was found."""
        failing, below, known = (len(self.of(standing)) for standing in Standing)
        rest = [f"{below:,} below it"] if below else []
        rest += [f"{known:,} known"] if known else []
        rest += [f"{len(self.hidden):,} hidden"] if self.hidden else []
        left = f"; {', '.join(rest)}" if rest else ""
        if failing:
            return f"fails: {counted(failing, 'finding')} {'meets' if failing == 1 else 'meet'} {self.bars}{left}"
        return f"passes: no finding meets {self.bars}{left}"

    def _repr_html_(self) -> str:
        from cascade.report.html import as_notebook  # noqa: PLC0415 - how it looks in a notebook

        return as_notebook(self)


@dataclass(frozen=True)
class Everything:
    """What is found in one topology."""

    findings: tuple[Finding, ...]
    hidden: tuple[Hidden, ...]
    expectations: tuple[Expected, ...]
    promised: tuple[Promised, ...]
    measures: tuple[Measured, ...]

    @property
    def fingerprints(self) -> set[str]:
        """Tell all that is found, also what is hidden, whatever the numbers and lines."""
        return {each.fingerprint for each in (*self.findings, *(hidden.finding for hidden in self.hidden))}


def check(  # noqa: PLR0913 - keyword-only, each with a default
    topology: Topology,
    *,
    fail_on: Sequence[str] = DEFAULT_BARS,
    base: Topology | None = None,
    baseline: Sequence[Known] = (),
    text: str | None = None,
    file: str = "<text>",
    today: dt.date | None = None,
    progress: Callable[[float], None] | None = None,
) -> Check:
    """Find everything that is wrong with a topology, and say whether that is bad enough to stop.

    Lint, the expectations of scenarios (simulated), objectives, and measures where a bar asks for them.

    Parameters
    ----------
    topology : Topology
    fail_on : sequence of str, optional
        What fails: a severity, which stands for the worse ones too, a rule, or a measure compared with a number
        (``blast-radius>40%``, ``spof>0``, ``availability<99.9%``, ``amplification>3``); with a base also
        ``new-single-point``, ``new-impact`` and ``new-finding``.
    base : Topology, optional
        What it was before the change: what failures take down only now is found, too.
    baseline : sequence of Known, optional
        Findings that are known and do not fail, from :func:`~cascade.analysis.baseline.read_baseline`.
    text : str, optional
        The YAML that it was read from: findings then have their line and column.
    file : str, optional
        What messages call that text.
    today : datetime.date, optional
        Day for which suppressions count; that of the clock (UTC) by default.
    progress : callable, optional
        Called with the share of the simulations done, from 0 to 1.

    Raises
    ------
    CascadeError
        When a bar means nothing.

    Examples
    --------
    >>> import cascade
    >>> shop = cascade.loads("services: {web: {demand: 10/s, calls: [{to: db, timeout: 1s}]}, db: }")
    >>> found = cascade.check(shop, fail_on=["high", "spof>0"])
    >>> found.is_passed, [finding.message for finding in found.of("fails")]
    (False, ['db alone takes down web, which users call'])
    """
    bars = bars_of(fail_on, has_base=base is not None)
    day = today or dt.datetime.now(tz=dt.UTC).date()
    subject = Checked(topology, text or "", file)
    change = None if base is None else compare_structure(base, topology)
    found = everything(subject, bars, day, change, progress)
    before = None if base is None else everything(Checked(base), bars, day).fingerprints
    known = {each.fingerprint for each in baseline}
    looked_at = looked_at_by(bars, has_base=base is not None)
    return Check(
        topology=topology,
        file=file if text is not None else topology.name,
        bars=bars,
        judged=judged(found.findings, bars, known, before),
        hidden=found.hidden,
        expectations=found.expectations,
        promised=found.promised,
        measures=found.measures,
        introduced=change,
        worst=worst_failure(subject),
        resolved=tuple(
            each for each in baseline if each.rule in looked_at and each.fingerprint not in found.fingerprints
        ),
        caveats=caveats(topology),
    )


def bars_of(texts: Iterable[str], *, has_base: bool) -> Bars:
    """Read what fails, and refuse what compares with a base where there is none."""
    rules = (*LINT_RULES, *promises.RULES, *introduced.RULES)
    bars = read_bars(texts, [rule.name for rule in rules], {measure.key: measure.is_share for measure in MEASURES})
    of_base = {str(rule.name) for rule in introduced.RULES} & bars.rules
    if (bars.does_new_fail or of_base) and not has_base:
        what = next((text for text in bars.texts if text.upper() in of_base), ChangeBar.NEW_FINDING)
        raise CascadeError(f"{what} needs something to compare with; name it with --against")
    return bars


def looked_at_by(bars: Bars, *, has_base: bool) -> set[str]:
    """Give the rules that can find something: a measure only does where a bar compares it."""
    compared = {limit.measure for limit in bars.limits}
    idle = {measure.name for measure in MEASURES if measure.key not in compared}
    idle |= set() if has_base else {rule.name for rule in introduced.RULES}
    return {str(rule.name) for rule in RULES if rule.name not in idle}


def everything(
    subject: Checked,
    bars: Bars,
    day: dt.date,
    change: StructureDiff | None = None,
    progress: Callable[[float], None] | None = None,
) -> Everything:
    """Look at everything."""
    found, hidden = linted(subject, day)
    expected = promises.play(subject, progress)
    promised = promises.promised(subject)
    measures = tuple(measure.find(subject) for measure in MEASURES)
    more = [
        *promises.unmet_expectation(expected),
        *promises.unmet_objective(subject, promised),
        *(finding for each in measures for finding in each.beyond(bars.limits)),
        *introduced.new_single_point(subject, change.single_points_introduced if change else ()),
        *introduced.new_impact(subject, change.impacts_introduced if change else ()),
    ]
    looked_at = looked_at_by(bars, has_base=change is not None)
    rules = [rule for rule in CHECK_RULES if rule.name in looked_at]
    more_found, more_hidden = settled(subject, more, rules, day)
    return Everything((*found, *more_found), (*hidden, *more_hidden), expected, promised, measures)


def judged(findings: Iterable[Finding], bars: Bars, known: set[str], before: set[str] | None) -> tuple[Judged, ...]:
    """Say what becomes of each finding, those that fail first."""
    limited = {str(measure.name) for measure in MEASURES}

    def judge(finding: Finding) -> Judged:
        is_new = None if before is None else finding.fingerprint not in before
        if finding.fingerprint in known:
            return Judged(finding, Standing.KNOWN, is_new)
        fails = finding.rule in limited or bars.meets(finding, is_new=bool(is_new))
        return Judged(finding, Standing.FAILS if fails else Standing.BELOW, is_new)

    order = [*Standing]
    return tuple(
        sorted(map(judge, findings), key=lambda each: (order.index(each.standing), each.finding.severity.rank))
    )


def worst_failure(subject: Checked) -> Contingency | None:
    """Give the failure that takes most other services down."""
    found = subject.contingencies
    worst = max(range(len(found.names)), key=found.affected_count.__getitem__, default=None)
    return None if worst is None or not found.affected_count[worst] else found.of(found.names[worst])
