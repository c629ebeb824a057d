"""Calibration: the pupils on local rolls in 2024/25 fit the 2024/25 places, need by need."""

from __future__ import annotations

import pandas as pd
import pytest

from sufficiency.allocation import allocate
from sufficiency.demand.forecast import apportion
from sufficiency.demand.location import locate
from sufficiency.model.vocabulary import NEED_GROUP_OF
from sufficiency.travel import travel_times

ON_LOCAL_ROLLS = 1_285
OTHER_COUNCILS_PUPILS = 40
IN_BASES = 132


@pytest.fixture(scope="module")
def placed(oxfordshire):
    """Allocate 1,245 residents in local special schools and 132 in bases (SEN2 January 2025) to 2024/25 places."""
    rates = oxfordshire.rates[oxfordshire.rates["place_sought"].isin(["special_school", "specialist_base"])]
    key = ["ncy", "need", "place_sought", "attendance"]
    special = rates[rates["placement"] == "state_special_school"].reset_index(drop=True)
    kept = apportion(special["pupils"].to_numpy(float), ON_LOCAL_ROLLS - OTHER_COUNCILS_PUPILS)
    bases = rates[rates["place_sought"] == "specialist_base"]
    counts = pd.concat([special.assign(pupils=kept), bases], ignore_index=True)
    counts = counts[counts["ncy"].between(0, 14) & (counts["pupils"] > 0)].groupby(key, as_index=False)["pupils"].sum()
    demand = locate(counts.assign(year=2024), oxfordshire.population, 2024, clusters=oxfordshire.clusters)
    local = oxfordshire.provision[oxfordshire.provision["tier"] == "local"]
    places = oxfordshire.places[oxfordshire.places["provision_id"].isin(local["provision_id"])]
    travel = travel_times(
        oxfordshire.roads, oxfordshire.speeds, oxfordshire.origins, oxfordshire.settings,
        profile="school_morning", parameters=oxfordshire.parameters,
    )  # fmt: skip
    result = allocate(
        demand, local, places, oxfordshire.acceptance, travel, policy="optimal", years=[2024], scenario_id="calibration"
    )
    return demand, result


def test_the_pupils_are_those_of_the_published_totals(placed):
    demand, _ = placed
    totals = demand.groupby("place_sought")["pupils"].sum()
    assert totals["specialist_base"] == IN_BASES
    assert totals["special_school"] == ON_LOCAL_ROLLS - OTHER_COUNCILS_PUPILS


def test_at_least_97_in_100_are_placed(placed):
    demand, result = placed
    share = result.allocation["pupils"].sum() / demand["pupils"].sum()
    assert share >= 0.97, f"{share:.4f}"


def test_no_need_group_is_left_without_places(placed):
    demand, result = placed
    groups = demand.assign(group=demand["need"].map(NEED_GROUP_OF)).set_index("group_id")["group"]
    got = result.allocation["group_id"].map(groups)
    assert set(got) == set(groups)
    here = result.allocation.groupby(got.to_numpy())["pupils"].sum()
    assert (here / demand.groupby(groups.to_numpy())["pupils"].sum() >= 0.9).all()
