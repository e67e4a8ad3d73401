"""The samples that a run keeps of its steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from cascade.compiled import compiled
from cascade.engine import serve
from cascade.engine.flows import FLOWS

if TYPE_CHECKING:
    from cascade.engine.state import State
    from cascade.engine.system import Floats, System

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
    for i in range(system.nodes.size):
        now, level = state.nodes[i], record.levels[s, i]
        for c in range(FLOWS):
            record.flows[s, i, c] /= length_s
        level[SUCCESS] = now.success
        level[BACKLOG] = max(now.work - now.busy, 0.0)
        level[IN_WORK] = now.busy
        level[AGE] = now.age_s
        level[SOJOURN] = state.answers[i].mean_s + state.answers[i].late_s
        level[CAPACITY] = serve.service_rate(system.nodes[i], now)
        level[IN_SERVICE] = now.up
    for m in range(system.fleets.size):
        record.fleets[s, m] = state.fleets[m].in_service / system.fleets[m].size
