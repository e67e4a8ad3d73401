"""What an importer is: how it knows its files, how it reads them, and what such files can and cannot say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cascade.importers.draft import Draft, Evidence
    from cascade.importers.sources import Document


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the user can ask of an import."""

    edges: frozenset[Evidence] | None = None
    """Evidence of which each kind makes a call part of the topology; what is firm, when none is chosen."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """What a name in the files is called in the topology."""
    guess_by_name: bool = False
    """Whether alike names (``foo-service``, ``foo-mongodb``) are taken for a call."""
    profiles: frozenset[str] = frozenset()
    """Compose profiles that are switched on."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Values for ``${NAME}`` beside those of the files' own ``.env``; never written anywhere."""
    entry_points: frozenset[str] = frozenset()
    """Parts that users call, beside those that the files name as such."""


@dataclass(frozen=True, kw_only=True)
class Format:
    """One format."""

    name: str
    """As on the command line."""
    title: str
    """As in a sentence: ``Docker Compose files``."""
    describes_calls: bool
    """Whether a part without calls in such a file can be believed to make none."""
    cannot_know: tuple[str, ...]
    """What no such file says: ``request rates``, ``timeouts``."""
    is_overlay: bool = False
    """Whether it adds to a topology rather than being one."""
    recognises: Callable[[Document], bool] = field(repr=False)
    """Whether a document is of this format, by a look at its head."""
    reads: Callable[[Sequence[Document], Draft, Options], None] = field(repr=False)
    """Put what some documents hold into a draft."""


RATES: Final = "request rates"
LATENCY: Final = "service times"
ERRORS: Final = "error rates"
CAPACITY: Final = "capacity"
TIMEOUTS: Final = "timeouts and retries"
CALLS: Final = "who calls whom, unless a setting names the callee"
SOFTNESS: Final = "which dependencies a service can do without"
"""What files may be silent about, so that all formats say it in the same words."""
