"""What is told once for many pieces of the input."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cascade.importers.draft import Draft

MOST_LISTED: Final = 12
"""Examples that a note gives."""


@dataclass(slots=True)
class Remarks:
    """What is told once for many objects."""

    topics: dict[str, dict[str, None]] = field(default_factory=dict)

    def add(self, topic: str, example: str) -> None:
        """Add an example of something."""
        self.topics.setdefault(topic, {})[example] = None

    def tell(self, draft: Draft) -> None:
        """Write one note for each topic."""
        for topic, examples in self.topics.items():
            shown = list(examples)[:MOST_LISTED]
            more = f" and {len(examples) - len(shown)} more" if len(examples) > len(shown) else ""
            draft.note(f"{topic}: {', '.join(shown)}{more}")
