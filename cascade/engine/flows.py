"""Columns of the flows of a step (N, FLOWS) [1/s]: where a node's requests went."""

from __future__ import annotations

OFFERED = 0
"""Arrived."""
GOODPUT = 1
"""Answered well."""
FAILED = 2
"""Finished with an error."""
REFUSED = 3
"""Turned away at once."""
DROPPED = 4
"""Lost while they waited."""
SERVED = 5
"""Finished, well or not."""
FLOWS = 6
