"""Minimal cut sets of one entry point of layered graphs, half of whose services need 2 of 3; prints Markdown.

``python -m tests.benchmarks.cut_sets [LARGEST [ORDER]]``
"""

from __future__ import annotations

import resource
import sys
from time import process_time

import cascade
from cascade.analysis.failure_logic import failure_logic
from cascade.errors import CascadeError
from cascade.logic import cut_sets
from cascade.logic.formula import formula_of
from tests.benchmarks import layered


def main(largest: int, highest: int) -> None:
    """Print one row for each size and order."""
    print("| services | in the cone | kind | order | minimal cut sets | CPU [s] | memory [MB] |")
    print("|---:|---:|---|---:|---:|---:|---:|")
    size = 100
    while size <= largest:
        for cycles in (False, True):
            graph = layered.graph(size, groups=True, cycles=cycles, shared=0.5)
            logic = failure_logic(cascade.from_networkx(graph))
            cone = len(formula_of(cut_sets.question(logic.gates, [0])).events)
            for order in range(1, highest + 1):
                begin = process_time()
                try:
                    counts = " + ".join(
                        f"{count:,}" for count in cut_sets.cut_sets(logic.gates, [0], order=order).counts
                    )
                except CascadeError:
                    counts = "out of reach"
                took = process_time() - begin
                memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
                kind = "with cycles" if cycles else "without"
                row = (f"{size:,}", f"{cone:,}", kind, str(order), counts, f"{took:.2f}", f"{memory:,}")
                print("|", " | ".join(row), "|", flush=True)
        size *= 10


if __name__ == "__main__":
    largest, highest = [*map(int, sys.argv[1:]), *(10_000, 3)[len(sys.argv) - 1 :]]
    main(largest, highest)
