"""Numbers of a topology and of a scenario that are set anew from run to run, called as reports call them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from cascade.analysis.blast_radius import find_triggers
from cascade.behaviours.demand import Demand
from cascade.behaviours.part import Part
from cascade.errors import StudyError
from cascade.loading.fields import is_number, keys_of
from cascade.loading.problems import expectation, message_of
from cascade.model.uncertain import Path, Template
from cascade.units import closest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cascade.model import Topology

ALL_DEMAND: Final = "demand"
"""A factor on the demand of all users."""
TRIGGER: Final = "trigger"
UNITS: Final = {"_s": "s", "_rps": "1/s", "_fraction": "share"}
"""Units by the endings of fields."""
EVENT: Final = re.compile(r"event (\d+)")
CALL: Final = re.compile(r"(\S+) -> (\S+)")
EXAMPLES: Final = (
    "expected a name like 'web: demand', 'web -> db: timeout', 'trigger: for', 'event 2: rate', or 'demand'"
)


@dataclass(frozen=True)
class Setting:
    """A number that is set anew, or several that are set together."""

    name: str
    paths: tuple[Path, ...]
    factors_on: tuple[float, ...] = ()
    """What a value is a factor on, for each path; without any, it is the number itself."""
    unit: str = ""

    @property
    def is_of_topology(self) -> bool:
        """Whether another value makes another topology, not just another scenario."""
        return self.paths[0][0] != "scenarios"

    @property
    def label(self) -> str:
        """Name it with its unit, as axes do."""
        return f"{self.name} [{self.unit}]" if self.unit else self.name

    def numbers(self, value: float) -> list[float]:
        """Give what stands at each path for a value."""
        return [number * value for number in self.factors_on] or [value] * len(self.paths)


def find_setting(topology: Topology, scenario: str, name: str) -> Setting:
    """Find what a name means: ``web: demand``, ``web -> db: timeout``, ``trigger: for``, ``event 2: rate``, ``demand``.

    Raises
    ------
    StudyError
        When it means nothing.
    """
    if name == ALL_DEMAND:
        asked = {key: service.demand for key, service in topology.services.items() if service.demand}
        if not asked:
            raise StudyError(f"{topology.name}: no user asks for anything, so that demand cannot be set")
        paths: tuple[Path, ...] = tuple(("services", key, "demand", "rate_rps") for key in asked)
        return Setting("demand, as a factor", paths, tuple(float(demand.rate_rps) for demand in asked.values()))
    subject, separator, keys = name.rpartition(": ")
    if not separator:
        raise StudyError(f"cannot set '{name}': {EXAMPLES}")
    paths = tuple(
        (*start, *fields_of(part_at(topology, start), keys, name)) for start in starts(topology, scenario, subject)
    )
    ending = str(paths[0][-1])
    return Setting(name, paths, unit=next((unit for end, unit in UNITS.items() if ending.endswith(end)), ""))


def starts(topology: Topology, scenario: str, subject: str) -> list[Path]:
    """Give where the parts stand that the first half of a name means."""
    events: Path = ("scenarios", scenario, "events")
    if subject == TRIGGER:
        return [(*events, index) for index in triggers(topology, scenario)]
    if (match := EVENT.fullmatch(subject)) and subject not in topology.services:
        count = len(topology.scenarios[scenario].events)
        if not 1 <= int(match[1]) <= count:
            raise StudyError(f"there is no {subject} in the scenario {scenario}, which has {count}")
        return [(*events, int(match[1]) - 1)]
    if match := CALL.fullmatch(subject):
        caller = topology.services.get(match[1])
        found = [k for k, call in enumerate(caller.calls if caller else ()) if call.to == match[2]]
        if not found:
            raise StudyError(f"there is no call '{subject}' in {topology.name}")
        return [("services", match[1], "calls", k) for k in found]
    for kind in ("services", "groups", "fleets", "domains"):
        if subject in getattr(topology, kind):
            return [(kind, subject)]
    known = [*topology.services, *topology.groups, *topology.fleets, *topology.domains]
    raise StudyError(f"there is no part '{subject}' in {topology.name}{closest(subject, known)}")


def triggers(topology: Topology, scenario: str) -> list[int]:
    """Give the events that a scenario is about; without a fault, the first one.

    Raises
    ------
    StudyError
        When nothing happens in it.
    """
    played = topology.scenarios[scenario]
    if not played.events:
        raise StudyError(f"{topology.name}: nothing happens in the scenario {scenario}; expected a fault that ends")
    first = min(range(len(played.events)), key=lambda index: played.seconds(played.events[index].at))
    return find_triggers(played) or [first]


def part_at(topology: Topology, path: Path) -> Any:
    """Give what stands under a path."""
    value: Any = topology
    for step in path:
        value = getattr(value, str(step)) if isinstance(value, Part) else value[step]
    return value


def fields_of(part: Part, keys: str, name: str) -> list[str]:
    """Follow keys of a file, as in ``retry.max_attempts``, to a number below a part; give the fields on the way."""
    fields: list[str] = []
    value: Any = part
    for key in keys.split("."):
        if not isinstance(value, Part):
            raise StudyError(f"cannot set '{name}': it has no {'.'.join(keys.split('.')[: len(fields)])} to change")
        known = keys_of(type(value))
        if key not in known:
            raise StudyError(f"cannot set '{name}': there is no {key}{closest(key, known)}")
        fields.append(next(field for field, info in type(value).model_fields.items() if info is known[key]))
        annotation, value = known[key].annotation, getattr(value, fields[-1])
    if isinstance(value, Demand):
        return [*fields, "rate_rps"]
    if not is_number(annotation) or isinstance(value, Part):
        raise StudyError(f"cannot set '{name}': it is not a number")
    return fields


def checked_values(topology: Topology, setting: Setting, given: Sequence[float | str]) -> tuple[float, ...]:
    """Give the values of a setting as numbers, in ascending order; texts are read as in a file.

    Raises
    ------
    StudyError
        When one of them is not possible there.
    """
    found = {checked(topology, setting, value) for value in given}
    if not found:
        raise StudyError(f"{setting.name}: expected some values, got none")
    return tuple(sorted(found))


def checked(topology: Topology, setting: Setting, given: float | str) -> float:
    """Give one value as a number."""
    *steps, field = setting.paths[0]
    holder = part_at(topology, tuple(steps))
    value: Any
    try:
        if setting.factors_on:
            value = float(given)
            if not 0.0 <= value < math.inf:
                raise ValueError(f"expected a factor from 0, got '{given}'")  # noqa: TRY301 - said below with the rest
        else:
            value = getattr(holder.changed(**{str(field): given}), str(field))
        Template(topology, setting.paths).filled(setting.numbers(value)).changed()
    except ValidationError as error:
        first, *others = error.errors(include_url=False)
        raise StudyError(f"{setting.name}: {message_of(first, list(map(expectation, others)))}") from None
    except ValueError as error:
        raise StudyError(f"{setting.name}: {error}") from None
    if isinstance(value, (bool, str)) or not math.isfinite(value):
        raise StudyError(f"{setting.name}: expected a number, got '{given}'")
    return value if isinstance(value, int) else float(value)
