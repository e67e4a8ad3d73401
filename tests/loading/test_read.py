"""What YAML means to Cascade, and how quickly it is read."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Final

import pytest

import cascade
from cascade.loading.nodes import parse
from cascade.loading.scalars import scalar

TOPOLOGIES: Final = sorted((Path(__file__).parents[2] / "topologies").glob("*.yaml"))
SECONDS: Final = 0.5
"""Budget for 2 000 services."""
ATTEMPTS: Final = 5
"""A busy machine can spoil a measurement, so the best of some counts."""


@pytest.mark.parametrize("path", TOPOLOGIES, ids=lambda path: path.stem)
def test_every_topology_loads_and_names_its_schema(path: Path) -> None:
    topology = cascade.load(path)

    assert topology.services
    assert path.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=schema.json\n")


@pytest.mark.parametrize(
    "word", ["on", "off", "yes", "no", "y", "N", "1:30", "0b11", "1_000", ".inf", ".nan", "2025-10-20"]
)
def test_words_are_texts(word: str) -> None:
    assert scalar(word) == word


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[("", None), ("~", None), ("null", None), ("true", True), ("FALSE", False)],
        *[("012", 12), ("0o14", 12), ("0xC", 12), ("-12", -12)],
        *[("1e3", 1000.0), (".5", 0.5), ("5.", 5.0), ("+1.5E-1", 0.15)],
    ],
)
def test_core_schema_words_have_their_value(text: str, value: object) -> None:
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)


def test_quotes_make_a_text() -> None:
    root, _ = parse("""{a: '12', b: "null", c: 12, no: yes}""", "x")

    assert root.plain == {"a": "12", "b": "null", "c": 12, "no": "yes"}


def test_keys_and_values_know_their_places() -> None:
    root, _ = parse("services:\n  web:\n    replicas: 3\n", "x")

    replicas = root.below("services").below("web").below("replicas")  # type: ignore[union-attr] # they are there

    assert replicas is not None
    assert (replicas.key_line, replicas.key_column, replicas.line, replicas.column) == (3, 5, 3, 15)


def test_python_names_of_fields_are_no_keys() -> None:
    with pytest.raises(cascade.TopologyError, match=r"1:17: unknown key 'service_time_s', did you mean 'service_time'"):
        cascade.loads("services: {db: {service_time_s: 5ms}}")


def test_files_are_found_by_text_and_path(tmp_path: Path) -> None:
    path = tmp_path / "topology.yaml"
    path.write_text("services: {db: }", encoding="utf-8")

    assert cascade.load(path) == cascade.load(str(path)) == cascade.loads("services: {db: }")


def test_two_thousand_services_are_read_at_once() -> None:
    draw = random.Random(1)
    lines = [
        f"  s{i}: {{service_time: 5ms, calls: [s{draw.randrange(i)}, {{to: s{i + 1}, timeout: 1s}}]}}"
        for i in range(1, 2000)
    ]
    text = "\n".join(["services:", "  s0:", *lines, "  s2000:"])
    durations = []
    for _ in range(ATTEMPTS):
        start = time.perf_counter()
        topology = cascade.loads(text)
        durations.append(time.perf_counter() - start)

    assert len(topology.services) == 2001
    assert min(durations) < SECONDS
