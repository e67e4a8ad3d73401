"""After a full stop: in which order can everything start again, and what never can."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cascade.graph.plain import PlainServices
from cascade.logic import fixpoint
from cascade.model import Needs

if TYPE_CHECKING:
    from cascade.analysis.failure_logic import FailureLogic


@dataclass(frozen=True, slots=True)
class Restart:
    """How a system that stands still starts again, everything repaired."""

    waves: tuple[tuple[str, ...], ...]
    """Services that start together, each wave once the one before serves."""
    stuck: tuple[tuple[str, tuple[str, ...]], ...]
    """Services that never start, each with what it waits for."""


def restart(logic: FailureLogic) -> Restart:
    r"""Start everything from nothing: a service starts when all that it needs to start serves.

    .. math:: S_{k+1} = \{ i : d_j(\overline{S_k}) = 0 \ \text{for all start-up needs}\ j\ \text{of}\ i \}

    Serving is judged as in operation, with what has not started as failed: services that call one another
    come back together, services that need one another *to start* do not.

    Examples
    --------
    >>> import cascade
    >>> from cascade.analysis.failure_logic import failure_logic
    >>> text = "services: {dns: {calls: [{to: store, needs: startup}]}, store: {calls: [dns]}, web: }"
    >>> restart(failure_logic(cascade.loads(text)))
    Restart(waves=(('store', 'web'),), stuck=(('dns', ('store',)),))
    """
    if isinstance(logic.topology.services, PlainServices):
        return Restart((tuple(logic.topology.services),), ())
    needs = {
        name: waits
        for name, service in logic.topology.services.items()
        if (waits := tuple(call.to for call in service.calls if call.needs is Needs.STARTUP))
    }
    waves = [tuple(name for name in logic.topology.services if name not in needs)]
    waiting = dict(needs)
    while True:
        failed = np.zeros(logic.gates.size, np.bool_)
        failed[[logic.event_of[name] for name in waiting]] = True
        down = fixpoint.down(logic.gates, failed)
        unmet = {name: tuple(to for to in waits if down[logic.node_of[to]]) for name, waits in waiting.items()}
        started = tuple(name for name, missing in unmet.items() if not missing)
        if not started:
            return Restart(tuple(wave for wave in waves if wave), tuple(unmet.items()))
        waves.append(started)
        waiting = {name: waits for name, waits in waiting.items() if name not in started}
