"""Compile the engine's passes with Numba, on first use and once per machine.

A pass is a plain Python function marked ``@compiled``: it can be read, tested and stepped through
as such. :func:`compile_passes` turns all marked functions into machine code when the engine first
runs, so that commands that do not simulate never import Numba. The code is cached on disk; the
cache is keyed by *all* sources of the engine (or of the logic) together, because Numba alone would miss a change in a
function that another file calls.

The engine's compiled code never allocates: passes work in the tables they are given. Numba is told
so (``_nrt=False``), because counting references to arrays otherwise costs four times the arithmetic.
Passes are put into their callers (``forceinline``), for to hand over all tables of a system takes
longer than most passes.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
OPTIONS: Final[dict[str, Any]] = {"cache": True, "error_model": "numpy", "nogil": True}
ALLOCATING: Final = "cascade.logic"
"""The package whose passes make arrays of their own."""
_MARKED: Final[list[Callable[..., Any]]] = []


def compiled(function: F) -> F:
    """Mark a function for compilation; callers refer to it as ``module.function``."""
    _MARKED.append(function)
    return function


def compile_passes() -> None:
    """Replace every marked function of the engine in its module by its compiled form (idempotent)."""
    compile_marked([function for function in _MARKED if not allocates(function)], "behaviours", "engine")


def compile_logic() -> None:
    """Do the same for the logic; what may allocate takes longer to get ready than most answers of the engine."""
    functions = [function for function in _MARKED if allocates(function)]
    if functions:
        start_allocation()
    compile_marked(functions, "logic")


def compile_marked(functions: list[Callable[..., Any]], *packages: str) -> None:
    """Compile some functions, whose code on disk is good as long as all files of some packages are the same."""
    if not functions:
        return
    import numba  # noqa: PLC0415 - half a second that only simulations should pay

    stamp = _sources_stamp(*packages)
    for function in functions:
        _MARKED.remove(function)
        allocating = allocates(function)
        dispatcher = numba.njit(**OPTIONS | {"_nrt": allocating, "forceinline": not allocating})(function)
        _tune_cache(dispatcher, stamp)
        setattr(sys.modules[function.__module__], function.__name__, dispatcher)


def allocates(function: Callable[..., Any]) -> bool:
    """Whether a pass may make arrays."""
    return function.__module__.startswith(ALLOCATING)


def start_allocation() -> None:
    """Make compiled code able to allocate, also when it comes from the disk and nothing is compiled."""
    from numba.core.registry import cpu_target  # noqa: PLC0415 - as numba itself
    from numba.core.runtime import rtsys  # type: ignore[attr-defined] # noqa: PLC0415 - as above

    rtsys.initialize(cpu_target.target_context)


def _sources_stamp(*packages: str) -> str:
    digest = hashlib.sha256()
    root = Path(__file__).parent
    for path in [Path(__file__), *sorted(path for package in packages for path in root.glob(f"{package}/*.py"))]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _tune_cache(dispatcher: Any, stamp: str) -> None:
    """Make the on-disk cache valid for exactly these sources, and quick; there is no public way to do either.

    Numba looks at one file only. And before it reads finished code it loads all its rules for
    making code, which takes as long as everything else together; when it has to compile, it does
    so again by itself.
    """
    cache: Any = getattr(dispatcher, "_cache", None)
    file: Any = getattr(cache, "_cache_file", None)
    if hasattr(file, "_source_stamp"):
        file._source_stamp = stamp  # noqa: SLF001 - see above
    if hasattr(cache, "_load_overload"):
        cache.load_overload = cache._load_overload  # noqa: SLF001 - see above
