"""Few arcs first, more where the prices ask for them: the same optimum as one assignment over all arcs (scipy)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from sufficiency.allocation import certify, least_cost, transport
from tests.oracle.test_allocation_oracle import random_problem

Ints = NDArray[np.int64]


@pytest.fixture(autouse=True)
def in_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take even these small problems in rounds."""
    monkeypatch.setattr(least_cost, "FEW_ARCS", 0)


def crowded(seed: int) -> tuple[Ints, Ints, Ints]:
    """Everybody's cheapest places are the same few, with hardly any room: the first arcs cannot be enough."""
    generator = np.random.default_rng(seed)
    n_groups, n_places = int(generator.integers(20, 60)), int(generator.integers(40, 70))
    cost = generator.integers(1_000, 2_000, (n_groups, n_places))
    cost[:, :20] = generator.integers(0, 100, (n_groups, 20))
    cost[generator.random(cost.shape) < generator.choice([0.05, 0.5])] = -1
    pupils = generator.integers(0, 4, n_groups)
    places = generator.integers(0, 4, n_places)
    places[:20] = generator.integers(0, 2, 20)
    return cost, pupils, places


def by_assignment(cost: Ints, pupils: Ints, places: Ints) -> tuple[int, int]:
    """Most placed and least cost with every pupil and every place a row and a column of its own."""
    unit = np.repeat(np.repeat(cost, pupils, axis=0), places, axis=1).astype(float)
    unplaced = 1e7
    square = np.hstack([np.where(unit < 0, 2 * unplaced, unit), np.full((unit.shape[0], unit.shape[0]), unplaced)])
    rows, columns = linear_sum_assignment(square)
    paid = square[rows, columns]
    assert (paid <= unplaced).all()
    return int((paid < unplaced).sum()), round(paid[paid < unplaced].sum())


@pytest.mark.parametrize("seed", range(40))
def test_equals_an_assignment_over_all_arcs(seed: int) -> None:
    problem = crowded(seed)
    answer = transport(*problem)
    certify(*problem, answer, label=("", "optimal", 2024, "transport"))
    assert (int(answer.flow.sum()), answer.cost) == by_assignment(*problem)


def test_the_first_arcs_are_seen_not_to_be_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    missing = least_cost._missing

    def noted(arcs: NDArray[np.bool_], *rest: Any, **named: Any) -> NDArray[np.bool_]:
        found = missing(arcs, *rest, **named)
        asked.append(int((found & ~arcs).sum()))
        return found

    monkeypatch.setattr(least_cost, "_missing", noted)
    for seed in range(40):
        transport(*crowded(seed))
    assert len(asked) > 10
    assert min(asked) > 0


def test_a_limit_of_rounds_ends_with_every_arc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(least_cost, "CHEAPEST_ARCS", 1)
    monkeypatch.setattr(least_cost, "ROUNDS", 1)
    problem = crowded(3)
    answer = transport(*problem)
    certify(*problem, answer, label=("", "optimal", 2024, "transport"))
    assert (int(answer.flow.sum()), answer.cost) == by_assignment(*problem)


@pytest.mark.parametrize("first", [1, 2, 3])
def test_however_few_arcs_come_first_the_answer_is_the_same(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    problems = [random_problem(seed) for seed in range(300)]
    monkeypatch.setattr(least_cost, "FEW_ARCS", 10**9)
    whole = [transport(*problem) for problem in problems]
    monkeypatch.setattr(least_cost, "FEW_ARCS", 0)
    monkeypatch.setattr(least_cost, "CHEAPEST_ARCS", first)
    for problem, expected in zip(problems, whole, strict=True):
        answer = transport(*problem)
        certify(*problem, answer, label=("", "optimal", 2024, "transport"))
        assert (answer.cost, answer.unplaced.sum()) == (expected.cost, expected.unplaced.sum())
        assert (answer.place_price == expected.place_price).all()
