"""The back-test on a series small enough to work by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from sufficiency.demand.back_test import back_test, scores
from sufficiency.model.errors import DataError, ParameterError

# A rate of plans that doubles each year, exactly, so the slope has no error; then 1,200 and none.
YEARS = [2000, 2001, 2002, 2003, 2004]
HISTORY = pd.DataFrame({"stream": "invented", "year": YEARS, "pupils": [100, 200, 400, 1200, 0]})
PEOPLE = pd.Series([1000.0, 1000.0, 1000.0, 1500.0, 2000.0], index=YEARS)


def test_worked_by_hand() -> None:
    before = HISTORY.copy()
    table = back_test(HISTORY, PEOPLE, fitted_to=2002, shape="damped", damping_share=0.5, innovation_share=0.1)
    # 400 · 1.5 · 2 = 1200; 400 · 2 · 2^1.5 = 2262.74
    assert table["forecast_pupils"].tolist() == pytest.approx([1200, 2262.7417])
    assert table["actual_pupils"].tolist() == [1200, 0]
    assert table["last_value_pupils"].tolist() == [400, 400]
    # 100, 200, 400: mean 233.33, slope 150
    assert table["linear_trend_pupils"].tolist() == pytest.approx([533.3333, 683.3333])
    # the slope has no error: chance alone, 1.28155 · 0.1 · √h
    assert table["low_pupils"].tolist() == pytest.approx([1200 * math.exp(-0.128155), 2262.7417 * math.exp(-0.181239)])
    assert table["high_pupils"].tolist() == pytest.approx([1200 * math.exp(0.128155), 2262.7417 * math.exp(0.181239)])
    assert table["in_range"].tolist() == [True, False]
    assert table["last_value_error_share"].iloc[0] == pytest.approx(-2 / 3)
    assert math.isnan(table["forecast_error_share"].iloc[1])
    score = scores(table).iloc[0]
    assert score["years"] == 2
    assert score["forecast_mean_absolute_error_share"] == pytest.approx(0)
    assert score["last_value_mean_absolute_error_share"] == pytest.approx(2 / 3)
    assert score["in_range_share"] == 0.5
    pd.testing.assert_frame_equal(HISTORY, before)


def test_range_of_the_slope_by_hand() -> None:
    """Logarithms 0, 1, 0 about their mean: slope 0, sum of squares 2/3, one degree of freedom, t(0.9) = 3.0777."""
    history = pd.DataFrame({"stream": "invented", "year": YEARS[:4], "pupils": [1, math.e, 1, 1]})
    people = pd.Series(1.0, index=YEARS)
    table = back_test(history, people, fitted_to=2002, shape="constant", damping_share=1.0, innovation_share=0.0)
    half = 3.077684 * math.sqrt((2 / 3) / 1 / 2)
    assert table["forecast_pupils"].iloc[0] == pytest.approx(1)
    assert table["high_pupils"].iloc[0] == pytest.approx(math.exp(half), rel=1e-5)
    assert table["low_pupils"].iloc[0] == pytest.approx(math.exp(-half), rel=1e-5)


def test_years_after_the_fit_change_no_forecast() -> None:
    other = HISTORY.assign(pupils=[100, 200, 400, 7, 9])
    methods = ["forecast_pupils", "low_pupils", "high_pupils", "last_value_pupils", "linear_trend_pupils"]
    one, two = (
        back_test(rows, PEOPLE, fitted_to=2002, shape="damped", damping_share=0.9, innovation_share=None)
        for rows in (HISTORY, other)
    )
    pd.testing.assert_frame_equal(one[methods], two[methods])


def test_few_plans_take_no_trend() -> None:
    table = back_test(
        HISTORY, PEOPLE, fitted_to=2002, shape="damped", damping_share=0.9, innovation_share=0.1, fewest_plans=101
    )
    assert table["forecast_pupils"].tolist() == pytest.approx([600, 800])


def test_a_straight_line_is_never_below_nothing() -> None:
    """200, 100, 50: mean 116.67, slope -75, so -33.33 two years after the middle one."""
    history = HISTORY.assign(pupils=[200, 100, 50, 40, 30])
    table = back_test(history, PEOPLE, fitted_to=2002, shape="none", damping_share=1.0, innovation_share=0.1)
    assert table["linear_trend_pupils"].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("history", "people", "fitted_to", "told"),
    [
        (HISTORY, PEOPLE, 2004, "no year after 2004"),
        (HISTORY, PEOPLE, 1999, "no pupils of 1999"),
        (pd.concat([HISTORY, HISTORY.head(1)]), PEOPLE, 2002, "2000 twice"),
        (HISTORY, PEOPLE.drop(2003), 2002, "2003 has no usable number"),
    ],
)
def test_what_cannot_be_scored(history: pd.DataFrame, people: pd.Series, fitted_to: int, told: str) -> None:
    with pytest.raises(DataError, match=told):
        back_test(history, people, fitted_to=fitted_to, shape="none", damping_share=1.0, innovation_share=0.1)


def test_saturating_needs_a_ceiling() -> None:
    with pytest.raises(ParameterError, match="ceiling"):
        back_test(HISTORY, PEOPLE, fitted_to=2002, shape="saturating", damping_share=1.0, innovation_share=0.1)
