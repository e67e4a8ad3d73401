"""What holds for every test: no display, no colours, and no deadline that compiling could miss."""

from __future__ import annotations

import os

from hypothesis import settings

os.environ["MPLBACKEND"] = "Agg"
os.environ["NO_COLOR"] = "1"
os.environ["COLUMNS"] = "120"
for forced in ("FORCE_COLOR", "GITHUB_ACTIONS", "PY_COLORS"):  # each makes rich believe in a terminal
    os.environ.pop(forced, None)

settings.register_profile("cascade", deadline=None, derandomize="CI" in os.environ, print_blob=True)
settings.load_profile("cascade")
