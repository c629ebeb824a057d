"""Few arcs first, more where the prices ask for them: the same optimum as one assignment over all arcs (scipy)."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from sufficiency.allocation import certify, least_cost, transport
from sufficiency.model.errors import CertificateError

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


def test_stopping_at_the_first_arcs_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(least_cost, "_missing", lambda arcs, *_, **__: np.zeros_like(arcs))
    with pytest.raises(CertificateError, match="not optimal"):
        all(transport(*crowded(seed)) for seed in range(40))


def test_a_limit_of_rounds_ends_with_every_arc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(least_cost, "CHEAPEST_ARCS", 1)
    monkeypatch.setattr(least_cost, "ROUNDS", 1)
    problem = crowded(3)
    answer = transport(*problem)
    certify(*problem, answer, label=("", "optimal", 2024, "transport"))
    assert (int(answer.flow.sum()), answer.cost) == by_assignment(*problem)
