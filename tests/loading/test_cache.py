"""A topology from the cache is the topology itself; whatever else is in the cache counts as nothing."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cascade
from cascade.behaviours.part import Part
from cascade.loading import anew, cache
from cascade.loading.stored import LEAVES, PARTS, NotStorable, tables_of, topology_of
from cascade.loading.write import written
from tests.engine.strategies import topologies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT: Final = Path(__file__).parents[2]
TOPOLOGIES: Final = sorted((ROOT / "topologies").glob("*.yaml"))
LARGE: Final = "services:\n" + "".join(
    f"  s{i}: {{service_time: {i}ms, calls: [{{to: s{i + 1}, timeout: 2s}}]}}\n" for i in range(2000)
)
TEXT: Final = f"{LARGE}  s2000:\n"
EVERYTHING: Final = """
name: all
imported: {sources: [a, b], describes_calls: false}
services:
  web: {demand: 2/s, zones: [a, b], calls: [db, {to: mail, needs: async, per_request: {uniform: [1, 2]}}]}
  mail: {service_time: {lognormal: {median: 1s, p95: 3s}, as: network}, replicas: {choice: [1, 2]}, durable: true}
  db: {slo: {success: 99%}, reliability: {availability: 99.9%}}
groups: {both: {members: [mail, db], needs: 1}}
domains: {rack: {members: {web: 50%}}, room: [web, db]}
fleets: {hosts: {size: 10, sets_capacity_of: [db]}}
scenarios:
  storm:
    start: 2025-10-20T02:25:00-07:00
    events:
      - {at: 10m, fail: db, for: 1m}
      - {at: 2025-10-20T09:26:00Z, throttle: web, rate: unlimited}
      - {at: 2025-10-20T02:26:00-07:00, throttle: web, rate: 5/s}
observed: [{name: w, service: web, start: 2025-10-20T02:25:00-07:00, assumed: [start]}]
ignore: [{rule: NO-TIMEOUT, reason: known, until: 2027-01-31}]
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own, for texts of any size."""
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "MIN_SIZE", 0)
    return tmp_path / "cache"


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that were read anew."""
    found: list[str] = []
    read = anew.topology_in

    def noted(text: str, file: str) -> cascade.Topology:
        found.append(text)
        return read(text, file)

    monkeypatch.setattr(anew, "topology_in", noted)
    return found


def entry(place: Path) -> Path:
    """The only file in the cache."""
    [found] = place.iterdir()
    return found


def content(value: Any) -> Any:
    """All of a value, its types and the fields that were given, in their order."""
    if isinstance(value, Part):
        fields = {name: content(getattr(value, name)) for name in type(value).model_fields}
        return type(value), sorted(value.model_fields_set), fields
    if isinstance(value, dict):
        return [(key, content(inner)) for key, inner in value.items()]
    if isinstance(value, tuple):
        return [content(inner) for inner in value]
    return type(value), repr(value), getattr(value, "law", None)


def is_same(first: cascade.Topology, second: cascade.Topology) -> bool:
    """Whether two topologies are alike in every way."""
    return (
        first == second
        and content(first) == content(second)
        and repr(first) == repr(second)
        and first.model_dump() == second.model_dump()
        and written(first) == written(second)
        and pickle.loads(pickle.dumps(second)) == first  # noqa: S301 - made in this line
    )


@pytest.mark.parametrize(
    "text",
    [EVERYTHING, *(path.read_text(encoding="utf-8") for path in TOPOLOGIES)],
    ids=["everything", *(path.stem for path in TOPOLOGIES)],
)
@pytest.mark.usefixtures("place")
def test_a_hit_is_a_miss(text: str, readings: list[str]) -> None:
    first, second = cascade.loads(text), cascade.loads(text)

    assert len(readings) == 1
    assert is_same(first, second)


def test_everything_is_everything() -> None:
    text = json.dumps(tables_of(cascade.loads(EVERYTHING)))

    assert [kind for kind in LEAVES if f'"{kind}"' not in text] == []
    assert len(PARTS) == len(set(PARTS.values())) > 25


@given(topologies())
def test_any_topology_comes_back(topology: cascade.Topology) -> None:
    assert is_same(topology, topology_of(json.loads(json.dumps(tables_of(topology)))))


def test_mappings_are_never_shared() -> None:
    text = "{services: {a: }, domains: {x: {members: {a: 1}}, y: {members: {a: 1}}, z: {}, w: {}}}"
    domains = topology_of(tables_of(cascade.loads(text))).domains

    assert domains["x"] == domains["y"]
    assert len({id(domain.members) for domain in domains.values()}) == 4


def test_what_is_not_known_is_not_kept(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(PARTS, "Retry")
    text = "services: {web: {calls: [{to: db, retry: {max_attempts: 2}}]}, db: }"

    with pytest.raises(NotStorable):
        tables_of(cascade.loads(text))
    assert not place.exists()


def test_problems_are_told_each_time(place: Path) -> None:
    for _ in range(2):
        with pytest.raises(cascade.TopologyError, match="unknown key"):
            cascade.loads("services: {db: {x: }}")

    assert not place.exists()


def test_small_texts_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))

    cascade.loads(EVERYTHING)

    assert list(tmp_path.iterdir()) == []


def turned(content: bytes, place: int) -> bytes:
    """An entry with one bit of it turned."""
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


DAMAGES: Final[dict[str, Callable[[bytes], bytes]]] = {
    "empty": lambda _: b"",
    "cut off": lambda content: content[: len(content) // 2],
    "more": lambda content: content + b" ",
    "zeros": lambda _: b"\x00" * 1000,
    "pickle": lambda _: pickle.dumps({"a": 1}),
    "head": lambda content: turned(content, 5),
    "middle": lambda content: turned(content, len(content) // 2),
    "end": lambda content: turned(content, len(content) - 3),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_entry_is_written_anew(damage: str, place: Path, readings: list[str]) -> None:
    topology = cascade.loads(TEXT)
    sound = entry(place).read_bytes()
    entry(place).write_bytes(DAMAGES[damage](sound))

    assert cascade.loads(TEXT) == topology
    assert entry(place).read_bytes() == sound
    assert cascade.loads(TEXT) == topology
    assert len(readings) == 2


def test_an_entry_under_the_name_of_another_does_not_count(place: Path) -> None:
    cascade.loads("services: {a: }")
    other = entry(place).read_bytes()
    entry(place).unlink()
    cascade.loads("services: {b: }")
    entry(place).write_bytes(other)

    assert list(cascade.loads("services: {b: }").services) == ["b"]


FOREIGN: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 5) | st.floats() | st.sampled_from(["plain", "tuple", "x", *LEAVES]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["kind", "rows", "given", "low", "x"]), inner, max_size=4)
    ),
)
TABLES: Final = st.fixed_dictionaries(
    {"kind": st.sampled_from(["plain", "tuple", "dict", "os.system", *LEAVES, *PARTS]), "rows": FOREIGN},
    optional={"given": st.lists(st.sampled_from(["services", "name", "to", "rate_rps", "__class__"])) | FOREIGN},
)


@given(st.lists(TABLES, max_size=4) | FOREIGN)
def test_whatever_is_in_an_entry_is_a_topology_or_nothing(tables: Any) -> None:
    file = Path(os.environ[cache.VARIABLE]) / "topology-foreign.json"
    body = json.dumps(tables).encode()
    file.write_bytes(cache.seal(file, body) + b"\n" + body)

    assert isinstance(cache.kept(file), cascade.Topology | None)


@pytest.mark.parametrize(
    "body",
    ["[" * 100_000, "9" * 10_000, "[{]", '[{"kind": "moment", "rows": ["x"]}]'],
    ids=["deep", "long", "broken", "no moment"],
)
def test_what_json_cannot_read_is_nothing(body: str, tmp_path: Path) -> None:
    file = tmp_path / "topology.json"
    file.write_bytes(cache.seal(file, body.encode()) + b"\n" + body.encode())

    assert cache.kept(file) is None


def test_an_entry_that_is_no_file_or_too_large_is_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    assert cache.kept(tmp_path / "folder") is cache.kept(tmp_path / "pipe") is None

    monkeypatch.setattr(cache, "MAX_ENTRY_BYTES", 10)
    file = tmp_path / "topology.json"
    cache.keep(file, cascade.Topology())
    assert file.exists()
    assert cache.kept(file) is None


def test_a_directory_that_cannot_be_written_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    place.touch()
    assert cascade.loads(TEXT) == cascade.loads(TEXT)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "full"))
    monkeypatch.setattr(Path, "write_bytes", full)
    assert cascade.loads(TEXT) == cascade.loads(TEXT)
    assert list((tmp_path / "full").iterdir()) == []


def test_it_may_be_deleted_at_any_time(place: Path, readings: list[str]) -> None:
    for _ in range(2):
        cascade.loads(TEXT)
        entry(place).unlink()
        place.rmdir()

    assert len(readings) == 2


def test_another_version_has_entries_of_its_own(
    place: Path, readings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cascade.loads(TEXT)
    monkeypatch.setattr(cache, "meaning", lambda: "another")
    cascade.loads(TEXT)

    assert len(readings) == len(list(place.iterdir())) == 2


def test_every_source_that_says_what_a_text_means_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len([path for pattern in cache.MEANING for path in cache.PACKAGE.glob(pattern)]) > 50
    (tmp_path / "model").mkdir()
    monkeypatch.setattr(cache, "PACKAGE", tmp_path)
    found = set()
    for name in ("units.py", "model/service.py"):
        for text in ("a", "b"):
            (tmp_path / name).write_text(text)
            found.add(cache.meaning.__wrapped__())

    assert len(found) == 4


@pytest.mark.usefixtures("place")
def test_a_name_that_says_json_is_no_other() -> None:
    text = "{services: {a: }}"
    cascade.loads(text, file="x.yaml")

    with pytest.raises(cascade.TopologyError, match="not JSON"):
        cascade.loads(text, file="x.json")


def test_it_is_switched_off_by_an_empty_name(readings: list[str], place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.VARIABLE, "")
    cascade.loads(TEXT)
    cascade.loads(TEXT)

    assert len(readings) == 2
    assert not place.exists()


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {}, ".cache/cascade"),
        ("linux", {"XDG_CACHE_HOME": "/x"}, "/x/cascade"),
        ("linux", {"XDG_CACHE_HOME": "not/absolute"}, ".cache/cascade"),
        ("darwin", {"XDG_CACHE_HOME": "/x"}, "Library/Caches/cascade"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/cascade"),
        ("win32", {}, "AppData/Local/cascade"),
        ("linux", {cache.VARIABLE: "here", "XDG_CACHE_HOME": "/x"}, "here"),
    ],
)
def test_it_is_where_caches_are(platform: str, environment: dict[str, str], expected: str) -> None:
    found = cache.directory(environment, platform)

    assert found == (Path(expected) if cache.VARIABLE in environment else Path.home() / expected)


def test_what_was_not_used_for_longest_goes_first(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MAX_ENTRIES", 3)
    place.mkdir()
    (place / "mine.txt").touch()
    draft = place / f"topology-{'0' * 64}.1-ab.draft"
    draft.touch()
    os.utime(draft, (1, 1))
    paths: list[Path] = []
    for age, name in enumerate("abc"):
        cascade.loads(f"services: {{{name}: }}")
        [new] = set(place.glob("topology-*.json")) - set(paths)
        os.utime(new, (1000 + age, 1000 + age))
        paths.append(new)
    cascade.loads("services: {a: }")  # used again
    cascade.loads("services: {d: }")

    assert [path.exists() for path in paths] == [True, False, True]
    assert (place / "mine.txt").exists()
    assert not draft.exists()

    monkeypatch.setattr(cache, "MAX_BYTES", 0)
    cascade.loads("services: {e: }")
    assert [path.name for path in place.iterdir()] == ["mine.txt"]


def starts(place: Path, count: int) -> Iterator[subprocess.Popen[str]]:
    """Start processes that load the same file, all at once."""
    for _ in range(count):
        yield subprocess.Popen(
            [sys.executable, "-c", "import cascade, sys; print(len(cascade.load(sys.argv[1]).services))", "x.yaml"],
            cwd=place.parent,
            env={**os.environ, cache.VARIABLE: str(place), "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def test_two_processes_do_not_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, readings: list[str]) -> None:
    (tmp_path / "x.yaml").write_text(TEXT)
    place = tmp_path / "cache"

    assert [process.communicate()[0] for process in list(starts(place, 3))] == ["2001\n"] * 3
    assert entry(place).suffix == ".json"
    monkeypatch.setenv(cache.VARIABLE, str(place))
    assert len(cascade.load(tmp_path / "x.yaml").services) == 2001
    assert readings == []
