"""What the what-if page works out is what a run of the same scenario works out: every scenario of the embedded area."""

from __future__ import annotations

import functools

import pandas as pd
import pytest

import sufficiency as sf
from sufficiency.app.desk import AreaCard, Programme
from sufficiency.app.engine import Engine
from sufficiency.app.figures import changes_of
from sufficiency.planning import changes_between, money_against
from sufficiency.planning.gains import winners

pytestmark = pytest.mark.slow


@functools.cache
def engine() -> Engine:
    return Engine(sf.load(), "do_nothing")


@functools.cache
def before() -> sf.Assessment:
    ready = engine()
    return sf.assess(ready.applied, "do_nothing", policies=("optimal",), demand=ready.demand, network=ready.network)


@pytest.mark.parametrize("scenario_id", ["committed", "programme", "bases_to_408", "bases_plus_408", "secured_only"])
def test_every_number_is_that_of_a_run(scenario_id: str) -> None:
    ready = engine()
    scenario = ready.inputs.scenarios[scenario_id]
    programme = Programme(scenario.title, area_cards=tuple(AreaCard(one) for one in scenario.scheme_ids))
    applied = sf.apply_scenario(ready.inputs, scenario_id)
    run = sf.assess(applied, scenario_id, policies=("optimal",), demand=ready.demand, network=ready.network)
    money = money_against(before(), run)
    moved = winners(changes_between(before(), run))
    for year in (ready.inputs.parameters.headline_year, ready.inputs.parameters.last_year):
        found, headline = ready.answer(programme, year), ready.headline(programme, year)
        one = (
            (run.sufficiency["year"] == year) & (run.sufficiency["phase"] == "all") & (run.sufficiency["need"] == "all")
        )
        gap = run.sufficiency[one & (run.sufficiency["provision_type"] == "headline")].set_index("area_id")
        trips = run.journeys[(run.journeys["year"] == year) & (run.journeys["phase"] == "all")]
        trips = trips[trips["need"] == "all"].set_index("area_id")
        areas = found.areas[found.areas["level"] != "zone"].set_index("area_id")
        for name in gap.columns.intersection(areas.columns):
            assert areas[name].astype(int).tolist() == gap.loc[areas.index, name].astype(int).tolist(), name
        for name, theirs in (("day_pupils", "pupils"), ("over_limit_pupils", "over_limit_pupils")):
            assert areas[name].tolist() == trips.loc[areas.index, theirs].tolist()
        for name in ("median_min", "p90_min"):
            pd.testing.assert_series_equal(areas[name], trips.loc[areas.index, name].astype(float), check_names=False)
        county = gap.loc[ready.inputs.parameters.county_id]
        assert headline.after.without_local_place_pupils == county["without_local_place_pupils"]
        assert headline.after.unplaced_pupils == county["unplaced_pupils"]
        assert headline.after.pupils_by_tier["independent"] == county["independent_pupils"]
        changes = changes_of(ready.before(year), found)
        for name in ("better", "worse"):
            mine = changes[changes[name]].groupby("district_id").size()
            theirs = moved[(moved["year"] == year) & moved["area_id"].isin(mine.index)].set_index("area_id")
            assert mine.to_dict() == theirs[f"{name}_off_pupils"].astype(int).loc[mine.index].to_dict()
        paid = money_against(ready.before(year), found)
        key = ["purse", "item", "year"]
        bands = ["gbp_low", "gbp_central", "gbp_high"]
        wanted = money[(money["year"] == year) | (money["purse"] == "capital")].sort_values(key)[[*key, *bands]]
        told = paid[(paid["year"] == year) | (paid["purse"] == "capital")].sort_values(key)[[*key, *bands]]
        pd.testing.assert_frame_equal(told.reset_index(drop=True), wanted.reset_index(drop=True))
