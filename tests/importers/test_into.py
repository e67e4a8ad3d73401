"""What files say is put into a topology that somebody keeps, and every other line stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

import cascade
from cascade.errors import TopologyError
from cascade.importers.into import put
from cascade_cli import run

if TYPE_CHECKING:
    from pathlib import Path

KEPT: Final = """\
# Our shop, by hand
services:
  web:            # the front
    demand: 20/s
    calls:
      - {to: reviews, timeout: 9s}   # as agreed with Anna
      - details
  reviews: {calls: [ratings]}
  details:
  ratings:
"""
RULES: Final = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
    - route: [{destination: {host: reviews}}]
      timeout: 4s
      retries: {attempts: 1, perTryTimeout: 2s}
"""
EDGES: Final = "caller,callee,calls\nweb,reviews,100\nreviews,ratings,50\nreviews,store,25\n"


@pytest.fixture
def topology(tmp_path: Path) -> Path:
    path = tmp_path / "shop.yaml"
    path.write_text(KEPT, encoding="utf-8")
    return path


def written(tmp_path: Path, name: str, content: str) -> Path:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return path


def test_policies_take_the_place_of_what_stands_there(topology: Path, tmp_path: Path) -> None:
    text, _ = put(topology, [written(tmp_path, "rules.yaml", RULES)], "istio")

    reviews, details = cascade.loads(text).services["web"].calls
    assert (reviews.timeout_s, reviews.retry and reviews.retry.max_attempts) == (2.0, 2)
    assert (details.timeout_s, details.retry) == (None, None)
    changed = [line for line in text.splitlines() if line not in KEPT.splitlines()]
    assert len(changed) == 1
    assert "as agreed with Anna" in changed[0]
    assert "derived:" in changed[0]


def test_calls_that_are_not_there_are_added_and_counts_become_shares(topology: Path, tmp_path: Path) -> None:
    text, report = put(topology, [written(tmp_path, "edges.csv", EDGES)], "edge-list")

    services = cascade.loads(text).services
    assert {call.to: call.per_request for call in services["reviews"].calls} == {"ratings": 0.5, "store": 0.25}
    assert services["reviews"].calls[1].evidence == ("graph",)
    assert "store" in services
    assert "# Our shop, by hand" in text
    assert report.services == 5


def test_distributions_stay_in_the_file(topology: Path, tmp_path: Path) -> None:
    uncertain = KEPT.replace("timeout: 9s}", "timeout: {uniform: [8s, 9s]}, per_request: {triangular: [0, 1, 3]}}")
    uncertain = uncertain.replace("demand: 20/s", "demand: {lognormal: {median: 20/s, p95: 30/s}}")
    topology.write_text(uncertain, encoding="utf-8")

    text, _ = put(topology, [written(tmp_path, "edges.csv", EDGES)], "edge-list")

    before, after = cascade.loads(uncertain).services["web"], cascade.loads(text).services["web"]
    assert after.demand == before.demand
    assert after.calls[0].timeout_s == before.calls[0].timeout_s
    assert "timeout: {uniform: [8s, 9s]}" in text


def test_putting_the_same_twice_changes_nothing_more(topology: Path, tmp_path: Path) -> None:
    rules = written(tmp_path, "rules.yaml", RULES)
    once, _ = put(topology, [rules], "istio")
    topology.write_text(once, encoding="utf-8")

    assert put(topology, [rules], "istio")[0] == once


def test_a_file_that_cannot_be_changed_stays_as_it_was(topology: Path, tmp_path: Path) -> None:
    anchored = KEPT.replace("{to: reviews, timeout: 9s}", "&x {to: reviews, timeout: 9s}") + "  other: {calls: [*x]}\n"
    topology.write_text(anchored, encoding="utf-8")
    rules = written(tmp_path, "rules.yaml", RULES)

    with pytest.raises(TopologyError, match="cannot be changed in place"):
        put(topology, [rules], "istio")
    assert run(["import", "istio", str(rules), "--into", str(topology)]) == 2
    assert topology.read_text(encoding="utf-8") == anchored


def test_the_command_writes_into_the_file(topology: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = written(tmp_path, "rules.yaml", RULES)

    assert run(["import", "istio", str(rules), "--into", str(topology)]) == 0

    assert "timeout: 2s" in topology.read_text(encoding="utf-8")
    assert capsys.readouterr().out.startswith("4 services, 3 calls")
    assert {path.name for path in tmp_path.iterdir()} == {"shop.yaml", "rules.yaml"}
