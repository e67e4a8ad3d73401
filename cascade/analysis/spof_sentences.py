"""What the structure of a system says in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cascade.analysis.sentences import about
from cascade.wording import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cascade.analysis.redundancy import FalseRedundancy
    from cascade.analysis.restart import Restart
    from cascade.analysis.spof import Spof
    from cascade.analysis.targets import Target, Unavailability


def headline(spof: Spof) -> str:
    """Say in one sentence how many single failures there are to fear, and the worst."""
    found = spof.contingencies
    if not spof.targets:
        return "Nothing to ask about: no service has demand from outside, and no target is named."
    single = {name for target in spof.targets for name in target.single_points}
    what = listed([target.name for target in spof.targets], 3, last="or")
    if not single:
        return f"No single failure of another part takes {what} down."
    worst = next(found.names[index] for index in found.ranking if found.names[index] in single)
    place = found.names.index(worst)
    return (
        f"{counted(len(single), 'part')} of {len(found.names):,} {'each take' if len(single) > 1 else 'takes'} "
        f"{what} down alone; the worst, {worst}, takes {counted(int(found.affected_count[place]), 'other service')} "
        "with it."
    )


def of_target(target: Target) -> str:
    """Say how one target goes down, in a sentence."""
    total = counted(sum(target.counts), "minimal cut set")
    odds = f", down {likely(target.unavailability)} of the time" if target.unavailability else ""
    what = total if target.sets else "no minimal cut sets, for something in it is negated"
    return f"{target.name}: {what}{odds}"


def meaning(spof: Spof) -> str:
    """Say what counts as down here."""
    question = spof.contingencies.logic.question
    after = "for good" if question.after_s == float("inf") else f"for {about(question.after_s)}"
    left = (
        "nothing of its work is left"
        if question.loss_fraction == 1.0
        else (f"it loses {question.loss_fraction:.0%} of its requests or more to one dependency")
    )
    needs = ", and what is needed to start counts as needed" if question.verdict == "restart" else ""
    return f"By structure alone: a part is down when, with the failure there {after}, {left}{needs}."


def of_redundancy(group: FalseRedundancy) -> str:
    """Say why a group is less redundant than it looks.

    Examples
    --------
    >>> from cascade.analysis.redundancy import FalseRedundancy, SharedCause
    >>> of_redundancy(FalseRedundancy("db", 1, ("a", "b"), (SharedCause("zone", ("a", "b")),), 1))
    'db needs 1 of its 2 members, but zone takes both'
    """
    causes = listed([cause.name for cause in group.shared[:6]], 6)
    if group.shared_count > len(group.shared[:6]):
        causes = f"each of {group.shared_count:,} others, as {causes},"
    most = max(len(cause.members) for cause in group.shared)
    takes = "take" if len(group.shared) > 1 else "takes"
    count = len(group.members)
    which = ("both" if count == 2 else f"all {count}") if most == count else f"{most}"  # noqa: PLR2004 - a pair
    alone = " alone" if len(group.shared) > 1 else ""
    return f"{group.group} needs {group.needs} of its {count} members, but {causes} {takes}{alone} {which}"


def of_restart(restart: Restart) -> Iterator[str]:
    """Say whether everything can start again."""
    if len(restart.waves) > 1 and not restart.stuck:
        yield f"After a full stop everything starts again, in {len(restart.waves)} waves."
    if restart.stuck:
        names = [f"{name} waits for {listed(waits, 3)}" for name, waits in restart.stuck]
        yield f"After a full stop these never start again by themselves: {listed(names, 8)}."


def of_assumptions(spof: Spof) -> Iterator[str]:
    """Say what is missing for the probabilities."""
    chances = spof.probabilities
    if not any(target.unavailability for target in spof.targets):
        yield (
            "How likely all this is cannot be said: no part states its reliability. Give it in the file "
            "(reliability: {availability: 99.9%}), or one share for all (--unavailability 0.1%)."
        )
    elif chances.unstated:
        parts = counted(len(chances.unstated), "part")
        taken = f"down {chances.assumed:.3g} of the time" if chances.assumed else "never down by themselves"
        yield f"{parts} state no reliability and count as {taken}: {listed(chances.unstated, 6)}."


def of_parts(spof: Spof) -> Iterator[str]:
    """Say that calls which only a part of the requests make take nobody wholly down."""
    if spof.contingencies.logic.question.loss_fraction < 1.0:
        return
    partial = sum(
        call.needs == "hard" and call.per_request < 1.0
        for service in spof.topology.services.values()
        for call in service.calls
    )
    if partial:
        are = "is" if partial == 1 else "are"
        yield (
            f"{counted(partial, 'call')} {are} made by a part of the requests only: such a loss takes nothing wholly "
            "down. --loss 5% counts it, too."
        )


def likely(found: Unavailability) -> str:
    """Write an unavailability with how firm it is."""
    if found.method == "exact":
        return f"{found.value:.4g}"
    return f"{found.value:.4g} ± {found.error:.1g} (at least {found.low:.4g})"


def objectives(targets: Sequence[Target], wanted: dict[str, float]) -> Iterator[str]:
    """Say which objectives are higher than the dependencies allow."""
    for target in targets:
        if target.attainable_availability is not None and wanted.get(target.name, 0.0) > target.attainable_availability:
            yield (
                f"{target.name} promises {wanted[target.name]:.6g} and its dependencies allow "
                f"{target.attainable_availability:.6g} at most, even if it never failed itself."
            )
