"""Factors from observed minutes: exact without noise, near with it, hardly moved by odd journeys, within bounds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from sufficiency.model.errors import DataError
from sufficiency.travel.calibration.fitting import errors_of, fit, merge_groups, weighted_quantile

FACTORS = np.array([0.9, 1.2, 1.5, 0.7, 1.1, 1.8])


def town(n_journeys: int, *, seed: int = 1, groups: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Return minutes by group at factor 1 of journeys that use about two thirds of the groups, and fixed minutes."""
    rng = np.random.default_rng(seed)
    parts = rng.gamma(1.0, 8.0, (n_journeys, groups)) * (rng.random((n_journeys, groups)) < 0.7)
    return parts + 0.1, rng.random(n_journeys)


def test_factors_come_back_exactly_from_journeys_without_noise():
    parts, fixed = town(200)
    assert fit(parts, parts @ FACTORS + fixed, fixed_min=fixed) == pytest.approx(FACTORS, abs=1e-9)


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.0, 1.3, 2.0])
def test_one_factor_for_ten_journeys(factor: float):
    parts, _ = town(10, groups=1)
    assert fit(parts, factor * parts[:, 0]) == pytest.approx([factor], abs=1e-9)


def test_noise_moves_them_a_little():
    """10 % noise on 400 journeys: within 0.1 of the truth, where an error of a few hundredths is to be expected."""
    parts, fixed = town(400)
    observed = (parts @ FACTORS + fixed) * np.exp(np.random.default_rng(7).normal(0, 0.1, 400))
    assert fit(parts, observed, fixed_min=fixed) == pytest.approx(FACTORS, abs=0.1)


def test_odd_journeys_pull_little():
    """One journey in twenty took four times as long: plain least squares is led far astray, this is not."""
    parts, _ = town(400)
    observed = (parts @ FACTORS) * np.exp(np.random.default_rng(7).normal(0, 0.05, 400))
    observed[::20] *= 4
    rows = parts / observed[:, None]
    plain = np.linalg.lstsq(rows, np.ones(400), rcond=None)[0]
    found = fit(parts, observed)
    assert np.abs(found - FACTORS).max() < 0.1
    assert np.abs(found - FACTORS).max() < np.abs(plain - FACTORS).max()


def test_it_is_the_least_of_what_it_says_it_minimises():
    """An independent search (Nelder and Mead) over the stated sum, with the spread that the fit ends on."""
    parts, fixed = town(30, groups=2)
    truth = np.array([0.8, 1.3])
    observed = (parts @ truth + fixed) * np.exp(np.random.default_rng(3).normal(0, 0.25, 30))
    weight = np.random.default_rng(4).integers(1, 5, 30).astype(float)
    found = fit(parts, observed, fixed_min=fixed, weight=weight)
    error = (parts @ found + fixed) / observed - 1
    sigma = 1.4826 * weighted_quantile(np.abs(error - weighted_quantile(error, weight, 0.5)), weight, 0.5)
    scale = 1.5 * sigma

    def stated(factors: np.ndarray) -> float:
        error = (parts @ factors + fixed) / observed - 1
        rho = 2 * (np.sqrt(1 + (error / scale) ** 2) - 1)
        return float((weight * scale**2 * rho).sum() / sigma**2 + (((factors - 1) / 0.25) ** 2).sum())

    best = minimize(stated, [1.0, 1.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 5000})
    assert found == pytest.approx(best.x, abs=1e-5)
    assert np.abs(found - 1).min() > 0.1


def test_a_few_noisy_journeys_are_drawn_towards_one():
    """Ten journeys that scatter by a factor of two say little: the answer lies between 1 and what they say."""
    parts, _ = town(10, groups=1)
    observed = 1.8 * parts[:, 0] * np.exp(np.random.default_rng(5).normal(0, 0.7, 10))
    sure = 1.8 * parts[:, 0]
    assert 1 < fit(parts, observed)[0] < fit(parts, sure)[0]


def test_a_group_that_nobody_drives_stays_at_one():
    parts, _ = town(40, groups=2)
    parts[:, 1] = 0
    assert fit(parts, 1.5 * parts[:, 0]) == pytest.approx([1.5, 1.0])


def test_factors_stay_within_bounds():
    parts, _ = town(40, groups=2)
    assert fit(parts, 9 * parts.sum(axis=1)).tolist() == [2, 2]
    assert fit(parts, 0.1 * parts.sum(axis=1)).tolist() == [0.5, 0.5]


def test_weight_is_as_many_journeys():
    parts, _ = town(40, groups=2)
    observed = (parts @ [0.8, 1.3]) * np.exp(np.random.default_rng(3).normal(0, 0.2, 40))
    many = np.arange(40) % 3 + 1
    at_once = fit(parts, observed, weight=many.astype(float))
    one_by_one = fit(np.repeat(parts, many, axis=0), np.repeat(observed, many))
    assert at_once == pytest.approx(one_by_one, abs=1e-7)


@pytest.mark.parametrize(
    ("parts", "observed"),
    [
        (np.ones((3, 1)), np.ones(2)),
        (np.ones(3), np.ones(3)),
        (np.ones((0, 1)), np.ones(0)),
        (np.ones((3, 0)), np.ones(3)),
        (-np.ones((3, 1)), np.ones(3)),
        (np.ones((3, 1)), np.zeros(3)),
        (np.ones((3, 1)), np.array([1, np.nan, 1])),
    ],
)
def test_arrays_that_do_not_fit_are_refused(parts: np.ndarray, observed: np.ndarray):
    with pytest.raises(DataError, match=r"give one row|must be 0 or more"):
        fit(parts, observed)


def test_errors_by_hand():
    """Modelled 11, 8, 30, 10 of 10, 10, 20, 10 minutes, once each but the last twice: +10 %, -20 %, +50 %, 0, 0.

    Mean absolute (10 + 20 + 50) / 5 = 16 %; the middle one of 0, 0, 10, 20, 50 is 10 %; bias (10 - 20 + 50) / 5 = 8 %;
    four of five within 20 %.
    """
    found = errors_of(np.array([11.0, 8, 30, 10]), np.array([10.0, 10, 20, 10]), np.array([1.0, 1, 1, 2]))
    assert found.journeys == 5
    assert found.mean_absolute_share == pytest.approx(0.16)
    assert found.median_absolute_share == pytest.approx(0.1)
    assert found.bias_share == pytest.approx(0.08)
    assert found.within_share == pytest.approx(0.8)


@pytest.mark.parametrize(("share", "value"), [(0.1, 1), (0.25, 1), (0.26, 2), (0.5, 2), (0.51, 7), (0.9, 7), (1.0, 7)])
def test_quantiles_by_hand(share: float, value: float):
    """Weights 1, 1, 2 of the values 1, 2, 7: a quarter of the weight lies at 1, half at or below 2."""
    assert weighted_quantile(np.array([7.0, 1, 2]), np.array([2.0, 1, 1]), share) == value


PARTNER = np.array([1, -1, 1, 1, 2, 2])


def merged(parts: np.ndarray, least_journeys: int = 10) -> list[int]:
    return merge_groups(parts, PARTNER, least_journeys=least_journeys, least_share=0.05).tolist()


def test_sixty_journeys_through_everything_carry_six_groups_and_fifty_five():
    parts = np.ones((60, 6))
    assert merged(parts) == [0, 1, 2, 3, 4, 5]
    assert len(set(merged(parts[:59]))) == 5
    assert len(set(merged(parts[:20]))) == 2
    assert merged(parts[:19]) == [1] * 6


def test_a_group_that_few_drive_joins_its_partner():
    """Minor urban roads (4) join main urban ones (2); fast roads (0) join main rural ones (1)."""
    parts = np.ones((200, 6))
    parts[9:, 4] = 0
    assert merged(parts) == [0, 1, 2, 3, 2, 5]
    parts[:, 0] = 0.3
    assert merged(parts) == [0, 1, 2, 3, 2, 5]
    parts[:, 0] = 0.2  # of 4.2 minutes, below a twentieth
    assert merged(parts) == [1, 1, 2, 3, 2, 5]


def test_a_chain_of_groups_that_few_drive_joins_as_one():
    parts = np.zeros((200, 6))
    parts[:, 1] = 1
    parts[:4, 2], parts[:3, 4], parts[:2, 5] = 1, 1, 1
    assert merged(parts) == [1] * 6


def test_where_the_last_partner_is_the_weak_one_the_best_carried_joins_it():
    """A city: hardly a journey on a main rural road (1), so main urban roads (2) lend it their factor."""
    parts = np.ones((200, 6))
    parts[5:, 1] = 0
    parts[:150, [0, 3]] = 0
    assert merged(parts) == [0, 1, 1, 3, 4, 5]
