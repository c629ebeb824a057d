"""The gap by any cut, homes by school, and occupancy: the tiny county worked by hand, and sums at every level."""

from __future__ import annotations

import itertools
from typing import Any

import pandas as pd
import pytest

from sufficiency import measures
from sufficiency.measures.detail import CUTS
from sufficiency.model.errors import ParameterError
from tests import tiny_county as tiny

COUNTS = [
    "demand_pupils", "placed_local_pupils", "other_council_pupils", "independent_pupils", "unplaced_pupils",
    "excluded_pupils", "without_local_place_pupils",
]  # fmt: skip


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    groups = measures.describe_groups(tiny.demand(), tiny.zones(), tiny.COUNTY)
    return measures.outcomes(tiny.allocation(), groups, tiny.provision(), tiny.settings())


def gap(rows: pd.DataFrame, *by: str) -> dict[tuple[str, ...], list[int]]:
    table = measures.gap_table("now", rows, by)
    keys = table[list(by)].itertuples(index=False, name=None)
    return dict(zip(keys, table[COUNTS].to_numpy().tolist(), strict=True))


def test_zone_by_need_worked_by_hand(rows: pd.DataFrame) -> None:
    assert gap(rows, "zone", "need") == {
        ("", "ASD"): [1, 0, 0, 0, 0, 1, 0],
        ("z1", "ASD"): [10, 10, 0, 0, 0, 0, 0],
        ("z2", "SLD"): [8, 6, 0, 0, 2, 0, 2],
        ("z3", "ASD"): [12, 7, 3, 0, 2, 0, 5],
        ("z4", "SEMH"): [4, 0, 0, 4, 0, 0, 4],
    }


@pytest.mark.parametrize("by", [*[(name,) for name in CUTS], *itertools.combinations(CUTS, 2)])
def test_pupils_add_up_to_the_county_in_every_cut(rows: pd.DataFrame, by: tuple[str, ...]) -> None:
    assert [sum(column) for column in zip(*gap(rows, *by).values(), strict=True)] == [35, 23, 3, 4, 4, 1, 11]


def test_the_detailed_gap_agrees_with_the_board_s_table(rows: pd.DataFrame) -> None:
    places, provision, settings = tiny.places(), tiny.provision(), tiny.settings()
    board = measures.sufficiency_table(
        "now", rows, measures.capacity_by_area(places, provision, settings, tiny.COUNTY),
        measures.reachable_places(places, provision), tiny.AREA_IDS,
    )  # fmt: skip
    total = board[(board["phase"] == "all") & (board["need"] == "all") & (board["provision_type"] == "headline")]
    by_area = total.set_index("area_id")[COUNTS]
    for cut in ("district", "cluster"):
        for (area_id,), counts in gap(rows, cut).items():
            assert not area_id or by_area.loc[area_id].tolist() == counts


@pytest.mark.parametrize(("by", "message"), [(["ward"], "'ward' is no cut"), (["zone", "zone"], "stands twice")])
def test_unknown_cuts_are_refused(rows: pd.DataFrame, by: list[str], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        measures.gap_table("now", rows, by)


def test_homes_by_school_worked_by_hand(rows: pd.DataFrame) -> None:
    table = measures.school_flows_table("now", rows, tiny.provision(), home="zone")
    found = {
        (row.home_area_id, row.setting_id, row.tier): (row.pupils, row.mean_min)
        for row in table.fillna(-1).itertuples()
    }
    assert found == {
        ("z1", "S1", "local"): (10, 12.0),
        ("z2", "S1", "local"): (6, 50.0),
        ("z3", "S2", "local"): (7, 20.0),
        ("z3", "S4", "other_council"): (3, 45.0),
        ("z4", "S3", "independent"): (4, -1),  # residential: no daily journey
    }
    for home in ("district", "cluster"):
        assert measures.school_flows_table("now", rows, tiny.provision(), home=home)["pupils"].sum() == 30
    with pytest.raises(ParameterError, match="'ward' is no area of homes"):
        measures.school_flows_table("now", rows, tiny.provision(), home="ward")


def places(*rolls: Any) -> pd.DataFrame:
    """Return 20 and 10 places of two departments of one school and 5 of another, with these rolls."""
    return pd.DataFrame(
        {
            "provision_id": ["a-primary", "a-secondary", "b"],
            "year": 2024,
            "planned_places": [20, 10, 5],
            "on_roll_pupils": pd.array(rolls, dtype="Int64"),
            "out_of_area_on_roll_pupils": pd.array([2, 1, None], dtype="Int64"),
        }
    )


def occupancy(*rolls: Any) -> list[dict[str, Any]]:
    provision = pd.DataFrame(
        {
            "provision_id": ["a-primary", "a-secondary", "b"],
            "setting_id": ["A", "A", "B"],
            "provision_type": "special_school",
            "tier": "local",
        }
    )
    settings = pd.DataFrame({"setting_id": ["A", "B"], "setting_name": ["Ash", "Beech"], "district_id": "D"})
    table = measures.occupancy_table(places(*rolls), provision, settings)
    assert (table["district_id"] == "D").all()
    return table.drop(columns=["district_id", "tier", "provision_type", "year"]).to_dict("records")


def test_occupancy_is_the_roll_over_the_places_of_the_whole_school() -> None:
    ash, beech = occupancy(22, 11, 4)
    assert (ash["setting_name"], ash["places"], ash["on_roll_pupils"], ash["out_of_area_on_roll_pupils"]) == (
        "Ash",
        30,
        33,
        3,
    )
    assert (ash["occupancy_share"], ash["over_number_pupils"]) == (pytest.approx(1.1), 3)
    assert (beech["occupancy_share"], beech["over_number_pupils"]) == (pytest.approx(0.8), 0)
    assert pd.isna(beech["out_of_area_on_roll_pupils"])


def test_a_school_with_part_of_its_roll_has_no_occupancy() -> None:
    assert [row["setting_id"] for row in occupancy(22, None, 4)] == ["B"]
    assert occupancy(None, None, None) == []
