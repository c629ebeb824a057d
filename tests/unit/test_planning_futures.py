"""Futures of the embedded area: the range lies around the forecast, mitigations add up, shortness is counted."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from sufficiency import planning
from sufficiency.assess import demand_of
from sufficiency.disclosure.futures import put_futures
from sufficiency.disclosure.shelf import Shelf
from sufficiency.measures import awaiting_table, headline_groups
from sufficiency.model.errors import DataError, ParameterError
from sufficiency.model.tables import conform


@pytest.fixture(scope="module")
def drawn(oxfordshire):
    return planning.draw_futures(oxfordshire, draws=200)


def test_the_central_pupils_are_those_of_the_demand_table(oxfordshire, drawn):
    demand = demand_of(oxfordshire)
    headline = demand[headline_groups(demand)]
    rows = drawn.rows[(drawn.rows["need"] == "all") & (drawn.rows["phase"] == "all")]
    county = rows[(rows["level"] == "county") & (rows["provision_type"] == "headline")].set_index("year")["pupils"]
    assert county.to_dict() == headline.groupby("year")["pupils"].sum().to_dict()
    district = headline["origin_id"].map(oxfordshire.zones.set_index("zone_id")["district_id"])
    found = rows[(rows["level"] == "district") & (rows["year"] == 2028)].set_index("area_id")["pupils"]
    assert found.to_dict() == headline[headline["year"] == 2028].groupby(district)["pupils"].sum().to_dict()


def test_the_range_surrounds_the_forecast_and_widens(drawn):
    table = drawn.quantiles()
    county = table[(table["level"] == "county") & (table["need"] == "all") & (table["phase"] == "all")]
    county = county[county["provision_type"] == "headline"].set_index("year")
    assert (county["p10_pupils"] <= county["pupils"]).all()
    assert (county["pupils"] <= county["p90_pupils"]).all()
    width = county["p90_pupils"] - county["p10_pupils"]
    assert width[2024] == 0
    assert width[2031] > width[2025] > 0
    assert np.abs(county["p50_pupils"] / county["pupils"] - 1).max() < 0.05


def test_places_are_set_against_the_draws(oxfordshire, drawn):
    table = planning.range_table(drawn, oxfordshire)
    told = table[table["above_places_draws_share"].notna()].set_index("year")
    at = told.index.get_loc(2028)
    row = table.index[table["above_places_draws_share"].notna()][at]
    assert told["above_places_draws_share"][2028] == (drawn.pupils[row] > 1_633).mean()
    places = oxfordshire.places.copy()
    places["planned_places"] *= 0
    empty = planning.range_table(drawn, dataclasses.replace(oxfordshire, places=places))
    assert (empty["above_places_draws_share"].dropna() == 1).all()


def test_a_mitigation_by_itself_is_what_the_forecast_says_with_it(oxfordshire):
    deltas = planning.mitigation_deltas(oxfordshire).set_index(["mitigation_id", "year"])
    without = demand_of(oxfordshire)
    for name in ("04-support-bases", "07-experts-at-hand"):
        applied = demand_of(planning.adjusted(oxfordshire, mitigations=[name]))
        for year in (2026, 2028, 2031):
            sums = [
                (int(rows["pupils"].sum()), int(rows[headline_groups(rows)]["pupils"].sum()))
                for rows in (frame[frame["year"] == year] for frame in (without, applied))
            ]
            assert sums[1][0] - sums[0][0] == deltas.at[(name, year), "plans_change_pupils"]
            # streams are made whole together, so that one of them may differ by one from its own rounding
            assert abs(sums[1][1] - sums[0][1] - deltas.at[(name, year), "headline_change_pupils"]) <= 1
    supply = deltas.loc["01-special-places"]
    assert supply["headline_change_pupils"].isna().all()
    ends = deltas.dropna(subset=["headline_change_pupils"])
    assert (ends["low_headline_change_pupils"] >= ends["headline_change_pupils"]).all()
    assert (ends["headline_change_pupils"] >= ends["high_headline_change_pupils"]).all()


def test_an_area_without_mitigations_has_no_deltas(oxfordshire):
    none = planning.mitigation_deltas(planning.adjusted(oxfordshire, tables={"mitigations": None}))
    assert none.empty
    assert "headline_change_pupils" in none.columns


def test_adjusted_inputs_refuse_what_is_not_there(oxfordshire):
    with pytest.raises(ParameterError, match="did you mean 'rate_trend_shape'"):
        planning.adjusted(oxfordshire, assumptions={"rate_trend_shap": "none"})
    with pytest.raises(ParameterError, match="must be one of none, constant, damped, saturating"):
        planning.adjusted(oxfordshire, assumptions={"rate_trend_shape": "steep"})
    with pytest.raises(ParameterError, match="settings cannot be changed here"):
        planning.adjusted(oxfordshire, tables={"settings": None})
    with pytest.raises(ParameterError, match="there is no mitigation 99-none"):
        planning.adjusted(oxfordshire, mitigations=["99-none"])
    changed = planning.adjusted(oxfordshire, assumptions={"short_share": 0.2})
    assert changed.parameters.value("short_share") == 0.2
    assert oxfordshire.parameters.value("short_share") == 0.1
    assert changed.parameters.range("short_share") == (0.2, 0.2, 0.2)


def test_nobody_is_short_where_any_share_is_allowed_and_all_are_where_none_is(oxfordshire):
    for share, expected in ((1.0, 0.0), (0.0, 1.0)):
        inputs = planning.adjusted(oxfordshire, assumptions={"short_share": share})
        found = planning.short_areas({"do_nothing": inputs}, years=[2028], draws=1)
        assert (found["short_draws_share"] == expected).all()
    county = found[found["area_id"] == "E10000025"].iloc[0]
    districts = found[found["area_id"] != "E10000025"]
    assert county["p50_without_local_place_pupils"] == districts["p50_without_local_place_pupils"].sum()
    assert county["draws"] == 1


def test_shortness_of_an_area_with_its_own_demand_is_refused(oxfordshire):
    own = dataclasses.replace(oxfordshire, demand=demand_of(oxfordshire))
    with pytest.raises(DataError, match="gives its own demand"):
        planning.short_areas({"do_nothing": own}, draws=1)
    assert planning.draw_futures(own, draws=2).pupils.shape[1] == 2


@pytest.fixture
def awaiting(oxfordshire):
    zones = oxfordshire.zones.groupby("district_id")["zone_id"].first().tolist()
    rows = [(zones[0], 2025, "primary", "ASD", 9), (zones[0], 2025, "secondary", "all", 3), (zones[1], 2025, "primary",
            "all", 2), ("", 2025, "primary", "all", 4)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["zone_id", "year", "phase", "need", "pupils"])
    return dataclasses.replace(oxfordshire, awaiting=conform(frame, "awaiting"))


def test_pupils_who_await_a_place_are_counted_by_area(awaiting):
    table = awaiting_table(awaiting).set_index(["area_id", "phase"])["pupils"]
    assert table["E10000025", "all"] == 18
    assert table["E10000025", "primary"] == 15
    assert table["E07000177", "all"] == 12
    assert table["E07000178", "primary"] == 2


def test_small_figures_of_the_futures_stay_in(awaiting, drawn):
    known = awaiting.areas[["area_id", "area_name", "level", "parent_id"]]
    known = pd.DataFrame(known[known["level"].isin(["county", "district", "cluster"])])
    shelf = Shelf(known.set_index("area_id")["area_name"])
    shown = pd.DataFrame({"year": [2028], "area_id": ["E07000181"], "demand_pupils": [346]})
    shelf.put("sufficiency_area", shown, pd.DataFrame({"demand_pupils": [True]}), shown.columns)
    accounts = pd.DataFrame([("a.csv", "population", "read", 3), ("b.csv", "SEN2 return, persons", "read", 4),
                             ("placements.csv", "table placements", "read", 7)],
                            columns=["file", "kind", "what", "rows"])  # fmt: skip
    tables = {"forecast_range": planning.range_table(drawn, awaiting), "awaiting_area": awaiting_table(awaiting),
              "mitigation_deltas": planning.mitigation_deltas(awaiting), "accounts": accounts}  # fmt: skip
    put_futures(shelf, tables, known, hide_up_to=5)
    ranges, veil = shelf.tables["forecast_range"], shelf.hidden["forecast_range"]
    west = (ranges["area_id"] == "E07000181") & (ranges["year"] == 2028) & (ranges["phase"] == "all")
    assert veil.loc[west, "p50_pupils"].all(), "hidden where the demand itself is hidden"
    told = ranges["p50_pupils"].dropna()
    assert (told % 5 == 0).all()
    assert (told > 5).all()
    assert not ((ranges["level"] == "cluster") & ((ranges["phase"] != "all") | (ranges["need"] != "all"))).any()
    assert 2024 not in set(ranges["year"])
    waiting = shelf.tables["awaiting_area"]
    assert not waiting["pupils"].dropna().between(1, 5).any()
    assert waiting["pupils"].isna().sum() >= 3, "and one more than the small ones, so that none is a difference"
    change = shelf.tables["mitigation_deltas"]["headline_change_pupils"].dropna().abs()
    assert not change.between(1, 5).any()
    assert shelf.tables["accounts"]["file"].tolist() == ["a.csv"]


def test_one_hidden_mitigation_is_not_the_rest_of_all_together(oxfordshire):
    known = oxfordshire.areas[["area_id", "area_name", "level", "parent_id"]]
    shelf = Shelf(known.set_index("area_id")["area_name"])
    deltas = planning.mitigation_deltas(oxfordshire)
    put_futures(shelf, {"mitigation_deltas": deltas}, pd.DataFrame(known), hide_up_to=5)
    veil = shelf.hidden["mitigation_deltas"]
    rows = shelf.tables["mitigation_deltas"]
    for column in [name for name in rows.columns if name.endswith("_change_pupils")]:
        for year in set(rows["year"]):
            hidden = veil[column][rows["year"] == year]
            together = rows["mitigation_id"][rows["year"] == year] == "all"
            assert hidden[~together].sum() != 1 or hidden[together].all()
