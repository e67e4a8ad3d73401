"""Precision and recall of the importers on real files, against edges that were derived by hand.

``python -m tests.importers.quality`` writes ``docs/import-quality.md``.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cascade.importers.format import Options
from cascade.importers.reading import read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cascade.importers.reading import Imported

FILES: Final = Path(__file__).parents[1] / "realworld"
PAGE: Final = Path(__file__).parents[2] / "docs" / "import-quality.md"
APART: Final = ("flags", "telemetry")
"""Kinds of calls that are no business of the application's own, and are not scored."""

Pair = tuple[str, str]


@dataclass(frozen=True)
class Case:
    """Some files, and the edges that they state."""

    expected: str
    """Name of the table in ``expected/``."""
    form: str
    files: tuple[str, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)
    turned: frozenset[Pair] = frozenset()
    """Rows in the direction of the data, which failure goes against."""

    @property
    def imported(self) -> Imported:
        """What the importer makes of the files."""
        return read([FILES / file for file in self.files], self.form, options=Options(aliases=self.aliases))


CASES: Final = (
    Case("sock-shop.compose", "compose", ("compose/sock-shop/docker-compose.yml",)),
    Case(
        "otel-demo.compose-full", "compose",
        ("compose/otel-demo/compose.yaml", "compose/otel-demo/compose.full.yaml"),
    ),
    Case(
        "hotelReservation.compose", "compose",
        ("compose/deathstarbench/hotelReservation.docker-compose.yml",),
    ),
    Case("online-boutique.k8s", "kubernetes", ("kubernetes/online-boutique/kubernetes-manifests.yaml",)),
    Case("sock-shop.k8s", "kubernetes", ("kubernetes/sock-shop/complete-demo.yaml",)),
    Case("online-boutique.networkpolicy", "kubernetes", ("kubernetes/online-boutique/network-policies",)),
    Case(
        "sock-shop.networkpolicy", "kubernetes", ("kubernetes/sock-shop/network-policies",), aliases={"cart": "carts"}
    ),
    Case("bookinfo.tempo-trace", "otlp", ("tempo/kiali-tempo-api-traces-bookinfo.json",)),
    Case("zipkin-yelp", "zipkin", ("zipkin/yelp.json",)),
    Case("zipkin-messaging", "zipkin", ("zipkin/messaging.json",), turned=frozenset({("rabbitmq", "backend")})),
    Case("jaeger-ui-small.dependencies", "dependencies", ("jaeger-dependencies/jaeger-ui-small.json",)),
    Case("kiali-service_graph", "kiali", ("kiali/service_graph.json",)),
    Case("isotope-canonical", "isotope", ("isotope/canonical.yaml",)),
    Case("backstage-examples", "backstage", ("backstage",)),
)  # fmt: skip


def rows_of(name: str) -> list[dict[str, str]]:
    """Read a table."""
    path = FILES / "expected" / f"{name}.csv"
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines())) if path.exists() else []


def expected_of(case: Case) -> tuple[set[Pair], set[Pair]]:
    """Give the edges that the files state and that are scored, and those that may be there and are not."""
    scored, debatable = set[Pair](), set[Pair]()
    for row in rows_of(case.expected):
        pair = (row["caller"], row["callee"])
        pair = pair[::-1] if pair in case.turned else pair
        is_apart = row.get("kind") in APART or pair[0] == pair[1] or ("unknown" in pair and case.form == "kiali")
        if row.get("in_file", "yes") == "yes" and not is_apart:
            scored.add(pair)
        else:
            debatable.add(pair)
    return scored, debatable


def never_of(case: Case) -> set[Pair]:
    """Give what looks like an edge of the files and is none."""
    return {(row["caller"], row["callee"]) for row in rows_of(f"{case.expected}.not_edges")}


@dataclass(frozen=True, slots=True)
class Score:
    """How well an importer did on a case."""

    found: int
    missing: tuple[Pair, ...]
    false: tuple[Pair, ...]
    tempted: tuple[Pair, ...]
    """Edges that it was meant never to report."""

    @property
    def recall(self) -> float:
        """Share of the stated edges that it found."""
        return self.found / max(self.found + len(self.missing), 1)

    @property
    def precision(self) -> float:
        """Share of what it reported that is stated."""
        return self.found / max(self.found + len(self.false), 1)


def score(case: Case) -> Score:
    """Hold the calls of an import against the table."""
    scored, debatable = expected_of(case)
    edges = {(edge.caller, edge.callee) for edge in case.imported.report.edges if edge.is_taken}
    never = never_of(case)
    everybody = {callee for caller, callee in never if caller == "*"}
    return Score(
        found=len(edges & scored),
        missing=tuple(sorted(scored - edges)),
        false=tuple(sorted(edges - scored - debatable)),
        tempted=tuple(sorted(pair for pair in edges if pair in never or pair[1] in everybody)),
    )


def page() -> str:
    """Give the page: one row for each case."""
    lines = [
        HEAD,
        "| files | stated calls | recall | precision | tempting ones reported |",
        "|---|---:|---:|---:|---:|",
    ]
    for case in CASES:
        found, never = score(case), never_of(case)
        stated = found.found + len(found.missing)
        tempted = f"{len(found.tempted)} of {len(never)}" if never else ""
        lines.append(f"| {case.expected} | {stated} | {found.recall:.2f} | {found.precision:.2f} | {tempted} |")
    return "\n".join(lines) + "\n"


HEAD: Final = """# How well importers read real files

Written by `make quality`; do not edit. What calls what in these systems was derived by hand from their sources, with
whether the files say so. *Recall* is the share of the calls that the files state which the importer finds; *precision*
the share of what it takes into the topology which is really so, in the files or out of them. *Tempting* are calls that
a file seems to state and does not: the order of starting, a service's own address, a service of another file. Calls to
feature flags and telemetry are not scored, nor are Kiali's self edges and its node for unknown traffic. Files and
the tables that they are held against, are in `tests/realworld`.

These figures say how well files are read, not how complete they are: Compose files and Kubernetes manifests hold a part
of the calls of a system, and `cascade import` says so.
"""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
