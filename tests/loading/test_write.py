"""What is written is read again as the same topology."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import networkx as nx
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import cascade
from cascade.loading import nodes
from cascade.loading.layout import WIDTH, block, block_key, entry_lines, flow, scalar_text
from cascade.loading.nodes import parse
from cascade.loading.write import written
from cascade.units import Uncertain
from tests.engine.strategies import topologies

TOPOLOGIES: Final = sorted((Path(__file__).parents[2] / "topologies").glob("*.yaml"))
HALF_A_PAIR: Final = "\ud800"
SIGNS: Final = st.characters(exclude_categories=["Cs"]) | st.sampled_from("{}[]:,-&*!|>'\"#\n ?@`%~.<=0123e+_")
TEXTS: Final = st.text(SIGNS, max_size=20) | st.text(st.sampled_from("-.:0 #e+x?,~"), max_size=4)
SINGLE: Final = (
    st.none()
    | st.booleans()
    | st.integers(-(10**299), 10**299)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
TREES: Final = st.recursive(
    SINGLE, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=12
)

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(params=["fast", "plain"])
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parsers of YAML, of which not every machine has the fast one."""
    if request.param == "plain":
        monkeypatch.setattr(nodes, "LOADER", yaml.SafeLoader)


def read(text: str) -> Any:
    root, problems = parse(text, "")
    assert problems == []
    return root.plain


@given(TREES)
def test_any_value_is_read_as_it_was(value: Any) -> None:
    for loader in (nodes.LOADER, yaml.SafeLoader):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(nodes, "LOADER", loader)

            assert read(flow(value)) == value
            assert read(f"key: {flow(value)}") == {"key": value}
            assert read("\n".join(entry_lines("key", value, ""))) == {"key": value}
            assert read("\n".join(block({"a": [{"b": value}], "c": value}))) == {"a": [{"b": value}], "c": value}


@pytest.mark.parametrize(
    "text", ["db", "250ms", "1:30", "no", "a b", "x#y", "http://a:80", "80%", "2025-10-20T02:25:00Z"]
)
def test_what_needs_no_quotes_has_none(text: str) -> None:
    assert scalar_text(text) == text


@pytest.mark.parametrize(
    "text", ["", "12", "1e3", "0x1f", "true", "null", "~", "a: b", "a #b", "- a", "*a", "a,b", " a"]
)
def test_what_would_be_read_as_something_else_is_quoted(text: str) -> None:
    assert scalar_text(text) == f'"{text}"'


def test_brackets_and_commas_need_quotes_within_brackets_only() -> None:
    assert block({"a": "x, {y}", "b": ["x, {y}"]}) == ["a: x, {y}", 'b: ["x, {y}"]']


def test_what_cannot_be_seen_is_an_escape() -> None:
    assert scalar_text('a\x1b[2J\u202e"') == r'"a\x1b[2J\u202e\""'
    assert scalar_text(HALF_A_PAIR) == "\ufffd"


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize("sign", ["\u200b", "\ufeff", "\U000e0001"])
def test_keys_too_long_for_yaml_are_read_again(sign: str) -> None:
    key = sign * 200

    assert read(f"a:\n  {block_key(key, '  ')} 1\n  b: {flow({key: 2})}\n") == {"a": {key: 1, "b": {key: 2}}}


@given(topologies())
def test_any_topology_is_read_as_it_was(topology: cascade.Topology) -> None:
    text = written(topology)

    assert cascade.loads(text) == topology
    assert written(cascade.loads(text)) == text


@pytest.mark.parametrize("path", TOPOLOGIES, ids=lambda path: path.stem)
def test_real_files_are_written_as_somebody_would(path: Path) -> None:
    topology = cascade.load(path)
    text = written(topology)

    assert cascade.loads(text) == topology
    assert "services:\n  " in text
    assert [line for line in text.splitlines() if len(line) > WIDTH and line.count(":") > 2 and "{" in line] == []


def test_numbers_keep_their_last_digit_and_distributions_their_bounds() -> None:
    text = """
services:
  web: {demand: {rate: 0.1234567890123456/s}, service_time: {uniform: [1s, 3s]}, calls: [{to: db, per_request: 0.1}]}
  db: {slo: {success: 0.123456789012345678}, recovery: {crashes_below: {uniform: [40%, 60%]}}}
"""
    again = cascade.loads(written(cascade.loads(text)))

    assert again == cascade.loads(text)
    for found in (again.services["web"].service_time_s, again.services["db"].recovery.crashes_below_fraction):
        assert isinstance(found, Uncertain)
    assert written(again).count("uniform") == 2


def test_short_forms_are_used_where_they_say_it_all() -> None:
    text = """
services: {web: {demand: {rate: 2/s}, calls: [{to: "1"}, {to: db, needs: soft}]}, "1": {}, db: }
domains: {all: {members: {web: 100%, db: 1}}, some: {members: {web: 50%}}, both: {members: [web], beta: 5%}}
"""
    assert written(cascade.loads(text)).splitlines()[3:] == [
        "services:",
        '  web: {demand: 2/s, calls: ["1", {to: db, needs: soft}]}',
        '  "1": {}',
        "  db: {}",
        "",
        "domains:",
        "  all: [web, db]",
        "  some: {members: {web: 50%}}",
        "  both: {members: [web], beta: 5%}",
    ]


def test_a_graph_is_written_as_a_file() -> None:
    topology = cascade.from_networkx(nx.DiGraph([("web", "app"), ("app", "db")]))

    again = cascade.loads(written(topology))

    assert again.graph.edges == topology.graph.edges
    assert [name for name, service in again.services.items() if service.is_entry_point] == ["web"]


@given(st.text(SIGNS.filter(lambda sign: not sign.isspace() and sign != ">"), min_size=1, max_size=200))
def test_names_of_any_kind_are_read_again(name: str) -> None:
    build: Callable[[], cascade.Topology] = lambda: cascade.Topology.model_validate({"services": {name: {}}})  # noqa: E731
    try:
        topology = build()
    except ValueError:
        return  # white space by another definition

    assert cascade.loads(written(topology)) == topology
