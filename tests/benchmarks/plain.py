"""Cost of a dependency in a step, beside a plain C loop of the same equations; prints Markdown.

``python -m tests.benchmarks.plain [SERVICES ...]``: the loop is ``plain.c``, compiled with ``cc -O3``. Both sides step
the same tables from the same rest through the same faults, in turn, a tenth of the steps at a time, and give the same
numbers: the last column is the largest difference of any load, goodput or backlog, relative to it (to one below that).
"""

from __future__ import annotations

import ctypes
import itertools
import math
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cascade.behaviours import retry
from cascade.compiled import OPTIONS, compile_passes
from cascade.engine import events, loop
from cascade.engine.compile import compile_topology, special_calls
from cascade.engine.flows import GOODPUT, OFFERED
from cascade.engine.plan import make_plan, touched_nodes
from cascade.engine.simulate import bring_to_rest
from cascade.engine.table import column
from tests.benchmarks.test_speed import random_graph

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from cascade.engine.state import State
    from cascade.engine.system import System

SOURCE: Final = Path(__file__).with_name("plain.c")
FLAGS: Final = ("-O3", "-shared", "-fPIC")
SIZES: Final = (100, 10_000, 100_000)
TENTHS: Final = 10
TIMES: Final = 3
"""Runs up to ``LARGE`` services, of which the quickest tenths count."""
LARGE: Final = 10_000
WAITS: Final = retry.MAX_CLASSES - 1

SERVICE: Final = np.dtype(
    [(name, "i4") for name in ("first_call", "last_call", "first_caller", "last_caller", "law", "is_small")]
    + [(name, "f8") for name in ("demand_rps", "servers", "capacity_rps", "room", "most", "service_s")],
    align=True,
)
NOW: Final = np.dtype(
    [
        (name, "f8")
        for name in ("work", "busy", "used", "spread", "pushed", "promising", "hold_s", "age_s", "success",
                     "starts_rps", "up")
    ]
)  # fmt: skip
ANSWER: Final = np.dtype(
    [
        (name, "f8")
        for name in ("accepted", "good", "mean_s", "variance", "late", "late_s", "late_square", "fail_s",
                     "fail_variance")
    ]
)  # fmt: skip
CALL: Final = np.dtype(
    [("callee", "i4"), ("policy", "i4"), ("first_waiting", "i4"), ("calls", "f8"), ("fixed", "f8"), ("live", "f8")],
    align=True,
)
SENT: Final = np.dtype([("sent_rps", "f8"), ("ok", "f8"), ("fail_s", "f8"), ("pushed", "f8")])
POLICY: Final = np.dtype([("timeout_s", "f8"), ("waits", "i4"), ("wait_s", "f8", WAITS)], align=True)
REPLY: Final = np.dtype([("policy", "i4"), ("numbers", "f8", 10)], align=True)
CHANGE: Final = np.dtype([("service", "i4"), ("from_s", "f8"), ("until_s", "f8"), ("up", "f8")], align=True)


class Plain(ctypes.Structure):
    """What the C loop works on: a view of the tables."""

    _fields_ = (
        ("services", ctypes.c_int),
        ("changes", ctypes.c_int),
        *((name, ctypes.c_void_p) for name in ("service", "call", "incoming", "policy", "laws", "sojourn", "now",
                                               "answer", "reply", "sent", "waiting", "flows")),
    )  # fmt: skip


@dataclass(frozen=True)
class Start:
    """Where both sides start."""

    system: System
    state: State
    flows: NDArray[np.float64]
    plan: Any
    times_s: NDArray[np.float64]


@dataclass(frozen=True)
class Side:
    """One way to step: how it advances, and what to look at."""

    advance: Callable[[int, int], None]
    look: Callable[[], NDArray[np.float64]]


def like(dtype: np.dtype[np.void], table: Any) -> NDArray[np.void]:
    """Copy the columns that two tables have in common."""
    found = np.zeros(table.size, dtype)
    for name in found.dtype.names or ():
        if name in table.dtype.names:
            found[name] = table[name]
    return found


def policies_of(system: System) -> NDArray[np.void]:
    """Give the call policies; retries are finite and without budget."""
    found = np.zeros(len(system.policies), POLICY)
    found["timeout_s"] = system.policies[:, retry.TIMEOUT_S]
    found["waits"] = system.policies[:, retry.CLASSES] - 1
    found["wait_s"] = system.policies[:, retry.WAIT_S :]
    return found


def calls_of(system: System, state: State) -> tuple[NDArray[np.void], NDArray[np.void]]:
    """Give what is fixed of every call, and what is not."""
    calls, live = like(CALL, system.calls), like(CALL, state.calls)
    for name in ("calls", "fixed", "live"):
        calls[name] = live[name]
    return calls, like(SENT, state.calls)


def changes_of(plan: Any) -> NDArray[np.void]:
    """Give the losses of capacity."""
    plan = plan[plan["field"] == events.CAPACITY]
    found = np.zeros(plan.size, CHANGE)
    found["service"], found["from_s"], found["up"] = plan["index"], plan["at_s"], plan["value"]
    found["until_s"] = plan["at_s"] + plan["lasts_s"]
    return found


def plain_side(library: ctypes.CDLL, start: Start) -> Side:
    """Make the tables of the C loop from those of the engine."""
    system, state = start.system, start.state
    calls, sent = calls_of(system, state)
    changes, now, flows = changes_of(start.plan), like(NOW, state.nodes), start.flows.copy()
    replies = np.zeros(system.nodes.size, REPLY)
    replies["policy"] = -1
    tables = (like(SERVICE, system.nodes), calls, system.incoming.astype(np.int32), policies_of(system), system.laws,
              system.sojourn_law, now, like(ANSWER, state.answers), replies, sent, state.waiting.copy(),
              flows)  # fmt: skip
    view = Plain(system.nodes.size, changes.size, *(table.ctypes.data for table in tables))
    places = [array.ctypes.data_as(ctypes.c_void_p) for array in (changes, start.times_s)]

    def advance(first: int, last: int) -> None:
        assert len(tables) == len(Plain._fields_) - 2
        library.step(ctypes.byref(view), *places, first, last)

    return Side(advance, lambda: seen(flows, now))


def engine_side(engine: Any, start: Start, *, is_full: bool) -> Side:
    """Take copies of what the engine changes."""
    system, state, flows, plan = start.system, copy_state(start.state), start.flows.copy(), start.plan.copy()
    touched, special = touched_nodes(plan), special_calls(system, [])

    def advance(first: int, last: int) -> None:
        engine(system, state, plan, touched, special, flows, start.times_s, first, last, is_full)

    return Side(advance, lambda: seen(flows, state.nodes))


def copy_state(state: State) -> State:
    """Copy all tables of a state."""
    return type(state)._make(table.copy() for table in state)


def seen(flows: Any, nodes: Any) -> NDArray[np.float64]:
    """Give offered load, goodput and backlog of all services (3, N)."""
    return np.array(
        [flows[:, OFFERED], flows[:, GOODPUT], np.maximum(column(nodes, "work") - column(nodes, "busy"), 0.0)]
    )


def compile_engine() -> Any:
    """Make the loop over the engine's step that can keep everything awake."""
    import numba  # noqa: PLC0415 - as in the engine

    def steps(  # noqa: PLR0913, PLR0917 - as in the engine
        system: Any, state: Any, plan: Any, touched: Any, special: Any, flows: Any, times_s: Any, first: int, last: int,
        is_full: bool,  # noqa: FBT001
    ) -> None:  # fmt: skip
        for k in range(first, last):
            events.act(system, state, plan, touched, times_s[k])
            if is_full:
                for i in range(state.awake.size):
                    state.awake[i] = True
                    state.in_doubt[i] = True
            loop.step(system, state, special, flows, times_s[k], times_s[k + 1] - times_s[k])

    return numba.njit(**OPTIONS | {"cache": False, "_nrt": False, "forceinline": True})(steps)


def start_of(services: int) -> Start:
    """Bring the graph to rest, in steps that are short beside its timeouts where there is time for it."""
    topology = random_graph(services)
    compiled, scenario = compile_topology(topology), topology.scenarios["fault"]
    step_s = 0.05 if services < 1000 else 0.5
    state, flows, _ = bring_to_rest(compiled.system, special_calls(compiled.system, []), step_s)
    times_s = np.arange(round(scenario.duration_s / step_s) + 1, dtype=np.float64) * step_s
    return Start(compiled.system, state, flows, make_plan(topology, scenario, compiled), times_s)


def measure(library: ctypes.CDLL, engine: Any, services: int) -> tuple[dict[str, float], float]:
    """Give the time of a dependency in a step [ns] of each side, and their largest relative difference."""
    start = start_of(services)
    ends = np.linspace(0, start.times_s.size - 1, TENTHS + 1).astype(int).tolist()
    spent = {name: np.full(TENTHS, math.inf) for name in ("C", "engine, all awake", "engine")}
    apart = 0.0
    for _ in range(TIMES if services <= LARGE else 1):
        sides = {
            "C": plain_side(library, start),
            "engine, all awake": engine_side(engine, start, is_full=True),
            "engine": engine_side(engine, start, is_full=False),
        }
        for tenth, (first, last) in enumerate(itertools.pairwise(ends)):
            for name, side in sides.items():
                begin = process_time()
                side.advance(first, last)
                took = (process_time() - begin) / (last - first) / start.system.calls.size * 1e9
                spent[name][tenth] = min(spent[name][tenth], took)
            wanted, *others = (side.look() for side in sides.values())
            apart = max(apart, *(float((np.abs(other - wanted) / np.maximum(wanted, 1.0)).max()) for other in others))
    return {name: float(times.mean()) for name, times in spent.items()}, apart


def build(compiler: str, folder: Path) -> ctypes.CDLL:
    """Compile the loop."""
    library = folder / "plain.so"
    subprocess.run([compiler, *FLAGS, "-o", library, SOURCE, "-lm"], check=True)
    return ctypes.CDLL(str(library))


def main(sizes: Sequence[int]) -> None:
    """Print one row for each size."""
    compiler = shutil.which("cc")
    if compiler is None:
        print("Skipped: there is no C compiler (cc).")
        return
    compile_passes()
    engine = compile_engine()
    with tempfile.TemporaryDirectory() as folder:
        library = build(compiler, Path(folder))
        measure(library, engine, SIZES[0])
        print("| services | C [ns] | engine, all awake [ns] | ratio | engine [ns] | ratio | largest difference |")
        print("|---:|---:|---:|---:|---:|---:|---:|")
        for services in sizes:
            spent, apart = measure(library, engine, services)
            plain, full, own = spent.values()
            cells = (f"{services:,}", f"{plain:.1f}", f"{full:.1f}", f"{full / plain:.2f}", f"{own:.1f}",
                     f"{own / plain:.2f}", f"{apart:.0e}")  # fmt: skip
            print("|", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main([*map(int, sys.argv[1:])] or SIZES)
