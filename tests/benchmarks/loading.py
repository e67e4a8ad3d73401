"""How long 10 000 services take to load: the first time, unchanged, and as JSON; prints Markdown.

``python -m tests.benchmarks.loading [SERVICES]``; each figure is the CPU time of ``cascade.load`` in a process of its
own, the least of some, after the library itself was loaded; what that takes is printed, too.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cascade.loading.quick import plain_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVICES: Final = 10_000
LAYERS: Final = 10
CALLS: Final = 5
TIMES: Final = 5
"""Processes, of which the quickest counts."""
WORK: Final = """
import sys
from time import process_time
begin = process_time()
import cascade
cascade.load
loaded = process_time()
topology = cascade.load(sys.argv[1])
done = process_time()
print(loaded - begin, done - loaded, len(topology.services), sum(len(s.calls) for s in topology.services.values()))
"""


def lines(count: int, *, is_varied: bool) -> Iterator[str]:
    """Yield the lines of a layered topology; varied, no two calls and no two services have the same numbers."""
    draw = random.Random(1)
    bounds = [layer * count // LAYERS for layer in range(LAYERS + 1)]
    yield "services:"
    for layer in range(LAYERS):
        below = range(bounds[layer + 1], bounds[min(layer + 3, LAYERS)]) if layer < LAYERS - 1 else range(0)
        for place in range(bounds[layer], bounds[layer + 1]):
            yield f"  svc-{place:05d}:"
            if layer == 0:
                yield "    demand: 20/s"
            own = draw.random() if is_varied else draw.randint(2, 50)
            yield f"    service_time: {own}ms\n    concurrency: {{max: {draw.choice([32, 64, 128])}}}"
            if below:
                yield "    calls:"
            for callee in sorted(draw.sample(below, min(CALLS, len(below)))):
                timeout = f"{draw.random()}s" if is_varied else None
                if draw.random() < 0.5:
                    yield f"      - {{to: svc-{callee:05d}, timeout: {timeout or '2s'}}}"
                else:
                    yield f"      - to: svc-{callee:05d}\n        timeout: {timeout or '500ms'}"
                    yield "        retry: {max_attempts: 3}"


def timed(path: Path, cache: Path | None) -> list[float]:
    """Load a file in a process of its own; give the CPU time of the library, that of the file, and what is in it."""
    environment = {**os.environ, "CASCADE_CACHE_DIR": str(cache or "")}
    done = subprocess.run([sys.executable, "-c", WORK, path], check=True, capture_output=True, env=environment)
    return [float(number) for number in done.stdout.split()]


def rows(folder: Path, count: int) -> Iterator[tuple[str, list[list[float]]]]:
    """Yield what was loaded and how long each process took."""
    for name, is_varied in (("alike", False), ("all different", True)):
        text = "\n".join(lines(count, is_varied=is_varied)) + "\n"
        plain: Any = plain_yaml(text)
        contents = {"YAML": text, "JSON": json.dumps(plain, indent=2)}
        for form, content in contents.items():
            path = folder / f"large.{form.lower()}"
            path.write_text(content)
            label = f"{form}, services {name}, {len(content) / 1e6:.1f} MB"
            yield f"{label}: first time", [timed(path, folder / f"{name}{form}{time}") for time in range(TIMES)]
            yield f"{label}: unchanged", [timed(path, folder / f"{name}{form}0") for _ in range(TIMES)]
            yield f"{label}: without a cache", [timed(path, None) for _ in range(TIMES)]


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else SERVICES
    print("| what | CPU time [s] | with the library itself [s] |\n| --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for label, times in rows(Path(folder), count):
            assert times[0][2] == count
            print(f"| {label} | {min(t[1] for t in times):.2f} | {min(t[0] + t[1] for t in times):.2f} |", flush=True)


if __name__ == "__main__":
    main()
