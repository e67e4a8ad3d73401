"""Fault trees in the Open-PSA format: what is read, what is refused, and that writing loses nothing."""

from __future__ import annotations

import random

import numpy as np
import pytest

from cascade.errors import TopologyError
from cascade.loading.open_psa import loads_open_psa
from cascade.logic import exact
from cascade.logic.fault_tree import FaultTree
from cascade.logic.gates import make_gates
from cascade.report.open_psa import open_psa
from tests.logic import oracle

EVENTS = "".join(
    f'<define-basic-event name="{name}"><float value="{p}"/></define-basic-event>'
    for name, p in (("a", 0.1), ("b", 0.2), ("c", 0.3))
)
A, B, C = (f'<basic-event name="{name}"/>' for name in "abc")


def model(*gates: str, data: str = EVENTS) -> str:
    """Write a model; the first gate is the top."""
    return f'<opsa-mef>\n<define-fault-tree name="t">\n{"".join(gates)}</define-fault-tree>\n{data}</opsa-mef>'


def gate(name: str, formula: str) -> str:
    return f'<define-gate name="{name}">{formula}</define-gate>\n'


def chance(text: str) -> float:
    return exact.solve(exact.solution_of(loads_open_psa(text))).probability


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (f"<or>{A}{B}</or>", 1 - 0.9 * 0.8),
        (f"<and>{A}{B}</and>", 0.02),
        (f"<not>{A}</not>", 0.9),
        (f"<nor>{A}{B}</nor>", 0.9 * 0.8),
        (f"<nand>{A}{B}</nand>", 0.98),
        (f"<xor>{A}{B}</xor>", 0.1 * 0.8 + 0.9 * 0.2),
        (f"<xor>{A}{B}{C}</xor>", (1 - 0.8 * 0.6 * 0.4) / 2),
        (f"<iff>{A}{B}</iff>", 0.1 * 0.2 + 0.9 * 0.8),
        (f"<imply>{A}{B}</imply>", 1 - 0.1 * 0.8),
        (f'<atleast min="2">{A}{B}{C}</atleast>', 0.1 * 0.2 + 0.1 * 0.3 + 0.2 * 0.3 - 2 * 0.006),
        (f'<atleast min="2">{A}{A}{B}</atleast>', 0.1),
        (f'<cardinality min="1" max="1">{A}{B}</cardinality>', 0.1 * 0.8 + 0.9 * 0.2),
        (f'<or>{A}<and>{B}<constant value="true"/></and><house-event name="h"/></or>', 1 - 0.9 * 0.8),
    ],
)
def test_formulas_mean_what_they_say(formula: str, expected: float) -> None:
    house = '<define-house-event name="h"><constant value="false"/></define-house-event>'

    assert chance(model(gate("top", formula), data=EVENTS + house)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('<exponential><float value="0.001"/><float value="100"/></exponential>', -np.expm1(-0.1)),
        ('<mul><parameter name="q"/><int value="2"/></mul>', 0.5),
        (
            '<GLM><float value="0"/><float value="1"/><float value="3"/><float value="1"/></GLM>',
            0.25 * (1 - np.exp(-4.0)),
        ),
        ('<sub><float value="1"/><div><float value="1"/><int value="4"/></div></sub>', 0.75),
    ],
)
def test_expressions_are_worked_out(expression: str, expected: float) -> None:
    data = f'<define-parameter name="q"><float value="0.25"/></define-parameter>\
<define-basic-event name="a"><label>of a</label>{expression}</define-basic-event>'

    assert chance(model(gate("top", f"<or>{A}</or>"), data=data)) == pytest.approx(expected, rel=1e-12)


def test_common_causes_are_split_off() -> None:
    group = f"""<define-CCF-group name="pair" model="beta-factor"><members>{A}{B}</members>
<distribution><float value="0.1"/></distribution><factor><float value="0.2"/></factor></define-CCF-group>"""

    found = chance(model(gate("top", f"<and>{A}{B}</and>"), data=group))

    assert found == pytest.approx(1 - (1 - 0.02) * (1 - 0.08**2), rel=1e-12)


def test_the_innermost_private_gate_is_meant() -> None:
    part = f'<define-component name="x"><define-gate name="g" role="private"><or>{A}</or></define-gate>\
<define-gate name="out"><or><gate name="g"/></or></define-gate></define-component>'
    other = gate("g", f"<or>{B}</or>")

    text = model(gate("top", '<and><gate name="out"/><gate name="g"/></and>'), other, part)

    assert chance(text) == pytest.approx(0.02, rel=1e-12)


BROKEN = {
    "no xml": ("services: {}", "<text>:1:1: no well-formed XML"),
    "cut off": ("<opsa-mef><define-fault-tree>", "<text>:1:30: no well-formed XML"),
    "doctype": ('<!DOCTYPE a [<!ENTITY b "c">]><opsa-mef/>', "take the DOCTYPE out"),
    "other format": ("<html/>", "expected <opsa-mef>"),
    "unknown gate": (
        model(gate("top", '<or><gate name="tpo"/></or>')),
        "<text>:3:29: unknown gate 'tpo', did you mean",
    ),
    "twice": (model(gate("top", f"<or>{A}</or>"), gate("top", f"<or>{B}</or>")), "'top' is defined twice"),
    "two tops": (model(gate("x", f"<or>{A}</or>"), gate("y", f"<or>{B}</or>")), "found x, y; say which with top"),
    "no top": (model(gate("x", '<or><gate name="y"/></or>'), gate("y", '<or><gate name="x"/></or>')), "every gate is"),
    "odd formula": (model(gate("top", f"<maybe>{A}</maybe>")), "<maybe> is no formula that is supported"),
    "odd count": (model(gate("top", f'<atleast min="3">{A}{B}</atleast>')), "expected min from 0 to 2, got '3'"),
    "no formula": (model(gate("top", "")), "needs one formula, got 0"),
    "no chance": (model(gate("top", f"<or>{A}</or>"), data=EVENTS.replace("0.1", "1.5")), "from 0 to 1, got 1.5"),
    "no number": (model(gate("top", f"<or>{A}</or>"), data=EVENTS.replace("0.1", "x")), "expected a number as value"),
    "circle": (
        model(
            gate("top", f"<or>{A}</or>"),
            data='<define-parameter name="q"><parameter name="q"/></define-parameter>'
            '<define-basic-event name="a"><parameter name="q"/></define-basic-event>',
        ),
        "parameter 'q' stands in a circle",
    ),
    "always": (model(gate("top", '<or><constant value="true"/></or>')), "'top' is always down"),
    "event tree": ("<opsa-mef><define-event-tree name='e'/></opsa-mef>", "<define-event-tree> is not supported"),
    "too deep": ("<opsa-mef>" + "<a>" * 300, "nested too deep"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_wrong_is_said_with_its_place(case: str) -> None:
    text, message = BROKEN[case]

    with pytest.raises(TopologyError) as caught:
        loads_open_psa(text)

    assert message in str(caught.value)
    assert all(line.startswith("<text>:") for line in str(caught.value).splitlines())


@pytest.mark.parametrize("block", range(10))
def test_what_is_written_means_the_same(block: int) -> None:
    for number in range(40):
        draw = random.Random(1000 * block + number)
        tree = oracle.some_tree(draw, oracle.some_gates(draw, 8))
        expected = oracle.minimal_cut_sets(tree.gates, [tree.top])
        if expected in (set(), {()}):
            continue

        back = loads_open_psa(open_psa(tree))

        names = {
            tuple(sorted(back.nodes[node] for node in nodes))
            for nodes in oracle.minimal_cut_sets(back.gates, [back.top])
        }
        assert names == {tuple(sorted(tree.nodes[node] for node in nodes)) for nodes in expected}
        assert oracle.probability_of(back) == pytest.approx(oracle.probability_of(tree), rel=1e-12)


def test_names_of_any_kind_come_back() -> None:
    back = loads_open_psa(open_psa(named_tree(("top", "a b", "ü<&>", "gate_top"))))

    assert {"a b", "ü<&>", "gate_top"} <= set(back.nodes)


def named_tree(names: tuple[str, ...]) -> FaultTree:
    gates = make_gates([([1, 2, 3], 2), ([], 1), ([], 1), ([], 1)], [False, True, True, True])
    return FaultTree("names", names, gates, np.zeros(3, np.bool_), 0, np.array([0.0, 0.1, 0.2, 0.3]))
