"""Journeys, money and the bridge of the tiny county, worked out by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from sufficiency import measures
from sufficiency.measures.journeys import weighted_percentiles
from sufficiency.model.errors import DataError
from tests import tiny_county as tiny


def outcome_rows(allocation=None):
    groups = measures.describe_groups(tiny.demand(), tiny.zones(), tiny.COUNTY)
    return measures.outcomes(allocation or tiny.allocation(), groups, tiny.provision(), tiny.settings())


def journeys(allocation=None, ridden=None, **values):
    return measures.journeys_table(
        "do_nothing", outcome_rows(allocation), tiny.parameters(**values), tiny.AREA_IDS, ridden
    ).set_index(["area_id", "phase", "need"])


def rides(*rows):
    """Return rides of g1 15 min, g2 4 pupils of 44 and 2 of 46, g3 20.5 and g5 80, or others."""
    known = [("g1", "P1", 10, 15.0), ("g2", "P1", 4, 44.0), ("g2", "P1", 2, 46.0), ("g3", "P2", 7, 20.5)]
    columns = ["group_id", "provision_id", "pupils", "ridden_min"]
    return pd.DataFrame(rows or [*known, ("g5", "P4", 3, 80.0)], columns=columns).assign(policy="optimal")


def test_county_by_hand():
    """10 pupils 12 min, 7 of 20, 3 of 45, 6 of 50: 695 pupil-minutes over 26 pupils; the 13th and the 24th pupil."""
    found = journeys().loc["C", "all", "all"]
    assert found["pupils"] == 26
    assert found["not_daily_pupils"] == 4
    assert found["mean_min"] == pytest.approx(695 / 26)
    assert found["median_min"] == 20
    assert found["p90_min"] == 50
    assert found["over_limit_pupils"] == 6
    assert found["pupil_km_per_year"] == pytest.approx((10 * 5 + 6 * 30 + 7 * 10 + 3 * 40) * 190 * 2)
    assert found["pupil_km_per_year"] == 159_600


def test_cost_and_carbon_by_hand():
    """Low carbon has the fullest vehicles: 159,600 × 0.5 ÷ 5 × 1.1 × 0.1 = 1,755.6 kg."""
    found = journeys().loc["C", "all", "all"]
    costs = [found[f"cost_gbp_{band}"] for band in ("low", "central", "high")]
    carbon = [found[f"kgco2e_{band}"] for band in ("low", "central", "high")]
    assert costs == pytest.approx([79_800, 159_600 * 0.8 * 2, 159_600 * 3])
    assert carbon == pytest.approx([1_755.6, 159_600 * 0.8 / 4 * 1.25 * 0.2, 159_600 / 2 * 1.5 * 0.4])


def test_every_area_has_a_row_and_no_figure_without_pupils():
    table = journeys()
    assert set(table.loc[(slice(None), "all", "all"), :].index.get_level_values("area_id")) == set(tiny.AREA_IDS)
    nobody = table.loc["d2-b", "all", "all"]
    assert nobody["pupils"] == 0
    assert nobody["not_daily_pupils"] == 4
    assert np.isnan(nobody["mean_min"])
    assert nobody["pupil_km_per_year"] == 0


def test_breakdown_by_phase_and_need_group():
    table = journeys()
    assert table.loc[("D1", "primary", "all"), "pupils"] == 16
    assert table.loc[("D1", "primary", "all"), "median_min"] == 12
    assert table.loc[("C", "all", "cognition_and_learning"), "over_limit_pupils"] == 6


@pytest.mark.parametrize(("minutes", "over"), [(45.0, 0), (45.01, 6)])
def test_over_the_limit_means_strictly_over(minutes, over):
    changed = tiny.allocation()
    changed.allocation.loc[changed.allocation["group_id"] == "g2", "travel_min"] = minutes
    assert journeys(changed).loc[("D1", "all", "all"), "over_limit_pupils"] == over


def test_secondary_pupils_have_their_own_limit():
    assert journeys().loc[("D2", "all", "all"), "over_limit_pupils"] == 0  # 45 min, limit 75
    tighter = journeys(journey_limit_secondary_min=(30, None, None))
    assert tighter.loc[("D2", "all", "all"), "over_limit_pupils"] == 3


def test_ridden_by_hand():
    """10 × 15 + 4 × 44 + 2 × 46 + 7 × 20.5 + 3 × 80 over 26; over 45 the two of Year 6, over 75 the three of Year 7."""
    table = journeys(ridden=rides())
    county = table.loc["C", "all", "all"]
    assert county["ridden_mean_min"] == pytest.approx((150 + 176 + 92 + 143.5 + 240) / 26)
    assert county["ridden_over_limit_pupils"] == 5
    assert table.loc[("D1", "primary", "all"), "ridden_over_limit_pupils"] == 2
    assert table.loc[("D2", "secondary", "all"), "ridden_over_limit_pupils"] == 3
    assert table.loc[("D2", "secondary", "all"), "ridden_mean_min"] == pytest.approx((143.5 + 240) / 10)
    nobody = table.loc["d2-b", "all", "all"]
    assert np.isnan(nobody["ridden_mean_min"])
    assert nobody["ridden_over_limit_pupils"] == 0


def test_a_ride_of_exactly_the_limit_is_not_over_it():
    assert journeys(ridden=rides()).loc[("D1", "all", "all"), "ridden_over_limit_pupils"] == 2
    at = rides().replace({"ridden_min": {46.0: 45.0}})
    assert journeys(ridden=at).loc[("D1", "all", "all"), "ridden_over_limit_pupils"] == 0


def test_rides_change_nothing_that_is_direct():
    direct, both = journeys(), journeys(ridden=rides())
    same = [column for column in direct.columns if not column.startswith("ridden")]
    pd.testing.assert_frame_equal(direct[same], both[same], check_exact=True)
    assert direct[["ridden_mean_min", "ridden_over_limit_pupils"]].isna().all().all()


@pytest.mark.parametrize(
    "other",
    [
        rides().iloc[1:],  # somebody does not ride
        pd.concat([rides(), rides(("g4", "P3", 4, 9.0))]),  # nor do residential pupils ride daily
        rides().assign(pupils=[9, 4, 2, 7, 3]),
        rides().replace({"P2": "P1"}),
    ],
)
def test_rides_of_other_pupils_are_refused(other):
    with pytest.raises(DataError, match="not those of the day pupils"):
        journeys(ridden=other)


def test_ranges_by_hand():
    """Low: 10 of 10, 6 of 40, 7 of 15, 3 of 45: 580 over 26. High: 15, 60, 25 and 76; g2 over 45, g5 over 75.

    As ridden at the low end as directly at the low times; at the high end all of g1 and g2 ride 46 minutes, 16 over.
    """
    rows = measures.day_rows(outcome_rows()).sort_values("group_id", ignore_index=True)
    assert rows["group_id"].tolist() == ["g1", "g2", "g3", "g5"]
    minutes = pd.Series([10.0, 40, 15, 45]), pd.Series([15.0, 60, 25, 76])
    both = (
        rides(("g1", "P1", 10, 10.0), ("g2", "P1", 6, 40.0), ("g3", "P2", 7, 15.0), ("g5", "P4", 3, 45.0)),
        rides(("g1", "P1", 10, 46.0), ("g2", "P1", 6, 46.0), ("g3", "P2", 7, 15.0), ("g5", "P4", 3, 45.0)),
    )
    table = measures.journey_ranges_table("do_nothing", rows, tiny.parameters(), minutes=minutes, rides=both)
    assert table[["scenario_id", "policy", "year", "area_id"]].drop_duplicates().to_numpy().tolist() == [
        ["do_nothing", "optimal", tiny.YEAR, "C"]
    ]
    ends = table.set_index("measure")
    assert ends.loc["mean_min"].tolist()[-2:] == pytest.approx([580 / 26, (150 + 360 + 175 + 228) / 26])
    assert ends.loc["median_min", ["low", "high"]].tolist() == [15, 25]
    assert ends.loc["p90_min", ["low", "high"]].tolist() == [45, 76]
    assert ends.loc["over_limit_pupils", ["low", "high"]].tolist() == [0, 6 + 3]
    assert ends.loc["ridden_mean_min", "low"] == pytest.approx(580 / 26)
    assert ends.loc["ridden_over_limit_pupils", ["low", "high"]].tolist() == [0, 16]
    assert measures.journey_ranges_table("x", rows.iloc[:0], tiny.parameters(), minutes=minutes, rides=both).empty
    assert measures.journey_ranges_table("x", rows, tiny.parameters()).empty


def test_percentiles_are_attained_and_weighted():
    rows = pd.DataFrame({"k": ["a"] * 4 + ["b"], "travel_min": [9.0, 1.0, 5.0, 2.0, 7.0], "pupils": [1, 4, 2, 3, 1]})
    # a: 1 1 1 1 2 2 2 5 5 9 -> the 5th and the 9th of ten
    found = weighted_percentiles(rows, ["k"], (0.5, 0.9)).set_index("k")
    assert found.loc["a"].tolist() == [2.0, 5.0]
    assert found.loc["b"].tolist() == [7.0, 7.0]


def test_no_residential_pupil_and_no_day_pupil():
    day_only = tiny.allocation(placed=[("g1", "P1", 10, "local", 12.0, 5.0)])
    assert journeys(day_only).loc[("C", "all", "all"), "not_daily_pupils"] == 0
    nan = float("nan")
    nobody_travels = tiny.allocation(placed=[("g4", "P3", 4, "independent", nan, nan)])
    found = journeys(nobody_travels).loc["C", "all", "all"]
    assert (found["pupils"], found["not_daily_pupils"]) == (0, 4)


def test_high_needs_block_by_hand():
    table = measures.high_needs_table("do_nothing", outcome_rows(), tiny.parameters()).set_index("item")
    low = table["gbp_low"].to_dict()
    assert low == {
        "Local special-school places": 16 * 10_000,
        "Local specialist-base places": 7 * 6_000,
        "Places in other councils' schools": 3 * 10_000,
        "Independent and non-maintained places": 4 * 50_000,
    }
    assert table.loc["Independent and non-maintained places", "gbp_high"] == 4 * 70_000


def test_a_base_place_in_another_council_is_priced_too():
    placed = [("g3", "P4", 7, "other_council", 20.0, 10.0)]
    table = measures.high_needs_table("x", outcome_rows(tiny.allocation(placed=placed)), tiny.parameters())
    found = table.set_index("item")["gbp_central"]
    assert found["Places in other councils' schools"] == 7 * 12_000
    assert found["Local special-school places"] == 0


def test_transport_by_hand():
    rows = outcome_rows()
    trips = measures.journeys_table("do_nothing", rows, tiny.parameters(), tiny.AREA_IDS)
    table = measures.transport_table(trips, tiny.parameters()).set_index("item")
    assert table.loc["Average basis", "gbp_central"] == pytest.approx(26 * 0.8 * 8000)
    assert table.loc["Average basis", "gbp_low"] == pytest.approx(26 * 0.5 * 6000)
    assert table.loc["Of which related to distance", "gbp_high"] == pytest.approx(159_600 * 3)


def test_capital_by_funding_line_and_year():
    first = pd.Series({"new-school": 2027, "more-first": 2028})
    table = measures.capital_table("programme", pd.DataFrame(tiny.schemes()), first)
    # the closing scheme never opens, and is not priced
    assert table[["year", "gbp_low", "gbp_high"]].to_numpy().tolist() == [[2027, 1e6, 3e6], [2028, 1e6, 3e6]]
    assert pd.api.types.is_integer_dtype(table["year"])
    assert measures.capital_table("none", pd.DataFrame(tiny.schemes()).head(0), first).empty


def test_the_three_purses_are_never_added():
    rows = outcome_rows()
    trips = measures.journeys_table("do_nothing", rows, tiny.parameters(), tiny.AREA_IDS)
    first = pd.Series({"new-school": 2027})
    parts = [
        measures.high_needs_table("do_nothing", rows, tiny.parameters()),
        measures.transport_table(trips, tiny.parameters()),
        measures.capital_table("do_nothing", pd.DataFrame(tiny.schemes()), first),
    ]
    purses = [set(part["purse"]) for part in parts]
    assert purses == [{"high_needs_block"}, {"general_fund_transport"}, {"capital"}]
    total = sum(part["gbp_central"].sum() for part in parts)
    for part in parts:
        assert not np.isclose(part["gbp_central"], total).any()


def test_the_bridge_meets():
    """The plan's own steps: 434 + x + 281 - (36 + x) = 679 for any x; here with x = 220 of 2,031 in January 2025."""
    provision = tiny.provision().replace({"needs": {"SEMH": "ASD"}})
    rows = [("P3", 2024, 434), ("P4", 2024, 220), ("P1", 2024, 1_400), ("P1", 2025, 1_426), ("P2", 2025, 207)]
    places = pd.DataFrame(rows, columns=["provision_id", "year", "planned_places"])
    demand = pd.DataFrame({"year": [2024, 2028], "pupils": [2_031, 2_312]})
    area = dataclasses.replace(tiny.inputs(), provision=provision, places=places)
    table = measures.bridge_table(area, demand)
    assert table["pupils"].tolist() == [434, 220, 281, -(36 + 220), 679]
    assert table["start_pupils"].tolist() == [0, 434, 654, 935, 0]
    assert table["pupils"].iloc[:4].sum() == table["pupils"].iloc[4]
    assert table["step"].tolist() == [1, 2, 3, 4, 5]
