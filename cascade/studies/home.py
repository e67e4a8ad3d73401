"""Where a store is kept that nobody gave a path for: the same study finds it again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cascade.errors import StoreError
from cascade.loading.cache import VARIABLE, directory
from cascade.studies.identity import identity_of

if TYPE_CHECKING:
    from pathlib import Path

    from cascade.studies.study import Study

FOLDER: Final = "studies"
MOST_LETTERS: Final = 60
"""Of a name in the name of a file."""


def default_path(study: Study) -> Path | None:
    """Give the path of a study's store in the user's cache; none where the environment wants no cache.

    ``CASCADE_CACHE_DIR`` says where it is. Any file there may be deleted at any time; its runs are then played again.
    """
    place = directory()
    if place is None:
        return None
    identity = identity_of(study)
    words = f"{identity.settings.get('kind', 'study')}-{study.topology.name}"
    name = re.sub(r"\W+", "-", words, flags=re.ASCII)[:MOST_LETTERS].strip("-")
    try:
        (place / FOLDER).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise StoreError(f"{place / FOLDER}: cannot be made: {why}; set {VARIABLE} or name a store") from None
    return place / FOLDER / f"{name}-{identity.key}.db"
