"""Residents carried on from year to year, against a plain loop and numbers worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sufficiency.demand.cohorts import people_of_years
from sufficiency.model.errors import DataError
from tests.small_demand import table


def people(*rows: tuple[str, int, int, float]) -> pd.DataFrame:
    """Return a population of (zone, year, age, people)."""
    return table("population", *rows)


START = people(("a", 2024, 4, 10), ("a", 2024, 5, 20), ("a", 2024, 6, 30), ("b", 2024, 4, 1), ("b", 2024, 5, 2),
               ("b", 2024, 6, 3))  # fmt: skip


def test_cohorts_grow_older_and_births_change_the_youngest() -> None:
    # 2025: age 5 holds the 10 who were 4, age 6 the 20, age 7 the 30; age 4 is 10 x 1.1 = 11, then 12.1.
    found = people_of_years(START, (2024, 2025, 2026), births_annual_change_share=0.1)
    assert found.zone_ids == ("a", "b")
    assert found.first_age == 4
    np.testing.assert_allclose(
        found.counts[0, :, :5], [[10, 20, 30, 30, 30], [11, 10, 20, 30, 30], [12.1, 11, 10, 20, 30]]
    )
    np.testing.assert_array_equal(found.births_years[:, :4], [[0, 0, 0, 0], [1, 0, 0, 0], [2, 1, 0, 0]])


def test_a_change_holds_for_the_age_that_a_cohort_comes_to() -> None:
    # North (zone a) has a row of its own for age 5 (+50 %); south takes the county's (-10 %). Age 6 has the county's
    # row alone (+100 %) in both. a: 10 -> 15 at 5, then 15 -> 30 at 6. b: 1 -> 0.9, then 1.8.
    changes = table("cohort_changes", ("north", 5, 0.5), ("county", 5, -0.1), ("county", 6, 1.0))
    districts = {"a": "north", "b": "south"}
    found = people_of_years(START, (2024, 2025, 2026), changes=changes, districts=districts, county_id="county")
    column = found.column(np.array([5, 6]))
    np.testing.assert_allclose(found.counts[0][:, column], [[20, 30], [15, 40], [15, 30]])
    np.testing.assert_allclose(found.counts[1][:, column], [[2, 3], [0.9, 4], [0.9, 1.8]])


def test_a_later_year_that_is_given_is_used_and_carried_on() -> None:
    given = pd.concat([START, people(("a", 2025, 4, 50), ("a", 2025, 6, 7))])
    found = people_of_years(given, (2024, 2025, 2026), births_annual_change_share=0.5)
    np.testing.assert_allclose(found.counts[0, 1, :3], [50, 10, 7])
    np.testing.assert_allclose(found.counts[0, 2, :4], [75, 50, 10, 7])
    # zone b, which has no row of 2025, goes on as it was: 1 x 1.5
    np.testing.assert_allclose(found.counts[1, 1, :3], [1.5, 1, 2])
    # births of 2025 are known; only those of 2026 are assumed
    assert found.births_years[:, 0].tolist() == [0, 0, 1]


def test_ages_that_only_a_later_year_gives_do_no_harm() -> None:
    given = pd.concat([START, people(("a", 2025, 0, 9), ("a", 2025, 4, 12), ("a", 2025, 90, 9))])
    found = people_of_years(given, (2024, 2025), births_annual_change_share=0.5)
    np.testing.assert_allclose(found.counts[0, 1, :4], [12, 10, 20, 30])
    assert found.counts[0, 1].sum() == 72


def test_a_year_before_the_run_may_start_it_and_the_latest_is_taken() -> None:
    given = people(("a", 2020, 4, 999), ("a", 2020, 6, 999), ("a", 2022, 4, 10), ("a", 2022, 5, 20), ("a", 2022, 6, 30))
    found = people_of_years(given, (2024, 2025))
    np.testing.assert_allclose(found.counts[0, :, :3], [[10, 10, 10], [10, 10, 10]])
    np.testing.assert_allclose(found.counts[0, 0, 3:5], [20, 30])
    assert found.counts.max() == 30
    with pytest.raises(DataError, match="no row of the calibration year 2019, or of a year before it"):
        people_of_years(given, (2019, 2020))


def test_ages_outside_take_the_nearest() -> None:
    found = people_of_years(START, (2024, 2025))
    assert found.column(np.array([0, 4, 6, 99])).tolist() == [0, 0, 2, 3]
    assert found.county[1].tolist() == [11, 11, 22, 33]


def test_against_a_plain_loop() -> None:
    rng = np.random.default_rng(4)
    zones, ages, years = ("x", "y", "z"), range(9), range(2024, 2030)
    given = people(*[(zone, 2024, age, float(rng.integers(0, 90))) for zone in zones for age in ages])
    change = {(area, age): float(rng.uniform(-0.3, 0.3)) for area in ("c", "d1") for age in range(1, 12)}
    changes = table("cohort_changes", *[(area, age, share) for (area, age), share in change.items()])
    districts = {"x": "d1", "y": "d2", "z": "d1"}
    found = people_of_years(
        given, tuple(years), births_annual_change_share=-0.02, changes=changes, districts=districts, county_id="c"
    )
    for row, zone in enumerate(zones):
        now = {r.age: r.people for r in given[given["zone_id"] == zone].itertuples()}
        area = "d1" if districts[zone] == "d1" else "c"
        for year in years:
            for age, expected in now.items():
                assert found.counts[row, found.row(year), age] == pytest.approx(expected)
            older = {age + 1: count * (1 + change.get((area, age + 1), 0.0)) for age, count in now.items()}
            now = {0: now[0] * 0.98} | older


def test_the_population_given_is_not_changed() -> None:
    before = START.copy()
    people_of_years(START, (2024, 2030), births_annual_change_share=0.3)
    pd.testing.assert_frame_equal(START, before)
