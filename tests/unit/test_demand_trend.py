"""Trends of the rate of plans: textbook curves, numpy's and scipy's fits, and which row of the table holds."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sufficiency.demand.trend import fit_trend, growth, trend_of_cells
from sufficiency.model.errors import DataError, ParameterError
from tests.small_demand import table

NONE = float("nan")


def factor(shape: str, change: float, years: int, **given: float) -> float:
    """Return the factor of one rate."""
    return float(growth(shape, np.array([change]), np.array([years]), **given)[0])


def test_shapes_by_hand() -> None:
    assert factor("none", 0.5, 7) == 1
    assert factor("constant", 0.1, 3) == pytest.approx(1.331)
    # damped by a half: exponents 1, 1.5, 1.75
    for years, exponent in ((0, 0), (1, 1), (2, 1.5), (3, 1.75)):
        assert factor("damped", 0.1, years, damping_share=0.5) == pytest.approx(1.1**exponent)
    assert factor("damped", 0.1, 4, damping_share=0.0) == pytest.approx(1.1)
    assert factor("damped", 0.1, 4, damping_share=1.0) == pytest.approx(1.1**4)


@pytest.mark.parametrize("shape", ["none", "constant", "damped", "saturating"])
def test_nothing_has_changed_in_the_calibration_year(shape: str) -> None:
    assert factor(shape, 0.3, 0, damping_share=0.7, ceiling_ratio=2.0) == pytest.approx(1, abs=1e-12)
    assert factor(shape, 0.0, 9, damping_share=0.7, ceiling_ratio=2.0) == pytest.approx(1, abs=1e-12)


def test_saturating_is_the_solution_of_the_logistic_equation() -> None:
    # dG/dh = r G (1 - G/K) with the steepness of (1 + g)^h at the start: r (1 - 1/K) = ln(1 + g); small Euler steps
    ceiling, change = 1.6, 0.08
    rate = math.log1p(change) / (1 - 1 / ceiling)
    value, steps = 1.0, 20_000
    for _ in range(steps * 5):
        value += rate * value * (1 - value / ceiling) / steps
    assert factor("saturating", change, 5, ceiling_ratio=ceiling) == pytest.approx(value, abs=1e-5)


def test_saturating_starts_as_constant_does_and_stays_under_the_ceiling() -> None:
    years = np.arange(0, 200)
    found = growth("saturating", np.array([0.05]), years, ceiling_ratio=1.4)
    assert (np.diff(found) >= 0).all()
    assert found.max() <= 1.4
    assert found[-1] == pytest.approx(1.4)
    assert factor("saturating", 0.05, 3, ceiling_ratio=1e9) == pytest.approx(1.05**3, rel=1e-6)
    assert factor("saturating", 0.05, 1, ceiling_ratio=1.1) < 1.05


@pytest.mark.parametrize("ceiling", [1.000001, 1.5, 1e6])
def test_a_falling_rate_has_no_ceiling(ceiling: float) -> None:
    assert factor("saturating", -0.1, 4, ceiling_ratio=ceiling) == pytest.approx(0.9**4)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ParameterError, match="rate_trend_shape must be one of"):
        factor("steep", 0.1, 1)
    with pytest.raises(ParameterError, match="rate_ceiling_share"):
        factor("saturating", 0.1, 1, ceiling_ratio=1.0)


CELLS = pd.DataFrame(
    [(need, phase, place) for need in ("ASD", "MLD") for phase in ("primary", "secondary")
     for place in ("special_school", "mainstream")],
    columns=["need", "phase", "place_sought"],
)  # fmt: skip
SAID = [
    ("all", "all", "all", 0.01),
    ("ASD", "all", "all", 0.02),
    ("all", "primary", "all", 0.03),
    ("ASD", "primary", "all", 0.04),
    ("all", "all", "mainstream", 0.05),
    ("ASD", "all", "mainstream", 0.06),
    ("all", "primary", "mainstream", 0.07),
]


@pytest.mark.parametrize("seed", range(4))
def test_the_row_that_says_most_holds_whatever_the_order(seed: int) -> None:
    trends = table("rate_trends", *SAID).sample(frac=1, random_state=seed)
    found = trend_of_cells(CELLS, trends)
    # by hand, in the order of CELLS: a place goes before a phase, a phase before a need
    assert found.tolist() == [0.04, 0.07, 0.02, 0.06, 0.03, 0.07, 0.01, 0.05]


def test_no_row_and_no_table_mean_no_change() -> None:
    assert trend_of_cells(CELLS, None).tolist() == [0] * 8
    assert trend_of_cells(CELLS, table("rate_trends")).tolist() == [0] * 8
    only = table("rate_trends", ("MLD", "secondary", "mainstream", 0.2))
    assert trend_of_cells(CELLS, only).tolist() == [0] * 7 + [0.2]


def test_a_low_case_that_is_blank_is_the_central_one() -> None:
    trends = table("rate_trends", ("all", "all", "all", 0.1, NONE, 0.2), ("MLD", "all", "all", 0.1, 0.05, NONE))
    assert trend_of_cells(CELLS, trends, "low_annual_change_share").tolist() == [0.1] * 4 + [0.05] * 4
    assert trend_of_cells(CELLS, trends, "high_annual_change_share").tolist() == [0.2] * 4 + [0.1] * 4


@pytest.mark.parametrize("length", [3, 4, 7, 25])
def test_the_fit_is_that_of_numpy_and_scipy(length: int) -> None:
    rng = np.random.default_rng(length)
    years = 2000 + np.arange(length)
    people = rng.uniform(900, 1100, length)
    pupils = people * 0.02 * 1.05 ** np.arange(length) * np.exp(rng.normal(0, 0.03, length))
    found = fit_trend(years.tolist(), pupils.tolist(), people.tolist())
    logs = np.log(pupils / people)
    assert math.log1p(found.annual_change_share) == pytest.approx(np.polyfit(years - 2000, logs, 1)[0])
    line = stats.linregress(years, logs)
    half = stats.t.ppf(0.9, length - 2) * line.stderr
    assert math.log1p(found.low_annual_change_share) == pytest.approx(line.slope - half)
    assert math.log1p(found.high_annual_change_share) == pytest.approx(line.slope + half)
    assert found.innovation_share == pytest.approx(pd.Series(logs).diff().std())


def test_a_series_without_scatter_has_no_range_and_its_order_does_not_matter() -> None:
    pupils = [100 * 1.1**year for year in range(5)]
    found = fit_trend(range(5), pupils, [1000.0] * 5)
    assert found.annual_change_share == pytest.approx(0.1)
    assert found.low_annual_change_share == pytest.approx(0.1)
    assert found.innovation_share == pytest.approx(0, abs=1e-12)
    mixed = [3, 0, 4, 1, 2]
    again = fit_trend(mixed, [pupils[year] + year for year in mixed], [1000.0] * 5)
    ordered = fit_trend(range(5), [pupils[year] + year for year in range(5)], [1000.0] * 5)
    assert again == pytest.approx(ordered)


@pytest.mark.parametrize(
    ("years", "pupils", "people"),
    [
        ([1, 2], [5, 5], [9, 9]),
        ([1, 2, 3], [5, 0, 5], [9, 9, 9]),
        ([1, 2, 3], [5, 5, 5], [9, 9, 0]),
        ([1, 2, 3], [5, float("nan"), 5], [9, 9, 9]),
        ([1, 2, 2], [5, 5, 5], [9, 9, 9]),
    ],
)
def test_a_series_that_says_nothing_is_refused(years: list[int], pupils: list[float], people: list[float]) -> None:
    with pytest.raises(DataError, match="a trend needs 3 years or more"):
        fit_trend(years, pupils, people)
