"""The runs of a sweep, summed up one by one as they are read: columns by contingency, and by the part that is hit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cascade.analysis.failure_logic import failure_logic
from cascade.analysis.together import taken_down
from cascade.engine.stage import entry_points, names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from cascade.engine.outcome import Outcome
    from cascade.model import Topology

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

ROW: Final = np.dtype(
    [
        ("impact_minutes", "f8"),
        ("violated_minutes", "f8"),
        ("affected_count", "i8"),
        ("depth_count", "i8"),
        ("peak_backlog_count", "f8"),
        ("peak_backlog_part", "i8"),
        ("ending", "i8"),
        ("ended_s", "f8"),
        ("step_s", "f8"),
        ("step_error_fraction", "f8"),
    ]
)
PART: Final = np.dtype([("hit_count", "i8"), ("worst", "i8"), ("outage_s", "f8")])


@dataclass(frozen=True, eq=False)
class Columns:
    """What the runs of a sweep came to."""

    rows: NDArray[Any]
    """(N,) :data:`ROW`: one per contingency."""
    recovery_s: NDArray[np.float32]
    """(N, P) when each entry point is back for good [s]: nan when it is not hit, inf when it does not come back."""
    static_lost_count: Ints
    """(N,) entry points that are down by structure alone, with the failure there for good."""
    parts: NDArray[Any]
    """(M,) :data:`PART`: how many contingencies of others hit a part, the place of the worst (-1 for none), and for how
    long that one does [s], inf when it does not come back."""


class Gathering:
    """Columns that fill while runs are read, in any order."""

    def __init__(self, topology: Topology, contingencies: Sequence[tuple[str, ...]]) -> None:
        self.contingencies = contingencies
        self.place = {name: index for index, name in enumerate(names(topology))}
        self.rows = np.zeros(len(contingencies), ROW)
        self.recovery_s = np.full((len(contingencies), len(entry_points(topology))), np.nan, np.float32)
        self.parts = np.zeros(len(self.place), PART)
        self.parts["worst"] = -1

    def add(self, index: int, outcome: Outcome) -> None:
        """Take in one run."""
        own = [self.place[name] for name in self.contingencies[index] if name in self.place]
        others = outcome.hits[~np.isin(outcome.hits["part"], own)]
        self.rows[index] = (
            outcome.impact_minutes, outcome.violated_minutes, others.size, outcome.depth_count,
            outcome.peak_backlog_count, outcome.peak_backlog_part, int(outcome.ending), outcome.ended_s, outcome.step_s,
            outcome.step_error_fraction,
        )  # fmt: skip
        self.recovery_s[index] = outcome.entries["back_s"]
        self.note_parts(index, others)

    def note_parts(self, index: int, hits: NDArray[Any]) -> None:
        """Note for the parts that are hit by how many, and by what for longest; of equals, the first counts."""
        which = hits["part"]
        parts = self.parts[which]
        outage_s = np.where(np.isinf(hits["back_s"]), np.inf, hits["outage_s"])
        is_first = (parts["worst"] < 0) | (index < parts["worst"])
        is_worse = (outage_s > parts["outage_s"]) | (parts["worst"] < 0) | ((outage_s == parts["outage_s"]) & is_first)
        parts["hit_count"] += 1
        parts["worst"] = np.where(is_worse, index, parts["worst"])
        parts["outage_s"] = np.where(is_worse, outage_s, parts["outage_s"])
        self.parts[which] = parts

    def columns(self, static_lost_count: Ints) -> Columns:
        """Give what was gathered."""
        return Columns(self.rows, self.recovery_s, static_lost_count, self.parts)


def gather(
    topology: Topology, contingencies: Sequence[tuple[str, ...]], outcomes: Iterable[tuple[int, Outcome]]
) -> Columns:
    """Sum up runs, each given with its number, whatever their order."""
    gathering = Gathering(topology, contingencies)
    for index, outcome in outcomes:
        gathering.add(index, outcome)
    return gathering.columns(static_losses(topology, contingencies))


def static_losses(topology: Topology, contingencies: Sequence[tuple[str, ...]]) -> Ints:
    """Count the entry points that each contingency takes down for good, by structure alone (N,)."""
    logic = failure_logic(topology)
    nodes = np.array([logic.node_of[name] for name in entry_points(topology)], np.int64)
    found = np.zeros(len(contingencies), np.int64)
    for begin, is_down in taken_down(logic, contingencies, nodes):
        found[begin : begin + is_down.shape[1]] = is_down.sum(axis=0)
    return found
