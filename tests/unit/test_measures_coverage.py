"""Coverage of support bases, worked by hand.

Two districts, north (clusters n1, n2) and south (cluster s1). In 2028:

| school | phase     | cluster | on SEN support | own places | at own | at a partner       | without |
|--------|-----------|---------|---------------:|-----------:|-------:|--------------------|--------:|
| A      | secondary | n1      |            100 |         20 |     12 |                    |         |
| B      | secondary | n1      |             50 |            |        | 4 in A, 3 km; 2 in C, 6 km | 1 |
| C      | secondary | n1      |             30 |          5 |      3 |                    |         |
| C      | primary   | n1      |             40 |            |        |                    |       5 |
| D      | secondary | s1      |             10 |            |        |                    |         |

C is an all-through school. A primary base of 8 places in n2 and an early-years base of 6 in s1 have no host.
"""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest

from sufficiency.measures.coverage import coverage_by_area, coverage_by_school, primary_equivalence
from sufficiency.model.errors import DataError

YEAR = 2028
SCHOOL_COLUMNS = [
    "scenario_id", "setting_id", "setting_name", "district_id", "cluster_id", "phase", "year", "own_base", "own_places",
    "sen_support_pupils", "places_per_100_on_sen_support", "on_roll_pupils", "places_per_100_on_roll",
    "needing_pupils", "own_school_pupils", "partner_pupils", "without_base_pupils", "nearest_partner_setting_id",
    "nearest_partner_name", "mean_extra_km", "needed_fte_places",
]  # fmt: skip
AREA_COLUMNS = [
    "scenario_id", "area_id", "phase", "year", "schools", "schools_with_own_base", "schools_supported",
    "schools_with_pupils_without_base", "schools_need_not_recorded", "places", "unhosted_places",
    "supported_per_year_pupils", "sen_support_pupils", "places_per_100_on_sen_support", "on_roll_pupils",
    "places_per_100_on_roll", "needing_pupils", "own_school_pupils", "partner_pupils", "without_base_pupils",
    "mean_extra_km", "needed_fte_places", "every_pupil_reaches_a_base", "every_secondary_has_a_base",
]  # fmt: skip
AREAS = pd.DataFrame(
    [("n2", "cluster", "N"), ("S", "district", "county"), ("n1", "cluster", "N"), ("county", "county", ""),
     ("N", "district", "county"), ("s1", "cluster", "S")],
    columns=["area_id", "level", "parent_id"],
)  # fmt: skip
SETTINGS = pd.DataFrame(
    [("A", "N", "n1"), ("B", "N", "n1"), ("C", "N", "n1"), ("D", "S", "s1"), ("E", "N", "n2")],
    columns=["setting_id", "district_id", "cluster_id"],
).assign(setting_name=lambda table: "School " + table["setting_id"], status="open", school_phase="secondary")
NEED = pd.DataFrame(
    [("D", "secondary", YEAR, 10), ("A", "secondary", YEAR, 100), ("B", "secondary", YEAR, 50),
     ("C", "secondary", YEAR, 30), ("C", "primary", YEAR, 40)],
    columns=["setting_id", "phase", "year", "sen_support_pupils"],
)  # fmt: skip
BASES = pd.DataFrame(
    [("base-1", "A", "n1", "secondary", YEAR, 15), ("base-2", "A", "n1", "secondary", YEAR, 5),
     ("base-3", "C", "n1", "secondary", YEAR, 5), ("base-4", "", "n2", "primary", YEAR, 8),
     ("base-5", "", "s1", "early_years", YEAR, 6)],
    columns=["base_id", "setting_id", "cluster_id", "phase", "year", "places"],
)  # fmt: skip
MATCH = pd.DataFrame(
    [("A", "n1", "secondary", "own_school", "A", 12, 0.0), ("B", "n1", "secondary", "partner", "C", 2, 6.0),
     ("B", "n1", "secondary", "partner", "A", 4, 3.0), ("B", "n1", "secondary", "without", "", 1, float("nan")),
     ("C", "n1", "secondary", "own_school", "C", 3, 0.0), ("C", "n1", "primary", "without", "", 5, float("nan"))],
    columns=["setting_id", "cluster_id", "phase", "match", "partner_setting_id", "pupils", "extra_km"],
).assign(year=YEAR, scenario_id="programme")  # fmt: skip


def schools(settings=SETTINGS, bases=BASES, need=NEED, match=MATCH, **options) -> pd.DataFrame:
    return coverage_by_school("programme", settings, bases, need, match, **options)


def areas(by_school=None, bases=BASES, **options) -> pd.DataFrame:
    return coverage_by_area("programme", schools() if by_school is None else by_school, bases, AREAS, **options)


def row_of(table: pd.DataFrame, **key: object) -> pd.Series:
    found = table
    for name, value in key.items():
        found = found[found[name] == value]
    assert len(found) == 1
    return found.iloc[0]


def numbers(row: pd.Series, *names: str) -> list[float]:
    return [float(row[name]) for name in names]


MATCHED = ("needing_pupils", "own_school_pupils", "partner_pupils", "without_base_pupils")


def test_a_school_with_a_base_has_the_places_of_all_its_bases():
    row = row_of(schools(), setting_id="A")
    assert (row["setting_name"], row["district_id"], row["cluster_id"]) == ("School A", "N", "n1")
    assert row["own_base"]
    assert numbers(row, "own_places", *MATCHED, "places_per_100_on_sen_support") == [20, 12, 12, 0, 0, 20]
    assert (row["nearest_partner_setting_id"], row["nearest_partner_name"]) == ("", "")
    assert pd.isna(row["mean_extra_km"])


def test_a_school_without_a_base_names_its_nearest_partner_and_weighs_the_distance_by_pupils():
    """4 pupils go 3 km and 2 go 6 km: (12 + 12) / 6 = 4 km."""
    row = row_of(schools(), setting_id="B")
    assert not row["own_base"]
    assert numbers(row, "own_places", *MATCHED, "mean_extra_km") == [0, 7, 0, 6, 1, 4]
    assert (row["nearest_partner_setting_id"], row["nearest_partner_name"]) == ("A", "School A")


def test_an_all_through_school_has_one_row_in_each_phase():
    table = schools()
    assert list(table["setting_id"] + " " + table["phase"]) == [
        "A secondary", "B secondary", "C primary", "C secondary", "D secondary",
    ]  # fmt: skip
    assert numbers(row_of(table, setting_id="C", phase="primary"), "own_places", *MATCHED) == [0, 5, 0, 0, 5]
    assert numbers(row_of(table, setting_id="C", phase="secondary"), "own_places", *MATCHED) == [5, 3, 3, 0, 0]


def test_pupils_who_come_half_the_week_need_half_a_place():
    assert row_of(schools(), setting_id="A")["needed_fte_places"] == 12
    half = schools(support_week_share=0.5)
    assert row_of(half, setting_id="A")["needed_fte_places"] == 6
    assert row_of(areas(half), area_id="n1", phase="secondary")["needed_fte_places"] == 11


def test_the_roll_gives_places_per_100_pupils_where_every_school_is_known():
    roll = NEED.rename(columns={"sen_support_pupils": "on_roll_pupils"}).assign(on_roll_pupils=[80, 800, 400, 50, 300])
    known = schools(roll=roll)
    assert row_of(known, setting_id="A")["places_per_100_on_roll"] == pytest.approx(2.5)
    row = row_of(areas(known), area_id="n1", phase="secondary")
    assert numbers(row, "on_roll_pupils", "places_per_100_on_roll") == [1250, 2]
    partly = areas(schools(roll=roll[roll["setting_id"] != "B"]))
    assert pd.isna(row_of(partly, area_id="n1", phase="secondary")["on_roll_pupils"])
    assert pd.isna(row_of(partly, area_id="n1", phase="secondary")["places_per_100_on_roll"])
    assert row_of(partly, area_id="S", phase="secondary")["on_roll_pupils"] == 80


def test_the_cluster_by_hand():
    """A, B and C: 25 places, 180 on SEN support, 22 in need = 15 at home + 6 at partners (24 km in all) + 1 without."""
    row = row_of(areas(), area_id="n1", phase="secondary")
    assert numbers(
        row, "schools", "schools_with_own_base", "schools_supported", "schools_with_pupils_without_base",
        "schools_need_not_recorded",
    ) == [3, 2, 2, 1, 0]  # fmt: skip
    assert numbers(row, "places", "unhosted_places", "sen_support_pupils", *MATCHED) == [25, 0, 180, 22, 15, 6, 1]
    assert numbers(row, "mean_extra_km", "needed_fte_places", "supported_per_year_pupils") == [4, 22, 25]
    assert row["places_per_100_on_sen_support"] == pytest.approx(100 * 25 / 180)
    assert not row["every_pupil_reaches_a_base"]
    assert not row["every_secondary_has_a_base"]


def test_districts_and_county_are_the_sum_of_what_they_contain():
    table = areas()
    north, south, county = (row_of(table, area_id=name, phase="secondary") for name in ("N", "S", "county"))
    assert numbers(north, "schools", "places", *MATCHED) == [3, 25, 22, 15, 6, 1]
    assert numbers(south, "schools", "places", *MATCHED) == [1, 0, 0, 0, 0, 0]
    assert numbers(county, "schools", "places", *MATCHED) == [4, 25, 22, 15, 6, 1]


def test_a_place_that_turns_over_supports_more_pupils_a_year():
    row = row_of(areas(support_turns_per_year=3), area_id="n1", phase="secondary")
    assert numbers(row, "places", "supported_per_year_pupils") == [25, 75]


def test_a_base_without_a_host_is_of_its_cluster_and_of_no_school():
    table = areas()
    for name in ("n2", "N", "county"):
        row = row_of(table, area_id=name, phase="primary")
        assert numbers(row, "places", "unhosted_places", "schools_with_own_base") == [8, 8, 0]
    assert row_of(table, area_id="s1", phase="early_years")["places"] == 6
    assert row_of(table, area_id="n1", phase="primary")["places"] == 0


def test_every_area_has_a_row_for_every_phase_the_county_first():
    table = areas()
    assert list(table["area_id"].drop_duplicates()) == ["county", "N", "S", "n1", "n2", "s1"]
    assert len(table) == 6 * 3
    row = row_of(table, area_id="n2", phase="secondary")
    assert numbers(row, "schools", "places", "sen_support_pupils", *MATCHED) == [0] * 7
    assert pd.isna(row["every_pupil_reaches_a_base"])
    assert pd.isna(row["every_secondary_has_a_base"])
    assert pd.isna(row["places_per_100_on_sen_support"])


def test_the_outcome_holds_where_nobody_is_without_and_every_secondary_has_a_base():
    table = areas()
    south = row_of(table, area_id="S", phase="secondary")
    assert south["every_pupil_reaches_a_base"]
    assert not south["every_secondary_has_a_base"]
    assert not row_of(table, area_id="county", phase="secondary")["every_pupil_reaches_a_base"]
    bases = pd.concat([BASES, BASES.iloc[[2]].assign(base_id="base-6", setting_id="D", cluster_id="s1")])
    complete = areas(schools(bases=bases), bases)
    assert row_of(complete, area_id="S", phase="secondary")["every_secondary_has_a_base"]
    assert complete.loc[complete["phase"] != "secondary", "every_secondary_has_a_base"].isna().all()


def test_a_base_of_no_places_is_no_base():
    bases = BASES.assign(places=[0, 0, 5, 8, 6])
    assert not row_of(schools(bases=bases), setting_id="A")["own_base"]


def test_a_host_without_recorded_need_leaves_the_outcome_open():
    bases = pd.concat([BASES, BASES.iloc[[2]].assign(base_id="base-6", setting_id="E", cluster_id="n2")])
    by_school = schools(bases=bases)
    assert pd.isna(row_of(by_school, setting_id="E")["sen_support_pupils"])
    table = areas(by_school, bases)
    cluster = row_of(table, area_id="n2", phase="secondary")
    assert numbers(cluster, "schools", "schools_supported", "schools_need_not_recorded", "places") == [1, 0, 1, 5]
    assert pd.isna(cluster["every_pupil_reaches_a_base"])
    assert cluster["every_secondary_has_a_base"]
    district = row_of(table, area_id="N", phase="secondary")
    assert pd.isna(district["places_per_100_on_sen_support"])
    assert not pd.isna(district["every_pupil_reaches_a_base"])
    assert not district["every_pupil_reaches_a_base"]


def test_rows_of_another_scenario_are_left_out():
    other = MATCH.assign(scenario_id="do_nothing", pupils=99)
    pd.testing.assert_frame_equal(schools(match=pd.concat([MATCH, other])), schools())


def test_primary_is_short_of_what_secondary_has():
    """n1 has 25 secondary places and no primary; n2 8 primary and no secondary; the county 8 to 25: 17 short."""
    table = primary_equivalence(areas()).set_index("area_id")
    assert list(table.columns) == [
        "scenario_id", "year", "primary_places", "secondary_places", "primary_to_secondary_ratio",
        "short_of_equivalence_places",
    ]  # fmt: skip
    assert table["primary_places"].to_dict() == {"county": 8, "N": 8, "S": 0, "n1": 0, "n2": 8, "s1": 0}
    assert table["secondary_places"].to_dict() == {"county": 25, "N": 25, "S": 0, "n1": 25, "n2": 0, "s1": 0}
    short = {"county": 17, "N": 17, "S": 0, "n1": 25, "n2": 0, "s1": 0}
    assert table["short_of_equivalence_places"].to_dict() == short
    assert table["primary_to_secondary_ratio"].dropna().to_dict() == {"county": 0.32, "N": 0.32, "n1": 0.0}


def test_empty_inputs_give_empty_tables_with_their_columns():
    by_school = schools(bases=BASES.iloc[:0], need=NEED.iloc[:0], match=MATCH.iloc[:0])
    assert (len(by_school), list(by_school.columns)) == (0, SCHOOL_COLUMNS)
    assert by_school.dtypes.to_dict() == schools().dtypes.to_dict()
    by_area = areas(by_school, BASES.iloc[:0])
    assert (len(by_area), list(by_area.columns)) == (0, AREA_COLUMNS)
    assert by_area.dtypes.to_dict() == areas().dtypes.to_dict()
    equivalence = primary_equivalence(by_area)
    assert len(equivalence) == 0
    assert equivalence.dtypes.to_dict() == primary_equivalence(areas()).dtypes.to_dict()


def test_untyped_empty_tables_do_as_well():
    bases, need, match = (pd.DataFrame(columns=table.columns) for table in (BASES, NEED, MATCH))
    by_school = schools(bases=bases, need=need, match=match)
    assert by_school.dtypes.to_dict() == schools().dtypes.to_dict()
    assert areas(by_school, bases).dtypes.to_dict() == areas().dtypes.to_dict()


def test_a_year_before_the_first_base():
    by_school = schools(bases=BASES.iloc[:0], match=MATCH.assign(match="without", partner_setting_id="", extra_km=None))
    assert not by_school["own_base"].any()
    assert row_of(by_school, setting_id="B")["without_base_pupils"] == 7
    assert row_of(areas(by_school, BASES.iloc[:0]), area_id="county", phase="secondary")["without_base_pupils"] == 22


def test_bases_alone_count_where_nobody_is_recorded():
    bases = BASES[BASES["setting_id"] == ""]
    by_school = schools(bases=bases, need=NEED.iloc[:0], match=MATCH.iloc[:0])
    assert by_school.empty
    assert row_of(areas(by_school, bases), area_id="county", phase="primary")["places"] == 8


def test_inputs_are_not_changed_and_may_carry_geometry():
    settings = gpd.GeoDataFrame(SETTINGS, geometry=gpd.points_from_xy([0] * 5, [0] * 5))
    given = [settings, BASES, NEED, MATCH, AREAS]
    before = [table.copy(deep=True) for table in given]
    by_school = schools(settings)
    kept = by_school.copy(deep=True)
    primary_equivalence(areas(by_school))
    for table, copy in zip([*given, by_school], [*before, kept], strict=True):
        pd.testing.assert_frame_equal(table, copy)
    pd.testing.assert_frame_equal(by_school, schools())


@pytest.mark.parametrize("share", [0.0, -0.5, 1.01, float("nan")])
def test_a_share_of_the_week_is_above_0_and_at_most_1(share):
    with pytest.raises(DataError, match="support_week_share"):
        schools(support_week_share=share)


@pytest.mark.parametrize("turns", [0.0, -1.0, float("nan")])
def test_turns_are_above_0(turns):
    with pytest.raises(DataError, match="support_turns_per_year"):
        areas(support_turns_per_year=turns)
