"""Comments say where numbers are from; what they do not say counts as free."""

from __future__ import annotations

from typing import Final

import pytest

from cascade.loading.provenance import count, free_parameters, parameters

TEXT: Final = """
objective: {success: 90%}         # published: service agreement
services:
  web:
    description: "a # published: in quotes is none"
    demand: 5/s                   # derived: from a figure
    # assumed: for what stands
    # directly below
    replicas: 3
    weight: 2
    slo: {success: 99%}           # published: even so it is a choice
    durable: true                 # published: no number
    calls: [{to: db, timeout: {uniform: [1s, 2s]}, retry: {max_attempts: 3}}]  # published: two numbers
  db:
    description: |
      # published: in a block is none
    capacity: 10/s
scenarios:
  outage:
    events:
      - {at: 5m, fail: db, over: 1m}
      - {at: 6m, surge: web, factor: 3}   # assumed: one number, for the time is given
observed:
  - {name: db, service: db, never: true}  # published: nothing to count
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (("objective", "success"), "published"),
        (("services", "web", "demand"), "derived"),
        (("services", "web", "replicas"), "assumed"),
        (("services", "web", "weight"), "untagged"),
        (("services", "web", "slo", "success"), "assumed"),
        (("services", "web", "calls", 0, "timeout"), "published"),
        (("services", "web", "calls", 0, "retry", "max_attempts"), "published"),
        (("services", "db", "capacity"), "untagged"),
        (("scenarios", "outage", "events", 1, "factor"), "assumed"),
    ],
)
def test_a_number_has_the_tag_of_its_line_or_of_the_comment_above(path: tuple[str | int, ...], kind: str) -> None:
    kinds = {parameter.path: parameter.kind for parameter in parameters(TEXT)}

    assert kinds[path] == kind


def test_every_number_counts_once() -> None:
    assert count(TEXT) == {"published": 3, "derived": 1, "assumed": 3, "untagged": 2}
    assert free_parameters(TEXT) == 5


def test_what_an_alias_repeats_is_one_parameter() -> None:
    assert free_parameters("services: {a: &worker {replicas: 3}, b: *worker}") == 1
