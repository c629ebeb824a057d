"""Money in three purses, worked by hand, and the laws that it keeps."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sufficiency import measures
from sufficiency.measures.displacement import displacement, net_change
from sufficiency.measures.economic_view import capital_buys, net_present_value, payback_years
from sufficiency.measures.financial_years import BANDS, capital_by_financial_year, financial_years
from sufficiency.measures.transport_money import carbon_change, transport_change, vehicle_km, whole_vehicles
from sufficiency.model.errors import DataError, ParameterError
from sufficiency.model.parameters import with_values
from sufficiency.planning.scheme_money import (
    cost_effectiveness,
    economics_against,
    money_against,
    money_by_financial_year,
    scheme_economics,
)
from tests import tiny_county

ONE = (1.0, None, None)
NONE = (0.0, None, None)
VALUES = {
    "independent_place_gbp": (60_000, 50_000, 70_000),
    "special_school_place_gbp": (20_000, 10_000, 30_000),
    "specialist_base_place_gbp": (12_000, 6_000, 18_000),
    "mainstream_plus_topup_gbp": (8_000, 7_000, 9_000),
    "other_arrangements_gbp": (30_000, 20_000, 40_000),
    "other_council_place_gbp": (25_000, 22_000, 28_000),
    "special_school_from_independent_share": (0.5, 0.25, 0.75),
    "special_school_from_mainstream_share": (0.5, 0.25, 0.75),
    "special_school_from_other_arrangements_share": NONE,
    "special_school_from_other_council_share": NONE,
    "specialist_base_from_independent_share": NONE,
    "specialist_base_from_mainstream_share": ONE,
    "specialist_base_from_other_arrangements_share": NONE,
    "specialist_base_from_other_council_share": NONE,
    "special_school_place_funding_gbp": (10_000, None, None),
    "specialist_base_place_funding_gbp": (10_000, 6_000, 10_000),
    "start_up_gbp_per_place": (2_000, 1_000, 3_000),
    "preference_leakage_share": NONE,
    "specialist_base_capital_gbp": (15_959_000, None, None),
    "capital_gbp_per_base_place": (111_000, 34_173, 188_000),
    "discount_rate_share": (0.035, None, None),
    "appraisal_years": (3, None, None),
    "capital_before_opening_share": (0.6, None, None),
    "vehicle_occupancy_pupils": (4, 2, 5),
    "transported_share": ONE,
    "transport_gbp_per_pupil": (8_000, 6_000, 10_000),
    "transport_gbp_per_pupil_km": (1.0, 0.5, 2.0),
}


def parameters(**values):
    return tiny_county.parameters(**(VALUES | values))


def extra(kind: str, pupils: int, places: int, new: int, policy: str = "optimal", moved: int = 0) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "policy": [policy],
            "year": [2028],
            "provision_type": [kind],
            "pupils": [pupils],
            "moved_pupils": [moved],
            "places": [places],
            "new_places": [new],
        }
    )


def bands(table: pd.DataFrame, words: str) -> list[float]:
    (row,) = table.loc[table["item"].str.contains(words), list(BANDS)].to_numpy().tolist()
    return row


def test_a_special_school_saves_only_what_its_pupils_would_cost_elsewhere() -> None:
    table = displacement(extra("special_school", 8, 10, 10), parameters())
    # independent: low 8 × 0.75 × (10 − 70), central 8 × 0.5 × (20 − 60), high 8 × 0.25 × (30 − 50), in thousands
    assert bands(table, "otherwise in independent") == [-360_000, -160_000, -40_000]
    # mainstream: 8 × 0.25 × (10 − 9), 8 × 0.5 × (20 − 8), 8 × 0.75 × (30 − 7)
    assert bands(table, "mainstream") == [2_000, 48_000, 138_000]
    assert bands(table, "while they fill") == [20_000, 20_000, 20_000]
    assert bands(table, "start-up") == [10_000, 20_000, 30_000]
    assert table["gbp_central"].sum() == -72_000


def test_a_base_filled_from_mainstream_is_a_net_cost() -> None:
    table = displacement(extra("specialist_base", 10, 10, 0), parameters())
    assert bands(table, "mainstream") == [-30_000, 40_000, 110_000]
    assert table["gbp_central"].sum() == 40_000


def test_those_who_stay_independent_save_nothing_and_leave_a_place_empty() -> None:
    given_leakage = parameters(preference_leakage_share=(0.25, None, None))
    table = displacement(extra("special_school", 8, 8, 0), given_leakage)
    assert bands(table, "otherwise in independent")[1] == -120_000  # 3 of the 4
    assert bands(table, "while they fill")[1] == 10_000  # the place of the fourth
    chosen = displacement(extra("special_school", 8, 8, 0, policy="preference"), given_leakage)
    assert bands(chosen, "otherwise in independent")[1] == -160_000  # that policy has kept them there already


def test_of_present_independent_pupils_only_a_few_move() -> None:
    known = parameters(movement_share=(0.25, 0.0, 0.5))
    table = displacement(extra("special_school", 8, 8, 0, moved=4), known)
    # 4 new starters, 2 of them from independent places; of 4 present pupils 2, 1 and none move: × (10 - 70), (20 - 60)
    assert bands(table, "otherwise in independent")[1] == -80_000
    assert bands(table, "in use") == [-120_000, -40_000, 0]
    assert bands(table, "while they fill") == [20_000, 30_000, 40_000]
    rolled = displacement(extra("special_school", 8, 8, 0, policy="rolling", moved=4), known)
    assert bands(rolled, "in use")[1] == -160_000  # that policy moves no more than the share
    leaking = parameters(movement_share=(0.25, 0.0, 0.5), preference_leakage_share=(0.25, None, None))
    rolled = displacement(extra("special_school", 8, 8, 0, policy="rolling", moved=4), leaking)
    assert bands(rolled, "in use")[1] == -120_000
    with pytest.raises(DataError, match="part of pupils"):
        displacement(extra("special_school", 3, 8, 0, moved=4), known)


@given(
    st.sampled_from(["special_school", "specialist_base"]), st.integers(0, 300), st.integers(0, 300), st.floats(0, 1)
)
def test_less_gives_back_what_more_takes(kind: str, pupils: int, places: int, part: float) -> None:
    known = parameters(preference_leakage_share=(0.1, 0.0, 0.2), movement_share=(0.03, 0.0, 0.1))
    moved = int(part * pupils)
    more = displacement(extra(kind, pupils, places, places, moved=moved), known)
    less = displacement(extra(kind, -pupils, -places, -places, moved=-moved), known)
    assert (more["gbp_low"] == -less["gbp_high"]).all()
    assert (more["gbp_central"] == -less["gbp_central"]).all()
    assert (more["gbp_low"] <= more["gbp_central"]).all()
    assert (more["gbp_central"] <= more["gbp_high"]).all()
    net = net_change(more)
    for band in BANDS:
        assert round(100 * net[band].sum()) == sum(round(100 * one) for one in more[band])


def test_a_september_opening_is_seven_twelfths_of_its_first_financial_year() -> None:
    table = pd.DataFrame({"year": [2028, 2029], "gbp_central": [1_200.0, 2_400.0]})
    out = financial_years(table)
    assert dict(zip(out["financial_year"], out["gbp_central"], strict=True)) == {
        2028: 700.0,
        2029: 1_900.0,
        2030: 1_000.0,
    }


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(2024, 2034), st.integers(-(10**12), 10**12)), min_size=1, max_size=12),
    st.floats(0, 1),
)
def test_financial_years_lose_no_penny(rows: list[tuple[int, int]], share: float) -> None:
    table = pd.DataFrame({"year": [y for y, _ in rows], "gbp_central": [pence / 100 for _, pence in rows]})
    for out in (financial_years(table), capital_by_financial_year(table, share)):
        assert sum(round(100 * x) for x in out["gbp_central"]) == sum(pence for _, pence in rows)


def test_capital_is_spent_before_and_in_the_year_of_opening() -> None:
    out = capital_by_financial_year(pd.DataFrame({"year": [2028], "gbp_central": [1_000.01]}), 0.6)
    assert dict(zip(out["financial_year"], out["gbp_central"], strict=True)) == {2027: 600.01, 2028: 400.0}


def test_purses_stay_apart_by_financial_year() -> None:
    row = {
        "item": "x",
        "note": "",
        "behind": "",
        "policy": "optimal",
        "gbp_low": 12.0,
        "gbp_central": 12.0,
        "gbp_high": 12.0,
    }
    table = pd.DataFrame([row | {"year": 2028, "purse": purse} for purse in ("high_needs_block", "capital")])
    out = money_by_financial_year(table, parameters()).set_index(["purse", "financial_year"])["gbp_central"]
    assert out.to_dict() == {
        ("high_needs_block", 2028): 7.0,
        ("high_needs_block", 2029): 5.0,
        ("capital", 2027): 7.2,
        ("capital", 2028): 4.8,
    }


def test_vehicles_are_whole_and_run_empty() -> None:
    assert vehicle_km(300.0, 3.0, 0.5) == 150.0
    assert [whole_vehicles(n, 4) for n in (0, 1, 4, 5)] == [0, 1, 1, 2]


def journeys(pupils: int, km: float) -> pd.DataFrame:
    row = {"policy": "optimal", "year": 2028, "area_id": tiny_county.COUNTY, "phase": "all", "need": "all"}
    return pd.DataFrame([row | {"pupils": pupils, "pupil_km_per_year": km}])


@pytest.mark.parametrize(("after", "cash"), [(15, 0.0), (12, -32_000.0), (20, 0.0)])
def test_a_transport_saving_is_cashable_only_where_a_vehicle_goes(after: int, cash: float) -> None:
    table = transport_change(journeys(16, 1_000.0), journeys(after, 900.0), parameters())
    assert bands(table, "Cashable")[1] == cash
    assert bands(table, "^Average")[1] == (after - 16) * 8_000
    assert bands(table, "^Marginal") == [-200, -100, -50]
    # 1,000 km over 16 pupils are 62.5 km each
    more, length = bands(table, "more or fewer"), bands(table, "longer or shorter")
    assert more[1] == (after - 16) * 62.5
    assert more[1] + length[1] == -100


def test_carbon_follows_the_vehicles_kilometres() -> None:
    """Half are carried. Central: 300 km fewer ÷ 4 pupils × 1.25 × 0.2 kg; 8 pupils fill 2 vehicles, 4.5 need 2."""
    known = parameters(transported_share=(0.5, None, None))
    (found,) = carbon_change(journeys(16, 1_600.0), journeys(9, 1_000.0), known).to_dict("records")
    assert found["vehicle_km_per_year_central"] == pytest.approx(-93.75)
    assert found["kgco2e_central"] == pytest.approx(-18.75)
    assert found["kgco2e_high"] == pytest.approx(-300 / 2 * 1.5 * 0.4)
    assert [found[f"vehicles_{band}"] for band in ("low", "central", "high")] == [-1, 0, -1]


def test_what_the_plans_capital_buys() -> None:
    table = capital_buys(parameters(), {"all": 467, "not yet funded": 379})
    assert dict(zip(table["case"], table["places_bought"], strict=True)) == {"low": 467, "central": 143, "high": 84}
    found = table.set_index(["case", "wanted_places"])
    assert found.loc[("low", 467), "short_gbp"] == 0
    assert found.loc[("central", 379), "short_gbp"] == 379 * 111_000 - 15_959_000


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=20), st.floats(0, 0.2), st.integers(1, 1000))
def test_present_value_at_no_rate_is_the_sum_and_rises_with_cost(flows: list[int], rate: float, more: int) -> None:
    assert net_present_value(flows, 0.0) == sum(flows)
    assert net_present_value([flows[0] + more, *flows[1:]], rate) > net_present_value(flows, rate)


def test_present_value_and_payback_by_hand() -> None:
    assert net_present_value([100.0, -110.0], 0.1) == pytest.approx(0.0)
    assert payback_years([100.0, -40.0, -60.0]) == 2
    assert payback_years([100.0, -40.0]) is None


def test_a_schemes_economics_by_hand() -> None:
    known = parameters(discount_rate_share=NONE)
    table = scheme_economics(
        {"low": 1e5, "central": 2e5, "high": 3e5}, extra("special_school", 8, 8, 8), known, opening_year=2028
    ).set_index("case")
    # central: 200,000 + start-up 16,000 + three years of 48,000 − 160,000
    assert table.loc["central", "npv_gbp"] == 216_000 - 3 * 112_000
    assert table.loc["central", "payback_years"] == 1
    assert pd.isna(table.loc["high", "payback_years"])
    assert table["note"].str.contains("not a budget").all()


def test_capital_a_place_and_an_hour() -> None:
    known = parameters(journeys_per_day=(2, None, None), school_days_per_year=(190, None, None))
    one = {"low": 1_900.0, "central": 3_800.0, "high": 7_600.0}
    table = cost_effectiveness(one, 10, 60.0, known)  # an hour each way: 380 hours a year
    assert table["gbp_per_place"].tolist() == [190, 380, 760]
    assert table["gbp_per_hour_saved_a_year"].tolist() == [5, 10, 20]
    assert cost_effectiveness(one, 10, -5.0, known)["gbp_per_hour_saved_a_year"].isna().all()


def test_shares_add_up_to_one_or_are_refused() -> None:
    """The low of three with the high of mainstream, and the other way round, are cases of their own."""
    known = parameters(
        special_school_from_independent_share=(0.5, 0.25, 0.75), special_school_from_mainstream_share=(0.5, 0.25, 0.75)
    )
    assert with_values(known, {"start_up_gbp_per_place": 1}).value("start_up_gbp_per_place") == 1
    with pytest.raises(ParameterError, match="values add up to 0"):
        with_values(known, {"special_school_from_mainstream_share": 0.4})
    both = {"special_school_from_mainstream_share": 0.4, "special_school_from_independent_share": 0.6}
    assert with_values(known, both).range("special_school_from_mainstream_share") == (0.4, 0.4, 0.4)


def assessed(scenario_id: str, more_places: int = 0, more_pupils: int = 0) -> SimpleNamespace:
    """Return what money needs of an assessment: of the two pupils of g2 without a place, some have one in P1."""
    places = tiny_county.places()
    places.loc[(places["provision_id"] == "P1") & (places["year"] == 2028), "planned_places"] += more_places
    found = tiny_county.allocation(scenario_id=scenario_id)
    found.allocation.loc[found.allocation["group_id"] == "g2", "pupils"] += more_pupils
    left = found.unplaced["pupils"].where(found.unplaced["group_id"] != "g2", 2 - more_pupils)
    found = dataclasses.replace(found, unplaced=found.unplaced.assign(pupils=left)[left > 0])
    groups = measures.describe_groups(tiny_county.demand(), tiny_county.zones(), tiny_county.COUNTY)
    rows = measures.outcomes(found, groups, tiny_county.provision(), tiny_county.settings())
    return SimpleNamespace(
        scenario_id=scenario_id,
        inputs=tiny_county.inputs(parameters=parameters(), places=places),
        outcomes=rows,
        journeys=measures.journeys_table(scenario_id, rows, parameters(), tiny_county.AREA_IDS),
    )


def test_one_scenario_against_another_by_hand() -> None:
    """Two pupils more in six places more, 30 km away.

    One would be in an independent place (20,000 less 60,000) and one in mainstream (20,000 less 8,000); four places
    stand empty at 10,000, and six start up at 2,000: 24,000. Transport: 2 × 30 km × 380 journeys at 1 pound a km.
    """
    table = money_against(assessed("do_nothing"), assessed("programme", 6, 2)).set_index("item")
    central = table["gbp_central"]
    assert central["Special-school pupils, otherwise in independent or non-maintained places"] == -40_000
    assert central["Special-school pupils, otherwise in mainstream with a top-up"] == 12_000
    assert central["Special-school places while they fill"] == 40_000
    assert central["Special-school start-up"] == 12_000
    assert central["Net change"] == 24_000
    assert central["Marginal basis"] == 2 * 30 * 380
    assert central["Average basis"] == 16_000
    assert set(table["purse"]) == {"high_needs_block", "general_fund_transport", "capital"}
    schemes = tiny_county.schemes().set_index("scheme_id").loc[["new-school", "more-first"]]
    assert table.loc[table["purse"] == "capital", "gbp_central"].sum() == schemes["capital_gbp_central"].sum()


def test_the_view_of_a_scenario_adds_every_purse_once() -> None:
    """Central, not discounted: capital of 2027 and 2028, a year of 24,000 with start-up, and one of 12,000."""
    after = assessed("programme", 6, 2)
    table = money_against(assessed("do_nothing"), after)
    known = parameters(discount_rate_share=NONE, capital_before_opening_share=NONE)
    capital = table[table["purse"] == "capital"]
    assert dict(zip(capital["year"], capital["gbp_central"], strict=True)) == {2027: 2e6, 2028: 2e6}
    found = economics_against(table, known).set_index("case").loc["central"]
    assert found["first_year"] == 2027
    assert found["sum_gbp"] == 4e6 + 24_000 + 12_000 + 2 * 22_800  # three years, of which 2027 has capital alone
    assert found["npv_gbp"] == found["sum_gbp"]
    assert "not a budget" in found["note"]


def test_the_same_scenario_changes_nothing() -> None:
    same = assessed("do_nothing")
    table = money_against(same, same)
    assert (table[list(BANDS)] == 0).all().all()
    turned = money_against(assessed("programme", 6, 2), assessed("do_nothing")).set_index("item")["gbp_central"]
    assert turned["Net change"] == -24_000
