"""Published fault trees against their reference results; prints Markdown.

``python -m tests.benchmarks.fault_trees FOLDER``: the models are in ``FOLDER/models``, the results in
``FOLDER/reference.csv`` (columns model, mcs_by_order, p_top_exact, scram_seconds).
"""

from __future__ import annotations

import csv
import resource
import sys
from pathlib import Path
from time import perf_counter

from cascade.errors import CascadeError
from cascade.loading.open_psa import load_open_psa
from cascade.logic import exact

MEMORY = 8 * 2**30
"""Address space that may be used [bytes]."""
NODES = 2**26
"""Nodes of a diagram at which a model is given up; fewer for models of which no reference is known."""
NODES_UNKNOWN = 2**22


def main(folder: Path) -> None:
    """Print what was found for each model, and those that were not reached."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    print("| model | events | minimal cut sets | by order | top probability off by | s | SCRAM s |")
    print("|---|---:|---:|---|---:|---:|---:|")
    missed, total_s, scram_s = [], 0.0, 0.0
    with (folder / "reference.csv").open() as file:
        rows = sorted(csv.DictReader(file), key=lambda row: not row["p_top_exact"])
    for row in rows:
        begin = perf_counter()
        try:
            tree = load_open_psa(folder / "models" / f"{row['model']}.xml")
            solution = exact.solution_of(tree, node_budget=NODES if row["p_top_exact"] else NODES_UNKNOWN)
            p = exact.solve(solution).probability
            counts = exact.count_cut_sets(solution) if tree.is_coherent else ()
        except (CascadeError, MemoryError) as error:
            missed.append(f"{row['model']} ({str(error) or 'memory'}, after {perf_counter() - begin:.0f} s)")
            continue
        took = perf_counter() - begin
        if row["scram_seconds"]:
            total_s, scram_s = total_s + took, scram_s + float(row["scram_seconds"])
        wanted = tuple(map(int, row["mcs_by_order"].split()))
        verdict = verdict_on(counts, wanted) if tree.is_coherent else "not coherent"
        off = f"{abs(p / float(row['p_top_exact']) - 1.0):.0e}" if row["p_top_exact"] else "no reference"
        cells = (row["model"], f"{int(tree.gates.fails.sum()):,}", f"{sum(counts):,}", verdict, off, f"{took:.2f}")
        print("|", " | ".join([*cells, row["scram_seconds"]]), "|", flush=True)
    print(f"\nNot reached: {', '.join(missed) or 'none'}.")
    print(f"Models that SCRAM finished: {total_s:.1f} s, first call included; SCRAM {scram_s:.1f} s.")


def verdict_on(counts: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """Say whether the numbers of cut sets are those of the reference."""
    if not wanted:
        return "no reference"
    return "equal" if counts == wanted else "DIFFERENT"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
