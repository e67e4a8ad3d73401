"""Objectives of OpenSLO and Sloth, laid over a topology."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cascade.importers.formats.slo import FORMAT
from tests.importers.graph_like import real, refusal, text

if TYPE_CHECKING:
    from cascade.importers.draft import Draft

OPENSLO = "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: up}\nspec: {service: web, objectives: [{target: %s}]}\n"
SLOTH = "version: prometheus/v1\nservice: web\nslos:\n- {name: up, objective: %s}\n"


def objectives(draft: Draft) -> dict[str, object]:
    return {name: part.facts["slo"].value for name, part in draft.components.items() if "slo" in part.facts}


@pytest.mark.parametrize(
    ("file", "found"),
    [
        ("openslo-getting-started.yml", {"my-service": "99.9%"}),
        ("openslo-kubernetes-apiserver.yml", {"k8s-apiserver": "99.9%"}),
        ("openslo-occurences-slo.yaml", {}),
        ("openslo-ratio-timeslices.yaml", {"web-shop": "99%"}),
        ("openslo-timeslices-slo.yaml", {"web-availability": "99.5%"}),
        ("sloth-getting-started.yml", {"myservice": "99.9%"}),
        ("sloth-home-wifi.yml", {"home-wifi": "99.9%"}),
        ("sloth-k8s-getting-started.yml", {"myservice": "99.9%"}),
        ("sloth-kubernetes-apiserver.yml", {"k8s-apiserver": "99.9%"}),
        ("sloth-multifile.yml", {"myservice": "99.9%", "myservice2": "99.99%"}),
    ],
)
def test_the_strictest_objective_of_success_counts(file: str, found: dict[str, str]) -> None:
    draft = real(FORMAT, f"slo/{file}")

    assert objectives(draft) == {service: {"success": share} for service, share in found.items()}
    assert not draft.edges


@pytest.mark.parametrize(
    ("file", "name", "share"),
    [
        ("openslo-occurences-slo.yaml", "search-slo", "99%"),
        ("openslo-kubernetes-apiserver.yml", "requests-latency-openslo", "99.9%"),
        ("sloth-kubernetes-apiserver.yml", "requests-latency", "99%"),
    ],
)
def test_objectives_of_latency_are_told_and_left_out(file: str, name: str, share: str) -> None:
    notes = real(FORMAT, f"slo/{file}").notes

    assert any(f"objective '{name}' ({share}) is of latency" in note for note in notes)


def test_indicators_may_be_elsewhere_and_lists_are_unfolded() -> None:
    indicator = "apiVersion: openslo/v1\nkind: SLI\nmetadata: {name: quick}\nspec: {thresholdMetric: {}}\n---\n"
    refers = (
        "apiVersion: openslo/v1\nkind: SLO\nspec: {service: web, indicatorRef: quick, objectives: [{target: 0.9}]}\n"
    )

    assert objectives(text(FORMAT, indicator + refers)) == {}
    items = "kind: List\nitems:\n- kind: PrometheusServiceLevel\n  spec: {service: a, slos: [{objective: 99}]}\n"
    assert objectives(text(FORMAT, items)) == {"a": {"success": "99%"}}


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (OPENSLO % "99.9", "file:4:44: expected a share as in 'target: 0.999', or 'targetPercent: 99.9'"),
        (OPENSLO % "much", "file:4:44: expected a share as in 'target: 0.999', or 'targetPercent: 99.9'"),
        (SLOTH % "0.999", "file:4:25: expected an objective from 1 to 100; Sloth writes percent, as in 99.9"),
        (SLOTH % "[]", "file:4:25: expected an objective from 1 to 100; Sloth writes percent, as in 99.9"),
        ("a: 1", "file: no objective in it; expected 'kind: SLO' of OpenSLO, or 'slos' of Sloth"),
    ],
)
def test_shares_and_percent_are_never_mistaken_for_each_other(content: str, line: str) -> None:
    assert refusal(FORMAT, content) == line


def test_an_objective_of_nobody_is_told() -> None:
    draft = text(FORMAT, "version: prometheus/v1\nslos: [{objective: 99}, 5]\n")

    assert not draft.components
    assert draft.notes == ["file: objectives without a 'service' were passed over (line 1)."]
