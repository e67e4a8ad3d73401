"""Each expectation met and not met, on systems small enough to know the answer by hand."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import jsonschema
import pytest

import cascade
from cascade import Expect, Expectation
from cascade.report.schemas import document_schema
from cascade.testing import assert_expectations, check_scenarios
from cascade_cli import run as run_command

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT: Final = Path(__file__).parents[2]
SYSTEM: Final = """
services:
  web:
    demand: 100/s
    calls:
      - {to: db, retry: {max_attempts: 3, backoff: {initial: 1ms}}}
      - {to: mail, needs: soft, circuit_breaker: {failure_rate: 50%, window: 10s}}
      - {to: queue, needs: async}
  status: {demand: 10/s}
  db:
  mail:
  queue: {capacity: 110/s, durable: true}
  idle: {calls: [db]}
fleets: {hosts: {size: 100, sets_capacity_of: [idle]}}
"""
FAULTS: Final = {
    "db": [{"at": 300.0, "fail": "db", "lasts_s": 60.0}],
    "for good": [{"at": 300.0, "fail": "db"}],
    "mail": [{"at": 300.0, "fail": "mail", "lasts_s": 60.0}],
    "queue": [{"at": 300.0, "fail": "queue", "lasts_s": 10.0}],
    "hosts": [{"at": 300.0, "lose": "hosts", "share_fraction": 0.4}, {"at": 600.0, "restore": "hosts"}],
    "surge": [{"at": 300.0, "surge": "web", "factor": 1.5, "lasts_s": 60.0}],
    "blink": [{"at": 300.2, "fail": "db", "lasts_s": 0.2}],
    "nothing": [],
}
STEP_S: Final = 0.1


def played(fault: str, expect: Mapping[str, Any], *, samples: int = 1200) -> cascade.Run:
    """Play twenty minutes with a fault."""
    scenario = cascade.Scenario.model_validate({"duration_s": 1200.0, "events": FAULTS[fault], "expect": expect})
    return cascade.simulate(cascade.loads(SYSTEM), scenario, clock=cascade.Clock(step_s=STEP_S, samples=samples))


def only(fault: str, expect: Mapping[str, Any]) -> Expectation:
    """Give the one expectation of a scenario."""
    [found] = cascade.expectations(played(fault, expect))
    assert [found.key] == [*expect]
    return found


@pytest.mark.parametrize(
    ("fault", "expect", "is_met", "value", "part", "time_s"),
    [
        # back with the repair at 6m, seen by the sample after it; a sample is a second
        ("db", {"recovers_within": 5.0}, True, 1.0, "web", 361.0),
        ("db", {"recovers_within": 0.5}, False, 1.0, "web", 361.0),
        ("db", {"recovers_within": {"within": 0.0, "of": ["status", "mail"]}}, True, 0.0, None, None),
        ("for good", {"recovers_within": 1000.0}, False, None, None, None),
        ("nothing", {"recovers_within": 0.0}, True, 0.0, None, None),
        ("surge", {"recovers_within": 0.0}, True, 0.0, None, None),
        # 100/s for ten seconds, on top of the 9.1 that wait at nine tenths of its capacity
        ("queue", {"recovers_within": {"within": 2.0, "of": ["queue"]}}, True, 1.0, "queue", 311.0),
        ("queue", {"backlog_below": {"count": 1010.0, "at": "queue"}}, True, 1009.1, "queue", 310.0),
        ("queue", {"backlog_below": 1009.0}, False, 1009.1, "queue", 310.0),
        ("hosts", {"backlog_below": {"count": 40.5, "at": "hosts"}}, True, 40.0, "hosts", 301.0),
        ("hosts", {"backlog_below": {"count": 40.0, "at": "hosts"}}, False, 40.0, "hosts", 301.0),
        ("db", {"stays_up": ["status"]}, True, None, "status", None),
        ("db", {"stays_up": ["web"]}, False, None, "web", 300.0),
        ("hosts", {"stays_up": ["hosts"]}, False, None, "hosts", 300.0),
        # all of 100/s for a minute; status loses nothing
        ("db", {"loses_at_most": 6001.0}, True, 6000.0, "web", None),
        ("db", {"loses_at_most": 5999.0}, False, 6000.0, "web", None),
        ("mail", {"loses_at_most": 0.0}, True, 0.0, None, None),
        # three attempts, a millisecond apart
        ("db", {"peak_amplification": 3.01}, True, 3.0, "db", None),
        ("db", {"peak_amplification": {"below": 2.99, "at": "db"}}, False, 3.0, "db", None),
        ("surge", {"peak_amplification": {"below": 1.5, "at": "status"}}, True, 1.0, "status", None),
        ("surge", {"peak_amplification": 1.5}, False, 1.5, "web", None),
        ("db", {"peak_amplification": {"below": 3.0, "at": "idle"}}, False, None, "idle", None),
        # smoothed failures reach one half after 10 s times ln 2 = 6.93 s
        ("mail", {"breaker_opens_within": 7.2}, True, 6.9, "web -> mail", 306.9),
        ("mail", {"breaker_opens_within": {"within": 6.8, "call": "web -> mail"}}, False, 6.9, "web -> mail", 306.9),
        ("db", {"breaker_opens_within": 1000.0}, False, None, None, None),
    ],
)
def test_expectations_are_met_or_not(  # noqa: PLR0913, PLR0917 - the columns of the table
    fault: str,
    expect: dict[str, Any],
    is_met: bool,  # noqa: FBT001 - as above
    value: float | None,
    part: str | None,
    time_s: float | None,
) -> None:
    found = only(fault, expect)

    assert found.is_met is is_met
    assert found.part == part
    assert found.value == (None if value is None else pytest.approx(value, rel=0.02, abs=1e-6))
    if time_s is not None:
        assert found.time_s == pytest.approx(time_s, abs=0.25)


def test_what_fails_between_two_samples_does_not_stay_up() -> None:
    found = cascade.expectations(played("blink", {"stays_up": ["web", "status"]}, samples=20))

    assert [(expectation.is_met, expectation.time_s) for expectation in found] == [
        (False, pytest.approx(300.2, abs=0.15)),
        (True, None),
    ]


def test_what_is_down_from_the_beginning_never_stays_up() -> None:
    system = cascade.loads("services: {web: {demand: 10/s, calls: [db]}, db: {capacity: 1/s, queue: 1}}")
    scenario = cascade.Scenario(
        duration_s=60.0, events=(cascade.Event(at=30.0, fail="db", lasts_s=1.0),), expect=Expect(stays_up=("web",))
    )

    [found] = cascade.expectations(cascade.simulate(system, scenario))

    assert not found.is_met
    assert found.found == "web is outside its objective before anything happens"


def test_a_breaker_that_opens_before_the_first_event_is_no_answer_to_it() -> None:
    call = "{to: mail, circuit_breaker: {failure_rate: 50%, window: 10s}}"
    system = cascade.loads(f"services: {{web: {{demand: 10/s, calls: [{call}]}}, mail: {{rate_limit: 1/s}}, db: }}")
    scenario = cascade.Scenario.model_validate(
        {"events": [{"at": 300.0, "fail": "db"}], "expect": {"breaker_opens_within": 3600.0}}
    )

    [found] = cascade.expectations(cascade.simulate(system, scenario))

    assert not found.is_met
    assert found.found == "that of web -> mail opened before anything happened"


def test_a_storm_that_stays_never_recovers_and_says_so() -> None:
    storm = cascade.load(ROOT / "topologies/retry-storm.yaml")
    scenario = storm.scenarios["storm"].changed(expect=Expect.model_validate({"recovers_within": "5m"}))

    [found] = cascade.expectations(cascade.simulate(storm, scenario))

    assert str(found) == "FAIL: recovers within 5m; web is not back when the run ends, 24m after the repair"


def test_nothing_is_expected_by_default() -> None:
    assert cascade.expectations(cascade.simulate(cascade.loads(SYSTEM), cascade.Scenario(duration_s=60.0))) == ()


def test_names_in_scenarios_of_python_are_looked_up_too() -> None:
    with pytest.raises(cascade.ScenarioError, match=r"^expect\.stays_up: unknown .* 'wep', did you mean 'web'\?$"):
        cascade.expectations(played("db", {"stays_up": ["wep"]}))


def test_files_and_python_say_the_same(tmp_path: Path) -> None:
    short = file_with(tmp_path, "{recovers_within: 90s, peak_amplification: 3, backlog_below: 500, loses_at_most: 7}")

    expect = cascade.load(short).scenarios["outage"].expect

    assert expect == Expect.model_validate(
        {
            "recovers_within": {"within_s": 90.0},
            "peak_amplification": {"below": 3.0},
            "backlog_below": {"count": 500.0},
            "loses_at_most_count": 7.0,
        }
    )


def file_with(folder: Path, expect: str) -> Path:
    """Write a topology whose only scenario expects something."""
    path = folder / "system.yaml"
    outage = f"outage: {{duration: 20m, events: [{{at: 5m, fail: db, for: 1m}}], expect: {expect}}}"
    path.write_text(f"{SYSTEM}scenarios:\n  quiet: {{duration: 1m}}\n  {outage}\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("command", ["simulate", "blast-radius"])
@pytest.mark.parametrize("form", ["text", "json", "csv", "markdown"])
def test_the_exit_code_says_whether_all_is_as_expected(command: str, form: str, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    met = str(file_with(tmp_path, "{stays_up: [status]}"))
    rest = ("--scenario", "outage", "--format", form, "--output", out)

    assert run_command([command, met, *rest]) == 0

    missed = str(file_with(tmp_path, "{stays_up: [status, web], recovers_within: 1m}"))
    assert run_command([command, missed, *rest]) == 1
    assert run_command([command, missed, *rest, "--exit-zero"]) == 0
    assert run_command([command, missed, "--format", form, "--output", out, "--scenario", "quiet"]) == 0


@pytest.mark.parametrize("command", ["simulate", "blast-radius"])
def test_reports_and_documents_carry_them(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(file_with(tmp_path, "{stays_up: [status, web]}"))

    assert run_command([command, file, "-s", "outage"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert run_command([command, file, "-s", "outage", "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)

    assert any(re.fullmatch(r"pass +status stays up +status never leaves its objective", line) for line in lines)
    assert any(line.startswith("FAIL") and line.endswith("+5m") for line in lines)
    assert [(found["key"], found["part"], found["is_met"]) for found in document["expectations"]] == [
        ("stays_up", "status", True),
        ("stays_up", "web", False),
    ]
    jsonschema.validate(document, document_schema(command))
    assert document["expectations"][1]["time_s"] == pytest.approx(300.0, abs=0.5)


def test_failures_that_are_added_are_held_to_the_same(tmp_path: Path) -> None:
    file = str(file_with(tmp_path, "{stays_up: [status]}"))
    command = ["simulate", file, "-s", "outage", "-o", str(tmp_path / "out")]

    assert run_command(command) == 0
    assert run_command([*command, "--fail", "status@10m+1m"]) == 1


def pytest_run(folder: Path, test: str) -> subprocess.CompletedProcess[str]:
    """Run a test file of somebody else's project."""
    (folder / "test_resilience.py").write_text(test, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:randomly", "-p", "no:cacheprovider"]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder)


ONE_LINE: Final = """
from pathlib import Path
from cascade.testing import check_scenarios

test_scenario = check_scenarios(Path(__file__).parent / "system.yaml")
"""


def test_scenarios_are_tests_of_pytest(tmp_path: Path) -> None:
    file_with(tmp_path, "{stays_up: [status, web], recovers_within: 1m}")

    done = pytest_run(tmp_path, ONE_LINE)

    assert done.returncode == 1
    assert "test_resilience.py::test_scenario[outage] FAILED" in done.stdout
    assert "topology: outage fails 1 of 3 expectations" in done.stdout
    assert "\n  FAIL: web stays up; web leaves its objective: is refused by db (at 5m)\n" in done.stdout
    assert "1 failed in" in done.stdout
    assert "Traceback" not in done.stdout

    file_with(tmp_path, "{stays_up: [status]}")
    assert "1 passed in" in pytest_run(tmp_path, ONE_LINE).stdout


def test_a_test_of_nothing_is_an_error(tmp_path: Path) -> None:
    system = cascade.loads(SYSTEM)

    with pytest.raises(cascade.ScenarioError, match="no scenario of topology expects anything"):
        check_scenarios(system)
    with pytest.raises(cascade.ScenarioError, match="no scenario of topology expects anything"):
        assert_expectations(system)
    with pytest.raises(cascade.ScenarioError, match="expects nothing"):
        assert_expectations(file_with(tmp_path, "{stays_up: [status]}"), "quiet")


def test_the_helper_names_what_failed_and_is_silent_otherwise(tmp_path: Path) -> None:
    assert_expectations(file_with(tmp_path, "{stays_up: [status]}"))
    with pytest.raises(AssertionError, match=r"outage fails 1 of 1 expectation\n  FAIL: web stays up"):
        assert_expectations(cascade.load(file_with(tmp_path, "{stays_up: [web]}")), "outage")
