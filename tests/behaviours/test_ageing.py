"""Entries that live one TTL, whatever the step."""

from __future__ import annotations

import numpy as np
import pytest

from cascade.behaviours import ageing

TTL_S = 900.0


@pytest.mark.parametrize("step_s", [0.3, 4.5, 18.0, 72.0, 500.0])
def test_a_cohort_keeps_its_phase_and_nothing_is_lost(step_s: float) -> None:
    """Entries that are renewed as they expire come round once per TTL, however the step falls."""
    ring = np.zeros(ageing.WIDTH)
    expired: list[tuple[float, float]] = []
    gone = 1.0
    for k in range(int(9.0 * TTL_S / step_s)):
        ageing.enter(ring, gone)
        assert ageing.held(ring) == pytest.approx(1.0, abs=1e-9)
        gone = ageing.expire(ring, step_s / TTL_S)
        expired.append((k * step_s, gone))
    times, amounts = np.array(expired).T
    last = np.abs(times - 8.0 * TTL_S) < 0.5 * TTL_S

    assert np.average(times[last], weights=amounts[last]) == pytest.approx(8.0 * TTL_S, abs=max(step_s, 0.05 * TTL_S))


@pytest.mark.parametrize("step_s", [1.0, 18.0, 200.0, 1000.0])
def test_evenly_spread_entries_expire_at_a_constant_rate(step_s: float) -> None:
    ring = ageing.full_ring(1.0)
    for _ in range(200):
        gone = ageing.expire(ring, step_s / TTL_S)
        ageing.enter(ring, gone)

        assert gone == pytest.approx(min(step_s / TTL_S, 1.0), rel=1e-6)
