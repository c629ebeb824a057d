"""Fitting and rounding to published totals, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sufficiency.demand.calibration import fit_margins, round_to_margins
from sufficiency.model.errors import DataError, InfeasibleError


def test_fit_without_interaction_is_the_product_of_the_margins() -> None:
    # Independence: row total x column total / grand total.
    rows, columns = np.array([30, 70]), np.array([40, 60])
    found = fit_margins(np.ones((2, 2)), {(0,): rows, (1,): columns})
    np.testing.assert_allclose(found, [[12, 18], [28, 42]])


def test_fit_keeps_the_odds_of_the_start() -> None:
    start = np.array([[4.0, 1.0], [1.0, 1.0]])
    found = fit_margins(start, {(0,): np.array([50, 50]), (1,): np.array([50, 50])})
    assert found[0, 0] * found[1, 1] / (found[0, 1] * found[1, 0]) == pytest.approx(4)
    # Odds of 4 with equal margins: x/(50 - x) = 2, x = 100/3.
    assert found[0, 0] == pytest.approx(100 / 3)


def test_a_zero_stays_empty_and_an_impossible_zero_is_refused() -> None:
    start = np.array([[0.0, 1.0], [1.0, 1.0]])
    found = fit_margins(start, {(0,): np.array([2, 6]), (1,): np.array([3, 5])})
    np.testing.assert_allclose(found, [[0, 2], [3, 3]], atol=1e-6)
    with pytest.raises(DataError, match="allows none"):
        fit_margins(np.zeros((1, 1)), {(0,): np.array([1])})


def test_rounding_moves_the_cells_least() -> None:
    # Cells 0.9 0.1 / 0.1 0.9 with every total 1: the nearest table is the diagonal (movement 0.4; the other, 3.6).
    expected = np.array([[0.9, 0.1], [0.1, 0.9]])
    ones = np.array([1, 1])
    assert round_to_margins(expected, {(0,): ones, (1,): ones}).tolist() == [[1, 0], [0, 1]]


def test_rounding_that_cannot_be_done_says_so() -> None:
    # A whole cell cannot move, so a total of 3 is out of reach of 2 + 0.
    with pytest.raises(InfeasibleError):
        round_to_margins(np.array([2.0, 0.0]), {(): np.array(3)})


def test_margins_must_agree() -> None:
    with pytest.raises(DataError, match="disagree"):
        fit_margins(np.ones((2, 2)), {(0,): np.array([1, 2]), (1,): np.array([2, 2])})
    with pytest.raises(DataError, match="shape"):
        fit_margins(np.ones((2, 2)), {(0,): np.array([1, 2, 3])})
