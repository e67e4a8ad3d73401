"""The command ``validate``: every problem of every file, one line each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pytest

from cascade_cli import run

if TYPE_CHECKING:
    from pathlib import Path

GOOD: Final = "services: {web: {calls: [db]}, db: }\n"
BAD: Final = "services:\n  web: {calls: [dbb], replicas: many}\n  dba:\n"
BAD_LINES: Final = (
    "2:17: unknown service or group 'dbb', did you mean 'dba'?",
    "2:33: expected a whole number, got 'many'",
)


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str, str]:
    paths = [tmp_path / name for name in ("good.yaml", "bad.yaml", "missing.yaml")]
    for path, text in zip(paths, (GOOD, BAD), strict=False):
        path.write_text(text, encoding="utf-8")
    good, bad, missing = map(str, paths)
    return good, bad, missing


def test_a_good_file_is_ok_and_has_sizes(files: tuple[str, str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", files[0]]) == 0

    assert capsys.readouterr() == (f"{files[0]}: ok, 2 services, 1 call\n", "")


def test_all_files_are_read_whatever_is_wrong_with_one(
    files: tuple[str, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad, missing = files

    assert run(["validate", missing, bad, good]) == 2

    out, err = capsys.readouterr()
    assert err.splitlines() == [*(f"{bad}:{line}" for line in BAD_LINES), f"{missing}: no such file or directory"]
    assert out.splitlines() == [f"{missing}: 1 problem", f"{bad}: 2 problems", f"{good}: ok, 2 services, 1 call"]


def test_programs_get_the_places(files: tuple[str, str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", files[1], "--format", "json"]) == 2

    [file] = json.loads(capsys.readouterr().out)["files"]
    assert [f"{found['line']}:{found['column']}: {found['message']}" for found in file["problems"]] == [*BAD_LINES]
