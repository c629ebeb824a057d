"""Scenarios of the tiny county, and one scenario against another, by hand."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import pandas as pd
import pytest

from sufficiency import measures, planning
from sufficiency.model.errors import DataError, ParameterError
from sufficiency.planning.schemes import added_places, scheme_departments
from tests import tiny_county as tiny

TABLES = ("settings", "provision", "places", "schemes", "scheme_places", "support_bases", "areas", "zones")


def digest(inputs):
    return {
        name: pd.util.hash_pandas_object(pd.DataFrame(getattr(inputs, name)).astype(str)).tolist() for name in TABLES
    }


def places_in(inputs, year):
    rows = inputs.places[inputs.places["year"] == year]
    return rows.set_index("provision_id")["planned_places"].to_dict()


def test_an_empty_scenario_is_the_baseline_itself():
    area = tiny.inputs()
    same = planning.apply_scenario(area, "do_nothing")
    for field in dataclasses.fields(area):
        assert getattr(same, field.name) is getattr(area, field.name)


def test_opening_and_expanding_by_hand():
    area = tiny.inputs()
    after = planning.apply_scenario(area, "programme")
    assert places_in(after, 2028) == {
        "P1": 20, "P2": 10, "P3": 6, "P4": 4, "new-school:0-6": 30, "new-school:7-14": 10, "more-first:0-14": 8,
    }  # fmt: skip
    assert places_in(after, 2027) == {"new-school:0-6": 30}  # nothing is carried forward
    assert set(after.settings["setting_id"]) == {"S1", "S2", "S3", "S4", "N1"}
    new = after.settings.set_index("setting_id").loc["N1"]
    assert (new["district_id"], new["cluster_id"], new["status"]) == ("D1", "d1-b", "proposed")
    rows = after.provision.set_index("provision_id")
    assert rows.loc["more-first:0-14", "setting_id"] == "S1"
    assert (rows.loc["new-school:7-14", "ncy_from"], rows.loc["new-school:7-14", "ncy_to"]) == (7, 14)
    assert rows.loc["new-school:0-6", "needs"] == "ASD;SEMH"


def test_closing_takes_the_places_of_that_year_only():
    after = planning.apply_scenario(tiny.inputs(), "closure")
    assert places_in(after, 2028) == {"P1": 20, "P3": 6, "P4": 4}
    assert places_in(after, 2025) == places_in(tiny.inputs(), 2025)


def test_inputs_are_not_changed_and_one_scenario_does_not_touch_another():
    area = tiny.inputs()
    before = digest(area)
    alone = digest(planning.apply_scenario(area, "closure"))
    planning.apply_scenario(area, "programme")
    assert digest(area) == before
    assert digest(planning.apply_scenario(area, "closure")) == alone


def test_the_order_of_schemes_does_not_matter():
    one = tiny.inputs(scenarios={"x": tiny.scenario("x", "new-school", "more-first", "shut-base")})
    two = tiny.inputs(
        scenarios={"x": tiny.scenario("x", "shut-base", "more-first", "new-school")},
        schemes=tiny.schemes().iloc[::-1],
    )
    first, second = planning.apply_scenario(one, "x"), planning.apply_scenario(two, "x")
    for name in ("settings", "provision", "places"):
        assert digest(first)[name] == digest(second)[name]


def test_a_scenario_is_the_same_as_editing_the_tables_by_hand():
    area = tiny.inputs(scenarios={"x": tiny.scenario("x", "more-first")})
    after = planning.apply_scenario(area, "x")
    assert len(after.places) == len(area.places) + 1
    assert len(after.provision) == len(area.provision) + 1
    assert after.places.iloc[-1][["provision_id", "year", "planned_places"]].tolist() == ["more-first:0-14", 2028, 8]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scheme_id": "more-first", "column": "action", "value": "relocate"}, "does not say which provision"),
        ({"scheme_id": "more-first", "column": "setting_id", "value": "S9"}, "unknown setting S9"),
    ],
)
def test_faults_of_schemes(change, message):
    schemes = tiny.schemes()
    schemes.loc[schemes["scheme_id"] == change["scheme_id"], change["column"]] = change["value"]
    with pytest.raises(DataError, match=message):
        planning.apply_scenario(tiny.inputs(schemes=schemes), "programme")


def test_a_closure_with_places_and_an_unknown_scheme_are_reported_together():
    stock = tiny.scheme_places()
    stock.loc[stock["scheme_id"] == "shut-base", "places"] = 3
    area = tiny.inputs(scheme_places=stock, scenarios={"x": tiny.scenario("x", "shut-base", "ghost")})
    with pytest.raises(DataError, match=r"has places open.*unknown scheme ghost|unknown scheme ghost.*places open"):
        planning.apply_scenario(area, "x")
    with pytest.raises(ParameterError, match="there is no scenario"):
        planning.apply_scenario(area, "nobody")


def test_departments_and_added_places():
    schemes = pd.DataFrame(tiny.schemes())
    rows = scheme_departments(schemes, tiny.scheme_places())
    assert rows["provision_id"].nunique() == 4
    added = added_places(schemes, tiny.scheme_places(), ["special_school"])
    assert added.to_dict() == {2027: 30, 2028: 48}
    assert added_places(schemes, tiny.scheme_places(), ["specialist_base"]).empty


def assessment(name, allocation):
    """Return what `compare` and the programme's tables need of an assessment."""
    area = planning.apply_scenario(tiny.inputs(), name)
    groups = measures.describe_groups(tiny.demand(), tiny.zones(), "C")
    rows = measures.outcomes(allocation, groups, area.provision, area.settings)
    capacity = measures.capacity_by_area(area.places, area.provision, area.settings, "C")
    reachable = measures.reachable_places(area.places, area.provision)
    return SimpleNamespace(
        scenario_id=name,
        inputs=area,
        outcomes=rows,
        sufficiency=measures.sufficiency_table(name, rows, capacity, reachable, tiny.AREA_IDS),
        journeys=measures.journeys_table(name, rows, area.parameters, tiny.AREA_IDS),
    )


def both(placed, unplaced):
    changed = tiny.allocation(scenario_id="programme", placed=placed, unplaced=unplaced)
    found = {
        "do_nothing": assessment("do_nothing", tiny.allocation()),
        "programme": assessment("programme", changed),
    }
    return planning.compare(found, {name: one.outcomes for name, one in found.items()}, "do_nothing").comparison


def test_better_and_worse_off_by_hand():
    """g2's two without a place gain one (2 better) and its six go 30 min nearer (6 better); g1 loses 1 minute to 4
    pupils (worse) and 0.5 to the other 6 (no change); g3 loses its place for 2 (worse); g4, residential, moves tier.
    """
    nan = float("nan")
    placed = [
        ("g1", "new-school:0-6", 4, "local", 13.0, 6.0),
        ("g1", "P1", 6, "local", 12.5, 5.0),
        ("g2", "P1", 8, "local", 20.0, 9.0),
        ("g3", "P2", 5, "local", 20.0, 10.0),
        ("g4", "new-school:7-14", 4, "local", nan, nan),
        ("g5", "P4", 3, "other_council", 45.0, 40.0),
    ]
    unplaced = [("g3", "all_full", 2), ("g5", "none_for_this_age", 2), ("g7", "all_full", 9)]
    table = both(placed, unplaced).set_index(["area_id", "measure"])
    winners = {area: tuple(table.loc[(area, "mean_min"), ["better_off_pupils", "worse_off_pupils"]]) for area in "C"}
    assert winners == {"C": (8 + 4, 4 + 2)}
    assert tuple(table.loc[("d1-a", "mean_min"), ["better_off_pupils", "worse_off_pupils"]]) == (0, 4)
    assert tuple(table.loc[("d1-b", "mean_min"), ["better_off_pupils", "worse_off_pupils"]]) == (8, 0)
    assert tuple(table.loc[("D2", "mean_min"), ["better_off_pupils", "worse_off_pupils"]]) == (4, 2)
    local = table.loc[("C", "placed_local_pupils"), ["before", "after", "change"]]
    assert local.tolist() == [23, 27, 4]
    assert table.loc[("D1", "capacity_places"), ["before", "after", "change"]].tolist() == [20, 68, 48]


def test_nobody_is_better_off_without_a_change():
    table = both(None, None)
    assert (table["better_off_pupils"] == 0).all()
    assert (table["worse_off_pupils"] == 0).all()
    # the measures of pupils stand still; only places differ
    still = table[~table["measure"].isin(["capacity_places", "location_balance_places"])]
    assert (still["change"].fillna(0) == 0).all()


def test_different_pupils_cannot_be_compared():
    found = {name: assessment(name, tiny.allocation(scenario_id=name)) for name in ("do_nothing", "programme")}
    rows = {name: one.outcomes for name, one in found.items()}
    rows["programme"] = rows["programme"][rows["programme"]["group_id"] != "g1"]
    with pytest.raises(DataError, match="different pupils"):
        planning.compare(found, rows, "do_nothing")


def test_programme_places_by_hand():
    found = {
        "do_nothing": assessment("do_nothing", tiny.allocation()),
        "programme": assessment("programme", tiny.allocation(scenario_id="programme")),
    }
    table = planning.programme_places_table(found).set_index("scenario_id")
    after = table.loc["programme"]
    assert (after["special_school_added_places"], after["specialist_base_added_places"]) == (48, 0)
    assert (after["capacity_places"], after["demand_pupils"], after["shortfall_places"]) == (78, 35, -43)
    assert table.loc["do_nothing", "shortfall_places"] == 5


def test_schemes_table_and_capital():
    area = tiny.inputs()
    table = planning.schemes_table(area).set_index("scheme_id")
    assert table.loc["new-school", ["first_year", "places_when_complete", "in_programme"]].tolist() == [2027, 40, True]
    assert table.loc["shut-base", "places_when_complete"] == 0
    assert table.loc["new-school", "district_name"] == "District D1"
    capital = planning.capital_of(area, "programme")
    assert capital["gbp_central"].tolist() == [2e6, 2e6]
    assert planning.capital_of(area, "do_nothing").empty


def test_capacity_by_district_and_type():
    found = {"programme": assessment("programme", tiny.allocation(scenario_id="programme"))}
    table = planning.capacity_district_type(found)
    now = table[table["year"] == 2028].set_index(["area_id", "provision_type"])["capacity_places"].to_dict()
    assert now == {
        ("C", "special_school"): 68,
        ("C", "specialist_base"): 10,
        ("D1", "special_school"): 68,
        ("D2", "specialist_base"): 10,
    }


def test_support_by_area():
    match = pd.DataFrame(
        {
            "scenario_id": "x",
            "year": 2028,
            "phase": "secondary",
            "cluster_id": ["d1-a", "d1-a", "d2-a"],
            "match": ["own_school", "partner", "without"],
            "pupils": [10, 4, 6],
            "extra_km": [float("nan"), 2.5, float("nan")],
        }
    )
    table = planning.support_by_area(match, tiny.inputs()).set_index("area_id")
    columns = ["own_school_pupils", "partner_pupils", "without_base_pupils"]
    assert table.loc["C", columns].tolist() == [10, 4, 6]
    assert table.loc["D1", columns].tolist() == [10, 4, 0]
    assert table.loc["D1", "mean_extra_km"] == 2.5
    assert pd.isna(table.loc["d2-a", "mean_extra_km"])
