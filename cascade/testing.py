"""Expectations of scenarios as tests: resilience settings tested like code.

``test_resilience.py`` of a project, run by ``pytest``::

    from cascade.testing import check_scenarios

    test_scenario = check_scenarios("system.yaml")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cascade.errors import ScenarioError
from cascade.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cascade.model import Scenario, Topology

__all__ = ["assert_expectations", "check_scenarios"]


def check_scenarios(topology: Topology | str | Path) -> Callable[..., None]:
    """Give one ``pytest`` test for each scenario of a topology, or of a file, that expects something.

    Raises
    ------
    CascadeError
        When the file has a problem, or no scenario of it expects anything: a test of nothing would always pass.
    """
    import pytest  # noqa: PLC0415 - a tool of those who test, no part of what Cascade needs

    found = read(topology)
    names = expecting(found)

    @pytest.mark.parametrize("scenario", names)
    def test(scenario: str) -> None:
        __tracebackhide__ = True
        failure = failure_of(found, scenario)
        if failure:
            pytest.fail(failure, pytrace=False)

    test.__doc__ = f"What the scenarios of {found.name} must come to."
    test.__test__ = True  # type: ignore[attr-defined] # pytest reads it
    return test


def assert_expectations(topology: Topology | str | Path, scenario: Scenario | str | None = None) -> None:
    """Raise an ``AssertionError`` that names what is not as expected in a scenario, or in any that expects something.

    Examples
    --------
    >>> import cascade
    >>> shop = cascade.loads("services: {web: {demand: 10/s, calls: [db]}, db: }")
    >>> outage = cascade.Scenario(events=[cascade.Event(at=300, fail="db")], expect=cascade.Expect(stays_up=["web"]))
    >>> assert_expectations(shop, outage)
    Traceback (most recent call last):
    AssertionError: topology: the scenario fails 1 of 1 expectation
      FAIL: web stays up; web leaves its objective: is refused by db (at 5m)

    Raises
    ------
    AssertionError
        When an expectation is not met.
    CascadeError
        When the file has a problem, or nothing is expected.
    """
    __tracebackhide__ = True
    found = read(topology)
    scenarios = expecting(found) if scenario is None else [scenario]
    failures = [failure for name in scenarios if (failure := failure_of(found, name))]
    if failures:
        raise AssertionError("\n".join(failures))


def read(topology: Topology | str | Path) -> Topology:
    """Give the topology, read from its file if need be."""
    import cascade  # noqa: PLC0415 - so that a test session starts quickly

    return topology if isinstance(topology, cascade.Topology) else cascade.load(topology)


def expecting(topology: Topology) -> list[str]:
    """Give the names of the scenarios that expect something."""
    names = [name for name, scenario in topology.scenarios.items() if scenario.expect]
    if not names:
        raise ScenarioError(f"no scenario of {topology.name} expects anything; give one 'expect'")
    return names


def failure_of(topology: Topology, scenario: Any) -> str:
    """Play a scenario and say what is not as expected, one line for each; nothing when all is."""
    import cascade  # noqa: PLC0415 - as above

    run = cascade.simulate(topology, scenario)
    found = cascade.expectations(run)
    if not found:
        raise ScenarioError(f"the scenario of {topology.name} expects nothing; give it 'expect'")
    lines = [f"  {expectation}" for expectation in found if not expectation.is_met]
    name = run.scenario_name if run.scenario_name in topology.scenarios else "the scenario"
    return (
        "\n".join([f"{topology.name}: {name} fails {len(lines)} of {counted(len(found), 'expectation')}", *lines])
        if lines
        else ""
    )
