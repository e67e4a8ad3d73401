"""The main question: this fails. Who is hit, when, why, how hard, and when is each back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cascade.analysis import sentences
from cascade.analysis.caveats import caveats
from cascade.analysis.failures import scenario_of_failures
from cascade.analysis.impact import Impact, impact_of, with_common_cause
from cascade.analysis.structure import SinglePoint, single_points
from cascade.engine.plan import members
from cascade.engine.simulate import simulate
from cascade.errors import ScenarioError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cascade.engine.clock import Clock
    from cascade.engine.run import Run
    from cascade.model import Event, Scenario, Topology

__all__ = ["BlastRadius", "Impact", "blast_radius", "scenario_of_failures"]

STAYS_S: Final = 60.0
"""A service that is hit for less time after the repair has come back with it [s]."""
FAULTS: Final = ("fail", "degrade", "lose", "flap", "switch_off")
"""Actions that can be the fault that a scenario is about."""


@dataclass(frozen=True, repr=False)
class BlastRadius:
    """What a fault does to a system."""

    run: Run
    trigger: tuple[str, ...]
    """What fails first."""
    trigger_start_s: float
    repaired_s: float | None
    """When that is repaired; none when it never is."""
    impacts: tuple[Impact, ...]
    """Everything that is hit, in the order in which it falls."""
    single_points: tuple[SinglePoint, ...]
    """What was met on the way whose loss alone takes an entry point down."""
    hit_before: tuple[str, ...]
    """What was outside its objective before anything happened: a topology to look at again."""

    def __repr__(self) -> str:
        """Say the headline."""
        return f"<BlastRadius: {self.headline}>"

    @property
    def headline(self) -> str:
        """What a manager needs to know."""
        return sentences.headline(self)

    @property
    def caveats(self) -> tuple[str, ...]:
        """What the answer rests on that nobody knows; nothing for a topology written by hand."""
        return caveats(self.run.topology, [*self.trigger, *(name for impact in self.impacts for name in impact.path)])

    @property
    def outlasting(self) -> tuple[Impact, ...]:
        """What stays down after the repair, by more than a minute and what two samples can tell apart."""
        least_s = max(STAYS_S, 2.0 * float(self.run.times_s[-1]) / len(self.run.times_s))
        return tuple(impact for impact in self.impacts if (impact.outlasts_s or 0.0) > least_s)

    @property
    def requests_lost(self) -> float:
        """Requests that users lost at the entry points."""
        return sum(impact.requests_lost for impact in self.entry_points.values() if impact)

    @property
    def entry_points(self) -> dict[str, Impact | None]:
        """What happened to each service that users call; none where they noticed nothing."""
        by_name = {impact.name: impact for impact in self.impacts}
        services = self.run.topology.services
        return {name: by_name.get(name) for name, service in services.items() if service.is_entry_point}

    @property
    def spread(self) -> list[tuple[Impact, int]]:
        """Each part that is hit, right after what took it down, with the number of steps from the fault."""
        effects: dict[str, list[Impact]] = {impact.name: [] for impact in self.impacts}
        roots: list[Impact] = []
        for impact in self.impacts:
            effects.get("".join(impact.path[-2:-1]), roots).append(impact)
        ordered: dict[Impact, int] = {}
        for root in (*roots, *self.impacts):  # the second part for those that took one another down
            waiting = [(root, 0)]
            while waiting:
                impact, depth = waiting.pop()
                if impact not in ordered:
                    ordered[impact] = depth
                    waiting += [(effect, depth + 1) for effect in reversed(effects[impact.name])]
        return list(ordered.items())

    def _repr_html_(self) -> str:
        from cascade.report.html import as_notebook  # noqa: PLC0415 - how it looks in a notebook

        return as_notebook(self)


def blast_radius(  # noqa: PLR0913 - what fails, for how long, and how it is run
    topology: Topology,
    nodes: Sequence[str] = (),
    *,
    lasts_s: float = 1800.0,
    scenario: Scenario | str | None = None,
    clock: Clock | None = None,
    progress: Callable[[float], None] | None = None,
) -> BlastRadius:
    """Let some services, groups, fleets or domains fail, or play a scenario, and say what that does.

    Parameters
    ----------
    topology : Topology
    nodes : sequence of str
        What fails at once; without any, the scenario is played (the first one by default).
    lasts_s : float
        How long they fail [s].
    scenario : Scenario or str, optional
        What happens instead.

    Raises
    ------
    ScenarioError
        When something is named that does not exist, or nothing is.

    Examples
    --------
    >>> import cascade
    >>> shop = cascade.loads("services: {web: {demand: 10/s, calls: [db]}, db: }")
    >>> cascade.blast_radius(shop, ["db"]).headline
    'db failing for 30m takes down 1 of 1 other service for up to 30m; 18,000 requests of users lost.'
    """
    if nodes and scenario is not None:
        raise ScenarioError("expected either names of what fails or a scenario, got both")
    if nodes:
        scenario = scenario_of_failures(topology, nodes, lasts_s)
    elif scenario is None and not topology.scenarios:
        raise ScenarioError(f"expected the name of what fails: {topology.name} has no scenario")
    return assess(simulate(topology, scenario, clock=clock, progress=progress))


def assess(run: Run) -> BlastRadius:
    """Say what the faults of a run did."""
    triggers = find_triggers(run.scenario)
    targets = [run.scenario.events[index].target for index in triggers]
    first_s = min(run.event_times_s, default=0.0)
    repaired_s = find_repair(run, triggers)
    unwell = tuple(name for name in run.names if run.is_hit(name)[run.times_s <= first_s].any())
    struck = {name: target for target in targets for name, _ in members(run.topology, target) if name != target}
    impacts = sorted(
        (
            with_common_cause(impact, struck)
            for name in run.names
            if name not in unwell and (impact := impact_of(run, name, first_s, repaired_s))
        ),
        key=lambda impact: (impact.falls_s, len(impact.path)),
    )
    known = {*run.names, *run.topology.all_domains}
    met = dict.fromkeys(name for impact in impacts for name in impact.path if name in known)
    return BlastRadius(
        run=run,
        trigger=tuple(dict.fromkeys(targets)),
        trigger_start_s=min((run.event_times_s[index] for index in triggers), default=0.0),
        repaired_s=repaired_s,
        impacts=tuple(impacts),
        single_points=single_points(run.topology, met),
        hit_before=unwell,
    )


def find_triggers(scenario: Scenario) -> list[int]:
    """Give the events that the scenario is about: those marked, or else its first fault."""
    marked = [index for index, event in enumerate(scenario.events) if event.trigger]
    if marked:
        return marked
    faults = [index for index, event in enumerate(scenario.events) if event.action in FAULTS]
    return sorted(faults, key=lambda index: scenario.seconds(scenario.events[index].at))[:1]


def find_repair(run: Run, triggers: Sequence[int]) -> float | None:
    """Give when all triggers are undone [s]: by their own end, by an event, or by themselves; none if never."""
    ends_s = [end_of(run, index) for index in triggers]
    finite_s = [end_s for end_s in ends_s if end_s is not None]
    return max(finite_s) if finite_s and len(finite_s) == len(ends_s) else None


def end_of(run: Run, index: int) -> float | None:
    """Give when one event is undone [s]."""
    fault, started_s = run.scenario.events[index], run.event_times_s[index]
    if fault.lasts_s is not None:
        return started_s + fault.lasts_s
    undone_s = [
        time_s
        for event, time_s in zip(run.scenario.events, run.event_times_s, strict=True)
        if time_s > started_s and undoes(run.topology, event, fault)
    ]
    if undone_s:
        return min(undone_s)
    impact = impact_of(run, fault.target, started_s, None) if fault.target in run.names else None
    return impact.returns_s if impact else None


def undoes(topology: Topology, event: Event, fault: Event) -> bool:
    """Whether an event takes back what another did."""
    if fault.action == "switch_off":
        return event.switch_on == fault.target
    if event.action != "restore":
        return False
    return {name for name, _ in members(topology, fault.target)} <= {
        name for name, _ in members(topology, event.target)
    }
