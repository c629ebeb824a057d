"""Suppression by hand: what is hidden, what is spared, percentiles, sums, money; wrong sums are refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sufficiency.disclosure import release
from sufficiency.disclosure.cells import side_cells
from sufficiency.disclosure.shelf import Shelf, no_mask
from sufficiency.disclosure.side import put_ranges
from sufficiency.disclosure.suppress import LATE, Equations, hide
from sufficiency.disclosure.system import hide_cells
from sufficiency.model.errors import InfeasibleError, SufficiencyError
from tests import microdata
from tests import tiny_county as tiny


def sum_of(values, *, limit=5, spared=(), rank=None):
    """Hide in one equation: the first value is the total of the others."""
    size = len(values)
    equations = Equations(np.zeros(size, dtype=np.int64), np.arange(size), np.arange(size) == 0)
    mask = np.isin(np.arange(size), spared)
    order = np.zeros(size, dtype=np.int64) if rank is None else np.array(rank)
    return [part.tolist() for part in hide(np.array(values), equations, limit, spared=mask, rank=order)]


@pytest.mark.parametrize(
    ("values", "hidden"),
    [
        ([30, 3, 9, 18], [1, 2]),  # the smallest other part goes too
        ([30, 3, 3, 24], [1, 2]),  # two small ones of 6 together protect each other
        ([30, 2, 3, 25], [1, 2, 3]),  # but of 5 together they do not: each would be 5 or less
        ([30, 10, 20], []),
        ([30, 0, 30], []),  # a zero is no small figure
        ([24, 3, 0, 21], [1, 3]),  # a zero protects nothing
        ([3, 3, 0, 0], [0, 1]),
    ],
)
def test_one_sum_by_hand(values, hidden):
    assert np.flatnonzero(sum_of(values, spared=[0])[1]).tolist() == hidden


def test_the_rank_says_what_goes_first_and_a_late_cell_goes_last():
    assert np.flatnonzero(sum_of([30, 3, 9, 18], spared=[0], rank=[0, 0, 1, 0])[1]).tolist() == [1, 3]
    assert np.flatnonzero(sum_of([30, 3, 9, 18], spared=[0], rank=[0, 0, 0, LATE])[1]).tolist() == [1, 2]


def test_nothing_left_to_hide_is_an_error_not_a_leak():
    with pytest.raises(InfeasibleError, match="no safe release"):
        sum_of([30, 3, 27], spared=[0, 2])


def test_sums_that_do_not_add_up_are_refused():
    with pytest.raises(SufficiencyError, match="do not add up"):
        sum_of([30, 3, 9])


def test_two_equations_together_can_give_away_what_neither_does():
    """a + b = 12 is printed and a + b + c = 16 too: c = 4, though each sum hides two figures or more."""
    values = np.array([16, 12, 6, 6, 4, 30, 14])
    equations = Equations(
        np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 2]),
        np.array([0, 2, 3, 4, 1, 2, 3, 5, 0, 6]),
        np.array([1, 0, 0, 0, 1, 0, 0, 1, 0, 0], dtype=bool),
    )
    spared = np.array([0, 0, 0, 0, 0, 1, 0], dtype=bool)
    _, hidden = hide(values, equations, 5, spared=spared, rank=np.array([3, 3, 0, 0, 0, 3, 3]))
    assert hidden[4]
    # of the printed sums at least one had to go, or else c is their difference
    assert hidden[0] or hidden[1]


def test_pupils_who_are_in_no_district_are_protected_too():
    """County 40, districts 20 and 17: the 3 who are not located are nobody's cell, and follow by subtraction."""
    frame = pd.DataFrame(
        {"scenario_id": "x", "policy": "", "year": 2028, "area_id": ["C", "D1", "D2"], "pupils": [40, 20, 17]}
    )
    cells = hide_cells(side_cells(frame, ["pupils"], pd.DataFrame(tiny.areas())), 5)
    assert cells.loc[cells["area_id"].isin(["C", "D1", "D2"]), "hidden"].any()


def released_of(county, limit=5, **more):
    return release(microdata.tables(county) | more, tiny.areas(), hide_up_to=limit)


@pytest.fixture(scope="module")
def county():
    return microdata.draw(np.random.default_rng(4), most=30)


@pytest.mark.parametrize(
    ("pupils", "median", "p90"),
    [(5, True, True), (9, True, True), (10, False, True), (45, False, True), (50, False, False)],
)
def test_a_percentile_is_never_the_journey_of_a_few(pupils, median, p90):
    """Of 50, the 45th to the 50th lie at or beyond the p90: six pupils. Of 10, six lie beyond the median."""
    scene = microdata.draw(np.random.default_rng(0), most=2)
    scene.pupils[:] = 0
    scene.pupils[:, :, 0, 0, 0, 0] = 60
    scene.pupils[:, 0, 0, 0, 0, 0] = pupils
    veil, table = (part["journeys_area"] for part in (released_of(scene).hidden, released_of(scene).tables))
    here = veil[(table["area_id"] == "d1-a") & (table["scenario_id"] == "do_nothing")].iloc[0]
    assert (here["median_min"], here["p90_min"]) == (median, p90)


def test_sums_over_few_are_hidden_in_a_second_area_too(county):
    """Kilometres, cost and carbon add up over areas: one hidden cluster needs another."""
    scene = microdata.draw(np.random.default_rng(0), most=2)
    scene.pupils[:] = 0
    scene.pupils[:, :, 0, 0, 0, 0] = 60
    scene.pupils[:, 0, 0, 0, 0, 0] = 3
    released = released_of(scene)
    veil, table = released.hidden["journeys_area"], released.tables["journeys_area"]
    for column in ("pupil_km_per_year", "cost_gbp_low", "kgco2e_high", "mean_min", "ridden_mean_min"):
        flags = veil[table["scenario_id"] == "do_nothing"].set_axis(table["area_id"].unique())[column]
        assert flags["d1-a"]
        assert flags["d1-b"]
        assert not flags["C"]


def journeys_over(direct, only_ridden, rest=60):
    """Return the veil and table of areas where, in one cluster, so many pupils are over the limit."""
    scene = microdata.draw(np.random.default_rng(0), most=2)
    scene.pupils[:] = 0
    scene.pupils[:, :, :, 0, 0, 0] = rest
    scene.pupils[:, 0, 0, 0, 0, 1] = direct
    scene.pupils[:, 0, 0, 0, 0, 7] = only_ridden
    released = released_of(scene)
    veil, table = released.hidden["journeys_area"], released.tables["journeys_area"]
    here = table["scenario_id"] == "do_nothing"
    return veil[here].set_axis(table.loc[here, "area_id"]), table[here].set_axis(table.loc[here, "area_id"])


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        (0, 30, (True, True)),
        (3, 30, (False, True)),  # small itself
        (12, 30, (False, True)),  # 2 less than the central 14
        (0, 16, (True, False)),  # 2 more
        (20, 23, (False, False)),  # 3 apart
        (0, 598, (True, False)),  # all but two of the 600 travel
    ],
)
def test_ends_of_a_range_give_no_small_count_away(low, high, shown):
    key = {"scenario_id": ["do_nothing"], "policy": "optimal", "year": 2028, "area_id": "C"}
    figures = {"pupils": 600, "mean_min": 12.0, "median_min": 10.0, "p90_min": 20.0, "over_limit_pupils": 14}
    area = pd.DataFrame({**key, **figures, "ridden_mean_min": 18.0, "ridden_over_limit_pupils": 40})
    ranges = pd.DataFrame({**key, "measure": ["over_limit_pupils"], "low": float(low), "high": float(high)})
    for veiled in (False, True):
        shelf = Shelf(pd.Series(dtype=object))
        shelf.put("journeys_area", area, no_mask(area).assign(over_limit_pupils=veiled), list(area.columns))
        put_ranges(shelf, ranges, 5)
        found = shelf.tables["journey_ranges"].iloc[0]
        expected = (False, False) if veiled else shown
        assert (bool(pd.notna(found["low"])), bool(pd.notna(found["high"]))) == expected


OVER = ["over_limit_pupils", "ridden_over_limit_pupils"]


def test_few_over_the_limit_only_as_ridden_are_not_given_away_by_the_difference():
    """8 directly and 11 as ridden would tell of the 3 for whom the pick-ups make the difference."""
    veil, table = journeys_over(direct=8, only_ridden=3)
    for area in ("C", "D1"):
        assert veil.loc[area, OVER].any()
    assert table.loc["D2", OVER].tolist() == [0, 0]
    veil, table = journeys_over(direct=8, only_ridden=8)
    assert not veil[OVER].any().any()
    assert table.loc["D1", OVER].tolist() == [8, 16]
    assert table.loc["D1", "ridden_mean_min"] == pytest.approx((240 * 25 + 16 * 95) / 256, abs=0.05)


def test_few_over_the_limit_as_ridden_are_hidden_as_few_over_it_directly_are():
    veil, _ = journeys_over(direct=0, only_ridden=3)
    assert veil.loc[["C", "D1"], "ridden_over_limit_pupils"].all()
    assert not veil["over_limit_pupils"].any()


def test_few_within_the_limit_as_ridden_are_not_given_away():
    """Of the county's pupils all but 4 are over it as ridden: printing both would tell of the 4."""
    scene = microdata.draw(np.random.default_rng(0), most=2)
    scene.pupils[:] = 0
    scene.pupils[:, :, :, 0, 0, 7] = 60
    scene.pupils[:, 0, 0, 0, 0, 0] = 4
    veil, table = (part["journeys_area"] for part in (released_of(scene).hidden, released_of(scene).tables))
    assert veil.loc[table["area_id"] == "C", ["pupils", "ridden_over_limit_pupils"]].any(axis=1).all()


def test_rides_that_are_not_modelled_are_blank_and_hide_nothing(county):
    tables = microdata.tables(county)
    blank = pd.array([pd.NA] * len(tables["journeys"]), dtype="Int64")
    none = tables["journeys"].assign(ridden_mean_min=np.nan, ridden_over_limit_pupils=blank)
    released = released_of(county, journeys=none)
    for name in ("journeys_area", "journeys_district_phase"):
        assert released.tables[name][["ridden_mean_min", "ridden_over_limit_pupils"]].isna().all().all()
        assert not released.hidden[name]["ridden_over_limit_pupils"].any()


def test_what_is_published_is_the_designed_set(county):
    released = released_of(county)
    clusters = released.tables["sufficiency_area"].query("level == 'cluster'")
    for column in ("unplaced_pupils", "independent_pupils", "other_council_pupils", "placed_own_area_pupils"):
        assert clusters[column].isna().all()
        assert not released.hidden["sufficiency_area"].loc[clusters.index, column].any()
    for name, table in released.tables.items():
        if "level" in table.columns:
            assert set(table["level"]) <= {"county", "district", "cluster"}, name
            if "need" in table.columns:
                assert not ((table["level"] == "cluster") & (table["need"] != "all")).any(), name
        assert "zone_id" not in table.columns
        assert not any(column.startswith("max") for column in table.columns)
        assert released.hidden[name].shape == table.shape


def test_minutes_are_tenths_and_sums_are_hundreds(county):
    table = released_of(county).tables["journeys_area"]
    for column in ("mean_min", "ridden_mean_min"):
        tenths = table[column].dropna() * 10
        assert len(tenths)
        assert np.allclose(tenths, tenths.round())
    assert (table["pupil_km_per_year"].dropna() % 100 == 0).all()


def test_money_is_hidden_with_the_count_behind_it(county):
    scene = microdata.draw(np.random.default_rng(4), most=30)
    scene.pupils[..., 4] = 0
    scene.pupils[:, 0, 0, 0, 0, 4] = 3  # three pupils in independent schools, in the whole county
    bands = {"gbp_low": 150_000.0, "gbp_central": 180_000.0, "gbp_high": 210_000.0}
    rows = [
        ("do_nothing", "optimal", 2028, "high_needs_block", "Independent", "headline:independent_pupils"),
        ("do_nothing", "", 2028, "capital", "Grant", ""),
    ]
    money = pd.DataFrame(rows, columns=["scenario_id", "policy", "year", "purse", "item", "behind"]).assign(
        **bands, note=""
    )
    released = released_of(scene, money=money)
    assert released.hidden["money"]["gbp_central"].tolist() == [True, False]
    assert released.tables["money"]["gbp_low"].isna().tolist() == [True, False]
    assert "behind" not in released.tables["money"].columns


@pytest.mark.parametrize("side", ["scenario_id", "against_id"])
def test_a_change_of_money_is_hidden_with_a_count_of_either_scenario(county, side):
    scene = microdata.draw(np.random.default_rng(4), most=30)
    scene.pupils[..., 4] = 0
    scene.pupils[:, 0, 0, 0, 0, 4] = 3  # three pupils in independent schools, in the whole county
    pair = dict.fromkeys(("scenario_id", "against_id"), "another") | {side: "do_nothing"}
    behind = "headline:demand_pupils;headline:independent_pupils"
    rows = [("optimal", 2028, "high_needs_block", "Net change", behind), ("", 2028, "capital", "Grant", "")]
    change = pd.DataFrame(rows, columns=["policy", "year", "purse", "item", "behind"]).assign(
        gbp_low=149_960.0, gbp_central=180_000.0, gbp_high=210_000.0, note="", **pair
    )
    years = change.rename(columns={"year": "financial_year"}).iloc[[0, 0, 0]].assign(financial_year=[2027, 2028, 2029])
    view = pd.DataFrame([{**pair, "policy": "optimal", "sum_gbp": 1.0, "npv_gbp": 1.0, "payback_years": 3}])
    released = released_of(scene, money_change=change, money_change_years=years, economic_view=view)
    assert released.hidden["money_change"]["gbp_central"].tolist() == [True, False]
    assert "behind" not in released.tables["money_change"].columns
    assert released.tables["money_change"]["gbp_low"].tolist()[1] == 150_000
    # the financial years that hold part of 2028/29
    assert released.hidden["money_change_years"]["gbp_low"].tolist() == [False, True, True]
    assert released.hidden["economic_view"]["npv_gbp"].tolist() == [True]


def test_a_small_stream_of_the_forecast_takes_another_with_it(county):
    streams = ["headline", "mainstream", "alternative_provision", "specialist_post_16"]
    forecast = pd.DataFrame({"year": 2028, "stream": streams, "pupils": [400, 900, 4, 59], "basis": ""})
    forecast = forecast.assign(low_pupils=1, high_pupils=2)
    released = released_of(county, forecast=forecast)
    table = released.tables["forecast"].set_index("stream")["pupils"]
    assert table.isna().to_dict() == {
        "alternative_provision": True,
        "headline": False,
        "mainstream": False,
        "specialist_post_16": True,
    }


def test_winners_are_hidden_in_sums_over_areas(county):
    tables = microdata.tables(county)
    winners = {"C": 40, "D1": 37, "D2": 3, "d1-a": 20, "d1-b": 17, "d2-a": 3, "d2-b": 0}
    comparison = tables["comparison"]
    comparison["better_off_pupils"] = comparison["area_id"].map(winners)
    released = released_of(county, comparison=comparison)
    rows = released.tables["comparison_area"].drop_duplicates("area_id").set_index("area_id")["better_off_pupils"]
    assert rows[["D2", "d2-a"]].isna().all()
    assert rows[["C", "D1"]].isna().any()


def test_support_need_is_one_in_every_scenario(county):
    """Need is 10 + 9 + 0 = 19 without bases; so 16 + 0 + 3 in another scenario must hide the 16 as well as the 3."""
    support = pd.DataFrame(
        {
            "scenario_id": ["do_nothing", "programme"],
            "year": 2028,
            "area_id": "C",
            "phase": "secondary",
            "own_school_pupils": [10, 16],
            "partner_pupils": [9, 0],
            "without_base_pupils": [0, 3],
            "mean_extra_km": [2.04, np.nan],
        }
    )
    released = released_of(county, support_match=support)
    veil = released.hidden["support_match"]
    assert veil["own_school_pupils"].tolist() == [False, True]
    assert veil["without_base_pupils"].tolist() == [False, True]
    assert released.tables["support_match"]["mean_extra_km"].tolist()[0] == 2.0
    few = support.assign(partner_pupils=[3, 0], own_school_pupils=[16, 16])
    veil = released_of(county, support_match=few).hidden["support_match"]
    assert veil.loc[0, ["partner_pupils", "mean_extra_km"]].all()


def test_places_of_bases_are_not_told_where_they_narrow_down_a_hidden_count(county):
    """46 in need and 41 places leave at least 5 without: beside a hidden count of 1 to 5, that would be exactly 5."""
    years = [2027, 2027, 2028, 2028]
    support = pd.DataFrame(
        {
            "scenario_id": ["do_nothing", "programme"] * 2,
            "year": years,
            "area_id": "C",
            "phase": "secondary",
            "own_school_pupils": [0, 35, 0, 36],
            "partner_pupils": [0, 6, 0, 10],
            "without_base_pupils": [46, 5, 46, 0],
            "mean_extra_km": np.nan,
        }
    )
    places = pd.DataFrame(
        {"scenario_id": ["do_nothing", "programme"] * 2, "year": years, "primary_places": 0,
         "secondary_places": [0, 41, 0, 60], "short_of_equivalence_places": [0, 41, 0, 60]}
    )  # fmt: skip
    everywhere = pd.concat([places.assign(area_id=area_id) for area_id in ("C", "D1", "d2-a")], ignore_index=True)
    schools = everywhere[["scenario_id", "year", "area_id"]].assign(
        schools=2, schools_with_own_base=1, every_secondary_has_a_base=False
    )
    released = released_of(county, support_match=support, support_coverage=schools, primary_equivalence=everywhere)
    told = released.tables["primary_equivalence"]
    assert set(told["area_id"]) == {"C"}
    assert told["secondary_places"].isna().tolist() == [False, True, False, False]
    assert told["short_of_equivalence_places"].isna().tolist() == [False, True, False, False]
    assert told["primary_places"].notna().all()
    assert set(released.tables["support_coverage"]["area_id"]) == {"C", "D1"}
    assert not {"places", "needing_pupils"} & set(released.tables["support_coverage"].columns)
