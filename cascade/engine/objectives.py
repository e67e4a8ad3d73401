"""When a service counts as hit: outside the objective that its users were promised."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cascade.engine.blame import ASKED, LEAST_RPS, NEAR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cascade.engine.run import Run


def hit(run: Run) -> NDArray[np.bool_]:
    """Say whether each service, group or fleet is outside its objective, per sample (T, N).

    Too few of its requests succeed, it is down, or its oldest waiting work is too old. Success
    counts only while somebody asks: at more than a thousandth of its load at rest.
    """
    objectives = [run.topology.objective_of(name) for name in run.names]
    least = np.array([objective.success_fraction for objective in objectives])
    oldest_s = np.array([objective.backlog_age_s for objective in objectives])
    is_fleet = np.array([name in run.topology.fleets for name in run.names], np.bool_)
    series = run.series
    asked = (series["offered_rps"] > ASKED * np.array(run.usual_rps)) & (series["offered_rps"] > LEAST_RPS)
    fails = (series["success_fraction"] < least - NEAR) & (asked | is_fleet)
    is_down = series["in_service_fraction"] <= 0.0
    return fails | is_down | (series["backlog_age_s"] > oldest_s)
