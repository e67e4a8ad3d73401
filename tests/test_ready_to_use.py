"""The action and the hooks for pre-commit: well-formed, and doing what they say."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from cascade_cli import COMMANDS, run

ROOT: Final = Path(__file__).parents[1]
ACTION: Final[dict[str, Any]] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
HOOKS: Final[list[dict[str, Any]]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
FILE: Final = "sys tem.yaml"
BEFORE: Final = "services:\n  web: {demand: 1/s, calls: [{to: db, timeout: 1s}]}\n  db:\n"
AFTER: Final = BEFORE.replace(", timeout: 1s", "")
NASTY: Final = '$(touch pwned) `touch pwned` "; touch pwned; #'


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org"]
    subprocess.run(["git", *identity, *arguments], check=True, cwd=folder, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Give a repository with a change on a branch, and a ``cascade`` on the path."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    for text, message in ((BEFORE, "before"), (AFTER, "after")):
        (folder / FILE).write_text(text, encoding="utf-8")
        git(folder, "add", ".")
        git(folder, "commit", "--quiet", "--message", message)
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "cascade"
    start = f"exec {shlex.quote(sys.executable)} -c 'from cascade_cli import main; main()' \"$@\""
    program.write_text(f"#!/bin/sh\nexport PYTHONPATH={shlex.quote(str(ROOT))}\n{start}\n", encoding="utf-8")
    program.chmod(0o755)
    return folder


def check_step(repository: Path, **inputs: str) -> tuple[int, str, str, dict[str, str]]:
    """Run the step of the action as the runner does: exit code, log, summary and outputs."""
    step = next(step for step in ACTION["runs"]["steps"] if step.get("id") == "check")
    temporary = repository.parent
    files = {name: temporary / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for path in files.values():
        path.write_text("", encoding="utf-8")
    given = {"file": FILE, "fail-on": ACTION["inputs"]["fail-on"]["default"], "against": "", "baseline": "", **inputs}
    environment = {
        **os.environ,
        **{name: str(path) for name, path in files.items()},
        **{key: given[re.fullmatch(r"\$\{\{ inputs\.([\w-]+) \}\}", value)[1]] for key, value in step["env"].items()},  # type: ignore[index] # or the test fails
        "RUNNER_TEMP": str(temporary),
        "PATH": f"{temporary / 'bin'}:{os.environ['PATH']}",
    }
    script = temporary / "step.sh"
    script.write_text(step["run"], encoding="utf-8")
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
        check=False,
        capture_output=True,
        text=True,
        cwd=repository,
        env=environment,
    )
    outputs = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text(encoding="utf-8").splitlines())
    return done.returncode, done.stdout + done.stderr, files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8"), outputs


def test_nothing_from_outside_is_part_of_a_script() -> None:
    steps = ACTION["runs"]["steps"]

    assert [step["run"] for step in steps if "${{" in step.get("run", "")] == []
    assert all(step["shell"] == "bash" for step in steps if "run" in step)
    outputs = {output["value"] for output in ACTION["outputs"].values()}
    assert outputs == {f"${{{{ steps.check.outputs.{name} }}}}" for name in ACTION["outputs"]}


def test_the_action_writes_annotations_a_summary_and_files(repository: Path) -> None:
    code, log, summary, outputs = check_step(repository, **{"fail-on": "medium\nspof>0\n"})

    assert code == 1, log
    assert f"::error file={FILE},line=2,col=" in log
    assert summary.startswith("<!-- cascade:check -->")
    assert outputs["passed"] == "false"
    assert all(Path(outputs[name]).is_file() for name in ("sarif", "junit", "summary"))


@pytest.mark.parametrize(
    ("bar", "against", "code"), [("high", "", 0), ("new-finding", "HEAD", 0), ("new-finding", "HEAD~1", 1)]
)
def test_the_action_compares_with_the_base(bar: str, against: str, code: int, repository: Path) -> None:
    found, log, _, outputs = check_step(repository, **{"fail-on": bar, "against": against})

    assert found == code, log
    assert outputs["passed"] == ("true" if code == 0 else "false")


def test_the_action_takes_a_new_file_for_wholly_new(repository: Path) -> None:
    (repository / "new.yaml").write_text(AFTER, encoding="utf-8")

    code, log, _, _ = check_step(repository, **{"file": "new.yaml", "fail-on": "new-finding", "against": "HEAD"})

    assert code == 1
    assert "HEAD has no new.yaml: all of it is new." in log


def test_the_action_fetches_a_base_that_is_not_there(repository: Path) -> None:
    clone = repository.parent / "clone"
    git(repository.parent, "clone", "--quiet", "--depth=1", repository.as_uri(), str(clone))
    git(repository, "branch", "release", "HEAD~1")

    code, log, _, _ = check_step(clone, **{"fail-on": "new-finding", "against": "release"})

    assert code == 1, log


def test_the_action_knows_a_file_by_any_of_its_paths(repository: Path) -> None:
    for file in (str(repository / FILE), f"./{FILE}"):
        code, log, _, _ = check_step(repository, **{"file": file, "fail-on": "new-finding", "against": "HEAD~1"})

        assert code == 1, log
        assert "all of it is new" not in log


def test_the_action_stops_where_there_is_no_telling_what_is_new(repository: Path) -> None:
    git(repository, "switch", "--quiet", "--create", "broken")
    (repository / FILE).write_text("services: {web: {calls: [nobody]}}", encoding="utf-8")
    git(repository, "commit", "--quiet", "--all", "--message", "broken")
    git(repository, "checkout", "--quiet", "main")
    (repository.parent / "elsewhere.yaml").write_text(BEFORE, encoding="utf-8")

    for inputs, words in (
        ({"against": "broken"}, "unknown service or group 'nobody'\n"),
        ({"against": "nowhere"}, "::error::the base to compare with cannot be fetched\n"),
        ({"against": "main", "file": "../elsewhere.yaml"}, "::error::the topology file is not in this repository\n"),
    ):
        code, log, _, outputs = check_step(repository, **inputs)

        assert (code, outputs) == (2, {"passed": "false"}), log
        assert words in log


@pytest.mark.parametrize("name", ["file", "fail-on", "against", "baseline"])
def test_no_input_of_the_action_is_a_command(name: str, repository: Path) -> None:
    code, _, _, outputs = check_step(repository, **{name: NASTY})

    assert code != 0
    assert outputs.get("passed") != "true"
    assert not (repository / "pwned").exists()


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_runs(hook: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "topology.yaml", tmp_path / "other.yaml"
    good.write_text(BEFORE, encoding="utf-8")
    bad.write_text("services: {web: {calls: [nobody]}}", encoding="utf-8")
    program, command, *options = shlex.split(hook["entry"])

    assert program == "cascade"
    assert command in COMMANDS
    assert hook["id"] == f"cascade-{command}"
    assert (hook["language"], hook["types"]) == ("python", ["yaml"])
    assert run([command, *options, str(good)]) == 0
    assert run([command, *options, str(bad)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    if hook.get("pass_filenames", True):
        assert run([command, *options, str(good), str(good)]) == 0
        assert re.search(hook["files"], "a/topologies/shop.yml")
        assert re.search(hook["files"], "topology.yaml")
        assert not re.search(hook["files"], "docs/values.yaml")
