"""Flows of a step, and the samples that a run keeps of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from cascade.compiled import compiled
from cascade.engine.state import MEAN_S

if TYPE_CHECKING:
    from cascade.engine.state import State
    from cascade.engine.system import Floats, System

# Columns of the flows of a step (N, FLOWS) [1/s].
OFFERED, GOODPUT, FAILED, REFUSED, DROPPED, SERVED = range(6)
FLOWS: Final = 6

# Columns of the levels at the end of a sample (T, N, LEVELS).
SUCCESS, BACKLOG, IN_WORK, AGE, SOJOURN, CAPACITY, IN_SERVICE = range(7)
LEVELS: Final = 7


class Record(NamedTuple):
    """Samples of a run."""

    flows: Floats
    """(T, N, FLOWS) mean flows over each sample [1/s]."""
    levels: Floats
    """(T, N, LEVELS) levels at the end of each sample."""
    fleets: Floats
    """(T, M) share of units in service at the end of each sample."""


def empty_record(samples: int, nodes: int, fleets: int) -> Record:
    """Make room for the samples."""
    return Record(
        flows=np.zeros((samples, nodes, FLOWS)),
        levels=np.zeros((samples, nodes, LEVELS)),
        fleets=np.zeros((samples, fleets)),
    )


@compiled
def add(sample: Floats, flows: Floats, dt: float) -> None:
    """Add a step's flows to a sample."""
    for i in range(flows.shape[0]):
        for c in range(FLOWS):
            sample[i, c] += flows[i, c] * dt


@compiled
def sample(system: System, state: State, record: Record, s: int, length_s: float) -> None:
    """Close a sample: mean flows, levels at its end."""
    nodes = system.nodes
    for i in range(nodes.kind.size):
        for c in range(FLOWS):
            record.flows[s, i, c] /= length_s
        level = record.levels[s, i]
        level[SUCCESS] = state.success[i]
        level[BACKLOG] = max(state.work[i] - state.busy[i], 0.0)
        level[IN_WORK] = state.busy[i]
        level[AGE] = state.age_s[i]
        level[SOJOURN] = state.answers[i, MEAN_S]
        rate = nodes.capacity_rps[i] * state.up[i]
        if nodes.servers[i] > 0.0:
            rate = min(rate, nodes.servers[i] * state.up[i] / max(state.hold_s[i], 1e-6))
        level[CAPACITY] = rate
        level[IN_SERVICE] = state.up[i]
    for m in range(system.fleets.size.size):
        record.fleets[s, m] = state.in_service[m] / system.fleets.size[m]
