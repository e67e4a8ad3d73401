"""Distributions in topology files: what is read, what is refused, what is written back."""

from __future__ import annotations

import contextlib
import copy
import json
import math
import pickle
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import cascade
from cascade.loading.nodes import parse
from cascade.loading.write import written
from cascade.model.uncertain import places

FULL: Final = """
objective: {success: {uniform: [90%, 99%]}}
services:
  web:
    demand: {lognormal: {median: 100/s, p95: 200/s}}
    weight: {uniform: [1, 3]}
    replicas: {choice: [1, 2, 3]}
    calls:
      - to: db
        per_request: {triangular: [0, 1, 2]}
        timeout: {normal: {mean: 20ms, sd: 5ms}, as: network}
        retry: {max_attempts: {choice: [1, 3, 4]}, backoff: {multiplier: {uniform: [1, 2.5]}}}
        cache: {hit: {beta: {mean: 80%, sd: 5%}}}
  db:
    concurrency: {max: {uniform: [2, 6]}, queue: {choice: [10, 100]}}
    service_time: {exponential: 5ms}
    reliability: {rate: {loguniform: [0.01/d, 1/d]}, mttr: {lognormal: {median: 10m, p95: 2h}}}
fleets: {hosts: {size: {uniform: [10, 20]}, restored_by: {to: db, work_per_unit: {uniform: [1, 2]}}}}
domains: {zone: {members: {db: {uniform: [20%, 60%]}}}}
scenarios:
  storm:
    events:
      - {at: {uniform: [1m, 2m]}, fail: db, for: {exponential: 5m}, share: {beta: {mean: 50%, sd: 10%}}}
      - {at: 1m, throttle: web, rate: {choice: [10/s, unlimited]}}
      - {at: 1m, surge: web, factor: {uniform: [1, 3]}}
"""


def test_distributions_stand_wherever_a_number_does() -> None:
    topology = cascade.loads(FULL)

    assert [place.name for place in places(topology)] == [
        "db: concurrency.max",
        "db: concurrency.queue",
        "db: reliability.mttr",
        "db: reliability.rate",
        "db: service_time",
        "hosts: restored_by.work_per_unit",
        "hosts: size",
        "objective.success",
        "storm, event 1 (fail db): at",
        "storm, event 1 (fail db): for",
        "storm, event 1 (fail db): share",
        "storm, event 2 (throttle web): rate",
        "storm, event 3 (surge web): factor",
        "web -> db: cache.hit",
        "web -> db: per_request",
        "web -> db: retry.backoff.multiplier",
        "web -> db: retry.max_attempts",
        "web -> db: timeout",
        "web: demand.rate",
        "web: replicas",
        "web: weight",
        "zone: members.db",
    ]
    assert float(topology.services["web"].calls[0].timeout_s or 0.0) == pytest.approx(0.02, rel=1e-4)
    assert topology.services["web"].replicas * 1 == 2
    assert float(topology.scenarios["storm"].events[1].rate_rps or 0.0) == math.inf


def test_they_survive_all_that_is_done_with_a_topology() -> None:
    topology = cascade.loads(FULL)

    for again in (
        cascade.loads(written(topology)),
        pickle.loads(pickle.dumps(topology)),  # noqa: S301 - our own
        copy.deepcopy(topology),
        topology.changed(name=topology.name),
    ):
        assert again == topology
        assert places(again) == places(topology)
    text = topology.model_dump_json(by_alias=True, exclude_unset=True)
    read = cascade.Topology.model_validate_json(text)  # which keeps twelve digits
    assert [(place.name, place.law.kind) for place in places(read)] == [
        (place.name, place.law.kind) for place in places(topology)
    ]
    assert topology != cascade.loads(FULL.replace("{choice: [1, 2, 3]}", "2"))
    assert topology != cascade.loads(FULL.replace("[1, 2.5]", "[1.25, 2.25]"))


def test_the_schema_for_editors_accepts_them() -> None:
    root, _ = parse(FULL, "full.yaml")

    assert [error.message for error in Draft202012Validator(cascade.json_schema()).iter_errors(root.plain)] == []


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{unifrom: [1s, 2s]}", "beta, choice, did you mean 'uniform'?, got '{unifrom: [1s, 2s]}'"),
        ("{uniform: [1s, 2s], normal: {mean: 1s, sd: 1s}}", "expected a number or one distribution of uniform,"),
        ("{uniform: [3s, 2s]}", "expected {uniform: [low, high]} in rising order"),
        ("{uniform: [1s]}", "expected {uniform: [low, high]}, got"),
        ("{uniform: [1s, 2]}", "a bare number leaves the unit to guess"),
        ("{normal: 5s}", "expected {normal: {mean: ..., sd: ...}}, got"),
        ("{normal: {mean: 5s, sd: 0s}}", "expected a standard deviation above 0"),
        ("{lognormal: {median: 5s, p95: 2s}}", "with 0 < median < p95"),
        ("{lognormal: {median: 1e-300s, p95: 1e300s}}", "with 0 < median < p95"),
        ("{loguniform: [0s, 1s]}", "expected a loguniform distribution above 0"),
        ("{exponential: 0s}", "expected a mean above 0"),
        ("{beta: {mean: 1s, sd: 1s}}", "expected a beta distribution only for a share"),
        ("{choice: []}", "expected {choice: [value, value, ...]}"),
        ("{uniform: [1s, 200000d]}", "expected a duration from 0s to 100000d"),
        ("{uniform: [1s, 2s], as: ' '}", "expected a name after 'as'"),
        ("{uniform: [1s, 2s], as: [a]}", "expected a name after 'as'"),
    ],
    ids=str,
)
def test_what_is_no_distribution_is_one_line_with_its_place(value: str, message: str) -> None:
    with pytest.raises(cascade.TopologyError) as caught:
        cascade.loads(f"services:\n  web: {{service_time: {value}}}", file="a.yaml")

    [problem] = caught.value.problems
    assert (problem.line, problem.column) == (2, 23)
    assert message in problem.message


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{choice: [0, 1]}", "expected a distribution from 1 to 1e+06"),
        ("{lognormal: {median: 1, p95: 3}}", "or {choice: [...]} for a whole number"),
        ("{uniform: [1.5, 2]}", "expected whole numbers"),
        ("{choice: [1s]}", "expected whole numbers"),
    ],
    ids=str,
)
def test_whole_numbers_have_distributions_of_whole_numbers(value: str, message: str) -> None:
    with pytest.raises(cascade.TopologyError) as caught:
        cascade.loads(f"services:\n  web: {{replicas: {value}}}")

    assert message in str(caught.value)


KINDS: Final = st.sampled_from(["uniform", "normal", "choice", "beta", "as", "mean", "sd"])
ANYTHING: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(KINDS, inner),
)


@given(ANYTHING)
def test_whatever_stands_there_is_read_or_refused_in_words(value: object) -> None:
    text = json.dumps({"services": {"web": {"service_time": value, "replicas": value, "demand": value}}})

    with contextlib.suppress(cascade.TopologyError):
        cascade.loads(text)
