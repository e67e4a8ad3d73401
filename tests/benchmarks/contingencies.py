"""Every single contingency of layered graphs: ours beside igraph and networkx, in one run; prints Markdown.

``python -m tests.benchmarks.contingencies [LARGEST]``
"""

from __future__ import annotations

import importlib
import random
import resource
import sys
from functools import partial
from time import process_time
from typing import TYPE_CHECKING, Any

import networkx as nx

import cascade
from tests.benchmarks import layered

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLE = 30
"""Services that networkx is timed on, scaled up to all."""
TIMES = 5
"""Runs, of which the quickest counts, on graphs up to ``SMALL`` services."""
SMALL = 10_000
LARGEST_OF_PEERS = 100_000
VARIANTS = {
    "hard dependencies": {},
    "with groups": {"groups": True},
    "with cycles": {"cycles": True},
    "with both": {"groups": True, "cycles": True},
}


def seconds(work: Callable[[], object], times: int = TIMES) -> float:
    """Give the CPU time of some work [s], the least of several runs."""
    found = []
    for _ in range(times):
        begin = process_time()
        work()
        found.append(process_time() - begin)
    return min(found)


def peers(graph: nx.DiGraph[Any]) -> dict[str, float]:
    """Time the others on a graph: how many others each node takes down."""
    size = len(graph)
    nodes = random.Random(7).sample(range(size), min(SAMPLE, size))
    found = {"networkx": seconds(lambda: [len(nx.ancestors(graph, node)) for node in nodes], 1) * size / len(nodes)}
    try:
        igraph: Any = importlib.import_module("igraph")
    except ImportError:
        return found
    other = igraph.Graph(n=size, edges=list(graph.edges), directed=True)
    found["igraph"] = seconds(lambda: other.neighborhood_size(order=size, mode="in"), 1 if size > SMALL else 3)
    return found


def main(largest: int) -> None:
    """Print one table of ratios, and one of growth."""
    cascade.contingencies(cascade.from_networkx(layered.graph(100, groups=True, cycles=True)))
    print("| services | dependencies | kind | Cascade [s] | memory [MB] | igraph | networkx |")
    print("|---:|---:|---|---:|---:|---:|---:|")
    size = 1000
    while size <= largest:
        for kind, options in VARIANTS.items():
            graph = layered.graph(size, **options)
            topology = cascade.from_networkx(graph)
            own = seconds(partial(cascade.contingencies, topology), TIMES if size <= SMALL else 1)
            ratios = (
                {name: f"{time / own:,.0f} times" for name, time in peers(graph).items()}
                if not options and size <= 100_000
                else {}
            )
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            cells = (f"{size:,}", f"{graph.number_of_edges():,}", kind, f"{own:.4f}", f"{memory:,}")
            print("|", " | ".join([*cells, ratios.get("igraph", ""), ratios.get("networkx", "")]), "|", flush=True)
            del graph, topology
        size *= 10


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
