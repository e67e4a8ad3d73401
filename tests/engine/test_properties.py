"""What holds for every topology and scenario."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cascade import Clock, Event, Run, Scenario, Topology, simulate
from cascade.compiled import compile_passes
from cascade.engine import record as recording
from cascade.engine.compile import Compiled, compile_topology, special_calls
from cascade.engine.flows import DROPPED, OFFERED, REFUSED, SERVED
from cascade.engine.serve import MOST_RPS
from cascade.engine.simulate import Played, bring_to_rest, play
from cascade.engine.table import column
from tests.engine.strategies import DURATION_S, cases, topologies

STEP_S = 0.25
STEPS = round(DURATION_S / STEP_S)
STILL, RIPPLE = 1e-6, 5e-2
"""Change that is none: of most systems, and of those whose leases or entries expire bin by bin."""
FEW = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
Case = tuple[Topology, Scenario]


def play_every_step(case: Case) -> tuple[Compiled, Played]:
    """Play a case with every step kept."""
    compile_passes()
    compiled = compile_topology(case[0])
    return compiled, play(*case, compiled, STEP_S, STEPS, lambda _share: None, keeps_ledger=True)


def run_of(case: Case, **clock: Any) -> Run:
    return simulate(*case, clock=Clock(**({"step_s": STEP_S, "samples": 120} | clock)))


@given(case=cases())
@FEW
def test_what_comes_in_goes_somewhere(case: Case) -> None:
    compiled, played = play_every_step(case)
    rates, levels = played.record.flows, played.record.levels
    assume(rates[:, :, OFFERED].max() < MOST_RPS / 10.0)  # calls that multiply in a circle are cut off there
    lengths = np.diff(played.ticks.times_s[np.concatenate([[0], played.ticks.sample_ends])])[1:, None]
    work = levels[:, :, recording.BACKLOG] + levels[:, :, recording.IN_WORK]
    gone = rates[:, :, REFUSED] + rates[:, :, SERVED] + rates[:, :, DROPPED]
    kept = np.diff(work, axis=0)
    balance = (rates[1:, :, OFFERED] - gone[1:]) * lengths - kept
    scale = 1.0 + work[1:] + rates[1:, :, OFFERED] * lengths + gone[1:] * lengths
    is_service = column(compiled.system.nodes, "kind") == 0
    assert np.abs(balance / scale)[:, is_service].max(initial=0.0) < 1e-9


@given(case=cases())
@FEW
def test_every_call_that_was_begun_succeeded_was_given_up_or_waits(case: Case) -> None:
    compiled, played = play_every_step(case)
    system = compiled.system
    first, _, _ = bring_to_rest(system, special_calls(system, []), STEP_S)
    fleets = column(system.nodes, "kind") == 2
    for node in np.flatnonzero(~fleets):
        for e in range(int(column(system.nodes, "first_call")[node]), int(column(system.nodes, "last_call")[node])):
            places = slice(int(column(system.calls, "first_waiting")[e]), int(column(system.calls, "last_waiting")[e]))
            begun, succeeded, given_up = played.state.ledger[e]
            waiting = played.state.waiting[places].sum() - first.waiting[places].sum()
            assert begun == pytest.approx(succeeded + given_up + waiting, rel=1e-9, abs=1e-9 * (1.0 + begun))


@given(case=cases())
@FEW
def test_every_unit_of_a_fleet_is_somewhere(case: Case) -> None:
    compiled, played = play_every_step(case)
    system, fleets = compiled.system, played.state.fleets
    for m, size in enumerate(column(system.fleets, "size")):
        places = [column(fleets, name)[m] for name in ("in_service", "removed", "lost", "restoring", "transit")]
        restorer = int(column(system.fleets, "restorer")[m])
        if restorer >= 0:
            e = int(column(system.nodes, "first_call")[restorer])
            first, last = (int(column(system.calls, name)[e]) for name in ("first_waiting", "last_waiting"))
            places.append(played.state.waiting[first:last].sum() / column(system.fleets, "work")[m])
        assert min(places) >= -1e-9 * size
        assert sum(places) == pytest.approx(size, rel=1e-9)


@given(case=cases())
@FEW
def test_shares_are_shares_and_stocks_are_not_negative(case: Case) -> None:
    run = run_of(case)
    for name, series in run.series.items():
        assert not np.isnan(series).any(), name
        assert series.min(initial=0.0) >= 0.0, name
        if name.endswith("_fraction"):
            assert series.max(initial=0.0) <= 1.0 + 1e-12, name


@given(topology=topologies())
@FEW
def test_without_an_event_nothing_changes(topology: Topology) -> None:
    run = run_of((topology, Scenario(duration_s=DURATION_S)))
    if not run.is_settled_at_start:
        return
    is_aged = any(fleet.lease for fleet in topology.fleets.values()) or any(
        call.cache for service in topology.services.values() for call in service.calls
    )
    for name, series in run.series.items():
        finite = np.where(np.isfinite(series), series, 0.0)
        change = np.ptp(finite, axis=0).max(initial=0.0) / (1.0 + finite.max(initial=0.0))
        assert change <= (RIPPLE if is_aged else STILL), name


@given(case=cases())
@FEW
def test_the_same_input_gives_the_same_bits(case: Case) -> None:
    one, two = run_of(case), run_of(case)
    for name in one.series:
        assert one.series[name].tobytes() == two.series[name].tobytes(), name


@given(case=cases(cycles=False), order=st.randoms(use_true_random=False))
@FEW
def test_names_and_the_order_of_listing_do_not_matter(case: Case, order: Any) -> None:
    topology, scenario = case
    names = [*topology.services, *topology.groups, *topology.fleets]
    shuffled = order.sample(names, len(names))
    other = renamed(topology, scenario, {name: f"n{index}" for index, name in enumerate(shuffled)}, order)
    one, two = run_of(case), run_of(other[0])
    for series in one.series:
        for name in names:
            np.testing.assert_allclose(
                one.of(name, series), two.of(other[1][name], series), rtol=1e-4, atol=1e-4, err_msg=f"{name} {series}"
            )


def renamed(topology: Topology, scenario: Scenario, names: dict[str, str], order: Any) -> tuple[Case, dict[str, str]]:
    """Give the same case under other names, listed in another order; mind what order means for a group."""

    def swap(value: Any) -> Any:
        if isinstance(value, str):
            return names.get(value, value)
        if isinstance(value, dict):
            items = [(key if key in FIELDS else names.get(key, key), swap(part)) for key, part in value.items()]
            return dict(order.sample(items, len(items)))
        if isinstance(value, (list, tuple)):
            return [swap(part) for part in value]
        return value

    parts = swap(topology.model_dump(exclude_defaults=True))
    return (Topology.model_validate(parts), Scenario.model_validate(swap(scenario.model_dump()))), names


FIELDS: set[str] = set()
"""Keys that are fields, not names; no name of :mod:`tests.engine.strategies` is one."""


def peaks_apart(one: Run, other: Run) -> float:
    """Largest mean difference of load, goodput and backlog, as a share of the peak; of small backlogs, of the load."""
    worst = 0.0
    load = other.series["offered_rps"].max(axis=0)
    for name in ("offered_rps", "goodput_rps", "backlog_count"):
        peak = np.maximum(np.maximum(other.series[name].max(axis=0), load), 1e-9)
        worst = max(worst, float((np.abs(one.series[name] - other.series[name]).mean(axis=0) / peak).max()))
    return worst


@given(case=cases(plain=True))
@FEW
def test_finer_steps_come_closer_and_the_automatic_one_is_close_enough(case: Case) -> None:
    finest = run_of(case, step_s=0.005)
    coarse, fine = (peaks_apart(run_of(case, step_s=step_s), finest) for step_s in (0.32, 0.04))
    automatic = simulate(*case, clock=Clock(samples=120))
    quarter = run_of(case, step_s=automatic.step_s / 4.0)

    assert fine <= max(0.5 * coarse, 0.005)
    assert peaks_apart(automatic, quarter) <= 0.02


@given(topology=topologies(plain=True), share=st.floats(0.0, 0.9), longer=st.booleans())
@FEW
def test_a_larger_or_longer_fault_never_helps_where_nothing_is_limited_or_late(
    topology: Topology, *, share: float, longer: bool
) -> None:
    unlimited = {"concurrency": None, "capacity_rps": None, "queue": None}
    services = {
        name: service.changed(**unlimited, calls=[call.changed(timeout_s=None) for call in service.calls])
        for name, service in topology.services.items()
    }
    free = topology.changed(services=services)
    small = {"at": 20.0, "degrade": next(reversed(services)), "errors_fraction": share, "lasts_s": 20.0}
    large = small | ({"lasts_s": 40.0} if longer else {"errors_fraction": share + 0.1})
    one, two = (run_of((free, Scenario(duration_s=DURATION_S, events=(Event(**fault),)))) for fault in (small, large))

    users = [run.of("a", "success_fraction") for run in (one, two)]
    assert (users[1] <= users[0] + 1e-6).all()
