"""Results as pandas frames, with the units in the names of the columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cascade.analysis.phases import Phase
from cascade.report.sheet import sheet

if TYPE_CHECKING:
    from cascade.analysis.blast_radius import BlastRadius
    from cascade.analysis.montecarlo import MonteCarlo
    from cascade.analysis.phases import Phases
    from cascade.analysis.replay import Replay
    from cascade.analysis.sweep import Sweep
    from cascade.engine.run import Run


def long_frame(run: Run) -> pd.DataFrame:
    """Give one row per time and part, one column per series; with ``moment`` where there is a start."""
    samples, parts = len(run.times_s), len(run.names)
    index = pd.Index(run.times_s.repeat(parts), name="time_s")
    frame = pd.DataFrame({"name": list(run.names) * samples}, index=index)
    if run.scenario.start is not None:
        frame.insert(0, "moment", moments(run).repeat(parts))
    frame["is_hit"] = run.hit.ravel()
    return frame.assign(**{key: values.ravel() for key, values in run.series.items()})


def wide_frame(run: Run, series: str) -> pd.DataFrame:
    """Give one series with a column per part, over time [s]; the unit is in the name of the columns."""
    columns = pd.Index(run.names, name=series)
    return pd.DataFrame(run.series[series], index=pd.Index(run.times_s, name="time_s"), columns=columns)


def moments(run: Run) -> pd.DatetimeIndex:
    """Give the wall-clock time of each sample, in the time zone of the scenario's start."""
    assert run.scenario.start is not None, "asked for only where there is one"
    start = pd.Timestamp(run.scenario.start)
    return pd.DatetimeIndex(start + pd.to_timedelta(run.times_s, unit="s"), name="moment")


def impacts_frame(blast: BlastRadius) -> pd.DataFrame:
    """Give one row per part that is hit, in the order in which they fall."""
    return frame_of(blast).set_index("name")


def replay_frame(replay: Replay) -> pd.DataFrame:
    """Give one row per observed window."""
    return frame_of(replay).set_index("name")


def recovery_frame(sweep: Sweep) -> pd.DataFrame:
    """Give one row per contingency, the worst first, and one column per entry point: when it is back for good [s]."""
    index = pd.Index([sweep.labels[place] for place in sweep.ranking.tolist()], name="fails")
    return pd.DataFrame(sweep.columns.recovery_s[sweep.ranking], index=index, columns=pd.Index(sweep.entry_points))


def frame_of(result: object) -> pd.DataFrame:
    """Give the sheet of a result as a frame."""
    content = sheet(result)
    return pd.DataFrame(list(content.rows), columns=list(content.heads))


def samples_frame(found: MonteCarlo) -> pd.DataFrame:
    """Give what was drawn and what it came to: one row per sample, by its number."""
    from cascade.report.montecarlo import sample_heads, sample_rows  # noqa: PLC0415 - most frames need no samples

    return pd.DataFrame(sample_rows(found), columns=pd.Index(sample_heads(found))).set_index("sample")


def phases_frame(found: Phases) -> pd.DataFrame:
    """Give one row per point: both settings, what becomes of it, and what it costs."""
    xs, ys = (axis.ravel() for axis in np.meshgrid(found.x_values, found.y_values, indexing="ij"))
    return pd.DataFrame(
        {
            found.study.x.label: xs,
            found.study.y.label: ys,
            "phase": [Phase(phase).name.lower() for phase in found.phase.ravel().tolist()],
            "recovery_s": found.recovery_s.ravel(),
            "impact_minutes": found.impact_minutes.ravel(),
        }
    )
