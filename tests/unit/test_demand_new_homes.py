"""Children of homes not yet built: how many there are, how many have a plan, and where they live.

In the small county 400 people are of each age and every yield is a tenth of a child a dwelling and year of age, so 100
dwellings have 10 children of each age, of whom half are new to the county: 5. Of those aged 4 to 15, 60, a tenth have a
plan: 6. In the county 196 of 4,800 of that age have one.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sufficiency.demand import county_counts, forecast_demand
from sufficiency.demand.expected import expected_pupils, grounds_of
from sufficiency.demand.forecast import forecast_counts, pattern
from sufficiency.demand.location import locate
from sufficiency.demand.new_homes import new_homes, school_age_rate, yield_of_age
from tests.small_demand import controls, drivers, parameters, population, rates, shuffled, table

CONTROLS = controls((2024, 80, 120), (2025, 88, 126), (2026, 92, 130))


def estates(*rows: tuple[str, str, int, int]) -> pd.DataFrame:
    """Return developments of (id, zone, year, dwellings)."""
    return table("developments", *[(name, name.title(), zone, year, homes) for name, zone, year, homes in rows])


HUNDRED = estates(("park", "n2", 2025, 60), ("park", "n2", 2026, 40))


def expected(developments: pd.DataFrame | None, **values: object) -> np.ndarray:
    """Return pupils to be expected, [years, cells, homes]."""
    cells, given, tables = pattern(rates(), "A"), parameters(**values), drivers(developments=developments)
    return expected_pupils(cells, grounds_of(population(), cells, given, tables), given, tables)


def test_dwellings_add_up_and_those_of_the_calibration_year_are_left_out() -> None:
    given = estates(
        ("old", "n1", 2024, 500), ("park", "s1", 2026, 40), ("park", "s1", 2025, 60), ("dale", "n2", 2027, 7)
    )
    found = new_homes(given, (2024, 2025, 2026, 2027), 2024)
    assert found.zone_ids == ("n2", "s1")
    assert found.dwellings.tolist() == [[0, 0, 0, 7], [0, 60, 100, 100]]
    for none in (None, estates().iloc[:0]):
        assert new_homes(none, (2024, 2025), 2024).zone_ids == ()


def test_the_yield_of_a_phase_is_spread_over_its_ages() -> None:
    given = parameters(
        pupil_yield_early_years_per_dwelling=0.4,
        pupil_yield_primary_per_dwelling=0.35,
        pupil_yield_secondary_per_dwelling=0.2,
        pupil_yield_post_16_per_dwelling=0.06,
    )
    found = yield_of_age(given, np.arange(0, 25))
    assert found.tolist() == pytest.approx([0.1] * 4 + [0.05] * 7 + [0.04] * 5 + [0.02] * 3 + [0] * 6)


def test_the_rate_of_plans_is_that_of_reception_to_year_11() -> None:
    people = pd.Series(400.0, index=range(21))
    assert school_age_rate(pattern(rates(), "A"), people) == pytest.approx(196 / 4800)
    assert school_age_rate(pattern(rates(), "A"), people * 0) == 0


def test_children_with_plans_by_hand() -> None:
    present, new = np.moveaxis(expected(HUNDRED), 2, 0)
    np.testing.assert_allclose(present.sum(axis=1), [200, 200, 200])
    # 6 of school age, and of the four in Year 12: 4 x 5/400 x (0.1 x 4800/196) = 0.1224
    np.testing.assert_allclose(new.sum(axis=1), [0, 0.6 * 6.1224489796, 6.1224489796])
    np.testing.assert_allclose(new[2] / new[2].sum(), present[2] / 200)


@pytest.mark.parametrize(
    ("name", "value", "times"),
    [
        ("new_homes_additional_share", 0.25, 0.5),
        ("new_homes_ehcp_share", 0.2, 2.0),
        ("new_homes_pace_share", 0.5, 0.5),
        ("new_homes_additional_share", 0.0, 0.0),
    ],
)
def test_pupils_follow_what_is_assumed(name: str, value: float, times: float) -> None:
    np.testing.assert_allclose(expected(HUNDRED, **{name: value})[:, :, 1], expected(HUNDRED)[:, :, 1] * times)


def test_without_new_homes_nobody_lives_in_them() -> None:
    counts = forecast_counts(population(), rates(), CONTROLS, parameters(), drivers())
    assert set(counts["homes"]) == {"present"}
    assert counts.groupby("year")["pupils"].sum().tolist() == [200, 200, 200]


def test_the_county_grows_by_them_with_rates_and_stays_with_controls() -> None:
    tables = drivers(developments=HUNDRED)
    free = forecast_counts(population(), rates(), CONTROLS, parameters(), tables)
    assert free.groupby("year")["pupils"].sum().tolist() == [200, 204, 206]
    bound = forecast_counts(population(), rates(), CONTROLS, parameters(forecast_method="controls"), tables)
    headline = bound[bound["place_sought"] != "mainstream"]
    assert headline.groupby("year")["pupils"].sum().tolist() == [80, 88, 92]
    # 6.12 of 206.12 are of new homes in every stream: 92 x 0.0297 = 2.7 and 130 x 0.0297 = 3.9
    new = bound[(bound["homes"] == "new") & (bound["year"] == 2026)]
    assert new.groupby(new["place_sought"] == "mainstream")["pupils"].sum().tolist() == [3, 4]


def test_pupils_of_new_homes_live_where_the_dwellings_are() -> None:
    given = estates(("park", "n2", 2025, 900), ("dale", "s1", 2026, 300), ("none", "s2", 2025, 0))
    counts = county_counts(population(), rates(), CONTROLS, parameters(), drivers(developments=given))
    new = counts[counts["homes"] == "new"]
    found = locate(new, population(), 2024, drivers=drivers(developments=given))
    by_zone = found.pivot_table(index="year", columns="origin_id", values="pupils", aggfunc="sum", fill_value=0)
    assert list(by_zone.columns) == ["n2", "s1"]
    assert by_zone.loc[2025].tolist() == [int(new.loc[new["year"] == 2025, "pupils"].sum()), 0]
    # a quarter of the dwellings of 2026 are in s1: of 73 pupils in small groups, about 18
    assert 0.1 < by_zone.loc[2026, "s1"] / by_zone.loc[2026].sum() < 0.4


@pytest.mark.parametrize("method", ["rates", "controls"])
def test_a_new_estate_moves_nobody_of_the_present_homes(method: str) -> None:
    key = ["year", "ncy", "need", "place_sought", "attendance"]
    people = population()
    people["people"] = people["zone_id"].map({"n1": 11.0, "n2": 71.0, "s1": 31.0, "s2": 287.0})
    homes = []
    for given in (None, estates(("park", "n2", 2025, 700), ("dale", "s1", 2026, 300))):
        tables = drivers(developments=given)
        counts = forecast_counts(people, rates(), CONTROLS, parameters(forecast_method=method), tables)
        present = counts[counts["homes"] == "present"]
        found = locate(present, people, 2024, drivers=tables)
        homes.append(found.set_index([*key, "origin_id"])["pupils"])
    both = pd.concat(homes, axis=1, keys=["without", "with"]).fillna(0).astype(int)
    moved = 0
    for _, cell in both.groupby(level=key):
        smaller, larger = cell.sum().sort_values(kind="stable").index
        assert (cell[smaller] <= cell[larger]).all()
        moved += int(cell["without"].sum() != cell["with"].sum())
    # with controls the new homes take pupils from the present ones, so the test has something to say
    assert (moved > 0) == (method == "controls")


def test_the_order_of_estates_does_not_matter() -> None:
    given = estates(("park", "n2", 2025, 150), ("dale", "s1", 2026, 300), ("lea", "n2", 2026, 90))
    both = [
        forecast_demand(population(), rates(), CONTROLS, parameters(), drivers=drivers(developments=rows))
        for rows in (given, shuffled(given, 3))
    ]
    pd.testing.assert_frame_equal(*both)
