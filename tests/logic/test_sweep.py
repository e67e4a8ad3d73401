"""Every single failure at once is what each gives alone."""

from __future__ import annotations

import random

import numpy as np
import pytest

from cascade.logic import fixpoint, paths, sweep
from cascade.logic.gates import Gates, make_gates


def fixed_point(gates: Gates, failed: set[int]) -> set[int]:
    """Give what is down, by trying all gates again until nothing changes."""
    down: set[int] = set()
    found = set(failed)
    while found != down:
        down = found
        found = set(failed)
        for node in range(gates.size):
            inputs = gates.inputs[gates.first[node] : gates.first[node + 1]]
            if inputs.size and sum(int(other) in down for other in inputs) >= gates.least[node]:
                found.add(node)
        found |= down
    return down


def some_gates(seed: int) -> Gates:
    """Draw gates with cycles, thresholds, and nodes that cannot fail by themselves."""
    draw = random.Random(seed)
    size = draw.randint(1, 14)
    rows = []
    for node in range(size):
        inputs = draw.sample([other for other in range(size) if other != node], draw.randint(0, min(size - 1, 4)))
        least = 1 if draw.random() < 0.5 else draw.randint(1, max(len(inputs), 1))
        rows.append((inputs, least))
    return make_gates(rows, [draw.random() < 0.8 for _ in range(size)])


@pytest.fixture(params=range(20), ids=lambda block: f"block {block}")
def every(request: pytest.FixtureRequest) -> list[Gates]:
    return [some_gates(100 * request.param + number) for number in range(100)]


def test_down_is_the_least_fixed_point(every: list[Gates]) -> None:
    for number, gates in enumerate(every):
        draw = random.Random(number)
        failed = {node for node in range(gates.size) if draw.random() < 0.3}
        marks = np.array([node in failed for node in range(gates.size)])

        assert set(np.flatnonzero(fixpoint.down(gates, marks)).tolist()) == fixed_point(gates, failed)


def test_all_at_once_is_each_alone(every: list[Gates]) -> None:
    for number, gates in enumerate(every):
        draw = random.Random(number)
        counted = np.array([draw.random() < 0.7 for _ in range(gates.size)])
        weight = np.array([draw.choice([0.0, 0.0, 1.0, 2.5]) for _ in range(gates.size)])

        found = sweep.sweep(gates, counted=counted, weight=weight)

        alone = {node: fixed_point(gates, {node}) for node in range(gates.size) if gates.fails[node]}
        for node in range(gates.size):
            down = alone.get(node, set())
            assert found.affected_count[node] == sum(counted[other] for other in down - {node})
            assert found.lost_watched_count[node] == sum(weight[other] > 0 for other in down)
            assert found.lost_weight[node] == pytest.approx(sum(weight[other] for other in down))
            assert found.hit_count[node] == sum(node in taken for origin, taken in alone.items() if origin != node)


def test_the_worst_is_the_best_ranked_of_the_others(every: list[Gates]) -> None:
    for number, gates in enumerate(every):
        draw = random.Random(number)
        rank = np.array([float(draw.randint(0, 3)) for _ in range(gates.size)])

        found = sweep.worst(gates, rank)

        alone = {node: fixed_point(gates, {node}) for node in range(gates.size) if gates.fails[node]}
        for node in range(gates.size):
            others = [origin for origin, taken in alone.items() if origin != node and node in taken]
            expected = min(others, key=lambda origin: (-rank[origin], origin)) if others else -1
            assert found[node] == expected


def test_batches_of_any_width_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(0)
    rows = [(draw.sample(range(node), min(node, 3)), draw.choice([1, 1, 2]) if node > 2 else 1) for node in range(400)]
    gates = make_gates(rows, [True] * len(rows))
    whole = sweep.sweep(gates)
    monkeypatch.setattr(sweep, "WORDS", 1)

    narrow = sweep.sweep(gates)

    assert all(np.array_equal(one, other) for one, other in zip(whole, narrow, strict=True))
    assert whole.affected_count.sum() > 400


def test_paths_are_shortest(every: list[Gates]) -> None:
    for number, gates in enumerate(every):
        draw = random.Random(number)
        failed = {node for node in range(gates.size) if draw.random() < 0.3}
        steps, through = paths.cause_paths(gates, np.array([node in failed for node in range(gates.size)]))

        known, turn = set(failed), 0
        assert {int(node) for node in np.flatnonzero(steps == 0)} == failed
        while new := one_round(gates, known) - known:
            turn += 1
            assert {int(node) for node in np.flatnonzero(steps == turn)} == new
            for node in new:
                inputs = gates.inputs[gates.first[node] : gates.first[node + 1]]
                assert through[node] == min(other for other in inputs.tolist() if steps[other] == turn - 1)
            known |= new
        assert set(np.flatnonzero(steps < 0).tolist()) == set(range(gates.size)) - known


def one_round(gates: Gates, down: set[int]) -> set[int]:
    """Give what goes down at once when some nodes are down."""
    lost = {}
    for node in range(gates.size):
        inputs = gates.inputs[gates.first[node] : gates.first[node + 1]].tolist()
        lost[node] = sum(other in down for other in inputs)
    return {node for node, count in lost.items() if count >= gates.least[node]}
