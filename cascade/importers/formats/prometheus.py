"""Saved answers of Prometheus about who calls whom: service graphs of traces, Istio, Linkerd."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cascade.importers.draft import Kind
from cascade.importers.format import CAPACITY, SOFTNESS, TIMEOUTS, Format
from cascade.importers.measured import CLOSE_TO_MEDIAN, Measured, Pair, put
from cascade.importers.series import (
    Meaning,
    Reading,
    ends_of,
    is_failure,
    quantile_of,
    reading_of,
    value_of,
)
from cascade.importers.values import json_values, mapping_of, number_of, place_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cascade.importers.draft import Draft
    from cascade.importers.format import Options
    from cascade.importers.sources import Document

KINDS: Final = {"database": Kind.STORE, "messaging_system": Kind.PRODUCE}
"""What the label ``connection_type`` of a service graph says of a call."""
REPORTERS: Final = ("source", "", "destination")
"""Whose report of the same requests counts, when a mesh has more than one: the caller sees also what never arrives."""
MEDIAN: Final = 0.5
MILLISECOND: Final = 1e-3
"""In which meshes measure; service graphs of traces measure in seconds."""
_SERIES: Final = re.compile(r'"metric"\s*:\s*\{')
_VALUE: Final = re.compile(r'"values?"\s*:\s*\[')


@dataclass(slots=True)
class Sums:
    """What the series of one answer add up to, by pair and reporter."""

    values: dict[Pair, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    failed: dict[Pair, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    buckets: dict[Pair, dict[float, float]] = field(default_factory=lambda: defaultdict(dict))
    times: dict[Pair, list[tuple[float, float | None]]] = field(default_factory=lambda: defaultdict(list))
    """Latency, and the quantile where a label names it."""
    has_codes: bool = False
    """Whether labels tell which calls failed."""
    is_of_moments: bool = False
    """Whether numbers are of one moment rather than over a time."""


def recognises(document: Document) -> bool:
    """Tell by the shape of an answer."""
    head = document.head
    if head.lstrip()[:1] not in {"{", "["}:
        return False
    return '"resultType"' in head or bool(_SERIES.search(head) and _VALUE.search(head))


def reads(documents: Sequence[Document], draft: Draft, _options: Options) -> None:
    """Read rates, errors and latencies of calls, and the demand of users."""
    found: dict[Pair, Measured] = {}
    for document in documents:
        for value in json_values(document):
            query, series = answer_of(value, document, draft)
            if not series:
                draft.note(f"{document.label}: the answer is empty; is the metric collected, and the time right?")
                continue
            reading = reading_of(query, document.label, series)
            draft.note(f"{document.label}: read as {reading.meaning.value} (by {reading.told_by}).")
            sums = sums_of(series, reading, found, document, draft)
            take_over(sums, reading, found)
    put(found, draft)


def answer_of(value: Any, document: Document, draft: Draft) -> tuple[str, list[dict[str, Any]]]:
    """Give the query of an answer, where it is kept, and its series.

    Raises
    ------
    TopologyError
        When it is no answer, or says that the query failed.
    """
    query = ""
    if isinstance(value, dict):
        if value.get("status") == "error":
            message = "Prometheus answered with an error; ask again"
            raise document.error(message, *place_of(document, '"status"'))
        if value.get("warnings"):
            draft.note(f"{document.label}: Prometheus warned that the answer may not be complete.")
        query = next((text for key in ("query", "expr") if isinstance(text := value.get(key), str)), "")
        inner = value.get("data", value)
        value = inner.get("result") if isinstance(inner, dict) else inner
    if not isinstance(value, list) or any(not isinstance(one, dict) for one in value):
        raise document.error('expected an answer of /api/v1/query: {"data": {"result": [...]}}', 1, 1)
    return query, value


def sums_of(
    series: list[dict[str, Any]], reading: Reading, found: dict[Pair, Measured], document: Document, draft: Draft
) -> Sums:
    """Add up the series of each pair.

    Raises
    ------
    TopologyError
        When no series says who calls whom.
    """
    sums = Sums()
    passed_over = 0
    for one in series:
        labels = mapping_of(one.get("metric"))
        pair = ends_of(labels)
        if pair is None or not pair[1][0]:
            passed_over += 1
            continue
        measured = found.setdefault(pair, Measured(document.label, "metric"))
        measured.kind = KINDS.get(str(labels.get("connection_type", "")), measured.kind)
        measured.is_virtual = measured.is_virtual or labels.get("connection_type") == "virtual_node"
        measured.services |= {str(labels[key]) for key in ("destination_service_name",) if labels.get(key)}
        value = value_of(one, is_counter=reading.is_counter)
        sums.is_of_moments = sums.is_of_moments or "value" in one
        if value is not None:
            add(sums, pair, labels, value, reading)
    if passed_over == len(series):
        message = (
            "no series names a caller and a callee; expected labels client and server, source_workload and "
            "destination_workload, or deployment and dst_deployment"
        )
        raise document.error(message, *place_of(document, '"metric"'))
    if passed_over:
        draft.note(f"{document.label}: {passed_over} series without caller and callee were passed over.")
    return sums


def add(sums: Sums, pair: Pair, labels: dict[str, Any], value: float, reading: Reading) -> None:
    """Add one series to those of its pair."""
    if reading.meaning is Meaning.LATENCY:
        unit_s = reading.scale or (1.0 if "client" in labels else MILLISECOND)
        bound = math.inf if labels.get("le") == "+Inf" else number_of(labels.get("le"))
        if bound is None:
            sums.times[pair].append((value * unit_s, number_of(labels.get("quantile"))))
        else:
            sums.buckets[pair][bound * unit_s] = sums.buckets[pair].get(bound * unit_s, 0.0) + value
        return
    reporter = str(labels.get("reporter", ""))
    sums.values[pair][reporter] = sums.values[pair].get(reporter, 0.0) + value
    if {"response_code", "grpc_response_status", "classification", "http_status_code", "failed"} & labels.keys():
        sums.has_codes = True
        failed = value if is_failure(labels) else 0.0
        sums.failed[pair][reporter] = sums.failed[pair].get(reporter, 0.0) + failed


def reported(values: dict[str, float]) -> float | None:
    """Give one of the reports of the same requests."""
    return next((values[name] for name in (*REPORTERS, *sorted(values)) if name in values), None)


def take_over(sums: Sums, reading: Reading, found: dict[Pair, Measured]) -> None:
    """Put the sums of one answer to what is known; of two answers to the same question the first counts."""
    for pair, values in sums.values.items():
        measured = found[pair]
        if reading.is_share:
            measured.error_share = reported(values) if measured.error_share is None else measured.error_share
        elif reading.meaning is Meaning.ERRORS:
            measured.errors = reported(values) if measured.errors is None else measured.errors
        elif measured.calls is None:
            measured.calls = reported(values)
            measured.is_rate = not (reading.is_counter and sums.is_of_moments)
            if sums.has_codes:
                measured.errors = reported(sums.failed[pair])
    for pair, times in sums.times.items():
        found[pair].latency += [timed(seconds, quantile, reading) for seconds, quantile in times]
    for pair, buckets in sums.buckets.items():
        median = quantile_of(buckets, MEDIAN)
        if median is not None:
            found[pair].latency.append(timed(median, MEDIAN, reading))


def timed(seconds: float, quantile: float | None, reading: Reading) -> tuple[float, float, str]:
    """Give a latency with how far it is from the median, and what it is."""
    quantile = reading.quantile if quantile is None else quantile
    if reading.is_mean:
        return CLOSE_TO_MEDIAN, seconds, "mean"
    if quantile is None:
        return 1.0, seconds, "latency"
    return abs(quantile - MEDIAN), seconds, f"p{quantile * 100:.6g}"


FORMAT: Final = Format(
    name="prometheus",
    title="answers of Prometheus",
    describes_calls=True,
    cannot_know=(CAPACITY, TIMEOUTS, SOFTNESS),
    recognises=recognises,
    reads=reads,
)
