"""Cut sets, probabilities and importances are those of trying every subset."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cascade.errors import CascadeError
from cascade.logic import bounds, cut_sets, exact
from cascade.logic.fault_tree import FaultTree
from cascade.logic.gates import Gates, make_gates
from cascade.logic.importance import Importance, importance
from cascade.logic.store import OutOfBudget
from tests.logic import oracle

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCKS = range(10)


def drawn(block: int, count: int = 200) -> Iterator[tuple[random.Random, FaultTree]]:
    """Draw trees; one in fifty has up to 14 elements."""
    for number in range(count):
        draw = random.Random(1000 * block + number)
        yield draw, oracle.some_tree(draw, oracle.some_gates(draw, 14 if number % 50 == 0 else 9))


@pytest.mark.parametrize("block", BLOCKS)
def test_minimal_cut_sets_are_those_of_all_subsets(block: int) -> None:
    for draw, tree in drawn(block):
        targets = [tree.top, draw.randrange(tree.gates.size)] if draw.random() < 0.3 else [tree.top]
        targets = list(dict.fromkeys(targets))
        order = draw.randint(1, 5)
        expected = {nodes for nodes in oracle.minimal_cut_sets(tree.gates, targets) if len(nodes) <= order}

        found = cut_sets.cut_sets(tree.gates, targets, order=order)

        listed = list(found)
        assert set(listed) == expected
        assert len(listed) == len(found) == len(expected)
        assert list(found.counts) == [sum(len(nodes) == size for nodes in expected) for size in range(1, order + 1)]
        assert listed == sorted(listed, key=lambda nodes: (len(nodes), nodes))


@pytest.mark.parametrize("block", BLOCKS)
def test_events_may_stand_for_several_failures(block: int) -> None:
    for draw, tree in drawn(block, 50):
        orders = np.array([draw.choice([1, 1, 2, 3]) for _ in range(tree.gates.size)], np.int32)
        expected = oracle.minimal_cut_sets(tree.gates, [tree.top])
        by_order = oracle.sets_by_order(expected, orders)

        found = cut_sets.cut_sets(tree.gates, [tree.top], order=4, orders=orders)

        assert set(found) == {nodes for nodes in expected if orders[list(nodes)].sum() <= 4}
        assert list(exact.count_cut_sets(exact.solution_of(tree), orders=orders)) == by_order


@pytest.mark.parametrize("block", BLOCKS)
def test_probabilities_and_importances_are_those_of_all_subsets(block: int) -> None:
    for _, tree in drawn(block):
        solution = exact.solution_of(tree)
        solved = exact.solve(solution)
        expected = oracle.probability_of(tree)

        assert solved.probability == pytest.approx(expected, rel=1e-12, abs=1e-300)
        if expected > 0.0:
            hold_importances(tree, importance(solution, solved), expected)


def hold_importances(tree: FaultTree, found: Importance, expected: float) -> None:
    """Compare every measure of every event with its definition."""
    for node in range(tree.gates.size):
        measures = {name: float(getattr(found, name)[node]) for name in NAMES}
        if not tree.gates.fails[node]:
            assert all(math.isnan(value) for value in measures.values())
            continue
        p = tree.probability[node]
        there, missing = oracle.given(tree, node, 1.0), oracle.given(tree, node, 0.0)
        assert measures["birnbaum"] == pytest.approx(there - missing, abs=1e-12)
        assert measures["criticality"] == pytest.approx((there - missing) * p / expected, abs=1e-9)
        assert measures["diagnostic"] == pytest.approx(there * p / expected, abs=1e-9)
        assert measures["raw"] == pytest.approx(there / expected, rel=1e-9)
        assert measures["fussell_vesely"] == pytest.approx(oracle.fussell_vesely(tree, node), abs=1e-9)
        if missing > 1e-9 * expected:
            assert measures["rrw"] == pytest.approx(expected / missing, rel=1e-6)


NAMES = ("birnbaum", "criticality", "diagnostic", "raw", "rrw", "fussell_vesely")


@pytest.mark.parametrize("block", BLOCKS)
def test_bounds_hold_and_samples_come_near(block: int) -> None:
    for draw, tree in drawn(block, 20):
        expected = oracle.probability_of(tree)
        every = cut_sets.cut_sets(tree.gates, [tree.top], order=14)

        assert bounds.rare_event(every, tree.probability) >= expected - 1e-12
        assert expected - 1e-12 <= bounds.min_cut_upper_bound(every, tree.probability)
        assert bounds.lower_bound(every, tree.probability) <= expected + 1e-12
        found = bounds.sampled(tree.gates, [tree.top], tree.probability, samples=20_000, seed=draw.randrange(10**6))
        spread = math.sqrt(max(expected * (1.0 - expected), 0.0) / found.samples)
        assert abs(found.mean - expected) <= 5.0 * spread + 1e-12


def negated_tree(rows: list[tuple[list[int], int]], negated: list[bool], p: list[float]) -> FaultTree:
    gates = make_gates(rows, [not inputs for inputs, _ in rows])
    return FaultTree("not", tuple(map(str, range(len(rows)))), gates, np.array(negated), 0, np.array(p))


def test_either_or_is_likely_as_it_should_be() -> None:
    rows: list[tuple[list[int], int]] = [([1, 2], 1), ([3, 4], 2), ([3, 4], 2), ([], 1), ([], 1)]
    tree = negated_tree(rows, [False, False, False, True, True, False], [0.0, 0.0, 0.0, 0.3, 0.2])

    solved = exact.solve(exact.solution_of(tree))

    assert solved.probability == pytest.approx(0.3 * 0.8 + 0.7 * 0.2, rel=1e-12)


def test_what_depends_on_its_own_contrary_is_refused() -> None:
    tree = negated_tree([([1], 1), ([0, 2], 1), ([], 1)], [False, True, False], [0.0, 0.0, 0.5])

    with pytest.raises(CascadeError, match="own contrary"):
        exact.solution_of(tree)


def test_an_answer_out_of_reach_is_said_to_be() -> None:
    draw = random.Random(1)
    rows: list[tuple[list[int], int]] = [(list(range(1, 41)), 20)]
    rows += [(draw.sample(range(41, 81), 12), 6) for _ in range(40)] + [([], 1)] * 40
    gates = make_gates(rows, [False] * 41 + [True] * 40)
    tree = FaultTree("hard", ("",) * 81, gates, np.zeros(gates.inputs.size, np.bool_), 0, np.full(81, 0.1))

    with pytest.raises(OutOfBudget, match="more than"):
        exact.solution_of(tree, node_budget=2**12)


def redundant(count: int) -> Gates:
    """Give a chain of pairs, of which each takes one away."""
    rows: list[tuple[list[int], int]] = [(list(range(1, count + 1)), 1)]
    rows += [([count + 2 * k + 1, count + 2 * k + 2], 2) for k in range(count)] + [([], 1)] * (2 * count)
    return make_gates(rows, [False] * (count + 1) + [True] * (2 * count))


def test_counts_do_not_need_listing() -> None:
    count = 3000
    found = cut_sets.cut_sets(redundant(count), [0], order=2)

    assert found.counts == (0, count)
    assert next(iter(found)) == (count + 1, count + 2)


def test_exact_counts_of_any_size() -> None:
    count = 60
    rows: list[tuple[list[int], int]] = [(list(range(1, count + 1)), count)]
    rows += [([count + 2 * k + 1, count + 2 * k + 2], 1) for k in range(count)] + [([], 1)] * (2 * count)
    gates = make_gates(rows, [False] * (count + 1) + [True] * (2 * count))
    tree = FaultTree("wide", ("",) * gates.size, gates, np.zeros(gates.inputs.size, np.bool_), 0, np.zeros(gates.size))

    counts = exact.count_cut_sets(exact.solution_of(tree))

    assert counts == (*[0] * (count - 1), 2**count)
