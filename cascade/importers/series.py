"""Time series of a saved Prometheus answer: who calls whom by their labels, and what their numbers are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from cascade.importers.values import list_of, mapping_of, name_of, number_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascade.importers.measured import End


class Meaning(Enum):
    """What the numbers of an answer are."""

    RATE = "rates"
    ERRORS = "errors"
    LATENCY = "latency"


@dataclass(frozen=True, slots=True)
class Reading:
    """How an answer is read, and what tells so."""

    meaning: Meaning
    told_by: str
    is_share: bool = False
    """Whether errors are a share of the calls."""
    is_counter: bool = False
    """Whether numbers only grow, and are no rates."""
    quantile: float | None = None
    """Of a latency; None for a mean, and where nothing says it."""
    is_mean: bool = False
    scale: float = 0.0
    """Seconds in a unit of latency; 0 where nothing says it."""


WORKLOADS: Final = ("deployment", "statefulset", "daemonset", "replicaset", "k8s_job", "job_name")
"""Labels of Linkerd that name a workload; with ``dst_`` in front the callee."""
SCHEMES: Final[tuple[tuple[str, str, str, str], ...]] = (
    ("client", "server", "client_service_namespace", "server_service_namespace"),
    ("source_workload", "destination_workload", "source_workload_namespace", "destination_workload_namespace"),
    ("source_canonical_service", "destination_canonical_service",
     "source_workload_namespace", "destination_workload_namespace"),
    ("source_app", "destination_app", "source_workload_namespace", "destination_workload_namespace"),
    ("source_workload", "destination_service_name", "source_workload_namespace", "destination_service_namespace"),
    ("source_workload", "destination_service", "source_workload_namespace", "destination_service_namespace"),
    *((one, f"dst_{other}", "namespace", "dst_namespace")
      for one in WORKLOADS for other in (*WORKLOADS, "service")),
)  # fmt: skip
"""Labels of caller, callee and their namespaces; the first that a series has count."""
FAILING_GRPC: Final = frozenset({"2", "4", "12", "13", "14", "15"})
"""Status codes for which the server is to blame: unknown, deadline, unimplemented, internal, unavailable, data loss."""

_FAILED: Final = re.compile(
    r'failed_total|classification\s*=\s*"failure"|response_code\s*=~?\s*"\(?5|failed\s*=\s*"true"'
)
_TIME: Final = re.compile(r"histogram_quantile|(seconds|milliseconds|latency(_ms)?|duration)(_bucket|_sum)?\b")
_COUNT: Final = re.compile(r"(seconds|milliseconds|latency_ms|duration)_count\b")
_OVER_TIME: Final = re.compile(r"\b(i?rate|deriv)\s*\(")
_FILE_ERRORS: Final = re.compile(r"failed|failure|error|5xx")
_FILE_LATENCY: Final = re.compile(
    r"(?<![a-z0-9])p\d{2,4}(?![0-9])|latency|latencies|(?<!per.)seconds?|duration|bucket|quantile"
)
_QUANTILE: Final = re.compile(r"histogram_quantile\s*\(\s*(0?\.\d{1,6})")
_FILE_QUANTILE: Final = re.compile(r"(?<![a-z0-9])p(\d{2,4})(?![0-9])")
_TEXT: Final = re.compile(r'"[^"]*"')
_LONGEST_QUERY: Final = 10_000


def reading_of(query: str, file: str, series: list[dict[str, Any]]) -> Reading:
    """Tell what the numbers of an answer are: by its query, else by metric and labels, else by the name of the file."""
    labels = next((mapping_of(one.get("metric")) for one in series if mapping_of(one.get("metric"))), {})
    metric = labels.get("__name__")
    file = PurePath(file).name.lower()
    if query:
        return by_query(query[:_LONGEST_QUERY], "its query")
    if isinstance(metric, str):
        found = by_query(metric[:_LONGEST_QUERY], "the name of the metric")
        if "le" in labels:
            return Reading(Meaning.LATENCY, "its buckets", is_counter=True, scale=found.scale)
        return found
    if "le" in labels or "quantile" in labels:
        return Reading(Meaning.LATENCY, "its labels", scale=scale_of(file))
    return by_file(file)


def by_file(file: str) -> Reading:
    """Tell by the name of a file what it holds."""
    if _FILE_ERRORS.search(file):
        return Reading(Meaning.ERRORS, "the name of the file")
    if _FILE_LATENCY.search(file):
        said = _FILE_QUANTILE.search(file)
        quantile = float(f"0.{said[1]}") if said else None
        is_mean = "mean" in file or "avg" in file
        scale = scale_of(file)
        return Reading(Meaning.LATENCY, "the name of the file", quantile=quantile, is_mean=is_mean, scale=scale)
    return Reading(Meaning.RATE, "what is usual")


def by_query(query: str, told_by: str) -> Reading:
    """Tell what an expression, or the bare name of a metric, gives."""
    is_counter = not _OVER_TIME.search(query)
    if _FAILED.search(query):
        return Reading(Meaning.ERRORS, told_by, is_counter=is_counter, is_share="/" in _TEXT.sub("", query))
    is_mean = "_sum" in query and "_count" in query
    if is_mean or (_TIME.search(query) and not _COUNT.search(query)):
        said = _QUANTILE.search(query)
        quantile = float(said[1]) if said else None
        return Reading(Meaning.LATENCY, told_by, quantile=quantile, is_mean=is_mean, scale=scale_of(query))
    return Reading(Meaning.RATE, told_by, is_counter=is_counter)


def scale_of(text: str) -> float:
    """Give the seconds in the unit that a text names; 0 where it names none."""
    if "milliseconds" in text or re.search(r"_ms(_|\b)", text):
        return 1e-3
    return 1.0 if "second" in text else 0.0


def ends_of(labels: dict[str, Any]) -> tuple[End, End] | None:
    """Give who calls and who is called, each with its namespace; None where the labels do not say it."""
    for caller, callee, at, to in SCHEMES:
        if caller in labels and callee in labels:
            one, other = labels[caller], labels[callee]
            if other == "unknown":
                other = labels.get("destination_service_name") or labels.get("destination_service") or other
            by, on = name_of(one) or "", name_of(other) or ""
            return (by, name_of(labels.get(at)) or ""), (on, name_of(labels.get(to)) or "")
    return None


def is_failure(labels: dict[str, Any]) -> bool:
    """Tell whether the calls of a series failed; a fault of the caller (4xx) is none."""
    code = str(labels.get("response_code", labels.get("http_status_code", "")))
    return (
        (code.startswith("5") and len(code) <= 3)  # noqa: PLR2004 - 503, or 5xx
        or code == "0"
        or str(labels.get("grpc_response_status", "")) in FAILING_GRPC
        or labels.get("classification") == "failure"
        or labels.get("failed") == "true"
    )


def value_of(series: dict[str, Any], *, is_counter: bool) -> float | None:
    """Give the number of a series: its last one, or over a time the mean, or what a counter grew by per second."""
    if "value" in series:
        sample = list_of(series["value"])
        return number_of(sample[1]) if len(sample) > 1 else None
    samples = list(samples_of(series))
    if not samples:
        return None
    if not is_counter or len(samples) == 1:
        return sum(value for _, value in samples) / len(samples)
    grown = sum(max(later - earlier, 0.0) for (_, earlier), (_, later) in pairwise(samples))
    time_s = samples[-1][0] - samples[0][0]
    return grown / time_s if time_s > 0.0 else None


def samples_of(series: dict[str, Any]) -> Iterator[tuple[float, float]]:
    """Yield time and value of the samples that are numbers."""
    for sample in list_of(series.get("values")):
        if isinstance(sample, list) and len(sample) > 1:
            time_s, value = number_of(sample[0]), number_of(sample[1])
            if time_s is not None and value is not None:
                yield time_s, value


def quantile_of(buckets: dict[float, float], quantile: float) -> float | None:
    """Give a quantile of a histogram with cumulated counts by upper bound, as Prometheus does.

    Examples
    --------
    >>> quantile_of({0.1: 10.0, 0.2: 30.0, float("inf"): 30.0}, 0.5)
    0.125
    """
    bounds = sorted(buckets)
    if len(bounds) < 2 or buckets[bounds[-1]] <= 0.0:  # noqa: PLR2004 - a bound, and all
        return None
    wanted, below, before = quantile * buckets[bounds[-1]], 0.0, 0.0
    for bound in bounds[:-1]:
        count = buckets[bound]
        if count >= wanted and count > before:
            return below + (bound - below) * (wanted - before) / (count - before)
        below, before = bound, max(before, count)
    return below
