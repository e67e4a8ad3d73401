"""What holds for every test: no display, no colours, an empty cache, and no deadline that compiling could miss."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

from hypothesis import settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

os.environ["MPLBACKEND"] = "Agg"
os.environ["NO_COLOR"] = "1"
os.environ["COLUMNS"] = "120"
for forced in ("FORCE_COLOR", "GITHUB_ACTIONS", "PY_COLORS"):  # each makes rich believe in a terminal
    os.environ.pop(forced, None)

os.environ["CASCADE_CACHE_DIR"] = tempfile.mkdtemp(prefix="cascade-tests-")  # for the programs that tests start, too
atexit.register(shutil.rmtree, os.environ["CASCADE_CACHE_DIR"], ignore_errors=True)

settings.register_profile("cascade", deadline=None, derandomize="CI" in os.environ, print_blob=True)
settings.load_profile("cascade")

# Numbers of the modules that happen to be imported are no part of the drawn cases: a change is judged by the same ones.
if hasattr(providers, "_get_local_constants"):
    providers._get_local_constants = Constants
