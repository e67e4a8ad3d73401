"""What a store holds as pandas frames, with the units in the names of the columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from cascade.engine.outcome import ENTRY, HIT, Ending
from cascade.studies.rows import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from cascade.studies.store import Store

ENDINGS: Final = tuple(ending.name.lower() for ending in Ending)


def runs_frame(store: Store) -> pd.DataFrame:
    """Give one row per finished run, by number."""
    table = store.table()
    frame = pd.DataFrame({name: table[name] for name in COLUMNS}, index=pd.Index(table["run"], name="run"))
    frame.insert(0, "label", list(store.labels()))
    frame["ending"] = named(table["ending"], ENDINGS)
    frame["peak_backlog_part"] = named(table["peak_backlog_part"], store.names)
    return frame


def hits_frame(store: Store) -> pd.DataFrame:
    """Give one row per run and part that was hit."""
    frame = stacked(((run, label, outcome.hits) for run, label, outcome in store.outcomes()), HIT)
    frame["part"] = named(frame["part"].to_numpy(), store.names)
    return frame


def entries_frame(store: Store) -> pd.DataFrame:
    """Give one row per run and entry point."""
    frame = stacked(((run, label, outcome.entries) for run, label, outcome in store.outcomes()), ENTRY)
    places = np.tile(np.arange(len(store.entry_points)), len(store))
    frame.insert(2, "entry_point", named(places, store.entry_points))
    return frame


def named(places: NDArray[Any], names: tuple[str, ...]) -> NDArray[Any]:
    """Give the names of some places; -1 is nowhere."""
    found: NDArray[Any] = np.array([*names, None], object)[places]
    return found


def stacked(arrays: Iterable[tuple[int, str, NDArray[Any]]], kind: np.dtype[Any]) -> pd.DataFrame:
    """Put the arrays of all runs below each other, each row with its run."""
    runs, labels, every = [], [], [np.empty(0, kind)]
    for run, label, array in arrays:
        runs += [run] * len(array)
        labels += [label] * len(array)
        every.append(array)
    whole = np.concatenate(every)
    columns = {"run": np.array(runs, np.int64), "label": labels}
    return pd.DataFrame({**columns, **{name: whole[name] for name in kind.names or ()}})
