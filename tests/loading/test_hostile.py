"""Files that are no topologies, or mean harm: one line, exit code 2, and not much memory."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cascade

if TYPE_CHECKING:
    from collections.abc import Callable

MEMORY_BYTES: Final = 2**30
"""Address space of the process, its libraries included."""
SECONDS: Final = 30.0
ROOT: Final = Path(__file__).parents[2]

LAUGHS: Final = "services: &a0 {x: }\n" + "".join(
    f"k{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
)


def hundred_megabytes(path: Path) -> None:
    line = b"# nothing to be seen here, and much of it .....................\n"
    path.write_bytes(line * (100 * 2**20 // len(line)))


def forbidden(path: Path) -> None:
    path.touch(mode=0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")


HOSTILE: Final[dict[str, tuple[Callable[[Path], object], str]]] = {
    "billion laughs": (lambda path: path.write_text(LAUGHS), "aliases repeat too much"),
    "100 MB": (hundred_megabytes, "too large"),
    "cycle of anchors": (lambda path: path.write_text("services: &a {web: {calls: *a}}"), "contains itself"),
    "binary": (lambda path: path.write_bytes(bytes(range(256)) * 64), "expected UTF-8 text"),
    "zero bytes": (lambda path: path.write_bytes(b"services:\n  a\0b:\n"), "U+0000 is not allowed"),
    "UTF-16": (lambda path: path.write_text("services:", encoding="utf-16"), "expected UTF-8 text"),
    "empty": (lambda path: path.touch(), "empty"),
    "comments only": (lambda path: path.write_text("# services:\n"), "empty"),
    "directory": (lambda path: path.mkdir(), "is a directory"),
    "missing": (lambda _: None, "no such file"),
    "forbidden": (forbidden, "permission denied"),
    "loop of links": (lambda path: path.symlink_to(path), "too many"),
    "deep in brackets": (lambda path: path.write_text("[" * 100_000), "nested too deeply"),
    "deep in mappings": (lambda path: path.write_text("{a: " * 100_000), "nested too deeply"),
    "deep in keys": (lambda path: path.write_text("? " * 100_000), "expected a name as key"),
    "many values": (lambda path: path.write_text("[" + "a," * 4_000_000), "too many values"),
    "huge number": (lambda path: path.write_text("version: " + "9" * 1_000_000), "expected 1"),
    "escape sequences": (lambda path: path.write_text('"\\e[2J\\n\\u202e": 1'), "unknown key '\\x1b[2J\\n\\u202e'"),
}


def bounded() -> None:
    """Let the process have little memory."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def problems(text: str) -> tuple[cascade.Problem, ...]:
    """What is wrong with a text, if anything is."""
    try:
        cascade.loads(text)
    except cascade.TopologyError as error:
        return error.problems
    return ()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_costs_one_line_and_little_memory(name: str, tmp_path: Path) -> None:
    make, message = HOSTILE[name]
    path = tmp_path / "topology.yaml"
    make(path)

    done = subprocess.run(
        [sys.executable, "-c", "from cascade_cli import main; main()", "show", str(path)],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        preexec_fn=bounded,
        timeout=SECONDS,
    )

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert done.stderr.startswith(f"{path}:")
    assert message in done.stderr


def test_many_problems_are_told_as_many() -> None:
    with pytest.raises(cascade.TopologyError) as caught:
        cascade.loads("services:\n" + "".join(f"  a{i}: 5\n" for i in range(5000)))

    assert len(caught.value.problems) == 1001
    assert caught.value.problems[-1].message == "and more problems from here on"


@pytest.mark.parametrize(
    "text",
    [
        '{"a\\nb": 1, "a\\nb": 2}',
        'services: {"a\\nb": }',
        'version: "\\e[2J\\n"',
        "!<a\\nb> {}",
        f"{{{'a' * 10**6}: 1}}",
        f"services: {{a: {{calls: [{'b' * 10**6}]}}}}",
    ],
    ids=["repeated key", "name", "value", "tag", "long key", "long name"],
)
def test_what_a_file_holds_cannot_break_a_line_or_fill_the_screen(text: str) -> None:
    found = problems(text)

    assert found
    assert all(str(problem).isprintable() and len(str(problem)) < 700 for problem in found)


def test_honest_aliases_are_read() -> None:
    topology = cascade.loads("services: {a: &worker {replicas: 3, calls: [c]}, b: *worker, c: }")

    assert topology.services["a"] == topology.services["b"]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]) | st.sampled_from("{}[]:,-&*!|>'\"#\n ?@`%~")))
def test_any_text_is_a_topology_or_has_problems(text: str) -> None:
    assert all(str(problem).isprintable() for problem in problems(text))


@given(st.data())
def test_a_damaged_topology_is_a_topology_or_has_problems(data: st.DataObject) -> None:
    text = (ROOT / "topologies" / "shop.yaml").read_text(encoding="utf-8")
    start = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 12))
    damaged = text[:start] + data.draw(st.text("[]{}:,#&*-\n a1%/s", max_size=4)) + text[start + length :]

    assert all(str(problem).isprintable() for problem in problems(damaged))
