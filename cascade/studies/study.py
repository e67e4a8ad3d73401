"""What a study is: runs that are asked for together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cascade.engine.outcome import Outcome
    from cascade.model import Topology


class Study(Protocol):
    """Runs that are asked for together, numbered from 0; it can be sent to other processes and machines."""

    @property
    def topology(self) -> Topology:
        """What the runs are about."""

    @property
    def settings(self) -> Mapping[str, str | int | float | None]:
        """What else decides the results: the kind of study, what fails for how long, the seed."""

    def __len__(self) -> int:
        """Give the number of runs."""

    def label(self, index: int) -> str:
        """Give what a run is called in tables: what fails, or the number of the sample."""

    def player(self) -> Callable[[int], Outcome]:
        """Make what plays a run by its number; one is made for each worker.

        A run gives the same bits whoever plays it, and whatever was played before.
        """
