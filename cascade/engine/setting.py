"""A compiled topology, its states of rest, and the one state that scenarios are played on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from cascade.engine import blame, flows, loop, quiet, watch
from cascade.engine.compile import compile_topology
from cascade.engine.events import empty_plan
from cascade.engine.rest import SAME_IN_SUM
from cascade.engine.simulate import find_rest, rest_for_steps
from cascade.engine.state import State, initial_state
from cascade.engine.table import Table, column

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from cascade.engine.blame import Falls
    from cascade.engine.system import Floats, Ints
    from cascade.engine.watch import Watched
    from cascade.model import Topology

STANDSTILL_STEPS: Final = 2000
"""Most steps in which a system at rest comes to a standstill."""
NOBODY: Final = np.empty(0, np.int64)


class Rest(NamedTuple):
    """A system that nothing has happened to, or what has become of it."""

    state: State
    flows: Floats
    falls: Falls
    watched: Table[Watched]
    memory: Floats
    """See :mod:`cascade.engine.quiet`."""
    calm: Floats
    """See :func:`~cascade.engine.loop.run_watched`."""

    def arrays(self) -> Iterator[NDArray[Any]]:
        """Yield every array in it."""
        for part in self:
            yield from part if isinstance(part, (State, blame.Falls)) else (part,)  # type: ignore[misc]


class Setting:
    """A topology that starts at a time of day, compiled once and brought to rest once for each length of steps."""

    def __init__(self, topology: Topology, start_of_day_s: float) -> None:
        self.topology = topology
        self.compiled = compile_topology(topology, start_of_day_s=start_of_day_s)
        self.system = self.compiled.system
        self.playing = self.system._replace(same=SAME_IN_SUM)
        """The system for runs of which only the outcome is kept; states of rest are found as exactly as in any run."""
        place = dict(self.compiled.node_of)
        place |= {name: self.system.nodes.size + m for m, name in enumerate(self.compiled.fleets)}
        self.parts = np.array(
            [place[name] for name in (*topology.services, *topology.groups, *topology.fleets)], np.int64
        )
        """Places of services, groups and fleets among what is watched, in the order of the topology."""
        self.entries = np.array(
            [place[name] for name, service in topology.services.items() if service.is_entry_point], np.int64
        )
        """Places of the entry points."""
        self._found: dict[bytes, tuple[State, Floats] | None] = {}
        self._rests: dict[tuple[bytes, float], Rest] = {}
        self._now: Rest | None = None

    def at_rest(self, special: Ints, step_s: float) -> Rest:
        """Give the state to play on, back at rest; there is only one, so that the last run is gone."""
        key = (special.tobytes(), step_s)
        if key not in self._rests:
            self._rests[key] = self._make_rest(special, step_s)
        rest = self._rests[key]
        if self._now is None:
            self._now = copy_of(rest)
        for there, here in zip(rest.arrays(), self._now.arrays(), strict=True):
            here.reshape(-1).view(np.uint8)[:] = there.reshape(-1).view(np.uint8)
        return self._now

    def usual_rps(self, part: int) -> float:
        """Load at rest of a part [1/s], in the run that was played last; none of fleets, and of no part (-1)."""
        assert self._now is not None, "something has been played"
        usual_rps = self._now.falls.usual_rps
        return float(usual_rps[self.parts[part]]) if part >= 0 and self.parts[part] < usual_rps.size else 0.0

    def _make_rest(self, special: Ints, step_s: float) -> Rest:
        system = self.system
        if (kind := special.tobytes()) not in self._found:
            self._found[kind] = find_rest(system, special)
        found = self._found[kind]
        if found is not None:
            found = rest_for_steps(system, special, copies(found), step_s)
        state, at_rest = found or (initial_state(system), np.zeros((system.nodes.size, flows.FLOWS)))
        rest = Rest(
            state=state,
            flows=at_rest,
            falls=blame.no_falls(system, at_rest[:, flows.OFFERED].copy()),
            watched=watch.no_sightings(system.nodes.size + system.fleets.size),
            memory=quiet.no_memory(system),
            calm=np.array([0.0, math.inf if quiet.has_clock(system) else quiet.longest_memory_s(system)]),
        )
        column(state.nodes, "at_rest")[:] = False
        state.awake[:], state.in_doubt[:] = True, True
        if found is not None:
            come_to_a_standstill(self.compiled.system, rest, special, step_s)
        return rest


def come_to_a_standstill(system: Any, rest: Rest, special: Ints, step_s: float) -> None:
    """Step without events until nothing is awake, and take what is so then as usual."""
    times_s = np.linspace(0.0, STANDSTILL_STEPS * step_s, STANDSTILL_STEPS + 1)
    loop.run_watched(
        system, rest.state, empty_plan(0), NOBODY, special, times_s, rest.flows, rest.falls, rest.watched, rest.memory,
        rest.calm, STANDSTILL_STEPS, 0,
    )  # fmt: skip
    rest.falls.usual_rps[:] = rest.flows[:, flows.OFFERED]
    rest.falls.noted[0] = 0
    rest.calm[0] = 0.0
    watch.note_usual(system, rest.state, rest.flows, rest.falls, rest.watched)
    watch.forget(rest.watched)


def copies(rest: tuple[State, Floats]) -> tuple[State, Floats]:
    """Copy a state and its flows."""
    return State._make(table.copy() for table in rest[0]), rest[1].copy()


def copy_of(rest: Rest) -> Rest:
    """Copy all of a state of rest."""
    return Rest(
        State._make(table.copy() for table in rest.state),
        rest.flows.copy(),
        blame.Falls._make(array.copy() for array in rest.falls),
        rest.watched.copy(),
        rest.memory.copy(),
        rest.calm.copy(),
    )
