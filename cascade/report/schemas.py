"""What the JSON documents of the commands hold; their JSON Schemas are made from the same definitions.

Times are seconds from the start of the scenario, shares go from 0 to 1. What has no bound, as the
end of an outage that outlasts the run, is null.
"""

import json
from typing import Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from typing_extensions import TypedDict  # pydantic reads that of typing only from Python 3.12 on

from cascade.engine.run import SERIES, Mechanism
from cascade.errors import CascadeError
from cascade.loading.schema import DIALECT
from cascade.model import Event
from cascade.report.check_schema import CheckDocument
from cascade.report.diff_schema import DiffDocument
from cascade.report.import_schema import ImportDocument
from cascade.report.lint_schema import LintDocument
from cascade.report.montecarlo_schema import MonteCarloDocument
from cascade.report.schema_types import Amount, ExpectationDocument, Number, Share, documented
from cascade.report.sweep_schema import SweepDocument
from cascade.units import closest

Kind = Literal["service", "group", "fleet"]
Basis = Annotated[str, Field(json_schema_extra={"enum": ["predicted", "given", "assumed", "not stated"]})]
Reason = Annotated[str, Field(json_schema_extra={"enum": [mechanism.name.lower() for mechanism in Mechanism]})]
Action = Annotated[str, Field(json_schema_extra={"enum": list(Event.ACTIONS)})]
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class FoundProblem(TypedDict):
    """One thing wrong with a file."""

    file: str
    line: Number
    """From 1; 0 when it is about the file as a whole."""
    column: Number
    """From 1; 0 when it is about the file as a whole."""
    message: str


class AssumptionDocument(TypedDict):
    """A number that is a guess, or is not there."""

    line: Number
    what: str
    kind: Annotated[str, Field(json_schema_extra={"enum": ["assumed", "missing"]})]
    why: str


class CheckedFile(TypedDict):
    """What was found in one file."""

    file: str
    problems: list[FoundProblem]
    """All of them, sorted by place."""
    sizes: dict[str, Number]
    """How many parts of each kind; nothing when there are problems."""
    assumptions: list[AssumptionDocument]
    """What its comments say is assumed or missing."""


@documented
class ValidateDocument(TypedDict):
    """Whether files are well-formed, and how large they are."""

    schema: Literal["cascade/validate/v1"]
    files: list[CheckedFile]


class Node(TypedDict):
    """A service, group or fleet."""

    name: str
    kind: Kind
    layer: Number
    """Whoever is called stands in a higher layer than all its callers, unless both are in a cycle."""
    entry_point: bool
    """Whether requests come in here from outside."""
    callers: Number
    callees: Number


class Call(TypedDict):
    """Who needs whom."""

    caller: str
    callee: str
    needs: str
    """What the callee's failure does to the caller, or as what it is needed."""


class Members(TypedDict):
    """A group."""

    needs: Number
    """Members that must be up."""
    members: list[str]


class Plan(TypedDict):
    """A scenario."""

    duration_s: Amount
    events: Number


@documented
class ShowDocument(TypedDict):
    """What is in a topology, and its shape."""

    schema: Literal["cascade/show/v1"]
    name: str
    sizes: dict[str, Number]
    """How many parts of each kind."""
    entry_points: list[str]
    """Where requests come in from outside."""
    layers: list[list[str]]
    """From the callers to the callees."""
    cycles: list[list[str]]
    """Sets of nodes that all need each other, the largest first."""
    nodes: list[Node]
    edges: list[Call]
    groups: dict[str, Members]
    """By name."""
    domains: dict[str, dict[str, Share]]
    """By name: what a failure domain takes, and which share of it."""
    scenarios: dict[str, Plan]
    """By name."""


class Setting(TypedDict):
    """What was played and how."""

    cascade: str
    """Version of the program."""
    topology: str
    scenario: str
    start: Moment | None
    """Wall-clock time of second 0; null when the scenario has none."""
    duration_s: Amount
    step_s: Amount
    """Time step of the simulation."""
    step_error_fraction: Amount | None
    """Estimated error of the step, relative to the peak; null when it was not estimated."""
    is_settled_at_start: bool
    """Whether the topology has a steady state before the first event."""


class PlayedEvent(TypedDict):
    """An event of the scenario."""

    time_s: Amount | None
    """When it took effect; null when it never could."""
    action: Action
    target: str
    note: str


class FallDocument(TypedDict):
    """The moment a part leaves its objective, and why."""

    name: str
    time_s: Amount
    mechanism: Reason
    cause: str | None
    """What it came through; null when it fell by itself."""


def values_of(series: str) -> Any:
    """Type of a series in a document, with its meaning."""
    values: Any = list[Share] if series.endswith("_fraction") else list[float | None]
    return Annotated[values, Field(description=SERIES[series])]


_PART: Final = {
    "name": str,
    "is_hit": Annotated[list[bool], Field(description="whether it is outside its objective")],
    **{series: values_of(series) for series in SERIES},
}
PartOverTime = TypedDict("PartOverTime", _PART)  # type: ignore[misc] # the series are listed beside the run
PartOverTime.__doc__ = "One part of the topology; each list has one value per time, null where it has no bound."


@documented
class SimulateDocument(Setting):
    """A scenario played, over time."""

    schema: Literal["cascade/simulate/v1"]
    events: list[PlayedEvent]
    falls: list[FallDocument]
    """In the order of time."""
    expectations: list[ExpectationDocument]
    """What the scenario must come to; none where it does not say."""
    times_s: list[Amount]
    """Ends of the samples."""
    parts: list[PartOverTime]


class HitWindow(TypedDict):
    """A time outside the objective."""

    start_s: Amount
    end_s: Amount | None
    """Null when it is not over at the end of the run."""


class ImpactDocument(TypedDict):
    """What happened to one part of the topology."""

    name: str
    kind: Kind
    is_entry_point: bool
    falls_s: Amount
    """When it first leaves its objective."""
    returns_s: Amount | None
    """When it is back for good; null when not within the run."""
    mechanism: Reason | None
    """How it was pushed out of its objective; null when that is not known."""
    cause: str | None
    """What it fell through; null when it fell by itself."""
    why: str
    """Mechanism and cause in words."""
    path: list[str]
    """From the fault to it, each one the reason of the next."""
    depth_fraction: Share
    """Largest share of its requests (of its units, for a fleet) that was lost at a time."""
    windows: list[HitWindow]
    outage_s: Amount
    """Time outside its objective, within the run."""
    outlasts_s: Amount | None
    """The part of it after the repair of the fault; null when that is never repaired."""
    requests_lost_count: Amount
    """Failed, refused and dropped, beyond what is usual before the first event."""
    peak_backlog_count: Amount
    """Most requests waiting; for a fleet, most units out of service."""
    peak_backlog_age_s: Amount | None
    """Age of the oldest waiting work, at its highest."""


class EntryPoint(TypedDict):
    """A service that users call."""

    name: str
    is_hit: bool


class SinglePointDocument(TypedDict):
    """A part whose loss alone takes users down, by structure alone."""

    name: str
    entry_points: list[str]
    """What users call and is lost with it."""
    lost_count: Number
    """Parts that are lost with it."""


@documented
class BlastRadiusDocument(Setting):
    """What a fault does to a system."""

    schema: Literal["cascade/blast-radius/v1"]
    headline: str
    caveats: list[str]
    """What the answer rests on that nobody knows; none for a topology that was written by hand."""
    trigger: list[str]
    """What fails first."""
    trigger_start_s: Amount | None
    """When it fails; null when it never could."""
    repaired_s: Amount | None
    """When that is repaired; null when it never is."""
    requests_lost_count: Amount
    """Requests that users lost at the entry points."""
    entry_points: list[EntryPoint]
    impacts: list[ImpactDocument]
    """Everything that is hit, in the order in which it falls."""
    single_points: list[SinglePointDocument]
    """Those that were met on the way, what takes most with it first."""
    hit_before: list[str]
    """What was outside its objective before anything happened, and is left out."""
    expectations: list[ExpectationDocument]
    """What the scenario must come to; none where it does not say."""


class ComparedEdge(TypedDict):
    """The beginning or the end of an observed window, beside the simulated one."""

    observed_s: float | None
    """Null when the source does not state it."""
    simulated_s: Amount | None
    """Null when nothing was simulated there, or the simulated window is not over at the end of the run."""
    error_s: float | None
    """Simulated minus observed; null when one of them is."""
    basis: Basis
    """Why it counts as predicted or does not."""
    is_within_15min: bool


class ComparedWindow(TypedDict):
    """One observed window, or one thing that was not hit, beside what was simulated."""

    name: str
    service: str
    """What stands for it in the topology."""
    never: bool
    """Whether it says that the service was not hit."""
    is_missed: bool
    """Whether the source states both edges and nothing was simulated there."""
    start: ComparedEdge
    end: ComparedEdge
    note: str


class FalseWindow(TypedDict):
    """A simulated window of an observed service that nobody observed."""

    service: str
    start_s: Amount
    end_s: Amount | None
    """Null when it is not over at the end of the run."""


class Score(TypedDict):
    """How well the outage was followed."""

    edges: Number
    """Edges that the source states."""
    edges_given: Number
    """Those that an event of the scenario gives away."""
    edges_predicted: Number
    """All others: what the model predicts."""
    predicted_within_15min: Number
    median_abs_error_s: Amount | None
    """Of the predicted edges; null when there are none, or it has no bound."""
    max_abs_error_s: Amount | None
    """Of the predicted edges; null when there are none, or it has no bound."""
    missed_windows: Number
    false_windows: Number
    free_parameters: Number | None
    """Parameters that were neither published nor derived; null when they were not counted."""


@documented
class ReplayDocument(Setting):
    """A simulated outage beside the one that happened."""

    schema: Literal["cascade/replay/v1"]
    summary: Score
    windows: list[ComparedWindow]
    """As observed."""
    false_windows: list[FalseWindow]


class CutSetsDocument(TypedDict):
    """Minimal cut sets: smallest sets of failures that take a target down."""

    counts: list[Number]
    """How many there are of one failure, of two, and so on."""
    listed: list[list[str]]
    """By name, the smallest first."""
    is_all_listed: bool
    """Whether all that are counted up to the order asked for are listed."""


class UnavailabilityDocument(TypedDict):
    """Share of the time that a target is down, in the long run."""

    value: Share
    method: Annotated[str, Field(json_schema_extra={"enum": ["exact", "sampled"]})]
    low: Share
    """Surely at least."""
    high: Share
    """Surely at most."""
    standard_error: Amount
    """Of a sampled value, else 0."""
    downtime_s_per_year: Amount


class WeightDocument(TypedDict):
    """How much one failure weighs in the unavailability of a target."""

    name: str
    probability: Share
    """Share of the time that the failure is there."""
    birnbaum: float
    criticality: float
    fussell_vesely: float
    raw: Amount
    """Risk achievement worth, a ratio."""
    rrw: Amount | None
    """Risk reduction worth, a ratio; null without bound."""


class TargetDocument(TypedDict):
    """How one target goes down."""

    name: str
    single_points: list[str]
    """What takes it down alone, itself left out."""
    cut_sets: CutSetsDocument
    unavailability: UnavailabilityDocument | None
    """Null where no reliability is stated."""
    attainable_availability: Share | None
    """What its dependencies allow if it never failed itself; null where that is not known."""
    importance: list[WeightDocument]


class ContingencyDocument(TypedDict):
    """One single contingency, both ways."""

    name: str
    kind: Annotated[str, Field(json_schema_extra={"enum": ["service", "fleet", "domain"]})]
    services_down: Number
    """Other services that its loss takes down."""
    entry_points_lost: Number
    """Entry points that are down then, itself included."""
    weight_lost: Amount
    """Sum of their weights."""
    taken_down_by: Number
    """Other parts of which each alone takes it down."""
    worst_for_it: str | None
    """Of those, the one that takes most services with it."""


class SharedCauseDocument(TypedDict):
    """One failure that a redundant group does not survive."""

    name: str
    members: list[str]
    """Members that are down then."""


class FalseRedundancyDocument(TypedDict):
    """A redundant group that single failures take down."""

    group: str
    needs: Number
    """Members that must be up."""
    members: list[str]
    shared_count: Number
    """Single failures that take it down."""
    shared: list[SharedCauseDocument]
    """The first of them."""


class CrowdedDocument(TypedDict):
    """A replicated service that stands in one failure domain."""

    service: str
    domain: str


class WaitingDocument(TypedDict):
    """A service that never starts again after a full stop."""

    name: str
    waits_for: list[str]


@documented
class SpofDocument(TypedDict):
    """What can take the targets down, alone or together, and how likely that is."""

    schema: Literal["cascade/spof/v1"]
    headline: str
    caveats: list[str]
    """What the answer rests on that nobody knows; none for a topology that was written by hand."""
    topology: str
    after_s: Amount | None
    """How long the failures have lasted; null for good."""
    loss_fraction: Share
    """Least share of a caller's requests that a dependency must cost to take it down."""
    verdict: Annotated[str, Field(json_schema_extra={"enum": ["serve", "restart"]})]
    """Whether the question is who goes on serving, or who comes back after a full stop."""
    targets: list[TargetDocument]
    targets_left_out: Number
    """Entry points that are not among them, where there are very many."""
    contingencies: list[ContingencyDocument]
    """Every single failure, what takes most entry points first."""
    false_redundancies: list[FalseRedundancyDocument]
    replicas_in_one_domain: list[CrowdedDocument]
    untouched: list[str]
    """Services that no single failure of anything else takes down."""
    start_waves: list[list[str]]
    """Services that start together after a full stop, each wave once the one before serves."""
    never_start: list[WaitingDocument]
    without_reliability: list[str]
    """Parts that state no reliability."""


DOCUMENTS: Final[dict[str, Any]] = {
    "import": ImportDocument,
    "validate": ValidateDocument,
    "show": ShowDocument,
    "simulate": SimulateDocument,
    "blast-radius": BlastRadiusDocument,
    "replay": ReplayDocument,
    "spof": SpofDocument,
    "sweep": SweepDocument,
    "montecarlo": MonteCarloDocument,
    "lint": LintDocument,
    "check": CheckDocument,
    "diff": DiffDocument,
}
"""What each command writes as JSON."""


class _PlainSchema(GenerateJsonSchema):
    """A schema without titles that repeat the names of the fields."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - as pydantic calls it
        return False


def document_schema(command: str) -> dict[str, Any]:
    """Give the JSON Schema (2020-12) of what a command writes as JSON.

    Raises
    ------
    CascadeError
        When no command of that name writes JSON.

    Examples
    --------
    >>> document_schema("replay")["$id"]
    'urn:cascade:replay:v1'
    """
    if command not in DOCUMENTS:
        hint = closest(command, DOCUMENTS) or f", expected one of {', '.join(DOCUMENTS)}"
        raise CascadeError(f"no command '{command}' that writes JSON{hint}")
    found = TypeAdapter(DOCUMENTS[command]).json_schema(schema_generator=_PlainSchema)
    return {"$schema": DIALECT, "$id": f"urn:cascade:{command}:v1", **found}


def document_schema_text(command: str) -> str:
    """Give the JSON Schema of what a command writes, as the text of a file."""
    return json.dumps(document_schema(command), indent=2, ensure_ascii=False) + "\n"
