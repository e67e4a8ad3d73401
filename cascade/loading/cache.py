"""Large topologies that were read before, each under the hash of its text, so that reading them again is quick.

Entries hold data and never code. Everybody may delete them, at any time; one that is damaged or does not belong
here counts as not there, and a directory that cannot be written is left alone.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pydantic

from cascade.loading.stored import NotStorable, tables_of, topology_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cascade.model import Topology

VARIABLE: Final = "CASCADE_CACHE_DIR"
"""Says where entries are kept; nowhere when it is empty."""
MIN_SIZE: Final = 50_000
"""Shortest text that is kept [characters]; shorter ones are read in no time."""
MAX_ENTRIES: Final = 100
MAX_BYTES: Final = 256 * 2**20
"""Of all entries together; those that were not used for longest go first."""
MAX_ENTRY_BYTES: Final = 64 * 2**20
DRAFT_S: Final = 3600.0
"""Age at which a half-written entry has been forgotten."""
PACKAGE: Final = Path(__file__).parents[1]
MEANING: Final = ("*.py", "behaviours/*.py", "loading/*.py", "model/*.py")
"""Sources that say what a text means."""

_ENTRY: Final = re.compile(r"topology-[0-9a-f]{64}\.(json|\d+-[0-9a-f]+\.draft)")
_FOREIGN: Final = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What comes of reading an entry that is none."""


def directory(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path | None:
    """Give the directory of the entries: the user's own for caches, unless the environment says otherwise."""
    if VARIABLE in environment:
        return Path(environment[VARIABLE]) if environment[VARIABLE] else None
    given = environment.get({"win32": "LOCALAPPDATA", "darwin": ""}.get(platform, "XDG_CACHE_HOME"), "")
    if given and Path(given).is_absolute():
        return Path(given) / "cascade"
    usual = {"win32": "AppData/Local", "darwin": "Library/Caches"}.get(platform, ".cache")
    try:
        return Path.home() / usual / "cascade"
    except RuntimeError:  # nobody is at home
        return None


def entry_of(text: str, *, is_json: bool) -> Path | None:
    """Give the path at which a topology is kept; none when it is not."""
    place = directory() if len(text) >= MIN_SIZE else None
    if place is None:
        return None
    key = sha256(f"{meaning()} {is_json}\n".encode())
    key.update(text.encode(errors="surrogatepass"))
    return place / f"topology-{key.hexdigest()}.json"


@cache
def meaning() -> str:
    """Give a hash of all that says what a text means: Cascade's sources, and the libraries that read it."""
    found = sha256(pydantic.VERSION.encode())
    parser = find_spec("yaml")  # says its version in its first file; loading all of it takes longer
    sources = [source for pattern in MEANING for source in sorted(PACKAGE.glob(pattern))]
    for source in [*sources, *([Path(parser.origin)] if parser and parser.origin else ())]:
        found.update(sha256(source.read_bytes()).digest())
    return found.hexdigest()


def kept(entry: Path) -> Topology | None:
    """Give the topology of an entry, if there is one."""
    try:
        if not entry.is_file() or entry.stat().st_size > MAX_ENTRY_BYTES:
            return None
        head, _, body = entry.read_bytes().partition(b"\n")
    except OSError:
        return None
    if head != seal(entry, body):
        return None
    try:
        topology = topology_of(json.loads(body))
    except _FOREIGN:
        return None
    with suppress(OSError):
        os.utime(entry)
    return topology


def keep(entry: Path, topology: Topology) -> None:
    """Write an entry, if that is possible; others see the whole of it or nothing."""
    draft = entry.with_name(f"{entry.stem}.{os.getpid()}-{os.urandom(4).hex()}.draft")
    try:
        body = json.dumps(tables_of(topology), separators=(",", ":")).encode()
        entry.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            draft.write_bytes(seal(entry, body) + b"\n" + body)
            draft.replace(entry)
        finally:
            draft.unlink(missing_ok=True)
        tidy(entry.parent)
    except (OSError, NotStorable):
        return


def seal(entry: Path, body: bytes) -> bytes:
    """Give what an entry begins with: a hash of what follows, and of its name."""
    return sha256(entry.name.encode() + b"\n" + body).hexdigest().encode()


def tidy(place: Path) -> None:
    """Delete the entries that were not used for longest where there are too many, and forgotten drafts."""
    found = []
    for path in place.iterdir():
        if _ENTRY.fullmatch(path.name):
            with suppress(OSError):  # another process was quicker
                state = path.stat()
                found.append((state.st_mtime, state.st_size, path))
    left = MAX_BYTES
    for place_in_row, (used, size, path) in enumerate(sorted(found, reverse=True)):
        is_forgotten = path.suffix == ".draft" and used < time.time() - DRAFT_S
        left -= size
        if is_forgotten or place_in_row >= MAX_ENTRIES or left < 0:
            with suppress(OSError):
                path.unlink()
