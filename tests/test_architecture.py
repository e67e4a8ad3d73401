"""Facts about the project as a whole that no linter watches."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Final

import pytest

import cascade

ROOT: Final = Path(__file__).parents[1]
MODULES: Final = sorted([*ROOT.glob("cascade/**/*.py"), *ROOT.glob("cli/**/*.py")])
MOST_CODE_LINES: Final = 300
LONGER_FOR_A_REASON: Final[dict[str, str]] = {}
"""Modules that may have more code lines than that, each with its reason."""

HELP_COST: Final = 2.0
"""Budget of ``cascade --help``, as a multiple of importing typer."""
BLAST_RADIUS_COST: Final = 2.5
"""Budget of the flagship's blast radius, once compiled, as a multiple of importing what it stands on."""
FLAGSHIP: Final = ROOT / "topologies" / "aws-us-east-1-2025-10-20.yaml"
ATTEMPTS: Final = 3
"""A busy machine can spoil a measurement, so it may be repeated this often."""

MACHINE_PATH: Final = re.compile(r"(?<![\w.:/])/(?:home|root|tmp|work|Users)/\w")
REGISTRY: Final = re.compile(r"(?<!no-emit-)index[-]url|find[-]links|trusted[-]host|\bpypi[.]|python[h]osted")


def python(code: str, *arguments: str) -> str:
    """Run code in a fresh interpreter and give what it prints."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout


def seconds(code: str, *arguments: str) -> float:
    """Wall time of some code in a fresh interpreter, its start included [s]."""
    start = time.perf_counter()
    python(code, *arguments)
    return time.perf_counter() - start


def cost(arguments: tuple[str, ...], base: str, budget: float) -> float:
    """Wall time of a command as a multiple of that of some code: the median, at the attempt that meets the budget."""
    medians = []
    for _ in range(ATTEMPTS):
        pairs = [(seconds("from cascade_cli import main; main()", *arguments), seconds(base)) for _ in range(5)]
        medians.append(statistics.median(command_s / base_s for command_s, base_s in pairs))
        if medians[-1] <= budget:
            break
    return min(medians)


def code_lines(path: Path) -> int:
    """Lines of a module without blank lines, comments and docstrings."""
    text = path.read_text(encoding="utf-8")
    documented: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            documented.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = enumerate(text.splitlines(), start=1)
    return sum(1 for number, line in lines if line.strip() and line.strip()[0] != "#" and number not in documented)


def tracked_texts() -> dict[str, str]:
    """Every text file under version control, by path."""
    listing = subprocess.run(["git", "ls-files", "-z"], check=False, capture_output=True, text=True, cwd=ROOT)
    if listing.returncode:
        pytest.skip("not a checkout: nothing says which files belong to the project")
    texts = {}
    for name in filter(None, listing.stdout.split("\0")):
        path = ROOT / name
        if path.is_file() and not name.startswith("tests/realworld/"):  # files of others are as they are
            content = path.read_bytes()
            if b"\0" not in content:
                texts[name] = content.decode("utf-8", errors="replace")
    return texts


def pins(file: str) -> set[str]:
    """The ``name==version`` entries of a requirements file."""
    text = (ROOT / "requirements" / file).read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z0-9._-]+==[^ ;\\]+)", text, flags=re.MULTILINE))


@pytest.mark.parametrize("heavy", ["matplotlib", "networkx", "numba", "pandas"])
def test_importing_cascade_leaves_heavy_libraries_alone(heavy: str) -> None:
    loaded = python("import cascade, sys; print(*sys.modules)").split()

    assert "cascade" in loaded
    assert heavy not in loaded


def test_a_report_needs_no_library_of_other_questions() -> None:
    asked = "import sys; from cascade_cli import run; run(sys.argv[1:]); print(*sys.modules)"
    loaded = python(asked, "blast-radius", str(FLAGSHIP), "--scenario", "outage").split()

    assert "numba" in loaded
    assert {"matplotlib", "networkx", "pandas", "rich"} & {*loaded} == set()


def test_help_costs_at_most_twice_the_import_of_typer() -> None:
    assert cost(("--help",), "import typer", HELP_COST) <= HELP_COST


def test_the_second_blast_radius_costs_little_more_than_what_it_stands_on() -> None:
    arguments = ("blast-radius", str(FLAGSHIP), "--scenario", "outage")
    seconds("from cascade_cli import main; main()", *arguments)  # compiles where nobody has

    base = "import networkx, numba, pydantic"

    assert cost(arguments, base, BLAST_RADIUS_COST) <= BLAST_RADIUS_COST


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_is_too_long_to_read(path: Path) -> None:
    name = str(path.relative_to(ROOT))

    assert (code_lines(path) <= MOST_CODE_LINES) != (name in LONGER_FOR_A_REASON)


def test_public_names_are_sorted_and_exist() -> None:
    names = list(cascade.__all__)

    assert names == sorted(names)
    assert all(hasattr(cascade, name) for name in names)


def test_all_packages_are_installed() -> None:
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    folders = {path.parent.relative_to(ROOT) for path in MODULES if path.name == "__init__.py"}
    names = {".".join(folder.parts) for folder in folders}

    assert set(setuptools["packages"]) == {re.sub(r"^cli\b", "cascade_cli", name) for name in names}


def test_tests_run_on_what_users_install() -> None:
    assert pins("run.txt")
    assert pins("run.txt") <= pins("test.txt")


@pytest.mark.parametrize("pattern", [MACHINE_PATH, REGISTRY], ids=["machine path", "package registry"])
def test_no_file_names_a_machine_or_a_package_registry(pattern: re.Pattern[str]) -> None:
    found = [
        f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]}"
        for name, text in tracked_texts().items()
        for match in pattern.finditer(text)
    ]

    assert found == []
