"""Where an imported topology is from, and what its sources cannot say."""

from __future__ import annotations

from cascade.behaviours.part import Part


class Imported(Part):
    """A record that importers leave, so that no report takes silence for safety."""

    sources: tuple[str, ...] = ()
    """Format and file of each."""
    describes_calls: bool = True
    """Whether a service without calls can be believed to make none."""
    cannot_know: tuple[str, ...] = ()
    """What no such source says: request rates, timeouts, ..."""
    weak_calls: tuple[str, ...] = ()
    """Calls (``caller -> callee``) for which only weak evidence speaks, and which were therefore left out."""
