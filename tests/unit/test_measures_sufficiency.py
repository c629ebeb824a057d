"""The gap of the tiny county, every figure worked out by hand from the table in tests/tiny_county.py."""

from __future__ import annotations

import pandas as pd
import pytest

from sufficiency import measures
from sufficiency.model.errors import DataError
from tests import tiny_county as tiny


def outcome_rows(allocation=None):
    groups = measures.describe_groups(tiny.demand(), tiny.zones(), tiny.COUNTY)
    return measures.outcomes(allocation or tiny.allocation(), groups, tiny.provision(), tiny.settings())


def gap_table(rows=None):
    capacity = measures.capacity_by_area(tiny.places(), tiny.provision(), tiny.settings(), tiny.COUNTY)
    reachable = measures.reachable_places(tiny.places(), tiny.provision())
    rows = outcome_rows() if rows is None else rows
    return measures.sufficiency_table("do_nothing", rows, capacity, reachable, tiny.AREA_IDS)


@pytest.fixture(scope="module")
def gap() -> pd.DataFrame:
    return gap_table()


def row(table, area_id, phase="all", need="all", provision_type="headline"):
    found = table[
        (table["area_id"] == area_id)
        & (table["phase"] == phase)
        & (table["need"] == need)
        & (table["provision_type"] == provision_type)
    ]
    assert len(found) == 1
    return found.iloc[0]


COLUMNS = [
    "demand_pupils",
    "placed_local_pupils",
    "placed_own_area_pupils",
    "other_council_pupils",
    "independent_pupils",
    "unplaced_pupils",
    "excluded_pupils",
    "without_local_place_pupils",
    "capacity_places",
    "location_balance_places",
]


@pytest.mark.parametrize(
    ("area_id", "expected"),
    [
        ("C", [35, 23, 23, 3, 4, 4, 1, 11, 30, -5]),
        ("D1", [18, 16, 16, 0, 0, 2, 0, 2, 20, 2]),
        ("D2", [16, 7, 7, 3, 4, 2, 0, 9, 10, -6]),
        ("d1-a", [10, 10, 10, 0, 0, 0, 0, 0, 20, 10]),
        ("d1-b", [8, 6, 0, 0, 0, 2, 0, 2, 0, -8]),
        ("d2-a", [12, 7, 7, 3, 0, 2, 0, 5, 10, -2]),
        ("d2-b", [4, 0, 0, 0, 4, 0, 0, 4, 0, -4]),
    ],
)
def test_totals_of_every_area(gap, area_id, expected):
    assert row(gap, area_id)[COLUMNS].tolist() == expected


@pytest.mark.parametrize(
    ("key", "demand", "local", "without"),
    [
        ({"area_id": "C", "phase": "primary"}, 19, 16, 2),  # 10 + 8 + the 1 not located
        ({"area_id": "C", "phase": "secondary"}, 16, 7, 9),
        ({"area_id": "C", "need": "ASD"}, 23, 17, 5),
        ({"area_id": "C", "need": "SLD"}, 8, 6, 2),
        ({"area_id": "C", "need": "communication_and_interaction"}, 23, 17, 5),
        ({"area_id": "C", "need": "ASD", "phase": "secondary"}, 12, 7, 5),
        ({"area_id": "C", "provision_type": "specialist_base"}, 7, 7, 0),
        ({"area_id": "D2", "provision_type": "special_school"}, 9, 0, 9),
        ({"area_id": "D2", "need": "semh"}, 4, 0, 4),
        ({"area_id": "D1", "phase": "primary"}, 18, 16, 2),
        ({"area_id": "d2-a", "provision_type": "specialist_base"}, 7, 7, 0),
    ],
)
def test_breakdowns(gap, key, demand, local, without):
    found = row(gap, **key)
    names = ["demand_pupils", "placed_local_pupils", "without_local_place_pupils"]
    assert found[names].tolist() == [demand, local, without]


def test_capacity_and_balance_stand_only_beside_totals(gap):
    detailed = gap[(gap["phase"] != "all") | (gap["need"] != "all")]
    assert detailed["capacity_places"].isna().all()
    assert detailed["location_balance_places"].isna().all()
    assert row(gap, "C", provision_type="specialist_base")["capacity_places"] == 10


def test_independent_and_other_councils_places_are_no_capacity():
    capacity = measures.capacity_by_area(tiny.places(), tiny.provision(), tiny.settings(), "C")
    now = capacity[capacity["year"] == 2028].set_index(["area_id", "provision_type"])["capacity_places"].to_dict()
    assert now == {
        ("C", "headline"): 30,
        ("C", "special_school"): 20,
        ("C", "specialist_base"): 10,
        ("D1", "headline"): 20,
        ("D1", "special_school"): 20,
        ("D2", "headline"): 10,
        ("D2", "specialist_base"): 10,
        ("d1-a", "headline"): 20,
        ("d1-a", "special_school"): 20,
        ("d2-a", "headline"): 10,
        ("d2-a", "specialist_base"): 10,
    }


def test_reachable_places_by_need_and_phase(gap):
    found = measures.reachable_places(tiny.places(), tiny.provision())
    now = found[found["year"] == 2028].set_index(["phase", "need"])["reachable_places"].to_dict()
    assert now["all", "ASD"] == 30
    assert now["primary", "ASD"] == 20
    assert now["secondary", "ASD"] == 30
    assert now["post_16", "ASD"] == 20
    assert now["all", "cognition_and_learning"] == 20
    assert ("all", "SEMH") not in now  # only the independent school admits it
    assert row(gap, "C", need="ASD", phase="secondary")["reachable_places"] == 30
    assert gap.loc[gap["area_id"] != "C", "reachable_places"].isna().all()


def test_nothing_crosses_need_with_cluster(gap):
    clusters = gap[gap["area_id"].isin(list(tiny.CLUSTERS))]
    assert set(clusters["need"]) == {"all"}
    assert set(clusters["phase"]) == {"all"}
    districts = gap[gap["area_id"].isin(tiny.DISTRICTS)]
    assert not ((districts["phase"] != "all") & (districts["need"] != "all")).any()


def test_streams_outside_the_headline_do_not_count(gap):
    assert row(gap, "d1-a")["demand_pupils"] == 10  # the nine seeking further education live here too


def test_an_area_without_pupils_is_seen():
    rows = outcome_rows()
    capacity = measures.capacity_by_area(tiny.places(), tiny.provision(), tiny.settings(), "C")
    reachable = measures.reachable_places(tiny.places(), tiny.provision())
    table = measures.sufficiency_table("x", rows, capacity, reachable, [*tiny.AREA_IDS, "empty"])
    assert row(table, "empty")[["demand_pupils", "placed_local_pupils", "capacity_places"]].tolist() == [0, 0, 0]


def test_substitutes_are_counted_apart():
    allocation = tiny.allocation()
    allocation.allocation.loc[allocation.allocation["group_id"] == "g3", "substitute"] = True
    assert row(gap_table(outcome_rows(allocation)), "D2")["substitute_pupils"] == 7


def test_a_school_outside_the_county_is_named_so_in_the_flows():
    flows = measures.flows_table("do_nothing", outcome_rows(), tiny.DISTRICTS)
    found = flows.set_index(["home_area_id", "setting_area_id"])["pupils"].to_dict()
    assert found == {("D1", "D1"): 16, ("D1", "D2"): 0, ("D2", "D1"): 0, ("D2", "D2"): 7}
    abroad = tiny.settings()
    abroad.loc[abroad["setting_id"] == "S1", ["district_id", "cluster_id"]] = ""
    groups = measures.describe_groups(tiny.demand(), tiny.zones(), "C")
    rows = measures.outcomes(tiny.allocation(), groups, tiny.provision(), abroad)
    flows = measures.flows_table("do_nothing", rows, tiny.DISTRICTS)
    assert flows.set_index(["home_area_id", "setting_area_id"])["pupils"]["D1", "outside"] == 16


def test_reasons_add_up_to_the_headline_without_a_place():
    reasons = measures.reasons_table("do_nothing", outcome_rows())
    found = reasons[reasons["pupils"] > 0].set_index("reason")["pupils"].to_dict()
    assert found == {"all_full": 2, "none_for_this_age": 2}
    assert len(reasons) == 6
    assert reasons["reason_text"].str.len().min() > 10


def test_phase_transfers_by_hand():
    groups = measures.describe_groups(tiny.demand(), tiny.zones(), "C")
    table = measures.transfers_table(groups, "C", tiny.DISTRICTS).set_index(["area_id", "transfer", "need"])["pupils"]
    assert table["C", "Y6 to Y7", "all"] == 8
    assert table["D1", "Y6 to Y7", "all"] == 8
    assert table["C", "Y6 to Y7", "cognition_and_learning"] == 8
    assert table["C", "Y11 to Y12", "all"] == 4
    assert table["D2", "Y11 to Y12", "all"] == 4
    assert table["C", "Y11 to Y12", "semh"] == 4
    assert table.sum() == 3 * (8 + 4)  # county in total and by need, district in total


def test_two_rows_with_one_key_are_refused():
    rows = outcome_rows()
    with pytest.raises(DataError, match="share a key"):
        gap_table(rows).pipe(lambda table: pd.concat([table, table])).pipe(_conform)


def _conform(table):
    from sufficiency.model.tables import conform

    return conform(table, "sufficiency")
