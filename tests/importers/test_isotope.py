"""Service graphs of isotope: scripts of calls, one after the other or at once."""

from __future__ import annotations

import pytest

from cascade.importers.formats.isotope import FORMAT
from tests.importers.graph_like import expected, facts, pairs, real, refusal, text

SCRIPT = """
defaults: {errorRate: 1%, numReplicas: 2}
services:
- name: a
  errorRate: 0%
  numReplicas: 3
  script:
  - sleep: 10ms
  - call: {service: b, probability: 50, size: 1K}
  - - call: c
    - sleep: 5ms
  - call: b
  - call: d
  - call: a
- name: b
- name: c
  isEntrypoint: true
"""


def test_the_canonical_graph_gives_its_calls_in_their_order() -> None:
    draft = real(FORMAT, "isotope/canonical.yaml")

    after = {pair: edge.facts["after"].value for pair, edge in draft.edges.items() if "after" in edge.facts}

    assert pairs(draft) == {(row["caller"], row["callee"]) for row in expected("isotope-canonical")}
    assert after == {("c", "b"): ["a"], ("d", "b"): ["a", "c"]}
    assert facts(draft, "d") == {"entry_point": True}


def test_a_large_graph_is_read_whole() -> None:
    draft = real(FORMAT, "isotope/1000-svc_5000-end.yaml")

    assert (len(draft.components), len(draft.edges)) == (1000, 999)
    assert facts(draft, "svc-0") == {"replicas": 2, "entry_point": True}


def test_pauses_are_own_work_and_chances_are_calls_per_request() -> None:
    draft = text(FORMAT, SCRIPT)

    said = {pair[1]: {key: fact.value for key, fact in edge.facts.items()} for pair, edge in draft.edges.items()}

    assert said == {"b": {"per_request": 1.5}, "c": {"after": ["b"]}, "d": {"after": ["c"]}}
    assert facts(draft, "a") == {"replicas": 3, "service_time": "15ms"}
    assert facts(draft, "c") == {"replicas": 2, "entry_point": True}
    assert draft.left_out == [("a", "a", "calls itself")]
    assert draft.notes[0].startswith("file: 2 services fail by themselves now and then (errorRate); left out")
    assert draft.notes[1] == "Called but not described: d, 1 in all."


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("services: {}", "file:1:11: expected a list 'services' of isotope, each with 'name' and 'script'"),
        ("services:\n- script: []", "file:2:3: expected a service with a 'name'"),
        ("services:\n- name: a\n  script: {}", "file:3:11: expected a script, a list of steps"),
        ("services:\n- name: a\n  script: [x]", "file:3:12: expected 'call: SERVICE' or 'sleep: DURATION'"),
        ("services:\n- name: a\n  script: [sleep: 5]", "file:3:19: expected a duration, as in 'sleep: 10ms'"),
        (
            "services:\n- name: a\n  script: [call: {x: 1}]",
            "file:3:18: expected the name of the service that is called",
        ),
    ],
)
def test_what_is_no_graph_is_refused_in_one_line(content: str, line: str) -> None:
    assert refusal(FORMAT, content) == line
